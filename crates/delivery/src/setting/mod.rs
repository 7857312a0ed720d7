//! A setting as data: its name, the values that it takes, and the one reader for all of them.
//!
//! [`settings`](crate::settings) has the table.

mod accepts;
mod reading;
mod row;

pub use accepts::Accepts;
pub use reading::{Reading, Values, read};
pub use row::{Given, Lookup, Problem, Setting};
