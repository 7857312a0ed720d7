//! Any bytes as a recipe for a text to compress.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/gzip/tests/suite/recipe.rs"]
mod recipe;

fuzz_target!(|bytes: &[u8]| recipe::compressor(bytes));
