//! The conversions of the table's vocabulary: what a value turns out to be.

pub(crate) mod base64;
pub(crate) mod country;
pub(crate) mod dns;
pub(crate) mod email;
pub(crate) mod extract;
pub(crate) mod host;
pub(crate) mod public_suffix;
pub(crate) mod time;
pub(crate) mod url;
pub(crate) mod word_cache;

use core::net::Ipv6Addr;

use crate::bytes::text::question_mark;
use crate::convert::extract::Extract;
use crate::convert::host::{Host, HostCache};
use crate::convert::time::Time;
use crate::convert::url::UrlParts;
use crate::convert::word_cache::WordCache;
use crate::mapping::Words;
use crate::record::nested::elements;
use crate::record::{Kind, Span, Value};

/// What a field's value must be for a target to take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// No object and no list.
    Scalar,
    Integer,
    /// An integer above 0.
    Positive,
    Float,
    Ip,
    /// A list of texts, numbers and booleans, or one of them.
    Texts,
    /// A list of addresses, or one.
    Ips,
    /// A list of texts, of which one is not empty, or one text.
    First,
    Time,
    Milliseconds,
    Host,
    Url,
    Uri,
    Query,
    Http,
    HttpOutcome,
    Tls,
    Country,
    Action,
    /// A list of DNS records.
    Answers(Words),
    /// A list of attachments.
    Attachments,
    /// Links and mail addresses.
    Hosts,
    Words(Words, Mode),
}

/// What a word that a list does not have is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// News.
    Closed,
    /// None of our business.
    Open,
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
    /// A part of the text.
    Place(Span),
    Word(&'static str),
    Number(u64),
    /// Number of the address in [`Findings::urls`].
    Url(u16),
    /// Number of what was drawn out, in [`Findings::extracts`].
    Extract(u16),
}

/// What a check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There is a fact.
    Found,
    /// The value is sound, but says nothing to these targets: it must be kept elsewhere.
    Nothing,
    /// A sound value, of which its list of words has none.
    UnknownWord,
    /// The value is not what the targets need.
    Invalid,
}

/// What checks work with, and facts that are too large for their place.
#[derive(Debug)]
pub(crate) struct Findings {
    hosts: HostCache,
    words: WordCache,
    pub(crate) urls: Vec<UrlParts>,
    pub(crate) extracts: Vec<Extract>,
}

impl Findings {
    pub(crate) fn new() -> Self {
        Self {
            hosts: HostCache::new(),
            words: WordCache::default(),
            urls: Vec::new(),
            extracts: Vec::new(),
        }
    }

    fn add(&mut self, url: UrlParts) -> Fact {
        self.urls.push(url);
        Fact::Url(self.urls.len() as u16 - 1)
    }

    fn add_extract(&mut self, extract: Extract) -> Fact {
        self.extracts.push(extract);
        Fact::Extract(self.extracts.len() as u16 - 1)
    }

    /// Forgets what belongs to the last record.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.urls.clear();
        self.extracts.clear();
    }
}

impl Check {
    /// Looks at a value that is not absent, and notes in `fact` what was found out. `step` is the
    /// check's number in its plan.
    ///
    /// A text may still have escapes: what is cut out of it or compared needs none, and where a
    /// backslash is left, none of these checks passes.
    ///
    /// Every arm writes its fact where it belongs: in wasm a fact that is handed on is a call of
    /// `memory.copy`.
    #[inline(always)]
    pub(crate) fn look(
        self,
        step: usize,
        value: &Value,
        text: &[u8],
        findings: &mut Findings,
        fact: &mut Fact,
    ) -> Outcome {
        let bytes = value.span.of(text);
        let is_text = value.kind == Kind::Text;
        let is_number = matches!(value.kind, Kind::Text | Kind::Number);
        match self {
            Self::Scalar => fact.fit(value.kind != Kind::Nested),
            Self::Integer => fact.fit(is_number && is_integer(bytes)),
            Self::Ip => valid(is_text && ip(bytes, value.span, fact)),
            Self::Time => valid(is_number && time(bytes, fact)),
            Self::Host => {
                if is_text {
                    *fact = Fact::Host(value.span, findings.hosts.host(bytes));
                }
                valid(is_text)
            }
            Self::Query => {
                let start = value.span.start + question_mark(bytes) as u32;
                let place = Span {
                    start,
                    end: value.span.end,
                };
                valid(is_text && fact.place(place))
            }
            Self::Http => valid(is_text && http(bytes, value.span, fact)),
            Self::Tls => valid(is_text && tls(bytes, value.span, fact)),
            Self::Country => valid(is_text && country(bytes, fact)),
            Self::Action | Self::Words(..) => self.word(step, value, bytes, findings, fact),
            _ => self.look_further(value, text, findings, fact),
        }
    }

