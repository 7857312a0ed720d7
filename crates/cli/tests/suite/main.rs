//! The command `logpush-ecs`, run as a user runs it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows these in tests, but not in what tests share"
)]

mod common;
mod config;
mod decrypt;
mod normalize;
mod push;
mod push_terminal;
mod server;
mod setup;
