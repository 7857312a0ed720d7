//! `ip`, `otherwise_ip`, `ips`: addresses of IPv4 and IPv6.

use core::cell::Cell;

use crate::bytes::text::for_pages;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Input, Workspace};
use crate::convert::ip_address::{address, is_ipv4, respelled, without_port};
use crate::convert::piece::Piece;
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::convert::text::{Unfit, check_elements};
use crate::record::ValueKind;

/// `ip("source.ip")`
pub(crate) const fn ip(path: &'static str) -> Target {
    Target::check(path, &IP, Check::Ip)
}

/// `ips("related.ip")`
pub(crate) const fn ips(path: &'static str) -> Target {
    Target::check(path, &IPS, Check::Ips)
}

/// `otherwise_ip("destination.address")`
pub(crate) const fn otherwise_ip(path: &'static str) -> Target {
    Target::check(path, &OTHERWISE_IP, Check::Ip)
}

static IP: Conversion = Conversion {
    name: "ip",
    about: for_pages(
        "The text, if it is an IPv4 or IPv6 address; an IPv4 address in the clothes of IPv6 (`::ffff:192.0.2.1`, however it is written) without them, and one of IPv6 as RFC 5952 writes it, in lower case and shortened (`2001:db8::5`), kept as it came as `cloudflare.<Name>` too. Brackets and a port are left out.",
    ),
    outputs: &[Output::text(Place::Path, Form::Whole)],
    ..Conversion::BASE
};

static OTHERWISE_IP: Conversion = Conversion {
    name: "otherwise_ip",
    about: for_pages("As `ip`, where no other row gives the field."),
    outputs: &[Output::text(Place::Path, Form::Whole).last()],
    ..Conversion::BASE
};

static IPS: Conversion = Conversion {
    name: "ips",
    about: for_pages(
        "The addresses of a list (or one), each as `ip` has it, to an ECS field that is a list. What is no address costs only itself.",
    ),
    outputs: &[Output::value(Place::Path, Form::Elements)],
    ..Conversion::BASE
};

#[inline(always)] // Bench row "core, ecs".
pub(super) fn check_ip(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    if input.is_text() && is_ipv4(input.bytes()) {
        *finding = Finding::Fit;
        return CheckResult::Found;
    }
    check_other(input, workspace, finding)
}

/// What is no address of IPv4 alone.
#[inline(never)] // Bench row "core, ecs": addresses of IPv4 are the most.
fn check_other(input: Input<'_>, workspace: &mut Workspace, finding: &mut Finding) -> CheckResult {
    if !input.is_text() {
        return CheckResult::Invalid;
    }
    let span = input.value.span;
    let (piece, result) = match address(input.text, span, &mut workspace.copies) {
        Some(piece) if respelled(piece, &workspace.copies).is_some() => {
            (piece, CheckResult::Respelled)
        }
        Some(piece) => (piece, CheckResult::Found),
        // An address with its port, as Go writes it: the port has no place in the field.
        None => {
            let place = without_port(input.text, span);
            match address(input.text, place, &mut workspace.copies) {
                Some(piece) => (piece, CheckResult::Partly),
                None => return CheckResult::Invalid,
            }
        }
    };
    *finding = match piece {
        Piece::Place(place) if place == span => Finding::Fit,
        Piece::Place(place) => Finding::Place(place),
        Piece::Copied(place) => Finding::Copied(place),
        _ => return CheckResult::Invalid,
    };
    result
}

#[inline(never)] // Lists are few.
pub(super) fn check_ips(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let any_respelled = Cell::new(false);
    let result = check_elements(input, workspace, finding, |element, copies| {
        let piece = match element.kind {
            ValueKind::Text => address(input.text, element.span, copies),
            _ => None,
        };
        any_respelled
            .set(any_respelled.get() || piece.is_some_and(|it| respelled(it, copies).is_some()));
        piece.ok_or(Unfit::Invalid)
    });
    match result {
        CheckResult::Found if any_respelled.get() => CheckResult::Respelled,
        result => result,
    }
}
