//! Who may try a destination now. One that fails must not hold the consumers that the others need: it is
//! *open* until a time, and then tried by one probe. What an isolate has seen decides, so that this costs
//! no operation; each of several isolates keeps to the same share of its consumers.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::Millis;
use crate::backoff;

/// Consumers of the queue at once: `max_concurrency` in `wrangler.toml`.
pub const CONSUMERS: usize = 10;

/// Of these, what attempts at one failing destination may hold: a fifth.
const SHARE: usize = CONSUMERS / 5;

/// How long a destination stays open after its first failure. It doubles with each further one.
const OPEN_MIN: Millis = 10_000;
const OPEN_MAX: Millis = 300_000;

/// A probe that takes long is followed by a pause of four times that: it holds a fifth of the time. An
/// attempt takes 15 minutes at most, and mostly less than one.
const PAUSE: Millis = 4;
const PAUSE_MAX: Millis = 1_200_000;

/// An answer that takes longer than that, and than four times what is usual, is taken for none.
const PATIENCE_MIN: Millis = 2_000;
const PATIENCE: Millis = 4;

/// Attempts beyond the share are given up where a request is out for longer than that, and than four times
/// what is usual: it may have taken effect, so that this is not done sooner. Where no answer has come yet,
/// nobody knows what is usual.
const SILENCE_MIN: Millis = 5_000;
const SILENCE_UNKNOWN: Millis = 10_000;

/// How long to wait for the result of others.
const SOON: Millis = 5_000;

/// A message that comes again and again waits longer, up to that: else all that wait for a destination would
/// come at the same moment, each time that it may be tried.
const PUT_BACK_BASE: Duration = Duration::from_secs(10);
const PUT_BACK_MAX: Duration = Duration::from_secs(900);

/// How long fresh uploads go before those that waited while the destination was away.
const RECOVERY: Millis = 600_000;

/// An attempt whose end nobody told: the platform has ended its invocation.
const FORGOTTEN: Millis = 1_000_000;

/// Destinations that are told apart: a message can name any.
const DESTINATIONS_MAX: usize = 64;

/// What is known of all destinations.
#[derive(Debug, Default)]
pub struct Breakers {
    destinations: BTreeMap<String, Breaker>,
    attempts: u64,
}

/// An attempt that was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    /// Until when it is left alone, while it fails.
    open_until: Millis,
    /// When it was last back after a failure.
    back_since: Option<Millis>,
    /// What an answer usually takes.
    usual: Millis,
    attempts: BTreeMap<Ticket, Attempt>,
}

#[derive(Debug)]
struct Attempt {
    /// When it began, or had its last answer.
    heard: Millis,
    begun: Millis,
    is_late: bool,
}

impl Breakers {
    /// Lets an attempt through, or says how long its message has to wait. `delivery`: how often the queue has
    /// delivered the message, from 1; `chance`: from 0 to 1.
    ///
    /// # Errors
    ///
    /// So many milliseconds.
    pub fn begin(
        &mut self,
        name: &str,
        delivery: u32,
        chance: f64,
        now: Millis,
    ) -> Result<Ticket, Millis> {
        if !self.destinations.contains_key(name) && self.destinations.len() >= DESTINATIONS_MAX {
            self.destinations.pop_first();
        }
        let destination = self.destinations.entry(name.to_owned()).or_default();
        let is_late = delivery > 1;
        destination.may_begin(is_late, now).map_err(|wait| {
            let longer = backoff::redelivery(PUT_BACK_BASE, delivery, PUT_BACK_MAX, chance);
            wait.max(longer.as_millis() as Millis)
        })?;
        self.attempts += 1;
        let ticket = Ticket(self.attempts);
        let attempt = Attempt {
            heard: now,
            begun: now,
            is_late,
        };
        destination.attempts.insert(ticket, attempt);
        Ok(ticket)
    }

    /// The destination has taken something.
    pub fn taken(&mut self, name: &str, ticket: Ticket, now: Millis) {
        if let Some(destination) = self.destinations.get_mut(name) {
            destination.taken(ticket, now);
        }
    }

    /// The destination has failed; `chance`: from 0 to 1.
    pub fn failed(&mut self, name: &str, ticket: Ticket, chance: f64, now: Millis) {
        if let Some(destination) = self.destinations.get_mut(name) {
            destination.failed(ticket, chance, now);
        }
    }

    /// Whether an attempt whose request is out since `since` is to be given up: the destination does not
    /// answer, and others of its attempts, begun earlier, hold its share of the consumers.
    #[must_use]
    pub fn is_crowded_out(&self, name: &str, ticket: Ticket, since: Millis, now: Millis) -> bool {
        let destination = self.destinations.get(name);
        destination.is_some_and(|destination| destination.is_crowded_out(ticket, since, now))
    }

    /// The attempt is over, whatever came of it.
    pub fn ended(&mut self, name: &str, ticket: Ticket) {
        if let Some(destination) = self.destinations.get_mut(name) {
            destination.attempts.remove(&ticket);
        }
    }
}

