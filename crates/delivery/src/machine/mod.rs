//! Delivering one part: trying again, splitting what is refused, and knowing in the end what became
//! of every document.
//!
//! The shell asks [`Machine::next`] and does what it says, then tells it [`Machine::answered`] or
//! [`Machine::failed`]. Every document is in exactly one [`State`], which changes once: from owed to
//! taken, refused or unknown. What is not owed is not sent.

mod decide;
mod outcome;
mod piece;

use core::cell::Cell;
use core::ops::Range;

use logpush_normalizer::{Batch, Document, identity};

use crate::Millis;
use crate::dead_letter::Refused;
use crate::destination::{Destination, Last, Step, Turn};
use crate::jitter::Jitter;
use crate::machine::piece::{Form, Piece, Placeholders, Round};
use crate::part::{Part, record};
use crate::request::{Body, Reply, Request};
use crate::session::{Conversation, Session};
use crate::verdict::Verdict;

pub use crate::machine::outcome::{Counts, End, Outcome, Unknown};

/// The delivery of one part.
pub struct Machine<'a> {
    delivery: &'a Delivery<'a>,
    batch: Batch,
    states: Vec<State>,
    /// What is still to be sent; the last is the next.
    undecided: Vec<Piece>,
    now_is: Now,
    /// Reasons of refusals, by place.
    reasons: Vec<(usize, String)>,
    unknown: Vec<Unknown>,
    jitter: Jitter,
    counts: Counts,
    last_reason: Option<String>,
}

/// What the deliveries of the parts of one upload have in common.
pub struct Delivery<'a> {
    /// Where to.
    pub destination: &'a dyn Destination,
    /// What identifies the upload.
    pub upload: &'a str,
    /// The limits.
    pub limits: Limits,
    /// Writes the small document that takes the place of a refused one.
    pub placeholder: &'a dyn Fn(&Refusal<'_>) -> Vec<u8>,
    /// What the parts have used up of the limits together.
    pub shared: &'a Shared,
}

/// What a placeholder tells of.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// The refused document.
    pub document: Document<'a>,
    /// Why, in the destination's words.
    pub reason: &'a str,
    /// Whether the beginning of the document is to be in it. What offends in a document offends in
    /// its beginning too: then it is left out.
    pub with_text: bool,
}

/// How long and how often a delivery is tried.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The first wait before a retry; each next one is twice as long.
    pub base: Millis,
    /// How long an upload is tried while every request fails.
    pub budget: Millis,
    /// The longest time that a destination may have itself waited for.
    pub after_max: Millis,
    /// Requests for the parts of an upload together.
    pub requests: u32,
    /// Documents of an upload that may be refused. Each costs about 20 requests to find: a
    /// destination that refuses more does not want our documents.
    pub refused: u64,
}

/// What the parts of one upload have used up together.
#[derive(Debug, Default)]
pub struct Shared {
    /// When the first of the requests failed that have failed since the last answer.
    failing_since: Cell<Option<Millis>>,
    requests: Cell<u32>,
    refused: Cell<u64>,
    is_given_up: Cell<bool>,
}

impl Shared {
    /// Nothing that fails from now on is tried again: the upload comes back in another attempt.
    pub fn give_up(&self) {
        self.is_given_up.set(true);
    }
}

/// What the shell is to do next.
#[derive(Debug)]
pub enum Action {
    /// Send this, and report the answer or the failure.
    Send(Request),
    /// Ask again after so many milliseconds.
    Wait(Millis),
    /// It is over.
    Done(Outcome),
}

/// What became of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Owed,
    Taken,
    Refused,
    Unknown,
}

/// Where the machine is.
enum Now {
    /// The next piece is to be taken.
    Between,
    /// A request is to be sent.
    Sending(Round, Request),
    /// A request is out.
    Asking(Round),
    /// A wait is to begin.
    Pausing(Round, Millis, Resume),
    /// It has been asked for.
    Paused(Round, Resume),
    Over(End),
}

/// What follows on a wait.
#[derive(Clone, Copy, Debug)]
enum Resume {
    /// The conversation goes on.
    Conversation,
    /// The piece is tried anew.
    Anew,
}

/// Turns of one conversation. A destination that polls for minutes or sends a thousand pieces stays
/// below; one that never ends is stopped.
const TURNS_MAX: u32 = 2_000;

