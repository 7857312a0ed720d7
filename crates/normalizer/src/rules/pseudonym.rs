//! What stands for a value that nobody may see: a keyed hash of it, and the ids of events that must
//! not give away what was cut from them.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::bytes::text::hexadecimal;
use crate::rules::class::{Class, canonical};

/// The secret `PSEUDONYM_KEY`, ready for use.
#[derive(Clone)]
pub(crate) struct PseudonymKey {
    /// HMAC with the key taken in: each use goes on from a copy.
    mac: Hmac<Sha256>,
    /// Which key it is, in events: eight digits.
    pub(crate) id: String,
    /// For sampling, which needs no more than that clients cannot compute it.
    pub(crate) sampling: Box<[u8; 192]>,
}

/// The shortest key, in bytes.
pub(crate) const KEY_MIN: usize = 32;

impl PseudonymKey {
    /// The key of this text; nothing where it is too short to be a secret.
    pub(crate) fn new(secret: &str) -> Option<Self> {
        if secret.len() < KEY_MIN {
            return None;
        }
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
        let mut sampling = Box::new([0; 192]);
        for (place, block) in sampling.chunks_mut(32).enumerate() {
            block.copy_from_slice(&digest(&mac, "sampling", &[place as u8]));
        }
        let [a, b, c, d, ..] = digest(&mac, "key id", b"");
        Some(Self {
            id: format!("{a:02x}{b:02x}{c:02x}{d:02x}"),
            sampling,
            mac,
        })
    }

    /// The pseudonym of a text: 64 hexadecimal digits. The same address has the same one in every
    /// field of every dataset, however it is written.
    pub(crate) fn of(&self, text: &str) -> String {
        let (class, text) = canonical(text);
        let domain = match class {
            Some(Class::Ip) => "ip",
            Some(Class::Email) => "email",
            None => "value",
        };
        let digest = digest(&self.mac, domain, text.as_bytes());
        let (first, last) = digest.split_at(16);
        let half = |half: &[u8]| {
            let half = half.try_into().unwrap_or_default();
            String::from_utf8_lossy(&hexadecimal(half)).into_owned()
        };
        half(first) + &half(last)
    }

    /// The `event.id` of a record with this identity.
    pub(crate) fn event_id(&self, identity: [u8; 16]) -> [u8; 16] {
        let digest = digest(&self.mac, "event.id", &identity);
        let (first, _) = digest.split_at(16);
        first.try_into().unwrap_or_default()
    }
}

impl core::fmt::Debug for PseudonymKey {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_tuple("PseudonymKey")
            .field(&self.id)
            .finish()
    }
}

/// One block of SHA-256 mostly: the domain and a zero stand before the text.
fn digest(mac: &Hmac<Sha256>, domain: &str, text: &[u8]) -> [u8; 32] {
    let mut mac = mac.clone();
    mac.update(domain.as_bytes());
    mac.update(&[0]);
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> PseudonymKey {
        PseudonymKey::new(secret).unwrap()
    }

    #[test]
    fn an_address_has_one_pseudonym_however_it_is_written() {
        let key = key("0123456789abcdef0123456789abcdef");
        for (one, other) in [
            ("203.0.113.7", "::ffff:203.0.113.7"),
            ("203.0.113.7", "203.0.113.7:443"),
            ("2001:db8::1", "2001:DB8:0:0::1"),
            ("2001:db8::1", "[2001:db8::1]:443"),
            ("A.User@Example.com", "a.user@example.COM"),
        ] {
            assert_eq!(key.of(one), key.of(other), "{one}");
        }
        let different = ["203.0.113.7", "203.0.113.8", "a@example.com", "a", "A", ""];
        let pseudonyms: std::collections::BTreeSet<_> =
            different.iter().map(|text| key.of(text)).collect();
        assert_eq!(pseudonyms.len(), different.len());
    }

    /// Made by Python: hmac.new(key, b"ip\0203.0.113.7", "sha256").hexdigest()
    #[test]
    fn a_pseudonym_is_hmac_sha_256() {
        let key = key("0123456789abcdef0123456789abcdef");
        assert_eq!(key.of("203.0.113.7"), EXPECTED_IP);
        assert_eq!(key.id, EXPECTED_ID);
    }

    const EXPECTED_IP: &str = "ce65657050f269d213b2b2d7270fb27b3bc71da00a8fd454e383a92e096a4e9f";
    const EXPECTED_ID: &str = "6d269ad9";

    #[test]
    fn another_key_gives_other_pseudonyms_and_a_short_one_none() {
        let (one, other) = (key(&"a".repeat(32)), key(&"b".repeat(32)));
        assert_ne!(one.of("x"), other.of("x"));
        assert_ne!(one.id, other.id);
        assert_ne!(one.event_id([1; 16]), other.event_id([1; 16]));
        assert_eq!(one.event_id([1; 16]), one.event_id([1; 16]));
        assert_ne!(one.event_id([1; 16]), [1; 16]);
        assert!(PseudonymKey::new(&"a".repeat(31)).is_none());
        assert!(!format!("{one:?}").contains("aaaa"));
    }
}
