//! What the parts of the durable route share: keys, work items, the state of an upload.
//!
//! `spool` stores an upload and sends a work item, `drain` takes it and delivers, `sweep` finds what
//! was forgotten. R2 is the truth: what is stored is owed. The queue wakes, the ledger remembers;
//! both may fail without a record being lost.

pub(crate) mod bindings;
pub(crate) mod dead_letter;
pub(crate) mod done;
pub(crate) mod journal;
pub(crate) mod key;
pub(crate) mod state;
pub(crate) mod work;
