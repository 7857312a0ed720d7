//! What each question about a delivery changes: one pure function each, of the states that are known and
//! the time. The object keeps what they say.
//!
//! Each question may be lost, or its answer, after it took effect. Whoever asked then asks again, goes on
//! without the ledger, or leaves it to the sweep; none of that counts anything twice:
//!
//! | question | it never arrived | its answer was lost |
//! |---|---|---|
//! | `Arrive` | the first `Begin` makes the row | the row leads to what is stored, or is stored anew |
//! | `Begin` | the lease is beside the upload | the same; `Fail` and `Finish` give the lease back |
//! | `Record` | the positions are beside the upload | the same, and both are merged |
//! | `Fail` | the lease ends by itself | the next attempt is noted twice |
//! | `Finish` | it is asked again, then noted beside the upload; the sweep reports that | the end is known: counted once |
//! | `DeadLetter` | the cron counts the objects | counted once, by its first record |
//! | `Gone`, `Drop` | the next sweep asks again | the end is known: counted once |
//! | `Claim` | the item is sent: one too many finds nothing to do | the same |
//! | `Look` | nothing is decided by it | the same |

use std::collections::BTreeMap;

use logpush_delivery::key::{self, SourceKind};
use logpush_delivery::owed::{Owed, UNDECIDED};
use logpush_delivery::state::{Begun, Failure, State};

use crate::ledger::event::Event;
use crate::ledger::protocol::{
    Arrive, Arrived, Ask, Begin, DeadLetter, End, Fail, Finish, Look, Record,
};

/// The states of one upload, by destination. Under [`CONTENT`]: that the content is stored under another
/// identity.
pub(crate) type States = BTreeMap<String, State>;

/// In the place of a destination: the row of a content that came in several parts only leads to where it
/// is stored, since its content was known only at the end. No destination has that name.
pub(crate) const CONTENT: &str = "";

/// A question about one upload.
pub(crate) trait AboutUpload: Ask {
    fn id(&self) -> &str;

    /// The answer, and what follows from it; `known`: the states of the upload.
    fn answer(self, known: &States, now: u64) -> Effect<Self::Answer>;
}

/// What a question comes to.
#[derive(Debug)]
pub(crate) struct Effect<A> {
    pub(crate) answer: A,
    /// What becomes of rows, by destination; nothing where one goes.
    pub(crate) rows: Vec<(String, Option<State>)>,
    /// What the operator is shown of it.
    pub(crate) events: Vec<Event>,
}

impl<A> Effect<A> {
    pub(crate) fn answer(answer: A) -> Self {
        Self {
            answer,
            rows: Vec::new(),
            events: Vec::new(),
        }
    }

    pub(crate) fn becomes(mut self, to: &str, state: State) -> Self {
        self.rows.push((to.to_owned(), Some(state)));
        self
    }

    pub(crate) fn counts(mut self, event: Option<Event>) -> Self {
        self.events.extend(event);
        self
    }
}

impl AboutUpload for Arrive {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: &States, now: u64) -> Effect<Arrived> {
        if !self.again
            // The content's own row comes first.
            && let Some((_, last)) = known.last_key_value()
        {
            return Effect::answer(Arrived::Known {
                finished: is_finished(known),
                key: last.key.clone(),
                waiting: Owed::new(waiting(known)),
            });
        }
        let arrived = State::arrived(&self.key, now, self.bytes, self.lines);
        let effect = Effect::answer(Arrived::New);
        if leads_elsewhere(&self.key, &self.id) {
            let mut state = arrived;
            state.finished = Some(now);
            return effect.becomes(CONTENT, state);
        }
        // Where nobody has decided yet, the first delivery makes the rows.
        let decided = self.owed.iter().filter(|to| *to != UNDECIDED);
        decided.fold(effect, |effect, to| {
            let mut state = arrived.clone();
            if let Some(known) = known.get(to) {
                // The same content: what a destination has of it, and who is at it, still hold.
                state.go_on_from(known.clone());
            }
            effect.becomes(to, state)
        })
    }
}

