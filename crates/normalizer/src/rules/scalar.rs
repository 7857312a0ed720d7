//! Texts and numbers of a record, as rules compare them.

use std::borrow::Cow;

use crate::record::{Span, Value, ValueKind};

/// A number: exact where it is whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    whole: Option<i128>,
    float: f64,
}

impl Number {
    /// The number that a text is, whole; nothing where it is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        // 39 digits are beyond any: the others are a hostile client's.
        if text.len() > 39 {
            return None;
        }
        if let Ok(whole) = text.parse::<i128>() {
            return Some(Self {
                whole: Some(whole),
                float: whole as f64,
            });
        }
        let float = text.parse::<f64>().ok().filter(|float| float.is_finite())?;
        Some(Self { whole: None, float })
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(core::cmp::Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        match (self.whole, other.whole) {
            (Some(one), Some(other)) => one.partial_cmp(&other),
            _ => self.float.partial_cmp(&other.float),
        }
    }
}

/// The text of a value: of a text without its escapes, of a number or a boolean as it stands, of an
/// object or a list its JSON; of an absent value the empty one.
pub(crate) fn text_of<'a>(value: &Value, text: &'a [u8]) -> Cow<'a, str> {
    if value.is_absent() {
        return Cow::Borrowed("");
    }
    let bytes = value.span.of(text);
    match value.kind {
        ValueKind::Text if bytes.contains(&b'\\') => unescaped(value.json_span(), text),
        _ => String::from_utf8_lossy(bytes),
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
    let quoted = serde_json::to_vec(text);
    debug_assert!(quoted.is_ok());
    quoted.unwrap_or_else(|_| b"\"\"".to_vec())
}
