//! The fields that Cloudflare lists, with their types.

use std::collections::BTreeMap;

use logpush_normalizer::Dataset;

/// The lists by dataset: Cloudflare's documentation of September 2026
/// (developers.cloudflare.com/logs/logpush/logpush-job/datasets), its changelog up to the 15th.
pub struct Documented(BTreeMap<String, BTreeMap<String, String>>);

const TEXT: &str = include_str!("../../normalizer/tests/documented.json");

impl Documented {
    /// # Errors
    ///
    /// Where the file, which is compiled in, is not such a list.
    pub fn read() -> Result<Self, serde_json::Error> {
        serde_json::from_str(TEXT).map(Self)
    }

    /// The fields of a dataset.
    pub fn of(&self, dataset: &Dataset) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.0.get(dataset.name).into_iter().flatten();
        fields.map(|(field, kind)| (field.as_str(), kind.as_str()))
    }

    /// The type of a field, if it is listed.
    pub(crate) fn kind(&self, dataset: &str, field: &str) -> Option<&str> {
        self.0.get(dataset)?.get(field).map(String::as_str)
    }
}
