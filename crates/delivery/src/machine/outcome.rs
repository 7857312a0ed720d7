//! What became of a part.

use core::ops::Range;

use crate::Millis;
use crate::dead_letter::Refused;

/// What became of a part.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Records whose documents the destination has.
    pub taken: Vec<Range<u64>>,
    /// Records that gave no document.
    pub without_document: Vec<Range<u64>>,
    /// Documents that it refused, and whose placeholders it took.
    pub refused: Vec<Refused>,
    /// Documents of which some are refused, and nobody knows which.
    pub unknown: Vec<Unknown>,
    /// How many documents are none of these: they are owed.
    pub owed: u64,
    /// Why it ended.
    pub end: End,
    /// The last reason for trying again or refusing.
    pub last_reason: Option<String>,
    /// What was done, counted.
    pub counts: Counts,
}

/// Why a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// No document is owed.
    Complete,
    /// The destination takes nothing for now.
    Unavailable {
        /// In the destination's words, or the connection's.
        reason: String,
        /// How long it asks to wait; bounded.
        after: Option<Millis>,
    },
    /// The destination takes nothing until the operator has repaired something.
    Held {
        /// The HTTP status, where one says so.
        status: Option<u16>,
        /// In the destination's words.
        words: String,
    },
    /// The requests are used up: what is owed goes on at once, in another run.
    HandedOver,
}

/// Documents of which some are refused, and nobody knows which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The documents, by record.
    pub documents: Vec<Refused>,
    /// How many of them are refused, at most.
    pub refused: u64,
}

/// What a delivery did, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests sent.
    pub requests: u32,
    /// Times that a part or a piece of it was tried again.
    pub retries: u32,
    /// Documents that were sent again although the destination may have them.
    pub perhaps_repeated: u64,
    /// Documents that the destination had before this delivery sent them: of an upload that comes
    /// again, or of an attempt that broke off.
    pub already_there: u64,
}

impl Outcome {
    /// The documents that a dead letter keeps: those that are refused, and those of which nobody
    /// knows which are. In the order of their records.
    #[must_use]
    pub fn dead(&self) -> Vec<Refused> {
        let unknown = self.unknown.iter().flat_map(|unknown| {
            let count = unknown.documents.len();
            unknown.documents.iter().map(move |document| Refused {
                reason: format!(
                    "the destination refused {} of {count} documents, and does not say which: {}",
                    unknown.refused, document.reason
                ),
                ..document.clone()
            })
        });
        let mut dead: Vec<_> = self.refused.iter().cloned().chain(unknown).collect();
        dead.sort_by_key(|document| document.record);
        dead
    }
}
