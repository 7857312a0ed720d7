//! Which records of an upload are dealt with: taken by the intake, or in a dead letter.

use core::ops::Range;

use logpush_normalizer::Batch;
use serde::{Deserialize, Serialize};

/// Record numbers, from 0, as ranges in ascending order that do not touch: `[[0,2000],[3000,4000]]`.
///
/// Records of the upload, and not batches or bytes: a version that makes other batches
/// understands them. Batches go out side by side, so that there can be gaps; as many as deliveries
/// are under way, and as pieces of a batch that was taken in part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct Done {
    ranges: Vec<(u64, u64)>,
}

impl Done {
    /// Adds records; an empty range adds none.
    pub fn add(&mut self, range: Range<u64>) {
        let (mut start, mut end) = (range.start, range.end);
        if start >= end {
            return;
        }
        self.ranges.retain(|&(from, to)| {
            let touches = from <= end && start <= to;
            if touches {
                start = start.min(from);
                end = end.max(to);
            }
            !touches
        });
        let place = self.ranges.partition_point(|&(from, _)| from < start);
        self.ranges.insert(place, (start, end));
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

    /// What is not in here of `range`.
    fn gaps(&self, range: Range<u64>) -> Vec<Range<u64>> {
        let mut gaps = Vec::new();
        let mut at = range.start;
        for &(start, end) in &self.ranges {
            if start > at && at < range.end {
                gaps.push(at..start.min(range.end));
            }
            at = at.max(end);
        }
        if at < range.end {
            gaps.push(at..range.end);
        }
        gaps
    }

    /// The pieces of a batch whose records are not in here.
    pub fn remaining(&self, batch: Batch) -> Vec<Batch> {
        let first = batch.first_record;
        let whole = first..first + batch.records as u64;
        let gaps = self.gaps(whole.clone());
        if gaps == [whole] {
            return vec![batch];
        }
        if gaps.is_empty() {
            return Vec::new();
        }
        let documents: Vec<&[u8]> = batch.body.split(|&byte| byte == b'\n').collect();
        gaps.into_iter()
            .filter_map(|gap| {
                // Both are within the batch.
                let places = (gap.start - first) as usize..(gap.end - first) as usize;
                let documents = documents.get(places)?;
                Some(Batch {
                    body: documents.join(b"\n".as_slice()),
                    records: documents.len(),
                    first_record: gap.start,
                })
            })
            .collect()
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
        done.ranges
    }
}

#[cfg(test)]
mod tests {
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
            let joined = done(&added);
            assert_eq!(joined.ranges, expected, "{added:?}");
            assert_eq!(
                joined.count(),
                expected.iter().map(|(start, end)| end - start).sum::<u64>()
            );
        }
    }

    #[test]
    fn the_remaining_pieces_of_a_batch_are_those_not_done() {
        let batch = Batch {
            body: b"a\nb\nc\nd".to_vec(),
            records: 4,
            first_record: 10,
        };
        for (ranges, expected) in [
            (vec![], "10:a b c d"),
            (vec![(0, 10), (14, 20)], "10:a b c d"),
            (vec![(0, 12)], "12:c d"),
            (vec![(13, 99)], "10:a b c"),
            (vec![(11, 12)], "10:a|12:c d"),
            (vec![(10, 11), (12, 13)], "11:b|13:d"),
            (vec![(0, 99)], ""),
            (vec![(10, 14)], ""),
        ] {
            let pieces: Vec<String> = done(&ranges)
                .remaining(batch.clone())
                .into_iter()
                .map(|piece| {
                    let text = String::from_utf8(piece.body).unwrap().replace('\n', " ");
                    assert_eq!(text.split(' ').count(), piece.records);
                    format!("{}:{text}", piece.first_record)
                })
                .collect();
            assert_eq!(pieces.join("|"), expected, "{ranges:?}");
        }
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
