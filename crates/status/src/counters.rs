//! The counters of a dataset's uploads. They only grow: a report of them may come twice, late or not
//! at all, and the next one makes up for it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names each counter once.
macro_rules! counters {
    ($($(#[$about:meta])* $name:ident,)*) => {
        /// The counters of a period, or since the ledger began.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct Counters {
            $($(#[$about])* pub $name: u64,)*
        }

        impl Counters {
            pub fn add(&mut self, more: &Self) {
                $(self.$name = self.$name.saturating_add(more.$name);)*
            }

            /// The difference to `earlier`, or everything, if counting has started anew.
            pub fn since(&self, earlier: &Self) -> Self {
                if $(self.$name < earlier.$name)||* {
                    return self.clone();
                }
                Self { $($name: self.$name - earlier.$name,)* }
            }

            fn values(&self) -> Vec<u64> {
                vec![$(self.$name,)*]
            }

            /// A counter that the list does not have yet is 0.
            fn from_values(values: &[u64]) -> Self {
                let mut values = values.iter().copied();
                Self { $($name: values.next().unwrap_or(0),)* }
            }
        }
    };
}

// The counters are stored in this order: a new one is added at the end.
counters! {
    /// Uploads that were delivered completely.
    uploads,
    /// Records of uploads that have come to their end.
    records,
    /// Bytes as received.
    bytes,
    /// Lines that are not records.
    errors,
    /// Records that the destination refused, and those of whole uploads that became dead letters.
    refused,
    /// Requests to the intake by attempts that were completed.
    requests,
    /// The retries among these requests.
    retries,
    /// Attempts to deliver an upload that failed and are repeated.
    failed_attempts,
    /// Dead letters written.
    dead_letters,
    /// Dead letters that were replayed and are gone.
    replayed,
    /// The sum of all lags.
    lag_ms,
    /// Uploads whose object is gone before all of it was delivered.
    lost,
    /// Records that the destination has.
    delivered,
    /// Records that it refused, or others that were sent with them: it does not say which.
    unknown,
    /// Records that were not sent: by a rule, or since the operator gave up their destination.
    dropped,
    /// Records that were in lost uploads, as far as they are known.
    lost_records,
    /// Records of those delivered that the destination says it had before.
    duplicates,
}

impl Counters {
    /// How many records are known to have come to an end: each delivered, dropped, refused, unknown or lost.
    /// More or fewer than `records` is an error of the count.
    pub fn accounted(&self) -> u64 {
        [
            self.delivered,
            self.dropped,
            self.refused,
            self.unknown,
            self.lost_records,
        ]
        .iter()
        .fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// Serialises counters as a list of numbers, since one row holds hundreds of them.
pub mod packed {
    use super::{Counters, Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(counters: &Counters, serializer: S) -> Result<S::Ok, S::Error> {
        counters.values().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Counters, D::Error> {
        Ok(Counters::from_values(&Vec::deserialize(deserializer)?))
    }
}

/// A histogram of delivery lag: the number of deliveries up to each of [`LAG_BOUNDS`], and beyond.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lags([u64; LAG_BOUNDS.len() + 1]);

/// Bounds of the histogram in seconds, from the lag of the durable route in normal operation to that
/// after a long outage.
pub const LAG_BOUNDS: [u64; 10] = [5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 21_600];

impl Lags {
    pub fn count(&mut self, lag_ms: u64) {
        let place = LAG_BOUNDS
            .iter()
            .position(|bound| lag_ms <= bound * 1000)
            .unwrap_or(LAG_BOUNDS.len());
        let bucket = self.0.get_mut(place);
        debug_assert!(bucket.is_some(), "there is a bucket beyond the last bound");
        if let Some(bucket) = bucket {
            *bucket += 1;
        }
    }

    pub fn add(&mut self, more: &Self) {
        for (count, more) in self.0.iter_mut().zip(more.0) {
            *count = count.saturating_add(more);
        }
    }

    /// The difference to `earlier`, or everything, if counting has started anew.
    pub fn since(&self, earlier: &Self) -> Self {
        if self
            .0
            .iter()
            .zip(earlier.0)
            .any(|(now, before)| *now < before)
        {
            return self.clone();
        }
        let mut since = self.clone();
        for (count, before) in since.0.iter_mut().zip(earlier.0) {
            *count -= before;
        }
        since
    }

    /// The number of deliveries up to each bound, and at last the number of all.
    pub fn cumulative(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        let bounds = LAG_BOUNDS.iter().copied().map(Some).chain([None]);
        let mut sum = 0;
        bounds.zip(self.0).map(move |(bound, count)| {
            sum += count;
            (bound, sum)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_the_difference_or_everything_after_a_new_start() {
        let counters = |uploads, records| Counters {
            uploads,
            records,
            ..Counters::default()
        };
        for (now, earlier, since) in [
            (counters(3, 30), counters(1, 10), counters(2, 20)),
            (counters(3, 30), counters(3, 30), counters(0, 0)),
            (counters(1, 50), counters(3, 30), counters(1, 50)),
        ] {
            assert_eq!(now.since(&earlier), since);
        }
    }

    #[test]
    fn a_list_of_another_version_is_read() {
        assert_eq!(Counters::from_values(&[1, 2]).records, 2);
        assert_eq!(Counters::from_values(&[7; 99]).lost, 7);
        let values: Vec<u64> = (1..=17).collect();
        let counters = Counters::from_values(&values);
        assert_eq!(Counters::from_values(&counters.values()), counters);
    }

    #[test]
    fn lags_are_cumulative() {
        let mut lags = Lags::default();
        for ms in [0, 5_000, 5_001, 60_000, 21_600_001] {
            lags.count(ms);
        }
        let cumulative: Vec<_> = lags.cumulative().map(|(_, count)| count).collect();
        assert_eq!(cumulative, [2, 3, 3, 4, 4, 4, 4, 4, 4, 4, 5]);
    }
}
