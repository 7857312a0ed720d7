//! Every line of the log: JSON without payload and without secrets. There is one for each upload and for
//! each attempt to deliver one, and none for each event.

use core::time::Duration;

use logpush_normalizer::{Normalizer, Summary};
use serde_json::{Map, Value, json};
use worker::console_log;

use crate::http::answer::Answer;
use crate::send::Counters;

/// How urgent a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    /// No record is lost; the operator should look.
    Warn,
    /// A record is lost or in a dead letter, or will be if nobody acts.
    Error,
}

/// An attempt to deliver a stored upload.
pub(crate) struct Attempt<'a> {
    /// The name of where it goes.
    pub(crate) destination: &'a str,
    pub(crate) key: &'a str,
    /// From 1.
    pub(crate) number: u32,
    /// Records done, by all attempts together.
    pub(crate) done: u64,
    /// Dead letters that this attempt wrote.
    pub(crate) dead_letters: u64,
    pub(crate) error: Option<String>,
    /// When the next attempt is due; nothing where there is none.
    pub(crate) retry_after: Option<Duration>,
}

/// An upload that was stored, or should have been.
#[derive(Default)]
pub(crate) struct Stored {
    pub(crate) dataset: Option<&'static str>,
    pub(crate) key: Option<String>,
    pub(crate) lines: u64,
    pub(crate) bytes_received: u64,
    pub(crate) bytes_plain: u64,
    pub(crate) duplicate: bool,
    pub(crate) destination_test: bool,
}

/// Writes a line about something other than one upload's way: `message` says what, `fields` are its own.
pub(crate) fn write(level: Level, message: &str, fields: Value) {
    let mut line = Line::new(message);
    match fields {
        Value::Object(fields) => line.0.extend(fields),
        other => debug_assert!(false, "{message}: {other} has no names"),
    }
    line.print(level);
}

/// Writes a line about what went wrong in the part of the Worker that `message` names.
pub(crate) fn write_problem(level: Level, message: &str, error: &str) {
    write(level, message, json!({ "error": error }));
}

/// Writes the line of an upload that was delivered while Logpush waited.
///
/// `info`: all is well. `warn`: every record is delivered, and the operator should look. `error`:
/// the upload was not delivered, and is lost unless Logpush's next try succeeds.
pub(crate) fn write_upload(
    normalizer: &Normalizer,
    counters: Option<&Counters>,
    answer: &Answer,
    took: Duration,
) {
    let error = answer.error_text();
    let mut line = Line::new("upload");
    line.status(answer);
    line.counts(normalizer, counters);
    let records = normalizer.summary().records;
    line.add("events", json!(if error.is_none() { records } else { 0 }));
    let level = match (&error, needs_attention(normalizer, counters)) {
        (Some(_), _) => Level::Error,
        (None, true) => Level::Warn,
        (None, false) => Level::Info,
    };
    line.destination_test(normalizer.summary().is_destination_test);
    line.write(level, error, took);
}

/// Writes the line of an upload that was stored, or not: `error` where Logpush must send it again.
pub(crate) fn write_stored(stored: &Stored, answer: &Answer, took: Duration) {
    let error = answer.error_text();
    let mut line = Line::new("stored");
    line.status(answer);
    line.dataset(stored.dataset);
    line.key(stored.key.as_deref());
    line.add("lines", json!(stored.lines));
    line.bytes(stored.bytes_received, stored.bytes_plain);
    line.add("duplicate", json!(stored.duplicate));
    line.destination_test(stored.destination_test);
    let level = if error.is_some() {
        Level::Error
    } else {
        Level::Info
    };
    line.write(level, error, took);
}

/// Writes the line of an attempt to deliver a stored upload.
///
/// `warn`: it will be tried again, or the operator should look. `error`: there is a dead letter.
pub(crate) fn write_attempt(
    normalizer: &Normalizer,
    counters: Option<&Counters>,
    attempt: &Attempt<'_>,
    took: Duration,
) {
    let is_over = attempt.error.is_some() && attempt.retry_after.is_none();
    let level = if is_over || attempt.dead_letters > 0 {
        Level::Error
    } else if attempt.error.is_some() || needs_attention(normalizer, counters) {
        Level::Warn
    } else {
        Level::Info
    };
    let mut line = Line::new("delivery");
    line.key(Some(attempt.key));
    line.add("destination", json!(attempt.destination));
    line.add("attempt", json!(attempt.number));
    line.counts(normalizer, counters);
    line.add("done", json!(attempt.done));
    line.add("dead_letters", json!(attempt.dead_letters));
    if let Some(wait) = attempt.retry_after {
        line.add("retry_after_s", json!(wait.as_secs()));
    }
    line.write(level, attempt.error.clone(), took);
}

