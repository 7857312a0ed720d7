//! Documents that travel together, and parts of them.

use core::ops::Range;

use logpush_normalizer::Batch;

/// The documents of a batch. The one place that depends on what a batch of the normalizer looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// The documents, separated by line breaks.
    body: Vec<u8>,
    /// Where each document ends in the body.
    ends: Vec<u32>,
    /// The number of the record in the upload that each document is made of, from 0.
    records: Vec<u64>,
}

/// Some documents of a batch, in their order: what a destination is asked to take in one request.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    documents: &'a Documents,
    /// Places in the batch, in ascending order.
    places: &'a [Range<usize>],
    upload: &'a str,
}

impl Documents {
    /// Adds a document that is made of the record of this number.
    pub fn push(&mut self, record: u64, document: &[u8]) {
        if !self.ends.is_empty() {
            self.body.push(b'\n');
        }
        self.body.extend_from_slice(document);
        self.ends.push(offset(self.body.len()));
        self.records.push(record);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Their size in bytes, with what separates them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// The document at a place; empty where there is none.
    #[must_use]
    pub fn get(&self, place: usize) -> &[u8] {
        self.lines(place..place + 1)
    }

    /// The number of the record that the document at a place is made of.
    #[must_use]
    pub fn record(&self, place: usize) -> u64 {
        let record = self.records.get(place);
        debug_assert!(
            record.is_some(),
            "no document {place} of {}",
            self.records.len()
        );
        record.copied().unwrap_or_default()
    }

    /// The documents at these places, separated by line breaks.
    fn lines(&self, places: Range<usize>) -> &[u8] {
        let start = match places.start.checked_sub(1) {
            None => Some(0),
            // Behind the line break.
            Some(before) => self.ends.get(before).map(|&end| end as usize + 1),
        };
        let end = places
            .end
            .checked_sub(1)
            .and_then(|last| self.ends.get(last))
            .map(|&end| end as usize);
        let lines = start
            .zip(end)
            .and_then(|(start, end)| self.body.get(start..end));
        debug_assert!(
            lines.is_some(),
            "no documents at {places:?} of {}",
            self.ends.len()
        );
        lines.unwrap_or_default()
    }
}

impl From<Batch> for Documents {
    fn from(batch: Batch) -> Self {
        let documents = batch.len();
        let records = batch.records.iter().take(documents);
        Self {
            // A document's own record is the last of those that it answers for.
            records: records.map(|range| range.end.saturating_sub(1)).collect(),
            body: batch.body,
            ends: batch.ends,
        }
    }
}

impl<'a> Part<'a> {
    /// The documents at `places`, which are in ascending order; `upload` identifies the upload that
    /// they are of.
    #[must_use]
    pub fn new(documents: &'a Documents, places: &'a [Range<usize>], upload: &'a str) -> Self {
        debug_assert!(places.iter().all(|range| range.end <= documents.len()));
        debug_assert!(places.is_sorted_by_key(|range| range.start));
        Self {
            documents,
            places,
            upload,
        }
    }

    /// How many documents.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.iter().map(Range::len).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The documents, in their order.
    pub fn documents(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let documents = self.documents;
        self.places().map(move |place| documents.get(place))
    }

    /// The documents as runs of lines, which a line break separates within and none at the ends.
    pub fn runs(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let documents = self.documents;
        self.places
            .iter()
            .filter(|range| !range.is_empty())
            .map(move |range| documents.lines(range.clone()))
    }

    /// The numbers of the documents' records in the upload: with [`Part::upload`] they name a part
    /// for good, as an object store needs it.
    pub fn records(&self) -> impl Iterator<Item = u64> + use<'a> {
        let documents = self.documents;
        self.places().map(move |place| documents.record(place))
    }

    /// What identifies the upload.
    #[must_use]
    pub fn upload(&self) -> &'a str {
        self.upload
    }

    fn places(&self) -> impl Iterator<Item = usize> + use<'a> {
        self.places.iter().cloned().flatten()
    }
}

/// Batches end far below 4 GiB.
fn offset(bytes: usize) -> u32 {
    debug_assert!(u32::try_from(bytes).is_ok());
    bytes as u32
}

#[cfg(test)]
mod tests {
    use logpush_normalizer::Document;

    use super::*;

    fn text(bytes: &[u8]) -> &str {
        core::str::from_utf8(bytes).unwrap()
    }

    fn documents(texts: &[&str]) -> Documents {
        let mut documents = Documents::default();
        for (record, text) in (7..).zip(texts) {
            documents.push(record, text.as_bytes());
        }
        documents
    }

    #[test]
    fn a_batch_is_taken_apart_at_its_boundaries() {
        let texts = ["a", "bb", "", "d"];
        let mut batch = Batch::default();
        for (record, text) in (7..).zip(texts) {
            let document = Document {
                text: text.as_bytes(),
                id: [0; 16],
                time: None,
            };
            batch.push(document, record..record + 1);
        }
        let batch = Documents::from(batch);
        assert_eq!(batch, documents(&texts));
        assert_eq!(batch.len(), 4);
        for (place, expected) in texts.into_iter().enumerate() {
            assert_eq!(text(batch.get(place)), expected);
            assert_eq!(batch.record(place), place as u64 + 7);
        }
    }

    #[test]
    fn a_part_has_the_documents_at_its_places() {
        let documents = documents(&["a", "bb", "c", "d"]);
        for (places, expected, runs, records) in [
            (vec![0..4], "a bb c d", "a\nbb\nc\nd", vec![7, 8, 9, 10]),
            (vec![0..1], "a", "a", vec![7]),
            (vec![3..4], "d", "d", vec![10]),
            (vec![0..2, 3..4], "a bb d", "a\nbb|d", vec![7, 8, 10]),
            (vec![1..1, 2..3], "c", "c", vec![9]),
            (vec![], "", "", vec![]),
        ] {
            let part = Part::new(&documents, &places, "u");
            let listed: Vec<_> = part.documents().map(text).collect();
            assert_eq!(listed.join(" "), expected, "{places:?}");
            assert_eq!(part.runs().map(text).collect::<Vec<_>>().join("|"), runs);
            assert_eq!(part.records().collect::<Vec<_>>(), records);
            assert_eq!(part.len(), records.len());
            assert_eq!(part.is_empty(), records.is_empty());
        }
    }
}
