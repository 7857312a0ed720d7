//! The conversions of the table's vocabulary: what a value turns out to be.

use core::net::Ipv6Addr;

use crate::country;
use crate::domain::{Host, HostCache};
use crate::record::{Kind, Span, Value};
use crate::table::Target;
use crate::text::question_mark;
use crate::timestamp::Time;

/// What a field's value must be for its targets to take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Anything.
    None,
    /// No object and no list.
    Scalar,
    /// As `Scalar`, and compared with known words.
    Word,
    Integer,
    Ip,
    Time,
    Host,
    Query,
    Http,
    Tls,
    Country,
}

/// What was found out about a value, for its targets to write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Fact {
    /// The value is absent, or is not what its targets need.
    #[default]
    None,
    /// The value is fit to be written as it stands.
    Fit,
    /// The value's text, with the places of its parts in it.
    Host(Span, Host),
    Time(Time),
    Country([u8; 2], &'static str),
    /// A protocol: its name, and the version as it stands in the text.
    Protocol(&'static str, Span),
    /// The text without what introduces it.
    Remainder(Span),
}

impl Fact {
    #[inline(always)]
    fn fit(&mut self, is_fit: bool) -> bool {
        if is_fit {
            *self = Self::Fit;
        }
        is_fit
    }
}

impl Check {
    /// The check that a target asks for.
    pub(crate) fn of(target: Target) -> Self {
        match target {
            Target::Text(_) | Target::Module(_) => Self::Scalar,
            Target::ActionType(_) => Self::Word,
            Target::Integer(_) => Self::Integer,
            Target::Ip(_) => Self::Ip,
            Target::Timestamp(_) => Self::Time,
            Target::Domain(_) | Target::Host(_) | Target::Port(_) => Self::Host,
            Target::Query(_) => Self::Query,
            Target::HttpVersion(_) | Target::HttpProtocol(_) => Self::Http,
            Target::TlsProtocol(_) | Target::TlsVersion(_) => Self::Tls,
            Target::CountryCode(_) | Target::CountryName(_) => Self::Country,
            Target::Keep(_) => Self::None,
        }
    }

    /// Looks at a value that is not absent, and notes in `fact` what was found out; answers whether
    /// the targets can take it.
    ///
    /// A text may still have escapes: what is cut out of it or compared needs none, and where a
    /// backslash is left, none of these checks passes.
    ///
    /// Every arm writes its fact where it belongs: in wasm a fact that is handed on is a call of
    /// `memory.copy`.
    #[inline(always)]
    pub(crate) fn look(
        self,
        value: &Value,
        text: &[u8],
        hosts: &mut HostCache,
        fact: &mut Fact,
    ) -> bool {
        let bytes = value.span.of(text);
        let is_text = value.kind == Kind::Text;
        match self {
            Self::None => fact.fit(true),
            Self::Scalar | Self::Word => fact.fit(value.kind != Kind::Nested),
            Self::Integer => {
                fact.fit(matches!(value.kind, Kind::Text | Kind::Number) && is_integer(bytes))
            }
            Self::Ip => fact.fit(is_text && is_ip(bytes)),
            Self::Time => matches!(value.kind, Kind::Text | Kind::Number) && time(bytes, fact),
            Self::Host => {
                if is_text {
                    *fact = Fact::Host(value.span, hosts.host(bytes));
                }
                is_text
            }
            Self::Query => {
                let start = value.span.start + question_mark(bytes) as u32;
                let has_rest = is_text && start < value.span.end;
                if has_rest {
                    *fact = Fact::Remainder(Span {
                        start,
                        end: value.span.end,
                    });
                }
                has_rest
            }
            Self::Http => is_text && http(bytes, value.span, fact),
            Self::Tls => is_text && tls(bytes, value.span, fact),
            Self::Country => is_text && country(bytes, fact),
        }
    }

    /// Whether the check reads the text itself, so that escapes must be resolved before it.
    pub(crate) fn reads_text(self) -> bool {
        !matches!(self, Self::None | Self::Scalar | Self::Query)
    }
}

/// What a security action means for `event.type`; the list of actions is open.
pub(crate) fn action_type(action: &[u8]) -> &'static str {
    // The longest known has 36 letters.
    let mut lower = [0; 40];
    let Some(lower) = lower.get_mut(..action.len()) else {
        return "info";
    };
    lower.copy_from_slice(action);
    lower.make_ascii_lowercase();
    match &*lower {
        b"allow"
        | b"bypass"
        | b"skip"
        | b"challengesolved"
        | b"challengebypassed"
        | b"jschallengesolved"
        | b"jschallengebypassed"
        | b"managedchallengeskipped"
        | b"managedchallengenoninteractivesolved"
        | b"managedchallengeinteractivesolved"
        | b"managedchallengebypassed" => "allowed",
        b"block" | b"challengefailed" | b"jschallengefailed" | b"managedchallengefailed" => {
            "denied"
        }
        b"connectionclose" | b"forceconnectionclose" => "end",
        // A challenge holds the request back without deciding on it; so do the newest actions.
        _ => "info",
    }
}

