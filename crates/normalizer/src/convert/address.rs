//! `url`, `uri`, `path`, `query`, `authority`, `scheme`, `tls_scheme`: the address that an event is of.
//!
//! An event has one address, and all its fields are of one source: a whole address, a request's
//! target, or the parts that a request came in. What is of another source stays where it is, so
//! that a Host header lends its name to no other address.

use crate::bytes::same;
use crate::bytes::span::Span;
use crate::bytes::text::{for_pages, question_mark};
use crate::bytes::writer::Writer;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::host::Hosts;
use crate::convert::host_parts::Part;
use crate::convert::piece::Piece;
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::convert::url::{Role, Url, UrlKind, UrlPart, read_uri, read_url};
use crate::record::{Value, ValueKind};

/// `url("url")`
pub(crate) const fn url(path: &'static str) -> Target {
    Target::check(path, &URL, Check::Url)
}

/// `uri("url")`
pub(crate) const fn uri(path: &'static str) -> Target {
    Target::check(path, &URI, Check::Uri)
}

/// `path("url")`
pub(crate) const fn path(path: &'static str) -> Target {
    Target::check(path, &PATH, Check::Path)
}

/// `query("url")`
pub(crate) const fn query(path: &'static str) -> Target {
    Target::check(path, &QUERY, Check::Query)
}

/// `authority("url")`
pub(crate) const fn authority(path: &'static str) -> Target {
    Target::check(path, &AUTHORITY, Check::Host)
}

/// `scheme("url")`
pub(crate) const fn scheme(path: &'static str) -> Target {
    Target::check(path, &SCHEME, Check::Scalar)
}

/// `tls_scheme("url")`
pub(crate) const fn tls_scheme(path: &'static str) -> Target {
    Target::check(path, &TLS_SCHEME, Check::Tls)
}

static URL: Conversion = Conversion {
    name: "url",
    about: for_pages(
        "A whole address, under the given name (`url`): `.original`, `.scheme`, `.domain` and its parts, `.port`, `.path`, `.extension`, `.query` and `.fragment`; `.full` where it has a scheme and a host. Its host goes to `related.hosts`, an address literal to `related.ip`.",
    ),
    section: Some("addresses-of-requests"),
    outputs: WHOLE,
    role: Some(Role::Whole),
};

static URI: Conversion = Conversion {
    name: "uri",
    about: for_pages(
        "The target of a request, under the given name (`url`): `.original`; of a path with its query `.path`, `.extension` and `.query`, and `.full` where scheme and host are known; of a whole address what `url` has; of a host with its port `.domain` and its parts, and `.port`.",
    ),
    section: Some("addresses-of-requests"),
    outputs: WHOLE,
    role: Some(Role::Uri),
};

static PATH: Conversion = Conversion {
    name: "path",
    about: for_pages(
        "The path of a request, under the given name (`url`): `.path`, `.extension`, and with the query, where that is sent too, `.original`; `.full` where scheme, host and query are known.",
    ),
    section: Some("addresses-of-requests"),
    outputs: WHOLE,
    role: Some(Role::Path),
};

static QUERY: Conversion = Conversion {
    name: "query",
    about: for_pages(
        "The query string of a request without its leading `?`, under the given name (`url`): `.query`.",
    ),
    section: Some("addresses-of-requests"),
    outputs: &[text("query", UrlPart::Query)],
    role: Some(Role::Query),
};

static AUTHORITY: Conversion = Conversion {
    name: "authority",
    about: for_pages(
        "The host of a request with its port, under the given name (`url`): `.domain`, in lower case, and its parts, and `.port`; an address literal is `.domain` too.",
    ),
    section: Some("addresses-of-requests"),
    outputs: &[
        text("domain", UrlPart::Host(Part::Any)),
        text("registered_domain", UrlPart::Host(Part::Registered)),
        text("subdomain", UrlPart::Host(Part::Subdomain)),
        text("top_level_domain", UrlPart::Host(Part::TopLevel)),
        PORT,
        text("path", UrlPart::Path),
        text("extension", UrlPart::Extension),
        text("query", UrlPart::Query),
    ],
    role: Some(Role::Authority),
};

static SCHEME: Conversion = Conversion {
    name: "scheme",
    about: for_pages("The scheme of a request, under the given name (`url`): `.scheme`."),
    section: Some("addresses-of-requests"),
    outputs: &[text("scheme", UrlPart::Scheme)],
    role: Some(Role::Scheme),
};

static TLS_SCHEME: Conversion = Conversion {
    name: "tls_scheme",
    about: for_pages(
        "The scheme of a request that is sent without one, under the given name (`url`): `.scheme` is `https` where the connection had TLS, and `http` where it had none.",
    ),
    section: Some("addresses-of-requests"),
    outputs: &[text("scheme", UrlPart::Scheme)],
    role: Some(Role::Tls),
};

