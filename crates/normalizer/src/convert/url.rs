//! The address that an event is of, by its parts (RFC 3986, and WHATWG's URL standard).

use crate::bytes::span::Span;
use crate::bytes::writer::Writer;
use crate::convert::host::{HostAt, Hosts, end_of_authority};
use crate::convert::host_parts::Part;
use crate::convert::piece::Piece;

/// What a row tells of the event's address, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The whole of it.
    Whole,
    /// The target of the request.
    Uri,
    /// The path alone.
    Path,
    Query,
    /// Host and port.
    Authority,
    Scheme,
    /// Whether there was TLS, which tells the scheme.
    Tls,
}

/// A part of an address that is a field of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UrlPart {
    /// The address as it came, complete or not.
    Original,
    /// The whole, where it has a scheme and a host.
    Full,
    Scheme,
    Host(Part),
    Path,
    /// That of the path's last segment.
    Extension,
    Query,
    Fragment,
}

/// An address, or the part of it that a row tells.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Url {
    pub(crate) kind: UrlKind,
    pub(crate) original: Piece,
    pub(crate) full: Piece,
    pub(crate) scheme: Piece,
    /// Host and port.
    pub(crate) host: Option<HostAt>,
    pub(crate) path: Span,
    pub(crate) query: Span,
    pub(crate) fragment: Span,
}

/// The parts of the event's address: a dozen leaves of a document ask for one each.
#[derive(Debug, Default)]
pub(crate) struct UrlPieces {
    /// Those of the host, in the order of its parts, before the others.
    pieces: [Piece; UrlPart::COUNT],
}

/// What an address is, which decides whether others may lend it what it has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UrlKind {
    /// With a scheme, or with a host: it is complete.
    Complete,
    /// A path, with or without a query: scheme and host are known from elsewhere.
    Path,
    /// `*`, or a word such as `inline`: it has no path.
    #[default]
    Word,
}

impl Url {
    /// Takes path and query of what stands behind a host, as in `team.example.com/warp`.
    pub(crate) fn add_rest(&mut self, text: &[u8], hosts: &Hosts) {
        if let Some(rest) = self.host.and_then(|host| hosts.rest(host)) {
            self.add_path(text, rest);
        }
    }

    /// Takes `/path?query#fragment`, which stands at `rest`, apart.
    fn add_path(&mut self, text: &[u8], rest: Span) {
        let bytes = rest.of(text);
        let place = |from: usize, to: usize| Span {
            start: rest.start + from as u32,
            end: rest.start + to as u32,
        };
        let find = |from: usize, wanted: &[u8]| {
            let behind = bytes.get(from..).unwrap_or_default();
            let found = behind.iter().position(|byte| wanted.contains(byte));
            found.map_or(bytes.len(), |found| from + found)
        };
        let path_end = find(0, b"?#");
        self.path = place(0, path_end);
        let query_end = find(path_end, b"#");
        if bytes.get(path_end) == Some(&b'?') {
            self.query = place(path_end + 1, query_end);
        }
        if query_end < bytes.len() {
            self.fragment = place(query_end + 1, bytes.len());
        }
    }

    /// Whether a query that comes apart belongs behind it.
    pub(crate) fn has_room(&self) -> bool {
        self.query.start == self.query.end && self.fragment.start == self.fragment.end
    }

    /// Path and query, as they stand in one text.
    pub(crate) fn target(&self) -> Span {
        match self.query.end {
            0 => self.path,
            end => Span { end, ..self.path },
        }
    }

