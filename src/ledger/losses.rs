//! What becomes of an upload while questions to the ledger and its answers are lost at random: nothing is
//! missing, nothing waits for ever, nothing is counted twice.

use std::collections::{BTreeMap, BTreeSet};

use logpush_delivery::key;
use logpush_delivery::owed::Owed;
use logpush_delivery::state::{Begun, Holder, Known, State};
use logpush_status::shard::{ShardStats, UploadCounts};

use crate::ledger::leftovers::claim;
use crate::ledger::protocol::{
    Arrive, Begin, Claim, Claimed, DeadLetter, End, Fail, Finish, Found, Gone, Record,
};
use crate::ledger::uploads::{AboutUpload, Effect, States};

const ID: &str = "0123456789abcdef0123456789abcdef";
const BEGIN: u64 = 1_778_574_600_219;
const RECORDS: u64 = 5;
const LEASE: u64 = 100;
const GRACE: u64 = 50;
/// The destination refuses this record.
const REFUSED: u64 = 3;

/// The ledger, the bucket and the destinations, and the luck of whoever asks.
struct World {
    seed: u64,
    now: u64,
    /// One in so many questions is lost, and as many answers; 0: none.
    losses: u64,
    ledger: States,
    stats: ShardStats,
    owed: Owed,
    is_stored: bool,
    /// What is beside the upload, by destination: positions, and ends that the ledger may not know.
    beside: BTreeMap<String, State>,
    notes: BTreeMap<String, Finish>,
    /// Work items, by destination.
    queue: Vec<(String, Holder)>,
    sent: u32,
    /// Records that came to their end, by destination.
    arrived: BTreeMap<String, BTreeSet<u64>>,
}

/// How an attempt to deliver ends.
#[derive(Clone, Copy, PartialEq)]
enum Course {
    Well,
    /// The destination is down from this record on.
    DownAt(u64),
    /// The consumer dies behind this record.
    DiesAt(u64),
}

impl World {
    fn new(seed: u64, destinations: &[&str]) -> Self {
        Self {
            seed: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            now: BEGIN,
            losses: 5,
            ledger: States::new(),
            stats: ShardStats::default(),
            owed: Owed::new(destinations.iter().copied()),
            is_stored: false,
            beside: BTreeMap::new(),
            notes: BTreeMap::new(),
            queue: Vec::new(),
            sent: 0,
            arrived: BTreeMap::new(),
        }
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        n > 0 && (self.seed >> 11).is_multiple_of(n)
    }

    fn key() -> String {
        key::upload("dns_logs", BEGIN, ID, true)
    }

    fn ask<Q: AboutUpload>(&mut self, question: Q) -> Option<Q::Answer> {
        self.lossy(|ledger, now| question.answer(ledger, now))
    }

    fn lossy<A>(&mut self, answer: impl FnOnce(&States, u64) -> Effect<A>) -> Option<A> {
        if self.one_in(self.losses) {
            return None;
        }
        let effect = answer(&self.ledger, self.now);
        for (to, row) in effect.rows {
            match row {
                Some(state) => self.ledger.insert(to, state),
                None => self.ledger.remove(&to),
            };
        }
        for event in effect.events {
            event.count(&mut self.stats, self.now);
        }
        (!self.one_in(self.losses)).then_some(effect.answer)
    }

    fn send(&mut self, to: &str) {
        self.sent += 1;
        let holder = Holder {
            message: format!("m{}", self.sent),
            attempt: 1,
        };
        self.queue.push((to.to_owned(), holder));
    }

    fn arrive(&mut self) {
        let _ = self.ask(Arrive {
            id: ID.to_owned(),
            key: Self::key(),
            owed: self.owed.clone(),
            bytes: 10,
            lines: RECORDS,
            again: false,
        });
        self.is_stored = true;
        for to in self.owed.clone().iter() {
            // Some messages are lost, others come twice.
            let copies =
                [1, 0, 2, 1][usize::from(self.one_in(3)) + 2 * usize::from(self.one_in(3))];
            for _ in 0..copies {
                self.send(to);
            }
        }
    }

    /// Handles a message as the consumer does; `false` where it comes again.
    fn attempt(&mut self, to: &str, holder: &Holder, course: Course) -> bool {
        let begun = self.ask(Begin {
            id: ID.to_owned(),
            key: Self::key(),
            to: to.to_owned(),
            undecided: None,
            owed: None,
            holder: holder.clone(),
            lease: LEASE,
        });
        let mut known = match &begun {
            Some(Begun::Busy { .. }) => return false,
            Some(Begun::Finished) => {
                self.delete_if_last(to);
                return true;
            }
            Some(Begun::Go { known, .. }) => known.clone(),
            Some(Begun::Owed(_)) | None => Known::default(),
        };
        if self.notes.contains_key(to) {
            return true;
        }
        let beside = self.beside.get(to).cloned().unwrap_or_default();
        known.done.merge(&beside.done);
        known.tally.raise(beside.tally);
        if !self.is_stored {
            return self.gone(to, holder);
        }
        for record in 0..RECORDS {
            if course == Course::DownAt(record) {
                self.fail(to, holder, &known, Some("down"));
                return false;
            }
            if known.done.add(record..record + 1) == 0 {
                continue;
            }
            self.arrived
                .entry(to.to_owned())
                .or_default()
                .insert(record);
            if record == REFUSED {
                known.tally.refused += 1;
                let _ = self.ask(DeadLetter {
                    id: ID.to_owned(),
                    key: Self::key(),
                    to: to.to_owned(),
                    first: record,
                });
            }
            if course == Course::DiesAt(record) {
                return false;
            }
            let taken = self.ask(Record {
                id: ID.to_owned(),
                key: Self::key(),
                to: to.to_owned(),
                holder: holder.clone(),
                known: known.clone(),
                lease: LEASE,
            });
            match taken {
                Some(true) => {}
                Some(false) => return false,
                None => {
                    let beside = self.beside.entry(to.to_owned()).or_default();
                    beside.record(holder, &known, self.now, LEASE);
                }
            }
        }
        self.finish(to, known);
        true
    }

