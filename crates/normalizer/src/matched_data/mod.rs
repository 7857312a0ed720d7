//! The payloads that matched a WAF rule, which Cloudflare encrypts for the customer's public key.
//!
//! They are attackers' text and may be personal data: what is decrypted is shown in documents alone,
//! and by no error or debug text.

mod blob;
mod hpke;
mod keys;
mod undecrypted;

use core::fmt;

use crate::matched_data::blob::Blob;
use crate::matched_data::undecrypted::Undecrypted;

pub use keys::{PrivateKeys, PrivateKeysError};

/// Decrypts the payloads of one upload.
pub(crate) struct Decryptor {
    keys: PrivateKeys,
    /// The key that worked last.
    last: usize,
    attempts: u32,
}

/// Attempts to decrypt of one upload. One is estimated at 0.1 to 0.3 ms in a Worker, which has 30 s:
/// whoever is attacked must not be able to stop the delivery by it.
const ATTEMPTS_MAX: u32 = 20_000;

/// What Cloudflare writes in the place of a payload that is too large.
const TRUNCATED: &[u8] = b"truncated";

impl Decryptor {
    /// Nothing where there are no keys.
    pub(crate) fn new(keys: &PrivateKeys) -> Option<Self> {
        (!keys.is_empty()).then(|| Self {
            keys: keys.clone(),
            last: 0,
            attempts: 0,
        })
    }

    /// The payload behind a text of `encrypted_matched_data`.
    pub(crate) fn decrypt(&mut self, text: &[u8]) -> Result<Vec<u8>, Undecrypted> {
        if text == TRUNCATED {
            return Err(Undecrypted::Truncated);
        }
        let blob = Blob::read(text)?;
        let count = self.keys.len();
        for place in (self.last..count).chain(0..self.last) {
            if self.attempts >= ATTEMPTS_MAX {
                return Err(Undecrypted::TooMany);
            }
            self.attempts += 1;
            let opened = self.keys.get(place).and_then(|key| blob.open(key));
            if let Some(payload) = opened {
                self.last = place;
                return Ok(payload);
            }
        }
        Err(Undecrypted::Key)
    }
}

impl fmt::Debug for Decryptor {
    /// Without the keys.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Decryptor").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cloudflare's own example, of its matched-data-cli.
    const PRIVATE: &str = "uBS5eBttHrqkdY41kbZPdvYnNz8Vj0TvKIUpjB1y/GA=";
    const BLOB: &str = "AzTY6FHajXYXuDMUte82wrd+1n5CEHPoydYiyd3FMg5IEQAAAAAAAAA0lOhGXBclw8pWU5jbbYuepSIJN5JohTtZekLliJBlVWk=";
    const PAYLOAD: &[u8] = b"test matched data";

    fn decryptor(keys: &str) -> Decryptor {
        Decryptor::new(&PrivateKeys::parse(keys).unwrap()).unwrap()
    }

    /// A key that opens nothing here.
    fn other(byte: u8) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode([byte; 32])
    }

    #[test]
    fn cloudflares_example_is_decrypted() {
        assert_eq!(
            decryptor(PRIVATE).decrypt(BLOB.as_bytes()),
            Ok(PAYLOAD.to_vec())
        );
    }

    #[test]
    fn what_cannot_be_decrypted_says_why() {
        let changed = |place: usize, letter: &str| {
            let mut text = BLOB.to_owned();
            text.replace_range(place..=place, letter);
            text
        };
        let version = changed(0, "B");
        let cut = &BLOB[..BLOB.len() - 4];
        let zeros = {
            use base64::Engine as _;
            let mut bytes = vec![0; 57];
            bytes[0] = 3;
            base64::engine::general_purpose::STANDARD.encode(bytes)
        };
        for (text, reason) in [
            ("truncated", Undecrypted::Truncated),
            ("", Undecrypted::Encoding),
            ("no base64", Undecrypted::Encoding),
            (&BLOB[..BLOB.len() - 1], Undecrypted::Encoding),
            (version.as_str(), Undecrypted::Version),
            (cut, Undecrypted::Length),
            ("Aw==", Undecrypted::Length),
            (&changed(45, "I"), Undecrypted::Length),
            // The key, the ciphertext, the tag.
            (&changed(8, "A"), Undecrypted::Key),
            (&changed(60, "A"), Undecrypted::Key),
            (&changed(BLOB.len() - 4, "A"), Undecrypted::Key),
            // A point whose secret everybody knows.
            (zeros.as_str(), Undecrypted::Key),
        ] {
            assert_eq!(
                decryptor(PRIVATE).decrypt(text.as_bytes()),
                Err(reason),
                "{text}"
            );
        }
    }

    #[test]
    fn the_key_that_worked_last_is_tried_first() {
        let keys = [other(1), other(2), PRIVATE.to_owned(), other(3)].join(",");
        let mut decryptor = decryptor(&keys);
        for attempts in [3, 4, 5] {
            assert_eq!(decryptor.decrypt(BLOB.as_bytes()), Ok(PAYLOAD.to_vec()));
            assert_eq!(decryptor.attempts, attempts);
        }
    }

    #[test]
    fn the_attempts_of_an_upload_are_bounded() {
        let mut decryptor = decryptor(PRIVATE);
        decryptor.attempts = ATTEMPTS_MAX - 1;
        assert_eq!(decryptor.decrypt(BLOB.as_bytes()), Ok(PAYLOAD.to_vec()));
        assert_eq!(
            decryptor.decrypt(BLOB.as_bytes()),
            Err(Undecrypted::TooMany)
        );
    }

    #[test]
    fn nothing_shows_a_key() {
        let keys = PrivateKeys::parse(PRIVATE).unwrap();
        assert_eq!(
            format!("{:?} {keys:?}", decryptor(PRIVATE)),
            "Decryptor { .. } PrivateKeys(1)"
        );
    }
}
