//! The private keys that belong to the public keys of WAF rules.

use core::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use curve25519_dalek::MontgomeryPoint;
use thiserror::Error;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// Private keys of X25519. Several are in use at once: those of zone, account and ruleset, and an old
/// one beside its successor.
#[derive(Clone, Default)]
pub struct PrivateKeys(Arc<[PrivateKey]>);

/// Why a text is no list of private keys. It shows nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PrivateKeysError {
    /// One is not 32 bytes in base64.
    #[error("has a key that is not 32 bytes in base64, which are 44 characters")]
    Form,
    /// There are more than can be tried for each payload.
    #[error("has more than {KEYS_MAX} keys")]
    TooMany,
}

/// A private key, and its public one, which takes as long to make as a secret to agree on.
#[derive(ZeroizeOnDrop)]
pub(super) struct PrivateKey {
    pub(super) scalar: [u8; 32],
    pub(super) public: [u8; 32],
}

/// Each payload that no key opens costs an attempt with each.
const KEYS_MAX: usize = 16;

impl PrivateKeys {
    /// Reads keys in base64, separated by commas.
    ///
    /// # Errors
    ///
    /// What is wrong, to be read behind the name of the setting.
    pub fn parse(text: &str) -> Result<Self, PrivateKeysError> {
        let texts = text.split(',').map(str::trim);
        let keys: Vec<PrivateKey> = texts
            .filter(|text| !text.is_empty())
            .map(PrivateKey::parse)
            .collect::<Result<_, _>>()?;
        if keys.len() > KEYS_MAX {
            return Err(PrivateKeysError::TooMany);
        }
        Ok(Self(keys.into()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, place: usize) -> Option<&PrivateKey> {
        self.0.get(place)
    }
}

impl PrivateKey {
    pub(super) fn new(scalar: [u8; 32]) -> Self {
        Self {
            public: MontgomeryPoint::mul_base_clamped(scalar).to_bytes(),
            scalar,
        }
    }

    fn parse(text: &str) -> Result<Self, PrivateKeysError> {
        let bytes = STANDARD.decode(text).map_err(|_| PrivateKeysError::Form)?;
        let bytes = Zeroizing::new(bytes);
        let scalar = bytes.as_slice().try_into();
        let mut scalar: [u8; 32] = scalar.map_err(|_| PrivateKeysError::Form)?;
        let key = Self::new(scalar);
        scalar.zeroize();
        Ok(key)
    }
}

impl fmt::Debug for PrivateKeys {
    /// Without the keys.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateKeys({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_base64_separated_by_commas() {
        let key = STANDARD.encode([7; 32]);
        let many = vec![key.as_str(); KEYS_MAX + 1].join(",");
        let two = format!(" {key} ,\n{key},");
        let short = STANDARD.encode([7; 31]);
        for (text, expected) in [
            ("", Ok(0)),
            (key.as_str(), Ok(1)),
            (two.as_str(), Ok(2)),
            (short.as_str(), Err(PrivateKeysError::Form)),
            ("no key", Err(PrivateKeysError::Form)),
            (&key[1..], Err(PrivateKeysError::Form)),
            (many.as_str(), Err(PrivateKeysError::TooMany)),
        ] {
            assert_eq!(
                PrivateKeys::parse(text).map(|keys| keys.len()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_public_key_follows_from_the_private_one() {
        // Of Cloudflare's example.
        let keys = PrivateKeys::parse("uBS5eBttHrqkdY41kbZPdvYnNz8Vj0TvKIUpjB1y/GA=").unwrap();
        let public = STANDARD.encode(keys.get(0).unwrap().public);
        assert_eq!(public, "Ycig/Zr/pZmklmFUN99nr+taURlYItL91g+NcHGYpB8=");
    }
}
