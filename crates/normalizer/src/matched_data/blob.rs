//! The form of an encrypted payload, as Cloudflare's matched-data-cli writes it: base64 of a version, the
//! encapsulated key, the length, the ciphertext and its tag.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::matched_data::hpke;
use crate::matched_data::keys::PrivateKey;
use crate::matched_data::undecrypted::Undecrypted;

/// An encrypted payload.
pub(super) struct Blob {
    encapsulated: [u8; 32],
    /// With the tag at its end.
    ciphertext: Vec<u8>,
}

const VERSION: u8 = 3;
const TAG: usize = 16;

impl Blob {
    pub(super) fn read(text: &[u8]) -> Result<Self, Undecrypted> {
        let bytes = STANDARD.decode(text).map_err(|_| Undecrypted::Encoding)?;
        let (version, rest) = bytes.split_first().ok_or(Undecrypted::Encoding)?;
        if *version != VERSION {
            return Err(Undecrypted::Version);
        }
        let split = rest.split_first_chunk::<32>();
        let (encapsulated, rest) = split.ok_or(Undecrypted::Length)?;
        let split = rest.split_first_chunk::<8>();
        // Of the ciphertext without its tag.
        let (len, ciphertext) = split.ok_or(Undecrypted::Length)?;
        let tagged = u64::from_le_bytes(*len).checked_add(TAG as u64);
        if tagged != Some(ciphertext.len() as u64) {
            return Err(Undecrypted::Length);
        }
        Ok(Self {
            encapsulated: *encapsulated,
            ciphertext: ciphertext.to_vec(),
        })
    }

    pub(super) fn open(&self, key: &PrivateKey) -> Option<Vec<u8>> {
        hpke::open(key, &self.encapsulated, b"", b"", &self.ciphertext)
    }
}
