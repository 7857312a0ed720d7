//! `/metrics` in the Prometheus text format. docs/metrics.md documents names and units, which are
//! stable.

use core::fmt::Write as _;
use std::collections::BTreeSet;

use crate::counters::{Counters, Lags};
use crate::destination::Destination;
use crate::model::{DatasetStatus, OverallVerdict, Route, Status};
use crate::shard::RuleTotals;

/// Content type of the text format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A counter: its name, help and value.
type Counter = (&'static str, &'static str, fn(&Counters) -> u64);

/// A gauge: its name, help and value, if it is known.
type Gauge = (
    &'static str,
    &'static str,
    fn(&DatasetStatus, u64) -> Option<Value>,
);

const COUNTERS: [Counter; 13] = [
    (
        "uploads_total",
        "Uploads that were delivered completely.",
        |counters| counters.uploads,
    ),
    (
        "received_bytes_total",
        "Bytes of these uploads as received.",
        |counters| counters.bytes,
    ),
    (
        "error_records_total",
        "Lines that are not records.",
        |counters| counters.errors,
    ),
    (
        "refused_events_total",
        "Records that the destination refused, those of whole dead letters included.",
        |counters| counters.refused,
    ),
    (
        "delivered_records_total",
        "Records that the destination has.",
        |counters| counters.delivered,
    ),
    (
        "dropped_records_total",
        "Records that were not sent, by a rule or since the operator gave up their destination.",
        |counters| counters.dropped,
    ),
    (
        "unknown_records_total",
        "Records that the destination refused, or others that were sent with them.",
        |counters| counters.unknown,
    ),
    (
        "lost_records_total",
        "Records of lost uploads, as far as they are known.",
        |counters| counters.lost_records,
    ),
    (
        "intake_requests_total",
        "Requests to the intake by attempts that were completed.",
        |counters| counters.requests,
    ),
    (
        "intake_retries_total",
        "The retries among these requests.",
        |counters| counters.retries,
    ),
    (
        "failed_attempts_total",
        "Attempts to deliver an upload that failed and are repeated.",
        |counters| counters.failed_attempts,
    ),
    (
        "dead_letters_written_total",
        "Dead letters written.",
        |counters| counters.dead_letters,
    ),
    (
        "lost_uploads_total",
        "Uploads whose object was gone before all of it was delivered.",
        |counters| counters.lost,
    ),
];

/// A counter of a rule: its name, help and value.
type OfRule = (&'static str, &'static str, fn(&RuleTotals) -> u64);

const RULES: [OfRule; 2] = [
    (
        "rule_records_total",
        "Records that a rule decided on, or whose fields it changed.",
        |rule| rule.fits,
    ),
    (
        "rule_dropped_records_total",
        "Of these, the ones that it dropped.",
        |rule| rule.dropped,
    ),
];

const GAUGES: [Gauge; 8] = [
    (
        "waiting_uploads",
        "Uploads that are stored and not delivered yet.",
        |dataset, _| Some(Value::Number(dataset.waiting.uploads)),
    ),
    (
        "waiting_bytes",
        "Bytes of these uploads, as far as they are known.",
        |dataset, _| Some(Value::Number(dataset.waiting.bytes)),
    ),
    (
        "waiting_records",
        "Lines of these uploads, as far as they are known.",
        |dataset, _| Some(Value::Number(dataset.waiting.records)),
    ),
    (
        "oldest_waiting_seconds",
        "How long the oldest of these uploads has been waiting, or 0.",
        |dataset, now| {
            Some(
                dataset
                    .waiting
                    .oldest_arrival
                    .map_or(Value::Number(0), |arrived| {
                        Value::Millis(now.saturating_sub(arrived))
                    }),
            )
        },
    ),
    (
        "dead_letters",
        "Dead letters that are stored now.",
        |dataset, _| Some(Value::Number(dataset.dead_letters)),
    ),
    (
        "unknown_fields",
        "Fields of the last 30 days that the mapping does not know.",
        |dataset, _| Some(Value::Number(dataset.unknown_fields.len() as u64)),
    ),
    (
        "last_arrival_timestamp_seconds",
        "The latest arrival among uploads for which an attempt to deliver has ended.",
        |dataset, _| dataset.last_arrival.map(Value::Millis),
    ),
    (
        "last_delivery_timestamp_seconds",
        "When the last upload was delivered.",
        |dataset, _| dataset.last_delivery.map(Value::Millis),
    ),
];

/// A metric of a destination: its name, type, help and value, if it is known.
type OfDestination = (
    &'static str,
    &'static str,
    &'static str,
    fn(&Destination, u64) -> Option<Value>,
);