impl AboutUpload for Begin {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: &States, now: u64) -> Effect<Begun> {
        if let Some(owed) = self.undecided {
            let stored = Owed::new(destinations(known).map(|(to, _)| to));
            if stored.is_empty() && !owed.is_only(&self.to) {
                let state = known_or_new(None, &self.key, now);
                return owed
                    .iter()
                    .fold(Effect::answer(Begun::Owed(owed.clone())), |effect, to| {
                        effect.becomes(to, state.clone())
                    });
            }
            if !stored.is_empty() && !stored.is_only(&self.to) {
                let waiting = Owed::new(waiting(known));
                return Effect::answer(match waiting.is_empty() {
                    true => Begun::Finished,
                    false => Begun::Owed(stored),
                });
            }
        }
        let before = known.get(&self.to);
        let mut state = known_or_new(before, &self.key, now);
        let begun = state.begin(&self.key, &self.holder, now, self.lease);
        let mut effect = Effect::answer(begun);
        if let Some(owed) = &self.owed {
            effect.rows = rows_of_others(known, owed, &self.to, &self.key, now);
        }
        if before == Some(&state) {
            return effect;
        }
        effect.becomes(&self.to, state)
    }
}

impl AboutUpload for Record {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: &States, now: u64) -> Effect<bool> {
        let mut state = known_or_new(known.get(&self.to), &self.key, now);
        let is_held = state.record(&self.holder, &self.known, now, self.lease);
        Effect::answer(is_held).becomes(&self.to, state)
    }
}

impl AboutUpload for Fail {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: &States, now: u64) -> Effect<()> {
        let mut state = known_or_new(known.get(&self.to), &self.key, now);
        let failure = Failure {
            error: self.error.clone(),
            held: self.held,
            next: self.next,
        };
        state.fail(&self.holder, &self.known, failure);
        let event = Event::failed(&self.to, &state, self.error);
        Effect::answer(())
            .becomes(&self.to, state)
            .counts(Some(event))
    }
}

impl AboutUpload for Finish {
    fn id(&self) -> &str {
        &self.id
    }

    /// Whether the upload is owed to nobody any more. The question may come again, since its answer may
    /// have been lost: it is counted once.
    fn answer(self, known: &States, now: u64) -> Effect<bool> {
        let is_last = is_last(known, &self.owed, &self.to);
        let before = known.get(&self.to);
        if before.is_some_and(|before| before.finished.is_some()) {
            return Effect::answer(is_last);
        }
        let mut state = known_or_new(before, &self.key, now);
        state.learn(&self.known);
        let records = match &self.end {
            End::Delivered(counts) => Some(counts.records),
            End::DeadLetter { .. } | End::Replayed => None,
        };
        state.finish(now, records);
        let event = match self.end {
            End::Delivered(counts) => Event::delivered(&self.to, &state, *counts),
            End::DeadLetter { reason } => Event::given_up(&self.to, &state, reason),
            End::Replayed => Event::replayed(&self.to, &state),
        };
        let mut effect = Effect::answer(is_last);
        effect.rows = rows_of_others(known, &self.owed, &self.to, &self.key, now);
        effect.becomes(&self.to, state).counts(Some(event))
    }
}

impl AboutUpload for DeadLetter {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: &States, now: u64) -> Effect<()> {
        let mut state = known_or_new(known.get(&self.to), &self.key, now);
        let effect = Effect::answer(());
        if !state.count_dead_letter(self.first) {
            return effect;
        }
        let event = Event::dead_lettered(&self.to, &state);
        effect.becomes(&self.to, state).counts(Some(event))
    }
}

impl AboutUpload for Look {
    fn id(&self) -> &str {
        &self.id
    }

    fn answer(self, known: &States, _now: u64) -> Effect<States> {
        Effect::answer(known.clone())
    }
}

/// The states at destinations.
pub(crate) fn destinations(known: &States) -> impl Iterator<Item = (&String, &State)> {
    known.iter().filter(|(to, _)| *to != CONTENT)
}

/// The destinations that it is still owed to.
pub(crate) fn waiting(known: &States) -> impl Iterator<Item = &String> {
    destinations(known)
        .filter(|(_, state)| state.finished.is_none())
        .map(|(to, _)| to)
}

