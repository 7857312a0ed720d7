//! What a part of the ledger tells the board: facts that may be told again, and never differences,
//! so that a report that is lost or comes twice does no harm.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::counters::{Counters, Lags, packed};

/// What an upload came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub records: u64,
    pub errors: u64,
    pub refused: u64,
    pub bytes: u64,
    pub batches: u64,
    pub requests: u64,
    pub retries: u64,
    /// From the time of the newest event to the end of delivery; from arrival, where no event has a time.
    pub lag_ms: u64,
    /// Names of fields that the mapping does not know.
    pub unknown_fields: Vec<String>,
}

/// What came of a part's uploads so far. One row, written with the row of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// The name of the part, which an alarm does not tell.
    pub shard: String,
    /// When the tally began, and how often it has changed: an earlier report may come later.
    pub born: u64,
    pub changes: u64,
    #[serde(with = "packed")]
    pub totals: Counters,
    pub lags: Lags,
    /// The longest lag of each of the last minutes.
    pub worst: BTreeMap<u64, u64>,
    /// The last uploads of which an attempt has ended, the newest last.
    pub latest: Vec<Upload>,
    /// Fields that the mapping does not know, and when they came last.
    pub drift: BTreeMap<String, u64>,
    /// When the last upload arrived, of which an attempt has ended.
    pub last_arrival: u64,
    pub last_delivery: u64,
    /// When a dead letter was written or replayed last.
    pub letters_at: u64,
    /// When any of this changed last.
    pub at: u64,
}

/// An upload, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Upload {
    pub key: String,
    pub fate: Fate,
    /// Times are milliseconds since 1970.
    pub arrived: u64,
    /// When the last attempt ended.
    pub at: u64,
    /// 0 where it is not known.
    pub bytes: u64,
    /// Lines counted at arrival, then records.
    pub records: u64,
    pub errors: u64,
    pub refused: u64,
    pub attempts: u32,
    /// When the next attempt is due; 0 where none is planned.
    pub next_attempt: u64,
    pub lag_ms: u64,
    /// Why the last attempt failed, or why there is a dead letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
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
pub struct Backlog {
    pub uploads: u64,
    pub bytes: u64,
    /// The oldest first.
    pub oldest: Vec<Upload>,
}

/// What a part reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub tally: Tally,
    pub backlog: Backlog,
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
    pub fn delivered(&mut self, upload: Upload, counts: &Counts, now: u64) {
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
                ..upload
            },
            now,
        );
    }

    /// An attempt has failed; without an error it was only handed over.
    pub fn failed(&mut self, upload: Upload, error: Option<&str>, now: u64) {
        let Some(error) = error else { return };
        self.totals.failed_attempts += 1;
        self.tell(
            Upload {
                error: Some(beginning(error)),
                ..upload
            },
            now,
        );
    }

    /// A dead letter was written; `is_whole`: it is the whole upload.
    pub fn died(&mut self, upload: Upload, is_whole: bool, reason: &str, now: u64) {
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
    pub fn replayed(&mut self, upload: Upload, now: u64) {
        self.totals.replayed += 1;
        self.letters_at = now;
        self.tell(
            Upload {
                fate: Fate::Replayed,
                ..upload
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

/// An error's text as it is kept.
pub fn beginning(text: &str) -> String {
    text.chars().take(ERROR_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(n: u64) -> Upload {
        Upload {
            key: format!("uploads/{n}"),
            arrived: n,
            ..Upload::default()
        }
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
            tally.failed(upload(n), Some("down"), n);
            tally.delivered(upload(n), &counts(n, &[]), n);
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
            tally.delivered(upload(n), &counts(1, &[&name]), n * MINUTE);
        }
        assert_eq!(tally.drift.len(), DRIFT);
        assert!(tally.drift.contains_key("Field199"));
        assert_eq!(tally.worst.len(), WORST_MINUTES);
        tally.failed(upload(1), Some(&"é".repeat(5000)), 1);
        let error = tally.latest.last().and_then(|upload| upload.error.clone());
        assert_eq!(error.map(|error| error.chars().count()), Some(ERROR_MAX));
    }

    #[test]
    fn a_handed_over_upload_has_not_failed() {
        let mut tally = Tally::default();
        tally.failed(upload(1), None, 1);
        assert_eq!(tally, Tally::default());
    }
}
