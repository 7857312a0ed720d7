//! Any bytes as what a destination answers: every document ends in one place.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/delivery/tests/suite/simulation.rs"]
mod simulation;

fuzz_target!(|bytes: &[u8]| simulation::delivery(bytes));
