//! Two destinations, one of which swallows connections: how late the other gets its uploads, in a simulated
//! hour. `npm run chaos -- --silent-destination` measures it in the Worker.

use core::time::Duration;
use std::collections::BTreeSet;

use logpush_delivery::Millis;
use logpush_delivery::backoff;
use logpush_delivery::breaker::{Breakers, CONSUMERS, Ticket};
use logpush_delivery::jitter::Jitter;

const HOUR: Millis = 3_600_000;
/// How long an upload takes where all is well, and where nothing is answered: the budget of 25 s takes three
/// requests with a timeout of 15 s.
const WELL: Millis = 300;
const IN_VAIN: Millis = 47_000;

/// By then, attempts beyond the share of a destination that has never answered are given up.
const HELD: Millis = 12_000;

/// How often a request that is out is looked at.
const LOOK_EVERY: Millis = 1_000;

/// A message that is put back at once.
const PUT_BACK: Millis = 10;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Message {
    due: Millis,
    /// Which of the uploads, for each destination.
    number: u64,
    is_bad: bool,
    attempts: u32,
}

/// What a consumer has in hand, and until when.
struct Work {
    until: Millis,
    begun: Millis,
    isolate: usize,
    message: Message,
    ticket: Option<Ticket>,
}

/// The lags of the good destination's uploads, by percentile, and the most consumers that the other held.
struct Course {
    p50: Millis,
    p95: Millis,
    held: usize,
}

/// `every`: milliseconds from one upload to the next; `isolates`: nothing where each attempt may begin.
fn run(with_bad: bool, every: Millis, isolates: Option<usize>) -> Course {
    let mut queue: BTreeSet<Message> = BTreeSet::new();
    for number in 0..HOUR / every {
        for is_bad in [false, true] {
            if !is_bad || with_bad {
                queue.insert(Message {
                    due: number * every,
                    number,
                    is_bad,
                    attempts: 1,
                });
            }
        }
    }
    let mut breakers: Vec<Breakers> = Vec::new();
    breakers.resize_with(isolates.unwrap_or(1), Breakers::default);
    let (mut working, mut lags, mut held): (Vec<Work>, Vec<Millis>, usize) =
        (Vec::new(), Vec::new(), 0);
    let mut jitter = Jitter::new(1);
    let mut now = 0;
    while now < 2 * HOUR && (lags.len() as u64) < HOUR / every {
        // What is given up.
        for work in working.iter_mut().filter(|work| work.message.is_bad) {
            let all = &breakers[work.isolate];
            if let (Some(ticket), Some(_)) = (work.ticket, isolates)
                && all.is_crowded_out("bad", ticket, work.begun, now)
            {
                work.until = now;
            }
        }
        // What has ended by now.
        for work in working
            .extract_if(.., |work| work.until <= now)
            .collect::<Vec<_>>()
        {
            let Some(ticket) = work.ticket else { continue };
            let all = &mut breakers[work.isolate];
            if work.message.is_bad {
                all.failed("bad", ticket, jitter.chance(), now);
                all.ended("bad", ticket);
                let wait = backoff::redelivery(
                    Duration::from_secs(30),
                    work.message.attempts,
                    Duration::from_secs(3_600),
                    0.5,
                );
                queue.insert(Message {
                    due: now + wait.as_millis() as Millis,
                    attempts: work.message.attempts + 1,
                    ..work.message
                });
            } else {
                all.taken("good", ticket, now);
                all.ended("good", ticket);
                lags.push(now - work.message.number * every);
            }
        }
        // What may begin.
        while working.len() < CONSUMERS
            && let Some(message) = queue.first().copied().filter(|message| message.due <= now)
        {
            queue.pop_first();
            // The isolate that has the least to do.
            let load = |isolate: usize| {
                working
                    .iter()
                    .filter(|work| work.isolate == isolate)
                    .count()
            };
            let isolate = (0..breakers.len())
                .min_by_key(|&isolate| load(isolate))
                .unwrap();
            let chance = jitter.chance();
            let name = if message.is_bad { "bad" } else { "good" };
            let begun = match isolates {
                Some(_) => breakers[isolate].begin(name, message.attempts, chance, now),
                None => Breakers::default().begin("any", 1, chance, now),
            };
            let (ticket, took) = match begun {
                Ok(ticket) if message.is_bad => (Some(ticket), IN_VAIN),
                Ok(ticket) => (Some(ticket), WELL),
                Err(wait) => {
                    queue.insert(Message {
                        due: now + wait,
                        attempts: message.attempts + 1,
                        ..message
                    });
                    (None, PUT_BACK)
                }
            };
            working.push(Work {
                until: now + took,
                begun: now,
                isolate,
                message,
                ticket,
            });
        }
        let is_held =
            |work: &&Work| work.message.is_bad && work.ticket.is_some() && now > work.begun + HELD;
        held = held.max(working.iter().filter(is_held).count());
        let look = working
            .iter()
            .any(|work| work.message.is_bad)
            .then(|| (now / LOOK_EVERY + 1) * LOOK_EVERY);
        let next = working.iter().map(|work| work.until).min();
        let due = queue
            .first()
            .map(|message| message.due)
            .filter(|_| working.len() < CONSUMERS);
        now = [next, due, look]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(now + 1)
            .max(now + 1);
    }
    lags.sort_unstable();
    let at = |part: usize| lags[lags.len() * part / 100];
    Course {
        p50: at(50),
        p95: at(95),
        held,
    }
}

#[test]
fn a_destination_that_swallows_connections_delays_no_other() {
    for every in [1_000, 250] {
        let alone = run(false, every, Some(1));
        assert_eq!(alone.p95, WELL);
        for isolates in [1, 2, 5, 10] {
            let course = run(true, every, Some(isolates));
            let told = format!("{isolates} isolates, every {every} ms");
            assert!(
                course.p95 * 10 <= alone.p95 * 11,
                "{told}: {} ms at the 95th percentile",
                course.p95
            );
            // Each isolate has to find out by itself.
            assert!(
                course.held <= isolates * CONSUMERS / 5,
                "{told}: {} consumers",
                course.held
            );
        }
    }
    // Without that, it holds them all.
    assert!(run(true, 1_000, None).p50 > 60_000);
}

#[test]
fn the_consumers_are_as_many_as_the_worker_is_deployed_with() {
    let wrangler = include_str!("../../../../wrangler.toml");
    let stated = format!("max_concurrency = {CONSUMERS}\n");
    assert!(
        wrangler.contains(&stated),
        "wrangler.toml has another max_concurrency"
    );
}