/// Whether every destination that is known has come to its end, and there is one.
pub(crate) fn is_finished(known: &States) -> bool {
    destinations(known).next().is_some() && waiting(known).next().is_none()
}

/// Whether everybody that the upload is owed to has come to the end, once `to` has.
pub(crate) fn is_last(known: &States, owed: &Owed, to: &str) -> bool {
    let is_done = |other: &String| {
        known
            .get(other)
            .is_some_and(|state| state.finished.is_some())
    };
    let mut others = owed.iter().chain(waiting(known));
    others.all(|other| other == to || is_done(other))
}

/// Rows of destinations other than `to` of which nothing is known: the ledger did not answer when it was
/// decided whom the upload is owed to.
fn rows_of_others(
    known: &States,
    owed: &Owed,
    to: &str,
    key: &str,
    now: u64,
) -> Vec<(String, Option<State>)> {
    owed.iter()
        .filter(|other| *other != to && !known.contains_key(*other))
        .map(|other| (other.clone(), Some(known_or_new(None, key, now))))
        .collect()
}

/// Without a time of arrival a row would be deleted as an old one.
pub(crate) fn known_or_new(known: Option<&State>, key: &str, now: u64) -> State {
    known
        .cloned()
        .unwrap_or_else(|| State::arrived(key, key::arrival_millis(key).unwrap_or(now), 0, 0))
}

