//! What each question changes about an upload: one pure function each, of the state that is known and
//! the time. The object keeps what they say.

use logpush_delivery::key;
use logpush_delivery::state::{Begun, Failure, State};
use logpush_status::shard::{ShardStats, Upload, UploadCounts, UploadOutcome, error_excerpt};

use crate::ledger::protocol::{
    Arrive, Arrived, Ask, Begin, Claim, DeadLetter, Fail, Finish, Forget, Gone, Look, Record,
};

/// A question about one upload.
pub(crate) trait AboutUpload: Ask {
    fn id(&self) -> &str;

    /// The answer, and what follows from it; `known`: the state of the upload, if it has one.
    fn answer(self, known: Option<&State>, now: u64) -> Effect<Self::Answer>;
}

/// What a question comes to.
#[derive(Debug)]
pub(crate) struct Effect<A> {
    pub(crate) answer: A,
    pub(crate) row: Row,
    /// What the operator is shown of it.
    pub(crate) event: Option<Event>,
}

/// What becomes of an upload's row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Stays,
    Becomes(State),
    /// The state that it would have without the upload.
    Goes(State),
}

/// An outcome that is counted.
#[derive(Debug)]
pub(crate) enum Event {
    Failed {
        upload: Upload,
        error: Option<String>,
    },
    Delivered {
        upload: Upload,
        counts: UploadCounts,
    },
    /// A dead letter was delivered after all.
    Replayed { upload: Upload },
    /// The object is gone before all of it was delivered.
    Lost { upload: Upload },
    DeadLettered {
        upload: Upload,
        is_whole: bool,
        reason: String,
    },
}

impl<A> Effect<A> {
    fn answer(answer: A) -> Self {
        Self {
            answer,
            row: Row::Stays,
            event: None,
        }
    }

    fn becomes(mut self, state: State) -> Self {
        self.row = Row::Becomes(state);
        self
    }

    fn counts(mut self, event: Option<Event>) -> Self {
        self.event = event;
        self
    }
}

impl Event {
    pub(crate) fn count(self, stats: &mut ShardStats, now: u64) {
        match self {
            Self::Failed { upload, error } => stats.failed(upload, error.as_deref(), now),
            Self::Delivered { upload, counts } => {
                // A whole upload that was a dead letter is none any more.
                let replayed = upload.key.starts_with(key::DEAD).then(|| upload.clone());
                stats.delivered(upload, &counts, now);
                if let Some(upload) = replayed {
                    stats.replayed(upload, now);
                }
            }
            Self::Replayed { upload } => stats.replayed(upload, now),
            Self::Lost { upload } => stats.lost(upload, now),
            Self::DeadLettered {
                upload,
                is_whole,
                reason,
            } => stats.dead_lettered(upload, is_whole, &reason, now),
        }
    }
}

impl AboutUpload for Arrive {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: Option<&State>, now: u64) -> Effect<Arrived> {
        if !self.again
            && let Some(known) = known
        {
            return Effect::answer(Arrived::Known {
                finished: known.finished.is_some() && known.is_under(&self.id),
                key: known.key.clone(),
            });
        }
        let mut state = State::arrived(&self.key, now, self.bytes, self.lines);
        if let Some(known) = known {
            // The same content: what the intake has of it, and who is at it, still hold.
            state.go_on_from(known.clone());
        }
        if !state.is_under(&self.id) {
            // This row only leads there: the upload's own says what becomes of it.
            state.finished = Some(now);
        }
        Effect::answer(Arrived::New).becomes(state)
    }
}

impl AboutUpload for Begin {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: Option<&State>, now: u64) -> Effect<Begun> {
        let mut state = known_or_new(known, &self.key, now);
        let effect = Effect::answer(state.begin(&self.key, &self.holder, now, self.lease));
        if known == Some(&state) {
            return effect;
        }
        effect.becomes(state)
    }
}

impl AboutUpload for Record {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: Option<&State>, now: u64) -> Effect<bool> {
        let mut state = known_or_new(known, "", now);
        let is_held = state.record(&self.holder, &self.done, now, self.lease);
        Effect::answer(is_held).becomes(state)
    }
}

impl AboutUpload for Fail {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: Option<&State>, now: u64) -> Effect<()> {
        let mut state = known_or_new(known, "", now);
        let failure = Failure {
            error: self.error.clone(),
            held: self.held,
            next: self.next,
        };
        state.fail(&self.holder, &self.done, failure);
        let event = Event::Failed {
            upload: shown(&state),
            error: self.error,
        };
        Effect::answer(()).becomes(state).counts(Some(event))
    }
}

