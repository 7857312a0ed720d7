//! Documents joined until they are a batch.

use crate::config::Limits;

/// Documents that are ready to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The documents, one a line, without a line break at the end.
    pub body: Vec<u8>,
    /// Documents in the body.
    pub records: usize,
    /// Number of the first document's record in the upload, from 0: delivery can resume there.
    pub first_record: u64,
}

/// Collects documents into batches.
#[derive(Debug)]
pub(crate) struct Batcher {
    body: Vec<u8>,
    records: usize,
    /// Number of the next document's record.
    next_record: u64,
    max_bytes: usize,
    max_records: usize,
    /// Size of the last batch, which the next one will need too.
    capacity: usize,
}

impl Batcher {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            body: Vec::new(),
            records: 0,
            next_record: 0,
            max_bytes: limits.batch_bytes,
            max_records: limits.batch_records.max(1),
            capacity: 0,
        }
    }

    /// Adds a document; gives the batch that has no room for it.
    pub(crate) fn push(&mut self, document: &[u8]) -> Option<Batch> {
        let has_room = self.records == 0
            || (!self.is_full() && self.body.len() + 1 + document.len() <= self.max_bytes);
        let full = if has_room { None } else { self.take() };
        if self.records > 0 {
            self.body.push(b'\n');
        } else if self.body.capacity() == 0 {
            self.body.reserve_exact(self.capacity.max(document.len()));
        }
        self.body.extend_from_slice(document);
        self.records += 1;
        self.next_record += 1;
        full
    }

    /// What is there, if anything.
    pub(crate) fn take(&mut self) -> Option<Batch> {
        if self.records == 0 {
            return None;
        }
        let body = core::mem::take(&mut self.body);
        // A sixteenth more: the next batch is seldom of exactly this size.
        self.capacity = (body.len() + body.len() / 16).min(self.max_bytes);
        let records = core::mem::take(&mut self.records);
        Some(Batch {
            body,
            records,
            first_record: self.next_record - records as u64,
        })
    }

    /// Whether the batch has as many records as it may, and waits to be taken.
    pub(crate) fn is_full(&self) -> bool {
        self.records >= self.max_records
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
            taken.extend(batcher.push(document.as_bytes()));
            while batcher.is_full() {
                taken.extend(batcher.take());
            }
        }
        taken.extend(batcher.take());
        taken
            .into_iter()
            .map(|batch| (String::from_utf8(batch.body).unwrap(), batch.first_record))
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
