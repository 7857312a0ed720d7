//! `http_version`, `http_protocol`, `http_outcome`, `tls_protocol`, `tls_version`.

use crate::bytes::text::for_pages;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::known::is_placeholder;
use crate::convert::number::whole_number;
use crate::convert::piece::Piece;
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::record::Span;

/// `http_version("http.version")`
pub(crate) const fn http_version(path: &'static str) -> Target {
    Target::check(path, &HTTP_VERSION, Check::Http)
}

/// `http_protocol("network.protocol")`
pub(crate) const fn http_protocol(path: &'static str) -> Target {
    Target::check(path, &HTTP_PROTOCOL, Check::Http)
}

/// `http_outcome("event.outcome")`
pub(crate) const fn http_outcome(path: &'static str) -> Target {
    Target::check(path, &HTTP_OUTCOME, Check::HttpOutcome)
}

/// `tls_protocol("tls.version_protocol")`
pub(crate) const fn tls_protocol(path: &'static str) -> Target {
    Target::check(path, &TLS_PROTOCOL, Check::Tls)
}

/// `tls_version("tls.version")`
pub(crate) const fn tls_version(path: &'static str) -> Target {
    Target::check(path, &TLS_VERSION, Check::Tls)
}

static HTTP_VERSION: Conversion = Conversion {
    name: "http_version",
    about: for_pages("`1.1` of `HTTP/1.1` or `HTTP 1.1`."),
    outputs: &[Output::text(Place::Path, Form::ProtocolVersion)],
    ..Conversion::BASE
};

static HTTP_PROTOCOL: Conversion = Conversion {
    name: "http_protocol",
    about: for_pages("`http` of `HTTP/1.1`."),
    outputs: &[Output::text(Place::Path, Form::ProtocolName)],
    ..Conversion::BASE
};

static HTTP_OUTCOME: Conversion = Conversion {
    name: "http_outcome",
    about: for_pages("`success` of an HTTP status below 400, `failure` of another."),
    outputs: &[Output::text(Place::Path, Form::Word)],
    ..Conversion::BASE
};

static TLS_PROTOCOL: Conversion = Conversion {
    name: "tls_protocol",
    about: for_pages(
        "`tls` of `TLSv1.3` or `TLS 1.3`; `none`, `NONE`, `UNK` and `unknown` are no TLS.",
    ),
    outputs: &[Output::text(Place::Path, Form::ProtocolName)],
    ..Conversion::BASE
};

static TLS_VERSION: Conversion = Conversion {
    name: "tls_version",
    about: for_pages("`1.3` of `TLSv1.3` or `TLS 1.3`."),
    outputs: &[Output::text(Place::Path, Form::ProtocolVersion)],
    ..Conversion::BASE
};

pub(super) fn check_http(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    CheckResult::valid(input.is_text() && http(input.bytes(), input.value.span, finding))
}

pub(super) fn check_tls(input: Input<'_>, _: &mut Workspace, finding: &mut Finding) -> CheckResult {
    let bytes = input.bytes();
    if is_placeholder(bytes) {
        return CheckResult::Nothing;
    }
    CheckResult::valid(input.is_text() && tls(bytes, input.value.span, finding))
}

#[inline(never)]
pub(super) fn check_http_outcome(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let number = whole_number(input.bytes()).unwrap_or_default();
    match &*number {
        // 0 is Cloudflare's way to say "none".
        b"0" => CheckResult::Nothing,
        [b'1'..=b'3', _, _] => finding.word("success"),
        [b'4'..=b'9', _, _] => finding.word("failure"),
        _ => CheckResult::Invalid,
    }
}

pub(super) fn name(found: Found<'_>) -> Piece {
    match found.finding {
        Finding::Protocol(name, _) => Piece::Word(name),
        _ => Piece::None,
    }
}

pub(super) fn version(found: Found<'_>) -> Piece {
    match found.finding {
        Finding::Protocol(_, version) => Piece::Place(*version),
        _ => Piece::None,
    }
}

/// `HTTP/1.1`, `HTTP/2`, `HTTP 1.1`.
#[inline(never)]
fn http(bytes: &[u8], span: Span, finding: &mut Finding) -> bool {
    let Some((name, version)) = bytes.split_at_checked(5) else {
        return false;
    };
    let is_http = name.eq_ignore_ascii_case(b"HTTP/") || name.eq_ignore_ascii_case(b"HTTP ");
    if !is_http || !is_version(version) {
        return false;
    }
    *finding = Finding::Protocol(
        "http",
        Span {
            start: span.start + 5,
            end: span.end,
        },
    );
    true
}

/// `TLSv1.3`, `TLS 1.3`, `SSLv3`.
#[inline(never)]
fn tls(bytes: &[u8], span: Span, finding: &mut Finding) -> bool {
    let Some((name, version)) = bytes.split_at_checked(4) else {
        return false;
    };
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    let name = if is(b"TLSv") || is(b"TLS ") {
        "tls"
    } else if is(b"SSLv") || is(b"SSL ") {
        "ssl"
    } else {
        return false;
    };
    if !is_version(version) {
        return false;
    }
    *finding = Finding::Protocol(
        name,
        Span {
            start: span.start + 4,
            end: span.end,
        },
    );
    true
}

/// `2`, `1.1`.
fn is_version(bytes: &[u8]) -> bool {
    match bytes {
        [major] => major.is_ascii_digit(),
        [major, b'.', minor] => major.is_ascii_digit() && minor.is_ascii_digit(),
        _ => false,
    }
}