    /// The scheme and the host, of which a whole address can be put together with a path.
    pub(crate) fn beginning<'a>(&self, text: &'a [u8], hosts: &Hosts) -> Option<[&'a [u8]; 2]> {
        let scheme = match self.scheme {
            Piece::Place(scheme) => scheme.of(text),
            Piece::Word(word) => word.as_bytes(),
            _ => return None,
        };
        let host = hosts.alone(self.host?)?.of(text);
        // What is no host would lead elsewhere.
        let is_host = |byte: &u8| !matches!(byte, b'@' | b'\\' | b'"' | b'<' | b'>' | 0..=b' ');
        host.iter().all(is_host).then_some([scheme, host])
    }

    /// The parts, each ready to be written.
    pub(crate) fn pieces(&self, text: &[u8], hosts: &Hosts, pieces: &mut UrlPieces) {
        for (part, piece) in Part::ALL.into_iter().zip(&mut pieces.pieces) {
            *piece = match self.host {
                Some(host) => hosts.part(host, part),
                None => Piece::None,
            };
        }
        pieces.set(UrlPart::Original, self.original);
        pieces.set(UrlPart::Full, self.full);
        pieces.set(UrlPart::Scheme, self.scheme);
        pieces.set(UrlPart::Path, Piece::some(self.path));
        let extension = extension(text, self.path);
        pieces.set(UrlPart::Extension, Piece::some(extension));
        pieces.set(UrlPart::Query, Piece::some(self.query));
        pieces.set(UrlPart::Fragment, Piece::some(self.fragment));
    }
}

impl UrlPart {
    const COUNT: usize = 14;

    fn index(self) -> usize {
        match self {
            Self::Host(part) => part as usize,
            Self::Original => 7,
            Self::Full => 8,
            Self::Scheme => 9,
            Self::Path => 10,
            Self::Extension => 11,
            Self::Query => 12,
            Self::Fragment => 13,
        }
    }
}

impl UrlPieces {
    pub(crate) fn part(&self, part: UrlPart) -> Piece {
        let piece = self.pieces.get(part.index());
        piece.copied().unwrap_or_default()
    }

    fn set(&mut self, part: UrlPart, piece: Piece) {
        if let Some(place) = self.pieces.get_mut(part.index()) {
            *place = piece;
        }
    }
}

/// Takes the address at `span` apart, as browsers do.
pub(crate) fn read_url(text: &[u8], span: Span, hosts: &mut Hosts, copies: &mut Writer) -> Url {
    let bytes = span.of(text);
    let behind = |at: usize| Span {
        start: span.start + at as u32,
        ..span
    };
    let mut url = Url {
        original: Piece::some(span),
        ..Url::default()
    };
    if let Some(colon) = scheme_end(bytes) {
        url.kind = UrlKind::Complete;
        let scheme = bytes.get(..colon).unwrap_or_default();
        url.scheme = Piece::some(Span {
            end: span.start + colon as u32,
            ..span
        });
        let slashes = slashes(bytes.get(colon + 1..).unwrap_or_default());
        let is_of_hosts = OF_HOSTS
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known));
        if is_of_hosts || bytes.get(colon..colon + 3) == Some(b"://") {
            let at = match is_of_hosts {
                true => colon + 1 + slashes,
                false => colon + 3,
            };
            url.add_authority(text, behind(at), hosts, copies);
            if url.host.is_some() {
                url.full = Piece::some(span);
            }
        } else if slashes > 0 {
            url.add_path(text, behind(colon + 1));
        }
        return url;
    }
    match bytes {
        [b'/', b'/', ..] => {
            url.kind = UrlKind::Complete;
            url.add_authority(text, behind(2), hosts, copies);
        }
        [b'/' | b'?' | b'#', ..] => {
            url.kind = UrlKind::Path;
            url.add_path(text, span);
        }
        _ => {
            let host = hosts.find(text, span, copies);
            let has = |part| !matches!(hosts.part(host, part), Piece::None);
            if has(Part::Registered) || has(Part::Ip) {
                url.kind = UrlKind::Complete;
                url.add_authority(text, span, hosts, copies);
            } else if bytes.contains(&b'/') {
                url.kind = UrlKind::Path;
                url.add_path(text, span);
            }
        }
    }
    url
}

