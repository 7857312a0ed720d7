//! What the tests of several files begin with.

use logpush_normalizer::{Batch, Document};

/// A batch of documents of one record each.
pub(crate) fn batch(texts: &[&str]) -> Batch {
    let mut batch = Batch::default();
    for (record, text) in (0..).zip(texts) {
        let document = Document {
            text: text.as_bytes(),
            id: [0; 16],
            time: None,
        };
        batch.push(document, record..record + 1);
    }
    batch
}
