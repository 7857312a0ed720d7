//! Small operations on texts.

use xxhash_rust::xxh3::xxh3_128;

use crate::bytes::slice;

/// A text that only the pages show: the Worker's module, which has no feature `pages`, leaves it out.
pub(crate) const fn for_pages(text: &'static str) -> &'static str {
    if cfg!(feature = "pages") { text } else { "" }
}

/// The first `max` bytes of a text, or fewer, where a character would be cut.
pub(crate) fn beginning(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The first `max` bytes of the inside of a JSON string, or fewer, where an escape, a surrogate
/// pair or a character would be cut.
pub(crate) fn text_beginning(text: &[u8], max: usize) -> &[u8] {
    let mut at = 0;
    let mut whole = 0;
    while at <= max && at < text.len() {
        whole = at;
        at += match (text.get(at), text.get(at + 1)) {
            (Some(b'\\'), Some(b'u')) if is_first_half(text, at) => 12,
            (Some(b'\\'), Some(b'u')) => 6,
            (Some(b'\\'), _) => 2,
            (Some(0..0x80), _) => 1,
            (Some(0..0xe0), _) => 2,
            (Some(0..0xf0), _) => 3,
            _ => 4,
        };
    }
    if at <= max {
        whole = at;
    }
    slice(text, 0..whole)
}

fn is_first_half(text: &[u8], at: usize) -> bool {
    matches!(
        text.get(at + 2..at + 4),
        Some([b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B'])
    )
}

/// The bytes without the character at their end of which only the beginning is there.
pub(crate) fn whole_characters(bytes: &[u8]) -> &[u8] {
    for (back, byte) in bytes.iter().rev().take(3).enumerate() {
        let width = match byte {
            0x80..0xc0 => continue,
            0xc0..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0.. => 4,
            _ => 1,
        };
        if width > back + 1 {
            return bytes.get(..bytes.len() - back - 1).unwrap_or_default();
        }
        break;
    }
    bytes
}

/// Bytes of the `?` that the inside of a JSON string begins with, escaped or not; 0 without one.
pub(crate) fn question_mark(text: &[u8]) -> usize {
    match text {
        [b'?', ..] => 1,
        [b'\\', b'u', b'0', b'0', b'3', b'f' | b'F', ..] => 6,
        _ => 0,
    }
}

/// The identity of a record: 128 bits of its text.
///
/// The same bytes have the same identity, so that a second delivery can be told from a second event.
#[must_use]
pub fn identity(bytes: &[u8]) -> [u8; 16] {
    xxh3_128(bytes).to_be_bytes()
}

/// The digits of an identity, as a document shows it.
pub(crate) fn hexadecimal(identity: [u8; 16]) -> [u8; 32] {
    let mut digits = [0; 32];
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(identity) {
        *pair = hexadecimal_byte(byte);
    }
    digits
}

/// The two digits of a byte, in lower case.
pub(crate) fn hexadecimal_byte(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|half| match half {
        0..10 => b'0' + half,
        _ => b'a' + half - 10,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_the_hash_in_hexadecimal() {
        for number in 0..300_u32 {
            let text = number.to_string();
            let expected = format!("{:032x}", xxh3_128(text.as_bytes()));
            assert_eq!(hexadecimal(identity(text.as_bytes())), expected.as_bytes());
        }
    }
}
