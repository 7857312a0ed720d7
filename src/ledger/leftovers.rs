//! What is asked about uploads that are left over: forgotten ones are sent again, and those whose object or
//! destination is gone come to an end.

use logpush_delivery::key::DEAD;
use logpush_delivery::owed::Owed;
use logpush_delivery::state::State;
use logpush_status::shard::UploadCounts;

use crate::ledger::event::Event;
use crate::ledger::protocol::{Claim, Claimed, Drop, Found, Gone};
use crate::ledger::uploads::{
    AboutUpload, Effect, States, destinations, is_finished, is_last, known_or_new,
};

impl AboutUpload for Gone {
    fn id(&self) -> &str {
        &self.id
    }

    /// Ends the rows, which would wait for ever. What was never begun was never stored: if it comes again,
    /// it is new. Whoever reports the end of an upload does so before its object is deleted, or leaves a
    /// note of it: without either, and with records left, it is lost.
    fn answer(self, known: &States, now: u64) -> Effect<()> {
        let is_meant = |to: &String| self.to.as_ref().is_none_or(|meant| meant == to);
        let was_begun = destinations(known).any(|(_, state)| state.attempts > 0);
        let waiting = destinations(known).filter(|(to, state)| {
            let is_old = now >= state.arrived + self.grace;
            is_meant(to) && state.finished.is_none() && is_old && state.is_idle(now, self.grace)
        });
        waiting.fold(Effect::answer(()), |mut effect, (to, state)| {
            if !was_begun {
                effect.rows.push((to.clone(), None));
                return effect;
            }
            let mut ended = state.clone();
            ended.finish(now, None);
            let event = end_of(to, &ended);
            effect.becomes(to, ended).counts(event)
        })
    }
}

/// What the end of an upload without its object means.
fn end_of(to: &str, state: &State) -> Option<Event> {
    let records = state.records_known();
    if state.key.starts_with(DEAD) {
        // Who deletes a dead letter does not want it any more.
        None
    } else if records > 0 && state.done.count() >= records {
        let counts = UploadCounts {
            records,
            ..UploadCounts::default()
        };
        Some(Event::delivered(to, state, counts))
    } else {
        Some(Event::lost(to, state))
    }
}

/// To which destinations nobody delivers an upload that waits: they are claimed.
pub(crate) fn claim(known: &States, found: &Found, claim: &Claim, now: u64) -> Effect<Claimed> {
    let mut owed = found.owed.clone();
    if destinations(known).next().is_some() {
        owed = Owed::new(destinations(known).map(|(to, _)| to.as_str()).chain(
            match found.is_decided {
                true => found.owed.iter().map(String::as_str).collect(),
                false => Vec::new(),
            },
        ));
    }
    // What is finished everywhere, and still there, is left over: one message has it removed.
    let is_left_over = is_finished(known) && is_last(known, &owed, "");
    let mut effect = Effect::answer(Claimed {
        owed: owed.clone(),
        send: Vec::new(),
    });
    for to in owed.iter() {
        if claim.to.as_ref().is_some_and(|meant| meant != to) {
            continue;
        }
        let mut state = known_or_new(known.get(to), &found.key, now);
        if state.finished.is_some() && !is_left_over {
            continue;
        }
        let is_ours = match claim.at_once {
            true => state.claim_at_once(now, claim.grace),
            false => state.claim(now, claim.grace),
        };
        if is_ours {
            effect.answer.send.push(to.clone());
            effect = effect.becomes(to, state);
        }
        if is_left_over {
            break;
        }
    }
    effect
}

/// What is owed to a destination that the operator gives up is dropped. Whether the upload is owed to
/// nobody else.
pub(crate) fn drop_one(
    known: &States,
    found: &Found,
    drop: &Drop,
    now: u64,
) -> Effect<Option<bool>> {
    let before = known.get(&drop.to);
    let is_owed = before.is_some() || found.owed.has(&drop.to);
    if !is_owed {
        return Effect::answer(None);
    }
    let is_last = is_last(known, &found.owed, &drop.to);
    if before.is_some_and(|state| state.finished.is_some()) {
        return Effect::answer(Some(is_last));
    }
    let mut state = known_or_new(before, &found.key, now);
    state.finish(now, None);
    let event = Event::dropped(&drop.to, &state);
    Effect::answer(Some(is_last))
        .becomes(&drop.to, state)
        .counts(Some(event))
}

