//! `integer` and its ranges (`count`, `positive`, `port_number`, `positive_port`, `status`,
//! `as_number`), `bits`, `float`, `sum`, `milliseconds`: values that are numbers.

use std::borrow::Cow;

use crate::bytes::text::for_pages;
use crate::bytes::writer::Writer;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::piece::Piece;
use crate::convert::range::Range;
use crate::convert::target::{Conversion, Output, Place, Target, Task};
use crate::record::Span;

/// `count("source.bytes")`
pub(crate) const fn count(path: &'static str) -> Target {
    Target::check(path, &COUNT, Check::Integer(Range::COUNT))
}

/// `positive("file.size")`
pub(crate) const fn positive(path: &'static str) -> Target {
    Target::check(path, &POSITIVE, Check::Integer(Range::POSITIVE))
}

/// `port_number("source.port")`
pub(crate) const fn port_number(path: &'static str) -> Target {
    Target::check(path, &PORT_NUMBER, Check::Integer(Range::PORT))
}

/// `positive_port("source.port")`
pub(crate) const fn positive_port(path: &'static str) -> Target {
    Target::check(path, &POSITIVE_PORT, Check::Integer(Range::POSITIVE_PORT))
}

/// `status("http.response.status_code")`
pub(crate) const fn status(path: &'static str) -> Target {
    Target::check(path, &STATUS, Check::Integer(Range::STATUS))
}

/// `as_number("source.as.number")`
pub(crate) const fn as_number(path: &'static str) -> Target {
    Target::check(path, &AS_NUMBER, Check::AsNumber)
}