/// Takes the target of a request apart (RFC 9112, section 3.2).
pub(crate) fn read_uri(text: &[u8], span: Span, hosts: &mut Hosts, copies: &mut Writer) -> Url {
    let bytes = span.of(text);
    let mut url = Url {
        original: Piece::some(span),
        ..Url::default()
    };
    if bytes == b"*" {
        return url;
    }
    if !bytes.starts_with(b"/") {
        if scheme_end(bytes).is_some_and(|colon| bytes.get(colon..colon + 3) == Some(b"://")) {
            return read_url(text, span, hosts, copies);
        }
        let host = hosts.find(text, span, copies);
        if !bytes.contains(&b'?') && !matches!(hosts.part(host, Part::Port), Piece::None) {
            url.kind = UrlKind::Complete;
            url.host = Some(host);
            url.add_rest(text, hosts);
            return url;
        }
    }
    url.kind = UrlKind::Path;
    // A fragment is not sent: `#` is part of what the client asked for.
    let mark = memchr::memchr(b'?', bytes);
    let middle = mark.map_or(span.end, |mark| span.start + mark as u32);
    url.path = Span {
        end: middle,
        ..span
    };
    url.query = Span {
        start: (middle + 1).min(span.end),
        ..span
    };
    url
}

impl Url {
    /// Takes `user@host:port/path?query#fragment`, which stands at `span`, apart.
    fn add_authority(&mut self, text: &[u8], span: Span, hosts: &mut Hosts, copies: &mut Writer) {
        let bytes = span.of(text);
        let end = end_of_authority(bytes);
        let authority = bytes.get(..end).unwrap_or_default();
        let user = authority.iter().rposition(|&byte| byte == b'@');
        let host = Span {
            start: span.start + user.map_or(0, |at| at + 1) as u32,
            end: span.start + end as u32,
        };
        if host.start < host.end {
            self.host = Some(hosts.find(text, host, copies));
        }
        self.add_path(
            text,
            Span {
                start: span.start + end as u32,
                ..span
            },
        );
    }
}

/// Schemes of addresses that always have a host (WHATWG's URL standard calls them special).
const OF_HOSTS: &[&[u8]] = &[b"http", b"https", b"ws", b"wss", b"ftp"];

/// Where the `:` of a scheme is; a host with its port has none.
fn scheme_end(bytes: &[u8]) -> Option<usize> {
    let colon = bytes
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || b"+-.".contains(byte)))?;
    let name = bytes.get(..colon)?;
    let behind = bytes.get(colon + 1..)?;
    let is_port = behind.first().is_some_and(u8::is_ascii_digit)
        && (name.contains(&b'.') || name.eq_ignore_ascii_case(b"localhost"));
    let is_scheme = bytes.get(colon) == Some(&b':')
        && name.first().is_some_and(u8::is_ascii_alphabetic)
        && !is_port;
    is_scheme.then_some(colon)
}

/// Bytes of the slashes and backslashes that `bytes` begin with; in a JSON string, a backslash is two.
fn slashes(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match bytes.get(at..) {
            Some([b'/', ..]) => at += 1,
            Some([b'\\', b'\\', ..]) => at += 2,
            _ => return at,
        }
    }
}

