//! Host names, without their port and by their parts.

use crate::bytes::span::Span;
use crate::bytes::writer::Writer;
use crate::convert::host_cache::{HostCache, LONGEST};
use crate::convert::host_parts::{Part, Parts, dns_parts, parts};
use crate::convert::ip_address::{address, is_ip, respelled};
use crate::convert::piece::Piece;
use crate::convert::presentation::presentation;

/// What a host consists of, as places in its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Host {
    /// Where the name ends, before its final dot and its port; [`WHOLE`] if the text is the name.
    name_end: u16,
    /// Where the port begins and ends; 0 without one.
    port: u16,
    port_end: u16,
    /// The parts, where the name has a known public suffix and a label before it.
    parts: Option<Parts>,
    /// Whether the host is to be looked at further, as an [`OddHost`].
    is_odd: bool,
    is_address: bool,
}

/// A host that is an address, has capitals, or has more behind it.
#[derive(Clone, Copy, Debug)]
struct OddHost {
    /// The host with its port, and whatever stands behind.
    whole: Span,
    /// The name in lower case; an address in brackets if it is of IPv6 and came so.
    name: Piece,
    parts: Option<Parts>,
    port: Piece,
    /// The address, where the host is one.
    ip: Piece,
    /// Path, query and fragment.
    rest: Span,
}

/// The end of a name that is the whole text, however long.
const WHOLE: u16 = u16::MAX;

impl Host {
    /// The name of the host that stands at `span`.
    fn name(self, span: Span) -> Span {
        match self.name_end {
            WHOLE => span,
            end => Span {
                start: span.start,
                end: span.start + u32::from(end),
            },
        }
    }

    fn port(self, span: Span) -> Piece {
        match self.port {
            0 => Piece::None,
            port => Piece::some(Span {
                start: span.start + u32::from(port),
                end: span.start + u32::from(self.port_end),
            }),
        }
    }
}

impl OddHost {
    fn part(&self, part: Part) -> Piece {
        match part {
            Part::Name if !matches!(self.ip, Piece::None) => Piece::None,
            Part::Name | Part::Any => self.name,
            Part::Port => self.port,
            Part::Ip => self.ip,
            _ => match (self.parts, self.name) {
                (Some(parts), Piece::Place(name)) => Piece::some(parts.place(name, part)),
                (Some(parts), Piece::Copied(name)) => match parts.place(name, part) {
                    place if place.start < place.end => Piece::Copied(place),
                    _ => Piece::None,
                },
                _ => Piece::None,
            },
        }
    }
}

/// Finds hosts, and remembers what is odd about those of a record.
#[derive(Debug)]
pub(crate) struct Hosts {
    hosts: HostCache<Host>,
    names: HostCache<Host>,
    odd: Vec<OddHost>,
}

/// A host in a text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HostAt {
    Plain(Span, Host),
    /// Number of the host in [`Hosts`].
    Odd(u16),
}

impl Hosts {
    pub(crate) fn new() -> Self {
        Self {
            hosts: HostCache::new(split),
            names: HostCache::new(split_name),
            odd: Vec::new(),
        }
    }

    /// Forgets what belongs to the last record.
    pub(crate) fn clear(&mut self) {
        self.odd.clear();
    }

    /// The host, with its port and whatever stands behind, at `span`.
    #[inline(always)] // Bench row "core, ecs".
    pub(crate) fn find(&mut self, text: &[u8], span: Span, copies: &mut Writer) -> HostAt {
        let host = self.hosts.host(span.of(text));
        if !host.is_odd {
            return HostAt::Plain(span, host);
        }
        let end = end_of_authority(span.of(text)) as u32;
        let authority = Span {
            end: span.start + end,
            ..span
        };
        self.add_odd(text, span, authority, host, copies)
    }

    /// The name of DNS at `span`, in which every byte belongs to a label.
    #[inline(always)] // Bench row "core, ecs".
    pub(crate) fn find_name(&mut self, text: &[u8], span: Span, copies: &mut Writer) -> HostAt {
        let host = self.names.host(span.of(text));
        match host.is_odd {
            false => HostAt::Plain(span, host),
            true => self.add_odd_name(text, span, host, copies),
        }
    }