impl AboutUpload for Finish {
    fn id(&self) -> &str {
        &self.id
    }

    /// The question may come again, since its answer may have been lost: it is counted once.
    fn answer(self, known: Option<&State>, now: u64) -> Effect<()> {
        if known.is_some_and(|known| known.finished.is_some()) {
            return Effect::answer(());
        }
        let mut state = known_or_new(known, &self.key, now);
        if state.key.is_empty() {
            state.key = self.key;
        }
        state.finish(now, self.counts.as_ref().map(|counts| counts.records));
        let upload = shown(&state);
        let event = match self.counts {
            Some(counts) => Some(Event::Delivered { upload, counts }),
            None if state.key.starts_with(key::DEAD) => Some(Event::Replayed { upload }),
            // It became a dead letter, which has its own question, or its object is gone.
            None => None,
        };
        Effect::answer(()).becomes(state).counts(event)
    }
}

impl AboutUpload for DeadLetter {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: Option<&State>, _now: u64) -> Effect<()> {
        let event = Event::DeadLettered {
            upload: Upload {
                key: self.upload,
                ..known.map(shown).unwrap_or_default()
            },
            is_whole: self.records.is_none(),
            reason: self.reason,
        };
        Effect::answer(()).counts(Some(event))
    }
}

impl AboutUpload for Forget {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: Option<&State>, now: u64) -> Effect<()> {
        let mut effect = Effect::answer(());
        // One whose delivery was begun was stored.
        if let Some(known) = known.filter(|known| known.attempts == 0) {
            let mut gone = known.clone();
            gone.finish(now, None);
            effect.row = Row::Goes(gone);
        }
        effect
    }
}

impl AboutUpload for Gone {
    fn id(&self) -> &str {
        &self.id
    }

    /// Ends the row, which would wait for ever. Whoever reports the end of an upload does so before its
    /// object is deleted, or leaves a note of it: without either, and with records left, it is lost.
    fn answer(self, known: Option<&State>, now: u64) -> Effect<()> {
        let waits =
            known.filter(|known| known.finished.is_none() && known.is_idle(now, self.grace));
        let Some(known) = waits else {
            return Effect::answer(());
        };
        let records = known.records.unwrap_or(known.lines);
        let done = known.done.count();
        let mut state = known.clone();
        state.finish(now, None);
        let upload = shown(&state);
        let event = if known.key.starts_with(key::DEAD) {
            // Who deletes a dead letter does not want it any more.
            None
        } else if records > 0 && done >= records {
            let counts = UploadCounts {
                records: done,
                ..UploadCounts::default()
            };
            Some(Event::Delivered { upload, counts })
        } else {
            Some(Event::Lost { upload })
        };
        Effect::answer(()).becomes(state).counts(event)
    }
}

impl AboutUpload for Look {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: Option<&State>, _now: u64) -> Effect<Option<State>> {
        Effect::answer(known.cloned())
    }
}

/// Whether nobody has the upload `key` in hand, as `claim` means it: then it is claimed.
pub(crate) fn claim(known: Option<&State>, key: &str, claim: &Claim, now: u64) -> Effect<bool> {
    let mut state = known_or_new(known, key, now);
    let is_ours = match claim.at_once {
        true => state.claim_at_once(now, claim.grace),
        false => state.claim(now, claim.grace),
    };
    if is_ours {
        Effect::answer(true).becomes(state)
    } else {
        Effect::answer(false)
    }
}

/// An upload as the operator is shown it.
pub(crate) fn shown(state: &State) -> Upload {
    Upload {
        key: state.key.clone(),
        outcome: if state.key.starts_with(key::DEAD) {
            UploadOutcome::DeadLetter
        } else {
            UploadOutcome::Waiting
        },
        arrived: state.arrived,
        bytes: state.bytes,
        records: state.records.unwrap_or(state.lines),
        attempts: state.attempts,
        next_attempt: state.next_attempt,
        error: state.last_error.as_deref().map(error_excerpt),
        held: state.held,
        ..Upload::default()
    }
}

/// Without a time of arrival a row would be deleted as an old one.
fn known_or_new(known: Option<&State>, key: &str, now: u64) -> State {
    known
        .cloned()
        .unwrap_or_else(|| State::arrived(key, key::arrival_millis(key).unwrap_or(now), 0, 0))
}

