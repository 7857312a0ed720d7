//! Any bytes as a recipe for a text to compress.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/normalizer/tests/suite/checks.rs"]
#[allow(dead_code)]
mod checks;
#[path = "../../crates/normalizer/tests/suite/ecs.rs"]
mod ecs;
#[path = "../../crates/normalizer/tests/suite/strict.rs"]
mod strict;

fuzz_target!(|bytes: &[u8]| checks::compressor(bytes));
