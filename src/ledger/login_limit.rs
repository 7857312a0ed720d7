//! The limit of attempts to log in: a few a minute from one address, and some more from all addresses
//! together. It is kept in memory alone, since a minute's wait is all that it asks for.

use std::collections::BTreeMap;

/// The attempts of one minute.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    minute: u64,
    all: u32,
    by_address: BTreeMap<String, u32>,
}

/// Attempts in a minute from one address: a person mistypes a few times.
const FROM_ONE_ADDRESS: u32 = 10;

/// Attempts in a minute from all addresses: finding a secret of 16 hexadecimal characters would take
/// 10^11 years.
const FROM_ALL: u32 = 200;

impl Attempts {
    /// Whether an attempt may be made; then it is counted.
    pub(crate) fn may_try(&mut self, address: &str, now_millis: u64) -> bool {
        if self.is_spent(address, now_millis) {
            return false;
        }
        // There are at most FROM_ALL entries.
        *self.by_address.entry(network_of(address)).or_default() += 1;
        self.all += 1;
        true
    }

    /// Whether no further attempt may be made in this minute.
    pub(crate) fn is_spent(&mut self, address: &str, now_millis: u64) -> bool {
        let minute = now_millis / 60_000;
        if self.minute != minute {
            *self = Self {
                minute,
                ..Self::default()
            };
        }
        let from_here = self.by_address.get(&network_of(address));
        self.all >= FROM_ALL || from_here.is_some_and(|count| *count >= FROM_ONE_ADDRESS)
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

    fn allowed(attempts: &mut Attempts, address: &str, times: u32, now: u64) -> u32 {
        (0..times)
            .filter(|_| attempts.may_try(address, now))
            .count() as u32
    }

    #[test]
    fn a_few_from_one_address_each_minute() {
        let mut attempts = Attempts::default();
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
                allowed(&mut attempts, address, 50, now),
                expected,
                "{address} {now}"
            );
        }
    }

    #[test]
    fn all_addresses_together_are_bounded() {
        let mut attempts = Attempts::default();
        let sum: u32 = (0..1000)
            .map(|n| allowed(&mut attempts, &format!("192.0.2.{n}"), 1, 7))
            .sum();
        assert_eq!(sum, FROM_ALL);
        assert!(attempts.by_address.len() as u32 <= FROM_ALL);
    }
}
