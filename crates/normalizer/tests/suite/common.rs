//! Running the normalizer over a text, for all tests, in every way that must not matter.

use core::fmt::Write as _;
use std::collections::BTreeMap;

use logpush_gzip::CorruptError;
use logpush_normalizer::{
    Batch, Config, Document, Limits, Normalizer, Rules, Shape, Summary, Time, UploadError, datasets,
};
use serde_json::{Map, Value, json};

use crate::ecs;
use crate::strict;

/// 2026-01-02T03:04:05.678Z, the arrival of every upload here.
pub(crate) const ARRIVAL: &str = "2026-01-02T03:04:05.678000Z";

/// The time of the records of [`golden`].
pub(crate) const TIME: &str = "2022-07-12T12:57:06.219000Z";

pub(crate) fn config(shape: Shape) -> Config {
    Config {
        dataset: datasets::by_name("firewall_events"),
        shape,
        arrival: Time::from_unix_millis(1_767_323_045_678),
        keep_original: false,
        private_keys: Default::default(),
        worker_name: "logpush-ecs",
        unmask: false,
        rules: Rules::default(),
        limits: Limits::default(),
    }
}

/// Bytes of the pieces in which an upload comes, beside whole. Natively every one that is odd in its own
/// way; in wasm, which takes many times as long, one: where pieces end means the same in both.
pub(crate) const CHUNKS: &[usize] = match cfg!(target_arch = "wasm32") {
    true => &[7],
    false => &[1, 7, 4096],
};

const LARGE_CHUNKS: &[usize] = match cfg!(target_arch = "wasm32") {
    true => &[],
    false => &[4096],
};

/// So many natively, and a tenth in wasm, where a large number shows nothing else.
pub(crate) const fn fewer(count: usize) -> usize {
    match cfg!(target_arch = "wasm32") {
        true => count / 10,
        false => count,
    }
}

/// The usual configuration with other limits.
pub(crate) fn limited(change: impl FnOnce(&mut Limits)) -> Config {
    let mut config = config(Shape::Ecs);
    change(&mut config.limits);
    config
}

/// Everything that comes out of an upload in chunks of `chunk` bytes.
pub(crate) fn run(
    config: Config,
    upload: &[u8],
    chunk: usize,
) -> Result<(Vec<Batch>, Summary), UploadError> {
    let mut normalizer = Normalizer::new(config);
    let mut batches = Vec::new();
    for mut piece in upload.chunks(chunk.max(1)) {
        while let Some(batch) = normalizer.feed(&mut piece)? {
            batches.push(batch);
        }
        assert!(piece.is_empty(), "feed says that it took all of its input");
    }
    while let Some(batch) = normalizer.finish()? {
        batches.push(batch);
    }
    Ok((batches, normalizer.summary().clone()))
}

/// What came out of an upload, whatever way it went in.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) documents: Vec<Value>,
    /// The documents as text.
    pub(crate) lines: Vec<String>,
    pub(crate) batches: Vec<Batch>,
    pub(crate) summary: Summary,
}

/// Runs an upload whole and in chunks, plain and compressed; all must agree. Checks every document.
pub(crate) fn outcome(config: Config, upload: &[u8]) -> Outcome {
    try_outcome(config, upload).expect("the upload is readable")
}

/// As [`outcome`]; an error must be the same in every way too.
pub(crate) fn try_outcome(config: Config, upload: &[u8]) -> Result<Outcome, UploadError> {
    let whole = run(config.clone(), upload, upload.len());
    let compressed = gzip(upload);
    // Small steps over a large upload prove nothing more, and take their time.
    let chunks = match upload.len() {
        0..=65_536 => CHUNKS,
        _ => LARGE_CHUNKS,
    };
    for &chunk in chunks {
        let plain = run(config.clone(), upload, chunk);
        assert_same(&plain, &whole, &format!("plain, chunks of {chunk}"));
    }
    // An empty body is an error; an empty text, compressed, is none.
    if !upload.is_empty() {
        for &chunk in chunks.iter().chain([&compressed.len()]) {
            let plain = run(config.clone(), &compressed, chunk);
            assert_same(&plain, &whole, &format!("gzip, chunks of {chunk}"));
        }
    }
    let (batches, summary) = whole?;
    Ok(checked(&config, batches, summary))
}

