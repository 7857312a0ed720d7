//! The custom intake format for SEKOIA.IO, of all datasets or of some, without I/O. `crates/docs` writes
//! the one that is committed, the set-up that of the datasets which are sent.

// The crate is used by this project alone: a name that says it all has no comment.
#![allow(missing_docs)]

mod declare;
mod documented;
mod format;
pub mod written;

pub use declare::{NEEDED, declare};
pub use documented::Documented;
pub use format::{
    Datasets, Declared, WHOLE, all_ecs_fields, declared, fields, is_below, is_left_out, parser,
    set_fields,
};
