//! A destination that answers anything, and what must hold all the same. The fuzz target runs
//! [`delivery`], and so do the property tests: this file names nothing of the suite.

use core::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use logpush_delivery::Millis;
use logpush_delivery::destination::{Destination, Step, Turn};
use logpush_delivery::machine::{Action, Delivery, End, Limits, Machine, Outcome, Refusal, Shared};
use logpush_delivery::part::Part;
use logpush_delivery::request::{Reply, Request};
use logpush_delivery::session::{Conversation, Session};
use logpush_delivery::verdict::{DocumentVerdict, Verdict};
use logpush_normalizer::{Batch, Document};

/// Any bytes as the course of a delivery.
pub(crate) fn delivery(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let count = u64::from(choices.next() % 24);
    let limits = Limits {
        base: 1 + u64::from(choices.next()),
        budget: 100 * u64::from(choices.next()),
        after_max: 1 + 100 * u64::from(choices.next()),
        requests: 1 + u32::from(choices.next()),
        refused: u64::from(choices.next() % 16),
    };
    // Rules drop records: each document answers for three.
    let texts: Vec<_> = (0..count).map(text).collect();
    let batch = batch(&texts, 3);
    let anything = Anything {
        choices: RefCell::new(choices),
        world: RefCell::default(),
    };
    let placeholder = |refusal: &Refusal<'_>| {
        let document = String::from_utf8_lossy(refusal.document.text);
        format!("placeholder {} of {document}", refusal.with_text).into_bytes()
    };
    let delivery = Delivery {
        destination: &anything,
        upload: "u",
        limits,
        placeholder: &placeholder,
        shared: &Shared::default(),
    };
    let mut machine = Machine::new(&delivery, batch, 7);
    let mut session = Session::default();
    let mut now: Millis = 1_767_323_045_000;
    let mut requests = 0;
    let mut waits = 0;
    let outcome = loop {
        match machine.next(&mut session, now) {
            Action::Done(outcome) => break outcome,
            Action::Wait(wait) => {
                waits += 1;
                assert!(
                    wait > 0 && wait <= limits.budget.max(8_000),
                    "a wait of {wait} ms"
                );
                // A clock may stand still, and jump.
                let jump = Millis::from(anything.choose());
                now += if jump.is_multiple_of(3) {
                    0
                } else {
                    wait + jump
                };
            }
            Action::Send(request) => {
                requests += 1;
                let body = machine.body_of(&request);
                anything.world.borrow_mut().receive(body);
                now += Millis::from(anything.choose());
                if anything.choose().is_multiple_of(4) {
                    machine.failed("the connection failed", &mut session, now);
                } else {
                    machine.answered(&Reply::default(), &mut session, now);
                }
            }
        }
    };
    assert!(requests <= limits.requests, "{requests} requests");
    assert_eq!(requests, outcome.counts.requests);
    // Each wait of a piece is at least a millisecond of its budget, or follows on a document that is
    // settled; pieces are at most twice as many as documents, in three forms.
    let pieces = 6 * count + 1;
    assert!(waits <= pieces * (limits.budget + 2), "{waits} waits");
    assert_eq!(machine.next(&mut session, now).done(), Some(&outcome));
    anything.world.borrow().check(count, &limits, &outcome);
}

/// The document at a place.
fn text(place: u64) -> String {
    format!("{{\"n\":{place}}}")
}

/// A batch of these documents, each of `step` records, all but the last of which gave none.
pub(crate) fn batch(texts: &[String], step: u64) -> Batch {
    let mut batch = Batch::default();
    for (place, text) in (0..).zip(texts) {
        let document = Document {
            text: text.as_bytes(),
            id: (place as u128).to_be_bytes(),
            time: None,
        };
        batch.push(document, place * step..(place + 1) * step);
    }
    batch
}

/// Bytes that decide; when they are used up, zeros do.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn next(&mut self) -> u8 {
        match self.0 {
            [first, rest @ ..] => {
                self.0 = rest;
                *first
            }
            [] => 0,
        }
    }
}

/// A destination whose next step is anybody's guess.
struct Anything<'a> {
    choices: RefCell<Choices<'a>>,
    world: RefCell<World>,
}

/// What the destination knows of the documents.
#[derive(Default)]
struct World {
    /// Documents and placeholders that it said it has.
    taken: BTreeSet<String>,
    /// How often each was received.
    received: BTreeMap<String, u32>,
    /// Documents of which it said that they must not be sent again.
    given_up: BTreeSet<String>,
    /// Documents that it refused.
    refused: BTreeSet<String>,
}

impl Anything<'_> {
    fn choose(&self) -> u8 {
        self.choices.borrow_mut().next()
    }
}

impl core::fmt::Debug for Anything<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Anything")
    }
}

