//! All tests of the normalizer from outside, natively and in wasm.

mod actions;
mod common;
mod ecs;
mod fields;
mod hosts;
mod seed;
mod strict;
mod times;
mod values;
