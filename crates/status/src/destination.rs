//! A destination over all datasets, and with one: what it has taken, what waits and why.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::counters::{Counters, Lags};
use crate::intake_format::IntakeFormat;
use crate::overview::DatasetOverview;
use crate::shard::{Backlog, RuleTotals};

/// A destination over all datasets: one that is configured, or one that is not any more and to which
/// something is still owed.
#[derive(Debug, Default, Serialize)]
pub struct Destination {
    pub name: String,
    pub is_configured: bool,
    /// Not known where its settings are wrong.
    pub kind: Option<&'static str>,
    pub shape: Option<&'static str>,
    /// What its intake must be like, where the wrong one takes events and reads nothing in them.
    pub intake_format: Option<IntakeFormat>,
    pub sum: Sum,
    pub waiting: Waiting,
    /// Records of those delivered that the destination says it had before.
    pub duplicates: u64,
    /// Attempts that failed and are repeated.
    pub failed_attempts: u64,
    /// Dead letters written so far.
    pub dead_letters_written: u64,
    /// Since when uploads wait for a repair, if they do.
    pub held_since: Option<u64>,
    pub lag_ms_mean: u64,
    pub last_delivery: Option<u64>,
    #[serde(skip)]
    pub totals: Counters,
    #[serde(skip)]
    pub lags: Lags,
}

/// What became of all records: `records` is what the others add up to.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// Those of uploads that have come to their end, and those that wait.
    pub records: u64,
    pub delivered: u64,
    pub dropped: u64,
    pub refused: u64,
    pub unknown: u64,
    pub waiting: u64,
    pub lost: u64,
}

/// How one destination stands with a dataset.
#[derive(Debug, Serialize)]
pub struct DestinationStatus {
    pub destination: String,
    pub totals: Counters,
    pub sum: Sum,
    #[serde(skip)]
    pub lags: Lags,
    pub waiting: Waiting,
    pub last_delivery: Option<u64>,
    /// What its rules did, by their names.
    pub rules: BTreeMap<String, RuleTotals>,
}

#[derive(Debug, Default, Serialize)]
pub struct Waiting {
    pub uploads: u64,
    pub bytes: u64,
    /// Their lines, as far as they are known.
    pub records: u64,
    /// When the oldest of them arrived.
    pub oldest_arrival: Option<u64>,
    /// Why the oldest upload is not delivered yet, and when its next attempt is due.
    pub error: Option<String>,
    pub next_attempt: Option<u64>,
    /// Whether that is for the operator to repair.
    pub held: bool,
}

impl Destination {
    /// One that is configured, with its kind and shape where its settings are sound.
    pub fn new(name: &str, setup: Option<(&'static str, &'static str)>) -> Self {
        Self {
            name: name.to_owned(),
            is_configured: true,
            kind: setup.map(|(kind, _)| kind),
            shape: setup.map(|(_, shape)| shape),
            intake_format: setup.and_then(|(kind, shape)| IntakeFormat::of(kind, shape)),
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, of: &DestinationStatus) {
        self.totals.add(&of.totals);
        self.lags.add(&of.lags);
        self.waiting.add(&of.waiting);
        self.last_delivery = self.last_delivery.max(of.last_delivery);
        self.sum = Sum::of(&self.totals, self.waiting.records);
        self.duplicates = self.totals.duplicates;
        self.failed_attempts = self.totals.failed_attempts;
        self.dead_letters_written = self.totals.dead_letters;
        let since = of.waiting.oldest_arrival.filter(|_| of.waiting.held);
        self.held_since = match (self.held_since, since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.lag_ms_mean = mean_lag(&self.totals);
    }
}

impl DestinationStatus {
    pub(crate) fn all(entry: &DatasetOverview) -> Vec<Self> {
        let names = entry.destinations().into_iter();
        let all = names.map(|name| {
            let stats = entry.destinations.get(name).cloned().unwrap_or_default();
            let waiting = Waiting::of(&entry.backlog_of(name));
            Self {
                destination: name.to_owned(),
                sum: Sum::of(&stats.totals, waiting.records),
                totals: stats.totals,
                lags: stats.lags,
                waiting,
                last_delivery: known(stats.last_delivery),
                rules: stats.rules,
            }
        });
        all.collect()
    }
}

impl Sum {
    pub(crate) fn of(totals: &Counters, waiting: u64) -> Self {
        Self {
            records: totals.records + waiting,
            delivered: totals.delivered,
            dropped: totals.dropped,
            refused: totals.refused,
            unknown: totals.unknown,
            waiting,
            lost: totals.lost_records,
        }
    }
}

impl Waiting {
    /// Adds what waits elsewhere; the error is that of the oldest.
    fn add(&mut self, more: &Self) {
        let is_older = match (self.oldest_arrival, more.oldest_arrival) {
            (Some(own), Some(other)) => other < own,
            (own, other) => own.is_none() && other.is_some(),
        };
        if is_older {
            self.oldest_arrival = more.oldest_arrival;
            self.next_attempt = more.next_attempt;
        }
        if self.error.is_none() || (is_older && more.error.is_some()) {
            self.error.clone_from(&more.error);
        }
        self.uploads += more.uploads;
        self.bytes += more.bytes;
        self.records += more.records;
        self.held |= more.held;
    }

    pub(crate) fn of(backlog: &Backlog) -> Self {
        let oldest = backlog.oldest.first();
        Self {
            uploads: backlog.uploads,
            bytes: backlog.bytes,
            records: backlog.records,
            oldest_arrival: oldest.map(|upload| upload.arrived),
            error: oldest.and_then(|upload| upload.error.clone()),
            next_attempt: oldest.and_then(|upload| known(upload.next_attempt)),
            held: backlog.oldest.iter().any(|upload| upload.held),
        }
    }
}

/// A time; 0 stands for none.
pub(crate) fn known(millis: u64) -> Option<u64> {
    (millis > 0).then_some(millis)
}

pub(crate) fn mean_lag(counters: &Counters) -> u64 {
    counters.lag_ms.checked_div(counters.uploads).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_part_of_the_sum() {
        let totals = Counters {
            records: 10,
            delivered: 5,
            dropped: 2,
            refused: 1,
            unknown: 1,
            lost_records: 1,
            ..Counters::default()
        };
        let sum = Sum::of(&totals, 7);
        let parts = sum.delivered + sum.dropped + sum.refused + sum.unknown + sum.lost;
        assert_eq!((sum.records, parts + sum.waiting), (17, 17));
    }
}
