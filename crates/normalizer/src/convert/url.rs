//! `url`, `uri`, `query`: whole addresses and parts of them (RFC 3986).

use crate::bytes::text::for_pages;
use crate::bytes::text::question_mark;
use crate::convert::finding::{CheckResult, Finding, Found, Input, Piece, Workspace};
use crate::convert::host::{Host, HostCache, Part};
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::convert::{Check, Form};
use crate::record::Span;

/// `url("url")`
pub(crate) const fn url(path: &'static str) -> Target {
    Target::check(path, &URL, Check::Url)
}

/// `uri("url")`
pub(crate) const fn uri(path: &'static str) -> Target {
    Target::check(path, &URI, Check::Uri)
}

/// `query("url.query")`
pub(crate) const fn query(path: &'static str) -> Target {
    Target::check(path, &QUERY, Check::Query)
}

static URL: Conversion = Conversion {
    name: "url",
    about: for_pages(
        "A whole address, under the given name (`url`): `.original`, `.scheme`, `.domain` and its parts, `.port`, `.path`, `.query` and `.fragment`; `.full` where it has a scheme and a host.",
    ),
    outputs: &[
        Output {
            check: Some(Check::Scalar),
            ..Output::text(Place::Below("original"), Form::Whole)
        },
        part("full", UrlPart::Full),
        part("scheme", UrlPart::Scheme),
        part("domain", UrlPart::Domain),
        part("registered_domain", UrlPart::DomainPart(Part::Registered)),
        part("subdomain", UrlPart::DomainPart(Part::Subdomain)),
        part("top_level_domain", UrlPart::DomainPart(Part::TopLevel)),
        Output::value(Place::Below("port"), Form::UrlPart(UrlPart::Port)),
        part("path", UrlPart::Path),
        part("query", UrlPart::Query),
        part("fragment", UrlPart::Fragment),
    ],
    ..Conversion::BASE
};

static URI: Conversion = Conversion {
    name: "uri",
    about: for_pages("A path with its query, under the given name (`url`): `.path` and `.query`."),
    outputs: &[part("path", UrlPart::Path), part("query", UrlPart::Query)],
    ..Conversion::BASE
};

static QUERY: Conversion = Conversion {
    name: "query",
    about: for_pages("The query string without its leading `?`."),
    outputs: &[Output::text(Place::Path, Form::Place)],
    ..Conversion::BASE
};

const fn part(name: &'static str, part: UrlPart) -> Output {
    Output::text(Place::Below(name), Form::UrlPart(part))
}

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

#[inline(never)]
pub(super) fn check_url(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    if input.is_text() {
        let url = split_url(input.bytes(), input.value.span, &mut workspace.hosts);
        *finding = workspace.add_url(url);
    }
    CheckResult::valid(input.is_text())
}

#[inline(never)]
pub(super) fn check_uri(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    if input.is_text() {
        *finding = workspace.add_url(split_uri(input.bytes(), input.value.span));
    }
    CheckResult::valid(input.is_text())
}

#[inline(always)]
pub(super) fn check_query(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let span = input.value.span;
    let place = Span {
        start: span.start + question_mark(input.bytes()) as u32,
        end: span.end,
    };
    CheckResult::valid(input.is_text() && finding.place(place))
}

#[inline(never)]
pub(super) fn url_part(part: UrlPart, found: Found<'_>) -> Piece {
    let Finding::Url(number) = found.finding else {
        return Piece::None;
    };
    let Some(url) = found.workspace.urls.get(usize::from(*number)) else {
        return Piece::None;
    };
    let has_host = url.scheme.start < url.scheme.end && url.authority.start < url.authority.end;
    match part {
        UrlPart::Scheme => Piece::some(url.scheme),
        UrlPart::Path => Piece::some(url.path),
        UrlPart::Query => Piece::some(url.query),
        UrlPart::Fragment => Piece::some(url.fragment),
        _ if !has_host => Piece::None,
        UrlPart::Full => Piece::some(url.whole),
        UrlPart::Domain => Piece::some(url.host.name(url.authority)),
        UrlPart::DomainPart(part) => url.host.part(url.authority, part),
        UrlPart::Port => url.host.port(url.authority),
    }
}

/// Takes `scheme://user@host:port/path?query#fragment` apart; `bytes` stand at `span`.
fn split_url(bytes: &[u8], span: Span, hosts: &mut HostCache) -> UrlParts {
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
fn split_uri(bytes: &[u8], span: Span) -> UrlParts {
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
