//! A client of the Worker: uploads as Logpush sends them.

mod array;
pub(crate) mod target;
pub(crate) mod uploads;
pub(crate) mod worker;
