//! `mask_query`: parameters of query strings, in every copy that a record has of one.

use crate::bytes::slice;
use crate::bytes::span::Span;
use crate::record::Record;
use crate::record::clean::MASK;
use crate::record::nested::string_end;
use crate::rules::edit::{Edit, Edits};
use crate::rules::scalar::quoted;

/// The parameters to mask, in lower case.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    names: Vec<String>,
}

/// The longest name that is looked at before its text is unescaped.
const PLAIN_MAX: usize = 64;

impl Query {
    pub(crate) fn new(names: Vec<String>) -> Self {
        Self {
            names: names.iter().map(|name| name.to_lowercase()).collect(),
        }
    }

    /// Masks the parameters in every string of a record that is not changed anyway.
    pub(crate) fn mask(&self, record: &Record, text: &[u8], edits: &mut Edits) {
        let mut from = 0;
        // Without one of these no string has a parameter: most strings have none.
        while let Some(sign) = next_sign(text, from) {
            if self.is_another(text, sign) {
                from = sign + 1;
                continue;
            }
            let Some((start, end)) = string_around(text, sign) else {
                from = sign + 1;
                continue;
            };
            let insides = slice(text, start..end);
            let place = Span::new(start - 1, end + 1);
            if let Some(masked) = self.masked(insides)
                && !edits.covers(record, place)
            {
                edits.add(Edit {
                    place,
                    by: masked,
                    rank: 0,
                });
            }
            from = end + 1;
        }
    }

    /// Whether the name before a sign is for certain none of the parameters: most are plain, and others.
    fn is_another(&self, text: &[u8], sign: usize) -> bool {
        let before = text.get(sign.saturating_sub(PLAIN_MAX)..sign);
        let before = before.unwrap_or_default();
        let is_plain =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let Some(end) = before.iter().rposition(|byte| !is_plain(byte)) else {
            return false;
        };
        let (before, name) = before.split_at(end + 1);
        // What else stands there may be a part of the name.
        text.get(sign) == Some(&b'=')
            && match before {
                [.., b'?' | b'&' | b';' | b'#'] | [.., b';', b' '] => true,
                // The quote before the text, not one in it.
                [.., other, b'"'] => *other != b'\\',
                _ => false,
            }
            && !self
                .names
                .iter()
                .any(|known| known.as_bytes().eq_ignore_ascii_case(name))
    }

    /// The string, quotes included, with its parameters masked; nothing where it has none.
    fn masked(&self, insides: &[u8]) -> Option<Vec<u8>> {
        let plain = match insides.contains(&b'\\') {
            true => serde_json::from_slice::<String>(&[b"\"", insides, b"\""].concat()).ok()?,
            false => core::str::from_utf8(insides).ok()?.to_owned(),
        };
        self.masked_text(&plain).map(|masked| quoted(&masked))
    }

    /// The text with the values of its parameters masked; nothing where it has none.
    fn masked_text(&self, text: &str) -> Option<String> {
        let bytes = text.as_bytes();
        let mut masked: Option<String> = None;
        let mut copied = 0;
        let (mut at, mut name) = (0, 0);
        while at < bytes.len() {
            let (sign, is_encoded, len) = sign_at(bytes, at);
            match sign {
                b'?' | b'&' | b';' | b'#' => name = at + len,
                b'=' if self.has(slice(bytes, name..at)) => {
                    let start = at + len;
                    let end = value_end(bytes, start, is_encoded);
                    if start < end {
                        let masked = masked.get_or_insert_with(String::new);
                        masked.push_str(text.get(copied..start).unwrap_or_default());
                        masked.push_str(MASK);
                        copied = end;
                    }
                    at = end;
                    name = end;
                    continue;
                }
                _ => {}
            }
            at += len;
        }
        masked.map(|masked| masked + text.get(copied..).unwrap_or_default())
    }

