//! All tests of the normalizer from outside, natively and in wasm.

mod common;
mod seed;