    /// A part of a host.
    #[inline(always)] // Bench row "core, ecs".
    pub(crate) fn part(&self, host: HostAt, part: Part) -> Piece {
        match host {
            HostAt::Plain(span, host) => match part {
                Part::Name | Part::Any => Piece::some(host.name(span)),
                Part::Port => host.port(span),
                Part::Ip => Piece::None,
                _ => host
                    .parts
                    .map_or(Piece::None, |parts| Piece::some(parts.place(span, part))),
            },
            HostAt::Odd(number) => self.odd(number).map_or(Piece::None, |host| host.part(part)),
        }
    }

    /// The host and its port as they came, where nothing stands behind.
    pub(crate) fn alone(&self, host: HostAt) -> Option<Span> {
        match host {
            HostAt::Plain(span, _) => Some(span),
            HostAt::Odd(number) => {
                let host = self.odd(number)?;
                (host.rest.start == host.rest.end).then_some(host.whole)
            }
        }
    }

    /// Path, query and fragment behind a host.
    pub(crate) fn rest(&self, host: HostAt) -> Option<Span> {
        match host {
            HostAt::Plain(..) => None,
            HostAt::Odd(number) => Some(self.odd(number)?.rest),
        }
    }

    fn odd(&self, number: u16) -> Option<&OddHost> {
        self.odd.get(usize::from(number))
    }

    /// Takes a name of DNS apart that is not in lower case, or has an escape in it.
    #[cold]
    #[inline(never)]
    fn add_odd_name(&mut self, text: &[u8], span: Span, host: Host, copies: &mut Writer) -> HostAt {
        let name = host.name(span).of(text);
        let shown = presentation(&String::from_utf8_lossy(name).to_lowercase());
        let parts = match shown.len() <= LONGEST {
            true => dns_parts(shown.as_bytes()),
            false => None,
        };
        self.odd.push(OddHost {
            whole: span,
            name: Piece::copied(shown.as_bytes(), copies),
            parts,
            port: Piece::None,
            ip: Piece::None,
            rest: Span {
                start: span.end,
                end: span.end,
            },
        });
        HostAt::Odd(self.odd.len() as u16 - 1)
    }

    /// Takes a host apart, which stands with its port at `authority`, and with all behind at `whole`.
    #[cold]
    #[inline(never)]
    fn add_odd(
        &mut self,
        text: &[u8],
        whole: Span,
        authority: Span,
        host: Host,
        copies: &mut Writer,
    ) -> HostAt {
        let place = host.name(authority);
        let name = place.of(text);
        let inside = match name {
            [b'[', .., b']'] => Span {
                start: place.start + 1,
                end: place.end - 1,
            },
            _ => place,
        };
        let ip = match host.is_address {
            true => address(text, inside, copies),
            false => None,
        };
        // As browsers write it: in brackets if it came so, shortened, in lower case.
        let lower = match ip.and_then(|ip| respelled(ip, copies)) {
            Some(short) if name.starts_with(b"[") => {
                format!("[{}]", String::from_utf8_lossy(short))
            }
            Some(short) => String::from_utf8_lossy(short).into_owned(),
            None => String::from_utf8_lossy(name).to_lowercase(),
        };
        let (name, parts) = if lower.as_bytes() == name {
            (Piece::some(place), host.parts)
        } else {
            let parts = match lower.len() <= LONGEST {
                true => parts(lower.as_bytes()),
                false => None,
            };
            (Piece::copied(lower.as_bytes(), copies), parts)
        };
        self.odd.push(OddHost {
            whole,
            name,
            parts,
            port: host.port(authority),
            ip: ip.unwrap_or(Piece::None),
            rest: Span {
                start: authority.end,
                end: whole.end,
            },
        });
        HostAt::Odd(self.odd.len() as u16 - 1)
    }
}

