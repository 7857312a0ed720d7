//! `known`: texts that may say that nothing is known.

use crate::bytes::text::for_pages;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Input, Workspace};
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::record::ValueKind;

/// `known("tls.cipher")`
pub(crate) const fn known(path: &'static str) -> Target {
    Target::check(path, &KNOWN, Check::Known)
}

static KNOWN: Conversion = Conversion {
    name: "known",
    about: for_pages(
        "The text as it is, unless it says that there is none: `NONE`, `UNK`, `unknown`, `null`, `N/A`, `-` or `<unknown file name>`, in any case of letters. Such a word is kept as `cloudflare.<Name>`.",
    ),
    outputs: &[Output::text(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

#[inline(never)]
pub(super) fn check_known(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    if input.value.kind == ValueKind::Nested {
        return CheckResult::Invalid;
    }
    let text = input.bytes();
    let is_other = [b"-".as_slice(), b"n/a", b"null", b"<unknown file name>"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text));
    if is_other || is_placeholder(text) {
        return CheckResult::Nothing;
    }
    finding.fit(true)
}

/// Cloudflare's words for a value that it does not have.
pub(super) fn is_placeholder(text: &[u8]) -> bool {
    (3..=7).contains(&text.len())
        && [b"none".as_slice(), b"unk", b"unknown"]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(text))
}
