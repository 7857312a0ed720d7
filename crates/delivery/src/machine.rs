//! Delivering one part: trying again, splitting what is refused, and knowing in the end what became
//! of every document.
//!
//! The shell asks [`Machine::next`] and does what it says, then tells it [`Machine::answered`] or
//! [`Machine::failed`]. Every document is in exactly one [`State`], which changes once: from owed to
//! taken, refused or unknown. What is not owed is not sent.

use core::cell::Cell;
use core::ops::Range;
use core::time::Duration;

use logpush_normalizer::{Batch, Document, identity};

use crate::Millis;
use crate::backoff::backoff;
use crate::dead_letter::Refused;
use crate::destination::{Destination, Last, Step, Turn};
use crate::jitter::Jitter;
use crate::part::{Part, record};
use crate::request::{Body, Reply, Request};
use crate::session::{Conversation, Session};
use crate::verdict::{DocumentVerdict, Verdict};

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

/// What became of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Owed,
    Taken,
    Refused,
    Unknown,
}

/// Documents that are sent together.
struct Piece {
    places: Vec<Range<usize>>,
    form: Form,
    /// Whether this delivery has sent them before, and they may have been stored.
    may_be_there: bool,
}

/// What is sent for a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The document.
    Itself,
    /// It is refused: its placeholder.
    Placeholder,
    /// That is refused as well: one without the document's text.
    BarePlaceholder,
}

/// A piece that is under way.
struct Round {
    piece: Piece,
    placeholders: Option<Placeholders>,
    payload: Vec<u8>,
    conversation: Conversation,
    tries: u32,
    /// How long the piece has waited, in all tries.
    waited: Millis,
    /// Turns of the destination in this try.
    turns: u32,
    /// Whether a request was sent in this try.
    has_asked: bool,
}

/// What is sent in the place of refused documents.
struct Placeholders {
    batch: Batch,
    /// All of them.
    places: [Range<usize>; 1],
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

    fn decide(&mut self, round: Round, verdict: Verdict, now: Millis) {
        let count = round.piece.len();
        match verdict {
            Verdict::Accepted => self.take(&round.piece),
            Verdict::SomeUnknown(taken) if taken >= count => self.take(&round.piece),
            // An answer tells nothing of either half: both may hold what was not taken.
            Verdict::SomeUnknown(_) if count > 1 => self.halve(Piece {
                may_be_there: true,
                ..round.piece
            }),
            Verdict::SomeUnknown(_) => {
                self.refuse(&round.piece, "the answer does not confirm it");
            }
            Verdict::Rejected(_) if count > 1 => self.halve(round.piece),
            Verdict::Rejected(reason) => self.refuse(&round.piece, &reason),
            Verdict::Each(verdicts) if verdicts.len() == count => {
                self.decide_each(round, verdicts, now)
            }
            Verdict::Each(verdicts) => {
                let reason = format!("an answer about {} documents of {count}", verdicts.len());
                self.try_again(round, None, reason, true, now);
            }
            Verdict::UpTo(0, reason) if count == 1 => self.refuse(&round.piece, &reason),
            Verdict::UpTo(place, _) if place < count => self.divide_at(round.piece, place),
            Verdict::UpTo(place, _) => {
                let reason = format!("an answer that names document {place} of {count}");
                self.try_again(round, None, reason, true, now);
            }
            Verdict::Final { refused: 0, reason } => {
                self.note(&reason);
                self.take(&round.piece);
            }
            Verdict::Final { refused, reason } if refused >= count => {
                self.refuse(&round.piece, &reason)
            }
            Verdict::Final { refused, reason } => self.give_up_on(round.piece, refused, reason),
            Verdict::Unknown { after, reason } => self.try_again(round, after, reason, true, now),
            Verdict::Retry { after, reason } => self.try_again(round, after, reason, false, now),
            Verdict::Held { status, words } => self.hold(status, words),
        }
    }

    /// Every document of the piece has a verdict of its own.
    fn decide_each(&mut self, round: Round, verdicts: Vec<DocumentVerdict>, now: Millis) {
        if let [DocumentVerdict::Again(reason), ..] = verdicts.as_slice()
            && verdicts
                .iter()
                .all(|verdict| matches!(verdict, DocumentVerdict::Again(_)))
        {
            self.try_again(round, None, reason.clone(), false, now);
            return;
        }
        let form = round.piece.form;
        let mut taken = Piece::new(form);
        let mut again = Piece::new(form);
        let mut refused = Vec::new();
        let mut held = None;
        for (place, verdict) in round.piece.each().zip(verdicts) {
            match verdict {
                DocumentVerdict::Taken => taken.push(place),
                DocumentVerdict::AlreadyThere => {
                    taken.push(place);
                    self.counts.already_there += u64::from(!round.piece.may_be_there);
                }
                DocumentVerdict::Again(reason) => {
                    again.push(place);
                    self.note(&reason);
                }
                DocumentVerdict::Refused(reason) => refused.push((place, reason)),
                DocumentVerdict::Held { status, words } => held = Some((status, words)),
            }
        }
        self.take(&taken);
        if let Some((status, words)) = held {
            // Whatever is not taken is owed, and looked at anew after the repair.
            self.hold(Some(status), words);
            return;
        }
        self.refuse_each(refused, form);
        if again.is_empty() || matches!(self.now_is, Now::Over(_)) {
            return;
        }
        if !round.has_asked {
            self.undecided.push(again);
            return;
        }
        // It is short of something: at once would be too soon.
        let round = Round {
            tries: round.tries + 1,
            ..self.encode(again, now)
        };
        self.counts.retries += 1;
        let wait = self.backoff(round.tries);
        self.now_is = Now::Pausing(round, wait, Resume::Anew);
    }

