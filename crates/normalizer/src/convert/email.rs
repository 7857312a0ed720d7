//! `attachments`, `hosts`: the attachments of a message, and the hosts of its links and addresses.

use crate::bytes::span::Span;
use crate::bytes::text::for_pages;
use crate::convert::check::{Check, Form};
use crate::convert::extract::Extract;
use crate::convert::finding::{CheckResult, Finding, Input, Workspace};
use crate::convert::hash::is_none;
use crate::convert::hash_algorithm::Algorithm;
use crate::convert::host_parts::Part;
use crate::convert::piece::Piece;
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::record::nested::elements;
use crate::record::nested::member;
use crate::record::{Value, ValueKind};

/// `attachments("email.attachments")`
pub(crate) const fn attachments(path: &'static str) -> Target {
    Target::check(path, &ATTACHMENTS, Check::Attachments)
}

/// `hosts("related.hosts")`
pub(crate) const fn hosts(path: &'static str) -> Target {
    Target::check(path, &HOSTS, Check::Hosts)
}

static ATTACHMENTS: Conversion = Conversion {
    name: "attachments",
    about: for_pages(
        "The attachments of a message, a list of objects; their hashes go to `related.hash`.",
    ),
    outputs: &[
        Output::value(Place::Path, Form::Objects),
        Output::value(Place::Field("related.hash"), Form::Extracted),
    ],
    ..Conversion::BASE
};

static HOSTS: Conversion = Conversion {
    name: "hosts",
    about: for_pages(
        "The hosts of a list (or one) of links and mail addresses, in lower case, to an ECS field that is a list; address literals go to `related.ip` instead.",
    ),
    outputs: &[
        Output::value(Place::Path, Form::Extracted),
        Output::value(Place::Field("related.ip"), Form::Addresses),
    ],
    ..Conversion::BASE
};

#[inline(never)]
pub(super) fn check_attachments(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let Some(attachments) = read_attachments(input.text, input.value) else {
        return CheckResult::Nothing;
    };
    *finding = workspace.add_extract(attachments);
    CheckResult::Found
}

#[inline(never)]
pub(super) fn check_hosts(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let Some(hosts) = read_hosts(input.text, input.value, workspace) else {
        return CheckResult::Nothing;
    };
    *finding = workspace.add_extract(hosts);
    CheckResult::Found
}

/// Cloudflare's names of hashes, and ECS's.
const HASHES: [(&str, &str); 4] = [
    ("Md5", "md5"),
    ("Sha1", "sha1"),
    ("Sha256", "sha256"),
    ("Ssdeep", "ssdeep"),
];

/// The attachments of a list of objects, as `email.attachments`; their hashes are the texts.
fn read_attachments(text: &[u8], value: &Value) -> Option<Extract> {
    let mut found = Extract::default();
    for attachment in elements(text, value) {
        let said = |name: &str| {
            let value = member(text, &attachment, name);
            let insides = core::str::from_utf8(value.span.of(text)).ok();
            insides.filter(|_| value.kind == ValueKind::Text)
        };
        let mut hashes = Vec::new();
        for (theirs, ours) in HASHES {
            let Some(hash) = said(theirs).filter(|hash| !is_none(hash.as_bytes())) else {
                continue;
            };
            // A hash in another's place is told by its length.
            let name = match Algorithm::of(hash.as_bytes()) {
                Some(algorithm) => algorithm.name(),
                None => ours,
            };
            let hash_of_file = format!("\"{name}\":\"{hash}\"");
            if !hashes
                .iter()
                .any(|known: &String| known.starts_with(&format!("\"{name}\"")))
            {
                hashes.push(hash_of_file);
            }
            found.add(hash);
        }
        let mut file = Vec::new();
        if let Some(extension) = said("Name").and_then(extension) {
            file.push(format!("\"extension\":\"{extension}\""));
        }
        if !hashes.is_empty() {
            file.push(format!("\"hash\":{{{}}}", hashes.join(",")));
        }
        // What Cloudflare found goes before what the sender claims.
        if let Some(kind) = said("ContentTypeComputed").or_else(|| said("ContentTypeProvided")) {
            file.push(format!("\"mime_type\":\"{kind}\""));
        }
        if let Some(name) = said("Name") {
            file.push(format!("\"name\":\"{name}\""));
        }
        if !file.is_empty() {
            found
                .objects
                .push(if found.objects.is_empty() { '[' } else { ',' });
            found
                .objects
                .push_str(&format!("{{\"file\":{{{}}}}}", file.join(",")));
        }
    }
    if found.objects.is_empty() {
        return None;
    }
    found.objects.push(']');
    Some(found)
}

