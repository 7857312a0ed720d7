//! Wrong secrets of the operator's routes, counted by the minute. A right one always opens, however many
//! wrong ones came before: nobody can lock the operator or Prometheus out. The count slows down a client
//! that guesses and honours 429; what keeps guessing hopeless is the length of the secret. It is kept in
//! the memory of the isolate alone, so that guessing costs no question to the ledger.

use std::collections::BTreeMap;

/// The wrong secrets of one minute.
#[derive(Debug, Default)]
pub(crate) struct WrongSecrets {
    minute: u64,
    all: u32,
    by_address: BTreeMap<String, u32>,
}

/// Wrong secrets in a minute from one address: a person mistypes a few times.
const FROM_ONE_ADDRESS: u32 = 10;

/// Wrong secrets in a minute from all addresses, and so the most addresses that are remembered.
const FROM_ALL: u32 = 200;

impl WrongSecrets {
    /// Counts a wrong secret, and says whether there were too many in this minute before it.
    pub(crate) fn count(&mut self, address: &str, now_millis: u64) -> bool {
        let minute = now_millis / 60_000;
        if self.minute != minute {
            *self = Self {
                minute,
                ..Self::default()
            };
        }
        if self.all >= FROM_ALL {
            return true;
        }
        let from_here = self.by_address.entry(network_of(address)).or_default();
        if *from_here >= FROM_ONE_ADDRESS {
            return true;
        }
        *from_here += 1;
        self.all += 1;
        false
    }
}

/// Whoever has one IPv6 address has 2^64 of them: those with the same first four groups count as one.
fn network_of(address: &str) -> String {
    match address.parse() {
        Ok(core::net::IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
        _ => address.chars().take(64).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within_limits(wrong: &mut WrongSecrets, address: &str, times: u32, now: u64) -> u32 {
        (0..times).filter(|_| !wrong.count(address, now)).count() as u32
    }

    #[test]
    fn a_few_from_one_address_each_minute() {
        let mut wrong = WrongSecrets::default();
        for (address, now, expected) in [
            ("192.0.2.1", 0, FROM_ONE_ADDRESS),
            ("192.0.2.1", 59_999, 0),
            ("192.0.2.2", 59_999, FROM_ONE_ADDRESS),
            ("2001:db8:1:2::1", 59_999, FROM_ONE_ADDRESS),
            ("2001:db8:1:2:ffff::", 59_999, 0),
            ("2001:db8:1:3::1", 59_999, FROM_ONE_ADDRESS),
            ("192.0.2.1", 60_000, FROM_ONE_ADDRESS),
        ] {
            assert_eq!(
                within_limits(&mut wrong, address, 50, now),
                expected,
                "{address} {now}"
            );
        }
    }

    #[test]
    fn all_addresses_together_are_bounded() {
        let mut wrong = WrongSecrets::default();
        let sum: u32 = (0..1000)
            .map(|n| within_limits(&mut wrong, &format!("192.0.2.{n}"), 1, 7))
            .sum();
        assert_eq!(sum, FROM_ALL);
        assert!(wrong.by_address.len() as u32 <= FROM_ALL);
    }
}
