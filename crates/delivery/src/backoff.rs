//! How long to wait before another try.

use core::time::Duration;

/// The wait between two tries of a request: `base`, doubled with every try up to [`WAIT_MAX`], and
/// [`jittered`].
pub fn backoff(base: Duration, tries: u32, chance: f64) -> Duration {
    jittered(doubled(base, tries, WAIT_MAX), chance)
}

/// The wait before an upload is delivered again: `base` after the first failure, doubled with every
/// further one up to `max`, and [`jittered`].
pub fn redelivery(base: Duration, failures: u32, max: Duration, chance: f64) -> Duration {
    jittered(doubled(base, failures.saturating_sub(1), max), chance)
}

/// Between half of `full` and the whole, by `chance` from 0 to 1: what failed together does not come
/// back together.
pub fn jittered(full: Duration, chance: f64) -> Duration {
    full.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

fn doubled(base: Duration, times: u32, max: Duration) -> Duration {
    base.saturating_mul(2_u32.saturating_pow(times)).min(max)
}

/// The longest wait between two tries of a request.
const WAIT_MAX: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let base = Duration::from_millis(500);
        for (tries, chance, millis) in [
            (0, 1.0, 500),
            (0, 0.0, 250),
            (1, 1.0, 1000),
            (4, 1.0, 8000),
            (5, 1.0, 8000),
            (99, 0.5, 6000),
        ] {
            assert_eq!(
                backoff(base, tries, chance),
                Duration::from_millis(millis),
                "{tries} {chance}"
            );
        }
    }

    #[test]
    fn redeliveries_double_from_the_second_failure_on() {
        let (base, max) = (Duration::from_secs(10), Duration::from_secs(3600));
        for (failures, chance, seconds) in [
            (0, 1.0, 10),
            (1, 1.0, 10),
            (1, 0.0, 5),
            (2, 1.0, 20),
            (9, 1.0, 2560),
            (10, 1.0, 3600),
            (u32::MAX, 1.0, 3600),
        ] {
            assert_eq!(
                redelivery(base, failures, max, chance),
                Duration::from_secs(seconds),
                "{failures} {chance}"
            );
        }
    }
}
