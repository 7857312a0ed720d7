//! How all stands, without I/O and without a clock: what the parts of the ledger count, what the board
//! makes of it, what of that is a problem or news, and how the operator is shown it as a page, as JSON
//! and as metrics. The Worker's shell asks, stores and sends.
//!
//! A crate of its own also for its size: it is compiled for that, where the Worker is compiled for speed.

// Of this project alone: where a name says it all there is no comment.
#![allow(missing_docs)]

pub mod counters;
pub mod format;
pub mod health;
pub mod incident;
pub mod logpush_job;
pub mod metrics;
pub mod model;
pub mod overview;
pub mod page;
pub mod shard;