    /// The checks that few fields ask for.
    #[inline(never)]
    fn look_further(
        self,
        value: &Value,
        text: &[u8],
        findings: &mut Findings,
        fact: &mut Fact,
    ) -> Outcome {
        let bytes = value.span.of(text);
        let is_text = value.kind == Kind::Text;
        let is_number = matches!(value.kind, Kind::Text | Kind::Number);
        match self {
            Self::Positive if is_number && is_integer(bytes) => {
                if bytes == b"0" || bytes.first() == Some(&b'-') {
                    return Outcome::Nothing;
                }
                fact.fit(true)
            }
            Self::Float => fact.fit(is_number && is_number_text(bytes)),
            Self::Texts => fact.elements(text, value, |element| element.kind != Kind::Nested),
            Self::Ips => fact.elements(text, value, |element| {
                element.kind == Kind::Text && is_ip(element.span.of(text))
            }),
            Self::First => {
                match elements(text, value).find(|element| element.kind != Kind::Nested) {
                    Some(element) => {
                        *fact = Fact::Place(element.span);
                        Outcome::Found
                    }
                    None => Outcome::Nothing,
                }
            }
            Self::Milliseconds if is_number => match nanoseconds(bytes) {
                Some(number) => {
                    *fact = Fact::Number(number);
                    Outcome::Found
                }
                None => Outcome::Invalid,
            },
            Self::Url if is_text => {
                let url = url::url(bytes, value.span, &mut findings.hosts);
                *fact = findings.add(url);
                Outcome::Found
            }
            Self::Uri if is_text => {
                *fact = findings.add(url::uri(bytes, value.span));
                Outcome::Found
            }
            Self::Answers(types) => {
                match dns::answers(value.json_span().of(text), types) {
                    Some(answers) => {
                        let is_whole = answers.is_whole;
                        *fact = findings.add_extract(answers);
                        match is_whole {
                            true => Outcome::Found,
                            false => Outcome::Nothing,
                        }
                    }
                    // An empty list, as text too.
                    None if matches!(bytes, b"[]") => Outcome::Nothing,
                    None => Outcome::Invalid,
                }
            }
            Self::Attachments => match email::attachments(text, value) {
                Some(attachments) => {
                    *fact = findings.add_extract(attachments);
                    Outcome::Found
                }
                None => Outcome::Nothing,
            },
            Self::Hosts => match email::hosts(text, value, &mut findings.hosts) {
                Some(hosts) => {
                    *fact = findings.add_extract(hosts);
                    Outcome::Found
                }
                None => Outcome::Nothing,
            },
            Self::HttpOutcome => match bytes {
                // 0 is Cloudflare's way to say "none".
                b"0" => Outcome::Nothing,
                [b'1'..=b'3', _, _] if is_integer(bytes) => fact.word("success"),
                [b'4'..=b'9', _, _] if is_integer(bytes) => fact.word("failure"),
                _ => Outcome::Invalid,
            },
            _ => Outcome::Invalid,
        }
    }

    /// The checks that compare a value with words.
    #[inline(never)]
    fn word(
        self,
        step: usize,
        value: &Value,
        bytes: &[u8],
        findings: &mut Findings,
        fact: &mut Fact,
    ) -> Outcome {
        if value.kind == Kind::Nested {
            return Outcome::Invalid;
        }
        let (outcome, word) = findings.words.get(step, bytes, || match self {
            Self::Words(words, mode) => look_up(words, mode, bytes),
            _ => (Outcome::Found, action_type(bytes)),
        });
        if !word.is_empty() {
            *fact = Fact::Word(word);
        }
        outcome
    }

