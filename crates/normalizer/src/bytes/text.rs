//! Small operations on texts.

use xxhash_rust::xxh3::xxh3_128;

/// The first `max` bytes of a text, or fewer, where a character would be cut.
pub(crate) fn beginning(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
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

/// The identity of a record: 128 bits of its text, in hexadecimal.
///
/// The same bytes have the same identity, so that a second delivery can be told from a second event.
pub(crate) fn identity(bytes: &[u8]) -> [u8; 32] {
    let hash = xxh3_128(bytes);
    let mut digits = [0; 32];
    for (eight, shift) in digits
        .as_chunks_mut::<8>()
        .0
        .iter_mut()
        .zip([96, 64, 32, 0])
    {
        *eight = hexadecimal((hash >> shift) as u32);
    }
    digits
}

/// The eight digits of a number, all at once.
fn hexadecimal(number: u32) -> [u8; 8] {
    let mut nibbles = u64::from(number);
    nibbles = (nibbles << 16 | nibbles) & 0x0000_ffff_0000_ffff;
    nibbles = (nibbles << 8 | nibbles) & 0x00ff_00ff_00ff_00ff;
    nibbles = (nibbles << 4 | nibbles) & 0x0f0f_0f0f_0f0f_0f0f;
    // 1 where the nibble is above 9.
    let letters = (nibbles + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    let digits = nibbles + 0x3030_3030_3030_3030 + letters * u64::from(b'a' - b'9' - 1);
    digits.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_the_hash_in_hexadecimal() {
        for number in 0..300_u32 {
            let text = number.to_string();
            let expected = format!("{:032x}", xxh3_128(text.as_bytes()));
            assert_eq!(identity(text.as_bytes()), expected.as_bytes());
        }
    }
}
