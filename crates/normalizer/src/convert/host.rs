//! Host names, without their port and by their parts.

use xxhash_rust::xxh3::xxh3_64;

use crate::convert::piece::Piece;
use crate::convert::public_suffix::icann_suffix;
use crate::record::Span;

/// What a host name consists of, as places in its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Host {
    /// Where the name ends, before its final dot and its port; [`WHOLE`] if the text is the name.
    pub(crate) name_end: u16,
    /// Where the port begins; 0 without one.
    pub(crate) port: u16,
    /// The parts, where the name has a known public suffix and a label before it.
    pub(crate) parts: Option<Parts>,
}

/// The name's parts: `www` `example` `co.uk` of `www.example.co.uk`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Where the registered domain begins; the subdomain is what stands before its dot.
    pub(crate) registered: u16,
    /// Where the top-level domain (the public suffix) begins.
    pub(crate) top_level: u16,
    /// Where it ends.
    pub(crate) end: u16,
}

/// The end of a name that is the whole text, however long.
pub(crate) const WHOLE: u16 = u16::MAX;

/// A name has 253 bytes at most, and a port six: a longer text is taken as it is.
const LONGEST: usize = 260;

/// A part of a host name that is a field of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Registered,
    Subdomain,
    TopLevel,
}

impl Host {
    /// The name of the host that stands at `span`.
    #[inline(always)]
    pub(crate) fn name(self, span: Span) -> Span {
        match self.name_end {
            WHOLE => span,
            end => Span {
                start: span.start,
                end: span.start + u32::from(end),
            },
        }
    }

    #[inline(always)]
    pub(crate) fn port(self, span: Span) -> Piece {
        match self.port {
            0 => Piece::None,
            port => Piece::Place(Span {
                start: span.start + u32::from(port),
                ..span
            }),
        }
    }

    #[inline(always)]
    pub(crate) fn part(self, span: Span, part: Part) -> Piece {
        let place = self.parts.map(|parts| match part {
            Part::Registered => (parts.registered, parts.end),
            Part::Subdomain => (0, parts.registered.saturating_sub(1)),
            Part::TopLevel => (parts.top_level, parts.end),
        });
        match place {
            Some((start, end)) if start < end => Piece::Place(Span {
                start: span.start + u32::from(start),
                end: span.start + u32::from(end),
            }),
            _ => Piece::None,
        }
    }
}

/// Host names seen lately: the names of a zone repeat from record to record.
#[derive(Debug)]
pub(crate) struct HostCache {
    entries: Vec<(Vec<u8>, Host)>,
}

/// A place for each of the low bits of the name's hash. 1,024 names of 30 bytes are 70 KB.
const PLACES: usize = 1024;

impl HostCache {
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// The parts of `text`; looked up again only for a name that is new or was displaced.
    pub(crate) fn host(&mut self, text: &[u8]) -> Host {
        if text.len() > LONGEST {
            return Host {
                name_end: WHOLE,
                ..Host::default()
            };
        }
        if self.entries.is_empty() {
            self.entries.resize_with(PLACES, Default::default);
        }
        let place = xxh3_64(text) as usize % PLACES;
        let Some((name, host)) = self.entries.get_mut(place) else {
            return split(text);
        };
        if name != text {
            *host = split(text);
            name.clear();
            name.extend_from_slice(text);
        }
        *host
    }
}

/// Splits a host of at most [`LONGEST`] bytes.
fn split(text: &[u8]) -> Host {
    let colon = colon(text);
    let name = text.get(..colon).unwrap_or_default();
    let name = match name.strip_suffix(b".") {
        // A final dot is dropped unless it is the whole name (the root), escaped (part of a label)
        // or behind another dot (no name).
        Some([.., b'.' | b'\\'] | []) | None => name,
        Some(rest) => rest,
    };
    Host {
        name_end: name.len() as u16,
        port: if colon < text.len() {
            colon as u16 + 1
        } else {
            0
        },
        parts: parts(name),
    }
}

