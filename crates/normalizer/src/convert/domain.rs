//! `domain`, `host`, `port`: host names, without their port and by their parts.

use crate::bytes::text::for_pages;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::host::Part;
use crate::convert::piece::Piece;
use crate::convert::target::{Conversion, Output, Place, Target};

/// `domain("url.domain")`
pub(crate) const fn domain(path: &'static str) -> Target {
    Target::check(path, &DOMAIN, Check::Host)
}

/// `host("related.hosts")`
pub(crate) const fn host(path: &'static str) -> Target {
    Target::check(path, &HOST, Check::Host)
}

/// `port("url.port")`
pub(crate) const fn port(path: &'static str) -> Target {
    Target::check(path, &PORT, Check::Host)
}

static DOMAIN: Conversion = Conversion {
    name: "domain",
    about: for_pages(
        "The host name without its port and final dot; for `x.domain` (or `x.name`) also `x.registered_domain`, `x.subdomain` and `x.top_level_domain`, by the ICANN part of the public suffix list.",
    ),
    section: Some("host"),
    outputs: &[
        Output::text(Place::Path, Form::HostName),
        Output::text(
            Place::Beside("registered_domain"),
            Form::HostPart(Part::Registered),
        ),
        Output::text(Place::Beside("subdomain"), Form::HostPart(Part::Subdomain)),
        Output::text(
            Place::Beside("top_level_domain"),
            Form::HostPart(Part::TopLevel),
        ),
    ],
};

static HOST: Conversion = Conversion {
    name: "host",
    about: for_pages("The host name without its port and final dot."),
    section: Some("host"),
    outputs: &[Output::text(Place::Path, Form::HostName)],
};

static PORT: Conversion = Conversion {
    name: "port",
    about: for_pages("The port of a host name, where it has one."),
    section: Some("host"),
    outputs: &[Output::value(Place::Path, Form::HostPort)],
};

#[inline(always)]
pub(super) fn check_host(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    if input.is_text() {
        *finding = Finding::Host(input.value.span, workspace.hosts.host(input.bytes()));
    }
    CheckResult::valid(input.is_text())
}

#[inline(always)]
pub(super) fn name(found: Found<'_>) -> Piece {
    match found.finding {
        Finding::Host(span, host) => Piece::Place(host.name(*span)),
        _ => Piece::None,
    }
}

#[inline(always)]
pub(super) fn name_part(part: Part, found: Found<'_>) -> Piece {
    match found.finding {
        Finding::Host(span, host) => host.part(*span, part),
        _ => Piece::None,
    }
}

#[inline(always)]
pub(super) fn port_of(found: Found<'_>) -> Piece {
    match found.finding {
        Finding::Host(span, host) => host.port(*span),
        _ => Piece::None,
    }
}
