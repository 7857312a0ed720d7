//! The ledger: what arrived, what left, what is stuck. A memory that may fail: no delivery fails
//! with it.
//!
//! One Durable Object for each dataset and sixteenth of the identities, so that it grows with the
//! account; an object answers some hundred requests a second, and an upload needs three and one
//! for each further batch. Each tells one more object, the board, how it stands, at most once a
//! minute: whoever wants to know how all is asks the board.

mod backlog;
mod client;
pub(crate) mod login_limit;
mod object;
mod overview;

pub(crate) use client::{Arrived, Ledger};
