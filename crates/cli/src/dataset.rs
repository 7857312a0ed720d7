//! The value of `--dataset`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use logpush_normalizer::Dataset;
use logpush_normalizer::datasets::{DATASETS, by_name};

/// Takes the names of the datasets that have a table.
pub(crate) fn parser() -> impl TypedValueParser<Value = &'static Dataset> {
    PossibleValuesParser::new(DATASETS.iter().map(|dataset| dataset.name))
        .try_map(|name| by_name(&name).ok_or("this dataset has no table"))
}