impl<'a> Machine<'a> {
    /// A machine for documents that are all owed. `seed` makes the waits of machines differ.
    #[must_use]
    pub fn new(delivery: &'a Delivery<'a>, batch: Batch, seed: u64) -> Self {
        let count = batch.len();
        let whole = Piece {
            places: vec![0..count],
            form: Form::Itself,
            may_be_there: false,
        };
        Self {
            delivery,
            batch,
            states: vec![State::Owed; count],
            undecided: if count == 0 { Vec::new() } else { vec![whole] },
            now_is: Now::Between,
            reasons: Vec::new(),
            unknown: Vec::new(),
            jitter: Jitter::new(seed),
            counts: Counts::default(),
            last_reason: None,
        }
    }

    /// What to do next. After [`Action::Wait`], the shell has waited when it asks again.
    pub fn next(&mut self, session: &mut Session, now: Millis) -> Action {
        loop {
            match core::mem::replace(&mut self.now_is, Now::Between) {
                Now::Between => match self.undecided.pop() {
                    None => self.now_is = Now::Over(End::Complete),
                    Some(piece) => {
                        let round = self.encode(piece, now);
                        self.turn(round, Last::Nothing, session, now);
                    }
                },
                Now::Sending(round, request) => {
                    let requests = &self.delivery.shared.requests;
                    if requests.get() >= self.delivery.limits.requests {
                        self.now_is = Now::Over(End::HandedOver);
                        continue;
                    }
                    requests.set(requests.get() + 1);
                    self.counts.requests += 1;
                    self.now_is = Now::Asking(Round {
                        has_asked: true,
                        ..round
                    });
                    return Action::Send(request);
                }
                Now::Pausing(round, wait, resume) => {
                    self.now_is = Now::Paused(round, resume);
                    return Action::Wait(wait);
                }
                Now::Paused(round, Resume::Conversation) => {
                    self.turn(round, Last::Wait, session, now);
                }
                Now::Paused(round, Resume::Anew) => {
                    let round = Round {
                        conversation: Conversation::default(),
                        turns: 0,
                        has_asked: false,
                        ..round
                    };
                    self.turn(round, Last::Nothing, session, now);
                }
                Now::Asking(round) => {
                    debug_assert!(false, "next() before the answer was reported");
                    self.turn(round, Last::Failure("the answer was lost"), session, now);
                }
                Now::Over(end) => {
                    self.now_is = Now::Over(end.clone());
                    return Action::Done(self.outcome(end));
                }
            }
        }
    }

    /// The bytes that a request sends along.
    #[must_use]
    pub fn body_of<'b>(&'b self, request: &'b Request) -> &'b [u8] {
        let payload = match &self.now_is {
            Now::Asking(round) => round.payload.as_slice(),
            _ => &[],
        };
        match &request.body {
            Body::Empty => &[],
            Body::Own(bytes) => bytes,
            Body::Payload(range) => {
                let bytes = payload.get(range.clone());
                debug_assert!(bytes.is_some(), "{range:?} of {} bytes", payload.len());
                bytes.unwrap_or_default()
            }
        }
    }

    /// The destination has answered.
    pub fn answered(&mut self, reply: &Reply, session: &mut Session, now: Millis) {
        self.heard(Last::Reply(reply), session, now);
    }

    /// The connection failed, or there was no answer in time. Whether the request took effect is not
    /// known.
    pub fn failed(&mut self, reason: &str, session: &mut Session, now: Millis) {
        self.heard(Last::Failure(reason), session, now);
    }

    fn heard(&mut self, last: Last<'_>, session: &mut Session, now: Millis) {
        match core::mem::replace(&mut self.now_is, Now::Between) {
            Now::Asking(round) => self.turn(round, last, session, now),
            other => {
                debug_assert!(false, "an answer to no request");
                self.now_is = other;
            }
        }
    }

