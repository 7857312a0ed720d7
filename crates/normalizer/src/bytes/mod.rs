//! The ground floor: places in a text, looking at sixteen bytes at once, writing.

mod multiply;
pub(crate) mod simd;
pub(crate) mod span;
pub(crate) mod text;
pub(crate) mod writer;

use core::ops::Range;

/// A piece of a text, which is known to be there; nothing, and a test that fails, where it is not.
pub(crate) fn slice(bytes: &[u8], range: Range<usize>) -> &[u8] {
    let piece = bytes.get(range.clone());
    debug_assert!(piece.is_some(), "{range:?} of {} bytes", bytes.len());
    piece.unwrap_or_default()
}

/// Whether two short texts are equal, eight bytes at a time.
///
/// In wasm, `==` of two slices is a call that goes byte by byte.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let (Some(left_end), Some(right_end)) = (left.last_chunk::<8>(), right.last_chunk::<8>())
    else {
        return left.iter().zip(right).all(|(left, right)| left == right);
    };
    let (left, right) = (left.as_chunks::<8>().0, right.as_chunks::<8>().0);
    left_end == right_end && left.iter().zip(right).all(|(left, right)| left == right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_to_their_last_byte() {
        for len in 0..40 {
            let text: Vec<u8> = (0..len).collect();
            assert!(same(&text, &text.clone()));
            assert!(!same(&text, &[&text[..], b"x"].concat()));
            for place in 0..text.len() {
                let mut other = text.clone();
                other[place] ^= 1;
                assert!(!same(&text, &other), "{len} {place}");
            }
        }
    }
}
