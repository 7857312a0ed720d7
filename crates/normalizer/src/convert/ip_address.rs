//! Addresses of IPv4 and IPv6, in texts.

use core::net::Ipv6Addr;

use crate::bytes::span::Span;
use crate::bytes::writer::Writer;
use crate::convert::piece::Piece;

/// The address at `span`; that of IPv4 where it is written as one of IPv6 (RFC 4291, section
/// 2.5.5.2), which a socket of IPv6 says of a peer of IPv4: rules compare addresses.
pub(crate) fn address(text: &[u8], span: Span, copies: &mut Writer) -> Option<Piece> {
    let bytes = span.of(text);
    if is_ipv4(bytes) {
        return Some(Piece::Place(span));
    }
    let mapped = ipv6(bytes)?.to_ipv4_mapped();
    Some(mapped.map_or(Piece::Place(span), |ip| {
        Piece::copied(ip.to_string().as_bytes(), copies)
    }))
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
