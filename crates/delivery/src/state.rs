//! The state of an upload on its way, and how it changes: pure, so that the ledger and, where that
//! fails, an object in R2 keep it in the same way.

use serde::{Deserialize, Serialize};

use crate::key;
use crate::owed::Owed;
use crate::progress::Done;

/// The version of states that this code writes.
const VERSION: u32 = 1;

/// How long a claim holds, as a multiple of the grace that the upload had: 2 hours for 15 minutes. With
/// a backlog of a day that is eleven needless messages for each upload; without it, 288.
const CLAIM_GRACES: u64 = 8;

/// What is known of one upload. Members that a later version adds are ignored, those that an
/// earlier one lacked have their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    v: u32,
    /// The key of the object that holds the upload.
    pub key: String,
    /// Times are milliseconds since 1970.
    pub arrived: u64,
    /// Bytes as received.
    pub bytes: u64,
    /// Lines counted at arrival.
    pub lines: u64,
    /// Records, known once the upload has been read to its end.
    pub records: Option<u64>,
    /// Records that are dealt with.
    pub done: Done,
    /// Those of them that the destination does not have.
    #[serde(skip_serializing_if = "Tally::is_empty")]
    pub tally: Tally,
    /// The first records of its dead letters that were counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dead_letters: Vec<u64>,
    /// Deliveries begun.
    pub attempts: u32,
    /// Deliveries since the last progress that ended without a word, in crashes.
    pub cut_short: u32,
    /// Who delivers it now.
    pub lease: Option<Lease>,
    /// When the next attempt is due; 0 where none is planned.
    pub next_attempt: u64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// Whether that is for the operator to repair.
    #[serde(skip_serializing_if = "is_false")]
    pub held: bool,
    /// When everything was done.
    pub finished: Option<u64>,
}

/// How many of the records that are dealt with a destination does not have. The counts are of the whole
/// upload, and only grow: a report that comes twice, or after a later one, does no harm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// It refused them.
    pub refused: u64,
    /// It refused them, or others that were sent with them.
    pub unknown: u64,
    /// Rules dropped them.
    pub dropped: u64,
}

impl Tally {
    /// Takes the greater of each count.
    pub fn raise(&mut self, other: Self) {
        self.refused = self.refused.max(other.refused);
        self.unknown = self.unknown.max(other.unknown);
        self.dropped = self.dropped.max(other.dropped);
    }

    /// All of them.
    #[must_use]
    pub fn sum(self) -> u64 {
        self.refused + self.unknown + self.dropped
    }

    fn is_empty(&self) -> bool {
        self.sum() == 0
    }
}

/// What an attempt knows of an upload's records, earlier attempts included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Records that are dealt with.
    pub done: Done,
    /// Those of them that the destination does not have.
    #[serde(default, skip_serializing_if = "Tally::is_empty")]
    pub tally: Tally,
}

/// The right to deliver an upload: two consumers at once would send everything twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    #[serde(flatten)]
    /// Who holds it.
    pub holder: Holder,
    /// When it ends, unless it is renewed.
    pub until: u64,
    /// The queue has delivered the holder's message twice.
    #[serde(default, skip_serializing_if = "is_false")]
    has_copy: bool,
}

impl Lease {
    fn new(holder: &Holder, until: u64) -> Self {
        Self {
            holder: holder.clone(),
            until,
            has_copy: false,
        }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

/// One delivery of one message of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The message's id.
    pub message: String,
    /// Which of its deliveries, from 1.
    pub attempt: u32,
}

/// How an attempt ended that did not do everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// Why; nothing where the upload is only handed over to another invocation.
    pub error: Option<String>,
    /// Whether that is for the operator to repair.
    pub held: bool,
    /// When the next attempt is due; 0 where none is planned.
    pub next: u64,
}

/// The answer to [`State::begin`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Begun {
    /// It is delivered already.
    Finished,
    /// It is owed to these destinations, each by a work item of its own.
    Owed(Owed),
    /// Another consumer delivers it.
    Busy {
        /// When the holder's lease ends.
        until: u64,
    },
    /// Go on after what is done.
    Go {
        /// What is done already.
        known: Known,
        /// Deliveries begun, this one included.
        attempts: u32,
        /// Deliveries since the last progress that ended without a word.
        cut_short: u32,
    },
}

