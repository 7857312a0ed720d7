//! What is wrong with a dataset's table.

use thiserror::Error;

/// A table that cannot be used. A test builds the plans of all datasets, so that no release has
/// one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum TableError {
    /// A name that is no field of the table.
    #[error(
        "the table of {dataset} names `{field}` in {place}, and has no row for it: add the row, or correct the name"
    )]
    NoRow {
        dataset: &'static str,
        /// The part of the table that has the name.
        place: &'static str,
        field: &'static str,
    },
    /// A native name for a joined address, where no address is joined.
    #[error(
        "the table of {dataset} has the joined alias `{name}`, and nothing in `joined`: add that, or remove the alias"
    )]
    NothingJoined {
        dataset: &'static str,
        name: &'static str,
    },
}
