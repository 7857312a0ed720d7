//! What a part of the ledger tells the board: facts that may be told again, and never differences,
//! so that a report that is lost or comes twice does no harm.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::durable::key;
use crate::durable::state::State;
use crate::ledger::Counts;
use crate::ledger::counters::{Counters, Lags, packed};

/// What came of a part's uploads so far. One row, written with the row of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Tally {
    /// The name of the part, which an alarm does not tell.
    pub(crate) shard: String,
    /// When the tally began, and how often it has changed: an earlier report may come later.
    pub(crate) born: u64,
    pub(crate) changes: u64,
    #[serde(with = "packed")]
    pub(crate) totals: Counters,
    pub(crate) lags: Lags,
    /// The longest lag of each of the last minutes.
    pub(crate) worst: BTreeMap<u64, u64>,
    /// The last uploads of which an attempt has ended, the newest last.
    pub(crate) latest: Vec<Upload>,
    /// Fields that the mapping does not know, and when they came last.
    pub(crate) drift: BTreeMap<String, u64>,
    /// When the last upload arrived, of which an attempt has ended.
    pub(crate) last_arrival: u64,
    pub(crate) last_delivery: u64,
    /// When a dead letter was written or replayed last.
    pub(crate) letters_at: u64,
    /// When any of this changed last.
    pub(crate) at: u64,
}

/// An upload, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) fate: Fate,
    /// Times are milliseconds since 1970.
    pub(crate) arrived: u64,
    /// When the last attempt ended.
    pub(crate) at: u64,
    /// 0 where it is not known.
    pub(crate) bytes: u64,
    /// Lines counted at arrival, then records.
    pub(crate) records: u64,
    pub(crate) errors: u64,
    pub(crate) refused: u64,
    pub(crate) attempts: u32,
    /// When the next attempt is due; 0 where none is planned.
    pub(crate) next_attempt: u64,
    pub(crate) lag_ms: u64,
    /// Why the last attempt failed, or why there is a dead letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    #[default]
    Waiting,
    Delivered,
    DeadLetter,
    /// A dead letter that was delivered after all.
    Replayed,
}

/// Uploads of a part that are not delivered yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Backlog {
    pub(crate) uploads: u64,
    pub(crate) bytes: u64,
    /// The oldest first.
    pub(crate) oldest: Vec<Upload>,
}

/// What a part reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) tally: Tally,
    pub(crate) backlog: Backlog,
}

/// The latest uploads of a part: with 16 of them, some 60 of a dataset.
const LATEST: usize = 4;

/// Reports come once a minute: one that fails is made up for by the next.
const WORST_MINUTES: usize = 3;

/// Unknown fields that a part remembers: a drift has a few, hostile records have thousands.
const DRIFT: usize = 32;

/// An error's text as it is shown.
const ERROR_MAX: usize = 300;

const MINUTE: u64 = 60_000;

impl Tally {
    /// An upload was delivered to its end.
    pub(crate) fn delivered(&mut self, state: &State, counts: &Counts, now: u64) {
        self.totals.add(&Counters {
            uploads: 1,
            records: counts.records,
            bytes: counts.bytes,
            errors: counts.errors,
            refused: counts.refused,
            requests: counts.requests,
            retries: counts.retries,
            lag_ms: counts.lag_ms,
            ..Counters::default()
        });
        self.lags.count(counts.lag_ms);
        let worst = self.worst.entry(now / MINUTE).or_default();
        *worst = (*worst).max(counts.lag_ms);
        while self.worst.len() > WORST_MINUTES {
            self.worst.pop_first();
        }
        for field in &counts.unknown_fields {
            self.drift.insert(field.clone(), now);
        }
        while self.drift.len() > DRIFT {
            let Some(oldest) = self.drift.iter().min_by_key(|(_, last)| **last) else {
                break;
            };
            let oldest = oldest.0.clone();
            self.drift.remove(&oldest);
        }
        self.last_delivery = now;
        self.tell(
            Upload {
                fate: Fate::Delivered,
                bytes: counts.bytes,
                records: counts.records,
                errors: counts.errors,
                refused: counts.refused,
                lag_ms: counts.lag_ms,
                error: None,
                ..Upload::of(state)
            },
            now,
        );
    }

