//! What is counted of a dataset's uploads. Counters only grow: a report of them may come twice, late,
//! or not at all, and the next one makes up for it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names each counter once.
macro_rules! counters {
    ($($(#[$about:meta])* $name:ident,)*) => {
        /// The counters, of a while or since the beginning.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct Counters {
            $($(#[$about])* pub $name: u64,)*
        }

        impl Counters {
            pub fn add(&mut self, more: &Self) {
                $(self.$name = self.$name.saturating_add(more.$name);)*
            }

            /// What was counted since `earlier`: all of it, where the count has begun anew.
            pub fn since(&self, earlier: &Self) -> Self {
                if $(self.$name < earlier.$name)||* {
                    return self.clone();
                }
                Self { $($name: self.$name - earlier.$name,)* }
            }

            fn values(&self) -> Vec<u64> {
                vec![$(self.$name,)*]
            }

            /// Those that an earlier version did not count are 0.
            fn of(values: &[u64]) -> Self {
                let mut values = values.iter().copied();
                Self { $($name: values.next().unwrap_or_default(),)* }
            }
        }
    };
}

// They are stored in this order: a new one is added at the end.
counters! {
    /// Uploads delivered to their end.
    uploads,
    records,
    /// As received.
    bytes,
    /// Lines that are no record.
    errors,
    /// Events that the intake refused.
    refused,
    /// Requests to the intake, of the attempts that came to their end.
    requests,
    /// Of these, the ones that were second tries.
    retries,
    /// Attempts to deliver an upload that are to be repeated.
    failed_attempts,
    /// Dead letters written.
    dead_letters,
    /// Dead letters that were replayed, and are gone.
    replayed,
    /// All lags together.
    lag_ms,
}

/// As a list of numbers: stored by the hundred, in one row.
pub mod packed {
    use super::{Counters, Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(counters: &Counters, serializer: S) -> Result<S::Ok, S::Error> {
        counters.values().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Counters, D::Error> {
        Ok(Counters::of(&Vec::deserialize(deserializer)?))
    }
}

/// How late deliveries were: how many of them up to each of [`LAG_BOUNDS`], and beyond.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lags([u64; LAG_BOUNDS.len() + 1]);

/// In seconds: from what the durable route takes when all is well to what an outage makes of it.
pub const LAG_BOUNDS: [u64; 10] = [5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 21_600];

impl Lags {
    pub fn count(&mut self, lag_ms: u64) {
        let place = LAG_BOUNDS
            .iter()
            .position(|bound| lag_ms <= bound * 1000)
            .unwrap_or(LAG_BOUNDS.len());
        if let Some(count) = self.0.get_mut(place) {
            *count += 1;
        }
    }

    pub fn add(&mut self, more: &Self) {
        for (count, more) in self.0.iter_mut().zip(more.0) {
            *count = count.saturating_add(more);
        }
    }

    /// What was counted since `earlier`: all of it, where the count has begun anew.
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

    /// How many were at most so late, for each bound, and how many there are.
    pub fn cumulated(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
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
    fn what_was_counted_since() {
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
        assert_eq!(Counters::of(&[1, 2]).records, 2);
        assert_eq!(Counters::of(&[7; 99]).lag_ms, 7);
        let counters = Counters::of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        assert_eq!(Counters::of(&counters.values()), counters);
    }

    #[test]
    fn lags_are_cumulated() {
        let mut lags = Lags::default();
        for ms in [0, 5_000, 5_001, 60_000, 21_600_001] {
            lags.count(ms);
        }
        let cumulated: Vec<_> = lags.cumulated().map(|(_, count)| count).collect();
        assert_eq!(cumulated, [2, 3, 3, 4, 4, 4, 4, 4, 4, 4, 5]);
    }
}
