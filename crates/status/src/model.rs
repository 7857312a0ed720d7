//! The status of the Worker: `/api/status` shows it as JSON, the page as HTML and `/metrics` as numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::counters::{Counters, Lags};
use crate::destination::{Destination, DestinationStatus, Sum, Waiting, known, mean_lag};
use crate::health::{self, AlertLimits, Problem, Severity};
use crate::incident::Incident;
use crate::logpush_job::LogpushJob;
use crate::overview::{Bucket, DatasetOverview, INCIDENTS, JOBS, Overview};
use crate::shard::Upload;

/// The whole status. Times are milliseconds since 1970.
#[derive(Debug, Serialize)]
pub struct Status {
    pub version: &'static str,
    pub at: u64,
    pub route: Route,
    pub verdict: OverallVerdict,
    pub problems: Vec<Problem>,
    /// The open incidents, and since when each is open.
    pub incidents: Vec<OpenIncident>,
    /// What is configured, in the order of the names.
    pub destinations: Vec<Destination>,
    pub datasets: Vec<DatasetStatus>,
    /// The latest uploads for which an attempt has ended, the newest first.
    pub uploads: Vec<UploadStatus>,
    /// The Logpush jobs, as Cloudflare reported them in the last run of the cron.
    pub jobs: Vec<LogpushJob>,
    pub last_cron_run: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    Durable,
    /// Nothing is stored, so only the configuration is known.
    Direct,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OverallVerdict {
    Ok,
    Warning,
    Error,
}

/// An incident that is not over.
#[derive(Debug, Serialize)]
pub struct OpenIncident {
    #[serde(flatten)]
    pub problem: Problem,
    pub since: u64,
}

#[derive(Debug, Serialize)]
pub struct DatasetStatus {
    pub dataset: String,
    /// Since the ledger began.
    pub totals: Counters,
    pub sum: Sum,
    pub destinations: Vec<DestinationStatus>,
    #[serde(skip)]
    pub lags: Lags,
    pub last_hour: Window,
    pub last_day: Window,
    pub last_week: Window,
    pub waiting: Waiting,
    pub dead_letters: u64,
    pub unknown_fields: Vec<UnknownField>,
    pub last_arrival: Option<u64>,
    pub last_delivery: Option<u64>,
    /// The minutes of the last hour, without those in which nothing came.
    pub minutes: Vec<Point>,
    /// The hours of the last week, without those in which nothing came.
    pub hours: Vec<Point>,
}

/// What came in a period.
#[derive(Debug, Default, Serialize)]
pub struct Window {
    #[serde(flatten)]
    pub counters: Counters,
    /// Lag from the newest event of an upload to its delivery.
    pub lag_ms_mean: u64,
    pub lag_ms_max: u64,
}

/// What came in a minute or an hour.
#[derive(Debug, Serialize)]
pub struct Point {
    /// When it began.
    pub at: u64,
    #[serde(flatten)]
    pub window: Window,
}

#[derive(Debug, Serialize)]
pub struct UnknownField {
    pub field: String,
    pub first: u64,
    pub last: u64,
}

#[derive(Debug, Serialize)]
pub struct UploadStatus {
    pub dataset: String,
    #[serde(flatten)]
    pub upload: Upload,
}

/// Latest uploads that are shown.
const UPLOADS_MAX: usize = 50;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

impl Status {
    /// The status of the durable route. `found` are problems that the ledger does not know of. There
    /// is no overview if the ledger does not answer.
    pub fn durable(
        overview: Option<Overview>,
        limits: &AlertLimits,
        found: Vec<Problem>,
        now: u64,
    ) -> Self {
        let mut problems = found;
        if overview.is_none() {
            problems.push(health::ledger_silent());
        }
        let overview = overview.unwrap_or_default();
        problems.extend(health::problems(&overview, limits, now));
        problems.extend(health::cron_stopped(&overview, now));
        let last_cron_run = overview.last_cron_run();
        // A note that cannot be read counts as empty: the next run of the cron writes it anew.
        let notes = |name: &str| overview.notes.get(name).map_or("[]", String::as_str);
        let incidents: Vec<Incident> = serde_json::from_str(notes(INCIDENTS)).unwrap_or_default();
        let jobs: Vec<LogpushJob> = serde_json::from_str(notes(JOBS)).unwrap_or_default();
        problems.extend(jobs.iter().filter_map(LogpushJob::problem));
        let datasets = overview.datasets.iter();
        let mut uploads: Vec<UploadStatus> = datasets
            .flat_map(|(dataset, entry)| {
                entry.latest().into_iter().map(|upload| UploadStatus {
                    dataset: dataset.clone(),
                    upload: upload.clone(),
                })
            })
            .collect();
        uploads.sort_by_key(|upload| core::cmp::Reverse(upload.upload.at));
        uploads.truncate(UPLOADS_MAX);
        Self {
            incidents: incidents
                .into_iter()
                .filter(|incident| incident.over.is_none())
                .map(|incident| OpenIncident {
                    problem: incident.problem,
                    since: incident.since,
                })
                .collect(),
            datasets: overview
                .datasets
                .into_iter()
                // A key in R2 can name a dataset that does not exist; its entry stays after the key.
                .filter(|(_, entry)| !entry.is_blank())
                .map(|(dataset, entry)| DatasetStatus::of(dataset, entry, now))
                .collect(),
            uploads,
            jobs,
            last_cron_run,
            ..Self::new(Route::Durable, problems, now)
        }
    }