/// As [`outcome`], of a compressed upload that is not to be compressed again.
pub(crate) fn gzip_outcome(config: Config, upload: &[u8]) -> Outcome {
    let (batches, summary) = gzip_run(config.clone(), upload).expect("the upload is readable");
    checked(&config, batches, summary)
}

/// Runs a compressed upload in chunks; all must agree.
pub(crate) fn gzip_run(
    config: Config,
    upload: &[u8],
) -> Result<(Vec<Batch>, Summary), UploadError> {
    let whole = run(config.clone(), upload, upload.len());
    for &chunk in CHUNKS {
        let other = run(config.clone(), upload, chunk);
        assert_same(&other, &whole, &format!("chunks of {chunk}"));
    }
    whole
}

type Run = Result<(Vec<Batch>, Summary), UploadError>;

fn assert_same(one: &Run, other: &Run, how: &str) {
    match (one, other) {
        (Ok((batches, summary)), Ok((others, other_summary))) => {
            let shown = |batches: &[Batch]| -> Vec<String> {
                let body = |batch: &Batch| String::from_utf8_lossy(&batch.body).into_owned();
                batches.iter().map(body).collect()
            };
            assert!(
                batches == others,
                "{how}:\n{:.4000?}\nwhole:\n{:.4000?}",
                shown(batches),
                shown(others)
            );
            let received = other_summary.bytes_received;
            let summary = Summary {
                bytes_received: received,
                ..summary.clone()
            };
            assert_eq!(&summary, other_summary, "{how}");
        }
        (
            Err(UploadError::Corrupt(CorruptError { member, .. })),
            Err(UploadError::Corrupt(CorruptError { member: other, .. })),
        ) => {
            // The decoder's words depend on how far it came in one step.
            assert_eq!(member, other, "{how}");
        }
        (one, other) => assert_eq!(
            one.as_ref().map(|_| ()),
            other.as_ref().map(|_| ()),
            "{how}"
        ),
    }
}

/// Parses and checks every document, and the counts of the batches.
pub(crate) fn checked(config: &Config, batches: Vec<Batch>, summary: Summary) -> Outcome {
    let mut documents = Vec::new();
    let mut lines = Vec::new();
    for batch in &batches {
        let body = core::str::from_utf8(&batch.body).expect("a document is UTF-8");
        assert!(body.split('\n').eq(batch.documents().map(text)));
        assert_eq!(batch.records.len(), batch.len());
        for (of_batch, records) in batch.documents().zip(&batch.records) {
            let number = documents.len() as u64;
            assert_eq!(*records, number..number + 1);
            let line = text(of_batch);
            let document =
                strict::parse(line, config.shape).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(
                line.len() <= config.limits.document_bytes,
                "{} bytes",
                line.len()
            );
            if config.shape == Shape::Ecs {
                ecs::check(&document).unwrap_or_else(|error| panic!("{error}: {line}"));
            }
            check_description(&document, of_batch, config);
            documents.push(document);
            lines.push(line.to_owned());
        }
        assert!(batch.len() <= config.limits.batch_records.max(1));
        assert!(batch.body.len() <= config.limits.batch_bytes || batch.len() == 1);
    }
    assert_eq!(documents.len() as u64, summary.records);
    let bytes: usize = lines.iter().map(String::len).sum();
    assert_eq!(bytes as u64, summary.bytes_documents);
    let errors = documents
        .iter()
        .filter(|document| at(document, "event.kind") == "pipeline_error")
        .count();
    assert_eq!(errors as u64, summary.errors);
    Outcome {
        documents,
        lines,
        batches,
        summary,
    }
}

fn text(document: Document<'_>) -> &str {
    core::str::from_utf8(document.text).expect("a document is UTF-8")
}

/// What a batch says of a document must be what stands in it.
fn check_description(document: &Value, described: Document<'_>, config: &Config) {
    let event = &document["event"];
    let is_ours = config.shape == Shape::Ecs || event["kind"] == "pipeline_error";
    if is_ours {
        let id: String = described
            .id
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(event["id"], id);
        // A record that cannot be shown in any size is an error of the upload's arrival.
        if event["kind"] != "pipeline_error" {
            let time = described.time.unwrap_or(config.arrival);
            assert_eq!(document["@timestamp"], time.to_string());
        }
    }
}

