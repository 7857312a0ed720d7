//! Turns a Cloudflare Logpush upload, as a stream of bytes, into batches of documents.
//!
//! ```text
//! gunzip -> frame -> scan | slow -> convert -> emit | native -> batch, gzip
//! ```
//!
//! Bytes go in by chunks of any size, batches come out, which [`gzip()`] makes ready to send; there
//! is no I/O, no clock and no environment in here. Start at [`Normalizer`]. What a dataset's fields
//! become is said by its table, in [`datasets`]; what a table can say, by [`Target`].
//!
//! A record is never lost: what does not convert is kept under `cloudflare.<Name>`, and a line
//! that is no record becomes a document of `event.kind: pipeline_error`.

pub mod datasets;

mod address;
mod base64;
mod batch;
mod config;
mod convert;
mod country;
mod crc;
mod dns;
mod domain;
mod elements;
mod emit;
mod emitter;
mod engine;
mod error;
mod extract;
mod failure;
mod fields;
mod frame;
mod gunzip;
mod gzip;
mod gzip_header;
mod inside;
mod keys;
mod mail;
mod native;
mod normalizer;
mod own;
mod plan;
mod probe;
mod record;
mod refusal;
mod scan;
mod secrets;
mod shrink;
mod simd;
mod slow;
mod suffix;
mod summary;
mod table;
mod text;
mod timestamp;
mod tree;
mod word_cache;
mod writer;

pub use batch::Batch;
pub use config::{Config, Limits, Shape};
pub use error::UploadError;
pub use gunzip::{Gunzip, Inflated};
pub use gzip::gzip;
pub use normalizer::Normalizer;
pub use refusal::refusal;
pub use summary::Summary;
pub use table::{Constant, Dataset, Joined, Native, NativeTime, Row, Target, Words};
pub use timestamp::Time;