const WHOLE: &[Output] = &[
    text("original", UrlPart::Original),
    text("full", UrlPart::Full),
    text("scheme", UrlPart::Scheme),
    text("domain", UrlPart::Host(Part::Any)),
    text("registered_domain", UrlPart::Host(Part::Registered)),
    text("subdomain", UrlPart::Host(Part::Subdomain)),
    text("top_level_domain", UrlPart::Host(Part::TopLevel)),
    PORT,
    text("path", UrlPart::Path),
    text("extension", UrlPart::Extension),
    text("query", UrlPart::Query),
    text("fragment", UrlPart::Fragment),
    Output::text(
        Place::Field("related.hosts"),
        Form::UrlPart(UrlPart::Host(Part::Name)),
    ),
    Output::text(
        Place::Field("related.ip"),
        Form::UrlPart(UrlPart::Host(Part::Ip)),
    ),
];

const PORT: Output = Output::value(
    Place::Below("port"),
    Form::UrlPart(UrlPart::Host(Part::Port)),
);

const fn text(name: &'static str, part: UrlPart) -> Output {
    Output::text(Place::Below(name), Form::UrlPart(part))
}

#[inline(never)] // Addresses are long: the call does not count.
pub(super) fn check_url(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    check_text(read_url, input, workspace, finding)
}

#[inline(never)] // As above.
pub(super) fn check_uri(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    check_text(read_uri, input, workspace, finding)
}

#[inline(never)] // As above.
pub(super) fn check_path(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    if !matches!(input.value.kind, ValueKind::Number | ValueKind::Bool) {
        return check_text(read_uri, input, workspace, finding);
    }
    // A number or a boolean becomes its text.
    let span = input.value.span;
    *finding = workspace.add_url(Url {
        kind: UrlKind::Path,
        original: Piece::some(span),
        path: span,
        ..Url::default()
    });
    CheckResult::Found
}

#[inline(always)] // Bench row "core, ecs".
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

#[inline(always)] // Bench row "core, ecs": a dozen leaves ask for it.
pub(super) fn url_part(part: UrlPart, found: Found<'_>) -> Piece {
    match found.finding {
        Finding::Address => found.workspace.address.part(part),
        _ => Piece::None,
    }
}

/// Reads an address of a text; what is none is no address.
fn check_text(
    read: impl FnOnce(&[u8], Span, &mut Hosts, &mut Writer) -> Url,
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    if !input.is_text() {
        return CheckResult::Invalid;
    }
    let (hosts, copies) = (&mut workspace.hosts, &mut workspace.copies);
    let url = read(input.text, input.value.span, hosts, copies);
    *finding = workspace.add_url(url);
    CheckResult::Found
}

/// A row that tells something of the address, and what was found out about its value.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) role: Role,
    pub(crate) value: &'a Value,
    pub(crate) finding: &'a Finding,
    /// Whether the value is in the document in any case.
    pub(crate) is_carried: bool,
}

