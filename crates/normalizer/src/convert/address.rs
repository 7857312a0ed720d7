//! `url`, `uri`, `query`: whole addresses and parts of them.

use crate::bytes::text::{for_pages, question_mark};
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::host::Part;
use crate::convert::piece::Piece;
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::convert::url::{UrlPart, split_uri, split_url};
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
