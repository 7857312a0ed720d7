//! Addresses of IPv4 and IPv6, in texts.

use core::net::Ipv6Addr;

use crate::bytes::span::Span;
use crate::bytes::writer::Writer;
use crate::convert::piece::Piece;

/// The address at `span`; that of IPv4 where it is written as one of IPv6 (RFC 4291, section
/// 2.5.5.2), which a socket of IPv6 says of a peer of IPv4. One of IPv6 as RFC 5952 writes it, shortened
/// and in lower case: rules and indicators compare letter by letter.
pub(crate) fn address(text: &[u8], span: Span, copies: &mut Writer) -> Option<Piece> {
    let bytes = span.of(text);
    if is_ipv4(bytes) {
        return Some(Piece::Place(span));
    }
    let ip = ipv6(bytes)?;
    Some(if let Some(mapped) = ip.to_ipv4_mapped() {
        Piece::copied(mapped.to_string().as_bytes(), copies)
    } else if is_short(bytes) {
        Piece::Place(span)
    } else {
        match ip.to_string().as_bytes() {
            short if short == bytes => Piece::Place(span),
            short => Piece::copied(short, copies),
        }
    })
}

/// An address of IPv6 that is not as it came. One of IPv4 without the clothes of IPv6 says all that they
/// did.
pub(crate) fn respelled(piece: Piece, copies: &Writer) -> Option<&[u8]> {
    match piece {
        Piece::Copied(place) => Some(place.of(copies.written())).filter(|text| !is_ipv4(text)),
        _ => None,
    }
}

/// Whether an address of IPv6 certainly has the form of RFC 5952, without writing it anew: there are
/// only digits and small letters, and no group that begins with a zero.
fn is_short(bytes: &[u8]) -> bool {
    let mut colons = 0;
    let mut is_shortened = false;
    let mut last = b':';
    for &byte in bytes {
        match byte {
            b':' => {
                colons += 1;
                is_shortened |= last == b':';
            }
            b'0' if last == b':' => return false,
            b'0'..=b'9' | b'a'..=b'f' => {}
            _ => return false,
        }
        last = byte;
    }
    // `::` for one group alone is longer than its zero: with seven others it has seven colons or more.
    !is_shortened || colons < 7
}

/// The place without the brackets and the port of an address.
pub(crate) fn without_port(text: &[u8], span: Span) -> Span {
    let bytes = span.of(text);
    let (from, to) = match bytes {
        [b'[', rest @ ..] => {
            let Some(end) = rest.iter().position(|&byte| byte == b']') else {
                return span;
            };
            (1, end + 1)
        }
        _ => {
            let colon = bytes.iter().position(|&byte| byte == b':');
            (0, colon.unwrap_or(bytes.len()))
        }
    };
    let port = bytes.get(to..).unwrap_or_default();
    let port = port.strip_prefix(b"]").unwrap_or(port);
    let is_port = match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !is_port {
        return span;
    }
    Span {
        start: span.start + from as u32,
        end: span.start + to as u32,
    }
}

fn ipv6(bytes: &[u8]) -> Option<Ipv6Addr> {
    if !bytes.contains(&b':') {
        return None;
    }
    core::str::from_utf8(bytes).ok()?.parse().ok()
}

/// Whether `bytes` are an IPv4 or IPv6 address.
pub(crate) fn is_ip(bytes: &[u8]) -> bool {
    is_ipv4(bytes) || ipv6(bytes).is_some()
}

/// The same as the standard library's parser, at a third of its price.
pub(crate) fn is_ipv4(bytes: &[u8]) -> bool {
    // The longest is 255.255.255.255.
    if !(7..=15).contains(&bytes.len()) {
        return false;
    }
    let (mut dots, mut number, mut digits) = (0, 0_u32, 0);
    for byte in bytes {
        match byte {
            b'0'..=b'9' => {
                // No leading zeros: they are octal to some.
                if digits > 0 && number == 0 {
                    return false;
                }
                number = number * 10 + u32::from(byte - b'0');
                digits += 1;
                if number > 255 {
                    return false;
                }
            }
            b'.' if digits > 0 => {
                dots += 1;
                (number, digits) = (0, 0);
            }
            _ => return false,
        }
    }
    dots == 3 && digits > 0
}

#[cfg(test)]
mod tests {
    use core::net::{IpAddr, Ipv4Addr};

    use super::*;

    #[test]
    fn addresses_of_ipv6_have_one_form() {
        for (text, expected) in [
            ("2001:db8::5", "2001:db8::5"),
            ("2001:DB8::5", "2001:db8::5"),
            ("2001:0db8:0000:0000:0000:0000:0000:0005", "2001:db8::5"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("1:2:3::5:6:7:8", "1:2:3:0:5:6:7:8"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("1::8", "1::8"),
            ("::", "::"),
            ("0::1", "::1"),
            ("::1", "::1"),
            ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"),
            ("::FFFF:cb00:7109", "203.0.113.9"),
        ] {
            let mut copies = Writer::default();
            let found = address(text.as_bytes(), Span::new(0, text.len()), &mut copies);
            let shown = match found {
                Some(Piece::Place(place)) => place.of(text.as_bytes()),
                Some(Piece::Copied(place)) => place.of(copies.written()),
                _ => b"",
            };
            assert_eq!(shown, expected.as_bytes(), "{text}");
            let is_sure = is_short(text.as_bytes());
            assert!(!is_sure || shown == text.as_bytes(), "{text}");
        }
    }

    #[test]
    fn addresses_are_those_of_the_standard_library() {
        for text in [
            "1.2.3.4",
            "255.255.255.255",
            "0.0.0.0",
            "256.1.1.1",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1..2.3",
            ".1.2.3",
            "1.2.3.",
            "1.2.3.4 ",
            "a.b.c.d",
            "",
            "::",
            "::1",
            "2001:db8::1",
            "2001:db8::1%eth0",
            "::ffff:1.2.3.4",
            "1:2:3:4:5:6:7:8:9",
            "00.0.0.0",
            "1.2.3.004",
        ] {
            assert_eq!(
                is_ip(text.as_bytes()),
                text.parse::<IpAddr>().is_ok(),
                "{text}"
            );
            assert_eq!(
                is_ipv4(text.as_bytes()),
                text.parse::<Ipv4Addr>().is_ok(),
                "{text}"
            );
        }
    }
}
