//! Finds the problems: the status page and the alerts show the same list.

use core::time::Duration;
use std::collections::BTreeMap;

use logpush_delivery::configuration::name::DEFAULT;

use crate::format::{count, duration};
use crate::overview::{DatasetOverview, Overview};
use crate::shard::Backlog;

pub use crate::problem::{Problem, ProblemKind, Severity};

/// The thresholds above which a value is a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertLimits {
    /// How long a dataset may send nothing.
    pub silent: Duration,
    /// How late events may be.
    pub lag: Duration,
    /// How many uploads of a dataset may wait for delivery.
    pub backlog: u64,
}

/// How long a silent dataset is a problem. One that has sent nothing for longer was ended on purpose.
const SILENCE_REPORTED: u64 = 14 * DAY;

/// Minutes whose deliveries decide about lag: those of three runs of the cron.
const LAG_MINUTES: u64 = 15;

/// How long the cron, which runs every five minutes, may have been away: three of its runs.
const CRON_AWAY: u64 = 15 * MINUTE;

/// How long an unknown field counts as new.
const NEW_FIELD: u64 = DAY;

/// New fields that a problem names.
const FIELDS_NAMED: usize = 5;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The problem of a wrong configuration.
pub fn misconfigured(problems: &[String]) -> Problem {
    Problem {
        kind: ProblemKind::Misconfigured,
        subject: None,
        severity: Severity::Error,
        text: format!(
            "The Worker is not configured, and answers every upload with 503: {}",
            problems.join("; ")
        ),
        hint: "Set variables in wrangler.toml and secrets with npx wrangler secret put NAME, then deploy again. Logpush repeats a failed upload for some minutes and then drops it.".to_owned(),
    }
}

/// The problem of a destination whose settings are wrong; of all, where nobody can tell which there are.
pub fn destination_misconfigured(destination: Option<&str>, problems: &[String]) -> Problem {
    let who = match destination {
        Some(name) => format!("The destination {name} is not configured, and gets"),
        None => "The destinations are not configured, and get".to_owned(),
    };
    Problem {
        kind: ProblemKind::DestinationMisconfigured,
        subject: destination.map(str::to_owned),
        severity: Severity::Error,
        text: format!("{who} nothing: {}", problems.join("; ")),
        hint: "Uploads are stored, and wait for it. Set variables in wrangler.toml and secrets with npx wrangler secret put NAME, then deploy again; logpush-ecs config check finds what is wrong before.".to_owned(),
    }
}

/// The problems of destinations that are not configured any more, and to which uploads are owed.
pub fn removed_destinations(overview: &Overview, configured: &[&str]) -> Vec<Problem> {
    let mut waiting: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in overview.datasets.values() {
        for name in entry.destinations() {
            *waiting.entry(name).or_default() += entry.backlog_of(name).uploads;
        }
    }
    let removed = waiting
        .into_iter()
        .filter(|(name, waiting)| *waiting > 0 && !name.is_empty() && !configured.contains(name));
    removed
        .map(|(name, waiting)| destination_removed(name, waiting))
        .collect()
}

fn destination_removed(name: &str, waiting: u64) -> Problem {
    Problem {
        kind: ProblemKind::DestinationRemoved,
        subject: Some(name.to_owned()),
        severity: Severity::Error,
        text: format!(
            "The destination {name} is not configured, and {}",
            match waiting {
                1 => "1 upload waits for it".to_owned(),
                many => format!("{} uploads wait for it", count(many)),
            }
        ),
        hint: format!(
            "Configure it again in wrangler.toml and deploy, and everything is delivered; or drop what is owed to it with DELETE /api/destinations/{name}."
        ),
    }
}

/// The problem of wrong settings of the alerts.
pub fn alerts_misconfigured(problems: &[String]) -> Problem {
    Problem {
        kind: ProblemKind::AlertsMisconfigured,
        subject: None,
        severity: Severity::Warning,
        text: format!("Alerts are not configured: {}", problems.join("; ")),
        hint: "Uploads are still delivered. Set the variables in wrangler.toml, then deploy again."
            .to_owned(),
    }
}

