//! The normalizer alone, natively: `bench-native FILE [ROUNDS [DATASET [RULES]]]`.
//!
//! Prints one line of JSON with the nanoseconds of the fastest round, inflating alone and with the
//! rest. With 0 rounds it normalises once and looks at no clock: for counting instructions.
#![allow(
    clippy::disallowed_methods,
    reason = "Instant::now traps in wasm only, and this is what the clock is for"
)]

use core::error::Error;
use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;
use std::{env, fs};

use logpush_gzip::Gunzip;
use logpush_normalizer::{
    Config, Dataset, Limits, Normalizer, Rules, Shape, Summary, Time, UploadError, datasets,
};

#[path = "../rules.rs"]
mod rules;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("usage: bench-native FILE [ROUNDS [DATASET [RULES]]]")?;
    let rounds: u32 = arguments.next().map_or(Ok(15), |rounds| rounds.parse())?;
    let dataset = arguments
        .next()
        .unwrap_or_else(|| "firewall_events".to_owned());
    let dataset = datasets::by_name(&dataset);
    let number = arguments.next().map_or(Ok(0), |number| number.parse())?;
    let rules = rules::set(number);
    let upload = fs::read(path)?;
    if rounds == 0 {
        normalize(&upload, dataset, &rules)?;
        return Ok(());
    }
    let summary = normalize(&upload, dataset, &rules)?;
    let (mut inflating, mut normalizing) = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        let start = Instant::now();
        inflate(&upload)?;
        inflating = inflating.min(start.elapsed());
        let start = Instant::now();
        normalize(&upload, dataset, &rules)?;
        normalizing = normalizing.min(start.elapsed());
    }
    println!(
        r#"{{"records":{},"plain_bytes":{},"inflate_ns":{},"normalize_ns":{}}}"#,
        summary.records,
        summary.bytes_plain,
        inflating.as_nanos(),
        normalizing.as_nanos(),
    );
    Ok(())
}

fn normalize(
    upload: &[u8],
    dataset: Option<&'static Dataset>,
    rules: &Rules,
) -> Result<Summary, UploadError> {
    let mut normalizer = Normalizer::new(Config {
        dataset,
        shape: Shape::Ecs,
        // 2026-01-01: a benchmark's documents depend on nothing else.
        arrival: Time::from_unix_millis(1_767_225_600_000),
        keep_original: false,
        private_keys: Default::default(),
        worker_name: "logpush-ecs",
        unmask: false,
        rules: rules.clone(),
        limits: Limits::default(),
    });
    let mut input = upload;
    while let Some(batch) = normalizer.feed(&mut input)? {
        black_box(batch);
    }
    while let Some(batch) = normalizer.finish()? {
        black_box(batch);
    }
    Ok(normalizer.summary().clone())
}

fn inflate(upload: &[u8]) -> Result<(), UploadError> {
    let mut gunzip = Gunzip::new();
    // As much as the normalizer inflates at a time.
    let mut plain = vec![0; 128 * 1024];
    let mut input = upload;
    loop {
        let inflated = gunzip.step(input, &mut plain)?;
        input = input.get(inflated.consumed..).unwrap_or_default();
        if input.is_empty() && inflated.produced < plain.len() {
            return Ok(());
        }
        black_box(&plain);
    }
}
