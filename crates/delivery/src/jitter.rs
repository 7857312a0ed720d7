//! Chance from a seed: a pure machine has no source of its own.

/// Numbers from 0 to 1, the same for the same seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Jitter(u64);

impl Jitter {
    /// Begins anew.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn chance(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        // 53 bits are what a float holds exactly.
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_differ_and_repeat_with_their_seed() {
        let chances = |seed| {
            let mut jitter = Jitter::new(seed);
            [jitter.chance(), jitter.chance(), jitter.chance()]
        };
        assert_eq!(chances(1), chances(1));
        assert_ne!(chances(1), chances(2));
        for seed in 0..100 {
            for chance in chances(seed) {
                assert!((0.0..1.0).contains(&chance), "{seed}: {chance}");
            }
        }
    }
}