/// Whether a key is of an upload with another identity.
fn leads_elsewhere(key: &str, id: &str) -> bool {
    match key::parse(key).map(|source| source.kind) {
        Some(SourceKind::Upload { id: own, .. }) => own != id,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use logpush_delivery::progress::Done;
    use logpush_delivery::state::{Holder, Known, Tally};
    use logpush_status::shard::{ShardStats, UploadCounts};

    use super::*;
    use crate::ledger::protocol::Gone;

    const ID: &str = "0123456789abcdef0123456789abcdef";
    const NOW: u64 = 1_778_574_600_219;
    const TO: &str = "siem";

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
            owed: Owed::new([TO]),
            bytes: 10,
            lines: 2,
            again,
        }
    }

    fn begin(to: &str, undecided: Option<&[&str]>) -> Begin {
        Begin {
            id: ID.to_owned(),
            key: key(),
            to: to.to_owned(),
            undecided: undecided.map(|names| Owed::new(names.iter().copied())),
            owed: None,
            holder: holder(),
            lease: 100,
        }
    }

    fn finish(key: &str, to: &str, end: End) -> Finish {
        Finish {
            id: ID.to_owned(),
            key: key.to_owned(),
            to: to.to_owned(),
            owed: Owed::new([to]),
            known: Known {
                done: Done::from(vec![(0, 2)]),
                tally: Tally::default(),
            },
            end,
        }
    }

    fn delivered() -> End {
        End::Delivered(Box::new(UploadCounts {
            records: 2,
            ..UploadCounts::default()
        }))
    }

    fn given_up() -> End {
        End::DeadLetter {
            reason: "no".to_owned(),
        }
    }

    /// Keeps what follows from a question, as the object does.
    fn apply<A>(known: &mut States, stats: &mut ShardStats, effect: Effect<A>) -> A {
        for (to, row) in effect.rows {
            match row {
                Some(state) => known.insert(to, state),
                None => known.remove(&to),
            };
        }
        for event in effect.events {
            event.count(stats, NOW);
        }
        effect.answer
    }

    fn asked<Q: AboutUpload>(known: &mut States, question: Q) -> Q::Answer {
        let effect = question.answer(known, NOW);
        apply(known, &mut ShardStats::default(), effect)
    }

    fn begun() -> States {
        let mut known = States::new();
        asked(&mut known, begin(TO, None));
        known
    }

    #[test]
    fn what_arrives_again_is_known_unless_nothing_is_stored() {
        let mut known = States::new();
        assert_eq!(asked(&mut known, arrive(&key(), false)), Arrived::New);
        for finished in [None, Some(NOW)] {
            if let Some(state) = known.get_mut(TO) {
                state.finished = finished;
            }
            let again = arrive("uploads/other", false).answer(&known, NOW + 1);
            let expected = Arrived::Known {
                key: key(),
                finished: finished.is_some(),
                waiting: Owed::new(finished.is_none().then_some(TO)),
            };
            assert_eq!((again.answer, again.rows), (expected, vec![]));
        }
        if let Some(state) = known.get_mut(TO) {
            state.done.add(0..1);
        }
        asked(&mut known, arrive(&key(), true));
        assert_eq!((known[TO].done.count(), known[TO].finished), (1, None));
    }

    #[test]
    fn the_row_of_a_content_in_parts_only_leads_to_its_upload() {
        let other = "fedcba9876543210fedcba9876543210";
        let parts = key::upload("dns_logs", NOW, other, true);
        let mut known = States::new();
        asked(&mut known, arrive(&parts, false));
        // It is not delivered because of that.
        let expected = Arrived::Known {
            key: parts,
            finished: false,
            waiting: Owed::new([""; 0]),
        };
        assert_eq!(asked(&mut known, arrive(&key(), false)), expected);
        // The parts are gone, and the content is stored in one piece; the ledger did not hear of it.
        let begun = asked(&mut known, begin(TO, None));
        assert!(matches!(begun, Begun::Go { .. }), "{begun:?}");
        assert!(!is_finished(&known));
    }

    #[test]
    fn a_row_that_begins_without_an_arrival_takes_it_from_its_key() {
        assert_eq!(begun()[TO].arrived, NOW);
        let begin = Begin {
            key: "logpush/dns_logs/x.gz".to_owned(),
            ..begin(TO, None)
        };
        let effect = begin.answer(&States::new(), 7);
        assert!(matches!(&effect.rows[..], [(_, Some(state))] if state.arrived == 7));
    }

    #[test]
    fn an_answer_that_changes_nothing_writes_nothing() {
        let mut known = begun();
        asked(&mut known, finish(&key(), TO, delivered()));
        let effect = begin(TO, None).answer(&known, NOW + 1);
        assert_eq!((effect.answer, effect.rows), (Begun::Finished, vec![]));
        let look = Look { id: ID.to_owned() };
        assert_eq!(look.answer(&known, NOW).rows, []);
    }

    #[test]
    fn whom_an_upload_of_logpush_is_owed_to_is_decided_once() {
        let both = Owed::new(["siem", "lake"]);
        let mut known = States::new();
        let decided = asked(&mut known, begin("siem", Some(&["siem", "lake"])));
        assert_eq!(decided, Begun::Owed(both));
        // Its notification comes again, under another configuration.
        for configured in [&["new"][..], &["new", "lake"], &["siem"]] {
            let again = asked(&mut known, begin(configured[0], Some(configured)));
            let Begun::Owed(owed) = again else {
                panic!("{again:?}");
            };
            assert!(owed.has("siem") && owed.has("lake") && !owed.has("new"));
        }
        for (to, is_last) in [("siem", false), ("lake", true)] {
            let go = asked(&mut known, begin(to, None));
            assert!(matches!(go, Begun::Go { .. }), "{to}: {go:?}");
            assert_eq!(
                asked(&mut known, finish(&key(), to, delivered())),
                is_last,
                "{to}"
            );
        }
        let late = asked(&mut known, begin("new", Some(&["new"])));
        assert_eq!(late, Begun::Finished);
        // With one destination there is nothing to be sent.
        let mut known = States::new();
        let go = asked(&mut known, begin("siem", Some(&["siem"])));
        assert!(matches!(go, Begun::Go { .. }), "{go:?}");
    }

    #[test]
    fn the_last_of_those_that_it_is_owed_to_is_told_so() {
        let owed = Owed::new(["a", "b", "c"]);
        let with_owed = |to: &str| Finish {
            owed: owed.clone(),
            ..finish(&key(), to, delivered())
        };
        // The ledger has not heard of `b` and `c` before.
        let mut known = States::new();
        for (to, is_last) in [
            ("a", false),
            ("b", false),
            ("a", false),
            ("c", true),
            ("c", true),
        ] {
            assert_eq!(asked(&mut known, with_owed(to)), is_last, "{to}");
        }
        assert!(asked(&mut known, with_owed("a")), "asked again");
    }

    #[test]
    fn what_was_decided_without_the_ledger_is_learnt_from_whoever_knows_it() {
        fn owed() -> Owed {
            Owed::new([TO, "lake"])
        }
        let began = |known: &mut States| {
            let begin = Begin {
                owed: Some(owed()),
                ..begin(TO, None)
            };
            asked(known, begin);
        };
        let ended = |known: &mut States| {
            let finish = Finish {
                owed: owed(),
                ..finish(&key(), TO, delivered())
            };
            assert!(!asked(known, finish));
        };
        for tell in [began as fn(&mut States), ended] {
            let mut known = States::new();
            tell(&mut known);
            assert_eq!(known["lake"].key, key());
            // Another configuration decides nothing any more.
            let again = asked(&mut known, begin("new", Some(&["new", "other"])));
            assert_eq!(again, Begun::Owed(Owed::new(["lake", TO])));
            for (to, is_last) in [(TO, false), ("lake", true)] {
                let end = asked(&mut known, finish(&key(), to, delivered()));
                assert_eq!(end, is_last, "{to}");
            }
        }
    }

    #[test]
    fn every_outcome_is_counted_once() {
        let dead = key::dead_letter("dns_logs", NOW, ID, 0, TO, "ndjson");
        let fail = |error: Option<&str>| Fail {
            id: ID.to_owned(),
            key: key(),
            to: TO.to_owned(),
            holder: holder(),
            known: Known::default(),
            error: error.map(str::to_owned),
            held: false,
            next: 0,
        };
        let documents = || DeadLetter {
            id: ID.to_owned(),
            key: key(),
            to: TO.to_owned(),
            first: 7,
        };
        let gone = || Gone {
            id: ID.to_owned(),
            to: None,
            grace: 0,
        };
        let mut deleted = States::new();
        asked(
            &mut deleted,
            Begin {
                key: dead.clone(),
                ..begin(TO, None)
            },
        );
        asked(
            &mut deleted,
            Fail {
                key: dead.clone(),
                ..fail(None)
            },
        );
        fn twice<Q: AboutUpload>(known: &States, ask: impl Fn() -> Q) -> [u64; 5] {
            let (mut known, mut stats) = (known.clone(), ShardStats::default());
            for _ in 0..2 {
                let effect = ask().answer(&known, NOW);
                apply(&mut known, &mut stats, effect);
            }
            let totals = &stats.totals;
            assert_eq!(totals.accounted(), totals.records);
            [
                totals.uploads,
                totals.records,
                totals.failed_attempts,
                totals.dead_letters,
                totals.replayed,
            ]
        }
        let known = begun();
        for (name, found, expected) in [
            (
                "delivered",
                twice(&known, || finish(&key(), TO, delivered())),
                [1, 2, 0, 0, 0],
            ),
            (
                "of nobody known",
                twice(&States::new(), || finish(&key(), TO, delivered())),
                [1, 2, 0, 0, 0],
            ),
            (
                "failed, twice",
                twice(&known, || fail(Some("down"))),
                [0, 0, 2, 0, 0],
            ),
            ("handed over", twice(&known, || fail(None)), [0; 5]),
            ("some documents", twice(&known, documents), [0, 0, 0, 1, 0]),
            (
                "of nobody known",
                twice(&States::new(), documents),
                [0, 0, 0, 1, 0],
            ),
            (
                "a whole dead letter",
                twice(&known, || finish(&key(), TO, given_up())),
                [0, 2, 0, 1, 0],
            ),
            (
                "replayed",
                twice(&States::new(), || finish(&dead, TO, End::Replayed)),
                [0, 0, 0, 0, 1],
            ),
            (
                "replayed as a whole",
                twice(&States::new(), || finish(&dead, TO, delivered())),
                [0, 0, 0, 0, 1],
            ),
            (
                "deleted before it was replayed",
                twice(&deleted, gone),
                [0; 5],
            ),
        ] {
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn what_is_missing_from_the_count_shows() {
        let mut stats = ShardStats::default();
        let short = Finish {
            known: Known::default(),
            ..finish(&key(), TO, delivered())
        };
        let effect = short.answer(&States::new(), NOW);
        apply(&mut States::new(), &mut stats, effect);
        assert_eq!((stats.totals.records, stats.totals.accounted()), (2, 0));
    }
}
