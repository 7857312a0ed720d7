//! Names in a table that stand for rows of it.

use crate::mapping::Dataset;
use crate::plan::error::TableError;
use crate::record::RowId;

/// The row of a field that the table names in another place.
pub(super) fn row_named(
    dataset: &Dataset,
    place: &'static str,
    field: &'static str,
) -> Result<RowId, TableError> {
    dataset.row_id(field).ok_or(TableError::NoRow {
        dataset: dataset.name,
        place,
        field,
    })
}
