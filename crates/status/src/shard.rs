//! The stats that a shard of the ledger keeps and reports to the overview. A report carries totals,
//! never differences, so that one that is lost or comes twice does no harm.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::counters::{Counters, Lags, packed};

/// The counts of one delivered upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UploadCounts {
    pub records: u64,
    pub errors: u64,
    pub bytes: u64,
    pub batches: u64,
    pub requests: u64,
    pub retries: u64,
    /// Records that the destination had before.
    pub duplicates: u64,
    /// Time from the newest event to the end of the delivery; from the arrival, if no event has a time.
    pub lag_ms: u64,
    /// Names of fields that the mapping does not know.
    pub unknown_fields: Vec<String>,
    /// What the destination's rules did, by their names.
    pub rules: BTreeMap<String, RuleTotals>,
}

/// What a rule did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleTotals {
    /// Records that its action decided on, or whose fields it changed.
    pub fits: u64,
    /// Of these, the ones that it dropped.
    pub dropped: u64,
}

impl RuleTotals {
    /// Adds what `now` has more than `earlier`; all of it, where counting has started anew.
    pub(crate) fn add_since(&mut self, now: Self, earlier: Self) {
        let is_anew = now.fits < earlier.fits || now.dropped < earlier.dropped;
        let earlier = if is_anew { Self::default() } else { earlier };
        self.fits += now.fits - earlier.fits;
        self.dropped += now.dropped - earlier.dropped;
    }
}

/// What became of the records of an upload that has come to its end at one destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub records: u64,
    pub delivered: u64,
    pub dropped: u64,
    pub refused: u64,
    pub unknown: u64,
    pub lost: u64,
}

impl Sum {
    fn counters(&self) -> Counters {
        Counters {
            records: self.records,
            delivered: self.delivered,
            dropped: self.dropped,
            refused: self.refused,
            unknown: self.unknown,
            lost_records: self.lost,
            ..Counters::default()
        }
    }
}

/// The stats of one shard since it was created. One row, written together with the row of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShardStats {
    /// The name of the shard. It is kept because an alarm does not carry it.
    pub shard: String,
    /// When these stats were created, and how often they have changed since. The pair orders
    /// reports, which may arrive in another order.
    pub created_at: u64,
    pub revision: u64,
    /// Those of all destinations.
    #[serde(with = "packed")]
    pub totals: Counters,
    pub lags: Lags,
    pub destinations: BTreeMap<String, DestinationStats>,
    /// The longest lag of each of the last minutes, by the minute's number since 1970.
    pub worst: BTreeMap<u64, u64>,
    /// The latest uploads for which an attempt has ended, the newest last.
    pub latest: Vec<Upload>,
    /// Fields that the mapping does not know, and when each was last seen.
    pub unknown_fields: BTreeMap<String, u64>,
    /// The latest arrival among the uploads for which an attempt has ended.
    pub last_arrival: u64,
    pub last_delivery: u64,
    /// When a dead letter was last written or replayed.
    pub dead_letters_at: u64,
    /// When any of this last changed.
    pub at: u64,
}

/// The part of a shard's stats that is of one destination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DestinationStats {
    #[serde(with = "packed")]
    pub totals: Counters,
    pub lags: Lags,
    pub last_delivery: u64,
    /// What its rules did, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, RuleTotals>,
}

/// An upload as the operator sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Upload {
    /// Its identity; of one that waits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub key: String,
    /// Where it goes.
    pub destination: String,
    pub outcome: UploadOutcome,
    /// Times are milliseconds since 1970.
    pub arrived: u64,
    /// When the last attempt ended.
    pub at: u64,
    /// 0 if it is not known.
    pub bytes: u64,
    /// The lines counted at arrival until the delivery has counted the records.
    pub records: u64,
    pub errors: u64,
    pub refused: u64,
    pub attempts: u32,
    /// When the next attempt is due; 0 if none is planned.
    pub next_attempt: u64,
    pub lag_ms: u64,
    /// Why the last attempt failed, or why there is a dead letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether that is for the operator to repair.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub held: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadOutcome {
    #[default]
    Waiting,
    Delivered,
    DeadLetter,
    /// A dead letter that was delivered later.
    Replayed,
    /// Its object is gone before all of it was delivered.
    Lost,
    /// The operator gave up its destination.
    Dropped,
}

/// The uploads of a shard that are not delivered yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Backlog {
    pub uploads: u64,
    pub bytes: u64,
    /// As far as they are known: those of an upload that Logpush stored are counted when it was read.
    pub records: u64,
    /// The oldest first.
    pub oldest: Vec<Upload>,
}

/// What a shard reports to the overview.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub stats: ShardStats,
    /// What waits, by destination.
    #[serde(default)]
    pub backlog: BTreeMap<String, Backlog>,
}

/// Latest uploads that a shard remembers. A dataset has 16 shards, so some 60 in all.
const LATEST: usize = 4;

/// Minutes whose longest lag a shard remembers. A shard reports once a minute, and the next report
/// makes up for one that fails.
const WORST_MINUTES: usize = 3;

