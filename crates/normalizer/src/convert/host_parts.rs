//! The parts of a host's name, by the public suffix list.

use crate::bytes::span::Span;
use crate::convert::public_suffix::icann_suffix;

/// A part of a host that is a field of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The name; nothing of an address literal.
    Name,
    /// The name, or the address literal.
    Any,
    Registered,
    Subdomain,
    TopLevel,
    Port,
    /// The address, of an address literal.
    Ip,
}

impl Part {
    /// All of them, in their order.
    pub(crate) const ALL: [Self; 7] = [
        Self::Name,
        Self::Any,
        Self::Registered,
        Self::Subdomain,
        Self::TopLevel,
        Self::Port,
        Self::Ip,
    ];
}

/// The name's parts: `www` `example` `co.uk` of `www.example.co.uk`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Where the registered domain begins; the subdomain is what stands before its dot.
    registered: u16,
    /// Where the top-level domain (the public suffix) begins.
    top_level: u16,
    /// Where it ends.
    end: u16,
}

impl Parts {
    /// The place of a part of the name that stands at `name`.
    pub(super) fn place(self, name: Span, part: Part) -> Span {
        let (start, end) = match part {
            Part::Registered => (self.registered, self.end),
            Part::Subdomain => (0, self.registered.saturating_sub(1)),
            _ => (self.top_level, self.end),
        };
        Span {
            start: name.start + u32::from(start),
            end: name.start + u32::from(end),
        }
    }
}

/// The parts of a host's name.
pub(super) fn parts(name: &[u8]) -> Option<Parts> {
    let is_well_formed = !name
        .iter()
        .any(|byte| matches!(byte, b'"' | b'\\' | b':' | b'/' | b'[' | 0..=b' '));
    match is_well_formed {
        true => dns_parts(name),
        false => None,
    }
}

/// The parts of a name of DNS, whose labels may hold any byte (RFC 2181, section 11); it stands in the
/// form that it has between JSON's quotes.
pub(super) fn dns_parts(name: &[u8]) -> Option<Parts> {
    // The list is in lower case; of the bytes of a name only letters have a case.
    let lower = name.to_ascii_lowercase();
    let has_empty_label = lower.split(|&byte| byte == b'.').any(<[u8]>::is_empty);
    if has_empty_label {
        return None;
    }
    let suffix = icann_suffix(&lower)?;
    let top_level = lower.len() - suffix;
    let before = lower.get(..top_level)?.strip_suffix(b".")?;
    if is_escaped(before) {
        return None;
    }
    let mut start = before.len();
    let registered = loop {
        let ahead = before.get(..start)?;
        match ahead.iter().rposition(|&byte| byte == b'.') {
            // A dot behind a backslash is part of its label.
            Some(dot) if is_escaped(before.get(..dot)?) => start = dot,
            Some(dot) => break dot + 1,
            None => break 0,
        }
    };
    Some(Parts {
        registered: registered as u16,
        top_level: top_level as u16,
        end: lower.len() as u16,
    })
}

/// Whether what comes behind is escaped: JSON has each of the name's backslashes twice.
fn is_escaped(before: &[u8]) -> bool {
    let backslashes = before
        .iter()
        .rev()
        .take_while(|&&byte| byte == b'\\')
        .count();
    backslashes / 2 % 2 == 1
}
