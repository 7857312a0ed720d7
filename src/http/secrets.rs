//! The secrets by which Logpush and the operator are recognised.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use logpush_delivery::password::Passwords;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// The secrets that are accepted: two while one replaces the other, since a changed Logpush job
/// takes 10 to 15 minutes to arrive everywhere.
#[derive(Clone)]
pub(crate) struct Secrets {
    /// Digests have equal lengths, so that comparing gives nothing away of the secrets' lengths.
    first: [u8; 32],
    second: Option<[u8; 32]>,
}

impl Secrets {
    /// Reads `new,old` or one secret.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let passwords = Passwords::parse(text)?;
        Ok(Self {
            first: digest(passwords.first),
            second: passwords.second.map(digest),
        })
    }

    /// The key that signs sessions that begin now.
    pub(crate) fn signing_key(&self) -> [u8; 32] {
        self.first
    }

    /// The keys that sessions may be signed with.
    pub(crate) fn keys(&self) -> impl Iterator<Item = [u8; 32]> {
        [self.first].into_iter().chain(self.second)
    }

    /// Whether the credential is one of the secrets; takes the same time for any.
    pub(crate) fn accept(&self, credential: &str) -> bool {
        let offered = digest(credential);
        self.keys()
            .fold(Choice::from(0), |accepted, digest| {
                accepted | digest.ct_eq(&offered)
            })
            .into()
    }

    /// Whether a request with these headers may send uploads.
    ///
    /// `X-Logpush-Secret` and `Authorization`, as Bearer or as Basic with the secret for the
    /// password: what the destination URL of a job can set with `header_`.
    pub(crate) fn allow(&self, secret: Option<&str>, authorization: Option<&str>) -> bool {
        let by_header = secret.is_some_and(|secret| self.accept(secret));
        by_header
            || authorization.is_some_and(|authorization| self.allow_authorization(authorization))
    }

    fn allow_authorization(&self, authorization: &str) -> bool {
        let Some((scheme, credential)) = authorization.trim().split_once(' ') else {
            return false;
        };
        let credential = credential.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.accept(credential);
        }
        scheme.eq_ignore_ascii_case("basic")
            && BASE64
                .decode(credential)
                .ok()
                .and_then(|pair| String::from_utf8(pair).ok())
                .is_some_and(|pair| {
                    pair.split_once(':')
                        .is_some_and(|(_, password)| self.accept(password))
                })
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "0123456789abcdef-old";
    const NEW: &str = "0123456789abcdef-new";

    #[test]
    fn each_live_secret_is_accepted_in_every_form() {
        let secrets = Secrets::parse(&format!("{NEW}, {OLD}")).unwrap();
        for secret in [OLD, NEW] {
            let basic = format!("Basic {}", BASE64.encode(format!("logpush:{secret}")));
            assert!(secrets.allow(Some(secret), None));
            assert!(secrets.allow(None, Some(&format!("Bearer {secret}"))));
            assert!(secrets.allow(None, Some(&format!("bearer  {secret} "))));
            assert!(secrets.allow(None, Some(&basic)));
            assert!(secrets.allow(Some("wrong"), Some(&basic)));
        }
    }

    #[test]
    fn nothing_else_is_accepted() {
        let secrets = Secrets::parse(NEW).unwrap();
        for (secret, authorization) in [
            (None, None),
            (Some(""), None),
            (Some(OLD), None),
            (Some(&NEW[1..]), None),
            (None, Some(NEW)),
            (None, Some("Bearer ")),
            (None, Some("Basic !!!")),
            (None, Some("Digest 0123456789abcdef-new")),
        ] {
            assert!(
                !secrets.allow(secret, authorization),
                "{secret:?} {authorization:?}"
            );
        }
    }
}
