//! `url`, `uri`, `path`, `query`, `authority`, `scheme`, `tls_scheme`: the address that an event is of.
//!
//! An event has one address, and all its fields are of one source: a whole address, a request's
//! target, or the parts that a request came in. What is of another source stays where it is, so
//! that a Host header lends its name to no other address.

use crate::bytes::span::Span;
use crate::bytes::text::{for_pages, question_mark};
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::host::Part;
use crate::convert::piece::Piece;
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::convert::url::{Role, Url, UrlKind, UrlPart, extension, read_uri, read_url};
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
    if input.is_text() {
        let url = read_url(
            input.text,
            input.value.span,
            &mut workspace.hosts,
            &mut workspace.copies,
        );
        *finding = workspace.add_url(url);
    }
    CheckResult::valid(input.is_text())
}

#[inline(never)] // As above.
pub(super) fn check_uri(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    if input.is_text() {
        let url = read_uri(
            input.text,
            input.value.span,
            &mut workspace.hosts,
            &mut workspace.copies,
        );
        *finding = workspace.add_url(url);
    }
    CheckResult::valid(input.is_text())
}

#[inline(never)] // As above.
pub(super) fn check_path(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let span = input.value.span;
    let url = match input.value.kind {
        ValueKind::Text => read_uri(
            input.text,
            span,
            &mut workspace.hosts,
            &mut workspace.copies,
        ),
        // A number or a boolean becomes its text.
        ValueKind::Number | ValueKind::Bool => Url {
            kind: UrlKind::Path,
            original: Piece::some(span),
            path: span,
            ..Url::default()
        },
        _ => return CheckResult::Invalid,
    };
    *finding = workspace.add_url(url);
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

#[inline(never)] // Bench row "core, ecs": a dozen leaves ask for it.
pub(super) fn url_part(part: UrlPart, found: Found<'_>) -> Piece {
    let Finding::Url(number) = found.finding else {
        return Piece::None;
    };
    let Some(url) = found.workspace.urls.get(usize::from(*number)) else {
        return Piece::None;
    };
    match part {
        UrlPart::Original => url.original,
        UrlPart::Full => url.full,
        UrlPart::Scheme => url.scheme,
        UrlPart::Host(part) => match url.host {
            Some(host) => found.workspace.hosts.part(host, part),
            None => Piece::None,
        },
        UrlPart::Path => Piece::some(url.path),
        UrlPart::Extension => Piece::some(extension(found.text, url.path)),
        UrlPart::Query => Piece::some(url.query),
        UrlPart::Fragment => Piece::some(url.fragment),
    }
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
    let numbered = || told.clone().enumerate();
    let main = numbered().find_map(|(place, row)| match row.finding {
        Finding::Url(number) if row.role <= Role::Path => {
            let url = workspace.urls.get(usize::from(*number))?;
            Some((place, row, *url))
        }
        _ => None,
    });
    let (main, role, value, mut url) = match main {
        Some((place, row, url)) => (Some(place), row.role, *row.value, url),
        None => (None, Role::Path, Value::default(), Url::default()),
    };
    let mut used = 0_u64;
    let mut query_value = None;
    let mut has_query = false;
    if url.kind != UrlKind::Complete {
        for (place, row) in numbered() {
            has_query |= row.role == Role::Query;
            let is_used = match (row.role, row.finding) {
                (Role::Query, _) if role == Role::Path => {
                    if let Finding::Place(query) = row.finding {
                        url.query = *query;
                    }
                    if row.value.kind != ValueKind::Missing {
                        query_value = Some(row.value);
                    }
                    true
                }
                (Role::Authority, Finding::Host(host)) if url.host.is_none() => {
                    url.host = Some(*host);
                    true
                }
                (Role::Scheme, Finding::Fit) => {
                    url.scheme = Piece::some(row.value.span);
                    true
                }
                (Role::Tls, _)
                    if matches!(url.scheme, Piece::None)
                        && (main.is_some() || url.host.is_some()) =>
                {
                    url.scheme = scheme_of_tls(row, text);
                    true
                }
                _ => false,
            };
            used |= u64::from(is_used) << place;
        }
        if main.is_none() {
            let query = url.query;
            url.add_rest(text, &workspace.hosts);
            // The field of the query comes before what a client wrote behind the host.
            if query.start < query.end {
                url.query = query;
            }
        }
        if role == Role::Path && main.is_some() {
            url.original = original(value, query_value, text, &mut workspace.copies);
        }
        // Without the field of the query, or with a path alone, nobody knows the whole.
        let is_known = role == Role::Uri || (has_query && query_value.is_some());
        if is_known && url.kind == UrlKind::Path {
            url.full = url.joined(text, &workspace.hosts, &mut workspace.copies);
        }
    }
    let mut is_any = false;
    for (place, row) in numbered() {
        if row.value.is_absent() {
            continue;
        }
        is_any = true;
        let is_there = Some(place) == main || used & 1 << place != 0 || row.is_carried;
        if !is_there && !matches!(row.finding, Finding::None) {
            let bytes = row.value.span.of(text);
            let is_same = match row.role {
                // The target of a whole address: its path with its query.
                Role::Uri => bytes == url.target().of(text),
                Role::Path => bytes == url.path.of(text),
                Role::Scheme => match url.scheme {
                    Piece::Place(scheme) => scheme.of(text).eq_ignore_ascii_case(bytes),
                    _ => false,
                },
                // The version of TLS has fields of its own.
                Role::Tls => true,
                _ => false,
            };
            if !is_same {
                lose(place);
            }
        }
    }
    match is_any {
        true => workspace.add_url(url),
        false => Finding::None,
    }
}

/// Path and query as the request had them, where they came apart.
fn original(path: Value, query: Option<&Value>, text: &[u8], copies: &mut Vec<u8>) -> Piece {
    let query = match query {
        Some(query) if query.kind == ValueKind::Text => query.span.of(text),
        _ => return Piece::some(path.span),
    };
    let mark: &[u8] = match question_mark(query) {
        0 => b"?",
        _ => b"",
    };
    Piece::joined(&[path.span.of(text), mark, query], copies)
}

fn scheme_of_tls(row: Told<'_>, text: &[u8]) -> Piece {
    match row.finding {
        Finding::Protocol(..) => Piece::Word("https"),
        _ if row.value.span.of(text).eq_ignore_ascii_case(b"none") => Piece::Word("http"),
        _ => Piece::None,
    }
}
