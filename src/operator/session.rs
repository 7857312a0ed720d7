//! The operator's session: a signed cookie, and the token that forms need beside it. Nothing of it is
//! stored: whoever has the secret can check it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use logpush_delivery::key::hexadecimal;
use sha2::Sha256;

use crate::http::secrets::Secrets;

/// A session that was begun with one of the live secrets.
pub(crate) struct Session {
    /// `v1.<end, in seconds since 1970>.<random>.<signature>`.
    value: String,
    key: [u8; 32],
}

/// `__Host-`: browsers take it by HTTPS alone (and on loopback), for this host and all paths.
const COOKIE: &str = "__Host-logpush-ecs";

/// A working day.
const LASTS: u64 = 12 * 60 * 60;

impl Session {
    /// Begins a session; `random` makes it differ from others.
    pub(crate) fn begin(secrets: &Secrets, now_millis: u64, random: u128) -> Self {
        let end = now_millis / 1000 + LASTS;
        let key = secrets.signing_key();
        let said = format!("v1.{end}.{}", hexadecimal(random));
        let signature = BASE64.encode(mac(&key, "session", &said).finalize().into_bytes());
        Self {
            value: format!("{said}.{signature}"),
            key,
        }
    }

    /// The session of a `Cookie` header; nothing if it is over, forged, or signed with a secret that is no
    /// longer live.
    pub(crate) fn of(cookies: &str, secrets: &Secrets, now_millis: u64) -> Option<Self> {
        let value = cookies
            .split(';')
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(name, _)| *name == COOKIE)?
            .1;
        let (said, signature) = value.rsplit_once('.')?;
        let end: u64 = said.strip_prefix("v1.")?.split_once('.')?.0.parse().ok()?;
        let signature = BASE64.decode(signature).ok()?;
        let key = secrets
            .keys()
            .find(|key| mac(key, "session", said).verify_slice(&signature).is_ok())?;
        (end > now_millis / 1000).then(|| Self {
            value: value.to_owned(),
            key,
        })
    }

    /// The `Set-Cookie` header that begins it.
    pub(crate) fn cookie(&self) -> String {
        format!("{COOKIE}={}; Max-Age={LASTS}; {ATTRIBUTES}", self.value)
    }

    /// The `Set-Cookie` header that ends any.
    pub(crate) fn no_cookie() -> String {
        format!("{COOKIE}=; Max-Age=0; {ATTRIBUTES}")
    }

    /// The token that every form of the session's pages sends along.
    pub(crate) fn token(&self) -> String {
        BASE64.encode(mac(&self.key, "form", &self.value).finalize().into_bytes())
    }

    /// Whether a form is of one of the session's pages.
    pub(crate) fn is_token(&self, token: &str) -> bool {
        BASE64.decode(token).is_ok_and(|token| {
            mac(&self.key, "form", &self.value)
                .verify_slice(&token)
                .is_ok()
        })
    }
}

const ATTRIBUTES: &str = "Path=/; HttpOnly; Secure; SameSite=Strict";

fn mac(key: &[u8; 32], purpose: &str, text: &str) -> Hmac<Sha256> {
    // HMAC fills a key up with zeros to a block.
    let block: [u8; 64] = core::array::from_fn(|place| key.get(place).copied().unwrap_or_default());
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(purpose.as_bytes());
    mac.update(b"\n");
    mac.update(text.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    fn secrets(text: &str) -> Secrets {
        Secrets::parse(text).unwrap()
    }

    fn cookie(session: &Session) -> String {
        let set = session.cookie();
        set.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn a_session_is_known_until_its_end_while_its_secret_lives() {
        let old = secrets("0123456789abcdef-old");
        let cookie = cookie(&Session::begin(&old, NOW, 1));
        let end = NOW + LASTS * 1000;
        for (live, now, expected) in [
            ("0123456789abcdef-old", NOW, true),
            ("0123456789abcdef-old", end - 1000, true),
            ("0123456789abcdef-old", end, false),
            ("0123456789abcdef-new,0123456789abcdef-old", NOW, true),
            ("0123456789abcdef-new", NOW, false),
        ] {
            let session = Session::of(&format!("a=b; {cookie}"), &secrets(live), now);
            assert_eq!(session.is_some(), expected, "{live} {now}");
        }
    }

    #[test]
    fn what_was_changed_is_no_session() {
        let secrets = secrets("0123456789abcdef");
        let cookie = cookie(&Session::begin(&secrets, NOW, 1));
        assert!(Session::of(&cookie, &secrets, NOW).is_some());
        for place in 0..cookie.len() {
            let mut bytes = cookie.clone().into_bytes();
            bytes[place] = if bytes[place] == b'7' { b'8' } else { b'7' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(Session::of(&changed, &secrets, NOW).is_none(), "{changed}");
        }
        for cookies in [
            "",
            ";;",
            "__Host-logpush-ecs",
            "__Host-logpush-ecs=",
            "__Host-logpush-ecs=v1.9999999999.0.",
        ] {
            assert!(Session::of(cookies, &secrets, NOW).is_none(), "{cookies}");
        }
    }

    #[test]
    fn a_token_is_of_one_session() {
        let secrets = secrets("0123456789abcdef");
        let one = Session::begin(&secrets, NOW, 1);
        let other = Session::begin(&secrets, NOW, 2);
        assert!(one.is_token(&one.token()));
        for token in [
            other.token(),
            String::new(),
            "x".to_owned(),
            one.value.clone(),
        ] {
            assert!(!one.is_token(&token));
        }
    }
}