    /// The destination has what is before `place`, refuses what is there, and has not looked at the
    /// rest. What is there goes alone: it is refused when it is refused by itself.
    fn divide_at(&mut self, piece: Piece, place: usize) {
        let (before, rest) = piece.split_at(place);
        let (alone, behind) = rest.split_at(1);
        self.take(&before);
        if !behind.is_empty() {
            self.undecided.push(behind);
        }
        self.undecided.push(alone);
    }

    fn halve(&mut self, piece: Piece) {
        self.answered_definitely();
        let middle = piece.len() / 2;
        let (left, right) = piece.split_at(middle);
        self.undecided.push(right);
        self.undecided.push(left);
    }

    fn take(&mut self, piece: &Piece) {
        self.answered_definitely();
        let state = match piece.form {
            Form::Itself => State::Taken,
            Form::Placeholder | Form::BarePlaceholder => State::Refused,
        };
        self.settle(piece, state);
    }

    /// Documents of a piece are refused, and which is not known.
    fn give_up_on(&mut self, piece: Piece, refused: usize, reason: String) {
        self.answered_definitely();
        self.note(&reason);
        if piece.form != Form::Itself {
            // Of documents that are refused, and have dead letters of their own.
            self.settle(&piece, State::Refused);
            return;
        }
        self.settle(&piece, State::Unknown);
        self.unknown.push(Unknown {
            documents: piece
                .each()
                .map(|place| self.refused_document(place, &reason))
                .collect(),
            refused: refused as u64,
        });
    }

    fn refuse(&mut self, piece: &Piece, reason: &str) {
        let places = piece.each().map(|place| (place, reason.to_owned()));
        self.refuse_each(places.collect(), piece.form);
    }

    /// Documents, or what was sent for them, are refused for their content.
    fn refuse_each(&mut self, refused: Vec<(usize, String)>, form: Form) {
        let Some((_, last)) = refused.last() else {
            return;
        };
        self.answered_definitely();
        self.note(last);
        let next = match form {
            Form::Itself => Form::Placeholder,
            Form::Placeholder => Form::BarePlaceholder,
            Form::BarePlaceholder => {
                // It refuses even this: it refuses everything.
                let reason = self.reason_of(refused.first().map_or(0, |(place, _)| *place));
                self.hold(None, reason);
                return;
            }
        };
        let mut piece = Piece::new(next);
        let Limits { refused: max, .. } = self.delivery.limits;
        let shared = &self.delivery.shared.refused;
        for (place, reason) in refused {
            if form == Form::Itself {
                if shared.get() >= max {
                    self.hold(
                        None,
                        format!("more than {max} documents of an upload, the last with {reason}"),
                    );
                    return;
                }
                shared.set(shared.get() + 1);
                self.reasons.push((place, reason));
            }
            piece.push(place);
        }
        self.undecided.push(piece);
    }

    /// Waits before another try, or ends where there is no time for one.
    fn try_again(
        &mut self,
        mut round: Round,
        after: Option<Millis>,
        reason: String,
        perhaps_taken: bool,
        now: Millis,
    ) {
        self.note(&reason);
        let limits = &self.delivery.limits;
        let after = after.map(|after| after.min(limits.after_max));
        let failing_since = &self.delivery.shared.failing_since;
        let since = failing_since.get().unwrap_or(now);
        failing_since.set(Some(since));
        // By the clock, or by what was waited for where the clock stands still.
        let spent = now.saturating_sub(since).max(round.waited);
        let wait = self.backoff(round.tries).max(after.unwrap_or_default());
        if spent.saturating_add(wait) > limits.budget {
            self.now_is = Now::Over(End::Unavailable { reason, after });
            return;
        }
        if perhaps_taken && round.has_asked {
            round.piece.may_be_there = true;
            self.counts.perhaps_repeated += round.piece.len() as u64;
        }
        self.counts.retries += 1;
        round.tries += 1;
        round.waited = round.waited.saturating_add(wait);
        self.now_is = Now::Pausing(round, wait, Resume::Anew);
    }

    fn backoff(&mut self, tries: u32) -> Millis {
        let base = Duration::from_millis(self.delivery.limits.base);
        let wait = backoff(base, tries, self.jitter.chance());
        // At most some seconds.
        (wait.as_millis() as Millis).max(1)
    }

    fn hold(&mut self, status: Option<u16>, words: String) {
        self.note(&words);
        self.now_is = Now::Over(End::Held { status, words });
    }

    /// The destination is there: the next failure is another one.
    fn answered_definitely(&self) {
        self.delivery.shared.failing_since.set(None);
    }

    fn note(&mut self, reason: &str) {
        self.last_reason = Some(reason.to_owned());
    }

    fn settle(&mut self, piece: &Piece, state: State) {
        for place in piece.each() {
            if let Some(known) = self.states.get_mut(place) {
                debug_assert_eq!(*known, State::Owed, "document {place} is settled twice");
                *known = state;
            }
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

impl Piece {
    fn new(form: Form) -> Self {
        Self {
            places: Vec::new(),
            form,
            may_be_there: false,
        }
    }

    fn len(&self) -> usize {
        self.places.iter().map(Range::len).sum()
    }

    fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn each(&self) -> impl Iterator<Item = usize> + use<> {
        self.places.clone().into_iter().flatten()
    }

    /// Adds a place behind the others.
    fn push(&mut self, place: usize) {
        match self.places.last_mut() {
            Some(range) if range.end == place => range.end += 1,
            _ => self.places.push(place..place + 1),
        }
    }

    /// The first `count` places, and the others.
    fn split_at(self, count: usize) -> (Self, Self) {
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