impl State {
    /// An upload that has arrived.
    pub fn arrived(key: &str, now: u64, bytes: u64, lines: u64) -> Self {
        Self {
            v: VERSION,
            key: key.to_owned(),
            arrived: now,
            bytes,
            lines,
            ..Self::default()
        }
    }

    /// The same content is stored anew, since nothing is stored where `before` says.
    pub fn go_on_from(&mut self, before: Self) {
        self.done = before.done;
        self.tally = before.tally;
        self.dead_letters = before.dead_letters;
        self.attempts = before.attempts;
        self.lease = before.lease;
    }

    /// Gives `holder` the lease for `lease` milliseconds, or says why not.
    ///
    /// A later attempt of the same message does not wait: the earlier consumer is dead, or the queue would
    /// not have delivered the message again. Where the queue has delivered it twice, it does wait, since
    /// the attempt may be the copy's.
    pub fn begin(&mut self, key: &str, holder: &Holder, now: u64, lease: u64) -> Begun {
        self.v = VERSION;
        if self.finished.is_some() {
            return Begun::Finished;
        }
        if let Some(held) = &mut self.lease {
            let is_same = held.holder.message == holder.message;
            let is_successor = is_same && held.holder.attempt < holder.attempt && !held.has_copy;
            if held.until > now && !is_successor {
                held.has_copy |= is_same;
                return Begun::Busy { until: held.until };
            }
            // The holder ended without giving the lease back.
            self.cut_short += 1;
        }
        key.clone_into(&mut self.key);
        if self.arrived == 0 {
            // Logpush stored it, or the ledger did not answer when it arrived.
            self.arrived = key::arrival_millis(key).unwrap_or(now);
        }
        self.attempts += 1;
        self.next_attempt = 0;
        self.lease = Some(Lease::new(holder, now + lease));
        Begun::Go {
            known: self.known(),
            attempts: self.attempts,
            cut_short: self.cut_short,
        }
    }

    /// What an attempt begins with.
    #[must_use]
    pub fn known(&self) -> Known {
        Known {
            done: self.done.clone(),
            tally: self.tally,
        }
    }

    /// Takes note of what an attempt knows: that is true, whoever reports it.
    pub fn learn(&mut self, known: &Known) {
        self.done.merge(&known.done);
        self.tally.raise(known.tally);
    }

    /// Takes note of what is done, and renews the lease; `false` where `holder` no longer has it.
    pub fn record(&mut self, holder: &Holder, known: &Known, now: u64, lease: u64) -> bool {
        self.learn(known);
        self.cut_short = 0;
        self.held = false;
        if self.finished.is_some() {
            return false;
        }
        let held = self
            .lease
            .get_or_insert_with(|| Lease::new(holder, now + lease));
        let is_held = held.holder == *holder;
        if is_held {
            held.until = now + lease;
        }
        is_held
    }

    /// The attempt has ended without all being done.
    pub fn fail(&mut self, holder: &Holder, known: &Known, failure: Failure) {
        self.learn(known);
        if self.finished.is_some() {
            return;
        }
        if self
            .lease
            .as_ref()
            .is_none_or(|held| held.holder == *holder)
        {
            self.lease = None;
            self.cut_short = 0;
            self.next_attempt = failure.next;
            if failure.error.is_some() {
                self.last_error = failure.error;
                self.held = failure.held;
            }
        }
    }

    /// Nothing of it is owed any more; `records`: how many it has, where that is known by now.
    pub fn finish(&mut self, now: u64, records: Option<u64>) {
        self.finished = Some(now);
        self.held = false;
        self.records = records.or(self.records);
        self.lease = None;
        self.next_attempt = 0;
    }

    /// Whether the dead letter that begins with the record `first` is counted for the first time.
    pub fn count_dead_letter(&mut self, first: u64) -> bool {
        let is_new = !self.dead_letters.contains(&first);
        if is_new {
            self.dead_letters.push(first);
        }
        is_new
    }

    /// How many records there are, as far as that is known: until it was read to its end, its lines.
    #[must_use]
    pub fn records_known(&self) -> u64 {
        self.records
            .unwrap_or_else(|| self.lines.max(self.done.count()))
    }

