//! The board: what all parts of the ledger have reported, by dataset, in one place. A page or a scrape
//! asks it alone, and not the sixteen parts of each dataset.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::counters::{Counters, Lags, packed};
use crate::shard::{Backlog, Report, Tally, Upload};

/// All that the board knows, and notes that others have it keep.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    pub datasets: BTreeMap<String, Entry>,
    pub notes: BTreeMap<String, String>,
}

/// What the board knows of a dataset. One row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Since the beginning.
    #[serde(with = "packed")]
    pub totals: Counters,
    pub lags: Lags,
    /// By the last character of the part's name.
    pub parts: BTreeMap<String, Part>,
    /// By their number since 1970.
    pub minutes: BTreeMap<u64, Bucket>,
    pub hours: BTreeMap<u64, Bucket>,
    /// Fields that the mapping does not know.
    pub drift: BTreeMap<String, Seen>,
    /// Dead letters that there are, and when they were counted last.
    pub dead_letters: u64,
    pub counted_at: u64,
    pub last_arrival: u64,
    pub last_delivery: u64,
}

/// What a part has told last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Part {
    born: u64,
    changes: u64,
    #[serde(with = "packed")]
    totals: Counters,
    lags: Lags,
    latest: Vec<Upload>,
    backlog: Backlog,
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

/// When a field came first and last, in milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub first: u64,
    pub last: u64,
}

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// An hour can be shown by the minute, with the one that has begun.
const MINUTES_KEPT: u64 = 61;

/// A week can be shown by the hour, with the one that has begun. A row of 61 + 169 buckets of some
/// 40 bytes and 16 parts of some 2 kB is 40 kB.
const HOURS_KEPT: u64 = 7 * 24 + 1;

/// Unknown fields of a dataset: a drift has a few, hostile records have thousands.
const DRIFT: usize = 100;

/// What has not come for so long is forgotten.
const DRIFT_KEPT: u64 = 30 * 24 * HOUR;

impl Entry {
    /// Takes a report; the same one again, or an earlier one, changes nothing.
    pub fn take(&mut self, part: &str, report: Report) {
        let Report { tally, backlog } = report;
        let before = self.parts.entry(part.to_owned()).or_default();
        if (tally.born, tally.changes) < (before.born, before.changes) {
            return;
        }
        let counters = tally.totals.since(&before.totals);
        let lags = tally.lags.since(&before.lags);
        *before = Part {
            born: tally.born,
            changes: tally.changes,
            totals: tally.totals.clone(),
            lags: tally.lags.clone(),
            latest: tally.latest.clone(),
            backlog,
        };
        self.totals.add(&counters);
        self.lags.add(&lags);
        if tally.letters_at > self.counted_at {
            self.dead_letters =
                (self.dead_letters + counters.dead_letters).saturating_sub(counters.replayed);
        }
        if counters != Counters::default() {
            let minute = self.minutes.entry(tally.at / MINUTE).or_default();
            minute.counters.add(&counters);
            let hour = self.hours.entry(tally.at / HOUR).or_default();
            hour.counters.add(&counters);
        }
        for (minute, worst) in &tally.worst {
            for bucket in [
                self.minutes.entry(*minute).or_default(),
                self.hours.entry(minute / 60).or_default(),
            ] {
                bucket.lag_ms_max = bucket.lag_ms_max.max(*worst);
            }
        }
        self.remember_drift(&tally);
        self.last_arrival = self.last_arrival.max(tally.last_arrival);
        self.last_delivery = self.last_delivery.max(tally.last_delivery);
        self.forget(tally.at);
    }

    /// Whether nothing ever came, and nothing is left over.
    pub fn is_blank(&self) -> bool {
        self.parts.is_empty() && self.dead_letters == 0
    }

    /// The latest uploads of all parts, the newest first.
    pub fn latest(&self) -> Vec<&Upload> {
        let mut latest: Vec<_> = self.parts.values().flat_map(|part| &part.latest).collect();
        latest.sort_by_key(|upload| core::cmp::Reverse(upload.at));
        latest
    }

    /// What waits in all parts.
    pub fn backlog(&self) -> Backlog {
        let mut whole = Backlog::default();
        for part in self.parts.values() {
            whole.uploads += part.backlog.uploads;
            whole.bytes += part.backlog.bytes;
            whole.oldest.extend(part.backlog.oldest.iter().cloned());
        }
        whole.oldest.sort_by_key(|upload| upload.arrived);
        whole
    }

    fn remember_drift(&mut self, tally: &Tally) {
        for (field, at) in &tally.drift {
            if let Some(seen) = self.drift.get_mut(field) {
                seen.last = seen.last.max(*at);
            } else if self.drift.len() < DRIFT {
                let seen = Seen {
                    first: *at,
                    last: *at,
                };
                self.drift.insert(field.clone(), seen);
            }
        }
    }

