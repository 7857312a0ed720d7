//! What security products blocked or challenged: no sample leaves it out unless the rule says so.

use crate::mapping::Dataset;
use crate::record::nested::elements;
use crate::record::{Record, RowId};
use crate::rules::scalar::text_of;

/// Fields that say what a security product did, each an action or a list of them.
const FIELDS: [&str; 10] = [
    "Action",
    "SecurityAction",
    "SecurityActions",
    "WAFAction",
    "EdgeRateLimitAction",
    "ResolverDecision",
    "Decision",
    "IPAction",
    "Verdict",
    "Disposition",
];

/// How the words for it begin, in lower case and without underscores: `blockedByCategory`,
/// `managedChallengeFailed`.
const WORDS: [&str; 11] = [
    "block",
    "challenge",
    "jschallenge",
    "managedchallenge",
    "drop",
    "deny",
    "denied",
    "connectionclose",
    "forceconnectionclose",
    "quarantine",
    "isolate",
];

/// The rows of a dataset that say it.
#[derive(Debug)]
pub(crate) struct Security {
    rows: Vec<RowId>,
}

impl Security {
    pub(crate) fn new(dataset: &Dataset) -> Self {
        let rows = FIELDS.iter().filter_map(|field| dataset.row_id(field));
        Self {
            rows: rows.collect(),
        }
    }

    /// Whether a security product blocked or challenged what the record tells of.
    pub(crate) fn acted(&self, record: &Record, text: &[u8]) -> bool {
        self.rows.iter().any(|row| {
            elements(text, record.value(*row)).any(|value| {
                let action = text_of(&value, text).to_lowercase().replace('_', "");
                WORDS.iter().any(|word| action.starts_with(word))
            })
        })
    }
}
