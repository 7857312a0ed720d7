//! What a document can have, beside what a table's rows say.

use std::collections::BTreeSet;

use logpush_normalizer::{Dataset, Row, Target};

/// Fields that the engine writes by itself, whatever the dataset.
pub const BY_THE_ENGINE: &[&str] = &[
    "error.message",
    "event.id",
    "event.original",
    "labels",
    "tags",
];

/// Every field of ECS that a document of the dataset can have.
pub fn ecs_fields(dataset: &Dataset) -> BTreeSet<String> {
    let constants = dataset.every_constant().map(|(path, _)| path.to_owned());
    let joined = dataset.joined.iter().map(|joined| joined.target.to_owned());
    let engine = BY_THE_ENGINE.iter().map(|path| (*path).to_owned());
    let mut fields: BTreeSet<String> = constants.chain(joined).chain(engine).collect();
    for target in dataset.rows.iter().flat_map(|row| row.targets) {
        fields.extend(target.fields());
    }
    fields.retain(|field| !field.starts_with("cloudflare."));
    fields
}

/// The name under `cloudflare` that the row's value has in any case, or `None` where it is kept
/// under Cloudflare's name only if its targets cannot take it.
pub fn kept_name(row: &Row) -> Option<&'static str> {
    if row.targets.is_empty() {
        return Some(row.field);
    }
    row.targets.iter().find_map(Target::kept_name)
}

pub fn is_masked(row: &Row) -> bool {
    row.targets.iter().any(Target::is_masked)
}

/// Whether the row's value reaches a field of ECS, alone or as a part of a whole.
pub fn reaches_ecs(dataset: &Dataset, row: &Row) -> bool {
    row.targets.iter().any(is_ecs) || part_of(dataset, row).is_some()
}

/// The ECS field of which the row's value is a part.
pub fn part_of(dataset: &Dataset, row: &Row) -> Option<&'static str> {
    dataset.joined.iter().find_map(|joined| {
        [joined.scheme, joined.host, joined.path, joined.query]
            .contains(&row.field)
            .then_some(joined.target)
    })
}

/// Whether the target is a field of ECS.
pub fn is_ecs(target: &Target) -> bool {
    target
        .fields()
        .iter()
        .any(|field| !field.starts_with("cloudflare."))
}
