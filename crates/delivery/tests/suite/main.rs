//! The delivery machine from outside: rows of what destinations answer, and any answers whatever.

// A panic is how a test fails, also in what the tests share. A list of ranges may have one range.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::single_range_in_vec_init,
    clippy::unwrap_used
)]

mod configuration;
mod driver;
mod elasticsearch;
mod faults;
mod properties;
mod seam;
mod side_by_side;
mod simulation;
mod splunk;
