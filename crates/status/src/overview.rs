//! The overview: the reports of all shards of the ledger, by dataset, in one place. A page or a scrape
//! asks it alone, instead of the sixteen shards of each dataset.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::counters::{Counters, Lags, packed};
use crate::shard::{Backlog, DestinationStats, Report, ShardStats, Upload};

/// Everything the overview knows, and notes that it keeps for others.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Overview {
    pub datasets: BTreeMap<String, DatasetOverview>,
    pub notes: BTreeMap<String, String>,
}

/// What the overview knows about one dataset. One row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatasetOverview {
    /// Since the ledger began.
    #[serde(with = "packed")]
    pub totals: Counters,
    pub lags: Lags,
    pub destinations: BTreeMap<String, DestinationStats>,
    /// The shards, by the last character of their names.
    pub shards: BTreeMap<String, LastReport>,
    /// Minutes and hours by their number since 1970.
    pub minutes: BTreeMap<u64, Bucket>,
    pub hours: BTreeMap<u64, Bucket>,
    /// Fields that the mapping does not know.
    pub unknown_fields: BTreeMap<String, Seen>,
    /// The number of dead letters, and when they were last counted.
    pub dead_letters: u64,
    pub counted_at: u64,
    pub last_arrival: u64,
    pub last_delivery: u64,
}

/// The last report of a shard, to which the next one is compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LastReport {
    created_at: u64,
    revision: u64,
    #[serde(with = "packed")]
    totals: Counters,
    lags: Lags,
    destinations: BTreeMap<String, DestinationStats>,
    latest: Vec<Upload>,
    /// By destination.
    backlog: BTreeMap<String, Backlog>,
}

/// The counters of a minute or an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bucket {
    #[serde(rename = "c", with = "packed")]
    pub counters: Counters,
    #[serde(rename = "w")]
    pub lag_ms_max: u64,
}

/// When a field was first and last seen, in milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub first: u64,
    pub last: u64,
}

/// The names of the notes that the overview keeps: the incidents, the Logpush jobs as Cloudflare lists
/// them, and when the cron last ran, in milliseconds since 1970.
pub const INCIDENTS: &str = "incidents";
pub const JOBS: &str = "jobs";
pub const CRON: &str = "cron";

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// Minutes that are kept: an hour by the minute, and the minute that has begun.
const MINUTES_KEPT: u64 = 61;

/// Hours that are kept: a week by the hour, and the hour that has begun. A row of 61 + 169 buckets of
/// some 40 bytes and 16 shards of some 2 kB is 40 kB.
const HOURS_KEPT: u64 = 7 * 24 + 1;

/// Unknown fields that are remembered of a dataset. A new version of a dataset has a few, hostile
/// records have thousands.
const UNKNOWN_FIELDS_MAX: usize = 100;

/// How long an unknown field is remembered after it was last seen.
const UNKNOWN_FIELD_KEPT: u64 = 30 * 24 * HOUR;

impl Overview {
    /// When the cron last ran, if it ever did.
    pub fn last_cron_run(&self) -> Option<u64> {
        self.notes.get(CRON)?.parse().ok()
    }

    /// When the first shard was created, which is when the first upload came.
    pub fn began(&self) -> Option<u64> {
        let shards = self.datasets.values().flat_map(|of| of.shards.values());
        shards
            .map(|shard| shard.created_at)
            .filter(|at| *at > 0)
            .min()
    }
}

impl DatasetOverview {
    /// Adds a report. A repeated or an earlier one changes nothing.
    pub fn take(&mut self, shard: &str, report: Report) {
        let Report { stats, backlog } = report;
        let before = self.shards.entry(shard.to_owned()).or_default();
        if (stats.created_at, stats.revision) < (before.created_at, before.revision) {
            return;
        }
        let counters = stats.totals.since(&before.totals);
        let lags = stats.lags.since(&before.lags);
        for (name, now) in &stats.destinations {
            let earlier = before.destinations.remove(name).unwrap_or_default();
            let whole = self.destinations.entry(name.clone()).or_default();
            whole.totals.add(&now.totals.since(&earlier.totals));
            whole.lags.add(&now.lags.since(&earlier.lags));
            whole.last_delivery = whole.last_delivery.max(now.last_delivery);
            for (rule, counts) in &now.rules {
                let before = earlier.rules.get(rule).copied().unwrap_or_default();
                let counted = whole.rules.entry(rule.clone()).or_default();
                counted.add_since(*counts, before);
            }
        }
        *before = LastReport {
            created_at: stats.created_at,
            revision: stats.revision,
            totals: stats.totals.clone(),
            lags: stats.lags.clone(),
            destinations: stats.destinations.clone(),
            latest: stats.latest.clone(),
            backlog,
        };
        self.totals.add(&counters);
        self.lags.add(&lags);
        if stats.dead_letters_at > self.counted_at {
            self.dead_letters =
                (self.dead_letters + counters.dead_letters).saturating_sub(counters.replayed);
        }
        if counters != Counters::default() {
            let minute = self.minutes.entry(stats.at / MINUTE).or_default();
            minute.counters.add(&counters);
            let hour = self.hours.entry(stats.at / HOUR).or_default();
            hour.counters.add(&counters);
        }
        for (minute, worst) in &stats.worst {
            for bucket in [
                self.minutes.entry(*minute).or_default(),
                self.hours.entry(minute / 60).or_default(),
            ] {
                bucket.lag_ms_max = bucket.lag_ms_max.max(*worst);
            }
        }
        self.remember_unknown_fields(&stats);
        self.last_arrival = self.last_arrival.max(stats.last_arrival);
        self.last_delivery = self.last_delivery.max(stats.last_delivery);
        self.forget(stats.at);
    }

