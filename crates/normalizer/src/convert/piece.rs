//! One piece of text that is written into a document.

use crate::bytes::writer::Writer;
use crate::record::Span;

/// What a form gives to write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Piece {
    #[default]
    None,
    /// A piece of the record's text.
    Place(Span),
    /// A piece of the copies that are made of what the record does not have so.
    Copied(Span),
    Word(&'static str),
    /// It is not one piece: [`Form::write`](crate::convert::Form::write) writes it.
    Written,
}

impl Piece {
    /// The piece at `span`, unless that is empty.
    pub(crate) fn some(span: Span) -> Self {
        if span.start < span.end {
            Self::Place(span)
        } else {
            Self::None
        }
    }

    /// A text that the record does not have so, put to the copies.
    pub(crate) fn copied(text: &[u8], copies: &mut Writer) -> Self {
        Self::joined(&[text], copies)
    }

    /// The same of a text that comes in parts.
    pub(crate) fn joined(parts: &[&[u8]], copies: &mut Writer) -> Self {
        let start = copies.len();
        for part in parts {
            copies.put(part);
        }
        Self::since(start, copies)
    }

    /// What was put to the copies since they had `start` bytes.
    pub(crate) fn since(start: usize, copies: &Writer) -> Self {
        match copies.len() {
            end if end > start => Self::Copied(Span::new(start, end)),
            _ => Self::None,
        }
    }
}
