//! `text`, `lower`, `module`, `texts`, `first`: values that are texts, or lists of them.

use crate::bytes::text::for_pages;
use crate::bytes::writer::Writer;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::record::nested::elements;
use crate::record::{Kind, Value};

/// `text("url.path")`
pub(crate) const fn text(path: &'static str) -> Target {
    Target::check(path, &TEXT, Check::Scalar)
}

/// `lower("event.action")`
pub(crate) const fn lower(path: &'static str) -> Target {
    Target::check(path, &LOWER, Check::Scalar)
}

/// `module("event.module")`
pub(crate) const fn module(path: &'static str) -> Target {
    Target::check(path, &MODULE, Check::Scalar)
}

/// `texts("related.user")`
pub(crate) const fn texts(path: &'static str) -> Target {
    Target::check(path, &TEXTS, Check::Texts)
}

/// `first("rule.id")`
pub(crate) const fn first(path: &'static str) -> Target {
    Target::check(path, &FIRST, Check::First)
}

static TEXT: Conversion = Conversion {
    name: "text",
    about: for_pages("The text as it is; a number or a boolean becomes its text."),
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
    about: for_pages("The texts of a list (or one text), to an ECS field that is a list."),
    outputs: &[Output::value(Place::Path, Form::Elements)],
    ..Conversion::BASE
};

static FIRST: Conversion = Conversion {
    name: "first",
    about: for_pages(
        "The first of a list that is not empty, to an ECS field that is none; a single value counts as a list of one.",
    ),
    outputs: &[Output::text(Place::Path, Form::Place)],
    ..Conversion::BASE
};

/// A value that is neither an object nor a list.
#[inline(always)]
pub(super) fn check_scalar(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    finding.fit(input.value.kind != Kind::Nested)
}

/// A list of texts, numbers and booleans, or one of them.
#[inline(never)]
pub(super) fn check_texts(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    check_elements(input, finding, |element| element.kind != Kind::Nested)
}

/// A list of texts, of which one is not empty, or one text.
#[inline(never)]
pub(super) fn check_first(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    match elements(input.text, input.value).find(|element| element.kind != Kind::Nested) {
        Some(element) => {
            *finding = Finding::Place(element.span);
            CheckResult::Found
        }
        None => CheckResult::Nothing,
    }
}

/// The elements of a list, if there are any and all of them are fit.
pub(super) fn check_elements(
    input: Input<'_>,
    finding: &mut Finding,
    is_fit: impl Fn(&Value) -> bool,
) -> CheckResult {
    let mut result = CheckResult::Nothing;
    for element in elements(input.text, input.value) {
        if !is_fit(&element) {
            return CheckResult::Invalid;
        }
        result = CheckResult::Found;
    }
    if result == CheckResult::Found {
        *finding = Finding::Fit;
    }
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
