//! Delivering uploads, as far as it needs neither Cloudflare's runtime nor a clock: keys, work items,
//! the state of an upload, dead letters, waiting times.

pub mod backoff;
pub mod dead_letter;
pub mod key;
pub mod progress;
pub mod state;
pub mod work_item;