/// The extension of the path's last segment, without its dot. A name that begins with its only dot,
/// as `.htaccess`, has none; what follows `;` is no part of the name.
pub(crate) fn extension(text: &[u8], path: Span) -> Span {
    let bytes = path.of(text);
    let begin = memchr::memrchr(b'/', bytes).map_or(0, |slash| slash + 1);
    let segment = bytes.get(begin..).unwrap_or_default();
    let end = memchr::memchr(b';', segment).unwrap_or(segment.len());
    let name = segment.get(..end).unwrap_or_default();
    match memchr::memrchr(b'.', name) {
        Some(dot) if dot > 0 => Span {
            start: path.start + (begin + dot + 1) as u32,
            end: path.start + (begin + end) as u32,
        },
        _ => Span::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scheme host:port path query fragment`, with `!` before what is complete.
    fn shown(text: &str, read: fn(&[u8], Span, &mut Hosts, &mut Writer) -> Url) -> String {
        let (mut hosts, mut copies) = (Hosts::new(), Writer::default());
        let whole = Span::new(0, text.len());
        let url = read(text.as_bytes(), whole, &mut hosts, &mut copies);
        let piece = |piece| match piece {
            Piece::Place(place) => String::from_utf8_lossy(place.of(text.as_bytes())).into_owned(),
            Piece::Copied(place) => {
                String::from_utf8_lossy(place.of(copies.written())).into_owned()
            }
            _ => String::new(),
        };
        let host = |part| piece(url.host.map_or(Piece::None, |host| hosts.part(host, part)));
        let port = match host(Part::Port).as_str() {
            "" => String::new(),
            port => format!(":{port}"),
        };
        let mark = match url.kind {
            UrlKind::Complete => "!",
            UrlKind::Path => "/",
            UrlKind::Word => "",
        };
        format!(
            "{mark} {} {}{port} {} {} {}",
            piece(url.scheme),
            host(Part::Any),
            piece(Piece::some(url.path)),
            piece(Piece::some(url.query)),
            piece(Piece::some(url.fragment))
        )
        .trim_end()
        .to_owned()
    }

    #[test]
    fn addresses_are_taken_apart() {
        for (text, expected) in [
            (
                "https://www.Example.com:8443/a/b?x=1&y#top",
                "! https www.example.com:8443 /a/b x=1&y top",
            ),
            ("http://u:p@example.com", "! http example.com"),
            ("https://example.com?q", "! https example.com  q"),
            ("https://example.com:/x", "! https example.com /x"),
            (
                r"https://evil.example\\@good.example/",
                r"! https evil.example \\@good.example/",
            ),
            (r"https:\\\\evil.example/", "! https evil.example /"),
            ("http:/evil.example/a", "! http evil.example /a"),
            ("http://[2001:db8::1]:80/", "! http [2001:db8::1]:80 /"),
            ("//example.com/a", "!  example.com /a"),
            ("/a/b?c?d", "/   /a/b c?d"),
            ("example.com/x", "!  example.com /x"),
            ("example.com:8080/x", "!  example.com:8080 /x"),
            ("localhost:3000", ""),
            ("a/b", "/   a/b"),
            ("mailto:a@b", "! mailto"),
            ("data:text/html,<a.b/c>", "! data"),
            ("javascript:alert(1)", "! javascript"),
            ("about:blank", "! about"),
            ("file:///etc/passwd", "! file  /etc/passwd"),
            ("inline", ""),
            ("wasm-eval", ""),
            ("://x", "/   ://x"),
            ("1a://x", "/   1a://x"),
            ("https://", "! https"),
            ("?a", "/    a"),
        ] {
            assert_eq!(shown(text, read_url), expected, "{text}");
        }
    }

    #[test]
    fn targets_of_requests_are_taken_apart() {
        for (text, expected) in [
            ("/a?b=c#d", "/   /a b=c#d"),
            ("//evil.example/x", "/   //evil.example/x"),
            ("/a:80", "/   /a:80"),
            ("http://other.example/a?b", "! http other.example /a b"),
            ("*", ""),
            ("www.example.com:443", "!  www.example.com:443"),
            ("[2001:db8::1]:443", "!  [2001:db8::1]:443"),
            ("a/b?c", "/   a/b c"),
            ("?c", "/    c"),
        ] {
            assert_eq!(shown(text, read_uri), expected, "{text}");
        }
    }

    #[test]
    fn an_extension_is_that_of_the_last_segment() {
        for (path, expected) in [
            ("/a/tool.exe", "exe"),
            ("/a.b/c", ""),
            ("/archive.tar.gz", "gz"),
            ("/a.php/", ""),
            ("/.env", ""),
            ("/.config.bak", "bak"),
            ("/a.", ""),
            ("/a.jsp;x=.png", "jsp"),
            ("a.JPG", "JPG"),
            ("", ""),
        ] {
            let found = extension(path.as_bytes(), Span::new(0, path.len()));
            assert_eq!(found.of(path.as_bytes()), expected.as_bytes(), "{path}");
        }
    }
}