/// The problem of a cron that does not run. One that never ran is missed as soon as it should have, after
/// the first upload.
pub fn cron_stopped(overview: &Overview, now: u64) -> Option<Problem> {
    let last = overview.last_cron_run();
    let away = now.saturating_sub(last.or_else(|| overview.began())?);
    (away > CRON_AWAY).then(|| Problem {
        kind: ProblemKind::CronStopped,
        subject: None,
        severity: Severity::Warning,
        text: match last {
            Some(_) => format!("The cron has not run for {}", duration(away)),
            None => "The cron has never run".to_owned(),
        },
        hint: "Meanwhile no alert is sent, and uploads that a failure left behind are not found again. Check that wrangler.toml has the cron under [triggers], deploy again, and look for exceptions under Cron Events in the dashboard. On this machine wrangler dev runs no cron.".to_owned(),
    })
}

/// The problem of a ledger that does not answer.
pub fn ledger_silent() -> Problem {
    Problem {
        kind: ProblemKind::LedgerSilent,
        subject: None,
        severity: Severity::Error,
        text: "The ledger does not answer, so the state of the datasets is not known.".to_owned(),
        hint: "Deliveries continue without it. See Cloudflare's status page, and the Worker's log for errors of Durable Objects.".to_owned(),
    }
}

/// Finds the problems of all datasets of the overview, the worst first.
pub fn problems(overview: &Overview, limits: &AlertLimits, now: u64) -> Vec<Problem> {
    let mut problems: Vec<Problem> = overview
        .datasets
        .iter()
        .flat_map(|(dataset, entry)| dataset_problems(dataset, entry, limits, now))
        .collect();
    problems.sort_by_key(|problem| core::cmp::Reverse(problem.severity));
    problems
}

fn dataset_problems(
    dataset: &str,
    entry: &DatasetOverview,
    limits: &AlertLimits,
    now: u64,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |kind, severity, text: String, hint: &str| {
        problems.push(Problem {
            kind,
            subject: Some(dataset.to_owned()),
            severity,
            text: format!("{dataset}: {text}"),
            hint: hint.to_owned(),
        });
    };
    let since = |then: u64| now.saturating_sub(then);
    let silent = since(entry.last_arrival);
    if entry.last_arrival > 0 && silent > millis(limits.silent) && silent < SILENCE_REPORTED {
        add(
            ProblemKind::Silent,
            Severity::Error,
            format!("nothing has arrived for {}", duration(silent)),
            "Check the Logpush job: logpush-ecs jobs check names the broken link. A dataset that was ended on purpose is no longer reported after 14 days; ALERT_SILENT_MINUTES sets how long a dataset may be silent.",
        );
    }
    let since_a_day = entry.hours.range((now / HOUR).saturating_sub(23)..);
    let lost: u64 = since_a_day.map(|(_, bucket)| bucket.counters.lost).sum();
    if lost > 0 {
        add(
            ProblemKind::Lost,
            Severity::Error,
            format!(
                "{} lost in the last 24 hours: the object was gone before all of it was delivered",
                match lost {
                    1 => "1 upload was".to_owned(),
                    many => format!("{} uploads were", count(many)),
                }
            ),
            "Only what deletes objects of the bucket can do that: look for a lifecycle rule, and for whoever has access. The latest uploads name the keys.",
        );
    }
    let totals = &entry.totals;
    if totals.accounted() != totals.records {
        add(
            ProblemKind::Unaccounted,
            Severity::Error,
            format!(
                "{} records came to an end, and {} are accounted for as delivered, dropped, refused, unknown or lost",
                count(totals.records),
                count(totals.accounted()),
            ),
            "This is an error of the Worker: report it with the log's lines \"delivery\" since this problem began.",
        );
    }
    let first = (now / MINUTE).saturating_sub(LAG_MINUTES - 1);
    let buckets = entry.minutes.range(first..);
    let lag = buckets.map(|(_, bucket)| bucket.lag_ms_max).max();
    if let Some(lag) = lag.filter(|lag| *lag > millis(limits.lag)) {
        add(
            ProblemKind::Lag,
            Severity::Warning,
            format!(
                "events were delivered up to {} after they happened",
                duration(lag)
            ),
            "The cause is a backlog that is being delivered, files that were sent again, or delay in Logpush itself: compare arrival and delivery of the latest uploads.",
        );
    }
    if entry.dead_letters > 0 {
        add(
            ProblemKind::DeadLetters,
            Severity::Error,
            match entry.dead_letters {
                1 => "there is a dead letter".to_owned(),
                many => format!("there are {} dead letters", count(many)),
            },
            "Read its reason, fix the cause, then replay or delete it.",
        );
    }
    let new: Vec<&str> = entry
        .unknown_fields
        .iter()
        .filter(|(_, seen)| since(seen.first) < NEW_FIELD)
        .map(|(field, _)| field.as_str())
        .collect();
    if !new.is_empty() {
        let mut named = new
            .iter()
            .take(FIELDS_NAMED)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        if new.len() > FIELDS_NAMED {
            named.push_str(", ...");
        }
        add(
            ProblemKind::Drift,
            Severity::Warning,
            format!("records have fields that the mapping does not know: {named}"),
            "Their values are kept under cloudflare. A newer version of this Worker may map them.",
        );
    }
    for destination in entry.destinations() {
        let backlog = entry.backlog_of(destination);
        problems.extend(destination_problems(
            dataset,
            destination,
            &backlog,
            limits,
            now,
        ));
    }
    problems
}

