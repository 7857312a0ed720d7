//! All tests of the crate from outside, natively and in wasm.
// A panic is how a test fails, also in what the tests share.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod gunzip;
mod gzip;
mod recipe;