/// Where the `:` of a port is, if digits follow it to the end; else where the text ends.
///
/// An IPv6 literal keeps its brackets, as ECS asks for `url.domain`; a bare one has no port.
fn colon(text: &[u8]) -> usize {
    let Some(colon) = text.iter().rposition(|&byte| byte == b':') else {
        return text.len();
    };
    let (name, port) = text.split_at(colon);
    let digits = port.get(1..).unwrap_or_default();
    let is_port = (1..=5).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        // A JSON number has no leading zero.
        && digits.first() != Some(&b'0')
        && (!name.contains(&b':') || name.ends_with(b"]"))
        && !name.is_empty();
    if is_port { colon } else { text.len() }
}

fn parts(name: &[u8]) -> Option<Parts> {
    // The list is in lower case; of the bytes of a name only letters have a case.
    let lower = name.to_ascii_lowercase();
    let well_formed = !lower.is_empty()
        && lower
            .split(|&byte| byte == b'.')
            .all(|label| !label.is_empty())
        && !lower
            .iter()
            .any(|byte| matches!(byte, b'"' | b'\\' | b':' | b'/' | b'[' | 0..=b' '));
    if !well_formed {
        return None;
    }
    let suffix = icann_suffix(&lower)?;
    let top_level = lower.len() - suffix;
    let before = lower.get(..top_level)?.strip_suffix(b".")?;
    let registered = before
        .iter()
        .rposition(|&byte| byte == b'.')
        .map_or(0, |dot| dot + 1);
    Some(Parts {
        registered: registered as u16,
        top_level: top_level as u16,
        end: lower.len() as u16,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `host -> name|port|subdomain|registered|top level`
    fn shown(text: &str) -> String {
        let host = split(text.as_bytes());
        let name = &text[..host.name_end as usize];
        let port = if host.port == 0 {
            ""
        } else {
            &text[host.port as usize..]
        };
        let Some(parts) = host.parts else {
            return format!("{name}|{port}");
        };
        let registered = parts.registered as usize;
        let subdomain = &name[..registered.saturating_sub(1)];
        let (top_level, end) = (parts.top_level as usize, parts.end as usize);
        format!(
            "{name}|{port}|{subdomain}|{}|{}",
            &name[registered..end],
            &name[top_level..end]
        )
    }

    #[test]
    fn hosts_are_split_by_the_icann_part_of_the_list() {
        for (text, expected) in [
            ("foo-bar-baz.xyz", "foo-bar-baz.xyz|||foo-bar-baz.xyz|xyz"),
            (
                "www.shop.example.co.uk",
                "www.shop.example.co.uk||www.shop|example.co.uk|co.uk",
            ),
            ("WWW.Example.COM", "WWW.Example.COM||WWW|Example.COM|COM"),
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
            (
                "bücher.example.de",
                "bücher.example.de||bücher|example.de|de",
            ),
            ("example.com.", "example.com|||example.com|com"),
            (
                "www.example.com.:53",
                "www.example.com|53|www|example.com|com",
            ),
            ("localhost.", "localhost|"),
            (".", ".|"),
            (r"a\\.", r"a\\.|"),
            ("co.uk", "co.uk|"),
            ("localhost", "localhost|"),
            ("db.internal", "db.internal|"),
            ("203.0.113.9", "203.0.113.9|"),
            ("203.0.113.9:80", "203.0.113.9|80"),
            ("[2001:db8::1]:443", "[2001:db8::1]|443"),
            ("[2001:db8::1]", "[2001:db8::1]|"),
            ("2001:db8::1", "2001:db8::1|"),
            ("example.com:", "example.com:|"),
            ("example.com:0", "example.com:0|"),
            ("a..com", "a..com|"),
            (".com", ".com|"),
            ("", "|"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn the_cache_answers_as_the_list_does() {
        let mut cache = HostCache::new();
        for number in (0..5000).chain(0..5000) {
            let text = format!("host{number}.example.co.uk:{}", number % 3);
            assert_eq!(cache.host(text.as_bytes()), split(text.as_bytes()));
        }
    }
}