    /// Whether no upload ever came and no dead letter is left.
    pub fn is_blank(&self) -> bool {
        self.shards.is_empty() && self.dead_letters == 0
    }

    /// The latest uploads of all shards, the newest first.
    pub fn latest(&self) -> Vec<&Upload> {
        let mut latest: Vec<_> = self
            .shards
            .values()
            .flat_map(|shard| &shard.latest)
            .collect();
        latest.sort_by_key(|upload| core::cmp::Reverse(upload.at));
        latest
    }

    /// The backlog of all shards and destinations together.
    pub fn backlog(&self) -> Backlog {
        self.backlog_where(|_| true)
    }

    /// What waits for one destination.
    pub fn backlog_of(&self, destination: &str) -> Backlog {
        self.backlog_where(|name| name == destination)
    }

    /// The names of destinations that have had an upload, or wait for one.
    pub fn destinations(&self) -> BTreeSet<&str> {
        let waiting = self.shards.values().flat_map(|shard| shard.backlog.keys());
        let names = self.destinations.keys().chain(waiting);
        names.map(String::as_str).collect()
    }

    fn backlog_where(&self, is_meant: impl Fn(&str) -> bool) -> Backlog {
        let mut whole = Backlog::default();
        for (_, part) in self
            .shards
            .values()
            .flat_map(|shard| &shard.backlog)
            .filter(|(name, _)| is_meant(name))
        {
            whole.uploads += part.uploads;
            whole.bytes += part.bytes;
            whole.records += part.records;
            whole.oldest.extend(part.oldest.iter().cloned());
        }
        whole.oldest.sort_by_key(|upload| upload.arrived);
        whole
    }

    fn remember_unknown_fields(&mut self, stats: &ShardStats) {
        for (field, at) in &stats.unknown_fields {
            if let Some(seen) = self.unknown_fields.get_mut(field) {
                seen.last = seen.last.max(*at);
            } else if self.unknown_fields.len() < UNKNOWN_FIELDS_MAX {
                let seen = Seen {
                    first: *at,
                    last: *at,
                };
                self.unknown_fields.insert(field.clone(), seen);
            }
        }
    }

