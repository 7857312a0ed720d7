//! Texts and numbers of a record, as rules compare them.

use std::borrow::Cow;

use crate::record::{Span, Value};

/// A number: exact where it is whole.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Whole(i128),
    Float(f64),
}

/// Digits that 64 bits always hold.
const DIGITS_64: usize = 18;

impl Number {
    /// The number that a text is, whole; nothing where it is none.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        if !digits.first()?.is_ascii_digit() {
            return None;
        }
        if digits.len() <= DIGITS_64 && digits.iter().all(u8::is_ascii_digit) {
            let whole = digits
                .iter()
                .fold(0_i64, |sum, digit| 10 * sum + i64::from(digit & 15));
            let is_negative = digits.len() < text.len();
            return Some(Self::Whole(if is_negative { -whole } else { whole }.into()));
        }
        Self::read_long(text)
    }

    #[cold]
    fn read_long(text: &[u8]) -> Option<Self> {
        // 39 digits are beyond any: the others are a hostile client's.
        if text.len() > 39 {
            return None;
        }
        let text = core::str::from_utf8(text).ok()?;
        if let Ok(whole) = text.parse::<i128>() {
            return Some(Self::Whole(whole));
        }
        let float = text.parse::<f64>().ok().filter(|float| float.is_finite())?;
        Some(Self::Float(float))
    }

    fn float(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Float(float) => float,
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(core::cmp::Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one.partial_cmp(other),
            _ => self.float().partial_cmp(&other.float()),
        }
    }
}

/// The text of a value: of a text without its escapes, of a number or a boolean as it stands, of an
/// object or a list its JSON; of an absent value the empty one.
pub(crate) fn text_of<'a>(value: &Value, text: &'a [u8]) -> Cow<'a, str> {
    if value.is_absent() {
        return Cow::Borrowed("");
    }
    match value.escaped {
        true => unescaped(value.json_span(), text),
        false => String::from_utf8_lossy(value.span.of(text)),
    }
}

/// The bytes of [`text_of`].
pub(crate) fn bytes_of<'a>(value: &Value, text: &'a [u8]) -> Cow<'a, [u8]> {
    if value.is_absent() {
        return Cow::Borrowed(b"");
    }
    match value.escaped {
        true => Cow::Owned(unescaped(value.json_span(), text).into_owned().into_bytes()),
        false => Cow::Borrowed(value.span.of(text)),
    }
}

#[cold]
fn unescaped(json: Span, text: &[u8]) -> Cow<'_, str> {
    match serde_json::from_slice::<String>(json.of(text)) {
        Ok(plain) => Cow::Owned(plain),
        Err(_) => String::from_utf8_lossy(json.of(text)),
    }
}

/// The text as JSON. A text has no encoding that fails.
pub(crate) fn quoted(text: &str) -> Vec<u8> {
    let is_plain = |byte: &u8| matches!(byte, b' '..0x7f) && !matches!(byte, b'"' | b'\\');
    if text.as_bytes().iter().all(is_plain) {
        return [b"\"", text.as_bytes(), b"\""].concat();
    }
    let quoted = serde_json::to_vec(text);
    debug_assert!(quoted.is_ok());
    quoted.unwrap_or_else(|_| b"\"\"".to_vec())
}
