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

