//! How long to wait before another try.

use core::time::Duration;

/// `base`, doubled with every try up to [`WAIT_MAX`]; between half of that and the whole, by
/// `chance` from 0 to 1, so that uploads that failed together do not come back together.
pub fn backoff(base: Duration, tries: u32, chance: f64) -> Duration {
    let full = base
        .saturating_mul(2_u32.saturating_pow(tries))
        .min(WAIT_MAX);
    full.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

/// The longest wait between two tries.
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
}