/// Where host and port end: before a path, a query or a fragment, and before a backslash, which
/// browsers take for a slash. In a JSON string it stands twice.
pub(crate) fn end_of_authority(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'/' | b'?' | b'#' => return at,
            b'\\' if text.get(at + 1) == Some(&b'\\') => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// Splits a host.
fn split(text: &[u8]) -> Host {
    let end = end_of_authority(text);
    let authority = text.get(..end).unwrap_or_default();
    let (name_end, port) = without_port(authority);
    let host = split_host_name(authority.get(..name_end).unwrap_or_default());
    let name = match host.name_end {
        WHOLE => authority,
        end => authority.get(..usize::from(end)).unwrap_or_default(),
    };
    let inside = match name {
        [b'[', inside @ .., b']'] => inside,
        _ => name,
    };
    if authority.len() > LONGEST {
        return Host {
            is_odd: host.is_odd || end < text.len(),
            name_end: WHOLE,
            ..Host::default()
        };
    }
    let is_address = is_ip(inside);
    Host {
        port: port.map_or(0, |start| start as u16),
        port_end: authority.len() as u16,
        is_odd: host.is_odd || end < text.len() || is_address,
        is_address,
        ..host
    }
}

/// Splits a name of DNS, which has no port.
fn split_name(text: &[u8]) -> Host {
    let host = without_dot(text);
    let name = text.get(..usize::from(host.name_end)).unwrap_or(text);
    Host {
        parts: match host.name_end {
            WHOLE => None,
            _ => dns_parts(name),
        },
        is_odd: host.is_odd || text.contains(&b'\\'),
        ..host
    }
}

/// Splits the name of a host, without its port.
fn split_host_name(text: &[u8]) -> Host {
    let host = without_dot(text);
    Host {
        parts: match host.name_end {
            WHOLE => None,
            end => parts(text.get(..usize::from(end)).unwrap_or(text)),
        },
        ..host
    }
}

/// A name without the final dot, and without its parts.
fn without_dot(text: &[u8]) -> Host {
    // Only letters of ASCII are looked at closely: of the others few have a case.
    let is_odd = text
        .iter()
        .any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii());
    if text.len() > LONGEST {
        return Host {
            name_end: WHOLE,
            is_odd,
            ..Host::default()
        };
    }
    let name = match text.strip_suffix(b".") {
        // The root alone is its dot; one behind a backslash is part of a label, one behind another
        // dot of no name.
        Some([.., b'.' | b'\\'] | []) | None => text,
        Some(rest) => rest,
    };
    Host {
        name_end: name.len() as u16,
        is_odd,
        ..Host::default()
    }
}