impl Destination for Anything<'_> {
    fn title(&self) -> &'static str {
        "anything"
    }

    fn encode(&self, part: &Part<'_>, _now: Millis) -> Vec<u8> {
        assert!(!part.is_empty());
        part.runs().collect::<Vec<_>>().join(b"\n".as_slice())
    }

    fn step(&self, turn: &Turn<'_>, conversation: &mut Conversation, _: &mut Session) -> Step {
        let documents: Vec<String> = turn
            .part
            .documents()
            .map(|document| String::from_utf8_lossy(document.text).into_owned())
            .collect();
        let joined = documents.join("\n");
        assert_eq!(joined.as_bytes(), turn.payload);
        conversation.stage += 1;
        let number = usize::from(self.choose());
        let reason = format!("reason {number}");
        let after = (number.is_multiple_of(3)).then_some(number as u64 * 1_000_000);
        let mut world = self.world.borrow_mut();
        let verdict = match self.choose() % 16 {
            0..4 => return Step::Send(Request::post("https://siem.example", turn.payload.len())),
            4 => return Step::Wait(number as Millis),
            5 => Verdict::Accepted,
            6 => Verdict::SomeUnknown(number % (documents.len() + 1)),
            7 => Verdict::UpTo(number % (documents.len() + 2), reason),
            8 => Verdict::Final {
                refused: number % (documents.len() + 2),
                reason,
            },
            9 => Verdict::Unknown { after, reason },
            10 => Verdict::Retry { after, reason },
            11 if number < 32 => Verdict::Held {
                status: Some(401),
                words: reason,
            },
            12 | 13 => {
                // Sometimes fewer or more than there are.
                let wrong = usize::from(number.is_multiple_of(16));
                let verdicts = (wrong..documents.len() + wrong * (number % 3)).map(|_| {
                    match self.choose() % 16 {
                        0..4 => DocumentVerdict::Taken,
                        4 => DocumentVerdict::AlreadyThere,
                        5 => DocumentVerdict::Held {
                            status: 403,
                            words: reason.clone(),
                        },
                        6..11 => DocumentVerdict::Again(reason.clone()),
                        _ => DocumentVerdict::Refused(reason.clone()),
                    }
                });
                Verdict::Each(verdicts.collect())
            }
            _ => Verdict::Rejected(reason),
        };
        world.decide(&documents, &verdict);
        Step::End(verdict)
    }

    fn secrets(&self) -> Vec<&str> {
        Vec::new()
    }
}

impl World {
    fn receive(&mut self, body: &[u8]) {
        for document in String::from_utf8_lossy(body).lines() {
            assert!(
                !self.taken.contains(document),
                "{document} was taken, and is sent again"
            );
            assert!(
                !self.given_up.contains(document),
                "{document} must not be sent again"
            );
            *self.received.entry(document.to_owned()).or_default() += 1;
        }
    }

    /// What the destination says by a verdict, read without the machine.
    fn decide(&mut self, documents: &[String], verdict: &Verdict) {
        let count = documents.len();
        match verdict {
            Verdict::Accepted | Verdict::Final { refused: 0, .. } => self.take(documents),
            Verdict::SomeUnknown(taken) if *taken == count => self.take(documents),
            Verdict::UpTo(place, _) if *place < count => {
                self.take(&documents[..*place]);
                if count == 1 {
                    self.refused.extend(documents.iter().cloned());
                }
            }
            Verdict::Final { refused, .. } if *refused < count => {
                self.given_up.extend(documents.iter().cloned());
            }
            Verdict::Final { .. } => self.refused.extend(documents.iter().cloned()),
            Verdict::Each(verdicts) if verdicts.len() == count => {
                for (document, verdict) in documents.iter().zip(verdicts) {
                    match verdict {
                        DocumentVerdict::Taken | DocumentVerdict::AlreadyThere => {
                            self.take(core::slice::from_ref(document));
                        }
                        DocumentVerdict::Refused(_) => {
                            self.refused.insert(document.clone());
                        }
                        DocumentVerdict::Again(_) | DocumentVerdict::Held { .. } => {}
                    }
                }
            }
            Verdict::Rejected(_) | Verdict::SomeUnknown(_) if count == 1 => {
                self.refused.extend(documents.iter().cloned());
            }
            _ => {}
        }
    }

    fn take(&mut self, documents: &[String]) {
        self.taken.extend(documents.iter().cloned());
    }

    /// Every document is in one place, and in the right one.
    fn check(&self, count: u64, limits: &Limits, outcome: &Outcome) {
        let mut ends: BTreeMap<u64, &str> = BTreeMap::new();
        let mut put = |record: u64, end| {
            assert_eq!(ends.insert(record, end), None, "record {record} ends twice");
            assert!(
                record % 3 == 2 && record < 3 * count,
                "there is no record {record}"
            );
        };
        for record in outcome.taken.iter().cloned().flatten() {
            put(record, "taken");
        }
        for refused in &outcome.refused {
            put(refused.record, "refused");
            assert!(!refused.reason.is_empty());
        }
        for unknown in &outcome.unknown {
            assert!(unknown.refused > 0 && unknown.refused < unknown.documents.len() as u64);
            for document in &unknown.documents {
                put(document.record, "unknown");
            }
        }
        assert_eq!(ends.len() as u64 + outcome.owed, count, "{outcome:?}");
        assert_eq!(outcome.owed == 0, outcome.end == End::Complete);
        assert!(outcome.refused.len() as u64 <= limits.refused);
        let without_document: Vec<_> = (0..count).map(|place| place * 3..place * 3 + 2).collect();
        assert_eq!(outcome.without_document, without_document);
        for place in 0..count {
            let document = text(place);
            let expected = if self.taken.contains(&document) {
                Some("taken")
            } else if self.given_up.contains(&document) {
                Some("unknown")
            } else {
                // Refused once its placeholder is taken too, or given up on; owed until then.
                let has_placeholder = [true, false].iter().any(|with_text| {
                    let placeholder = format!("placeholder {with_text} of {document}");
                    self.taken.contains(&placeholder) || self.given_up.contains(&placeholder)
                });
                assert!(!has_placeholder || self.refused.contains(&document));
                has_placeholder.then_some("refused")
            };
            assert_eq!(ends.get(&(place * 3 + 2)).copied(), expected, "{document}");
        }
        if let End::Unavailable {
            after: Some(after), ..
        } = outcome.end
        {
            assert!(after <= limits.after_max);
        }
    }
}

/// The outcome of an action, if it is one.
trait Done {
    fn done(&self) -> Option<&Outcome>;
}

impl Done for Action {
    fn done(&self) -> Option<&Outcome> {
        match self {
            Self::Done(outcome) => Some(outcome),
            _ => None,
        }
    }
}
