//! The summary that `normalize` prints at its end.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeSet;

use logpush_normalizer::{Dataset, Summary};

use crate::terminal::{Megabytes, printable};

/// The counters of all inputs together.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    datasets: BTreeSet<&'static str>,
    destination_tests: u64,
    counters: Summary,
}

impl Totals {
    /// Adds the counters of one input.
    pub(crate) fn add(&mut self, dataset: Option<&'static Dataset>, summary: &Summary) {
        self.datasets.extend(dataset.map(|dataset| dataset.name));
        self.destination_tests += u64::from(summary.is_destination_test);
        let all = &mut self.counters;
        all.records += summary.records;
        all.errors += summary.errors;
        all.dropped += summary.dropped;
        for (place, rule) in summary.rules.iter().enumerate() {
            match all.rules.get_mut(place) {
                Some(known) => {
                    known.fits += rule.fits;
                    known.dropped += rule.dropped;
                }
                None => all.rules.push(rule.clone()),
            }
        }
        all.invalid_values += summary.invalid_values;
        all.times_from_arrival += summary.times_from_arrival;
        all.repaired += summary.repaired;
        all.truncated += summary.truncated;
        all.dropped_fields += summary.dropped_fields;
        all.repeated_names += summary.repeated_names;
        all.is_array_open |= summary.is_array_open;
        all.decrypted += summary.decrypted;
        for (reason, count) in &summary.undecrypted {
            *all.undecrypted.entry(*reason).or_default() += count;
        }
        all.own_records += summary.own_records;
        for (name, count) in &summary.unknown_fields {
            *all.unknown_fields.entry(name.clone()).or_default() += count;
        }
        all.more_unknown_fields += summary.more_unknown_fields;
        for (field, count) in &summary.unknown_values {
            *all.unknown_values.entry(*field).or_default() += count;
        }
        all.bytes_received += summary.bytes_received;
        all.bytes_plain += summary.bytes_plain;
        all.bytes_documents += summary.bytes_documents;
    }

    /// The number of lines that are not records.
    pub(crate) fn errors(&self) -> u64 {
        self.counters.errors
    }

    /// The summary as text, a line for each counter.
    pub(crate) fn text(&self, elapsed: Duration) -> impl fmt::Display + '_ {
        Text {
            totals: self,
            elapsed,
        }
    }
}

struct Text<'a> {
    totals: &'a Totals,
    elapsed: Duration,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals {
            datasets,
            destination_tests,
            counters,
        } = self.totals;
        let mut line = |name: &str, value: &dyn fmt::Display| {
            // The longest name is "times from arrival".
            writeln!(formatter, "{:<19} {value}", format!("{name}:"))
        };
        for dataset in datasets {
            line("dataset", dataset)?;
        }
        if *destination_tests > 0 {
            line(
                "destination tests",
                &format_args!("{destination_tests} (sent when a job is created, without records)"),
            )?;
        }
        line("records", &counters.records)?;
        line("errors", &counters.errors)?;
        if !counters.rules.is_empty() {
            line("dropped by rules", &counters.dropped)?;
        }
        for rule in &counters.rules {
            let counts = match rule.dropped {
                0 => format!("fits {}", rule.fits),
                dropped => format!("fits {}, drops {dropped}", rule.fits),
            };
            line(&format!("  {}", rule.name), &counts)?;
        }
        line("values kept", &counters.invalid_values)?;
        line("times from arrival", &counters.times_from_arrival)?;
        line("text repaired", &counters.repaired)?;
        line("truncated", &counters.truncated)?;
        if counters.dropped_fields > 0 {
            line("fields dropped", &counters.dropped_fields)?;
        }
        if counters.repeated_names > 0 {
            line("repeated names", &counters.repeated_names)?;
        }
        if counters.is_array_open {
            line("arrays", &"one has no end: records may be missing")?;
        }
        line("unknown fields", &counters.unknown_fields.len())?;
        let mut unknown: Vec<_> = counters.unknown_fields.iter().collect();
        unknown.sort_by_key(|(_, count)| core::cmp::Reverse(**count));
        for (name, count) in unknown {
            line(&format!("  {}", printable(name)), count)?;
        }
        if counters.more_unknown_fields > 0 {
            line("  (more names)", &counters.more_unknown_fields)?;
        }
        line("unknown values", &counters.unknown_values.len())?;
        for (field, count) in &counters.unknown_values {
            line(&format!("  of {field}"), count)?;
        }
        if counters.decrypted > 0 {
            line("payloads decrypted", &counters.decrypted)?;
        }
        for (reason, count) in &counters.undecrypted {
            line("payloads kept", &format_args!("{count} ({reason})"))?;
        }
        if counters.own_records > 0 {
            line(
                "own records",
                &format_args!(
                    "{} (the Worker's own requests and runs: the job needs a filter, see docs/jobs.md)",
                    counters.own_records
                ),
            )?;
        }
        line("received", &Megabytes(counters.bytes_received))?;
        line("plain input", &Megabytes(counters.bytes_plain))?;
        line("documents", &Megabytes(counters.bytes_documents))?;
        line(
            "speed",
            &format_args!(
                "{:.1} MB/s of plain input, {:.3} s",
                per_second(counters.bytes_plain, self.elapsed),
                self.elapsed.as_secs_f64()
            ),
        )
    }
}

/// Megabytes a second.
fn per_second(bytes: u64, elapsed: Duration) -> f64 {
    bytes as f64 / 1e6 / elapsed.as_secs_f64().max(1e-9)
}
