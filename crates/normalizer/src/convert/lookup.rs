//! `lookup`, `lookup_number`, `lookup_if`, `code`, `code_if`: our words for Cloudflare's.

use crate::bytes::text::for_pages;
use crate::convert::check::{Check, Coverage, Form, Words};
use crate::convert::finding::{CheckResult, Finding, Input, Workspace};
use crate::convert::number::whole_number;
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::record::ValueKind;

/// `lookup("event.outcome", OUTCOMES)`
pub(crate) const fn lookup(path: &'static str, words: Words) -> Target {
    Target::check(path, &LOOKUP, Check::Lookup(words, Coverage::Exhaustive))
}

/// `lookup_number("event.severity", SEVERITIES)`
pub(crate) const fn lookup_number(path: &'static str, words: Words) -> Target {
    Target::check(
        path,
        &LOOKUP_NUMBER,
        Check::Lookup(words, Coverage::Exhaustive),
    )
}

/// `lookup_if("network.transport", TRANSPORTS)`
pub(crate) const fn lookup_if(path: &'static str, words: Words) -> Target {
    Target::check(path, &LOOKUP_IF, Check::Lookup(words, Coverage::Partial))
}

/// `code("dns.response_code", DNS_RESPONSES)`
pub(crate) const fn code(path: &'static str, words: Words) -> Target {
    Target::check(path, &CODE, Check::Code(words, Coverage::Exhaustive))
}

/// `code_if("dns.question.type", DNS_TYPES)`
pub(crate) const fn code_if(path: &'static str, words: Words) -> Target {
    Target::check(path, &CODE_IF, Check::Code(words, Coverage::Partial))
}

static LOOKUP: Conversion = Conversion {
    name: "lookup",
    about: for_pages(
        "Our word for Cloudflare's. A word that is not listed is counted as drift; what stands for `*` is written for it, if there is a `*`. Where ours is `\"\"`, nothing is written.",
    ),
    outputs: &[Output::text(Place::Path, Form::Word)],
    ..Conversion::BASE
};

static LOOKUP_NUMBER: Conversion = Conversion {
    name: "lookup_number",
    about: for_pages(
        "As `lookup`, to an ECS field that is an integer (`event.severity`): ours are digits.",
    ),
    outputs: &[Output::value(Place::Path, Form::Word)],
    ..Conversion::BASE
};

static LOOKUP_IF: Conversion = Conversion {
    name: "lookup_if",
    about: for_pages(
        "Our word for some of Cloudflare's values; for the others, which are not counted, what stands for `*`, if there is a `*`, or nothing.",
    ),
    outputs: &[Output::text(Place::Path, Form::Word)],
    ..Conversion::BASE
};

static CODE: Conversion = Conversion {
    name: "code",
    about: for_pages(
        "The name of a code, or the name itself, in any case of letters. A code that is not listed is counted as drift.",
    ),
    outputs: &[Output::text(Place::Path, Form::Word)],
    ..Conversion::BASE
};

static CODE_IF: Conversion = Conversion {
    name: "code_if",
    about: for_pages("As `code`, where a code that is not listed is not counted."),
    outputs: &[Output::text(Place::Path, Form::Word)],
    ..Conversion::BASE
};

#[inline(never)]
pub(super) fn check_lookup(
    words: Words,
    coverage: Coverage,
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    look_up(input, finding, |bytes| find(words, coverage, bytes))
}

#[inline(never)]
pub(super) fn check_code(
    words: Words,
    coverage: Coverage,
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    look_up(input, finding, |bytes| {
        let name = words
            .iter()
            .find(|(_, name)| name.as_bytes().eq_ignore_ascii_case(bytes));
        match name {
            Some((_, name)) => (CheckResult::Found, *name),
            None => find(words, coverage, bytes),
        }
    })
}

/// Notes the word that `find` has for a value; objects and lists have none.
pub(super) fn look_up(
    input: Input<'_>,
    finding: &mut Finding,
    find: impl FnOnce(&[u8]) -> (CheckResult, &'static str),
) -> CheckResult {
    let number;
    let bytes = match input.value.kind {
        ValueKind::Nested => return CheckResult::Invalid,
        // `200.0` is 200.
        ValueKind::Number => {
            number = whole_number(input.bytes());
            number.as_deref().unwrap_or_else(|| input.bytes())
        }
        _ => input.bytes(),
    };
    let (result, word) = find(bytes);
    if !word.is_empty() {
        *finding = Finding::Word(word);
    }
    result
}

/// Our word for one of Cloudflare's; `""` where there is none.
fn find(words: Words, coverage: Coverage, bytes: &[u8]) -> (CheckResult, &'static str) {
    let find = |wanted: &[u8]| {
        words
            .iter()
            .find(|(theirs, _)| theirs.as_bytes().eq_ignore_ascii_case(wanted))
            .map(|(_, ours)| *ours)
    };
    match (find(bytes).filter(|_| bytes != b"*"), coverage) {
        (Some(word), _) => (CheckResult::Found, word),
        (None, Coverage::Partial) => (CheckResult::Found, find(b"*").unwrap_or_default()),
        (None, Coverage::Exhaustive) => (CheckResult::UnknownWord, find(b"*").unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_looked_up_in_any_case() {
        const WORDS: Words = &[("Block", "denied"), ("log", ""), ("*", "info")];
        for (text, coverage, expected) in [
            (
                "block",
                Coverage::Exhaustive,
                (CheckResult::Found, "denied"),
            ),
            ("LOG", Coverage::Exhaustive, (CheckResult::Found, "")),
            (
                "new",
                Coverage::Exhaustive,
                (CheckResult::UnknownWord, "info"),
            ),
            (
                "*",
                Coverage::Exhaustive,
                (CheckResult::UnknownWord, "info"),
            ),
            ("new", Coverage::Partial, (CheckResult::Found, "info")),
        ] {
            assert_eq!(find(WORDS, coverage, text.as_bytes()), expected, "{text}");
        }
        let some = &[("log", "info")];
        let none = find(some, Coverage::Partial, b"new");
        assert_eq!(none, (CheckResult::Found, ""));
    }
}