fn needs_attention(normalizer: &Normalizer, counters: Option<&Counters>) -> bool {
    let summary = normalizer.summary();
    summary.errors > 0
        || summary.times_from_arrival > 0
        || summary.truncated > 0
        || summary.repeated_names > 0
        || summary.is_array_open
        || summary.repaired > 0
        || !summary.unknown_fields.is_empty()
        || !summary.unknown_values.is_empty()
        || summary.own_records > 0
        || counters.is_some_and(|counters| counters.refused.get() + counters.retries.get() > 0)
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// The line of an upload, before it is written.
struct Line(Map<String, Value>);

impl Line {
    fn new(message: &str) -> Self {
        let mut line = Self(Map::new());
        line.add("message", json!(message));
        line
    }

    fn add(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    fn status(&mut self, answer: &Answer) {
        self.add("status", json!(answer.status));
    }

    fn dataset(&mut self, dataset: Option<&str>) {
        self.add("dataset", json!(dataset));
    }

    fn key(&mut self, key: Option<&str>) {
        self.add("key", json!(key));
    }

    fn bytes(&mut self, received: u64, plain: u64) {
        self.add("bytes_received", json!(received));
        self.add("bytes_plain", json!(plain));
    }

    fn destination_test(&mut self, is_one: bool) {
        if is_one {
            self.add("destination_test", json!(true));
        }
    }

    fn counts(&mut self, normalizer: &Normalizer, counters: Option<&Counters>) {
        let summary = normalizer.summary();
        let none = Counters::default();
        let counters = counters.unwrap_or(&none);
        self.dataset(normalizer.dataset().map(|dataset| dataset.name));
        self.add("records", json!(summary.records));
        self.add("errors", json!(summary.errors));
        if summary.dropped > 0 {
            self.add("dropped", json!(summary.dropped));
        }
        if !summary.rules.is_empty() {
            self.add("rules", rules(summary));
        }
        self.add("refused", json!(counters.refused.get()));
        self.add("invalid_values", json!(summary.invalid_values));
        self.add("times_from_arrival", json!(summary.times_from_arrival));
        self.add("repaired", json!(summary.repaired));
        self.add("truncated", json!(summary.truncated));
        if summary.dropped_fields > 0 {
            self.add("dropped_fields", json!(summary.dropped_fields));
        }
        if summary.repeated_names > 0 {
            self.add("repeated_names", json!(summary.repeated_names));
        }
        if summary.is_array_open {
            self.add("array_without_end", json!(true));
        }
        self.add("unknown_fields", json!(summary.unknown_fields));
        self.add("more_unknown_fields", json!(summary.more_unknown_fields));
        self.add("unknown_values", json!(summary.unknown_values));
        if summary.decrypted > 0 {
            self.add("matched_data_decrypted", json!(summary.decrypted));
        }
        if !summary.undecrypted.is_empty() {
            self.add("matched_data_undecrypted", json!(summary.undecrypted));
        }
        if summary.own_records > 0 {
            self.add("own_records", json!(summary.own_records));
        }
        self.bytes(summary.bytes_received, summary.bytes_plain);
        self.add("bytes_documents", json!(summary.bytes_documents));
        self.add("bytes_sent", json!(counters.bytes_sent.get()));
        self.add("batches", json!(counters.batches.get()));
        self.add("requests", json!(counters.requests.get()));
        self.add("retries", json!(counters.retries.get()));
        if counters.unknown.get() > 0 {
            self.add("unknown", json!(counters.unknown.get()));
        }
        if counters.perhaps_repeated.get() > 0 {
            self.add("perhaps_repeated", json!(counters.perhaps_repeated.get()));
        }
        if counters.already_there.get() > 0 {
            self.add("already_there", json!(counters.already_there.get()));
        }
        if let Some(reason) = counters.last_reason.borrow().as_deref() {
            self.add("last_reason", json!(reason));
        }
    }

    fn print(mut self, level: Level) {
        self.add("level", json!(level.name()));
        console_log!("{}", Value::Object(self.0));
    }

    fn write(mut self, level: Level, error: Option<String>, took: Duration) {
        self.add("duration_ms", json!(took.as_millis() as u64));
        self.add("wasm_memory_bytes", json!(wasm_memory_bytes()));
        if let Some(error) = error {
            self.add("error", json!(error));
        }
        self.print(level);
    }
}

/// How many records each rule fits, and of these how many it dropped.
fn rules(summary: &Summary) -> Value {
    let rules = summary.rules.iter().map(|rule| {
        let counts = json!({"fits": rule.fits, "dropped": rule.dropped});
        (rule.name.clone(), counts)
    });
    Value::Object(rules.collect())
}

/// The memory that the instance has taken from the isolate; it never gives any back.
fn wasm_memory_bytes() -> usize {
    const PAGE: usize = 64 * 1024;
    #[cfg(target_arch = "wasm32")]
    let pages = core::arch::wasm32::memory_size::<0>();
    #[cfg(not(target_arch = "wasm32"))]
    let pages = 0;
    pages * PAGE
}
