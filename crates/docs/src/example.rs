//! A record and the event that it becomes.

use logpush_normalizer::{Config, Dataset, Limits, Normalizer, Rules, Shape, Time};
use serde_json::Value;

use crate::error::Error;

/// 2026-09-21T14:13:20Z, when the samples' uploads arrive. No sample needs it: each has a time.
const ARRIVAL_MILLIS: i64 = 1_790_000_000_000;

/// The event of one record, indented.
pub(crate) fn event(dataset: &'static Dataset, record: &str) -> Result<String, Error> {
    let failed = |reason: String| Error::Sample {
        dataset: dataset.name,
        reason,
    };
    let event = normalised(dataset, record).map_err(failed)?;
    serde_json::to_string_pretty(&event).map_err(|error| failed(error.to_string()))
}

/// The event of one record.
pub(crate) fn normalised(dataset: &'static Dataset, record: &str) -> Result<Value, String> {
    let mut normalizer = Normalizer::new(Config {
        dataset: Some(dataset),
        shape: Shape::Ecs,
        arrival: Time::from_unix_millis(ARRIVAL_MILLIS),
        keep_original: false,
        private_keys: Default::default(),
        worker_name: "logpush-ecs",
        unmask: false,
        rules: Rules::default(),
        limits: Limits::default(),
    });
    // One record on one line: a line break is white space to JSON.
    let line = record.replace('\n', " ");
    let mut bytes = line.as_bytes();
    let mut body = Vec::new();
    while let Some(batch) = normalizer
        .feed(&mut bytes)
        .map_err(|error| error.to_string())?
    {
        body.extend_from_slice(&batch.body);
    }
    while let Some(batch) = normalizer.finish().map_err(|error| error.to_string())? {
        body.extend_from_slice(&batch.body);
    }
    let summary = normalizer.summary();
    if summary.records != 1 || summary.errors != 0 || summary.times_from_arrival != 0 {
        return Err(format!("{summary:?}"));
    }
    serde_json::from_slice(&body).map_err(|error| error.to_string())
}
