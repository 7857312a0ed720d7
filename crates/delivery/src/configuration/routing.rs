//! Which uploads a destination gets.

use logpush_normalizer::Dataset;
use logpush_normalizer::datasets::DATASETS;

/// The datasets whose uploads a destination gets.
#[derive(Clone, Debug)]
pub enum Datasets {
    /// All, those that come later too.
    All,
    /// These.
    These(Vec<&'static Dataset>),
}

impl Datasets {
    /// Whether an upload goes there. One whose dataset nobody knows goes everywhere: too much is better
    /// than nothing.
    #[must_use]
    pub fn have(&self, dataset: Option<&Dataset>) -> bool {
        match (self, dataset) {
            (Self::All, _) | (_, None) => true,
            (Self::These(these), Some(dataset)) => {
                these.iter().any(|other| other.name == dataset.name)
            }
        }
    }

    /// Those that there are today.
    #[must_use]
    pub fn list(&self) -> &[&'static Dataset] {
        match self {
            Self::All => DATASETS,
            Self::These(these) => these,
        }
    }
}