/// `bits("network.bytes")`
pub(crate) const fn bits(path: &'static str) -> Target {
    Target::check(path, &BITS, Check::Bits)
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

static COUNT: Conversion = Conversion {
    name: "count",
    about: for_pages(
        "An integer from 0; `200.0` is 200, `1e3` is 1000, a text of digits becomes one.",
    ),
    outputs: &[Output::value(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

static POSITIVE: Conversion = Conversion {
    name: "positive",
    about: for_pages(
        "An integer above 0. 0 is Cloudflare's way to say \"none\", and kept as `cloudflare.<Name>`.",
    ),
    outputs: &[Output::value(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

static PORT_NUMBER: Conversion = Conversion {
    name: "port_number",
    about: for_pages("An integer from 0 to 65,535."),
    outputs: &[Output::value(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

static POSITIVE_PORT: Conversion = Conversion {
    name: "positive_port",
    about: for_pages("As `port_number`, where 0 says \"none\" and is kept as `cloudflare.<Name>`."),
    outputs: &[Output::value(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

static STATUS: Conversion = Conversion {
    name: "status",
    about: for_pages(
        "An HTTP status of three digits. 0 says \"none\", and is kept as `cloudflare.<Name>`.",
    ),
    outputs: &[Output::value(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

static AS_NUMBER: Conversion = Conversion {
    name: "as_number",
    about: for_pages(
        "The number of an autonomous system, 32 bits: 15169 of `15169` or `AS15169`. 0 says \"none\", and is kept as `cloudflare.<Name>`.",
    ),
    outputs: &[Output::value(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

static BITS: Conversion = Conversion {
    name: "bits",
    about: for_pages("A number of bits, as bytes."),
    outputs: &[Output::value(Place::Path, Form::Number)],
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

pub(super) fn check_integer(
    range: Range,
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    match input.may_be_number() {
        true => integer(range, input.bytes(), input.value.span, workspace, finding),
        false => CheckResult::Invalid,
    }
}

#[inline(never)]
pub(super) fn check_as_number(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let (bytes, span) = (input.bytes(), input.value.span);
    match bytes.split_at_checked(2) {
        Some((name, digits)) if input.is_text() && name.eq_ignore_ascii_case(b"AS") => {
            let start = span.start + 2;
            let result = integer(
                Range::AS,
                digits,
                Span { start, ..span },
                workspace,
                finding,
            );
            if let Finding::Fit = finding {
                *finding = Finding::Place(Span { start, ..span });
            }
            result
        }
        _ if input.may_be_number() => integer(Range::AS, bytes, span, workspace, finding),
        _ => CheckResult::Invalid,
    }
}

#[inline(never)]
pub(super) fn check_bits(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let number = whole_number(input.bytes()).filter(|_| input.may_be_number());
    let bits = number.and_then(|digits| core::str::from_utf8(&digits).ok()?.parse::<u64>().ok());
    if let Some(bits) = bits {
        *finding = Finding::Number(bits / 8);
    }
    CheckResult::valid(bits.is_some())
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
        .filter_map(|found| match found.whole() {
            Piece::Place(span) => Some(span.of(found.text)),
            Piece::Copied(span) => Some(span.of(found.workspace.copies.written())),
            _ => None,
        })
        .map(|digits| core::str::from_utf8(digits).ok()?.parse::<u64>().ok())
        // An integer of ECS is signed.
        .try_fold(None, |sum, number| {
            let (sum, number) = (sum.unwrap_or(0), number?);
            Some(Some(u64::checked_add(sum, number)?))
        })
        .flatten()
        .filter(|sum| i64::try_from(*sum).is_ok())
}

/// Notes an integer that is in the range.
#[inline(never)]
fn integer(
    range: Range,
    bytes: &[u8],
    span: Span,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let Some(digits) = whole_number(bytes) else {
        return CheckResult::Invalid;
    };
    if range.is_zero_none && *digits == *b"0" {
        return CheckResult::Nothing;
    }
    if !value_of(&digits).is_some_and(|number| range.has(number)) {
        return CheckResult::Invalid;
    }
    *finding = match &digits {
        Cow::Borrowed(digits) if digits.len() == bytes.len() => Finding::Fit,
        Cow::Borrowed(digits) => Finding::Place(Span {
            start: span.start,
            end: span.start + digits.len() as u32,
        }),
        Cow::Owned(digits) => match Piece::copied(digits, &mut workspace.copies) {
            Piece::Copied(digits) => Finding::Copied(digits),
            _ => Finding::None,
        },
    };
    CheckResult::Found
}

/// The value of an integer of at most 64 bits.
fn value_of(digits: &[u8]) -> Option<i64> {
    match digits.first() {
        // Most have a few digits: 18 always fit.
        Some(b'0'..=b'9') if digits.len() <= 18 => Some(
            digits
                .iter()
                .fold(0, |number, digit| number * 10 + i64::from(digit & 15)),
        ),
        _ => core::str::from_utf8(digits).ok()?.parse().ok(),
    }
}

/// The integer of 64 bits that `bytes` are, without a fraction of zeros or an exponent: `200` of
/// `200.0`, `1000` of `1e3`.
pub(super) fn whole_number(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    match is_integer(bytes) {
        true => Some(Cow::Borrowed(bytes)),
        false => other_whole_number(bytes),
    }
}

#[inline(never)]
fn other_whole_number(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    if let Some(decimal) = without_exponent(bytes) {
        let whole = whole_part(decimal.as_bytes())?.to_vec();
        return Some(Cow::Owned(whole));
    }
    whole_part(bytes).map(Cow::Borrowed)
}

/// What stands before a fraction of zeros, if that is an integer.
fn whole_part(bytes: &[u8]) -> Option<&[u8]> {
    let point = bytes.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = bytes.split_at_checked(point.unwrap_or(bytes.len()))?;
    let is_whole = match fraction {
        [] => true,
        [_, zeros @ ..] => !zeros.is_empty() && zeros.iter().all(|&digit| digit == b'0'),
    };
    (is_whole && is_integer(whole)).then_some(whole)
}

/// A number with an exponent, as JSON has it, written without one: `1500` of `1.5e3`. Nothing where
/// there is no exponent, or one beyond all that an integer of 64 bits can need.
fn without_exponent(bytes: &[u8]) -> Option<String> {
    const EXPONENT_MAX: i32 = 40;
    let text = core::str::from_utf8(bytes).ok()?;
    let (mantissa, exponent) = text.split_once(['e', 'E']).filter(|_| is_number(bytes))?;
    let exponent = exponent.parse::<i32>().ok()?;
    if !(-EXPONENT_MAX..=EXPONENT_MAX).contains(&exponent) {
        return None;
    }
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let zeros = "0".repeat(exponent.unsigned_abs() as usize);
    // Enough zeros on the side to which the point moves.
    let (digits, point) = match exponent < 0 {
        true => (format!("{zeros}{whole}{fraction}"), whole.len()),
        false => {
            let point = whole.len() + zeros.len();
            (format!("{whole}{fraction}{zeros}"), point)
        }
    };
    let (whole, fraction) = digits.split_at_checked(point)?;
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// Whether `bytes` are an integer of 64 bits that JSON can write as it stands: `-0` is read as a float.
fn is_integer(bytes: &[u8]) -> bool {
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
    let decimal = without_exponent(bytes);
    let text = match &decimal {
        Some(decimal) => decimal,
        None => core::str::from_utf8(bytes).ok()?,
    };
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
    fn a_whole_number_is_one_in_any_form() {
        for (text, expected) in [
            ("200", Some("200")),
            ("200.0", Some("200")),
            ("-7.000", Some("-7")),
            ("200.5", None),
            ("200.", None),
            (".0", None),
            ("007.0", None),
            ("1e3", Some("1000")),
            ("1E+3", Some("1000")),
            ("1.5e3", Some("1500")),
            ("-1.25e2", Some("-125")),
            ("12000e-3", Some("12")),
            ("1.2500e2", Some("125")),
            ("0e5", Some("0")),
            ("0.001e3", Some("1")),
            ("9.223372036854775807e18", Some("9223372036854775807")),
            ("9.223372036854775808e18", None),
            ("1.5e0", None),
            ("1e-3", None),
            ("1e41", None),
            ("1e99999999999", None),
            ("01e3", None),
            ("1e", None),
            ("e3", None),
            ("-0e1", None),
        ] {
            let found = whole_number(text.as_bytes());
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{text}");
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
            ("1e3", Some(1_000_000_000)),
            ("1.5e-3", Some(1_500)),
            ("-1e3", None),
            ("1e30", None),
            ("", None),
        ] {
            assert_eq!(nanoseconds(text.as_bytes()), expected, "{text}");
        }
    }
}
