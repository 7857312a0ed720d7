//! Documents joined until they are a batch.

use core::ops::Range;

use crate::bytes::slice;
use crate::config::Limits;
use crate::convert::time::Time;
use crate::document::Document;

/// Documents that are ready to send, and the records of the upload that they answer for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The documents, separated by line breaks.
    pub body: Vec<u8>,
    /// Where each document ends in the body.
    pub ends: Vec<u32>,
    /// The `event.id` of each document.
    pub ids: Vec<[u8; 16]>,
    /// The time of each document's event, where its record has one.
    pub times: Vec<Option<Time>>,
    /// Numbers of the upload's records, from 0: delivery can resume behind them.
    ///
    /// One range for each document, whose last number is the document's own record; records before
    /// it gave no document. Behind these, ranges of records that gave none: a batch may cover
    /// records and have no documents.
    pub records: Vec<Range<u64>>,
}

impl Batch {
    /// How many documents.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no documents.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The document at a place; nothing where the batch has fewer.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<Document<'_>> {
        let end = *self.ends.get(place)? as usize;
        let start = match place.checked_sub(1).and_then(|last| self.ends.get(last)) {
            // Behind the line break.
            Some(&last) => last as usize + 1,
            None => 0,
        };
        Some(Document {
            text: slice(&self.body, start..end),
            id: *self.ids.get(place)?,
            time: *self.times.get(place)?,
        })
    }

    /// The documents, in their order.
    pub fn documents(&self) -> impl Iterator<Item = Document<'_>> {
        (0..self.len()).filter_map(|place| self.get(place))
    }

    /// Adds a document, and the records that it answers for, the last of which is its own.
    pub fn push(&mut self, document: Document<'_>, records: Range<u64>) {
        debug_assert_eq!(
            self.records.len(),
            self.len(),
            "no documents behind the others' records"
        );
        if !self.is_empty() {
            self.body.push(b'\n');
        }
        self.body.extend_from_slice(document.text);
        debug_assert!(u32::try_from(self.body.len()).is_ok());
        self.ends.push(self.body.len() as u32);
        self.ids.push(document.id);
        self.times.push(document.time);
        self.records.push(records);
    }
}

/// Records without a document that a batch answers for at its end: a delivery that is interrupted
/// reads no more than these again.
const SKIPPED_MAX: u64 = 100_000;

/// Collects documents into batches.
#[derive(Debug)]
pub(crate) struct Batcher {
    batch: Batch,
    /// Number of the next record.
    next_record: u64,
    /// The first record that no batch answers for.
    open_record: u64,
    max_bytes: usize,
    max_records: usize,
    /// Sizes of the last batch, which the next one will need too.
    capacity: (usize, usize),
}

impl Batcher {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            batch: Batch::default(),
            next_record: 0,
            open_record: 0,
            max_bytes: limits.batch_bytes,
            max_records: limits.batch_records.max(1),
            capacity: (0, 0),
        }
    }

    /// Adds a document; gives the batch that has no room for it.
    pub(crate) fn push(&mut self, document: Document<'_>) -> Option<Batch> {
        let len = document.text.len();
        let has_room = self.batch.is_empty()
            || (!self.is_full() && self.batch.body.len() + 1 + len <= self.max_bytes);
        let full = if has_room { None } else { self.take() };
        if self.batch.is_empty() {
            self.reserve(len);
        }
        self.next_record += 1;
        let records = self.open_record..self.next_record;
        self.batch.push(document, records);
        self.open_record = self.next_record;
        full
    }

    /// Counts a record that gives no document; gives a batch where it answers for many of these.
    pub(crate) fn skip(&mut self) -> Option<Batch> {
        self.next_record += 1;
        match self.next_record - self.open_record >= SKIPPED_MAX {
            true => self.take(),
            false => None,
        }
    }

    /// What is there, if anything: documents, or records that gave none.
    pub(crate) fn take(&mut self) -> Option<Batch> {
        let skipped = self.open_record..self.next_record;
        if self.batch.is_empty() && skipped.is_empty() {
            return None;
        }
        self.open_record = self.next_record;
        let mut batch = core::mem::take(&mut self.batch);
        if !skipped.is_empty() {
            batch.records.push(skipped);
        }
        let bytes = batch.body.len();
        if batch.is_empty() {
            return Some(batch);
        }
        // A sixteenth more: the next batch is seldom of exactly this size.
        self.capacity = ((bytes + bytes / 16).min(self.max_bytes), batch.len());
        Some(batch)
    }

    /// Whether the batch has as many records as it may, and waits to be taken.
    pub(crate) fn is_full(&self) -> bool {
        self.batch.len() >= self.max_records
    }

    fn reserve(&mut self, first_document: usize) {
        let (bytes, documents) = self.capacity;
        let batch = &mut self.batch;
        batch.body.reserve_exact(bytes.max(first_document));
        batch.ends.reserve_exact(documents);
        batch.ids.reserve_exact(documents);
        batch.times.reserve_exact(documents);
        batch.records.reserve_exact(documents);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(documents: &[&str], batch_bytes: usize, batch_records: usize) -> Vec<(String, u64)> {
        let limits = Limits {
            batch_bytes,
            batch_records,
            ..Limits::default()
        };
        let mut batcher = Batcher::new(&limits);
        let mut taken = Vec::new();
        for document in documents {
            taken.extend(batcher.push(Document {
                text: document.as_bytes(),
                id: [7; 16],
                time: None,
            }));
            while batcher.is_full() {
                taken.extend(batcher.take());
            }
        }
        taken.extend(batcher.take());
        taken
            .into_iter()
            .map(|batch| {
                let texts: Vec<_> = batch
                    .documents()
                    .map(|document| core::str::from_utf8(document.text).unwrap().to_owned())
                    .collect();
                assert_eq!(texts.join("\n").as_bytes(), batch.body);
                assert_eq!(batch.records.len(), texts.len());
                (texts.join("\n"), batch.records[0].start)
            })
            .collect()
    }

    #[test]
    fn batches_close_by_bytes_and_by_count() {
        let text = |taken: Vec<(String, u64)>| {
            taken
                .into_iter()
                .map(|(body, first)| format!("{first}:{}", body.replace('\n', " ")))
                .collect::<Vec<_>>()
                .join("|")
        };
        assert_eq!(text(batches(&["a", "b", "c"], 100, 2)), "0:a b|2:c");
        assert_eq!(text(batches(&["aa", "bb", "cc"], 5, 10)), "0:aa bb|2:cc");
        assert_eq!(text(batches(&["aa", "bb", "cc"], 4, 10)), "0:aa|1:bb|2:cc");
        assert_eq!(text(batches(&["a", "long", "b"], 3, 10)), "0:a|1:long|2:b");
        assert_eq!(text(batches(&["a", "b"], 1, 1)), "0:a|1:b");
        assert_eq!(text(batches(&[], 1, 1)), "");
    }
}