    /// Whether nobody delivers the upload: there is no lease, and no attempt is due later. The caller then
    /// sends a work item, which may wait behind others, so that for a while no other caller is told so.
    pub fn claim(&mut self, now: u64, grace: u64) -> bool {
        let is_forgotten = self.is_idle(now, grace);
        if is_forgotten {
            self.next_attempt = now + CLAIM_GRACES * grace;
        }
        is_forgotten
    }

    /// Whether nobody has delivered the upload for `grace`, or will when the next attempt is due.
    pub fn is_idle(&self, now: u64, grace: u64) -> bool {
        now >= self.next_attempt.max(self.leased_until()) + grace
    }

    /// The same as [`State::claim`] for the operator, who does not wait for an attempt that is due later.
    pub fn claim_at_once(&mut self, now: u64, grace: u64) -> bool {
        let is_idle = now >= self.leased_until();
        if is_idle {
            self.next_attempt = now + CLAIM_GRACES * grace;
        }
        is_idle
    }

    fn leased_until(&self) -> u64 {
        self.lease.as_ref().map_or(0, |lease| lease.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "uploads/x";
    const LEASE: u64 = 100;

    fn holder(message: &str, attempt: u32) -> Holder {
        Holder {
            message: message.to_owned(),
            attempt,
        }
    }

    fn done(ranges: &[(u64, u64)]) -> Known {
        Known {
            done: Done::from(ranges.to_vec()),
            tally: Tally::default(),
        }
    }

    fn failure(error: &str, held: bool, next: u64) -> Failure {
        Failure {
            error: Some(error.to_owned()),
            held,
            next,
        }
    }

    fn begun(state: &mut State, message: &str, attempt: u32, now: u64) -> &'static str {
        match state.begin(KEY, &holder(message, attempt), now, LEASE) {
            Begun::Finished => "finished",
            Begun::Owed(_) => "owed",
            Begun::Busy { .. } => "busy",
            Begun::Go { .. } => "go",
        }
    }

    #[test]
    fn one_at_a_time_delivers_an_upload() {
        for (message, attempt, now, expected) in [
            ("first", 1, 50, "busy"),
            ("first", 2, 50, "go"),
            ("first", 1, 100, "go"),
            ("other", 1, 99, "busy"),
            ("other", 7, 99, "busy"),
            ("other", 1, 100, "go"),
        ] {
            let mut state = State::arrived(KEY, 0, 1, 1);
            assert_eq!(begun(&mut state, "first", 1, 0), "go");
            assert_eq!(
                begun(&mut state, message, attempt, now),
                expected,
                "{message} {attempt} {now}"
            );
        }
    }

    #[test]
    fn a_copy_of_the_holders_message_waits_in_every_attempt() {
        let mut state = State::default();
        assert_eq!(begun(&mut state, "first", 1, 0), "go");
        assert_eq!(begun(&mut state, "first", 1, 10), "busy");
        assert_eq!(begun(&mut state, "first", 2, 20), "busy");
        assert!(state.record(&holder("first", 1), &done(&[(0, 1)]), 30, LEASE));
        assert_eq!(begun(&mut state, "first", 3, 129), "busy");
        assert_eq!(begun(&mut state, "first", 4, 130), "go");
    }

    #[test]
    fn the_lease_is_renewed_by_progress_and_given_back_by_failure() {
        let first = holder("first", 1);
        let mut state = State::default();
        assert_eq!(begun(&mut state, "first", 1, 0), "go");
        assert!(state.record(&first, &done(&[(0, 10)]), 90, LEASE));
        assert_eq!(begun(&mut state, "other", 1, 150), "busy");
        state.fail(&first, &done(&[(20, 30)]), failure("down", false, 500));
        assert_eq!(state.known(), done(&[(0, 10), (20, 30)]));
        assert!(!state.claim(599, 100));
        assert!(state.claim(600, 100));
        assert!(!state.claim(600 + CLAIM_GRACES * 100 + 99, 100));
        assert!(state.claim(600 + CLAIM_GRACES * 100 + 100, 100));
        assert_eq!(begun(&mut state, "other", 1, 160), "go");
        assert_eq!((state.attempts, state.cut_short), (2, 0));
    }

    #[test]
    fn the_operator_does_not_wait_for_the_next_attempt() {
        let first = holder("first", 1);
        let mut state = State::arrived(KEY, 0, 1, 1);
        assert_eq!(begun(&mut state, "first", 1, 0), "go");
        assert!(
            !state.claim_at_once(LEASE - 1, 100),
            "it is being delivered"
        );
        state.fail(
            &first,
            &Known::default(),
            failure("status 401", true, 9_000),
        );
        assert!(state.held);
        assert!(!state.claim(1_000, 100));
        assert!(state.claim_at_once(1_000, 100));
        // Its work item is on its way: the sweep sends no other.
        assert!(!state.claim(1_000 + CLAIM_GRACES * 100, 100));
        assert_eq!(begun(&mut state, "other", 1, 1_010), "go");
        assert!(state.record(&holder("other", 1), &done(&[(0, 1)]), 1_020, LEASE));
        assert!(!state.held, "the destination has taken something");
    }

    #[test]
    fn who_lost_the_lease_is_told_and_what_it_did_counts() {
        let mut state = State::default();
        assert_eq!(begun(&mut state, "first", 1, 0), "go");
        assert_eq!(begun(&mut state, "other", 1, 100), "go");
        assert!(!state.record(&holder("first", 1), &done(&[(0, 10)]), 110, LEASE));
        assert_eq!(state.known(), done(&[(0, 10)]));
        state.fail(&holder("first", 1), &Known::default(), Failure::default());
        assert_eq!(begun(&mut state, "third", 1, 120), "busy");
    }

    #[test]
    fn crashes_are_counted_until_there_is_progress() {
        let mut state = State::default();
        for (attempt, expected) in [(1, 0), (2, 1), (3, 2)] {
            assert_eq!(begun(&mut state, "first", attempt, 0), "go");
            assert_eq!(state.cut_short, expected);
        }
        state.record(&holder("first", 3), &done(&[(0, 1)]), 1, LEASE);
        assert_eq!(begun(&mut state, "first", 4, 2), "go");
        assert_eq!(state.cut_short, 1);
    }

    #[test]
    fn what_is_finished_stays_so() {
        let mut state = State::default();
        assert_eq!(begun(&mut state, "first", 1, 0), "go");
        state.finish(10, Some(7));
        assert_eq!(state.records_known(), 7);
        assert_eq!(begun(&mut state, "first", 2, 20), "finished");
        assert!(!state.record(&holder("first", 1), &Known::default(), 20, LEASE));
    }

    #[test]
    fn what_is_reported_twice_or_late_counts_once() {
        let first = holder("first", 1);
        let with = |ranges, refused| Known {
            tally: Tally {
                refused,
                ..Tally::default()
            },
            ..done(ranges)
        };
        let mut state = State::arrived(KEY, 0, 1, 9);
        assert_eq!(begun(&mut state, "first", 1, 0), "go");
        for (ranges, refused) in [
            (&[(0, 4)][..], 1),
            (&[(0, 6)], 2),
            (&[(0, 4)], 1),
            (&[(0, 6)], 2),
        ] {
            state.record(&first, &with(ranges, refused), 1, LEASE);
        }
        assert_eq!(state.known(), with(&[(0, 6)], 2));
        assert_eq!(
            [4, 4, 2].map(|n| state.count_dead_letter(n)),
            [true, false, true]
        );
        state.finish(5, Some(6));
        // A late word of the attempt changes nothing about the end.
        state.fail(&first, &done(&[(0, 6)]), failure("late", true, 99));
        assert_eq!(
            (state.next_attempt, state.held, state.last_error.is_none()),
            (0, false, true)
        );
    }

    #[test]
    fn states_of_other_versions_are_understood() {
        // As the first version wrote it.
        let first = r#"{"v":1,"key":"uploads/x","arrived":5,"bytes":1,"lines":2,"records":null,"done":[[0,2000]],"attempts":3,"cut_short":0,"lease":{"message":"m","attempt":2,"until":9},"next_attempt":0,"last_error":"down","finished":null}"#;
        let state: State = serde_json::from_str(first).unwrap();
        assert_eq!(state.known(), done(&[(0, 2000)]));
        assert_eq!(state.lease.as_ref().unwrap().holder, holder("m", 2));
        assert_eq!(serde_json::to_string(&state).unwrap(), first);
        // Fewer members, and one more.
        let other: State = serde_json::from_str(r#"{"v":2,"done":[[0,1]],"speed":9}"#).unwrap();
        assert_eq!(other.known(), done(&[(0, 1)]));
    }
}