#[cfg(test)]
mod tests {
    use logpush_delivery::key;
    use logpush_delivery::state::Holder;

    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";
    const NOW: u64 = 1_778_574_600_219;

    fn upload_key() -> String {
        key::upload("dns_logs", NOW, ID, true)
    }

    fn arrived(lines: u64, done: u64) -> State {
        let mut state = State::arrived(&upload_key(), NOW, 10, lines);
        state.done.add(0..done);
        state.attempts = 1;
        state
    }

    fn finished() -> State {
        let mut state = arrived(5, 5);
        state.finish(NOW, Some(5));
        state
    }

    fn states(of: &[(&str, State)]) -> States {
        let states = of
            .iter()
            .map(|(to, state)| ((*to).to_owned(), state.clone()));
        states.collect()
    }

    fn found(owed: &[&str], is_decided: bool) -> Found {
        Found {
            id: ID.to_owned(),
            key: upload_key(),
            owed: Owed::new(owed.iter().copied()),
            is_decided,
        }
    }

    #[test]
    fn an_upload_without_its_object_ends_once_nobody_has_it_in_hand() {
        let holder = Holder {
            message: "m".to_owned(),
            attempt: 1,
        };
        let mut leased = arrived(5, 0);
        leased.begin(&upload_key(), &holder, NOW, 100);
        let mut later = arrived(5, 0);
        later.next_attempt = NOW + 100;
        let mut fresh = arrived(5, 0);
        fresh.attempts = 0;
        for (name, known, now, expected) in [
            ("all is done", arrived(5, 5), NOW + 50, "delivered"),
            ("something is left", arrived(5, 4), NOW + 50, "lost"),
            (
                "nothing is known of its size",
                arrived(0, 0),
                NOW + 50,
                "lost",
            ),
            ("it has just arrived", arrived(5, 0), NOW + 49, "stays"),
            ("it is being delivered", leased.clone(), NOW + 149, "stays"),
            ("its consumer is dead", leased, NOW + 150, "lost"),
            ("an attempt is due", later.clone(), NOW + 149, "stays"),
            ("an attempt was due", later, NOW + 150, "lost"),
            ("it was never stored", fresh.clone(), NOW + 50, "forgotten"),
            ("it is being stored", fresh, NOW + 49, "stays"),
            ("it has ended", finished(), NOW + 999, "stays"),
        ] {
            let gone = Gone {
                id: ID.to_owned(),
                to: None,
                grace: 50,
            };
            let effect = gone.answer(&states(&[("siem", known)]), now);
            let mut stats = logpush_status::shard::ShardStats::default();
            let rows = effect.rows;
            for event in effect.events {
                event.count(&mut stats, now);
            }
            let totals = &stats.totals;
            assert_eq!(totals.accounted(), totals.records, "{name}");
            let outcome = match (&rows[..], totals.uploads, totals.lost) {
                ([], 0, 0) => "stays",
                ([(_, None)], 0, 0) => "forgotten",
                ([(_, Some(_))], 1, 0) => "delivered",
                ([(_, Some(_))], 0, 1) => "lost",
                other => panic!("{name}: {other:?}"),
            };
            assert_eq!(outcome, expected, "{name}");
        }
    }

    #[test]
    fn an_upload_that_one_destination_has_begun_is_not_forgotten_for_the_other() {
        let mut fresh = arrived(5, 0);
        fresh.attempts = 0;
        let gone = |to: Option<&str>| Gone {
            id: ID.to_owned(),
            to: to.map(str::to_owned),
            grace: 0,
        };
        let known = states(&[("siem", finished()), ("lake", fresh)]);
        let effect = gone(None).answer(&known, NOW + 9);
        assert!(matches!(&effect.rows[..], [(to, Some(_))] if to == "lake"));
        assert_eq!(gone(Some("siem")).answer(&known, NOW + 9).rows, []);
    }

