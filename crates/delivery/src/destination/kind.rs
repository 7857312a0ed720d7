//! A kind of destination, and the conversation that a destination has about a part.

use core::fmt;

use logpush_normalizer::{Dataset, Shape};

use crate::Millis;
use crate::destination::check::{Heard, Inquiry};
use crate::part::Part;
use crate::request::{Reply, Request};
use crate::session::{Conversation, Session};
use crate::setting::{Lookup, Problem, Reading, Setting, Values, read};
use crate::verdict::Verdict;
use crate::words;

/// A destination whose settings are read. It knows nothing of a dataset but its name, and does no I/O: it says what to send,
/// and what an answer means.
pub trait Destination: fmt::Debug {
    /// How sentences name it: "the SEKOIA.IO intake".
    fn title(&self) -> &'static str;

    /// The bytes of a part as the destination wants them: framing, envelopes, compression. They serve
    /// for every try of the same part.
    fn encode(&self, part: &Part<'_>, now: Millis) -> Vec<u8>;

    /// The next step of the conversation about a part. Mostly that is one request and the reading of
    /// one answer; tokens, acknowledgements and uploads in pieces need several.
    fn step(&self, turn: &Turn<'_>, conversation: &mut Conversation, session: &mut Session)
    -> Step;

    /// Finds out whether the destination would take events, without sending one: the next question, or
    /// what the answers to those before say.
    fn inquire(&self, _heard: &[Heard]) -> Inquiry {
        Inquiry::default()
    }

    /// What is never shown. The destination's own words are searched for it.
    fn secrets(&self) -> Vec<&str>;
}

/// What a destination knows when it is asked for the next step.
#[derive(Debug)]
pub struct Turn<'a> {
    /// The documents.
    pub part: &'a Part<'a>,
    /// The same, encoded.
    pub payload: &'a [u8],
    /// What happened last.
    pub last: Last<'a>,
    /// Milliseconds since 1970.
    pub now: Millis,
}

/// What happened last in a conversation.
#[derive(Clone, Copy, Debug)]
pub enum Last<'a> {
    /// Nothing: it begins.
    Nothing,
    /// The request was answered.
    Reply(&'a Reply),
    /// The request failed, or was not answered in time. It may have had its effect.
    Failure(&'a str),
    /// The wait is over.
    Wait,
}

/// What comes next in a conversation.
#[derive(Debug)]
pub enum Step {
    /// Sends a request, and goes on with its answer.
    Send(Request),
    /// Waits so many milliseconds. The waits of a conversation together are bounded by the budget for
    /// retries.
    Wait(Millis),
    /// The conversation is over.
    End(Verdict),
}

/// A kind of destination.
pub struct Kind {
    /// As `DESTINATION` names it.
    pub name: &'static str,
    /// What can be set.
    pub settings: &'static [Setting],
    /// Which shapes of documents it takes.
    pub shapes: &'static [Shape],
    /// Whether each document must be a value of JSON, with these settings.
    pub(super) needs_json: fn(&Values) -> bool,
    /// The most that a part may have.
    pub limits: PartLimits,
    /// Makes a destination of its settings, for a dataset or for no particular one; nothing where one
    /// is wrong. What the table cannot know is added to the problems.
    pub(super) open: Open,
    /// What the operator does where the destination takes nothing.
    pub when_held: &'static str,
}

/// What is behind [`Kind::open`].
pub(super) type Open = fn(&Values, Option<&str>, &mut Vec<Problem>) -> Option<Box<dyn Destination>>;

/// A destination, or all that is wrong with its settings.
pub type Opened = Result<Box<dyn Destination>, Vec<Problem>>;

/// The most that one request may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartLimits {
    /// Bytes before compression.
    pub bytes: usize,
    /// Documents.
    pub documents: usize,
}

impl Kind {
    /// Opens a destination, for the documents of one dataset or of no particular one.
    ///
    /// # Errors
    ///
    /// All that is wrong with its settings.
    pub fn open(&self, dataset: Option<&str>, lookup: &Lookup<'_>) -> Opened {
        let Reading {
            values,
            mut problems,
        } = read(self.settings, dataset, lookup);
        match (self.open)(&values, dataset, &mut problems) {
            Some(destination) if problems.is_empty() => Ok(destination),
            _ => {
                debug_assert!(!problems.is_empty(), "nothing says why {self:?} is closed");
                Err(problems)
            }
        }
    }

