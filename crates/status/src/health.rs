//! What is not well, why, and what to do: one list, for the status page and for alerts.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::format::{count, duration};
use crate::overview::Entry;
use crate::overview::Snapshot;

/// Something that wants the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub kind: Kind,
    /// What it is about: a dataset, or a Logpush job.
    pub subject: Option<String>,
    pub severity: Severity,
    pub text: String,
    pub hint: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Misconfigured,
    LedgerSilent,
    Silent,
    Lag,
    Backlog,
    Failing,
    DeadLetters,
    Drift,
    JobDisabled,
    JobFailing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is lost, and something wants a look.
    Warning,
    /// Events are missing at the intake, or will be.
    Error,
}

/// From where on it is a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a dataset may send nothing.
    pub silent: Duration,
    /// How late events may be.
    pub lag: Duration,
    /// How many uploads of a dataset may wait.
    pub backlog: u64,
}

/// What has sent nothing for two weeks was ended on purpose.
const GIVEN_UP: u64 = 14 * DAY;

/// Lag is judged by the deliveries of the last minutes: three runs of the cron.
const LAG_MINUTES: u64 = 15;

/// A field that is new stays so for a day.
const NEW: u64 = DAY;

/// Fields that are named.
const NAMED: usize = 5;

const DAY: u64 = 24 * 60 * 60 * 1000;

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Misconfigured => "misconfigured",
            Self::LedgerSilent => "ledger_silent",
            Self::Silent => "silent",
            Self::Lag => "lag",
            Self::Backlog => "backlog",
            Self::Failing => "failing",
            Self::DeadLetters => "dead_letters",
            Self::Drift => "drift",
            Self::JobDisabled => "job_disabled",
            Self::JobFailing => "job_failing",
        }
    }

    /// Whether it is told by alerts: not what an alert cannot remember, nor what may be over in a minute.
    pub fn is_alert(self) -> bool {
        !matches!(self, Self::LedgerSilent | Self::Failing)
    }
}

/// The configuration is wrong.
pub fn misconfigured(problems: &[String]) -> Problem {
    Problem {
        kind: Kind::Misconfigured,
        subject: None,
        severity: Severity::Error,
        text: format!(
            "The Worker is not configured, and every upload is answered 503: {}",
            problems.join("; ")
        ),
        hint: "Set variables in wrangler.toml and secrets with npx wrangler secret put NAME, then deploy again. Logpush gives up an upload after some five minutes.".to_owned(),
    }
}

/// The settings of alerts are wrong.
pub fn alerts_misconfigured(problems: &[String]) -> Problem {
    Problem {
        severity: Severity::Warning,
        text: format!("Alerts are not configured: {}", problems.join("; ")),
        hint: "Uploads are delivered all the same. Set the variables in wrangler.toml, then deploy again.".to_owned(),
        ..misconfigured(problems)
    }
}

/// The board does not answer.
pub fn ledger_silent() -> Problem {
    Problem {
        kind: Kind::LedgerSilent,
        subject: None,
        severity: Severity::Error,
        text: "The ledger does not answer: what is shown here is not known.".to_owned(),
        hint: "Deliveries go on without it. See Cloudflare's status page, and the Worker's log for errors of Durable Objects.".to_owned(),
    }
}

/// What is not well in all that the board knows.
pub fn problems(snapshot: &Snapshot, limits: &Limits, now: u64) -> Vec<Problem> {
    let mut problems: Vec<Problem> = snapshot
        .datasets
        .iter()
        .flat_map(|(dataset, entry)| of_dataset(dataset, entry, limits, now))
        .collect();
    problems.sort_by_key(|problem| core::cmp::Reverse(problem.severity));
    problems
}

