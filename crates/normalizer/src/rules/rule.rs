//! A rule as it is written.

use crate::mapping::Dataset;
use crate::rules::condition::Condition;
use crate::rules::query::Query;
use crate::rules::treatment::Treatment;

/// A rule as it is written, whatever the dataset.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    /// The datasets that it is for; none is all.
    pub(crate) datasets: Vec<&'static Dataset>,
    /// Which records fit; without it all.
    pub(crate) condition: Option<Condition<String>>,
    pub(crate) action: Option<Action>,
    /// What becomes of fields: by name, ECS field or class.
    pub(crate) fields: Vec<(String, Treatment)>,
    pub(crate) query: Option<Query>,
}

/// What becomes of a record that fits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Keep,
    Drop,
    Sample {
        rate: f64,
        by: Option<String>,
        /// Whether also what security products blocked or challenged is sampled.
        samples_security: bool,
    },
}

impl Rule {
    pub(crate) fn is_for(&self, dataset: &Dataset) -> bool {
        self.datasets.is_empty() || self.datasets.iter().any(|of| of.name == dataset.name)
    }

    /// Whether it changes what is left of a record.
    pub(crate) fn changes_fields(&self) -> bool {
        !self.fields.is_empty() || self.query.is_some()
    }
}