    /// Whether the check reads the text itself, so that escapes must be resolved before it.
    pub(crate) fn reads_text(self) -> bool {
        !matches!(
            self,
            Self::Scalar | Self::Query | Self::Answers(_) | Self::Attachments | Self::Hosts
        )
    }
}

impl Fact {
    #[inline(always)]
    fn fit(&mut self, is_fit: bool) -> Outcome {
        if is_fit {
            *self = Self::Fit;
        }
        valid(is_fit)
    }

    /// The elements of a list, if there are any and all of them are fit.
    fn elements(&mut self, text: &[u8], value: &Value, is_fit: impl Fn(&Value) -> bool) -> Outcome {
        let mut outcome = Outcome::Nothing;
        for element in elements(text, value) {
            if !is_fit(&element) {
                return Outcome::Invalid;
            }
            outcome = Outcome::Found;
        }
        if outcome == Outcome::Found {
            *self = Self::Fit;
        }
        outcome
    }

    fn word(&mut self, word: &'static str) -> Outcome {
        *self = Self::Word(word);
        Outcome::Found
    }

    fn place(&mut self, place: Span) -> bool {
        let is_any = place.start < place.end;
        if is_any {
            *self = Self::Place(place);
        }
        is_any
    }
}

#[inline(always)]
fn valid(is_valid: bool) -> Outcome {
    if is_valid {
        Outcome::Found
    } else {
        Outcome::Invalid
    }
}

/// The word of a list for one of Cloudflare's; `""` where there is none.
fn look_up(words: Words, mode: Mode, bytes: &[u8]) -> (Outcome, &'static str) {
    let find = |wanted: &[u8]| {
        words
            .iter()
            .find(|(theirs, _)| theirs.as_bytes().eq_ignore_ascii_case(wanted))
            .map(|(_, ours)| *ours)
    };
    match (find(bytes).filter(|_| bytes != b"*"), mode) {
        (Some(word), _) => (Outcome::Found, word),
        (None, Mode::Open) => (Outcome::Found, ""),
        (None, Mode::Closed) => (Outcome::UnknownWord, find(b"*").unwrap_or_default()),
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

/// Notes where an address stands: that of IPv4 in `::ffff:192.0.2.1`, which a socket of IPv6 says of
/// a peer of IPv4, so that rules which compare addresses find it.
#[inline(always)]
fn ip(bytes: &[u8], span: Span, fact: &mut Fact) -> bool {
    if is_ipv4(bytes) {
        return fact.fit(true) == Outcome::Found;
    }
    is_ip(bytes) && ipv6(bytes, span, fact)
}

#[inline(never)]
fn ipv6(bytes: &[u8], span: Span, fact: &mut Fact) -> bool {
    *fact = match bytes.split_at_checked(MAPPED.len()) {
        Some((mark, rest)) if mark.eq_ignore_ascii_case(MAPPED) && is_ipv4(rest) => {
            Fact::Place(Span {
                start: span.start + MAPPED.len() as u32,
                ..span
            })
        }
        _ => Fact::Fit,
    };
    true
}

/// What stands before an IPv4 address that is written as one of IPv6 (RFC 4291, section 2.5.5.2).
const MAPPED: &[u8] = b"::ffff:";

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

/// Whether `bytes` are a number by JSON's grammar.
fn is_number_text(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Number>(bytes).is_ok()
}

/// Milliseconds, whole or with a fraction, as nanoseconds.
fn nanoseconds(bytes: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(bytes).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // What is below a nanosecond falls away.
    let fraction = fraction.get(..6).unwrap_or(fraction);
    let below = match fraction.len() {
        0 => 0,
        len => fraction.parse::<u64>().ok()? * 10_u64.pow(6 - len as u32),
    };
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(below)
        // An integer of ECS is signed.
        .filter(|nanoseconds| i64::try_from(*nanoseconds).is_ok())
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
