//! What a text is, by itself: an address of IP, an address of mail, or neither.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::borrow::Cow;

use crate::bytes::span::Span;
use crate::convert::ip_address::without_port;

/// A class of values that rules can name: all fields of it are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Ip,
    Email,
}

/// The names of the classes.
pub(crate) const CLASSES: [(&str, Class); 2] = [("ip", Class::Ip), ("email", Class::Email)];

/// The longest address of either class.
const ADDRESS_MAX: usize = 320;

/// The address that a text is, perhaps with brackets and a port; that of IPv4 where it is written
/// as one of IPv6.
pub(crate) fn ip(text: &str) -> Option<IpAddr> {
    // The longest has 39 characters; brackets, a zone and a port around it.
    if !(2..=64).contains(&text.len()) || !text.starts_with(is_address_start) {
        return None;
    }
    let text = text.trim();
    let read = |text: &str| text.parse::<IpAddr>().ok();
    let found = read(text).or_else(|| {
        let place = without_port(text.as_bytes(), Span::new(0, text.len()));
        read(core::str::from_utf8(place.of(text.as_bytes())).ok()?)
    })?;
    Some(found.to_canonical())
}

fn is_address_start(first: char) -> bool {
    first.is_ascii_hexdigit() || matches!(first, ':' | '[' | ' ')
}

/// The local part and the domain of an address of mail.
pub(crate) fn email(text: &str) -> Option<(&str, &str)> {
    if text.len() > ADDRESS_MAX {
        return None;
    }
    let (local, domain) = text.trim().rsplit_once('@')?;
    let is_plain = |part: &str| {
        !part.is_empty() && !part.contains(|character: char| character.is_whitespace())
    };
    let is_domain = domain
        .chars()
        .all(|character| character.is_alphanumeric() || matches!(character, '.' | '-' | '_'));
    (is_plain(local) && is_plain(domain) && is_domain && !local.contains("://"))
        .then_some((local, domain))
}

/// The class of a text, and the one form of all its spellings.
pub(crate) fn canonical(text: &str) -> (Option<Class>, Cow<'_, str>) {
    if let Some(ip) = ip(text) {
        return (Some(Class::Ip), Cow::Owned(ip.to_string()));
    }
    if email(text).is_some() {
        return (Some(Class::Email), Cow::Owned(text.trim().to_lowercase()));
    }
    (None, Cow::Borrowed(text))
}

/// The class of a text.
pub(crate) fn class_of(text: &str) -> Option<Class> {
    if ip(text).is_some() {
        return Some(Class::Ip);
    }
    email(text).map(|_| Class::Email)
}

/// The address with only so many leading bits.
pub(crate) fn cut(ip: IpAddr, bits_v4: u32, bits_v6: u32) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX
                .checked_shl(32 - bits_v4.min(32))
                .unwrap_or_default();
            IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & mask))
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX
                .checked_shl(128 - bits_v6.min(128))
                .unwrap_or_default();
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_known_by_themselves() {
        for (text, expected) in [
            ("203.0.113.7", Some(Class::Ip)),
            ("203.0.113.7:80", Some(Class::Ip)),
            ("::1", Some(Class::Ip)),
            ("[2001:db8::1]:443", Some(Class::Ip)),
            (" 203.0.113.7 ", Some(Class::Ip)),
            ("203.0.113", None),
            ("203.0.113.7, 203.0.113.8", None),
            ("deadbeef", None),
            ("a@example.com", Some(Class::Email)),
            ("a@b@example.com", Some(Class::Email)),
            ("@example.com", None),
            ("a b@example.com", None),
            ("https://user@example.com", None),
            ("a@", None),
            ("", None),
        ] {
            assert_eq!(class_of(text), expected, "{text}");
        }
    }

    #[test]
    fn an_address_is_cut_at_a_bit() {
        for (text, v4, v6, expected) in [
            ("203.0.113.77", 24, 48, "203.0.113.0"),
            ("203.0.113.77", 16, 48, "203.0.0.0"),
            ("203.0.113.77", 0, 48, "0.0.0.0"),
            ("203.0.113.77", 32, 48, "203.0.113.77"),
            ("2001:db8:1:2:3::4", 24, 48, "2001:db8:1::"),
            ("2001:db8:1:2:3::4", 24, 0, "::"),
            ("2001:db8:1:2:3::4", 24, 128, "2001:db8:1:2:3::4"),
            ("::ffff:203.0.113.77", 24, 48, "203.0.113.0"),
        ] {
            assert_eq!(
                cut(ip(text).unwrap(), v4, v6).to_string(),
                expected,
                "{text}"
            );
        }
    }
}
