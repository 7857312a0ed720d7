//! What happened to an upload, counted.

use std::collections::BTreeMap;

use crate::convert::time::Time;

/// Counters of one upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lines, or elements of an array, that are not blank.
    pub records: u64,
    /// Of these, the ones that are no record and became a document of `event.kind: pipeline_error`.
    pub errors: u64,
    /// Of these, the ones that rules dropped: they gave no document.
    pub dropped: u64,
    /// What each rule did, in the order of the rules.
    pub rules: Vec<RuleCount>,
    /// Values that their ECS fields cannot take, kept under `cloudflare`.
    pub invalid_values: u64,
    /// Records without a readable time, which got the upload's arrival.
    pub times_from_arrival: u64,
    /// The newest time of a record, of those that are not after the upload's arrival.
    pub newest: Option<Time>,
    /// Records with bytes that are no UTF-8 or with half a surrogate pair, which were replaced.
    pub repaired: u64,
    /// Documents some of whose fields are not whole: too long, or nested too deep.
    pub truncated: u64,
    /// Fields of records above the line limit that had no room at all.
    pub dropped_fields: u64,
    /// Values inside fields that gave way to a later one of the same name.
    pub repeated_names: u64,
    /// Whether an array of records ended without its bracket: some of it may be missing.
    pub is_array_open: bool,
    /// Fields that the dataset's table does not have, and how often each came.
    pub unknown_fields: BTreeMap<String, u64>,
    /// Unknown fields beyond the names that are told apart.
    pub more_unknown_fields: u64,
    /// Fields whose value is a word that the table does not have, and how often each had one.
    pub unknown_values: BTreeMap<&'static str, u64>,
    /// Payloads of WAF rules that were decrypted.
    pub decrypted: u64,
    /// Those that were not, by the reason.
    pub undecrypted: BTreeMap<&'static str, u64>,
    /// Records of the Worker's own requests and runs: the job sends them back to it, for ever.
    pub own_records: u64,
    /// Bytes as received.
    pub bytes_received: u64,
    /// Bytes after gunzip.
    pub bytes_plain: u64,
    /// Bytes of all documents.
    pub bytes_documents: u64,
    /// Whether the whole upload is the test that Cloudflare sends when a job is created.
    pub is_destination_test: bool,
}

/// What a rule did in an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleCount {
    /// The rule's name.
    pub name: String,
    /// Records that its action decided on, or whose fields it changed.
    pub fits: u64,
    /// Of these, the ones that it dropped.
    pub dropped: u64,
}

impl RuleCount {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

/// What rules said of one record, by their places among all rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The record's number in the upload, from 0.
    pub record: u64,
    /// The rule whose action decided.
    pub decided: Option<usize>,
    /// Whether it was dropped.
    pub is_dropped: bool,
    /// The rules that changed its fields.
    pub changed: Vec<usize>,
}

/// Unknown names that are told apart: a drift has a few, hostile records have millions.
const NAMES_MAX: usize = 64;

/// The longest unknown name that is told, in bytes.
const NAME_MAX: usize = 128;

impl Summary {
    /// Counts what rules, by their places, did with a record.
    pub(crate) fn count_rules(&mut self, decided: Option<usize>, changed: &[usize], dropped: bool) {
        self.dropped += u64::from(dropped);
        if let Some(rule) = decided.and_then(|rule| self.rules.get_mut(rule)) {
            rule.fits += 1;
            rule.dropped += u64::from(dropped);
        }
        for place in changed.iter().filter(|place| decided != Some(**place)) {
            if let Some(rule) = self.rules.get_mut(*place) {
                rule.fits += 1;
            }
        }
    }

    pub(crate) fn count_unknown_value(&mut self, field: &'static str) {
        *self.unknown_values.entry(field).or_default() += 1;
    }

    pub(crate) fn count_unknown(&mut self, name: &[u8]) {
        let known = core::str::from_utf8(name)
            .ok()
            .filter(|name| name.len() <= NAME_MAX);
        match known {
            Some(name) if self.unknown_fields.contains_key(name) => {
                if let Some(count) = self.unknown_fields.get_mut(name) {
                    *count += 1;
                }
            }
            Some(name) if self.unknown_fields.len() < NAMES_MAX => {
                self.unknown_fields.insert(name.to_owned(), 1);
            }
            _ => self.more_unknown_fields += 1,
        }
    }
}