    /// The same with what is configured; nothing where nobody can tell.
    #[must_use]
    pub fn with_destinations(mut self, configured: Option<Vec<Destination>>) -> Self {
        let is_known = configured.is_some();
        let mut destinations: Vec<Destination> = configured.unwrap_or_default();
        for of in self.datasets.iter().flat_map(|of| &of.destinations) {
            let name = of.destination.as_str();
            match destinations.iter_mut().find(|all| all.name == name) {
                Some(all) => all.add(of),
                None => {
                    let mut all = Destination {
                        name: name.to_owned(),
                        is_configured: !is_known,
                        ..Destination::default()
                    };
                    all.add(of);
                    destinations.push(all);
                }
            }
        }
        // Nothing is left of one that is gone and has everything.
        destinations.retain(|of| of.is_configured || of.waiting.uploads > 0);
        destinations.sort_by(|one, other| one.name.cmp(&other.name));
        self.destinations = destinations;
        self
    }

    /// The status of the direct route, which stores nothing.
    pub fn direct(found: Vec<Problem>, now: u64) -> Self {
        Self::new(Route::Direct, found, now)
    }

    fn new(route: Route, mut problems: Vec<Problem>, now: u64) -> Self {
        problems.sort_by_key(|problem| core::cmp::Reverse(problem.severity));
        Self {
            version: env!("CARGO_PKG_VERSION"),
            at: now,
            route,
            verdict: match problems.first().map(|problem| problem.severity) {
                None => OverallVerdict::Ok,
                Some(Severity::Warning) => OverallVerdict::Warning,
                Some(Severity::Error) => OverallVerdict::Error,
            },
            problems,
            incidents: Vec::new(),
            destinations: Vec::new(),
            datasets: Vec::new(),
            uploads: Vec::new(),
            jobs: Vec::new(),
            last_cron_run: None,
        }
    }
}

impl DatasetStatus {
    fn of(dataset: String, entry: DatasetOverview, now: u64) -> Self {
        let waiting = Waiting::of(&entry.backlog());
        // The minute that has begun counts as the sixtieth, the hour that has begun as the last.
        let first_minute = (now / MINUTE).saturating_sub(59);
        let first_hour = |hours: u64| (now / HOUR).saturating_sub(hours - 1);
        let points = |buckets: &BTreeMap<u64, Bucket>, first: u64, length: u64| {
            buckets
                .range(first..)
                .map(|(number, bucket)| Point {
                    at: number * length,
                    window: Window::of([bucket].into_iter()),
                })
                .collect()
        };
        Self {
            last_hour: Window::of(
                entry
                    .minutes
                    .range(first_minute..)
                    .map(|(_, bucket)| bucket),
            ),
            last_day: Window::of(
                entry
                    .hours
                    .range(first_hour(24)..)
                    .map(|(_, bucket)| bucket),
            ),
            last_week: Window::of(
                entry
                    .hours
                    .range(first_hour(168)..)
                    .map(|(_, bucket)| bucket),
            ),
            sum: Sum::of(&entry.totals, waiting.records),
            waiting,
            destinations: DestinationStatus::all(&entry),
            dead_letters: entry.dead_letters,
            minutes: points(&entry.minutes, first_minute, MINUTE),
            hours: points(&entry.hours, first_hour(168), HOUR),
            last_arrival: known(entry.last_arrival),
            last_delivery: known(entry.last_delivery),
            unknown_fields: entry
                .unknown_fields
                .into_iter()
                .map(|(field, seen)| UnknownField {
                    field,
                    first: seen.first,
                    last: seen.last,
                })
                .collect(),
            totals: entry.totals,
            lags: entry.lags,
            dataset,
        }
    }
}

impl Window {
    fn of<'a>(buckets: impl Iterator<Item = &'a Bucket>) -> Self {
        let mut window = Self::default();
        for bucket in buckets {
            window.counters.add(&bucket.counters);
            window.lag_ms_max = window.lag_ms_max.max(bucket.lag_ms_max);
        }
        window.lag_ms_mean = mean_lag(&window.counters);
        window
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::{Backlog, Report, ShardStats};

    const NOW: u64 = 500_000 * HOUR + 30 * MINUTE;

    fn bucket(records: u64, lag_ms: u64) -> Bucket {
        Bucket {
            counters: Counters {
                uploads: 1,
                records,
                lag_ms,
                ..Counters::default()
            },
            lag_ms_max: lag_ms,
        }
    }

    #[test]
    fn a_window_holds_what_came_in_its_period() {
        let minute = NOW / MINUTE;
        let hour = NOW / HOUR;
        let entry = DatasetOverview {
            minutes: [
                (minute, bucket(1, 100)),
                (minute - 59, bucket(2, 300)),
                (minute - 60, bucket(4, 9_000)),
            ]
            .into(),
            hours: [
                (hour, bucket(1, 1)),
                (hour - 23, bucket(2, 2)),
                (hour - 24, bucket(4, 3)),
                (hour - 167, bucket(8, 4)),
                (hour - 168, bucket(16, 5)),
            ]
            .into(),
            ..DatasetOverview::default()
        };
        let status = DatasetStatus::of("dns_logs".to_owned(), entry, NOW);
        let records = |window: &Window| window.counters.records;
        assert_eq!(records(&status.last_hour), 3);
        assert_eq!(records(&status.last_day), 3);
        assert_eq!(records(&status.last_week), 15);
        assert_eq!(status.last_hour.lag_ms_mean, 200);
        assert_eq!(status.last_hour.lag_ms_max, 300);
        assert_eq!(status.minutes.len(), 2);
        assert_eq!(status.hours.len(), 4);
    }

    #[test]
    fn a_destination_is_that_of_all_datasets_and_one_that_is_gone_stays_while_it_is_owed() {
        let report = |dataset: &str, to: &str, arrived: u64, error: Option<&str>| {
            let backlog = Backlog {
                uploads: 1,
                bytes: 10,
                records: 100,
                oldest: vec![Upload {
                    arrived,
                    error: error.map(str::to_owned),
                    destination: to.to_owned(),
                    held: dataset == "dns_logs",
                    ..Upload::default()
                }],
            };
            Report {
                stats: ShardStats::default(),
                backlog: [(to.to_owned(), backlog)].into(),
            }
        };
        let mut overview = Overview::default();
        for (dataset, to, arrived, error) in [
            ("dns_logs", "siem", 5, Some("later")),
            ("http_requests", "siem", 3, Some("down")),
            ("http_requests", "old", 4, None),
        ] {
            let entry = overview.datasets.entry(dataset.to_owned()).or_default();
            entry.take(to, report(dataset, to, arrived, error));
        }
        let configured = vec![
            Destination::new("siem", Some(("sekoia", "ecs"))),
            Destination::new("lake", None),
        ];
        let limits = AlertLimits {
            silent: core::time::Duration::MAX,
            lag: core::time::Duration::from_secs(1 << 40),
            backlog: 100,
        };
        for configured in [Some(configured), None] {
            let is_known = configured.is_some();
            let status = Status::durable(Some(overview.clone()), &limits, Vec::new(), NOW)
                .with_destinations(configured);
            let names: Vec<&str> = status.destinations.iter().map(|of| &*of.name).collect();
            let expected: &[&str] = match is_known {
                true => &["lake", "old", "siem"],
                false => &["old", "siem"],
            };
            assert_eq!(names, expected);
            let siem = status.destinations.last().unwrap();
            assert_eq!((siem.waiting.uploads, siem.waiting.records), (2, 200));
            assert_eq!(siem.waiting.oldest_arrival, Some(3));
            assert_eq!(siem.waiting.error.as_deref(), Some("down"));
            assert_eq!(siem.held_since, Some(5));
            let gone = status.destinations.iter().find(|of| of.name == "old");
            assert_eq!(gone.unwrap().is_configured, !is_known);
        }
    }

    #[test]
    fn the_verdict_is_that_of_the_worst_problem() {
        let error = health::ledger_silent();
        let warning = health::alerts_misconfigured(&[]);
        for (problems, verdict) in [
            (vec![], OverallVerdict::Ok),
            (vec![warning.clone()], OverallVerdict::Warning),
            (vec![warning, error], OverallVerdict::Error),
        ] {
            let status = Status::direct(problems, NOW);
            assert_eq!(status.verdict, verdict);
        }
        let limits = AlertLimits {
            silent: core::time::Duration::ZERO,
            lag: core::time::Duration::ZERO,
            backlog: 0,
        };
        let silent = Status::durable(None, &limits, Vec::new(), NOW);
        assert_eq!(silent.verdict, OverallVerdict::Error);
    }
}