/// The event's address of all that is told of it, in the order of the roles; for the rows whose
/// values are in the document only if they are kept, `lose` is called with their place.
pub(crate) fn resolve<'a>(
    told: impl Iterator<Item = Told<'a>> + Clone,
    text: &[u8],
    workspace: &mut Workspace,
    mut lose: impl FnMut(usize),
) -> Finding {
    let Workspace {
        hosts,
        copies,
        urls,
        address,
        ..
    } = workspace;
    // What begins the address: the rows with the first roles.
    let main = told.clone().enumerate().find_map(|(place, row)| {
        let is_first = row.role <= Role::Path;
        match row.finding {
            Finding::Url(number) if is_first => Some((place, row, usize::from(*number))),
            _ => None,
        }
    });
    let mut none = Url::default();
    let (main, url) = match main {
        Some((place, row, number)) => (
            Some((place, row)),
            urls.get_mut(number).unwrap_or(&mut none),
        ),
        None => (None, &mut none),
    };
    let role = main.map_or(Role::Path, |(_, row)| row.role);
    let mut query_value = None;
    let mut has_query = false;
    let mut is_any = false;
    // The rows whose values are nowhere in the document yet, one bit for each.
    let mut left = 0_u64;
    for (place, row) in told.clone().enumerate() {
        let is_complete = url.kind == UrlKind::Complete;
        let is_main = matches!(main, Some((main, _)) if main == place);
        let is_used = match (row.role, row.finding) {
            _ if is_main => true,
            // The path of a target in absolute form has its query beside it, as any path has.
            (Role::Query, _) if !is_complete || (role == Role::Path && url.has_room()) => {
                has_query = true;
                if let (Role::Path, Finding::Place(query)) = (role, row.finding) {
                    url.query = *query;
                }
                if role == Role::Path && row.value.kind != ValueKind::Missing {
                    query_value = Some(row.value);
                }
                role == Role::Path
            }
            _ if is_complete => false,
            (Role::Authority, Finding::Host(host)) if url.host.is_none() => {
                url.host = Some(*host);
                true
            }
            (Role::Scheme, Finding::Fit) => {
                url.scheme = Piece::some(row.value.span);
                true
            }
            (Role::Tls, _)
                if matches!(url.scheme, Piece::None) && (main.is_some() || url.host.is_some()) =>
            {
                url.scheme = scheme_of_tls(row, text);
                true
            }
            _ => false,
        };
        if !row.value.is_absent() {
            is_any = true;
            let is_left = !is_used && !row.is_carried && !matches!(row.finding, Finding::None);
            left |= u64::from(is_left) << place;
        }
    }
    if !is_any {
        return Finding::None;
    }
    // Without the field of the query, or with a path alone, nobody knows the whole.
    let is_known = role == Role::Uri || (has_query && query_value.is_some());
    let query = match query_value {
        Some(query) if role == Role::Path && query.kind == ValueKind::Text => query.span.of(text),
        _ => b"",
    };
    if url.kind == UrlKind::Complete {
        if let (Some((_, row)), Role::Path) = (main, role) {
            add_query(url, row.value.span, query, is_known, text, copies);
        }
    } else {
        match main {
            Some((_, row)) => {
                let is_whole = is_known && url.kind == UrlKind::Path;
                put_together(url, row.value.span, query, is_whole, text, hosts, copies);
            }
            None => {
                let query = url.query;
                url.add_rest(text, hosts);
                // The field of the query comes before what a client wrote behind the host.
                if query.start < query.end {
                    url.query = query;
                }
            }
        }
    }
    if left != 0 {
        for (place, row) in told.enumerate() {
            if left & 1 << place != 0 && !is_told(row, url, text) {
                lose(place);
            }
        }
    }
    url.pieces(text, hosts, address);
    Finding::Address
}

/// Puts together what the request had, of its target and a query that came apart, and the whole
/// address, where that is known.
fn put_together(
    url: &mut Url,
    target: Span,
    query: &[u8],
    is_whole: bool,
    text: &[u8],
    hosts: &Hosts,
    copies: &mut Writer,
) {
    let bytes = target.of(text);
    let mark = missing_mark(query);
    url.original = Piece::some(target);
    let beginning = match is_whole && bytes.starts_with(b"/") {
        true => url.beginning(text, hosts),
        false => None,
    };
    if let Some([scheme, host]) = beginning {
        let start = copies.len();
        for part in [scheme, b"://", host] {
            copies.put(part);
        }
        let middle = copies.len();
        for part in [bytes, mark, query] {
            copies.put(part);
        }
        url.full = Piece::since(start, copies);
        if !query.is_empty() {
            url.original = Piece::since(middle, copies);
        }
    } else if !query.is_empty() {
        url.original = Piece::joined(&[bytes, mark, query], copies);
    }
}

/// Adds a query that came apart to an address that stands, whole but for it, where a path is due.
fn add_query(
    url: &mut Url,
    target: Span,
    query: &[u8],
    is_known: bool,
    text: &[u8],
    copies: &mut Writer,
) {
    if !query.is_empty() {
        url.original = Piece::joined(&[target.of(text), missing_mark(query), query], copies);
        if !matches!(url.full, Piece::None) {
            url.full = url.original;
        }
    } else if !is_known && url.has_room() {
        url.full = Piece::None;
    }
}

/// The question mark that a query is sent without.
fn missing_mark(query: &[u8]) -> &'static [u8] {
    match question_mark(query) {
        0 if !query.is_empty() => b"?",
        _ => b"",
    }
}

/// Whether the value of a row stands in the address of another.
fn is_told(row: Told<'_>, url: &Url, text: &[u8]) -> bool {
    let bytes = row.value.span.of(text);
    match row.role {
        // The target of a whole address: its path with its query.
        Role::Uri => same(bytes, url.target().of(text)),
        Role::Path => same(bytes, url.path.of(text)),
        Role::Scheme => match url.scheme {
            Piece::Place(scheme) => scheme.of(text).eq_ignore_ascii_case(bytes),
            _ => false,
        },
        // The version of TLS has fields of its own.
        Role::Tls => true,
        _ => false,
    }
}

fn scheme_of_tls(row: Told<'_>, text: &[u8]) -> Piece {
    match row.finding {
        Finding::Protocol(..) => Piece::Word("https"),
        _ if row.value.span.of(text).eq_ignore_ascii_case(b"none") => Piece::Word("http"),
        _ => Piece::None,
    }
}
