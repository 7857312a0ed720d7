//! Documents that are sent in one request.

use core::ops::Range;

use logpush_normalizer::{Batch, Document};

/// Some documents of a batch, in their order: what a destination is asked to take in one request.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    batch: &'a Batch,
    /// Places in the batch, in ascending order.
    places: &'a [Range<usize>],
    upload: &'a str,
}

impl<'a> Part<'a> {
    /// The documents at `places`, which are in ascending order; `upload` identifies the upload that
    /// they are of.
    #[must_use]
    pub fn new(batch: &'a Batch, places: &'a [Range<usize>], upload: &'a str) -> Self {
        debug_assert!(places.iter().all(|range| range.end <= batch.len()));
        debug_assert!(places.is_sorted_by_key(|range| range.start));
        Self {
            batch,
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

    /// The documents, in their order, each with its id and its time.
    pub fn documents(&self) -> impl Iterator<Item = Document<'a>> + use<'a> {
        let batch = self.batch;
        self.places().filter_map(move |place| batch.get(place))
    }

    /// The documents as runs of lines, which a line break separates within and none at the ends.
    pub fn runs(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let batch = self.batch;
        self.places
            .iter()
            .filter(|range| !range.is_empty())
            .map(move |range| lines(batch, range))
    }

    /// The numbers of the documents' records in the upload: with [`Part::upload`] they name a part
    /// for good, as an object store needs it.
    pub fn records(&self) -> impl Iterator<Item = u64> + use<'a> {
        let batch = self.batch;
        self.places().map(move |place| record(batch, place))
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

/// The number of the record that the document at a place is made of: the last of those that it
/// answers for.
pub(crate) fn record(batch: &Batch, place: usize) -> u64 {
    let range = batch.records.get(place).filter(|range| !range.is_empty());
    debug_assert!(range.is_some(), "no record of {place} in {}", batch.len());
    range.map(|range| range.end - 1).unwrap_or_default()
}

/// The documents at these places, of which there is at least one, with line breaks between them.
fn lines<'a>(batch: &'a Batch, places: &Range<usize>) -> &'a [u8] {
    let start = match places.start.checked_sub(1) {
        None => Some(0),
        // Behind the line break.
        Some(before) => batch.ends.get(before).map(|&end| end as usize + 1),
    };
    let end = places
        .end
        .checked_sub(1)
        .and_then(|last| batch.ends.get(last));
    let lines = start
        .zip(end)
        .and_then(|(start, &end)| batch.body.get(start..end as usize));
    debug_assert!(
        lines.is_some(),
        "no documents at {places:?} of {}",
        batch.len()
    );
    lines.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_the_documents_at_its_places() {
        let mut batch = Batch::default();
        // Of two records each, the first of which gives no document.
        for (place, text) in (0..).zip(["a", "bb", "", "d"]) {
            let document = Document {
                text: text.as_bytes(),
                id: [place as u8; 16],
                time: None,
            };
            batch.push(document, place * 2..place * 2 + 2);
        }
        for (places, texts, runs, records) in [
            (vec![0..4], "a bb  d", "a\nbb\n\nd", vec![1, 3, 5, 7]),
            (vec![0..1], "a", "a", vec![1]),
            (vec![2..3], "", "", vec![5]),
            (vec![3..4], "d", "d", vec![7]),
            (vec![0..2, 3..4], "a bb d", "a\nbb|d", vec![1, 3, 7]),
            (vec![1..1, 1..2], "bb", "bb", vec![3]),
            (vec![], "", "", vec![]),
        ] {
            let part = Part::new(&batch, &places, "u");
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let found: Vec<_> = part
                .documents()
                .map(|document| text(document.text))
                .collect();
            assert_eq!(found.join(" "), texts, "{places:?}");
            assert_eq!(part.runs().map(text).collect::<Vec<_>>().join("|"), runs);
            assert_eq!(part.records().collect::<Vec<_>>(), records);
            let ids = part
                .documents()
                .map(|document| u64::from(document.id[0]) * 2 + 1);
            assert_eq!(ids.collect::<Vec<_>>(), records);
            assert_eq!(
                (part.len(), part.is_empty()),
                (records.len(), records.is_empty())
            );
        }
    }
}