#[cfg(test)]
mod tests {
    use logpush_delivery::progress::Done;
    use logpush_delivery::state::Holder;

    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";
    const NOW: u64 = 1_778_574_600_219;

    fn key() -> String {
        key::upload("dns_logs", NOW, ID, true)
    }

    fn holder() -> Holder {
        Holder {
            message: "m".to_owned(),
            attempt: 1,
        }
    }

    fn arrive(key: &str, again: bool) -> Arrive {
        Arrive {
            id: ID.to_owned(),
            key: key.to_owned(),
            bytes: 10,
            lines: 2,
            again,
        }
    }

    fn finish(key: &str, counts: Option<UploadCounts>) -> Finish {
        Finish {
            id: ID.to_owned(),
            key: key.to_owned(),
            counts,
        }
    }

    fn state_of<A>(effect: Effect<A>) -> State {
        match effect.row {
            Row::Becomes(state) => state,
            row => panic!("{row:?}"),
        }
    }

    fn begun() -> State {
        let begin = Begin {
            id: ID.to_owned(),
            key: key(),
            holder: holder(),
            lease: 100,
        };
        state_of(begin.answer(None, NOW))
    }

    #[test]
    fn what_arrives_again_is_known_unless_nothing_is_stored() {
        let first = arrive(&key(), false).answer(None, NOW);
        assert_eq!(first.answer, Arrived::New);
        let mut known = state_of(first);
        for (finished, expected) in [(None, false), (Some(NOW), true)] {
            known.finished = finished;
            let again = arrive("uploads/other", false).answer(Some(&known), NOW + 1);
            let expected = Arrived::Known {
                key: key(),
                finished: expected,
            };
            assert_eq!((again.answer, again.row), (expected, Row::Stays));
        }
        known.done.add(0..1);
        let anew = state_of(arrive(&key(), true).answer(Some(&known), NOW + 1));
        assert_eq!((anew.done.count(), anew.arrived), (1, NOW + 1));
    }

    #[test]
    fn the_row_of_a_content_in_parts_only_leads_to_its_upload() {
        let other = "fedcba9876543210fedcba9876543210";
        let parts = key::upload("dns_logs", NOW, other, true);
        let state = state_of(arrive(&parts, false).answer(None, NOW));
        assert_eq!(state.finished, Some(NOW));
        // It is not delivered because of that.
        let again = arrive(&key(), false).answer(Some(&state), NOW);
        let known = Arrived::Known {
            key: parts,
            finished: false,
        };
        assert_eq!(again.answer, known);
    }

    #[test]
    fn a_row_that_begins_without_an_arrival_takes_it_from_its_key() {
        assert_eq!(begun().arrived, NOW);
        let begin = Begin {
            id: ID.to_owned(),
            key: "logpush/dns_logs/x.gz".to_owned(),
            holder: holder(),
            lease: 100,
        };
        assert_eq!(state_of(begin.answer(None, 7)).arrived, 7);
    }

    #[test]
    fn an_answer_that_changes_nothing_writes_nothing() {
        let mut known = begun();
        known.finish(NOW, None);
        let begin = Begin {
            id: ID.to_owned(),
            key: key(),
            holder: holder(),
            lease: 100,
        };
        let effect = begin.answer(Some(&known), NOW + 1);
        assert_eq!((effect.answer, effect.row), (Begun::Finished, Row::Stays));
        let look = Look { id: ID.to_owned() };
        assert_eq!(look.answer(Some(&known), NOW).row, Row::Stays);
        let question = Claim {
            found: Vec::new(),
            grace: 1_000,
            at_once: false,
        };
        let effect = claim(Some(&begun()), &key(), &question, NOW);
        assert_eq!(effect.row, Row::Stays);
    }

    #[test]
    fn an_end_that_is_reported_again_is_counted_once() {
        let mut state = begun();
        let counts = || Some(UploadCounts::default());
        let first = finish(&key(), counts()).answer(Some(&state), NOW);
        assert!(matches!(first.event, Some(Event::Delivered { .. })));
        let Row::Becomes(finished) = first.row else {
            panic!("{:?}", first.row);
        };
        state = finished;
        let again = finish(&key(), counts()).answer(Some(&state), NOW + 9);
        assert!(again.event.is_none());
        assert_eq!(again.row, Row::Stays);
    }

