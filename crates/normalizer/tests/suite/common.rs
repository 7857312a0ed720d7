//! Running the normalizer over a text, for all tests.

use logpush_normalizer::{Config, Limits, Normalizer, Shape, Summary, Time, UploadError, datasets};
use serde_json::Value;

/// 2026-01-02T03:04:05.678Z, the arrival of every upload here.
pub(crate) const ARRIVAL: &str = "2026-01-02T03:04:05.678000Z";

pub(crate) fn config(shape: Shape) -> Config {
    Config {
        dataset: datasets::by_name("firewall_events"),
        shape,
        arrival: Time::from_unix_millis(1_767_323_045_678),
        keep_original: false,
        limits: Limits::default(),
    }
}

/// Everything that comes out of an upload in chunks of `chunk` bytes.
pub(crate) fn run(
    config: Config,
    upload: &[u8],
    chunk: usize,
) -> Result<(Vec<String>, Summary), UploadError> {
    let mut normalizer = Normalizer::new(config);
    let mut bodies = Vec::new();
    for mut piece in upload.chunks(chunk.max(1)) {
        while let Some(batch) = normalizer.feed(&mut piece)? {
            bodies.push(String::from_utf8(batch.body).expect("a document is UTF-8"));
        }
    }
    while let Some(batch) = normalizer.finish()? {
        bodies.push(String::from_utf8(batch.body).expect("a document is UTF-8"));
    }
    Ok((bodies, normalizer.summary().clone()))
}

/// The documents of an upload, parsed.
pub(crate) fn documents(config: Config, upload: &[u8]) -> Vec<Value> {
    let (bodies, summary) = run(config, upload, upload.len()).expect("the upload is readable");
    let documents: Vec<Value> = bodies
        .iter()
        .flat_map(|body| body.lines())
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert_eq!(documents.len() as u64, summary.records);
    documents
}

/// The one document of one record.
pub(crate) fn document(record: &str) -> Value {
    let mut documents = documents(config(Shape::Ecs), record.as_bytes());
    assert_eq!(documents.len(), 1, "{record}");
    documents.remove(0)
}

/// The value at a path of names joined by dots.
pub(crate) fn at<'a>(document: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(document, |value, name| &value[name])
}

pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}