impl Breaker {
    fn may_begin(&mut self, is_late: bool, now: Millis) -> Result<(), Millis> {
        self.attempts
            .retain(|_, attempt| now < attempt.begun + FORGOTTEN);
        if self.failures > 0 {
            if now < self.open_until {
                return Err(self.open_until - now);
            }
            // The probe.
            return match self.attempts.is_empty() {
                true => Ok(()),
                false => Err(SOON),
            };
        }
        let patience = PATIENCE_MIN.max(PATIENCE * self.usual);
        let mut attempts = self.attempts.values();
        if self.attempts.len() >= SHARE && attempts.any(|attempt| now > attempt.heard + patience) {
            return Err(SOON);
        }
        let is_recovering = self.back_since.is_some_and(|back| now < back + RECOVERY);
        let late = self.attempts.values().filter(|attempt| attempt.is_late);
        if is_late && is_recovering && late.count() >= SHARE {
            return Err(SOON);
        }
        Ok(())
    }

    fn is_crowded_out(&self, ticket: Ticket, since: Millis, now: Millis) -> bool {
        let patience = match self.usual {
            0 => SILENCE_UNKNOWN,
            usual => SILENCE_MIN.max(PATIENCE * usual),
        };
        let Some(own) = self.attempts.get(&ticket) else {
            return false;
        };
        let is_longer =
            |(other, attempt): &(&Ticket, &Attempt)| (attempt.heard, **other) < (own.heard, ticket);
        now > since + patience && self.attempts.iter().filter(is_longer).count() >= SHARE
    }

    fn taken(&mut self, ticket: Ticket, now: Millis) {
        if self.failures > 0 {
            self.failures = 0;
            self.back_since = Some(now);
        }
        if let Some(attempt) = self.attempts.get_mut(&ticket) {
            let took = now.saturating_sub(attempt.heard);
            // The mean of the last few.
            self.usual = (7 * self.usual + took) / 8;
            attempt.heard = now;
        }
    }

