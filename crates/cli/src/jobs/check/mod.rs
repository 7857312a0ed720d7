//! The check of the chain from a job to the SIEM.

pub(crate) mod chain;
pub(crate) mod destination;
pub(crate) mod intake;
pub(crate) mod link;
