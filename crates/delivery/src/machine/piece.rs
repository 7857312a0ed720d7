//! Documents that are sent together, and how far they are.

use core::ops::Range;

use logpush_normalizer::Batch;

use crate::Millis;
use crate::session::Conversation;

/// Documents that are sent together.
pub(super) struct Piece {
    pub(super) places: Vec<Range<usize>>,
    pub(super) form: Form,
    /// Whether this delivery has sent them before, and they may have been stored.
    pub(super) may_be_there: bool,
}

/// What is sent for a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The document.
    Itself,
    /// It is refused: its placeholder.
    Placeholder,
    /// That is refused as well: one without the document's text.
    BarePlaceholder,
}

/// A piece that is under way.
pub(super) struct Round {
    pub(super) piece: Piece,
    pub(super) placeholders: Option<Placeholders>,
    pub(super) payload: Vec<u8>,
    pub(super) conversation: Conversation,
    pub(super) tries: u32,
    /// How long the piece has waited, in all tries.
    pub(super) waited: Millis,
    /// Turns of the destination in this try.
    pub(super) turns: u32,
    /// Whether a request was sent in this try.
    pub(super) has_asked: bool,
}

/// What is sent in the place of refused documents.
pub(super) struct Placeholders {
    pub(super) batch: Batch,
    /// All of them.
    pub(super) places: [Range<usize>; 1],
}

impl Piece {
    pub(super) fn new(form: Form) -> Self {
        Self {
            places: Vec::new(),
            form,
            may_be_there: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.places.iter().map(Range::len).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn each(&self) -> impl Iterator<Item = usize> + use<> {
        self.places.clone().into_iter().flatten()
    }

    /// Adds a place behind the others.
    pub(super) fn push(&mut self, place: usize) {
        match self.places.last_mut() {
            Some(range) if range.end == place => range.end += 1,
            _ => self.places.push(place..place + 1),
        }
    }

    /// The first `count` places, and the others.
    pub(super) fn split_at(self, count: usize) -> (Self, Self) {
        let empty = || Self {
            places: Vec::new(),
            ..self
        };
        let (mut left, mut right) = (empty(), empty());
        let mut room = count;
        for range in self.places {
            let middle = range.start + room.min(range.len());
            room -= middle - range.start;
            left.places
                .extend((middle > range.start).then_some(range.start..middle));
            right
                .places
                .extend((middle < range.end).then_some(middle..range.end));
        }
        (left, right)
    }
}
