//! The ground floor: places in a text, looking at sixteen bytes at once, writing.

pub(crate) mod simd;
pub(crate) mod text;
pub(crate) mod writer;