    /// An attempt has failed; without an error it was only handed over.
    pub(crate) fn failed(&mut self, state: &State, error: Option<&str>, now: u64) {
        let Some(error) = error else { return };
        self.totals.failed_attempts += 1;
        let fate = if state.key.starts_with(key::DEAD) {
            Fate::DeadLetter
        } else {
            Fate::Waiting
        };
        self.tell(
            Upload {
                fate,
                error: Some(beginning(error)),
                ..Upload::of(state)
            },
            now,
        );
    }

    /// A dead letter was written; `is_whole`: it is the whole upload.
    pub(crate) fn died(&mut self, upload: Upload, is_whole: bool, reason: &str, now: u64) {
        self.totals.dead_letters += 1;
        if is_whole {
            self.tell(
                Upload {
                    fate: Fate::DeadLetter,
                    error: Some(beginning(reason)),
                    ..upload
                },
                now,
            );
        }
        self.letters_at = now;
        self.at = now;
    }

    /// A dead letter was delivered, and is gone.
    pub(crate) fn replayed(&mut self, state: &State, now: u64) {
        self.totals.replayed += 1;
        self.letters_at = now;
        self.tell(
            Upload {
                fate: Fate::Replayed,
                ..Upload::of(state)
            },
            now,
        );
    }

    fn tell(&mut self, upload: Upload, now: u64) {
        self.at = now;
        self.last_arrival = self.last_arrival.max(upload.arrived);
        self.latest.retain(|other| other.key != upload.key);
        self.latest.push(Upload { at: now, ..upload });
        if self.latest.len() > LATEST {
            self.latest.remove(0);
        }
    }
}

impl Upload {
    pub(crate) fn of(state: &State) -> Self {
        Self {
            key: state.key.clone(),
            fate: Fate::Waiting,
            arrived: state.arrived,
            at: 0,
            bytes: state.bytes,
            records: state.records.unwrap_or(state.lines),
            attempts: state.attempts,
            next_attempt: state.next_attempt,
            error: state.last_error.as_deref().map(beginning),
            ..Self::default()
        }
    }
}

fn beginning(text: &str) -> String {
    text.chars().take(ERROR_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(n: u64) -> State {
        State::arrived(&format!("uploads/{n}"), n, 10, 5)
    }

    fn counts(lag_ms: u64, unknown: &[&str]) -> Counts {
        Counts {
            records: 5,
            bytes: 10,
            lag_ms,
            unknown_fields: unknown.iter().map(|name| (*name).to_owned()).collect(),
            ..Counts::default()
        }
    }

    #[test]
    fn the_latest_are_few_and_each_is_there_once() {
        let mut tally = Tally::default();
        for n in 0..20 {
            tally.failed(&state(n), Some("down"), n);
            tally.delivered(&state(n), &counts(n, &[]), n);
        }
        let keys: Vec<_> = tally.latest.iter().map(|upload| &upload.key).collect();
        assert_eq!(
            keys,
            ["uploads/16", "uploads/17", "uploads/18", "uploads/19"]
        );
        assert!(
            tally
                .latest
                .iter()
                .all(|upload| upload.fate == Fate::Delivered)
        );
        assert_eq!(tally.totals.uploads, 20);
        assert_eq!(tally.totals.failed_attempts, 20);
        assert_eq!(tally.totals.lag_ms, (0..20).sum::<u64>());
    }

    #[test]
    fn what_grows_with_hostile_records_is_bounded() {
        let mut tally = Tally::default();
        for n in 0..200 {
            let name = format!("Field{n}");
            tally.delivered(&state(n), &counts(1, &[&name]), n * MINUTE);
        }
        assert_eq!(tally.drift.len(), DRIFT);
        assert!(tally.drift.contains_key("Field199"));
        assert_eq!(tally.worst.len(), WORST_MINUTES);
        tally.failed(&state(1), Some(&"é".repeat(5000)), 1);
        let error = tally.latest.last().and_then(|upload| upload.error.clone());
        assert_eq!(error.map(|error| error.chars().count()), Some(ERROR_MAX));
    }

    #[test]
    fn a_handed_over_upload_has_not_failed() {
        let mut tally = Tally::default();
        tally.failed(&state(1), None, 1);
        assert_eq!(tally, Tally::default());
    }
}
