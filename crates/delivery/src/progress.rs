//! Which records of an upload are dealt with: taken by the intake, or in a dead letter.

use core::cmp::Reverse;
use core::ops::Range;

use logpush_normalizer::Batch;
use serde::{Deserialize, Serialize};

/// Record numbers, from 0, as ranges in ascending order that do not touch: `[[0,2000],[3000,4000]]`.
///
/// Records of the upload, and not batches or bytes: a version that makes other batches
/// understands them. Batches go out side by side, so that there can be gaps; as many as deliveries
/// are under way, and as pieces of a batch that was taken in part. Written down are [`RANGES_MAX`] at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct Done {
    ranges: Vec<(u64, u64)>,
}

/// Ranges that are written down: 16 kB for an upload of a million records. Of more, the smallest are
/// forgotten: their records are delivered once more, and none is lost.
const RANGES_MAX: usize = 1_000;

impl Done {
    /// Adds records, and gives the number of those that were not in here.
    pub fn add(&mut self, range: Range<u64>) -> u64 {
        let (mut start, mut end) = (range.start, range.end);
        if start >= end {
            return 0;
        }
        let gaps = self.gaps(range);
        // Those that it overlaps or touches become one.
        let first = self.ranges.partition_point(|&(_, to)| to < start);
        let behind = self.ranges.partition_point(|&(from, _)| from <= end);
        let touched = self.ranges.get(first..behind).unwrap_or_default();
        if let (Some(&(from, _)), Some(&(_, to))) = (touched.first(), touched.last()) {
            start = start.min(from);
            end = end.max(to);
        }
        self.ranges.splice(first..behind, [(start, end)]);
        gaps.iter().map(|gap| gap.end - gap.start).sum()
    }

    /// Adds all that `other` has.
    pub fn merge(&mut self, other: &Self) {
        for &(start, end) in &other.ranges {
            self.add(start..end);
        }
    }

    /// How many records.
    pub fn count(&self) -> u64 {
        self.ranges.iter().map(|(start, end)| end - start).sum()
    }

    /// Whether it has no record.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    fn has(&self, record: u64) -> bool {
        self.gaps(record..record + 1).is_empty()
    }

    /// What is not in here of `range`.
    fn gaps(&self, range: Range<u64>) -> Vec<Range<u64>> {
        let mut gaps = Vec::new();
        let mut at = range.start;
        let from = self.ranges.partition_point(|&(_, end)| end <= range.start);
        for &(start, end) in self.ranges.iter().skip(from) {
            if start >= range.end {
                break;
            }
            if start > at {
                gaps.push(at..start);
            }
            at = at.max(end);
        }
        if at < range.end {
            gaps.push(at..range.end);
        }
        gaps
    }

    /// What is left to do of a batch; nothing where all of its records are in here.
    pub fn remaining(&self, batch: Batch) -> Vec<Batch> {
        let is_open = |range: &Range<u64>| self.gaps(range.clone()) == [range.clone()];
        if batch.records.iter().all(is_open) {
            return vec![batch];
        }
        let mut rest = Batch::default();
        let mut without_document = Vec::new();
        for (place, records) in batch.records.iter().enumerate() {
            match batch.get(place) {
                // A document's own record is the last of those that it answers for.
                Some(document) if !self.has(records.end.saturating_sub(1)) => {
                    rest.push(document, records.clone());
                }
                _ => without_document.extend(self.gaps(records.clone())),
            }
        }
        rest.records.extend(without_document);
        if rest.records.is_empty() {
            return Vec::new();
        }
        vec![rest]
    }
}

impl From<Vec<(u64, u64)>> for Done {
    fn from(ranges: Vec<(u64, u64)>) -> Self {
        let mut done = Self::default();
        for (start, end) in ranges {
            done.add(start..end);
        }
        done
    }
}

