//! What runs every five minutes.

pub(crate) mod alerts;
pub(crate) mod sweep;