const DESTINATIONS: [OfDestination; 13] = [
    (
        "destination_waiting_uploads",
        "gauge",
        "Uploads that are owed to the destination.",
        |of, _| Some(Value::Number(of.waiting.uploads)),
    ),
    (
        "destination_waiting_records",
        "gauge",
        "Lines of these uploads, as far as they are known.",
        |of, _| Some(Value::Number(of.waiting.records)),
    ),
    (
        "destination_oldest_waiting_seconds",
        "gauge",
        "How long the oldest of these uploads has been waiting, or 0.",
        |of, now| {
            let oldest = of.waiting.oldest_arrival;
            Some(Value::Millis(oldest.map_or(0, |at| now.saturating_sub(at))))
        },
    ),
    (
        "destination_held",
        "gauge",
        "1 if the destination takes nothing until something is repaired.",
        |of, _| Some(Value::Number(u64::from(of.waiting.held))),
    ),
    (
        "destination_held_since_timestamp_seconds",
        "gauge",
        "When the first upload arrived of those that wait for a repair.",
        |of, _| of.held_since.map(Value::Millis),
    ),
    (
        "destination_last_delivery_timestamp_seconds",
        "gauge",
        "When the last upload was delivered to the destination.",
        |of, _| of.last_delivery.map(Value::Millis),
    ),
    (
        "destination_delivered_records_total",
        "counter",
        "Records that the destination has.",
        |of, _| Some(Value::Number(of.sum.delivered)),
    ),
    (
        "destination_refused_records_total",
        "counter",
        "Records that the destination refused.",
        |of, _| Some(Value::Number(of.sum.refused)),
    ),
    (
        "destination_unknown_records_total",
        "counter",
        "Records that the destination refused, or others that were sent with them.",
        |of, _| Some(Value::Number(of.sum.unknown)),
    ),
    (
        "destination_dropped_records_total",
        "counter",
        "Records that were not sent, by a rule or since the operator gave up the destination.",
        |of, _| Some(Value::Number(of.sum.dropped)),
    ),
    (
        "destination_lost_records_total",
        "counter",
        "Records of lost uploads that were owed to the destination, as far as they are known.",
        |of, _| Some(Value::Number(of.sum.lost)),
    ),
    (
        "destination_duplicate_records_total",
        "counter",
        "Records of those delivered that the destination says it had before.",
        |of, _| Some(Value::Number(of.duplicates)),
    ),
    (
        "destination_failed_attempts_total",
        "counter",
        "Attempts to deliver an upload to the destination that failed and are repeated.",
        |of, _| Some(Value::Number(of.failed_attempts)),
    ),
];

/// The metrics of the whole status.
pub fn text(status: &Status) -> String {
    let mut text = Text::default();
    text.family(
        "info",
        "gauge",
        "The version of the Worker and the route of its uploads.",
    );
    let route = match status.route {
        Route::Durable => "durable",
        Route::Direct => "direct",
    };
    text.sample(
        "info",
        &[("version", status.version), ("route", route)],
        Value::Number(1),
    );
    text.family(
        "healthy",
        "gauge",
        "1 if nothing needs the operator, 0 if something does.",
    );
    text.sample(
        "healthy",
        &[],
        Value::Number(u64::from(status.verdict == OverallVerdict::Ok)),
    );
    text.family(
        "problem",
        "gauge",
        "1 for each problem that needs the operator.",
    );
    // A series that stands twice makes Prometheus refuse the whole scrape.
    let problems: BTreeSet<_> = status
        .problems
        .iter()
        .map(|problem| (problem.kind.name(), problem.subject.as_deref()))
        .collect();
    for (kind, subject) in problems {
        let labels = [("kind", kind), ("subject", subject.unwrap_or(""))];
        text.sample("problem", &labels, Value::Number(1));
    }
    text.family(
        "last_cron_run_timestamp_seconds",
        "gauge",
        "When the cron last ran, if it ever did.",
    );
    if let Some(at) = status.last_cron_run {
        text.sample("last_cron_run_timestamp_seconds", &[], Value::Millis(at));
    }
    text.family(
        "records_total",
        "counter",
        "Records that have arrived: delivered, dropped, refused, unknown, waiting or lost.",
    );
    for dataset in &status.datasets {
        text.sample(
            "records_total",
            &[("dataset", &dataset.dataset)],
            Value::Number(dataset.sum.records),
        );
    }
    for (name, help, value) in COUNTERS {
        text.family(name, "counter", help);
        for dataset in &status.datasets {
            text.sample(
                name,
                &[("dataset", &dataset.dataset)],
                Value::Number(value(&dataset.totals)),
            );
        }
    }
    for (name, help, value) in RULES {
        text.family(name, "counter", help);
        for dataset in &status.datasets {
            for destination in &dataset.destinations {
                for (rule, totals) in &destination.rules {
                    let labels = [
                        ("dataset", dataset.dataset.as_str()),
                        ("destination", destination.destination.as_str()),
                        ("rule", rule.as_str()),
                    ];
                    text.sample(name, &labels, Value::Number(value(totals)));
                }
            }
        }
    }
    text.family(
        "delivery_lag_seconds",
        "histogram",
        "From the newest event of an upload to the end of its delivery.",
    );
    for dataset in &status.datasets {
        let label = ("dataset", dataset.dataset.as_str());
        lag(
            &mut text,
            "delivery_lag_seconds",
            label,
            &dataset.lags,
            dataset.totals.lag_ms,
        );
    }
    for (name, help, value) in GAUGES {
        text.family(name, "gauge", help);
        for dataset in &status.datasets {
            if let Some(value) = value(dataset, status.at) {
                text.sample(name, &[("dataset", &dataset.dataset)], value);
            }
        }
    }
    for (name, kind, help, value) in DESTINATIONS {
        text.family(name, kind, help);
        for of in &status.destinations {
            if let Some(value) = value(of, status.at) {
                text.sample(name, &[("destination", &of.name)], value);
            }
        }
    }
    text.family(
        "destination_delivery_lag_seconds",
        "histogram",
        "From the newest event of an upload to the end of its delivery to the destination.",
    );
    for of in &status.destinations {
        lag(
            &mut text,
            "destination_delivery_lag_seconds",
            ("destination", of.name.as_str()),
            &of.lags,
            of.totals.lag_ms,
        );
    }
    text.0
}