/// Whether `bytes` are an integer of 64 bits that JSON can write as it stands: `-0` is read as a float.
fn is_integer(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let plain = !digits.is_empty()
        && digits.iter().all(u8::is_ascii_digit)
        && (digits.first() != Some(&b'0') || bytes == b"0");
    // 18 digits always fit.
    plain
        && (digits.len() <= 18
            || core::str::from_utf8(bytes).is_ok_and(|text| text.parse::<i64>().is_ok()))
}

/// Whether `bytes` are an IPv4 or IPv6 address.
#[inline(never)]
fn is_ip(bytes: &[u8]) -> bool {
    is_ipv4(bytes)
        || (bytes.contains(&b':')
            && core::str::from_utf8(bytes).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok()))
}

/// The same as the standard library's parser, at a third of its price.
fn is_ipv4(bytes: &[u8]) -> bool {
    // The longest is 255.255.255.255.
    if !(7..=15).contains(&bytes.len()) {
        return false;
    }
    let (mut dots, mut number, mut digits) = (0, 0_u32, 0);
    for byte in bytes {
        match byte {
            b'0'..=b'9' => {
                // No leading zeros: they are octal to some.
                if digits > 0 && number == 0 {
                    return false;
                }
                number = number * 10 + u32::from(byte - b'0');
                digits += 1;
                if number > 255 {
                    return false;
                }
            }
            b'.' if digits > 0 => {
                dots += 1;
                (number, digits) = (0, 0);
            }
            _ => return false,
        }
    }
    dots == 3 && digits > 0
}

#[inline(never)]
fn time(bytes: &[u8], fact: &mut Fact) -> bool {
    let Some(time) = Time::parse(bytes) else {
        return false;
    };
    *fact = Fact::Time(time);
    true
}

/// `HTTP/1.1`, `HTTP/2`.
#[inline(never)]
fn http(bytes: &[u8], span: Span, fact: &mut Fact) -> bool {
    let Some((name, version)) = bytes.split_at_checked(5) else {
        return false;
    };
    if !name.eq_ignore_ascii_case(b"HTTP/") || !is_version(version) {
        return false;
    }
    *fact = Fact::Protocol(
        "http",
        Span {
            start: span.start + 5,
            end: span.end,
        },
    );
    true
}

/// `TLSv1.3`, `SSLv3`; `none` and `unknown` are kept.
#[inline(never)]
fn tls(bytes: &[u8], span: Span, fact: &mut Fact) -> bool {
    let Some((name, version)) = bytes.split_at_checked(4) else {
        return false;
    };
    let name = if name.eq_ignore_ascii_case(b"TLSv") {
        "tls"
    } else if name.eq_ignore_ascii_case(b"SSLv") {
        "ssl"
    } else {
        return false;
    };
    if !is_version(version) {
        return false;
    }
    *fact = Fact::Protocol(
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

#[inline(never)]
fn country(bytes: &[u8], fact: &mut Fact) -> bool {
    let [first, second] = bytes else {
        return false;
    };
    let code = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
    let Some(name) = country::name(code) else {
        return false;
    };
    *fact = Fact::Country(code, name);
    true
}

#[cfg(test)]
mod tests {
    use core::net::{IpAddr, Ipv4Addr};

    use super::*;

    #[test]
    fn addresses_are_those_of_the_standard_library() {
        for text in [
            "1.2.3.4",
            "255.255.255.255",
            "0.0.0.0",
            "256.1.1.1",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1..2.3",
            ".1.2.3",
            "1.2.3.",
            "1.2.3.4 ",
            "a.b.c.d",
            "",
            "::",
            "::1",
            "2001:db8::1",
            "2001:db8::1%eth0",
            "::ffff:1.2.3.4",
            "1:2:3:4:5:6:7:8:9",
            "00.0.0.0",
            "1.2.3.004",
        ] {
            assert_eq!(
                is_ip(text.as_bytes()),
                text.parse::<IpAddr>().is_ok(),
                "{text}"
            );
            assert_eq!(
                is_ipv4(text.as_bytes()),
                text.parse::<Ipv4Addr>().is_ok(),
                "{text}"
            );
        }
    }
}
