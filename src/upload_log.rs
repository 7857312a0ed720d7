//! One structured line per upload: none per event, no payload, no secret.

use core::time::Duration;

use logpush_normalizer::Normalizer;
use serde_json::{Map, Value, json};
use worker::console_log;

use crate::answer::Answer;
use crate::deliver::Counters;

/// Writes the line.
///
/// `info`: all is well. `warn`: every record is delivered, and something wants a look. `error`:
/// the upload was not delivered, and is lost unless Logpush's next try succeeds.
pub(crate) fn write(
    normalizer: &Normalizer,
    counters: Option<&Counters>,
    answer: &Answer,
    took: Duration,
) {
    let summary = normalizer.summary();
    let none = Counters::default();
    let counters = counters.unwrap_or(&none);
    let error = answer.error_text();
    let wants_a_look = summary.errors > 0
        || summary.times_from_arrival > 0
        || summary.truncated > 0
        || summary.repaired > 0
        || !summary.unknown_fields.is_empty()
        || !summary.unknown_values.is_empty()
        || counters.refused.get() > 0
        || counters.retries.get() > 0;
    let level = match (&error, wants_a_look) {
        (Some(_), _) => "error",
        (None, true) => "warn",
        (None, false) => "info",
    };
    let mut line = Map::new();
    let mut add = |name: &str, value: Value| line.insert(name.to_owned(), value);
    add("level", json!(level));
    add("message", json!("upload"));
    add(
        "dataset",
        json!(normalizer.dataset().map(|dataset| dataset.name)),
    );
    add("status", json!(answer.status));
    add("records", json!(summary.records));
    add(
        "events",
        json!(if error.is_none() { summary.records } else { 0 }),
    );
    add("errors", json!(summary.errors));
    add("refused", json!(counters.refused.get()));
    add("invalid_values", json!(summary.invalid_values));
    add("times_from_arrival", json!(summary.times_from_arrival));
    add("repaired", json!(summary.repaired));
    add("truncated", json!(summary.truncated));
    add("unknown_fields", json!(summary.unknown_fields));
    add("more_unknown_fields", json!(summary.more_unknown_fields));
    add("unknown_values", json!(summary.unknown_values));
    add("bytes_received", json!(summary.bytes_received));
    add("bytes_plain", json!(summary.bytes_plain));
    add("bytes_documents", json!(summary.bytes_documents));
    add("bytes_sent", json!(counters.bytes_sent.get()));
    add("batches", json!(counters.batches.get()));
    add("requests", json!(counters.requests.get()));
    add("retries", json!(counters.retries.get()));
    add("duration_ms", json!(took.as_millis() as u64));
    add("wasm_memory_bytes", json!(wasm_memory_bytes()));
    if summary.is_destination_test {
        add("destination_test", json!(true));
    }
    if let Some(reason) = counters.last_reason.borrow().as_deref() {
        add("last_reason", json!(reason));
    }
    if let Some(error) = error {
        add("error", json!(error));
    }
    console_log!("{}", Value::Object(line));
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
