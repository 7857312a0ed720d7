//! Which records of a sample are kept: by a hash, so that a redelivery and all events of one request
//! agree.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_secret};

use crate::mapping::Dataset;
use crate::record::Record;
use crate::rules::field::Field;
use crate::rules::pseudonym::PseudonymKey;
use crate::rules::scalar::text_of;

/// A sample of records.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Hashes below it are kept, all where there is none.
    below: Option<u64>,
    /// The rate, as the event says it.
    pub(crate) label: String,
    /// What is hashed; the whole record where it has no value.
    by: Option<Field>,
}

/// What all events of a request have in common.
const REQUEST: &str = "RayID";

impl Sample {
    /// A sample at a rate in (0, 1] of a dataset's records, by a field.
    pub(crate) fn new(rate: f64, by: Option<&str>, dataset: &Dataset) -> Self {
        // Rounded by the float to 53 bits.
        let below = (rate * 2_f64.powi(64)) as u64;
        let request = dataset.row_id(REQUEST).map(|_| REQUEST);
        Self {
            below: (rate < 1.0).then_some(below),
            label: rate.to_string(),
            by: by.or(request).map(|field| Field::new(dataset, field)),
        }
    }

    /// Whether the record is in it; `identity`: that of the whole record.
    ///
    /// The hash has nothing of the dataset or the rule: of two samples of one rate both keep the
    /// same requests, and one of a lower rate keeps some of these.
    pub(crate) fn has(
        &self,
        record: &Record,
        text: &[u8],
        identity: [u8; 16],
        key: Option<&PseudonymKey>,
    ) -> bool {
        let Some(below) = self.below else {
            return true;
        };
        let hash = |bytes: &[u8]| match key {
            Some(key) => xxh3_64_with_secret(bytes, &*key.sampling),
            None => xxh3_64(bytes),
        };
        let mut found = None;
        if let Some(by) = &self.by {
            by.each(record, text, &mut |value| {
                if found.is_none() && !value.is_absent() {
                    found = Some(hash(text_of(value, text).as_bytes()));
                }
            });
        }
        found.unwrap_or_else(|| hash(&identity)) < below
    }
}
