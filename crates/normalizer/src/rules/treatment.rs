//! What becomes of a value that a rule names.

use crate::record::clean::MASK;
use crate::record::nested::{elements, string_end, value_at};
use crate::record::{Span, Value, ValueKind};
use crate::rules::class::{Class, class_of, cut, email, ip};
use crate::rules::edit::{Edit, Edits};
use crate::rules::field::is_list;
use crate::rules::pseudonym::PseudonymKey;
use crate::rules::scalar::{quoted, text_of};

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// An address loses its last bits, one of mail its local part. What is neither is masked.
    Truncate { bits_v4: u32, bits_v6: u32 },
    /// A keyed hash takes its place.
    Hash,
    /// A word that says that there was a value.
    Mask,
    /// Nothing of it is left.
    Remove,
}

/// The names of the treatments in a rule.
pub(crate) const NAMES: [&str; 4] = ["truncate", "hash", "mask", "remove"];

/// What the document must know of a treated field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Treated {
    /// Its value still is what its ECS fields take.
    Fit,
    /// It is not.
    Hidden,
    /// It is a pseudonym.
    Hashed,
}

impl Treatment {
    /// Of two for one value, the one that shows less has the higher rank.
    fn rank(self) -> u8 {
        match self {
            Self::Truncate { .. } => 1,
            Self::Hash => 2,
            Self::Mask => 3,
            Self::Remove => 4,
        }
    }

    /// Treats a value, of a list each element; nothing where it says nothing.
    pub(crate) fn value(
        self,
        value: &Value,
        text: &[u8],
        key: Option<&PseudonymKey>,
        edits: &mut Edits,
    ) -> Option<Treated> {
        if value.is_absent() {
            return None;
        }
        if is_list(text, value) {
            let treated = elements(text, value).map(|of| self.value(&of, text, key, edits));
            return treated.max().flatten();
        }
        let (by, treated) = self.replacement(value, text, key);
        edits.add(Edit {
            place: value.json_span(),
            by,
            rank: self.rank(),
        });
        Some(treated)
    }

    /// Treats what is an address of this class by itself, here or in what is nested.
    pub(crate) fn class(
        self,
        class: Class,
        value: &Value,
        text: &[u8],
        key: Option<&PseudonymKey>,
        edits: &mut Edits,
    ) -> Option<Treated> {
        match value.kind {
            ValueKind::Text => {
                let is_it = may_be(class, value.span.of(text))
                    && class_of(&text_of(value, text)) == Some(class);
                is_it.then(|| self.value(value, text, key, edits)).flatten()
            }
            ValueKind::Nested => {
                self.strings(class, value, text, key, edits);
                None
            }
            _ => None,
        }
    }

    /// Treats the strings inside an object or a list; names of members too.
    fn strings(
        self,
        class: Class,
        value: &Value,
        text: &[u8],
        key: Option<&PseudonymKey>,
        edits: &mut Edits,
    ) {
        let mut at = value.span.start as usize;
        let end = value.span.end as usize;
        while let Some(quote) = text
            .get(at..end)
            .and_then(|rest| memchr::memchr(b'"', rest))
        {
            let start = at + quote;
            let Some((close, _)) = string_end(text, start + 1) else {
                return;
            };
            if let Some(string) = value_at(text, start)
                && string.kind == ValueKind::Text
                && may_be(class, string.span.of(text))
                && class_of(&text_of(&string, text)) == Some(class)
            {
                // A member whose name is an address keeps its value.
                let is_name = text.get(close + 1) == Some(&b':');
                let (by, _) = match (self, is_name) {
                    (Self::Remove, true) => Self::Mask.replacement(&string, text, key),
                    _ => self.replacement(&string, text, key),
                };
                edits.add(Edit {
                    place: string.json_span(),
                    by,
                    rank: self.rank(),
                });
            }
            at = close + 1;
        }
    }

    /// The JSON that takes the place of a value.
    fn replacement(
        self,
        value: &Value,
        text: &[u8],
        key: Option<&PseudonymKey>,
    ) -> (Vec<u8>, Treated) {
        let masked = (quoted(MASK), Treated::Hidden);
        match self {
            // Of a member or an element, whose neighbours keep their places.
            Self::Remove => (b"null".to_vec(), Treated::Fit),
            Self::Mask => masked,
            Self::Hash => match key {
                Some(key) => (quoted(&key.of(&text_of(value, text))), Treated::Hashed),
                None => {
                    debug_assert!(false, "rules that hash have a key");
                    masked
                }
            },
            Self::Truncate { bits_v4, bits_v6 } => {
                if value.kind != ValueKind::Text {
                    return masked;
                }
                let plain = text_of(value, text);
                if let Some(ip) = ip(&plain) {
                    let cut = cut(ip, bits_v4, bits_v6);
                    return (format!("\"{cut}\"").into_bytes(), Treated::Fit);
                }
                match email(&plain) {
                    Some((_, domain)) => (quoted(domain), Treated::Hidden),
                    None => masked,
                }
            }
        }
    }
}

/// Whether a text may be an address at all: a quick look, since most are none.
fn may_be(class: Class, insides: &[u8]) -> bool {
    match class {
        Class::Ip => {
            (2..=64).contains(&insides.len())
                && insides
                    .iter()
                    .any(|byte| matches!(byte, b'.' | b':' | b'\\'))
        }
        Class::Email => memchr::memchr(b'@', insides).is_some() || insides.contains(&b'\\'),
    }
}

/// The place of a value that is taken out of an object.
pub(crate) fn nothing(place: Span) -> Edit {
    Edit {
        place,
        by: b"null".to_vec(),
        rank: Treatment::Remove.rank(),
    }
}
