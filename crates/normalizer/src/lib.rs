//! Turns a Cloudflare Logpush upload, as a stream of bytes, into batches of documents.
//!
//! ```text
//! gunzip -> frame -> scan | slow -> rules -> convert -> ecs | native | raw -> batch
//! ```
//!
//! Bytes go in by chunks of any size, batches come out; there
//! is no I/O, no clock and no environment in here. Start at [`Normalizer`]. What a dataset's fields
//! become is said by its table, in [`datasets`]; what a table can say, by the files of `convert`.
//!
//! Functions are inlined or kept out of line where the row "core, native" of the benchmark misses it
//! (`bench-native FILE 0` under callgrind): without these attributes it takes 12 % more instructions.
//!
//! Each folder uses only those above it in this list:
//!
//! 1. `bytes`: texts, spans of bytes, the writer; `matched_data`: encrypted payloads
//! 2. `record`: a record's values, by places in its text; `input`: an upload's records
//! 3. `convert`: what a value becomes, one conversion a file
//! 4. `mapping`: the tables of the datasets, made of conversions
//! 5. `rules`: what the user takes out before anything is made of a record
//! 6. `plan`: a table made ready, its names resolved
//! 7. `document`: a record by its plan
//! 8. `output`: documents in batches
//!
//! A record is never lost: what does not convert is kept under `cloudflare.<Name>`, and a line
//! that is no record becomes a document of `event.kind: pipeline_error`.

mod bytes;
mod config;
mod convert;
mod document;
mod error;
mod input;
mod mapping;
mod matched_data;
mod normalizer;
mod output;
mod plan;
mod record;
mod rules;
mod summary;

pub use bytes::text::identity;
pub use config::{Config, Limits, Shape};
pub use convert::check::{Coverage, Words};
pub use convert::target::{Conversion, Target};
pub use convert::time::Time;
pub use document::Document;
pub use document::refusal::refusal;
pub use error::UploadError;
pub use mapping::datasets;
pub use mapping::{Constant, Dataset, Joined, Native, NativeTime, Row, Traces};
pub use matched_data::{PrivateKeys, PrivateKeysError};
pub use normalizer::Normalizer;
pub use output::batch::Batch;
pub use rules::problem::Problem;
pub use rules::{Reading, Rules};
pub use summary::{Explanation, RuleCount, Summary};