impl From<Done> for Vec<(u64, u64)> {
    fn from(done: Done) -> Self {
        let mut ranges = done.ranges;
        if ranges.len() > RANGES_MAX {
            ranges.sort_by_key(|(start, end)| Reverse(end - start));
            ranges.truncate(RANGES_MAX);
            ranges.sort_unstable();
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use logpush_normalizer::Document;

    use super::*;

    fn done(ranges: &[(u64, u64)]) -> Done {
        Done::from(ranges.to_vec())
    }

    #[test]
    fn ranges_are_joined_and_kept_in_order() {
        for (added, expected) in [
            (vec![], vec![]),
            (vec![(5, 5)], vec![]),
            (vec![(9, 4)], vec![]),
            (vec![(0, 10), (10, 20)], vec![(0, 20)]),
            (vec![(10, 20), (0, 10)], vec![(0, 20)]),
            (vec![(20, 30), (0, 10)], vec![(0, 10), (20, 30)]),
            (vec![(0, 10), (20, 30), (5, 25)], vec![(0, 30)]),
            (vec![(0, 30), (5, 10)], vec![(0, 30)]),
            (vec![(0, 1), (2, 3), (4, 5), (1, 2)], vec![(0, 3), (4, 5)]),
        ] {
            let mut joined = Done::default();
            let more: u64 = added
                .iter()
                .map(|&(start, end)| joined.add(start..end))
                .sum();
            assert_eq!(joined.ranges, expected, "{added:?}");
            let count = expected.iter().map(|(start, end)| end - start).sum::<u64>();
            assert_eq!((joined.count(), more), (count, count), "{added:?}");
        }
    }

    #[test]
    fn what_remains_of_a_batch_are_the_documents_and_records_that_are_not_done() {
        let mut batch = Batch::default();
        // The records 12 and 16 give no document: rules drop them.
        for (text, records) in [("a", 10..11), ("b", 11..12), ("c", 12..14), ("d", 14..15)] {
            let document = Document {
                text: text.as_bytes(),
                id: [text.as_bytes()[0]; 16],
                time: None,
            };
            batch.push(document, records);
        }
        batch.records.push(15..17);
        for (ranges, expected) in [
            (vec![], "a10 b11 c13 d14 +15..17"),
            (vec![(0, 10), (17, 20)], "a10 b11 c13 d14 +15..17"),
            (vec![(0, 12)], "c13 d14 +15..17"),
            (vec![(14, 99)], "a10 b11 c13"),
            (vec![(11, 12), (16, 17)], "a10 c13 d14 +15..16"),
            (vec![(10, 11), (13, 14)], "b11 d14 +12..13 +15..17"),
            (vec![(0, 15)], "+15..17"),
            (vec![(0, 99)], ""),
            (vec![(10, 17)], ""),
        ] {
            let mut found = Vec::new();
            for rest in done(&ranges).remaining(batch.clone()) {
                for (place, records) in rest.records.iter().enumerate() {
                    found.push(match rest.get(place) {
                        Some(document) => {
                            assert_eq!(document.id, [document.text[0]; 16]);
                            let text = core::str::from_utf8(document.text).unwrap();
                            format!("{text}{}", records.end - 1)
                        }
                        None => format!("+{records:?}"),
                    });
                }
            }
            assert_eq!(found.join(" "), expected, "{ranges:?}");
        }
    }

    #[test]
    fn of_many_ranges_the_largest_are_written_down() {
        // Every other record, and every third range has two.
        let all: Vec<(u64, u64)> = (0..2_000)
            .map(|n| (n * 4, n * 4 + 1 + u64::from(n % 3 == 0)))
            .collect();
        let done = done(&all);
        let text = serde_json::to_string(&done).unwrap();
        assert!(text.len() < 16 * 1024, "{} bytes", text.len());
        let read: Done = serde_json::from_str(&text).unwrap();
        assert_eq!(read.ranges.len(), RANGES_MAX);
        assert!(read.ranges.iter().all(|range| all.contains(range)));
        let large = all.iter().filter(|(start, end)| end - start == 2);
        assert!(large.clone().all(|range| read.ranges.contains(range)));
        assert_eq!(read.count(), (RANGES_MAX + large.count()) as u64);
        assert_eq!(done.count(), 2_667, "an attempt itself knows all");
    }

    #[test]
    fn positions_are_read_as_they_are_written_and_in_any_order() {
        let text = "[[0,2000],[3000,4000]]";
        let read: Done = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(
            serde_json::from_str::<Done>("[[3000,4000],[0,1000],[500,2000]]").unwrap(),
            read
        );
    }
}