/// The problems of one destination with what it gets of a dataset. The one that the flat settings describe
/// has no name that would say more.
fn destination_problems(
    dataset: &str,
    destination: &str,
    backlog: &Backlog,
    limits: &AlertLimits,
    now: u64,
) -> Vec<Problem> {
    let subject = match destination {
        "" | DEFAULT => dataset.to_owned(),
        name => format!("{dataset} to {name}"),
    };
    let mut problems = Vec::new();
    let mut add = |kind, severity, text: String, hint: String| {
        problems.push(Problem {
            kind,
            subject: Some(subject.clone()),
            severity,
            text: format!("{subject}: {text}"),
            hint,
        });
    };
    let oldest = backlog.oldest.first();
    let waits = oldest.map_or(0, |upload| now.saturating_sub(upload.arrived));
    if backlog.uploads > limits.backlog || waits > millis(limits.lag) {
        add(
            ProblemKind::Backlog,
            Severity::Error,
            match oldest {
                Some(_) => format!(
                    "{} wait to be delivered, the oldest for {}",
                    uploads(backlog.uploads),
                    duration(waits)
                ),
                None => format!("{} wait to be delivered", uploads(backlog.uploads)),
            },
            "Nothing is lost. If the destination is down, they are delivered automatically when it is back; otherwise raise max_concurrency and DELIVERIES_IN_FLIGHT. After RETRY_DAYS they become dead letters.".to_owned(),
        );
    }
    let held = backlog.oldest.iter().find(|upload| upload.held);
    let error = backlog
        .oldest
        .iter()
        .find_map(|upload| upload.error.as_deref());
    if let Some(upload) = held {
        let error = upload.error.as_deref().unwrap_or("the reason is not known");
        let name = match destination {
            "" => DEFAULT,
            name => name,
        };
        add(
            ProblemKind::Held,
            Severity::Error,
            format!("the destination takes nothing until something is repaired: {error}"),
            format!(
                "Nothing is lost: the uploads wait, however long that takes. After the repair, \"Try again now\" on the status page, or POST /api/destinations/{name}/retry, delivers them at once."
            ),
        );
    } else if let Some(error) = error {
        add(
            ProblemKind::Failing,
            Severity::Warning,
            format!("deliveries fail and are repeated: {error}"),
            "Nothing is lost. Check the destination's URL and key, and whether it is up."
                .to_owned(),
        );
    }
    problems
}