    fn finish(&mut self, to: &str, known: Known) {
        let finish = Finish {
            id: ID.to_owned(),
            key: Self::key(),
            to: to.to_owned(),
            owed: self.owed.clone(),
            known,
            end: End::Delivered(Box::new(UploadCounts {
                records: RECORDS,
                ..UploadCounts::default()
            })),
        };
        let answer = self
            .ask(finish.clone())
            .or_else(|| self.ask(finish.clone()));
        let is_last = answer.unwrap_or_else(|| {
            self.notes.insert(to.to_owned(), finish);
            let mut owed = self.owed.iter();
            owed.all(|to| self.notes.contains_key(to))
        });
        self.is_stored &= !is_last;
    }

    fn fail(&mut self, to: &str, holder: &Holder, known: &Known, error: Option<&str>) {
        let _ = self.ask(Fail {
            id: ID.to_owned(),
            key: Self::key(),
            to: to.to_owned(),
            holder: holder.clone(),
            known: known.clone(),
            error: error.map(str::to_owned),
            held: false,
            next: if error.is_some() { self.now + 10 } else { 0 },
        });
    }

    fn gone(&mut self, to: &str, holder: &Holder) -> bool {
        self.fail(to, holder, &Known::default(), None);
        let _ = self.ask(Gone {
            id: ID.to_owned(),
            to: Some(to.to_owned()),
            grace: 0,
        });
        true
    }

    fn delete_if_last(&mut self, to: &str) {
        let is_last = self
            .lossy(|known, _| Effect::answer(crate::ledger::is_last(known, &Owed::default(), "")));
        let owed = self.owed.clone();
        let is_known = owed.iter().all(|name| self.ledger.contains_key(name));
        self.is_stored &= !(is_last == Some(true) && is_known && self.ledger.contains_key(to));
    }

    fn sweep(&mut self) {
        for (to, finish) in self.notes.clone() {
            if self.ask(finish).is_some() {
                self.notes.remove(&to);
            }
        }
        if !self.is_stored {
            let _ = self.ask(Gone {
                id: ID.to_owned(),
                to: None,
                grace: GRACE,
            });
            return;
        }
        let found = Found {
            id: ID.to_owned(),
            key: Self::key(),
            owed: self.owed.clone(),
            is_decided: true,
        };
        let question = Claim {
            found: Vec::new(),
            grace: GRACE,
            at_once: false,
            to: None,
        };
        let claimed = self.lossy(|known, now| claim(known, &found, &question, now));
        let send = claimed.unwrap_or_else(|| Claimed {
            owed: found.owed.clone(),
            send: found.owed.iter().cloned().collect(),
        });
        for to in send.send {
            self.send(&to);
        }
    }

    fn is_over(&self) -> bool {
        let is_done = |to: &String| {
            let state = self.ledger.get(to);
            state.is_some_and(|state| state.finished.is_some())
        };
        !self.is_stored
            && self.notes.is_empty()
            && self.owed.iter().all(is_done)
            && crate::ledger::is_finished(&self.ledger)
    }
}

#[test]
fn whatever_is_lost_each_upload_ends_once_at_each_destination() {
    for seed in 0..3_000 {
        let destinations: &[&str] = match seed % 3 {
            0 => &["default"],
            1 => &["default", "siem"],
            _ => &["default", "lake", "siem"],
        };
        let mut world = World::new(seed, destinations);
        world.arrive();
        let mut rounds = 0;
        while !world.is_over() {
            rounds += 1;
            assert!(rounds < 500, "seed {seed}: no end: {:?}", world.ledger);
            if rounds == 50 {
                world.losses = 0;
            }
            let is_calm = world.losses == 0;
            let count = world.queue.len();
            for _ in 0..count {
                let (to, mut holder) = world.queue.remove(0);
                let course = match (is_calm, world.one_in(3), world.one_in(3)) {
                    (false, true, _) => Course::DownAt(world.now % RECORDS),
                    (false, _, true) => Course::DiesAt(world.now % RECORDS),
                    _ => Course::Well,
                };
                world.now += 7;
                if !world.attempt(&to, &holder, course) {
                    holder.attempt += 1;
                    // A message may be lost for good.
                    if is_calm || !world.one_in(10) {
                        world.queue.push((to, holder));
                    }
                }
            }
            world.now += 61;
            world.sweep();
        }
        let all: BTreeSet<u64> = (0..RECORDS).collect();
        let count = destinations.len() as u64;
        for to in destinations {
            assert_eq!(world.arrived.get(*to), Some(&all), "seed {seed}: {to}");
            assert_eq!(
                world.stats.destinations[*to].totals.uploads, 1,
                "seed {seed}: {to}"
            );
        }
        let totals = &world.stats.totals;
        let counted = (
            totals.uploads,
            totals.records,
            totals.accounted(),
            totals.lost,
        );
        let expected = (count, count * RECORDS, count * RECORDS, 0);
        assert_eq!(counted, expected, "seed {seed}");
        // A report of a dead letter may be lost: the cron counts the objects.
        assert!(
            totals.dead_letters <= count && totals.refused == count,
            "seed {seed}"
        );
    }
}