    /// The shape that documents have where this one is set.
    #[must_use]
    pub fn shape(&self, shape: Shape, lookup: &Lookup<'_>) -> Shape {
        match shape {
            Shape::Raw if (self.needs_json)(&read(self.settings, None, lookup).values) => {
                Shape::RawJson
            }
            shape => shape,
        }
    }

    /// What is wrong with the settings where none of these datasets can be delivered: what all need
    /// may be set for some alone.
    #[must_use]
    pub fn problems(&self, datasets: &[&'static Dataset], lookup: &Lookup<'_>) -> Vec<Problem> {
        let Err(problems) = self.open(None, lookup) else {
            return Vec::new();
        };
        let is_for_some = self.settings.iter().any(|setting| setting.is_by_dataset)
            && datasets
                .iter()
                .any(|dataset| self.open(Some(dataset.name), lookup).is_ok());
        if is_for_some { Vec::new() } else { problems }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Kind({})", self.name)
    }
}

/// The conversation of a destination that is asked once: `read` says what an answer of success means.
pub(super) fn one_request(
    turn: &Turn<'_>,
    secrets: &[&str],
    request: impl FnOnce() -> Request,
    read: impl FnOnce(&Reply) -> Verdict,
) -> Step {
    match turn.last {
        Last::Nothing | Last::Wait => Step::Send(request()),
        Last::Failure(reason) => Step::End(Verdict::Unknown {
            after: None,
            reason: reason.to_owned(),
        }),
        Last::Reply(reply) if reply.is_success() => Step::End(read(reply)),
        Last::Reply(reply) => Step::End(by_status(reply, secrets, turn.now)),
    }
}

/// What an answer of success means that is no yes. It is asked for once more, then it is the
/// operator's to say what it is: events that nobody has stored must not be taken for delivered, nor
/// sent for ever to where they are stored.
pub(super) fn no_yes(
    reply: &Reply,
    session: &mut Session,
    secrets: &[&str],
    now: Millis,
) -> Verdict {
    let words = format!("an answer that is no yes: {}", words::quote(reply, secrets));
    if session.get(NO_YES, now).is_some() {
        return Verdict::Held {
            status: Some(reply.status),
            words,
        };
    }
    session.put(NO_YES, String::new(), None);
    Verdict::Unknown {
        after: reply.retry_after(now),
        reason: words,
    }
}

/// Notes that an answer was a yes: the next that is none is the first again.
pub(super) fn is_a_yes(session: &mut Session) {
    session.forget(NO_YES);
}

/// What a [`Session`] holds after an answer that was no yes.
const NO_YES: &str = "no yes";

/// What an answer without success means, as far as HTTP itself says it.
pub(super) fn by_status(reply: &Reply, secrets: &[&str], now: Millis) -> Verdict {
    let words = words::quote(reply, secrets);
    let after = reply.retry_after(now);
    match reply.status {
        // Nothing was done, they say.
        425 | 429 | 503 => Verdict::Retry {
            after,
            reason: words,
        },
        // What a server has not at all, it does not get by being asked again: 501 and 505 hold.
        408 | 500 | 502..=504 | 506..=599 => Verdict::Unknown {
            after,
            reason: words,
        },
        // 400 and 422 may mean a single document, 413 one or their sum.
        400 | 413 | 422 => Verdict::Rejected(words),
        status => Verdict::Held {
            status: Some(status),
            words,
        },
    }
}