/// Where the name ends, before the `:` of a port, and where the port's first digit is that counts,
/// if it is one. Digits may be missing, and zeros may lead, as browsers have it.
///
/// An IPv6 literal keeps its brackets, as ECS asks for `url.domain`; a bare one has no port.
fn without_port(text: &[u8]) -> (usize, Option<usize>) {
    let whole = (text.len(), None);
    let Some(colon) = text.iter().rposition(|&byte| byte == b':') else {
        return whole;
    };
    let (name, port) = text.split_at(colon);
    let digits = port.get(1..).unwrap_or_default();
    let is_port = digits.iter().all(u8::is_ascii_digit)
        && (!name.contains(&b':') || name.ends_with(b"]"))
        && !name.is_empty();
    if !is_port {
        return whole;
    }
    let zeros = digits.iter().take_while(|&&byte| byte == b'0').count();
    let number = digits.get(zeros..).unwrap_or_default();
    let is_valid = core::str::from_utf8(number).is_ok_and(|text| text.parse::<u16>().is_ok());
    (colon, is_valid.then_some(colon + 1 + zeros))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `host -> name|port|subdomain|registered|top level`
    fn shown(text: &str) -> String {
        let (mut hosts, mut copies) = (Hosts::new(), Writer::default());
        let host = hosts.find(text.as_bytes(), Span::new(0, text.len()), &mut copies);
        let part = |part| match hosts.part(host, part) {
            Piece::Place(place) => String::from_utf8_lossy(place.of(text.as_bytes())).into_owned(),
            Piece::Copied(place) => {
                String::from_utf8_lossy(place.of(copies.written())).into_owned()
            }
            _ => String::new(),
        };
        let ip = part(Part::Ip);
        let name = match ip.is_empty() {
            true => part(Part::Any),
            false => format!("{}={ip}", part(Part::Any)),
        };
        let parts = [
            Part::Port,
            Part::Subdomain,
            Part::Registered,
            Part::TopLevel,
        ]
        .map(part);
        format!("{name}|{}", parts.join("|"))
            .trim_end_matches('|')
            .to_owned()
    }

    #[test]
    fn hosts_are_split_by_the_icann_part_of_the_list() {
        for (text, expected) in [
            ("foo-bar-baz.xyz", "foo-bar-baz.xyz|||foo-bar-baz.xyz|xyz"),
            (
                "www.shop.example.co.uk",
                "www.shop.example.co.uk||www.shop|example.co.uk|co.uk",
            ),
            ("WWW.Example.COM", "www.example.com||www|example.com|com"),
            (
                "BÜCHER.example.de:80",
                "bücher.example.de|80|bücher|example.de|de",
            ),
            ("a.b.github.io", "a.b.github.io||a.b|github.io|io"),
            ("foo.uk.com", "foo.uk.com||foo|uk.com|com"),
            (
                "x.s3.dualstack.us-east-1.amazonaws.com",
                "x.s3.dualstack.us-east-1.amazonaws.com||x.s3.dualstack.us-east-1|amazonaws.com|com",
            ),
            (
                "www.example.com:8443",
                "www.example.com|8443|www|example.com|com",
            ),
            ("www.ck", "www.ck|||www.ck|ck"),
            ("a.b.kobe.jp", "a.b.kobe.jp|||a.b.kobe.jp|b.kobe.jp"),
            ("city.kobe.jp", "city.kobe.jp|||city.kobe.jp|kobe.jp"),
            (
                "xn--bcher-kva.example.de",
                "xn--bcher-kva.example.de||xn--bcher-kva|example.de|de",
            ),
            ("example.com.", "example.com|||example.com|com"),
            (
                "www.example.com.:53",
                "www.example.com|53|www|example.com|com",
            ),
            ("localhost.", "localhost"),
            (".", "."),
            ("co.uk", "co.uk"),
            ("localhost", "localhost"),
            ("db.internal", "db.internal"),
            // Addresses.
            ("203.0.113.9", "203.0.113.9=203.0.113.9"),
            ("203.0.113.9:80", "203.0.113.9=203.0.113.9|80"),
            ("[2001:db8::1]:443", "[2001:db8::1]=2001:db8::1|443"),
            ("[2001:DB8::1]", "[2001:db8::1]=2001:db8::1"),
            ("2001:0db8:0:0::1", "2001:db8::1=2001:db8::1"),
            (
                "[2001:db8:0:0:0:0:0:1]:8443",
                "[2001:db8::1]=2001:db8::1|8443",
            ),
            ("2001:db8::1", "2001:db8::1=2001:db8::1"),
            ("[::ffff:cb00:7109]", "[::ffff:cb00:7109]=203.0.113.9"),
            // Ports as browsers read them.
            ("example.com:", "example.com|||example.com|com"),
            ("example.com:0443", "example.com|443||example.com|com"),
            ("example.com:0", "example.com|||example.com|com"),
            ("example.com:65536", "example.com|||example.com|com"),
            ("example.com:http", "example.com:http"),
            (":443", ":443"),
            // More behind the host.
            ("Example.com/a?b", "example.com|||example.com|com"),
            ("example.com:8080?b", "example.com|8080||example.com|com"),
            (
                r"good.example.com\\@x.example",
                "good.example.com||good|example.com|com",
            ),
            ("/a", ""),
            ("a..com", "a..com"),
            (".com", ".com"),
            ("", ""),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn labels_of_dns_names_may_hold_any_byte() {
        let shown = |text: &str| {
            let mut copies = Writer::default();
            let mut hosts = Hosts::new();
            let span = Span {
                start: 0,
                end: text.len() as u32,
            };
            let found = hosts.find_name(text.as_bytes(), span, &mut copies);
            [
                Part::Name,
                Part::Subdomain,
                Part::Registered,
                Part::TopLevel,
            ]
            .map(|part| match hosts.part(found, part) {
                Piece::Place(place) => place.of(text.as_bytes()).to_vec(),
                Piece::Copied(place) => place.of(copies.written()).to_vec(),
                _ => Vec::new(),
            })
            .map(|part| String::from_utf8(part).unwrap())
            .join("|")
        };
        for (text, expected) in [
            ("a b.example.com", "a b.example.com|a b|example.com|com"),
            (
                r"a\tb.Example.com",
                r"a\\tb.example.com|a\\tb|example.com|com",
            ),
            (
                r"a\u0000b.example.com.",
                r"a\\000b.example.com|a\\000b|example.com|com",
            ),
            (
                r"a\\.b.example.com",
                r"a\\.b.example.com|a\\.b|example.com|com",
            ),
            (r"x.a\\.b.com", r"x.a\\.b.com|x|a\\.b.com|com"),
            (
                "_dmarc.example.com",
                "_dmarc.example.com|_dmarc|example.com|com",
            ),
            ("a..example.com", "a..example.com|||"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