    #[test]
    fn those_are_claimed_that_nobody_delivers_to() {
        let mut later = arrived(5, 0);
        later.next_attempt = NOW + 1_000;
        let ask = |at_once, to: Option<&str>| Claim {
            found: Vec::new(),
            grace: 10,
            at_once,
            to: to.map(str::to_owned),
        };
        let both = || states(&[("siem", arrived(5, 0)), ("lake", later.clone())]);
        let done = || states(&[("siem", finished()), ("lake", finished())]);
        for (name, known, found, claim_, expected) in [
            (
                "of nobody known",
                States::new(),
                found(&["a", "b"], true),
                ask(false, None),
                &["a", "b"][..],
            ),
            (
                "one is planned",
                both(),
                found(&["siem", "lake"], true),
                ask(false, None),
                &["siem"],
            ),
            (
                "at once",
                both(),
                found(&["siem", "lake"], true),
                ask(true, None),
                &["lake", "siem"],
            ),
            (
                "for one",
                both(),
                found(&["siem", "lake"], true),
                ask(true, Some("lake")),
                &["lake"],
            ),
            (
                "one is not known",
                both(),
                found(&["new", "siem"], true),
                ask(false, None),
                &["siem", "new"],
            ),
            (
                "decided before",
                both(),
                found(&["new"], false),
                ask(false, None),
                &["siem"],
            ),
            (
                "one has it",
                states(&[("siem", finished()), ("lake", arrived(5, 0))]),
                found(&["siem", "lake"], true),
                ask(false, None),
                &["lake"],
            ),
            (
                "all have it",
                done(),
                found(&["siem", "lake"], true),
                ask(false, None),
                &["lake"],
            ),
            (
                "all that are known",
                done(),
                found(&["siem", "lake", "new"], true),
                ask(false, None),
                &["new"],
            ),
        ] {
            let effect = claim(&known, &found, &claim_, NOW + 20);
            assert_eq!(effect.answer.send, expected, "{name}");
            assert_eq!(effect.rows.len(), expected.len(), "{name}");
            // What is claimed is not claimed again.
            let mut after = known.clone();
            for (to, row) in effect.rows {
                if let Some(state) = row {
                    after.insert(to, state);
                }
            }
            let again = claim(&after, &found, &ask(false, None), NOW + 20);
            let is_claimed = |to: &String| expected.contains(&to.as_str());
            assert!(
                !again.answer.send.iter().any(is_claimed),
                "{name}: {again:?}"
            );
        }
    }

    #[test]
    fn what_is_owed_to_a_destination_that_is_given_up_is_dropped_once() {
        let drop = Drop {
            found: Vec::new(),
            to: "siem".to_owned(),
        };
        for (name, known, owed, is_last, dropped) in [
            (
                "the only one",
                states(&[("siem", arrived(5, 2))]),
                &["siem"][..],
                Some(true),
                3,
            ),
            (
                "another waits",
                states(&[("siem", arrived(5, 2))]),
                &["siem", "lake"],
                Some(false),
                3,
            ),
            (
                "another has it",
                states(&[("siem", arrived(5, 2)), ("lake", finished())]),
                &["siem", "lake"],
                Some(true),
                3,
            ),
            (
                "it has it already",
                states(&[("siem", finished())]),
                &["siem"],
                Some(true),
                0,
            ),
            (
                "it is not owed to it",
                states(&[("lake", arrived(5, 0))]),
                &["lake"],
                None,
                0,
            ),
            ("nothing is known", States::new(), &["siem"], Some(true), 0),
        ] {
            let effect = drop_one(&known, &found(owed, true), &drop, NOW);
            assert_eq!(effect.answer, is_last, "{name}");
            let mut stats = logpush_status::shard::ShardStats::default();
            let mut after = known.clone();
            for event in effect.events {
                event.count(&mut stats, NOW);
            }
            for (to, row) in effect.rows {
                if let Some(state) = row {
                    after.insert(to, state);
                }
            }
            assert_eq!(stats.totals.dropped, dropped, "{name}");
            assert_eq!(stats.totals.accounted(), stats.totals.records, "{name}");
            let again = drop_one(&after, &found(owed, true), &drop, NOW);
            assert!(again.events.is_empty() && again.rows.is_empty(), "{name}");
        }
    }
}