/// Unknown fields that a shard remembers. A new version of a dataset has a few, hostile records have
/// thousands.
const UNKNOWN_FIELDS_MAX: usize = 32;

/// Destinations that are told apart. A message of the queue can name any.
const DESTINATIONS_MAX: usize = 32;

/// Rules of a destination that are told apart, old names included: it has 100 at most.
const RULES_MAX: usize = 200;

/// Characters of an error's text that are kept.
const ERROR_MAX: usize = 300;

const MINUTE: u64 = 60_000;

impl DestinationStats {
    fn count_rule(&mut self, name: &str, counts: RuleTotals) {
        if self.rules.contains_key(name) || self.rules.len() < RULES_MAX {
            let rule = self.rules.entry(name.to_owned()).or_default();
            rule.add_since(counts, RuleTotals::default());
        }
    }
}

impl ShardStats {
    /// Counts an upload that was delivered completely.
    pub fn delivered(&mut self, upload: Upload, counts: &UploadCounts, sum: &Sum, now: u64) {
        let counters = Counters {
            uploads: 1,
            bytes: counts.bytes,
            errors: counts.errors,
            requests: counts.requests,
            retries: counts.retries,
            duplicates: counts.duplicates,
            lag_ms: counts.lag_ms,
            ..sum.counters()
        };
        self.add(&upload.destination, &counters);
        self.lags.count(counts.lag_ms);
        if let Some(destination) = self.destination(&upload.destination) {
            destination.lags.count(counts.lag_ms);
            destination.last_delivery = now;
            for (name, counts) in &counts.rules {
                destination.count_rule(name, *counts);
            }
        }
        let worst = self.worst.entry(now / MINUTE).or_default();
        *worst = (*worst).max(counts.lag_ms);
        while self.worst.len() > WORST_MINUTES {
            self.worst.pop_first();
        }
        for field in &counts.unknown_fields {
            self.unknown_fields.insert(field.clone(), now);
        }
        while self.unknown_fields.len() > UNKNOWN_FIELDS_MAX {
            let Some(oldest) = self.unknown_fields.iter().min_by_key(|(_, last)| **last) else {
                break;
            };
            let oldest = oldest.0.clone();
            self.unknown_fields.remove(&oldest);
        }
        self.last_delivery = now;
        self.remember(
            Upload {
                outcome: UploadOutcome::Delivered,
                bytes: counts.bytes,
                records: counts.records,
                errors: counts.errors,
                refused: sum.refused,
                lag_ms: counts.lag_ms,
                error: None,
                ..upload
            },
            now,
        );
    }

    /// Counts a failed attempt. Without an error the upload was only handed over to another attempt.
    pub fn failed(&mut self, upload: Upload, error: Option<&str>, now: u64) {
        let Some(error) = error else { return };
        let counters = Counters {
            failed_attempts: 1,
            ..Counters::default()
        };
        self.add(&upload.destination, &counters);
        self.remember(
            Upload {
                error: Some(error_excerpt(error)),
                ..upload
            },
            now,
        );
    }

    /// Counts a dead letter of documents. Their records are counted with the end of their upload.
    pub fn dead_lettered(&mut self, upload: &Upload, now: u64) {
        self.count_dead_letter(upload, &Sum::default(), now);
        self.at = now;
    }

    /// Counts an upload that ends as a dead letter.
    pub fn given_up(&mut self, upload: Upload, reason: &str, sum: &Sum, now: u64) {
        self.count_dead_letter(&upload, sum, now);
        self.remember(
            Upload {
                outcome: UploadOutcome::DeadLetter,
                error: Some(error_excerpt(reason)),
                ..upload
            },
            now,
        );
    }

    /// Counts a dead letter that was delivered and is gone. Its records were counted before.
    pub fn replayed(&mut self, upload: Upload, now: u64) {
        let counters = Counters {
            replayed: 1,
            ..Counters::default()
        };
        self.add(&upload.destination, &counters);
        self.dead_letters_at = now;
        self.remember(
            Upload {
                outcome: UploadOutcome::Replayed,
                ..upload
            },
            now,
        );
    }

    /// Counts an upload whose object is gone before all of it was delivered.
    pub fn lost(&mut self, upload: Upload, sum: &Sum, now: u64) {
        let counters = Counters {
            lost: 1,
            ..sum.counters()
        };
        self.add(&upload.destination, &counters);
        self.remember(
            Upload {
                outcome: UploadOutcome::Lost,
                ..upload
            },
            now,
        );
    }

    /// Counts an upload whose destination the operator gave up.
    pub fn dropped(&mut self, upload: Upload, sum: &Sum, now: u64) {
        self.add(&upload.destination, &sum.counters());
        self.remember(
            Upload {
                outcome: UploadOutcome::Dropped,
                ..upload
            },
            now,
        );
    }

    fn count_dead_letter(&mut self, upload: &Upload, sum: &Sum, now: u64) {
        let counters = Counters {
            dead_letters: 1,
            ..sum.counters()
        };
        self.add(&upload.destination, &counters);
        self.dead_letters_at = now;
    }

    fn add(&mut self, destination: &str, counters: &Counters) {
        self.totals.add(counters);
        if let Some(destination) = self.destination(destination) {
            destination.totals.add(counters);
        }
    }

