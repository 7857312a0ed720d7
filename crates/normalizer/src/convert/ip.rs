//! `ip`, `ips`: addresses of IPv4 and IPv6.

use core::net::Ipv6Addr;

use crate::bytes::text::for_pages;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Input, Workspace};
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::convert::text::check_elements;
use crate::record::{Kind, Span};

/// `ip("source.ip")`
pub(crate) const fn ip(path: &'static str) -> Target {
    Target::check(path, &IP, Check::Ip)
}

/// `ips("related.ip")`
pub(crate) const fn ips(path: &'static str) -> Target {
    Target::check(path, &IPS, Check::Ips)
}

static IP: Conversion = Conversion {
    name: "ip",
    about: for_pages(
        "The text, if it is an IPv4 or IPv6 address; an IPv4 address in the clothes of IPv6 (`::ffff:192.0.2.1`) without them.",
    ),
    outputs: &[Output::text(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

static IPS: Conversion = Conversion {
    name: "ips",
    about: for_pages("The addresses of a list (or one), to an ECS field that is a list."),
    outputs: &[Output::value(Place::Path, Form::Elements)],
    ..Conversion::BASE
};

#[inline(always)]
pub(super) fn check_ip(input: Input<'_>, _: &mut Workspace, finding: &mut Finding) -> CheckResult {
    CheckResult::valid(input.is_text() && is_address(input.bytes(), input.value.span, finding))
}

#[inline(never)]
pub(super) fn check_ips(input: Input<'_>, _: &mut Workspace, finding: &mut Finding) -> CheckResult {
    check_elements(input, finding, |element| {
        element.kind == Kind::Text && is_ip(element.span.of(input.text))
    })
}

/// What stands before an IPv4 address that is written as one of IPv6 (RFC 4291, section 2.5.5.2).
const MAPPED: &[u8] = b"::ffff:";

/// Notes the place of an address. In `::ffff:192.0.2.1`, which an IPv6 socket reports for an IPv4
/// peer, that is the IPv4 address, so that rules that compare addresses match.
#[inline(always)]
fn is_address(bytes: &[u8], span: Span, finding: &mut Finding) -> bool {
    if is_ipv4(bytes) {
        *finding = Finding::Fit;
        return true;
    }
    is_ip(bytes) && is_ipv6(bytes, span, finding)
}

#[inline(never)]
fn is_ipv6(bytes: &[u8], span: Span, finding: &mut Finding) -> bool {
    *finding = match bytes.split_at_checked(MAPPED.len()) {
        Some((mark, rest)) if mark.eq_ignore_ascii_case(MAPPED) && is_ipv4(rest) => {
            Finding::Place(Span {
                start: span.start + MAPPED.len() as u32,
                ..span
            })
        }
        _ => Finding::Fit,
    };
    true
}

/// Whether `bytes` are an IPv4 or IPv6 address.
#[inline(never)]
fn is_ip(bytes: &[u8]) -> bool {
    is_ipv4(bytes)
        || (bytes.contains(&b':')
            && core::str::from_utf8(bytes).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok()))
}

/// Accepts what the standard library's parser accepts, at a third of its cost.
fn is_ipv4(bytes: &[u8]) -> bool {
    // The longest is 255.255.255.255.
    if !(7..=15).contains(&bytes.len()) {
        return false;
    }
    let (mut dots, mut number, mut digits) = (0, 0_u32, 0);
    for byte in bytes {
        match byte {
            b'0'..=b'9' => {
                // No leading zeros: some parsers read them as octal.
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
