//! Hybrid public key encryption, RFC 9180, as far as Cloudflare uses it: base mode, X25519, HKDF-SHA256,
//! ChaCha20-Poly1305, and one message under each key.

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use curve25519_dalek::MontgomeryPoint;
use hkdf::{Hkdf, HkdfExtract};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::matched_data::keys::PrivateKey;

/// Opens a message; nothing where it is not for this key, or changed. `ciphertext` ends in its tag.
pub(super) fn open(
    key: &PrivateKey,
    encapsulated: &[u8; 32],
    info: &[u8],
    associated: &[u8],
    ciphertext: &[u8],
) -> Option<Vec<u8>> {
    let shared = shared_secret(key, encapsulated)?;
    let context = context(info);
    let secret = extract(&shared[..], HPKE, b"secret", b"");
    let message_key = expand::<32>(&secret, HPKE, b"key", &context)?;
    let nonce = expand::<12>(&secret, HPKE, b"base_nonce", &context)?;
    let cipher = ChaCha20Poly1305::new((&*message_key).into());
    let payload = Payload {
        msg: ciphertext,
        aad: associated,
    };
    cipher.decrypt((&*nonce).into(), payload).ok()
}

/// Names of the key agreement and of the whole suite: `KEM` and 0x0020; `HPKE` and 0x0020, 0x0001, 0x0003.
const KEM: &[u8] = b"KEM\0\x20";
const HPKE: &[u8] = b"HPKE\0\x20\0\x01\0\x03";

const VERSION: &[u8] = b"HPKE-v1";

/// Base mode: no sender's key, no password.
const MODE: u8 = 0;

/// What both sides know. Nothing where the sender's point makes it zero, whatever the private key is.
fn shared_secret(key: &PrivateKey, encapsulated: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let point = MontgomeryPoint(*encapsulated).mul_clamped(key.scalar);
    let agreed = Zeroizing::new(point.to_bytes());
    if *agreed == [0; 32] {
        return None;
    }
    let prk = extract(b"", KEM, b"eae_prk", &agreed[..]);
    let context = [*encapsulated, key.public].concat();
    expand(&prk, KEM, b"shared_secret", &context)
}

/// The key schedule's context.
fn context(info: &[u8]) -> Vec<u8> {
    let psk_id = hash(b"psk_id_hash", b"");
    [&[MODE], &psk_id[..], &hash(b"info_hash", info)[..]].concat()
}

fn hash(label: &[u8], text: &[u8]) -> Zeroizing<[u8; 32]> {
    let (prk, _) = labeled(b"", HPKE, label, text);
    prk
}

fn extract(salt: &[u8], suite: &[u8], label: &[u8], secret: &[u8]) -> Hkdf<Sha256> {
    let (_, hkdf) = labeled(salt, suite, label, secret);
    hkdf
}

/// `LabeledExtract` of the RFC.
fn labeled(
    salt: &[u8],
    suite: &[u8],
    label: &[u8],
    secret: &[u8],
) -> (Zeroizing<[u8; 32]>, Hkdf<Sha256>) {
    let mut extract = HkdfExtract::<Sha256>::new(Some(salt));
    for part in [VERSION, suite, label, secret] {
        extract.input_ikm(part);
    }
    let (prk, hkdf) = extract.finalize();
    (Zeroizing::new(prk.into()), hkdf)
}

/// `LabeledExpand` of the RFC.
fn expand<const LEN: usize>(
    prk: &Hkdf<Sha256>,
    suite: &[u8],
    label: &[u8],
    info: &[u8],
) -> Option<Zeroizing<[u8; LEN]>> {
    let mut expanded = Zeroizing::new([0; LEN]);
    let len = (LEN as u16).to_be_bytes();
    let parts: [&[u8]; 5] = [&len, VERSION, suite, label, info];
    // It fails above 8,160 bytes only.
    prk.expand_multi_info(&parts, &mut expanded[..]).ok()?;
    Some(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits = hex.as_bytes().chunks(2);
        digits
            .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn array(hex: &str) -> [u8; 32] {
        bytes(hex).try_into().unwrap()
    }

    /// RFC 9180, A.2.1.
    const PRIVATE: &str = "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb";
    const PUBLIC: &str = "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a";
    const ENCAPSULATED: &str = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a";
    const SHARED: &str = "0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7";
    const KEY: &str = "ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91";
    const NONCE: &str = "5c4d98150661b848853b547f";
    const INFO: &str = "4f6465206f6e2061204772656369616e2055726e";
    const ASSOCIATED: &str = "436f756e742d30";
    const PLAIN: &str = "4265617574792069732074727574682c20747275746820626561757479";
    const CIPHERTEXT: &str = "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28";

    #[test]
    fn the_vectors_of_the_rfc_hold() {
        let key = PrivateKey::new(array(PRIVATE));
        assert_eq!(key.public, array(PUBLIC));
        let shared = shared_secret(&key, &array(ENCAPSULATED)).unwrap();
        assert_eq!(*shared, array(SHARED));
        let secret = extract(&shared[..], HPKE, b"secret", b"");
        let context = context(&bytes(INFO));
        let message_key = expand::<32>(&secret, HPKE, b"key", &context).unwrap();
        assert_eq!(*message_key, array(KEY));
        let nonce = expand::<12>(&secret, HPKE, b"base_nonce", &context).unwrap();
        assert_eq!(nonce.to_vec(), bytes(NONCE));
        let opened = |info: &str, associated: &str, ciphertext: &str| {
            let (info, associated) = (bytes(info), bytes(associated));
            open(
                &key,
                &array(ENCAPSULATED),
                &info,
                &associated,
                &bytes(ciphertext),
            )
        };
        assert_eq!(opened(INFO, ASSOCIATED, CIPHERTEXT), Some(bytes(PLAIN)));
        for (info, associated, ciphertext) in [
            ("", ASSOCIATED, CIPHERTEXT),
            (INFO, "", CIPHERTEXT),
            (INFO, ASSOCIATED, ""),
            (INFO, ASSOCIATED, &CIPHERTEXT[2..]),
        ] {
            assert_eq!(opened(info, associated, ciphertext), None);
        }
    }

    /// The points of small order, which make the secret zero: RFC 7748, 6.1.
    #[test]
    fn points_that_make_the_secret_zero_open_nothing() {
        let key = PrivateKey::new(array(PRIVATE));
        for point in [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ] {
            assert_eq!(shared_secret(&key, &array(point)), None, "{point}");
        }
    }
}
