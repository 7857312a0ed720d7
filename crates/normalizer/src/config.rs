//! What a [`Normalizer`](crate::Normalizer) is told before the first byte.

use crate::convert::time::Time;
use crate::mapping::Dataset;
use crate::matched_data::PrivateKeys;
use crate::rules::Rules;

/// How an upload is to be normalised.
#[derive(Clone, Debug)]
pub struct Config {
    /// The dataset of the upload; `None` to tell it from the first record.
    pub dataset: Option<&'static Dataset>,
    /// What a document looks like.
    pub shape: Shape,
    /// When the upload arrived: the time of what carries no readable time of its own.
    pub arrival: Time,
    /// Whether every document carries the record's text as `event.original` too.
    pub keep_original: bool,
    /// What decrypts the payloads that matched a WAF rule.
    pub private_keys: PrivateKeys,
    /// Whether secrets, `masked` in a table, are written as they came.
    pub unmask: bool,
    /// The name of the Worker that normalises, whose own records are counted.
    pub worker_name: &'static str,
    /// What leaves, and how much of it.
    pub rules: Rules,
    /// What bounds memory and sizes.
    pub limits: Limits,
}

/// The shape of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An ECS document.
    Ecs,
    /// The Cloudflare record itself, with what SEKOIA.IO's own parser needs to read it right.
    Native,
    /// The record's bytes after masks and rules; nothing is added.
    Raw,
    /// The same for who takes JSON alone: a line that is no record is a text of JSON.
    RawJson,
}

/// Limits, in bytes unless said otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest line (or element of a JSON array) that is read as a record.
    pub line_bytes: usize,
    /// The longest document; a longer one has its longest texts cut.
    pub document_bytes: usize,
    /// The longest batch, its separators included.
    pub batch_bytes: usize,
    /// Documents in a batch.
    pub batch_records: usize,
    /// Plain bytes of an upload.
    pub upload_bytes: u64,
}

impl Limits {
    /// The limits where nothing else is said.
    pub const DEFAULT: Self = Self {
        // Records of all 123 http_requests fields with full headers stay below 64 KiB.
        line_bytes: 1024 * 1024,
        // SEKOIA.IO drops events above 250 KiB; its own SDK stops at 250,000.
        document_bytes: 250_000,
        // 1,000 documents of 1.8 KB are 1.8 MB: the count closes most batches. SEKOIA.IO takes 10 MiB.
        batch_bytes: 4 * 1024 * 1024,
        batch_records: 1000,
        // Logpush sends at most 1 GB.
        upload_bytes: 2 * 1024 * 1024 * 1024,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