    #[test]
    fn an_upload_without_its_object_ends_once_nobody_has_it_in_hand() {
        let with = |lines: u64, done: u64| {
            let mut state = State::arrived(&key(), NOW, 10, lines);
            state.done.add(0..done);
            state
        };
        let mut leased = with(5, 0);
        leased.begin(&key(), &holder(), NOW, 100);
        let mut later = with(5, 0);
        later.next_attempt = NOW + 100;
        let mut finished = with(5, 5);
        finished.finish(NOW, None);
        for (name, known, now, expected) in [
            ("all is done", with(5, 5), NOW + 50, "delivered"),
            ("something is left", with(5, 4), NOW + 50, "lost"),
            ("nothing is known of its size", with(0, 0), NOW + 50, "lost"),
            ("it is being delivered", leased.clone(), NOW + 149, "stays"),
            ("its consumer is dead", leased, NOW + 150, "lost"),
            ("an attempt is due", later.clone(), NOW + 149, "stays"),
            ("an attempt was due", later, NOW + 150, "lost"),
            ("it has ended", finished, NOW + 999, "stays"),
        ] {
            let gone = Gone {
                id: ID.to_owned(),
                grace: 50,
            };
            let effect = gone.answer(Some(&known), now);
            let found = match (&effect.event, &effect.row) {
                (None, Row::Stays) => "stays",
                (Some(Event::Delivered { .. }), Row::Becomes(_)) => "delivered",
                (Some(Event::Lost { .. }), Row::Becomes(_)) => "lost",
                other => panic!("{name}: {other:?}"),
            };
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn every_outcome_is_counted_once() {
        let counts = || Some(UploadCounts::default());
        let dead = key::dead_letter("dns_logs", NOW, ID, 0, "ndjson");
        let fail = |error: Option<&str>| Fail {
            id: ID.to_owned(),
            holder: holder(),
            done: Done::default(),
            error: error.map(str::to_owned),
            held: false,
            next: 0,
        };
        let dead_letter = |records| DeadLetter {
            id: ID.to_owned(),
            upload: key(),
            records,
            reason: "no".to_owned(),
        };
        let known = begun();
        let deleted = State::arrived(&dead, NOW, 1, 0);
        let gone = Gone {
            id: ID.to_owned(),
            grace: 0,
        };
        for (name, event, expected) in [
            (
                "delivered",
                finish(&key(), counts()).answer(Some(&known), NOW).event,
                [1, 0, 0, 0],
            ),
            (
                "failed",
                fail(Some("down")).answer(Some(&known), NOW).event,
                [0, 1, 0, 0],
            ),
            (
                "handed over",
                fail(None).answer(Some(&known), NOW).event,
                [0, 0, 0, 0],
            ),
            (
                "dead letter",
                dead_letter(None).answer(Some(&known), NOW).event,
                [0, 0, 1, 0],
            ),
            (
                "some records",
                dead_letter(Some(3)).answer(None, NOW).event,
                [0, 0, 1, 0],
            ),
            (
                "ended as one",
                finish(&key(), None).answer(Some(&known), NOW).event,
                [0, 0, 0, 0],
            ),
            (
                "replayed",
                finish(&dead, None).answer(None, NOW).event,
                [0, 0, 0, 1],
            ),
            (
                "replayed as a whole",
                finish(&dead, counts()).answer(None, NOW).event,
                [1, 0, 0, 1],
            ),
            (
                "deleted before it was replayed",
                gone.answer(Some(&deleted), NOW).event,
                [0, 0, 0, 0],
            ),
        ] {
            let mut stats = ShardStats::default();
            if let Some(event) = event {
                event.count(&mut stats, NOW);
            }
            let totals = &stats.totals;
            let counted = [
                totals.uploads,
                totals.failed_attempts,
                totals.dead_letters,
                totals.replayed,
            ];
            assert_eq!(counted, expected, "{name}");
        }
    }

    #[test]
    fn only_what_was_never_begun_is_forgotten() {
        let forget = || Forget { id: ID.to_owned() };
        let arrived = state_of(arrive(&key(), false).answer(None, NOW));
        let effect = forget().answer(Some(&arrived), NOW);
        assert!(matches!(effect.row, Row::Goes(state) if state.finished == Some(NOW)));
        assert_eq!(forget().answer(Some(&begun()), NOW).row, Row::Stays);
        assert_eq!(forget().answer(None, NOW).row, Row::Stays);
    }
}