    fn destination(&mut self, name: &str) -> Option<&mut DestinationStats> {
        if !self.destinations.contains_key(name) && self.destinations.len() >= DESTINATIONS_MAX {
            return None;
        }
        Some(self.destinations.entry(name.to_owned()).or_default())
    }

    fn remember(&mut self, upload: Upload, now: u64) {
        self.at = now;
        self.last_arrival = self.last_arrival.max(upload.arrived);
        let is_same =
            |other: &Upload| (&other.key, &other.destination) == (&upload.key, &upload.destination);
        self.latest.retain(|other| !is_same(other));
        self.latest.push(Upload { at: now, ..upload });
        if self.latest.len() > LATEST {
            self.latest.remove(0);
        }
    }
}

/// The part of an error's text that is kept.
pub fn error_excerpt(text: &str) -> String {
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

    fn counts(lag_ms: u64, unknown: &[&str]) -> UploadCounts {
        UploadCounts {
            records: 5,
            bytes: 10,
            lag_ms,
            unknown_fields: unknown.iter().map(|name| (*name).to_owned()).collect(),
            ..UploadCounts::default()
        }
    }

    #[test]
    fn the_latest_uploads_are_few_and_distinct() {
        let mut stats = ShardStats::default();
        for n in 0..20 {
            stats.failed(upload(n), Some("down"), n);
            stats.delivered(upload(n), &counts(n, &[]), &Sum::default(), n);
        }
        let keys: Vec<_> = stats.latest.iter().map(|upload| &upload.key).collect();
        assert_eq!(
            keys,
            ["uploads/16", "uploads/17", "uploads/18", "uploads/19"]
        );
        assert!(
            stats
                .latest
                .iter()
                .all(|upload| upload.outcome == UploadOutcome::Delivered)
        );
        assert_eq!(stats.totals.uploads, 20);
        assert_eq!(stats.totals.failed_attempts, 20);
        assert_eq!(stats.totals.lag_ms, (0..20).sum::<u64>());
    }

    #[test]
    fn hostile_records_grow_the_stats_up_to_a_bound() {
        let mut stats = ShardStats::default();
        for n in 0..200 {
            let name = format!("Field{n}");
            stats.delivered(upload(n), &counts(1, &[&name]), &Sum::default(), n * MINUTE);
        }
        assert_eq!(stats.unknown_fields.len(), UNKNOWN_FIELDS_MAX);
        assert!(stats.unknown_fields.contains_key("Field199"));
        assert_eq!(stats.worst.len(), WORST_MINUTES);
        stats.failed(upload(1), Some(&"é".repeat(5000)), 1);
        let error = stats.latest.last().and_then(|upload| upload.error.clone());
        assert_eq!(error.map(|error| error.chars().count()), Some(ERROR_MAX));
    }

    #[test]
    fn rules_are_counted_up_to_a_bound() {
        let mut stats = ShardStats::default();
        for n in 0..500 {
            let counted = |fits, dropped| RuleTotals { fits, dropped };
            let counts = UploadCounts {
                rules: [
                    ("same".to_owned(), counted(2, 1)),
                    (format!("rule{n}"), counted(1, 0)),
                ]
                .into(),
                ..UploadCounts::default()
            };
            stats.delivered(upload(n), &counts, &Sum::default(), n);
        }
        let rules = &stats.destinations.values().next().unwrap().rules;
        assert_eq!(rules.len(), RULES_MAX);
        assert_eq!((rules["same"].fits, rules["same"].dropped), (1000, 500));
        let mut whole = RuleTotals::default();
        for (now, earlier) in [((5, 2), (0, 0)), ((7, 2), (5, 2)), ((1, 1), (7, 2))] {
            let totals = |(fits, dropped)| RuleTotals { fits, dropped };
            whole.add_since(totals(now), totals(earlier));
        }
        assert_eq!((whole.fits, whole.dropped), (8, 3));
    }

    #[test]
    fn each_destination_has_its_own_counts_up_to_a_bound() {
        let mut stats = ShardStats::default();
        let sum = Sum {
            records: 5,
            delivered: 4,
            refused: 1,
            ..Sum::default()
        };
        for n in 0..100 {
            let to = Upload {
                destination: format!("d{n:03}"),
                ..upload(1)
            };
            stats.delivered(to.clone(), &counts(1, &[]), &sum, 7);
            stats.dead_lettered(&to, 7);
        }
        assert_eq!(stats.destinations.len(), DESTINATIONS_MAX);
        let one = &stats.destinations["d000"];
        assert_eq!(
            (
                one.totals.uploads,
                one.totals.records,
                one.totals.dead_letters
            ),
            (1, 5, 1)
        );
        assert_eq!((stats.totals.records, stats.totals.accounted()), (500, 500));
        let outcomes = stats.latest.len();
        assert_eq!(outcomes, LATEST, "the same upload at each of them");
    }

    #[test]
    fn a_handed_over_upload_has_not_failed() {
        let mut stats = ShardStats::default();
        stats.failed(upload(1), None, 1);
        assert_eq!(stats, ShardStats::default());
    }
}