    fn failed(&mut self, ticket: Ticket, chance: f64, now: Millis) {
        let attempt = self.attempts.get(&ticket);
        let took = attempt.map_or(0, |attempt| now.saturating_sub(attempt.begun));
        let doubled = OPEN_MIN.saturating_mul(1 << self.failures.min(10));
        self.failures = self.failures.saturating_add(1);
        let pause = PAUSE.saturating_mul(took).min(PAUSE_MAX);
        let open = doubled.min(OPEN_MAX).max(pause);
        // Up to twice that, so that several isolates do not try it at the same moment.
        let longer = open.saturating_add((open as f64 * chance.clamp(0.0, 1.0)) as Millis);
        self.open_until = self.open_until.max(now + longer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const D: &str = "siem";

    fn go(breakers: &mut Breakers, now: Millis) -> Ticket {
        breakers.begin(D, 1, 0.0, now).unwrap()
    }

    fn fail(breakers: &mut Breakers, ticket: Ticket, now: Millis) {
        breakers.failed(D, ticket, 0.0, now);
        breakers.ended(D, ticket);
    }

    #[test]
    fn a_destination_that_fails_is_left_alone_and_then_tried_by_one() {
        let mut breakers = Breakers::default();
        let first = go(&mut breakers, 0);
        fail(&mut breakers, first, 100);
        assert_eq!(breakers.begin(D, 1, 0.0, 100), Err(OPEN_MIN));
        assert!(breakers.begin(D, 2, 0.0, 100 + OPEN_MIN - 1).is_err());
        assert!(breakers.begin("lake", 1, 0.0, 100).is_ok(), "another one");
        let probe = go(&mut breakers, 100 + OPEN_MIN);
        assert_eq!(breakers.begin(D, 1, 0.0, 100 + OPEN_MIN), Err(SOON));
        let late = 40_000 + OPEN_MIN;
        fail(&mut breakers, probe, late);
        let took = late - 100 - OPEN_MIN;
        assert_eq!(breakers.begin(D, 1, 0.0, late), Err(PAUSE * took));
        let probe = go(&mut breakers, late + PAUSE * took);
        breakers.taken(D, probe, late + PAUSE * took + 50);
        assert!(breakers.begin(D, 1, 0.0, late + PAUSE * took + 50).is_ok());
    }

    #[test]
    fn the_pauses_double_up_to_five_minutes() {
        let mut breakers = Breakers::default();
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..8 {
            let probe = go(&mut breakers, now);
            fail(&mut breakers, probe, now);
            let wait = breakers.begin(D, 1, 0.0, now).unwrap_err();
            waits.push(wait / 1_000);
            now += wait;
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300, 300]);
    }

    #[test]
    fn one_that_does_not_answer_holds_a_fifth_of_the_consumers() {
        let mut breakers = Breakers::default();
        for n in 0..50 {
            let ticket = go(&mut breakers, n * 10);
            breakers.taken(D, ticket, n * 10 + 5);
            breakers.ended(D, ticket);
        }
        // One upload a second, and no answer any more.
        let begun: Vec<_> = (0..30)
            .filter(|n| breakers.begin(D, 1, 0.0, 1_000 + n * 1_000).is_ok())
            .collect();
        assert_eq!(begun, [0, 1, 2]);
    }

    #[test]
    fn attempts_beyond_a_fifth_are_given_up_where_nothing_answers() {
        for answer in [0, 300, 4_000] {
            let mut breakers = Breakers::default();
            for _ in 0..100 {
                let ticket = go(&mut breakers, 0);
                breakers.taken(D, ticket, answer);
                breakers.ended(D, ticket);
            }
            let patience = match breakers.destinations[D].usual {
                0 => SILENCE_UNKNOWN,
                usual => SILENCE_MIN.max(PATIENCE * usual),
            };
            let begun = 100_000;
            let tickets: Vec<_> = (0..6).map(|_| go(&mut breakers, begun)).collect();
            let given_up = |breakers: &Breakers, since, now| -> Vec<usize> {
                let is_out = |n: &usize| breakers.is_crowded_out(D, tickets[*n], since, now);
                (0..tickets.len()).filter(is_out).collect()
            };
            let late = begun + patience + 1;
            assert!(given_up(&breakers, begun, late - 1).is_empty());
            assert_eq!(given_up(&breakers, begun, late), [2, 3, 4, 5], "{answer}");
            // What was sent just now is waited for as long.
            assert!(given_up(&breakers, late, late).is_empty());
            for ticket in &tickets[2..] {
                fail(&mut breakers, *ticket, late);
            }
            assert!(given_up(&breakers, begun, late + 60_000).is_empty());
        }
    }

    #[test]
    fn one_that_is_slow_is_no_failure() {
        let mut breakers = Breakers::default();
        let mut now = 0;
        for _ in 0..40 {
            let ticket = go(&mut breakers, now);
            now += 6_000;
            breakers.taken(D, ticket, now);
            breakers.ended(D, ticket);
        }
        let begun = (0..8).filter(|n| breakers.begin(D, 1, 0.0, now + n * 1_000).is_ok());
        assert_eq!(begun.count(), 8);
    }

    #[test]
    fn fresh_uploads_go_before_those_that_waited() {
        let mut breakers = Breakers::default();
        let late = |breakers: &mut Breakers, now| breakers.begin(D, 2, 0.0, now);
        // As long as nothing has failed, a message that comes again is as any other.
        for _ in 0..2 * SHARE {
            let ticket = late(&mut breakers, 0).unwrap();
            breakers.ended(D, ticket);
        }
        let first = go(&mut breakers, 0);
        fail(&mut breakers, first, 0);
        let probe = late(&mut breakers, OPEN_MIN).unwrap();
        breakers.taken(D, probe, OPEN_MIN);
        breakers.ended(D, probe);
        let tickets: Vec<_> = (0..SHARE)
            .map(|_| late(&mut breakers, OPEN_MIN).unwrap())
            .collect();
        assert!(late(&mut breakers, OPEN_MIN).is_err());
        assert!(breakers.begin(D, 1, 0.0, OPEN_MIN).is_ok());
        breakers.ended(D, tickets[0]);
        assert!(late(&mut breakers, OPEN_MIN).is_ok());
    }

    #[test]
    fn isolates_do_not_come_back_at_the_same_moment() {
        for (chance, expected) in [
            (0.0, OPEN_MIN),
            (0.5, OPEN_MIN * 3 / 2),
            (1.0, OPEN_MIN * 2),
        ] {
            let mut breakers = Breakers::default();
            let first = go(&mut breakers, 0);
            breakers.failed(D, first, chance, 0);
            assert_eq!(breakers.begin(D, 1, 0.0, 0), Err(expected));
        }
    }

    #[test]
    fn a_message_that_comes_again_and_again_waits_longer() {
        let mut breakers = Breakers::default();
        let first = go(&mut breakers, 0);
        fail(&mut breakers, first, 0);
        for (delivery, chance, expected) in [
            (1, 0.0, OPEN_MIN),
            (1, 1.0, OPEN_MIN),
            (4, 1.0, 80_000),
            (4, 0.0, 40_000),
            (90, 1.0, 900_000),
        ] {
            let wait = breakers.begin(D, delivery, chance, 0);
            assert_eq!(wait, Err(expected), "{delivery} {chance}");
        }
    }

    #[test]
    fn attempts_that_nobody_ended_are_forgotten() {
        let mut breakers = Breakers::default();
        let first = go(&mut breakers, 0);
        fail(&mut breakers, first, 0);
        go(&mut breakers, OPEN_MIN);
        assert_eq!(breakers.begin(D, 1, 0.0, OPEN_MIN + 1), Err(SOON));
        assert!(breakers.begin(D, 1, 0.0, OPEN_MIN + FORGOTTEN).is_ok());
        for n in 0..1_000 {
            let _ = breakers.begin(&format!("d{n}"), 1, 0.0, 0);
        }
        assert!(breakers.destinations.len() <= DESTINATIONS_MAX);
    }
}
