//! `domain`, `host`, `port`, `name`, `dns_name`: host names, without their port and by their parts.

use crate::bytes::text::for_pages;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::host_parts::Part;
use crate::convert::piece::Piece;
use crate::convert::target::{Conversion, Output, Place, Target};

/// `domain("destination.domain")`
pub(crate) const fn domain(path: &'static str) -> Target {
    Target::check(path, &DOMAIN, Check::Host)
}

/// `host("related.hosts")`
pub(crate) const fn host(path: &'static str) -> Target {
    Target::check(path, &HOST, Check::Host)
}

/// `port("destination.port")`
pub(crate) const fn port(path: &'static str) -> Target {
    Target::check(path, &PORT, Check::Host)
}

/// `name("related.hosts")`
pub(crate) const fn name(path: &'static str) -> Target {
    Target::check(path, &NAME, Check::Name)
}

/// `dns_name("dns.question.name")`
pub(crate) const fn dns_name(path: &'static str) -> Target {
    Target::check(path, &DNS_NAME, Check::Name)
}

static DOMAIN: Conversion = Conversion {
    name: "domain",
    about: for_pages(
        "The host name in lower case, without its port, final dot and what follows in an address; beside `x.domain` also `x.registered_domain`, `x.subdomain` and `x.top_level_domain`, by the ICANN part of the public suffix list. An address literal goes to `x.ip` instead, unless another row has an address for it.",
    ),
    section: Some("host"),
    outputs: &[
        part(Place::Path, Part::Name),
        part(Place::Beside("registered_domain"), Part::Registered),
        part(Place::Beside("subdomain"), Part::Subdomain),
        part(Place::Beside("top_level_domain"), Part::TopLevel),
        part(Place::Beside("ip"), Part::Ip).last(),
    ],
    ..Conversion::BASE
};

static HOST: Conversion = Conversion {
    name: "host",
    about: for_pages(
        "The host name in lower case, without its port, final dot and what follows in an address; an address literal goes to `related.ip` instead.",
    ),
    section: Some("host"),
    outputs: &[
        part(Place::Path, Part::Name),
        part(Place::Field("related.ip"), Part::Ip),
    ],
    ..Conversion::BASE
};

static PORT: Conversion = Conversion {
    name: "port",
    about: for_pages(
        "The port of a host name or an address, where it has one and no other row has.",
    ),
    section: Some("host"),
    outputs: &[Output::value(Place::Path, Form::HostPart(Part::Port)).last()],
    ..Conversion::BASE
};

static NAME: Conversion = Conversion {
    name: "name",
    about: for_pages("The name in lower case, without its final dot."),
    section: Some("host"),
    outputs: &[part(Place::Path, Part::Name)],
    ..Conversion::BASE
};

static DNS_NAME: Conversion = Conversion {
    name: "dns_name",
    about: for_pages(
        "The name in lower case, without its final dot; beside it `registered_domain`, `subdomain` and `top_level_domain`, by the ICANN part of the public suffix list.",
    ),
    section: Some("host"),
    outputs: &[
        part(Place::Path, Part::Name),
        part(Place::Beside("registered_domain"), Part::Registered),
        part(Place::Beside("subdomain"), Part::Subdomain),
        part(Place::Beside("top_level_domain"), Part::TopLevel),
    ],
    ..Conversion::BASE
};

const fn part(place: Place, part: Part) -> Output {
    Output::text(place, Form::HostPart(part))
}

#[inline(always)] // Bench row "core, ecs".
pub(super) fn check_host(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    if input.is_text() {
        let copies = &mut workspace.copies;
        *finding = Finding::Host(workspace.hosts.find(input.text, input.value.span, copies));
    }
    CheckResult::valid(input.is_text())
}

#[inline(always)] // Bench row "core, ecs".
pub(super) fn check_name(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    if input.is_text() {
        let (span, copies) = (input.value.span, &mut workspace.copies);
        *finding = Finding::Host(workspace.hosts.find_name(input.text, span, copies));
    }
    CheckResult::valid(input.is_text())
}

#[inline(always)] // Bench row "core, ecs".
pub(super) fn host_part(part: Part, found: Found<'_>) -> Piece {
    match found.finding {
        Finding::Host(host) => found.workspace.hosts.part(*host, part),
        _ => Piece::None,
    }
}
