//! Whole addresses, by their parts (RFC 3986).

use crate::convert::host::{Host, HostCache, Part};
use crate::record::Span;

/// A part of a whole address that is a field of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UrlPart {
    /// The whole, where it has a scheme and a host.
    Full,
    Scheme,
    Domain,
    DomainPart(Part),
    Port,
    Path,
    Query,
    Fragment,
}

/// The parts of an address, as places in the text that holds it; a part that is not there is empty.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UrlParts {
    pub(crate) whole: Span,
    pub(crate) scheme: Span,
    /// Host and port.
    pub(crate) authority: Span,
    /// The parts of that.
    pub(crate) host: Host,
    pub(crate) path: Span,
    pub(crate) query: Span,
    pub(crate) fragment: Span,
}

/// Takes `scheme://user@host:port/path?query#fragment` apart; `bytes` stand at `span`.
pub(super) fn split_url(bytes: &[u8], span: Span, hosts: &mut HostCache) -> UrlParts {
    let place = |from: usize, to: usize| Span {
        // Places in a line, which 32 bits hold.
        start: span.start + from as u32,
        end: span.start + to as u32,
    };
    let find = |from: usize, wanted: &[u8]| {
        bytes
            .get(from..)
            .unwrap_or_default()
            .iter()
            .position(|byte| wanted.contains(byte))
            .map_or(bytes.len(), |found| from + found)
    };
    let mut parts = UrlParts {
        whole: span,
        ..UrlParts::default()
    };
    let colon = find(0, b":/?#");
    let is_scheme = bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.get(colon) == Some(&b':')
        && bytes
            .get(..colon)
            .unwrap_or_default()
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    let has_authority = bytes.get(colon..colon + 3) == Some(b"://");
    let mut at = 0;
    if is_scheme && has_authority {
        parts.scheme = place(0, colon);
        let end = find(colon + 3, b"/?#");
        let authority = bytes.get(colon + 3..end).unwrap_or_default();
        let user = authority
            .iter()
            .rposition(|&byte| byte == b'@')
            .map_or(0, |at| at + 1);
        let start = colon + 3 + user;
        parts.authority = place(start, end);
        parts.host = hosts.host(bytes.get(start..end).unwrap_or_default());
        at = end;
    }
    let path_end = find(at, b"?#");
    parts.path = place(at, path_end);
    let query_end = find(path_end, b"#");
    if bytes.get(path_end) == Some(&b'?') {
        parts.query = place(path_end + 1, query_end);
    }
    if query_end < bytes.len() {
        parts.fragment = place(query_end + 1, bytes.len());
    }
    parts
}

/// Takes `/path?query` apart.
pub(super) fn split_uri(bytes: &[u8], span: Span) -> UrlParts {
    let mark = bytes
        .iter()
        .position(|&byte| byte == b'?')
        .unwrap_or(bytes.len());
    let middle = span.start + mark as u32;
    UrlParts {
        whole: span,
        path: Span {
            start: span.start,
            end: middle,
        },
        query: Span {
            start: (middle + 1).min(span.end),
            end: span.end,
        },
        ..UrlParts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        for (text, expected) in [
            (
                "https://www.example.com:8443/a/b?x=1&y#top",
                "https www.example.com:8443 /a/b x=1&y top",
            ),
            ("http://u:p@example.com", "http example.com   "),
            ("https://example.com?q", "https example.com  q "),
            ("/a/b?c?d", "  /a/b c?d "),
            ("example.com/x", "  example.com/x  "),
            ("mailto:a@b", "  mailto:a@b  "),
            ("://x", "  ://x  "),
            ("1a://x", "  1a://x  "),
            ("https://", "https    "),
            ("?#", "    "),
            ("", "    "),
        ] {
            let span = Span::new(0, text.len());
            let parts = split_url(text.as_bytes(), span, &mut HostCache::new());
            let shown = [
                parts.scheme,
                parts.authority,
                parts.path,
                parts.query,
                parts.fragment,
            ]
            .map(|part| String::from_utf8_lossy(part.of(text.as_bytes())).into_owned())
            .join(" ");
            assert_eq!(shown, expected, "{text}");
        }
    }
}
