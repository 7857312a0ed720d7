//! What can be wrong with an upload as a whole. A wrong record is no error: it becomes a document.

use logpush_gzip::CorruptError;
use thiserror::Error;

/// Why an upload cannot be read to its end.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadError {
    /// Not one byte.
    #[error("the upload is empty")]
    Empty,
    /// The gzip data ends before its trailer: the sender stopped, or the connection broke.
    #[error("the gzip data ends before its end: {received} bytes received")]
    Truncated {
        /// Compressed bytes received.
        received: u64,
    },
    /// The gzip data is damaged, or is none.
    #[error(transparent)]
    Corrupt(#[from] CorruptError),
    /// More plain bytes than the limit allows.
    #[error("the upload has more than {limit} bytes after gunzip")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// No dataset was named, and no record of the first batch tells which it is.
    #[error("the dataset of the upload cannot be told from its records")]
    UnknownDataset,
    /// No dataset was named, and the records' fields are those of several.
    #[error("the records' fields are those of several datasets: {}", .candidates.join(", "))]
    AmbiguousDataset {
        /// Their names.
        candidates: Vec<&'static str>,
    },
}