fn of_dataset(dataset: &str, entry: &Entry, limits: &Limits, now: u64) -> Vec<Problem> {
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
    if entry.last_arrival > 0 && silent > millis(limits.silent) && silent < GIVEN_UP {
        add(
            Kind::Silent,
            Severity::Error,
            format!("nothing has arrived for {}", duration(silent)),
            "Check the Logpush job: logpush-ecs jobs check names the broken link. A dataset that was ended on purpose is forgotten after 14 days; ALERT_SILENT_MINUTES says how long silence may last.",
        );
    }
    let backlog = entry.backlog();
    let oldest = backlog.oldest.first();
    let waits = oldest.map_or(0, |upload| since(upload.arrived));
    if backlog.uploads > limits.backlog || waits > millis(limits.lag) {
        add(
            Kind::Backlog,
            Severity::Error,
            match oldest {
                Some(_) => format!(
                    "{} wait to be delivered, the oldest for {}",
                    uploads(backlog.uploads),
                    duration(waits)
                ),
                None => format!("{} wait to be delivered", uploads(backlog.uploads)),
            },
            "Nothing is lost. If the intake is down, they are delivered by themselves when it is back; else raise max_concurrency and DELIVERIES_IN_FLIGHT. After RETRY_DAYS they become dead letters.",
        );
    }
    let error = backlog
        .oldest
        .iter()
        .find_map(|upload| upload.error.as_deref());
    if let Some(error) = error {
        add(
            Kind::Failing,
            Severity::Warning,
            format!("deliveries fail and are repeated: {error}"),
            "Nothing is lost. Check the intake's URL and key, and whether it is up.",
        );
    }
    let first = (now / 60_000).saturating_sub(LAG_MINUTES - 1);
    let buckets = entry.minutes.range(first..);
    let lag = buckets.map(|(_, bucket)| bucket.lag_ms_max).max();
    if let Some(lag) = lag.filter(|lag| *lag > millis(limits.lag)) {
        add(
            Kind::Lag,
            Severity::Warning,
            format!(
                "events were delivered up to {} after they happened",
                duration(lag)
            ),
            "A backlog that is being delivered, files that are sent again, or Logpush itself is late: compare arrival and delivery of the latest uploads.",
        );
    }
    if entry.dead_letters > 0 {
        add(
            Kind::DeadLetters,
            Severity::Error,
            match entry.dead_letters {
                1 => "there is a dead letter".to_owned(),
                many => format!("there are {} dead letters", count(many)),
            },
            "Read its reason, put right what it names, then replay or delete it.",
        );
    }
    let new: Vec<&str> = entry
        .drift
        .iter()
        .filter(|(_, seen)| since(seen.first) < NEW)
        .map(|(field, _)| field.as_str())
        .collect();
    if !new.is_empty() {
        let mut named = new
            .iter()
            .take(NAMED)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        if new.len() > NAMED {
            named.push_str(", ...");
        }
        add(
            Kind::Drift,
            Severity::Warning,
            format!("records have fields that the mapping does not know: {named}"),
            "Their values are kept under cloudflare. A newer version of this Worker may map them.",
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
    use crate::overview::{Bucket, Seen};
    use crate::shard::{Backlog, Report, Tally, Upload};

    const NOW: u64 = 1_000 * DAY;
    const MINUTE: u64 = 60_000;
    const LIMITS: Limits = Limits {
        silent: Duration::from_secs(60 * 60),
        lag: Duration::from_secs(30 * 60),
        backlog: 100,
    };

    fn waiting(uploads: u64, arrived: u64, error: Option<&str>) -> Entry {
        let mut entry = Entry {
            last_arrival: NOW,
            ..Entry::default()
        };
        let oldest = vec![Upload {
            arrived,
            error: error.map(str::to_owned),
            ..Upload::default()
        }];
        entry.take(
            "0",
            Report {
                tally: Tally::default(),
                backlog: Backlog {
                    uploads,
                    bytes: 1,
                    oldest,
                },
            },
        );
        entry
    }

    #[test]
    fn what_is_not_well_is_named_and_nothing_else() {
        let lively = Entry {
            last_arrival: NOW,
            ..Entry::default()
        };
        let with_lag = |minutes_ago: u64, lag_ms_max| Entry {
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
        let with_drift = |first| Entry {
            drift: [("NewField".to_owned(), Seen { first, last: NOW })].into(),
            ..lively.clone()
        };
        let arrived = |last_arrival| Entry {
            last_arrival,
            ..Entry::default()
        };
        let dead_letters = Entry {
            dead_letters: 2,
            ..lively.clone()
        };
        for (name, entry, expected) in [
            ("well", lively.clone(), &[][..]),
            ("never seen", Entry::default(), &[]),
            ("silent", arrived(NOW - 61 * MINUTE), &[Kind::Silent]),
            ("not yet silent", arrived(NOW - 60 * MINUTE), &[]),
            ("given up", arrived(NOW - GIVEN_UP), &[]),
            ("a few wait", waiting(100, NOW - 30 * MINUTE, None), &[]),
            ("too many", waiting(101, NOW, None), &[Kind::Backlog]),
            (
                "for long",
                waiting(1, NOW - 31 * MINUTE, None),
                &[Kind::Backlog],
            ),
            ("in vain", waiting(1, NOW, Some("down")), &[Kind::Failing]),
            ("late", with_lag(14, 31 * MINUTE), &[Kind::Lag]),
            ("late before", with_lag(15, 31 * MINUTE), &[]),
            ("in time", with_lag(0, 30 * MINUTE), &[]),
            ("dead letters", dead_letters, &[Kind::DeadLetters]),
            ("drift", with_drift(NOW - DAY + 1), &[Kind::Drift]),
            ("known drift", with_drift(NOW - DAY), &[]),
        ] {
            let snapshot = Snapshot {
                datasets: [("http_requests".to_owned(), entry)].into(),
                ..Snapshot::default()
            };
            let found = problems(&snapshot, &LIMITS, NOW);
            let kinds: Vec<Kind> = found.iter().map(|problem| problem.kind).collect();
            assert_eq!(kinds, expected, "{name}: {found:?}");
        }
    }
}
