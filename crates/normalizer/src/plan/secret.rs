//! The masked fields of a table.

use crate::convert::target::Target;
use crate::mapping::Dataset;
use crate::mapping::datasets::DATASETS;
use crate::record::RowId;

/// A field of a table that is masked.
#[derive(Debug)]
pub(crate) struct Secret {
    pub(super) row: RowId,
    /// All its names; case does not matter.
    pub(super) names: Vec<&'static str>,
}

impl Secret {
    /// The names of the masked fields of all tables: for records whose dataset is not known.
    pub(crate) fn all_names() -> Vec<&'static str> {
        let secrets = DATASETS.iter().flat_map(|dataset| Self::all_of(dataset));
        secrets.flat_map(|secret| secret.names).collect()
    }

    /// The masked fields of a table.
    pub(crate) fn all_of(dataset: &'static Dataset) -> Vec<Self> {
        dataset
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.targets.iter().any(Target::is_masked))
            .map(|(index, row)| {
                let renamed = dataset.renamed.iter();
                let others = renamed.filter(|(_, field)| *field == row.field);
                let mut names = vec![row.field];
                names.extend(others.map(|(other, _)| *other));
                Self {
                    row: RowId::new(index),
                    names,
                }
            })
            .collect()
    }
}
