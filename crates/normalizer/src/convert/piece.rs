//! One piece of text that is written into a document.

use crate::record::Span;

/// What a form gives to write.
#[derive(Clone, Copy)]
pub(crate) enum Piece {
    None,
    /// A piece of the record's text.
    Place(Span),
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
}
