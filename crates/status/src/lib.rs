//! What the operator sees, without I/O and without a clock. Each shard of the ledger keeps its stats
//! ([`shard`]), the overview adds them up by dataset ([`overview`]), [`health`] finds the problems,
//! [`incident`] decides which of them are news, and the JSON of [`model`], [`page`] and [`metrics`]
//! show it all. The Worker's shell asks, stores and sends.
//!
//! It is a crate of its own so that it is compiled for size, where the Worker is compiled for speed.

// The crate is used by this project alone: a name that says it all has no comment.
#![allow(missing_docs)]

pub mod counters;
pub mod destination;
pub mod format;
pub mod health;
pub mod incident;
pub mod intake_format;
pub mod logpush_job;
pub mod metrics;
pub mod model;
pub mod overview;
pub mod page;
pub mod problem;
pub mod shard;
