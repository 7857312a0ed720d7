//! Documents to batches.

pub(crate) mod batch;
