//! Cloudflare's API for Logpush jobs.

pub(crate) mod api;
pub(crate) mod destination;
pub(crate) mod error;
pub(crate) mod explain;
pub(crate) mod fields;
pub(crate) mod job;
pub(crate) mod scope;
