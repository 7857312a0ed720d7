//! What an answer means for the documents of a part.

use crate::Millis;

/// What became of a part, as its destination reads its own answers.
///
/// A success status alone is never a verdict: each destination says what a yes looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every document is taken.
    Accepted,
    /// One verdict for each document, in their order (Elasticsearch).
    Each(Vec<DocumentVerdict>),
    /// The documents before this place are taken, the one there is refused, those behind it were not
    /// looked at (Splunk).
    UpTo(usize, String),
    /// So many are taken, and the answer does not say which: all may be sent again (SEKOIA.IO). That
    /// costs repetitions, and loses nothing.
    SomeUnknown(usize),
    /// At most so many are refused, the others are taken, and the answer does not say which: none may
    /// be sent again (OTLP, Loki).
    Final {
        /// Documents that are refused, at most.
        refused: usize,
        /// In the destination's words.
        reason: String,
    },
    /// All or none may be taken, and nobody can tell: an answer was lost, or a gateway gave up. The
    /// promise is at least once, so they are sent again, and counted as possible repetitions.
    Unknown {
        /// How long the destination asks to wait.
        after: Option<Millis>,
        /// What happened.
        reason: String,
    },
    /// None is taken; perhaps later.
    Retry {
        /// How long the destination asks to wait.
        after: Option<Millis>,
        /// In the destination's words.
        reason: String,
    },
    /// None is taken as they are: one of them is at fault, or their sum.
    Rejected(String),
    /// None is taken for a reason that is the destination's set-up: key, index, permission, URL.
    /// Nothing is consumed until the operator has repaired it.
    Held {
        /// The HTTP status, where one says so.
        status: Option<u16>,
        /// In the destination's words.
        words: String,
    },
}

impl Verdict {
    /// The same, with what the operator may do where it holds the destination.
    #[must_use]
    pub(crate) fn with_hint(self, hint: &str) -> Self {
        match self {
            Self::Held { status, words } => Self::Held {
                status,
                words: format!("{words}; {hint}"),
            },
            verdict => verdict,
        }
    }
}

/// What became of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentVerdict {
    /// The destination has it.
    Taken,
    /// The destination had it before, under the same id: it is taken, and stored once.
    AlreadyThere,
    /// It is not taken now, and may be later; why, in the destination's words.
    Again(String),
    /// It is refused for its content.
    Refused(String),
    /// It is not taken for a reason that is the destination's set-up, which holds the destination.
    Held {
        /// The status of this document.
        status: u16,
        /// In the destination's words.
        words: String,
    },
}