/// A histogram of lag; `sum`: of all lags, in milliseconds.
fn lag(text: &mut Text, name: &str, label: (&str, &str), lags: &Lags, sum: u64) {
    let mut count = 0;
    for (bound, cumulative) in lags.cumulative() {
        let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| bound.to_string());
        text.sample(
            &format!("{name}_bucket"),
            &[label, ("le", &bound)],
            Value::Number(cumulative),
        );
        count = cumulative;
    }
    text.sample(&format!("{name}_sum"), &[label], Value::Millis(sum));
    text.sample(&format!("{name}_count"), &[label], Value::Number(count));
}

/// A value of a sample. Milliseconds are written as seconds.
enum Value {
    Number(u64),
    Millis(u64),
}

/// The text so far.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP logpush_ecs_{name} {help}");
        let _ = writeln!(self.0, "# TYPE logpush_ecs_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: Value) {
        let _ = write!(self.0, "logpush_ecs_{name}");
        for (place, (label, text)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{}\"", escaped(text));
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = match value {
            Value::Number(number) => writeln!(self.0, "{after} {number}"),
            Value::Millis(millis) => {
                writeln!(self.0, "{after} {}.{:03}", millis / 1000, millis % 1000)
            }
        };
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::health::{self, AlertLimits};
    use crate::overview::Overview;
    use crate::shard::{DestinationStats, Report, ShardStats};

    #[test]
    fn no_series_stands_twice_and_alerts_are_no_misconfiguration() {
        let twice = health::misconfigured(&["one".to_owned()]);
        let alerts = health::alerts_misconfigured(&["two".to_owned()]);
        let metrics = text(&Status::direct(vec![twice.clone(), alerts, twice], 1));
        let problems: Vec<&str> = metrics
            .lines()
            .filter(|line| line.starts_with("logpush_ecs_problem"))
            .collect();
        assert_eq!(
            problems,
            [
                "logpush_ecs_problem{kind=\"alerts_misconfigured\",subject=\"\"} 1",
                "logpush_ecs_problem{kind=\"misconfigured\",subject=\"\"} 1",
            ]
        );
    }

    #[test]
    fn rules_are_told_by_dataset_and_destination() {
        let destination = DestinationStats {
            rules: [(
                "blocks".to_owned(),
                RuleTotals {
                    fits: 7,
                    dropped: 5,
                },
            )]
            .into(),
            ..DestinationStats::default()
        };
        let report = Report {
            stats: ShardStats {
                destinations: [("siem".to_owned(), destination)].into(),
                ..ShardStats::default()
            },
            ..Report::default()
        };
        let mut overview = Overview::default();
        let entry = overview.datasets.entry("dns_logs".to_owned());
        entry.or_default().take("shard", report);
        let limits = AlertLimits {
            silent: Duration::MAX,
            lag: Duration::MAX,
            backlog: 1,
        };
        let metrics = text(&Status::durable(Some(overview), &limits, Vec::new(), 1));
        let labels = "{dataset=\"dns_logs\",destination=\"siem\",rule=\"blocks\"}";
        for sample in ["rule_records_total{} 7", "rule_dropped_records_total{} 5"] {
            let sample = format!("logpush_ecs_{}", sample.replace("{}", labels));
            assert!(metrics.lines().any(|line| line == sample), "{metrics}");
        }
    }

    #[test]
    fn labels_of_any_text_stay_one_label() {
        let mut text = Text::default();
        text.sample(
            "problem",
            &[("kind", "lag"), ("subject", "a\"} 1\n\\")],
            Value::Number(1),
        );
        assert_eq!(
            text.0,
            "logpush_ecs_problem{kind=\"lag\",subject=\"a\\\"} 1\\n\\\\\"} 1\n"
        );
    }
}
