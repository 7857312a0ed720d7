//! One file per Logpush dataset: its table, nothing else.

mod firewall_events;

use crate::table::{Constant, Dataset};

/// Every dataset that has a table.
pub static DATASETS: &[&Dataset] = &[&firewall_events::FIREWALL_EVENTS];

/// The dataset of Cloudflare's name, if it has a table.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Dataset> {
    DATASETS
        .iter()
        .find(|dataset| dataset.name == name)
        .copied()
}

/// The dataset whose table has most of a record's field names, if that is at least half of them.
pub(crate) fn recognise(fields: &[String]) -> Option<&'static Dataset> {
    let known = |dataset: &Dataset| {
        fields
            .iter()
            .filter(|field| dataset.rows.iter().any(|row| row.field == field.as_str()))
            .count()
    };
    DATASETS
        .iter()
        .copied()
        .max_by_key(|dataset| known(dataset))
        .filter(|dataset| known(dataset) > 0 && known(dataset) * 2 >= fields.len())
}

/// The dataset's own name in `event.dataset`.
pub(crate) fn event_dataset(dataset: &'static Dataset) -> Option<&'static str> {
    dataset
        .constants
        .iter()
        .find_map(|(path, constant)| match constant {
            Constant::Text(text) if *path == "event.dataset" => Some(*text),
            _ => None,
        })
}