/// `exe` of `invoice.pdf.exe`.
fn extension(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    let is_plain = !extension.is_empty() && extension.chars().all(char::is_alphanumeric);
    (is_plain && !stem.is_empty()).then_some(extension)
}

/// The hosts of a list (or one) of links and mail addresses.
fn read_hosts(text: &[u8], value: &Value, workspace: &mut Workspace) -> Option<Extract> {
    let mut found = Extract::default();
    for element in elements(text, value).filter(|element| element.kind == ValueKind::Text) {
        let json = element.json_span().of(text);
        let Ok(address) = serde_json::from_slice::<String>(json) else {
            continue;
        };
        match host_of(&address, workspace) {
            Some(Related::Host(host)) => found.add(&host),
            Some(Related::Ip(ip)) => found.add_address(&ip),
            None => {}
        }
    }
    (!found.texts.is_empty() || !found.addresses.is_empty()).then_some(found)
}

/// What a link or a mail address leads to.
#[derive(Debug, PartialEq, Eq)]
enum Related {
    Host(String),
    Ip(String),
}

/// `www.example.com` of `https://www.Example.com:8443/a`, `example.com` of `a@example.com`.
fn host_of(address: &str, workspace: &mut Workspace) -> Option<Related> {
    let host = match address.split_once("://") {
        Some((_, rest)) => {
            let authority = rest.split(['/', '?', '#', '\\']).next()?;
            authority.rsplit('@').next()?
        }
        None => address.rsplit_once('@')?.1.trim_end_matches('>'),
    };
    let whole = Span::new(0, host.len());
    let hosts = &mut workspace.hosts;
    let found = hosts.find(host.as_bytes(), whole, &mut workspace.copies);
    let part = |part| match workspace.hosts.part(found, part) {
        Piece::Place(place) => Some(place.of(host.as_bytes())),
        Piece::Copied(place) => Some(place.of(workspace.copies.written())),
        _ => None,
    };
    let owned = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    if let Some(ip) = part(Part::Ip) {
        return Some(Related::Ip(owned(ip)));
    }
    let name = owned(part(Part::Name)?);
    let is_plain =
        |character: char| character.is_alphanumeric() || matches!(character, '-' | '.' | '_');
    name.chars().all(is_plain).then_some(Related::Host(name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::record::nested::value_at;

    #[test]
    fn hosts_are_those_of_links_and_addresses() {
        let host = |name: &str| Some(Related::Host(name.to_owned()));
        let ip = |address: &str| Some(Related::Ip(address.to_owned()));
        for (address, expected) in [
            ("https://www.example.com/a?b=c@d", host("www.example.com")),
            ("https://u:p@www.Example.COM:8443", host("www.example.com")),
            ("http://example.com.", host("example.com")),
            ("http://example.com:/a", host("example.com")),
            ("https://bücher.example?q", host("bücher.example")),
            (r"https://a.example\b", host("a.example")),
            ("a@Example.com", host("example.com")),
            ("Jane <jane@mail.example.org>", host("mail.example.org")),
            ("mailto:a@b.example", host("b.example")),
            ("http://203.0.113.5/x", ip("203.0.113.5")),
            ("http://[2001:db8::1]:80/", ip("2001:db8::1")),
            ("http://[::ffff:cb00:7105]/", ip("203.0.113.5")),
            ("a@[203.0.113.5]", ip("203.0.113.5")),
            ("https://", None),
            ("a@", None),
            ("a@b c", None),
            ("https://a\"b/", None),
            ("www.example.com/x", None),
            ("", None),
        ] {
            assert_eq!(
                host_of(address, &mut Workspace::new()),
                expected,
                "{address}"
            );
        }
    }

    #[test]
    fn attachments_have_their_names_and_hashes() {
        let read = |text: &str| {
            let value = value_at(text.as_bytes(), 0).unwrap();
            read_attachments(text.as_bytes(), &value).map(|found| (found.objects, found.texts))
        };
        assert_eq!(
            read(r#"[{"Name":"a\"b.html","ContentTypeComputed":"text/html","Md5":"0c","Sha256":"ca","Encrypted":true},{"Md5":"0c","ContentTypeProvided":"x/y"}]"#),
            Some((
                r#"[{"file":{"extension":"html","hash":{"md5":"0c","sha256":"ca"},"mime_type":"text/html","name":"a\"b.html"}},{"file":{"hash":{"md5":"0c"},"mime_type":"x/y"}}]"#.to_owned(),
                vec!["0c".to_owned(), "ca".to_owned()],
            ))
        );
        for none in [
            "[]",
            "[{}]",
            "[1]",
            r#"[{"Name":7,"Md5":""}]"#,
            r#""a""#,
            "{}",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
