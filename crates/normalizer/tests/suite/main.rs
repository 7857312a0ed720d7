//! All tests of the normalizer from outside, natively and in wasm.

mod actions;
mod common;
mod ecs;
mod fields;
mod framing;
mod hosts;
mod names;
mod referrer;
mod seed;
mod strict;
mod text;
mod times;
mod values;
