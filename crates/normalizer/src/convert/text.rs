//! `text`, `lower`, `module`, `texts`, `first`: values that are texts, or lists of them.

use crate::bytes::text::for_pages;
use crate::bytes::writer::Writer;
use crate::convert::check::{Check, Form};
use crate::convert::extract::Extract;
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::hash::is_none;
use crate::convert::piece::Piece;
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::record::nested::elements;
use crate::record::{Value, ValueKind};

/// `text("url.path")`
pub(crate) const fn text(path: &'static str) -> Target {
    Target::check(path, &TEXT, Check::Scalar)
}

/// `lower("event.action")`
pub(crate) const fn lower(path: &'static str) -> Target {
    Target::check(path, &LOWER, Check::Plain)
}

/// `module("event.module")`
pub(crate) const fn module(path: &'static str) -> Target {
    Target::check(path, &MODULE, Check::Scalar)
}

/// `texts("related.user")`
pub(crate) const fn texts(path: &'static str) -> Target {
    Target::check(path, &TEXTS, Check::Texts)
}

/// `names("related.hosts")`
pub(crate) const fn names(path: &'static str) -> Target {
    Target::check(path, &NAMES, Check::Names)
}

/// `first("rule.id")`
pub(crate) const fn first(path: &'static str) -> Target {
    Target::check(path, &FIRST, Check::First)
}

static TEXT: Conversion = Conversion {
    name: "text",
    about: for_pages(
        "The text as it is; a number or a boolean becomes its text. An identifier of zeros (`00000000-0000-0000-0000-000000000000`) says \"none\", and is kept as `cloudflare.<Name>`.",
    ),
    outputs: &[Output::text(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

static LOWER: Conversion = Conversion {
    name: "lower",
    about: for_pages("The text in lower case."),
    outputs: &[Output::text(Place::Path, Form::Lower)],
    ..Conversion::BASE
};

static MODULE: Conversion = Conversion {
    name: "module",
    about: for_pages("`cloudflare.` and the text."),
    outputs: &[Output::text(Place::Path, Form::Module)],
    ..Conversion::BASE
};

static TEXTS: Conversion = Conversion {
    name: "texts",
    about: for_pages(
        "The texts of a list (or one text), to an ECS field that is a list. An object or a list among them costs only itself, and so does an identifier of zeros, as with `text`.",
    ),
    outputs: &[Output::value(Place::Path, Form::Elements)],
    ..Conversion::BASE
};

static NAMES: Conversion = Conversion {
    name: "names",
    about: for_pages(
        "The names of a list (or one) in lower case, without their final dot, to an ECS field that is a list.",
    ),
    outputs: &[Output::value(Place::Path, Form::Elements)],
    ..Conversion::BASE
};

static FIRST: Conversion = Conversion {
    name: "first",
    about: for_pages(
        "The first of a list that is neither empty nor an identifier of zeros, to an ECS field that is none; a single value counts as a list of one.",
    ),
    outputs: &[Output::text(Place::Path, Form::Place)],
    ..Conversion::BASE
};

/// A value that is neither an object nor a list.
pub(super) fn check_scalar(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    match unfit(input.text, input.value) {
        Some(Unfit::Nothing) => CheckResult::Nothing,
        unfit => finding.fit(unfit.is_none()),
    }
}

/// A list of texts, numbers and booleans, or one of them.
#[inline(never)]
pub(super) fn check_texts(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    check_elements(input, workspace, finding, |element, _| {
        match unfit(input.text, element) {
            Some(unfit) => Err(unfit),
            None => Ok(Piece::Place(element.span)),
        }
    })
}

/// A list of names, or one of them.
#[inline(never)] // Lists are few.
pub(super) fn check_names(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    check_elements(input, workspace, finding, |element, copies| {
        let text = element.span.of(input.text);
        let name = match text.strip_suffix(b".") {
            Some(name) if !name.is_empty() && !name.ends_with(b"\\") => name,
            _ => text,
        };
        let lower = String::from_utf8_lossy(name).to_lowercase();
        match element.kind {
            ValueKind::Text if lower.as_bytes() == text => Ok(Piece::Place(element.span)),
            ValueKind::Text => Ok(Piece::copied(lower.as_bytes(), copies)),
            _ => Err(Unfit::Invalid),
        }
    })
}

/// A list of texts, of which one is not empty, or one text.
#[inline(never)]
pub(super) fn check_first(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    match elements(input.text, input.value).find(|element| unfit(input.text, element).is_none()) {
        Some(element) => {
            *finding = Finding::Place(element.span);
            CheckResult::Found
        }
        None => CheckResult::Nothing,
    }
}

/// Why an element of a list has no place in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It says that there is nothing.
    Nothing,
    /// It is not what the field needs.
    Invalid,
}

/// Why a value is no text for a field, if it is none.
#[inline(always)]
fn unfit(text: &[u8], value: &Value) -> Option<Unfit> {
    match value.kind {
        ValueKind::Nested => Some(Unfit::Invalid),
        ValueKind::Text if is_none(value.span.of(text)) => Some(Unfit::Nothing),
        _ => None,
    }
}

/// The elements of a list, each as the piece that `read` gives of it; those of which it gives none
/// are left out.
pub(super) fn check_elements(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
    read: impl Fn(&Value, &mut Writer) -> Result<Piece, Unfit>,
) -> CheckResult {
    let (mut any_found, mut all_fit) = (false, true);
    let mut result = CheckResult::Found;
    for element in elements(input.text, input.value) {
        match read(&element, &mut workspace.copies) {
            Ok(Piece::Place(place)) if place == element.span => any_found = true,
            Ok(_) => (any_found, all_fit) = (true, false),
            Err(Unfit::Invalid) => result = CheckResult::Partly,
            Err(Unfit::Nothing) if result == CheckResult::Found => {
                result = CheckResult::WithoutNothing;
            }
            Err(Unfit::Nothing) => {}
        }
    }
    match (any_found, result) {
        (false, CheckResult::Partly) => return CheckResult::Invalid,
        (false, _) => return CheckResult::Nothing,
        (true, CheckResult::Found) if all_fit => {
            *finding = Finding::Fit;
            return CheckResult::Found;
        }
        _ => {}
    }
    let mut extract = Extract::default();
    for element in elements(input.text, input.value) {
        let text = match read(&element, &mut workspace.copies) {
            Ok(Piece::Place(place)) => place.of(input.text),
            Ok(Piece::Copied(place)) => place.of(workspace.copies.written()),
            _ => continue,
        };
        extract
            .texts
            .push(String::from_utf8_lossy(text).into_owned());
    }
    *finding = workspace.add_extract(extract);
    result
}

pub(super) fn write_lower(found: Found<'_>, writer: &mut Writer) -> bool {
    if !matches!(found.finding, Finding::Fit) {
        return false;
    }
    writer.lower(found.bytes());
    true
}

pub(super) fn write_module(found: Found<'_>, writer: &mut Writer) -> bool {
    if !matches!(found.finding, Finding::Fit) {
        return false;
    }
    writer.put(b"cloudflare.");
    writer.put(found.bytes());
    true
}
