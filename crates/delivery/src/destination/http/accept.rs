//! What a yes looks like.

use serde_json::Value;

use crate::destination::complaint::complains;
use crate::request::Reply;

/// What a yes looks like.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Accept {
    /// Nothing that complains.
    NoComplaint,
    /// Any 2xx.
    Any,
    /// JSON with this value at this pointer.
    Pointer(String, Value),
}

impl Accept {
    /// `any`, or a JSON pointer, `=` and a value, which is JSON or a word.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text == "any" {
            return Some(Self::Any);
        }
        let (pointer, value) = text.split_once('=')?;
        let (pointer, value) = (pointer.trim(), value.trim());
        if !(pointer.is_empty() || pointer.starts_with('/')) || value.is_empty() {
            return None;
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Some(Self::Pointer(pointer.to_owned(), value))
    }

    /// Whether an answer of success is a yes.
    pub(super) fn agrees(&self, reply: &Reply) -> bool {
        match self {
            Self::Any => true,
            Self::NoComplaint => !complains(&reply.body),
            Self::Pointer(pointer, expected) => serde_json::from_slice::<Value>(&reply.body)
                .is_ok_and(|answer| answer.pointer(pointer) == Some(expected)),
        }
    }
}
