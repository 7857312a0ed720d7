//! The rate of requests to the intake: turns are given out one after another.

/// When the next request may go out.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// In milliseconds since 1970; with fractions, since 300 in a second are 3.3 milliseconds apart.
    next: f64,
}

impl Turns {
    /// How many milliseconds to wait for the next turn, of which there are `per_second`.
    pub(crate) fn take(&mut self, now: u64, per_second: u64) -> u64 {
        let now = now as f64;
        let turn = self.next.max(now);
        self.next = turn + 1000.0 / per_second.max(1) as f64;
        (turn - now).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_evenly_apart_and_none_is_saved_up() {
        for (per_second, asked_at, expected) in [
            (10, vec![0, 0, 0], vec![0, 100, 200]),
            (10, vec![0, 50, 1_000, 1_000], vec![0, 50, 0, 100]),
            (300, vec![0, 0, 0, 0], vec![0, 4, 7, 10]),
            (0, vec![0, 0], vec![0, 1_000]),
        ] {
            let mut turns = Turns::default();
            let waits: Vec<u64> = asked_at
                .iter()
                .map(|now| turns.take(1_700_000_000_000 + now, per_second))
                .collect();
            assert_eq!(waits, expected, "{per_second} {asked_at:?}");
        }
    }
}