    fn forget(&mut self, now: u64) {
        let first_minute = (now / MINUTE).saturating_sub(MINUTES_KEPT - 1);
        self.minutes = self.minutes.split_off(&first_minute);
        let first_hour = (now / HOUR).saturating_sub(HOURS_KEPT - 1);
        self.hours = self.hours.split_off(&first_hour);
        self.unknown_fields
            .retain(|_, seen| seen.last + UNKNOWN_FIELD_KEPT > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::{Sum, UploadCounts};

    const NOON: u64 = 500_000 * HOUR;

    fn delivered(stats: &mut ShardStats, at: u64, records: u64, lag_ms: u64) {
        let upload = Upload {
            key: format!("uploads/{at}"),
            arrived: at - lag_ms,
            ..Upload::default()
        };
        let counts = UploadCounts {
            records,
            lag_ms,
            unknown_fields: vec!["New".to_owned()],
            ..UploadCounts::default()
        };
        let sum = Sum {
            records,
            delivered: records,
            ..Sum::default()
        };
        stats.delivered(upload, &counts, &sum, at);
        stats.revision += 1;
    }

    fn report(stats: &ShardStats) -> Report {
        Report {
            stats: stats.clone(),
            backlog: BTreeMap::new(),
        }
    }

    #[test]
    fn a_report_counts_once_however_often_and_late_it_comes() {
        let mut entry = DatasetOverview::default();
        let mut stats = ShardStats::default();
        delivered(&mut stats, NOON, 10, 5_000);
        entry.take("0", report(&stats));
        entry.take("0", report(&stats));
        delivered(&mut stats, NOON + MINUTE, 20, 1_000);
        let late = report(&stats);
        delivered(&mut stats, NOON + 2 * MINUTE, 30, 2_000);
        entry.take("0", report(&stats));
        entry.take("0", late);
        entry.take(
            "1",
            report(&{
                let mut other = ShardStats::default();
                delivered(&mut other, NOON + 2 * MINUTE, 1, 9_000);
                other
            }),
        );
        assert_eq!(entry.totals.records, 61);
        assert_eq!(entry.totals.uploads, 4);
        let minutes: Vec<_> = entry
            .minutes
            .iter()
            .map(|(minute, bucket)| {
                (
                    minute - NOON / MINUTE,
                    bucket.counters.records,
                    bucket.lag_ms_max,
                )
            })
            .collect();
        assert_eq!(minutes, [(0, 10, 5_000), (1, 0, 1_000), (2, 51, 9_000)]);
        assert_eq!(entry.hours.len(), 1);
        assert_eq!(entry.lags.cumulative().last(), Some((None, 4)));
        assert_eq!(entry.unknown_fields["New"].first, NOON);
        assert_eq!(entry.unknown_fields["New"].last, NOON + 2 * MINUTE);
        assert_eq!(entry.latest()[0].at, NOON + 2 * MINUTE);
    }

    #[test]
    fn a_shard_that_begins_anew_makes_no_total_smaller() {
        let mut entry = DatasetOverview::default();
        let mut stats = ShardStats::default();
        delivered(&mut stats, NOON, 10, 1);
        delivered(&mut stats, NOON, 10, 1);
        entry.take("0", report(&stats));
        let mut anew = ShardStats {
            created_at: 1,
            ..ShardStats::default()
        };
        delivered(&mut anew, NOON, 5, 1);
        entry.take("0", report(&anew));
        assert_eq!(entry.totals.records, 25);
        assert_eq!(entry.lags.cumulative().last(), Some((None, 3)));
    }

    #[test]
    fn old_buckets_are_forgotten_and_totals_stay() {
        let mut entry = DatasetOverview::default();
        let mut stats = ShardStats::default();
        for hour in 0..400 {
            delivered(&mut stats, NOON + hour * HOUR, 1, 1);
            entry.take("0", report(&stats));
        }
        assert_eq!(entry.hours.len() as u64, HOURS_KEPT);
        assert!(entry.minutes.len() <= 2);
        assert_eq!(entry.totals.records, 400);
        let text = serde_json::to_string(&entry).unwrap();
        assert_eq!(
            serde_json::from_str::<DatasetOverview>(&text).unwrap(),
            entry
        );
    }

    #[test]
    fn dead_letters_are_those_written_but_not_replayed() {
        let mut entry = DatasetOverview {
            dead_letters: 1,
            ..DatasetOverview::default()
        };
        let mut stats = ShardStats::default();
        for _ in 0..3 {
            stats.dead_lettered(&Upload::default(), NOON);
        }
        entry.take("0", report(&stats));
        assert_eq!(entry.dead_letters, 4);
        stats.replayed(Upload::default(), NOON);
        entry.take("0", report(&stats));
        entry.take("0", report(&stats));
        assert_eq!(entry.dead_letters, 3);
        // Written before the count, and reported after it.
        stats.dead_lettered(&Upload::default(), NOON + 1);
        entry.dead_letters = 4;
        entry.counted_at = NOON + 2;
        entry.take("0", report(&stats));
        assert_eq!(entry.dead_letters, 4);
    }

    #[test]
    fn the_backlog_is_that_of_all_shards() {
        let mut entry = DatasetOverview::default();
        for (shard, destination, arrived) in [("0", "siem", 9), ("1", "siem", 3), ("2", "lake", 1)]
        {
            let backlog = Backlog {
                uploads: 2,
                bytes: 20,
                records: 200,
                oldest: vec![Upload {
                    arrived,
                    ..Upload::default()
                }],
            };
            entry.take(
                shard,
                Report {
                    stats: ShardStats::default(),
                    backlog: [(destination.to_owned(), backlog)].into(),
                },
            );
        }
        for (backlog, expected) in [
            (entry.backlog(), (6, 60, 600, 1)),
            (entry.backlog_of("siem"), (4, 40, 400, 3)),
            (entry.backlog_of("lake"), (2, 20, 200, 1)),
        ] {
            let oldest = backlog.oldest[0].arrived;
            assert_eq!(
                (backlog.uploads, backlog.bytes, backlog.records, oldest),
                expected
            );
        }
        assert_eq!(Vec::from_iter(entry.destinations()), ["lake", "siem"]);
    }

    #[test]
    fn the_counts_of_a_destination_are_those_of_all_shards() {
        let mut entry = DatasetOverview::default();
        for shard in ["0", "1"] {
            let mut stats = ShardStats::default();
            delivered(&mut stats, NOON, 10, 5);
            entry.take(shard, report(&stats));
            delivered(&mut stats, NOON + MINUTE, 7, 5);
            entry.take(shard, report(&stats));
            entry.take(shard, report(&stats));
        }
        let whole = &entry.destinations[""];
        assert_eq!((whole.totals.uploads, whole.totals.records), (4, 34));
        assert_eq!(whole.last_delivery, NOON + MINUTE);
        assert_eq!(whole.totals.accounted(), 34);
    }
}
