//! All tests of the normalizer from outside, natively and in wasm.
// A panic is how a test fails, also in what the tests share.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod actions;
#[cfg(not(target_arch = "wasm32"))]
mod adversarial;
mod batches;
#[cfg(not(target_arch = "wasm32"))]
mod carried;
#[cfg(not(target_arch = "wasm32"))]
mod checks;
mod common;
#[cfg(not(target_arch = "wasm32"))]
mod documents;
mod ecs;
#[cfg(not(target_arch = "wasm32"))]
mod every_dataset;
mod fields;
mod framing;
#[cfg(not(target_arch = "wasm32"))]
mod generate;
mod gunzip;
mod hosts;
mod json;
mod limits;
#[cfg(not(target_arch = "wasm32"))]
mod markers;
mod matched_data;
#[cfg(not(target_arch = "wasm32"))]
mod memory;
mod names;
mod native;
mod odd_records;
mod odd_values;
mod original;
#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod raw;
mod referrer;
mod refusals;
mod requests;
mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod rules_properties;
mod schema;
mod secrets;
mod seed;
mod strict;
mod text;
mod times;
mod truncate;
mod uploads;
mod values;
