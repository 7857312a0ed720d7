//! The ledger: what arrived, what left, what is stuck. A memory that may fail: no delivery fails
//! with it.
//!
//! One Durable Object, a shard, for each dataset and sixteenth of the identities, so that it grows with
//! the account; an object answers some hundred requests a second, and an upload needs three and one for
//! each further batch. Each reports to one more object, the overview, once a minute at most: whoever
//! wants to know how everything stands asks the overview.

mod backlog;
mod client;
mod event;
mod leftovers;
#[cfg(test)]
mod losses;
mod object;
mod overview;
pub(crate) mod protocol;
mod rate_limit;
mod reporting;
mod rows;
mod uploads;

pub(crate) use client::Ledger;
pub(crate) use uploads::{is_finished, is_last};
