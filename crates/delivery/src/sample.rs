//! What the tests of several files begin with.

use logpush_normalizer::{Batch, Document};

/// A batch of documents of one record each.
pub(crate) fn batch(texts: &[&str]) -> Batch {
    let mut batch = Batch::default();
    for (record, text) in (0..).zip(texts) {
        let document = Document {
            text: text.as_bytes(),
            id: record_id(record),
            time: None,
        };
        batch.push(document, record..record + 1);
    }
    batch
}

/// An id that tells the number of the record.
fn record_id(record: u64) -> [u8; 16] {
    u128::from(record).to_be_bytes()
}
