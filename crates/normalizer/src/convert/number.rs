//! `integer`, `positive`, `float`, `sum`, `milliseconds`: values that are numbers.

use crate::bytes::text::for_pages;
use crate::bytes::writer::Writer;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::target::{Conversion, Output, Place, Target, Task};

/// `integer("source.port")`
pub(crate) const fn integer(path: &'static str) -> Target {
    Target::check(path, &INTEGER, Check::Integer)
}

/// `positive("source.port")`
pub(crate) const fn positive(path: &'static str) -> Target {
    Target::check(path, &POSITIVE, Check::Positive)
}

/// `float("event.risk_score")`
pub(crate) const fn float(path: &'static str) -> Target {
    Target::check(path, &FLOAT, Check::Float)
}

/// `sum("network.bytes")`
pub(crate) const fn sum(path: &'static str) -> Target {
    Target {
        path,
        conversion: &SUM,
        task: Task::Sum,
    }
}

/// `milliseconds("event.duration")`
pub(crate) const fn milliseconds(path: &'static str) -> Target {
    Target::check(path, &MILLISECONDS, Check::Milliseconds)
}

static INTEGER: Conversion = Conversion {
    name: "integer",
    about: for_pages("An integer; a text of digits becomes one."),
    outputs: &[Output::value(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

static POSITIVE: Conversion = Conversion {
    name: "positive",
    about: for_pages(
        "An integer above 0. What is not above it is Cloudflare's way to say \"none\", and kept as `cloudflare.<Name>`.",
    ),
    outputs: &[Output::value(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

static FLOAT: Conversion = Conversion {
    name: "float",
    about: for_pages("A number."),
    outputs: &[Output::value(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

static SUM: Conversion = Conversion {
    name: "sum",
    about: for_pages(
        "The numbers of all rows that name this ECS field, added up (`network.bytes`).",
    ),
    ..Conversion::BASE
};

static MILLISECONDS: Conversion = Conversion {
    name: "milliseconds",
    about: for_pages("A span of time in milliseconds, whole or not, as nanoseconds."),
    outputs: &[Output::value(Place::Path, Form::Number)],
    ..Conversion::BASE
};

#[inline(always)]
pub(super) fn check_integer(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    finding.fit(input.may_be_number() && is_integer(input.bytes()))
}

/// An integer above 0.
#[inline(never)]
pub(super) fn check_positive(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let bytes = input.bytes();
    if !input.may_be_number() || !is_integer(bytes) {
        return CheckResult::Invalid;
    }
    if bytes == b"0" || bytes.first() == Some(&b'-') {
        return CheckResult::Nothing;
    }
    finding.fit(true)
}

#[inline(never)]
pub(super) fn check_float(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    finding.fit(input.may_be_number() && is_number(input.bytes()))
}

#[inline(never)]
pub(super) fn check_milliseconds(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let nanoseconds = nanoseconds(input.bytes()).filter(|_| input.may_be_number());
    if let Some(nanoseconds) = nanoseconds {
        *finding = Finding::Number(nanoseconds);
    }
    CheckResult::valid(nanoseconds.is_some())
}

pub(super) fn write_number(found: Found<'_>, writer: &mut Writer) -> bool {
    let Finding::Number(number) = found.finding else {
        return false;
    };
    writer.put(number.to_string().as_bytes());
    true
}

/// The sum of integers that were checked.
pub(crate) fn sum_of<'a>(found: impl Iterator<Item = Found<'a>>) -> Option<u64> {
    found
        .filter(|found| matches!(found.finding, Finding::Fit))
        .map(|found| {
            let digits = found.bytes();
            core::str::from_utf8(digits).ok()?.parse::<u64>().ok()
        })
        // A negative number, or one that 64 bits do not hold, is no count.
        .try_fold(None, |sum, number| {
            let (sum, number) = (sum.unwrap_or(0), number?);
            Some(Some(u64::checked_add(sum, number)?))
        })
        .flatten()
        .filter(|sum| i64::try_from(*sum).is_ok())
}

/// Whether `bytes` are an integer of 64 bits that JSON can write as it stands: `-0` is read as a float.
pub(super) fn is_integer(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let plain = !digits.is_empty()
        && digits.iter().all(u8::is_ascii_digit)
        && (digits.first() != Some(&b'0') || bytes == b"0");
    // 18 digits always fit.
    plain
        && (digits.len() <= 18
            || core::str::from_utf8(bytes).is_ok_and(|text| text.parse::<i64>().is_ok()))
}

/// Whether `bytes` are a number by JSON's grammar.
fn is_number(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Number>(bytes).is_ok()
}

/// Milliseconds, whole or with a fraction, as nanoseconds.
fn nanoseconds(bytes: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(bytes).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // Fractions of a nanosecond are dropped.
    let fraction = fraction.get(..6).unwrap_or(fraction);
    let below = match fraction.len() {
        0 => 0,
        len => fraction.parse::<u64>().ok()? * 10_u64.pow(6 - len as u32),
    };
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(below)
        // ECS integers are signed.
        .filter(|nanoseconds| i64::try_from(*nanoseconds).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_those_that_json_writes() {
        for (text, expected) in [
            ("0", true),
            ("-1", true),
            ("9223372036854775807", true),
            ("9223372036854775808", false),
            ("-9223372036854775808", true),
            ("-0", false),
            ("01", false),
            ("1.0", false),
            ("+1", false),
            ("-", false),
            ("", false),
        ] {
            assert_eq!(is_integer(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn milliseconds_become_nanoseconds() {
        for (text, expected) in [
            ("0", Some(0)),
            ("12", Some(12_000_000)),
            ("0.5", Some(500_000)),
            ("1.2345678", Some(1_234_567)),
            ("9223372036854", Some(9_223_372_036_854_000_000)),
            ("9223372036855", None),
            ("-1", None),
            (".5", None),
            ("1e3", None),
            ("", None),
        ] {
            assert_eq!(nanoseconds(text.as_bytes()), expected, "{text}");
        }
    }
}
