//! The fields of a dataset that a subscription offers.

use std::collections::BTreeMap;

use crate::jobs::cloudflare::api::{Api, Call};
use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::scope::Scope;

/// The names of the fields that the subscription offers, sorted.
pub(crate) fn offered(api: &Api, scope: &Scope, dataset: &str) -> Result<Vec<String>, JobsError> {
    let fields = described(api, scope, dataset)?;
    match fields.is_empty() {
        true => Err(JobsError::NoFields {
            dataset: dataset.to_owned(),
        }),
        false => Ok(fields.into_keys().collect()),
    }
}

/// The fields that are offered, each with its type and meaning.
pub(crate) fn described(
    api: &Api,
    scope: &Scope,
    dataset: &str,
) -> Result<BTreeMap<String, String>, JobsError> {
    api.get(&Call::about(
        format!("{}/logpush/datasets/{dataset}/fields", scope.path()),
        Some(dataset),
    ))
}