    fn forget(&mut self, now: u64) {
        let first_minute = (now / MINUTE).saturating_sub(MINUTES_KEPT - 1);
        self.minutes = self.minutes.split_off(&first_minute);
        let first_hour = (now / HOUR).saturating_sub(HOURS_KEPT - 1);
        self.hours = self.hours.split_off(&first_hour);
        self.drift.retain(|_, seen| seen.last + DRIFT_KEPT > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::Counts;

    const NOON: u64 = 500_000 * HOUR;

    fn delivered(tally: &mut Tally, at: u64, records: u64, lag_ms: u64) {
        let upload = Upload {
            key: format!("uploads/{at}"),
            arrived: at - lag_ms,
            ..Upload::default()
        };
        let counts = Counts {
            records,
            lag_ms,
            unknown_fields: vec!["New".to_owned()],
            ..Counts::default()
        };
        tally.delivered(upload, &counts, at);
        tally.changes += 1;
    }

    fn report(tally: &Tally) -> Report {
        Report {
            tally: tally.clone(),
            backlog: Backlog::default(),
        }
    }

    #[test]
    fn a_report_counts_once_however_often_and_late_it_comes() {
        let mut entry = Entry::default();
        let mut tally = Tally::default();
        delivered(&mut tally, NOON, 10, 5_000);
        entry.take("0", report(&tally));
        entry.take("0", report(&tally));
        delivered(&mut tally, NOON + MINUTE, 20, 1_000);
        let late = report(&tally);
        delivered(&mut tally, NOON + 2 * MINUTE, 30, 2_000);
        entry.take("0", report(&tally));
        entry.take("0", late);
        entry.take(
            "1",
            report(&{
                let mut other = Tally::default();
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
        assert_eq!(entry.lags.cumulated().last(), Some((None, 4)));
        assert_eq!(entry.drift["New"].first, NOON);
        assert_eq!(entry.drift["New"].last, NOON + 2 * MINUTE);
        assert_eq!(entry.latest()[0].at, NOON + 2 * MINUTE);
    }

    #[test]
    fn a_part_that_begins_anew_makes_no_total_smaller() {
        let mut entry = Entry::default();
        let mut tally = Tally::default();
        delivered(&mut tally, NOON, 10, 1);
        delivered(&mut tally, NOON, 10, 1);
        entry.take("0", report(&tally));
        let mut anew = Tally {
            born: 1,
            ..Tally::default()
        };
        delivered(&mut anew, NOON, 5, 1);
        entry.take("0", report(&anew));
        assert_eq!(entry.totals.records, 25);
        assert_eq!(entry.lags.cumulated().last(), Some((None, 3)));
    }

    #[test]
    fn old_buckets_are_forgotten_and_totals_stay() {
        let mut entry = Entry::default();
        let mut tally = Tally::default();
        for hour in 0..400 {
            delivered(&mut tally, NOON + hour * HOUR, 1, 1);
            entry.take("0", report(&tally));
        }
        assert_eq!(entry.hours.len() as u64, HOURS_KEPT);
        assert!(entry.minutes.len() <= 2);
        assert_eq!(entry.totals.records, 400);
        let text = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
    }

    #[test]
    fn dead_letters_are_those_written_but_not_replayed() {
        let mut entry = Entry {
            dead_letters: 1,
            ..Entry::default()
        };
        let mut tally = Tally::default();
        for _ in 0..3 {
            tally.died(Upload::default(), true, "no", NOON);
        }
        entry.take("0", report(&tally));
        assert_eq!(entry.dead_letters, 4);
        tally.replayed(Upload::default(), NOON);
        entry.take("0", report(&tally));
        entry.take("0", report(&tally));
        assert_eq!(entry.dead_letters, 3);
        // Written before they were counted, and told after.
        tally.died(Upload::default(), true, "no", NOON + 1);
        entry.dead_letters = 4;
        entry.counted_at = NOON + 2;
        entry.take("0", report(&tally));
        assert_eq!(entry.dead_letters, 4);
    }

    #[test]
    fn what_waits_is_that_of_all_parts() {
        let mut entry = Entry::default();
        for (part, arrived) in [("0", 9), ("1", 3)] {
            let backlog = Backlog {
                uploads: 2,
                bytes: 20,
                oldest: vec![Upload {
                    arrived,
                    ..Upload::default()
                }],
            };
            entry.take(
                part,
                Report {
                    tally: Tally::default(),
                    backlog,
                },
            );
        }
        let backlog = entry.backlog();
        assert_eq!((backlog.uploads, backlog.bytes), (4, 40));
        assert_eq!(backlog.oldest[0].arrived, 3);
    }
}