fn uploads(number: u64) -> String {
    match number {
        1 => "1 upload".to_owned(),
        many => format!("{} uploads", count(many)),
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overview::{Bucket, CRON, Seen};
    use crate::shard::{Report, ShardStats, Upload};

    const NOW: u64 = 1_000 * DAY;
    const LIMITS: AlertLimits = AlertLimits {
        silent: Duration::from_secs(60 * 60),
        lag: Duration::from_secs(30 * 60),
        backlog: 100,
    };

    fn waiting(uploads: u64, arrived: u64, error: Option<&str>) -> DatasetOverview {
        let mut entry = DatasetOverview {
            last_arrival: NOW,
            ..DatasetOverview::default()
        };
        let backlog = Backlog {
            uploads,
            bytes: 1,
            records: 1,
            oldest: vec![Upload {
                arrived,
                error: error.map(str::to_owned),
                ..Upload::default()
            }],
        };
        let report = Report {
            stats: ShardStats::default(),
            backlog: [("default".to_owned(), backlog)].into(),
        };
        entry.take("0", report);
        entry
    }

    #[test]
    fn problems_are_found_at_their_thresholds_and_not_before() {
        let lively = DatasetOverview {
            last_arrival: NOW,
            ..DatasetOverview::default()
        };
        let with_lag = |minutes_ago: u64, lag_ms_max| DatasetOverview {
            minutes: [(
                NOW / MINUTE - minutes_ago,
                Bucket {
                    lag_ms_max,
                    ..Bucket::default()
                },
            )]
            .into(),
            ..lively.clone()
        };
        let with_lost = |hours_ago: u64| {
            let mut bucket = Bucket::default();
            bucket.counters.lost = 1;
            DatasetOverview {
                hours: [(NOW / HOUR - hours_ago, bucket)].into(),
                ..lively.clone()
            }
        };
        let with_new_field = |first| DatasetOverview {
            unknown_fields: [("NewField".to_owned(), Seen { first, last: NOW })].into(),
            ..lively.clone()
        };
        let arrived = |last_arrival| DatasetOverview {
            last_arrival,
            ..DatasetOverview::default()
        };
        let dead_letters = DatasetOverview {
            dead_letters: 2,
            ..lively.clone()
        };
        let mut held = waiting(1, NOW, Some("status 401"));
        let mut report = Report::default();
        let backlog = report.backlog.entry("default".to_owned()).or_default();
        backlog.uploads = 1;
        backlog.oldest = vec![Upload {
            arrived: NOW,
            error: Some("status 401".to_owned()),
            held: true,
            ..Upload::default()
        }];
        held.take("0", report);
        let with_records = |delivered, refused| {
            let mut entry = lively.clone();
            entry.totals.records = 10;
            entry.totals.delivered = delivered;
            entry.totals.refused = refused;
            entry
        };
        for (name, entry, expected) in [
            ("well", lively.clone(), &[][..]),
            ("all accounted for", with_records(8, 2), &[]),
            (
                "one too few",
                with_records(8, 1),
                &[ProblemKind::Unaccounted],
            ),
            (
                "one too many",
                with_records(9, 2),
                &[ProblemKind::Unaccounted],
            ),
            ("never seen", DatasetOverview::default(), &[]),
            ("silent", arrived(NOW - 61 * MINUTE), &[ProblemKind::Silent]),
            ("not yet silent", arrived(NOW - 60 * MINUTE), &[]),
            ("ended on purpose", arrived(NOW - SILENCE_REPORTED), &[]),
            ("a few wait", waiting(100, NOW - 30 * MINUTE, None), &[]),
            ("too many", waiting(101, NOW, None), &[ProblemKind::Backlog]),
            (
                "for long",
                waiting(1, NOW - 31 * MINUTE, None),
                &[ProblemKind::Backlog],
            ),
            (
                "in vain",
                waiting(1, NOW, Some("down")),
                &[ProblemKind::Failing],
            ),
            ("lost", with_lost(23), &[ProblemKind::Lost]),
            ("lost before", with_lost(24), &[]),
            ("until a repair", held, &[ProblemKind::Held]),
            ("late", with_lag(14, 31 * MINUTE), &[ProblemKind::Lag]),
            ("late before", with_lag(15, 31 * MINUTE), &[]),
            ("in time", with_lag(0, 30 * MINUTE), &[]),
            ("dead letters", dead_letters, &[ProblemKind::DeadLetters]),
            (
                "drift",
                with_new_field(NOW - DAY + 1),
                &[ProblemKind::Drift],
            ),
            ("known drift", with_new_field(NOW - DAY), &[]),
        ] {
            let overview = Overview {
                datasets: [("http_requests".to_owned(), entry)].into(),
                ..Overview::default()
            };
            let found = problems(&overview, &LIMITS, NOW);
            let kinds: Vec<ProblemKind> = found.iter().map(|problem| problem.kind).collect();
            assert_eq!(kinds, expected, "{name}: {found:?}");
        }
    }

    #[test]
    fn a_cron_that_has_stopped_is_noticed_after_fifteen_minutes() {
        let ran = |at: u64| Overview {
            notes: [(CRON.to_owned(), at.to_string())].into(),
            ..Overview::default()
        };
        let began = |created_at: u64| {
            let mut entry = DatasetOverview::default();
            let stats = ShardStats {
                created_at,
                ..ShardStats::default()
            };
            let backlog = BTreeMap::new();
            entry.take("0", Report { stats, backlog });
            Overview {
                datasets: [("dns_logs".to_owned(), entry)].into(),
                ..Overview::default()
            }
        };
        for (name, overview, expected) in [
            ("nothing came yet", Overview::default(), None),
            ("just before", ran(NOW - 15 * MINUTE), None),
            ("three runs", ran(NOW - 16 * MINUTE), Some("for 16 min")),
            ("new", began(NOW - 15 * MINUTE), None),
            ("never", began(NOW - 16 * MINUTE), Some("never run")),
        ] {
            let text = cron_stopped(&overview, NOW).map(|problem| problem.text);
            assert_eq!(text.is_some(), expected.is_some(), "{name}: {text:?}");
            assert!(text.unwrap_or_default().contains(expected.unwrap_or("")));
        }
    }

    #[test]
    fn each_destination_has_problems_of_its_own() {
        let mut entry = DatasetOverview {
            last_arrival: NOW,
            ..DatasetOverview::default()
        };
        let waits = |error: &str, held: bool| Backlog {
            uploads: 1,
            oldest: vec![Upload {
                arrived: NOW,
                error: Some(error.to_owned()),
                held,
                ..Upload::default()
            }],
            ..Backlog::default()
        };
        let report = Report {
            stats: ShardStats::default(),
            backlog: [
                ("default".to_owned(), waits("status 503", false)),
                ("lake".to_owned(), waits("status 401", true)),
                ("siem".to_owned(), Backlog::default()),
            ]
            .into(),
        };
        entry.take("0", report);
        let overview = Overview {
            datasets: [("dns_logs".to_owned(), entry.clone())].into(),
            ..Overview::default()
        };
        // Nothing waits for siem, so that nobody misses it.
        let removed = removed_destinations(&overview, &["default"]);
        let [removed] = removed.as_slice() else {
            panic!("{removed:?}");
        };
        assert_eq!(removed.subject.as_deref(), Some("lake"));
        assert!(removed.text.contains("1 upload waits"), "{}", removed.text);
        let found = dataset_problems("dns_logs", &entry, &LIMITS, NOW);
        let found: Vec<_> = found
            .iter()
            .map(|of| (of.kind, of.subject.as_deref().unwrap()))
            .collect();
        assert_eq!(
            found,
            [
                (ProblemKind::Failing, "dns_logs"),
                (ProblemKind::Held, "dns_logs to lake"),
            ]
        );
    }
}
