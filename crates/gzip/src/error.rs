//! What can be wrong with gzip data.

use thiserror::Error;

/// The gzip data is damaged, or the bytes are not gzip.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the gzip data is corrupt (member {member}): {reason}")]
pub struct CorruptError {
    /// Number of the member in the stream, from 1.
    pub member: u32,
    /// The decoder's words.
    pub reason: String,
}
