//! A place in a text.

use crate::bytes::slice;

/// A piece of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// A piece of a text of at most one line, which 32 bits hold.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    pub(crate) fn of(self, text: &[u8]) -> &[u8] {
        slice(text, self.start as usize..self.end as usize)
    }
}