    /// Whether it is the name of a parameter, perhaps with percent signs.
    fn has(&self, name: &[u8]) -> bool {
        // The longest name, with every byte encoded.
        if name.is_empty() || name.len() > 3 * 256 {
            return false;
        }
        let mut plain = Vec::with_capacity(name.len());
        let mut at = 0;
        while let Some(&byte) = name.get(at) {
            match percent(name, at) {
                Some(decoded) => {
                    plain.push(decoded);
                    at += 3;
                }
                None => {
                    plain.push(byte);
                    at += 1;
                }
            }
        }
        let plain = String::from_utf8_lossy(&plain).to_lowercase();
        // Of a list of values the name is `token[]` or `token[0]`.
        let plain = plain.trim().split('[').next().unwrap_or_default();
        self.names.iter().any(|known| known == plain)
    }
}

/// Where the value of a parameter ends: at the sign before the next, or before a fragment. An encoded
/// one, inside another's value, ends with that too.
fn value_end(bytes: &[u8], from: usize, is_encoded: bool) -> usize {
    let mut at = from;
    while at < bytes.len() {
        let (sign, encoded, len) = sign_at(bytes, at);
        if matches!(sign, b'&' | b'#') && (!encoded || is_encoded) {
            break;
        }
        at += len;
    }
    at.min(bytes.len())
}

/// The byte at a place, whether a percent sign encodes it, and how long it is.
fn sign_at(bytes: &[u8], at: usize) -> (u8, bool, usize) {
    match percent(bytes, at) {
        Some(byte) => (byte, true, 3),
        None => (bytes.get(at).copied().unwrap_or_default(), false, 1),
    }
}

/// The byte that `%3D` and its like stand for.
fn percent(bytes: &[u8], at: usize) -> Option<u8> {
    let [b'%', high, low] = bytes.get(at..at + 3)? else {
        return None;
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    Some((digit(high)? * 16 + digit(low)?) as u8)
}

/// The next `=`, whichever way it may be written.
fn next_sign(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = text.get(at..)?;
        at += memchr::memchr3(b'=', b'%', b'\\', rest)?;
        let is_sign = match text.get(at)? {
            b'=' => true,
            b'%' => matches!(text.get(at + 1..at + 3), Some([b'3', b'd' | b'D'])),
            _ => text.get(at + 1) == Some(&b'u'),
        };
        if is_sign {
            return Some(at);
        }
        at += 1;
    }
}

/// The insides of the string that a place is in.
fn string_around(text: &[u8], place: usize) -> Option<(usize, usize)> {
    let mut quote = place;
    loop {
        quote = memchr::memrchr(b'"', text.get(..quote)?)?;
        let before = text.get(..quote)?.iter().rev();
        let is_escaped = before.take_while(|byte| **byte == b'\\').count() % 2 == 1;
        if !is_escaped {
            break;
        }
    }
    let (end, _) = string_end(text, quote + 1)?;
    Some((quote + 1, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_masked_in_every_spelling() {
        let query = Query::new(vec!["token".to_owned(), "Sig".to_owned()]);
        for (text, expected) in [
            ("/a?token=x", "/a?token=[masked]"),
            ("token=x&a=b", "token=[masked]&a=b"),
            ("?a=b&TOKEN=x&c=d", "?a=b&TOKEN=[masked]&c=d"),
            ("?a=b;sig=x;y&c=d", "?a=b;sig=[masked]&c=d"),
            ("https://h/p?sig=a=b==#f", "https://h/p?sig=[masked]#f"),
            ("https://h/p#token=x", "https://h/p#token=[masked]"),
            ("?t%6fken=x&to=ken", "?t%6fken=[masked]&to=ken"),
            (
                "?token[]=x&token[0]=y",
                "?token[]=[masked]&token[0]=[masked]",
            ),
            ("?token=a%26b&c=d", "?token=[masked]&c=d"),
            (
                "?next=https%3A%2F%2Fh%3Ftoken%3Dx%26a%3Db&c=d",
                "?next=https%3A%2F%2Fh%3Ftoken%3D[masked]%26a%3Db&c=d",
            ),
            ("?token%3Dx", "?token%3D[masked]"),
            ("?token=", ""),
            ("?token", ""),
            ("?mytoken=x&tokens=y", ""),
            ("token x", ""),
            ("", ""),
        ] {
            let masked = query.masked_text(text);
            assert_eq!(masked.as_deref().unwrap_or_default(), expected, "{text}");
        }
    }
}