/// The documents of an upload, parsed and checked.
pub(crate) fn documents(config: Config, upload: &[u8]) -> Vec<Value> {
    outcome(config, upload).documents
}

/// The one document of one record.
pub(crate) fn document(record: &str) -> Value {
    only(documents(config(Shape::Ecs), record.as_bytes()))
}

/// The one of a list of one.
pub(crate) fn only(mut documents: Vec<Value>) -> Value {
    assert_eq!(documents.len(), 1, "{documents:?}");
    documents.remove(0)
}

/// The value at a path of names joined by dots.
pub(crate) fn at<'a>(document: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(document, |value, name| &value[name])
}

pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// The document of a record on the fast path and on the slow one, which must agree.
///
/// A name with an escape, and a line break between two tokens, are what the fast path leaves alone.
pub(crate) fn both_paths(config: &Config, record: &str) -> Value {
    let mut fast = only(documents(config.clone(), record.as_bytes()));
    let inside = record
        .strip_prefix("{\"")
        .expect("a record has a member first");
    let (first, rest) = inside.split_at(1);
    let unit = u32::from(first.chars().next().unwrap());
    let escaped = format!("{{\"\\u{unit:04x}{rest}");
    let broken = format!("[\n{{\n\"{inside}\n]");
    for slow in [escaped, broken] {
        let mut slow = only(documents(config.clone(), slow.as_bytes()));
        for document in [&mut fast, &mut slow] {
            // Of the record's bytes, which differ.
            forget(document, "id");
            forget(document, "original");
        }
        assert_eq!(slow, fast, "slow path and fast path of {record}");
    }
    fast
}

fn forget(document: &mut Value, name: &str) {
    if let Some(Value::Object(event)) = document.get_mut("event") {
        event.remove(name);
    }
}

/// A table of records and documents: name, members of the record beside its time, and everything
/// that the document has beside the constants and the time, as paths.
pub(crate) fn golden(rows: &[(&str, &str, Value)]) {
    let mut wrong = String::new();
    for (name, members, expected) in rows {
        let comma = if members.is_empty() { "" } else { "," };
        let record = format!("{{\"Datetime\":1657630626219000000{comma}{members}}}");
        let document = both_paths(&config(Shape::Ecs), &record);
        let mut found = flat(&document);
        for (path, value) in constants() {
            assert_eq!(found.remove(path), Some(value), "{name}: {path}");
        }
        // The type of an event that says nothing of it.
        if expected.get("event.type").is_none() {
            let other = found.remove("event.type");
            assert_eq!(other, Some(json!(["info"])), "{name}: event.type");
        }
        let time = found.remove("@timestamp");
        assert_eq!(time, Some(json!(TIME)), "{name}");
        let found = Value::Object(found.into_iter().collect());
        if found != *expected {
            writeln!(
                wrong,
                "{name}: {record:.200}\n    expected {expected:.2000}\n    found    {found:.2000}"
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn constants() -> [(&'static str, Value); 6] {
    [
        ("ecs.version", json!("9.4.0")),
        ("event.kind", json!("event")),
        ("event.category", json!(["network"])),
        ("event.dataset", json!("firewall-events")),
        ("observer.type", json!("firewall")),
        ("observer.vendor", json!("Cloudflare")),
    ]
}

/// The document by its paths; a field of Cloudflare's is one value, whatever it is.
pub(crate) fn flat(document: &Value) -> BTreeMap<String, Value> {
    fn walk(flat: &mut BTreeMap<String, Value>, path: &str, members: &Map<String, Value>) {
        for (name, value) in members {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            match value {
                Value::Object(members) if !path.starts_with("cloudflare.") => {
                    walk(flat, &path, members);
                }
                _ => {
                    flat.insert(path, value.clone());
                }
            }
        }
    }
    let mut flat = BTreeMap::new();
    walk(&mut flat, "", document.as_object().unwrap());
    flat
}