    /// Has the destination speak, and does what it says.
    fn turn(&mut self, mut round: Round, last: Last<'_>, session: &mut Session, now: Millis) {
        round.turns += 1;
        if round.turns > TURNS_MAX {
            let reason = "the conversation with the destination does not end".to_owned();
            let verdict = Verdict::Unknown {
                after: None,
                reason,
            };
            self.decide(round, verdict, now);
            return;
        }
        let part = self.part(&round.piece, round.placeholders.as_ref());
        let turn = Turn {
            part: &part,
            payload: &round.payload,
            last,
            now,
        };
        let step = self
            .delivery
            .destination
            .step(&turn, &mut round.conversation, session);
        match step {
            Step::Send(request) => self.now_is = Now::Sending(round, request),
            Step::Wait(wait) => {
                let wait = wait.max(1);
                round.waited = round.waited.saturating_add(wait);
                if round.waited > self.delivery.limits.budget {
                    let reason = "the destination did not say in time what became of it".to_owned();
                    let verdict = Verdict::Unknown {
                        after: None,
                        reason,
                    };
                    self.decide(round, verdict, now);
                    return;
                }
                self.now_is = Now::Pausing(round, wait, Resume::Conversation);
            }
            Step::End(verdict) => self.decide(round, verdict, now),
        }
    }

    fn encode(&self, piece: Piece, now: Millis) -> Round {
        let placeholders = (piece.form != Form::Itself).then(|| self.placeholders(&piece));
        let part = self.part(&piece, placeholders.as_ref());
        Round {
            payload: self.delivery.destination.encode(&part, now),
            piece,
            placeholders,
            conversation: Conversation::default(),
            tries: 0,
            waited: 0,
            turns: 0,
            has_asked: false,
        }
    }

    fn placeholders(&self, piece: &Piece) -> Placeholders {
        let mut batch = Batch::default();
        for place in piece.each() {
            let Some(document) = self.batch.get(place) else {
                debug_assert!(false, "no document {place}");
                continue;
            };
            let with_text = piece.form == Form::Placeholder;
            let refusal = Refusal {
                document,
                reason: &if with_text {
                    self.reason_of(place)
                } else {
                    "its text is refused as well".to_owned()
                },
                with_text,
            };
            let placeholder = (self.delivery.placeholder)(&refusal);
            let record = record(&self.batch, place);
            let document = Document {
                text: &placeholder,
                id: identity(&placeholder),
                time: None,
            };
            batch.push(document, record..record + 1);
        }
        let places = [0..batch.len()];
        Placeholders { batch, places }
    }

    fn part<'p>(&'p self, piece: &'p Piece, placeholders: Option<&'p Placeholders>) -> Part<'p> {
        match placeholders {
            None => Part::new(&self.batch, &piece.places, self.delivery.upload),
            Some(placeholders) => Part::new(
                &placeholders.batch,
                &placeholders.places,
                self.delivery.upload,
            ),
        }
    }

    fn text(&self, place: usize) -> &[u8] {
        let document = self.batch.get(place);
        debug_assert!(document.is_some(), "no document {place}");
        document.map(|document| document.text).unwrap_or_default()
    }

    /// Records that gave no document: they are done whatever becomes of the documents.
    fn without_document(&self) -> Vec<Range<u64>> {
        let ranges = self.batch.records.iter().enumerate();
        ranges
            .map(|(place, range)| match place < self.batch.len() {
                true => range.start..range.end.saturating_sub(1),
                false => range.clone(),
            })
            .filter(|range| !range.is_empty())
            .collect()
    }

    fn reason_of(&self, place: usize) -> String {
        let reason = self.reasons.iter().find(|(other, _)| *other == place);
        debug_assert!(reason.is_some(), "document {place} is not refused");
        reason.map(|(_, reason)| reason.clone()).unwrap_or_default()
    }

    fn refused_document(&self, place: usize, reason: &str) -> Refused {
        Refused {
            record: record(&self.batch, place),
            document: self.text(place).to_vec(),
            reason: reason.to_owned(),
        }
    }

    fn outcome(&self, end: End) -> Outcome {
        let mut taken: Vec<Range<u64>> = Vec::new();
        let mut refused = Vec::new();
        let mut owed = 0;
        for (place, state) in self.states.iter().enumerate() {
            match state {
                State::Owed => owed += 1,
                State::Taken => {
                    let record = record(&self.batch, place);
                    match taken.last_mut() {
                        Some(range) if range.end == record => range.end += 1,
                        _ => taken.push(record..record + 1),
                    }
                }
                State::Refused => {
                    refused.push(self.refused_document(place, &self.reason_of(place)))
                }
                // Told with the others of its piece.
                State::Unknown => {}
            }
        }
        debug_assert_eq!(end == End::Complete, owed == 0, "{end:?}");
        Outcome {
            taken,
            without_document: self.without_document(),
            refused,
            unknown: self.unknown.clone(),
            owed,
            end,
            last_reason: self.last_reason.clone(),
            counts: self.counts,
        }
    }
}
