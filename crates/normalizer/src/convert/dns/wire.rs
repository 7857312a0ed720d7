//! DNS records in wire format (RFC 1035, section 3.2.1).

use core::fmt::Write as _;
use core::net::{Ipv4Addr, Ipv6Addr};
use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Serialize;

use crate::convert::check::Words;

/// An element of `dns.answers`.
#[derive(Serialize)]
pub(super) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<u32>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<Cow<'static, str>>,
}

/// Base64 as Cloudflare and others write it. The padding is cut off before: it may be there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_suffix("==").or_else(|| text.strip_suffix('='));
    BASE64.decode(digits.unwrap_or(text)).ok()
}

/// Reads a whole record in wire format.
pub(super) fn answer(record: &[u8], types: Words) -> Option<Answer> {
    let mut wire = Wire(record);
    let name = wire.name()?;
    let kind = type_or_number(wire.short()?, types);
    let class = class_name(wire.short()?);
    let ttl = wire.long()?;
    let length = wire.short()?;
    let rdata = wire.take(length.into())?;
    wire.end()?;
    let data = presented(&kind, rdata)?;
    Some(Answer {
        class: Some(class),
        data: (!data.is_empty()).then_some(data),
        name: Some(name),
        ttl: Some(ttl),
        kind: Some(kind),
    })
}

/// `TYPE65280` where a type has no name (RFC 3597, section 5).
pub(super) fn type_or_number(number: u16, types: Words) -> Cow<'static, str> {
    type_name(number, types).map_or_else(|| format!("TYPE{number}").into(), Cow::Borrowed)
}

/// The name of a class, or `CLASS16` where it has none (RFC 3597, section 5).
pub(super) fn class_name(number: u16) -> Cow<'static, str> {
    match number {
        1 => "IN".into(),
        3 => "CH".into(),
        4 => "HS".into(),
        254 => "NONE".into(),
        255 => "ANY".into(),
        _ => format!("CLASS{number}").into(),
    }
}

/// The name of a record type, such as `CNAME`; `types` has names by the number's text.
fn type_name(number: u16, types: Words) -> Option<&'static str> {
    let number = number.to_string();
    types
        .iter()
        .find(|(text, _)| *text == number)
        .map(|(_, name)| *name)
}

/// The data of a record as text: in base64 where its type is not a common one.
fn presented(kind: &str, rdata: &[u8]) -> Option<String> {
    let mut wire = Wire(rdata);
    let data = match kind {
        "A" => Ipv4Addr::from(wire.array()?).to_string(),
        "AAAA" => Ipv6Addr::from(wire.array()?).to_string(),
        "CNAME" | "NS" | "PTR" | "DNAME" => wire.name()?,
        "MX" => format!("{} {}", wire.short()?, wire.name()?),
        "SRV" => {
            let (priority, weight, port) = (wire.short()?, wire.short()?, wire.short()?);
            format!("{priority} {weight} {port} {}", wire.name()?)
        }
        "SOA" => {
            let mut data = format!("{} {}", wire.name()?, wire.name()?);
            // Serial, refresh, retry, expire, minimum.
            for _ in 0..5 {
                // Writing to a `String` cannot fail.
                let _ = write!(data, " {}", wire.long()?);
            }
            data
        }
        "TXT" | "SPF" => {
            let mut bytes = Vec::with_capacity(rdata.len());
            while !wire.0.is_empty() {
                let [length] = wire.array()?;
                bytes.extend_from_slice(wire.take(length.into())?);
            }
            escaped(&bytes)
        }
        _ => encode(wire.take(rdata.len())?),
    };
    wire.end()?;
    Some(data)
}

/// The bytes of a text, each of which can be told: what is no text is written as `\DDD` (RFC 1035,
/// section 5.1), control characters as ECS has them, and a backslash twice.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let number = |text: &mut String, byte: u8| {
        // Writing to a text does not fail.
        let _ = write!(text, "\\{byte:03}");
    };
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => text.push_str(r"\\"),
                '\t' => text.push_str(r"\t"),
                '\n' => text.push_str(r"\n"),
                '\r' => text.push_str(r"\r"),
                '\0'..='\x1f' | '\x7f' => number(&mut text, character as u8),
                _ => text.push(character),
            }
        }
        for &byte in chunk.invalid() {
            number(&mut text, byte);
        }
    }
    text
}

/// What is left to read of a record in wire format.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn short(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn long(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A name without its final dot, with what is no plain character escaped (RFC 1035, section 5.1).
    fn name(&mut self) -> Option<String> {
        let before = self.0.len();
        let mut name = String::new();
        loop {
            let [length] = self.array()?;
            if length > LABEL_MAX || before - self.0.len() > NAME_MAX {
                return None;
            }
            if length == 0 {
                break;
            }
            if !name.is_empty() {
                name.push('.');
            }
            for &byte in self.take(length.into())? {
                match byte {
                    b'.' | b'\\' => name.extend(['\\', char::from(byte)]),
                    b'!'..=b'~' => name.push(char::from(byte)),
                    // Writing to a text does not fail.
                    _ => drop(write!(name, "\\{byte:03}")),
                }
            }
        }
        if name.is_empty() {
            name.push('.');
        }
        Some(name)
    }

    /// Whether all has been read.
    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// A name in wire format (RFC 1035, section 2.3.4).
const NAME_MAX: usize = 255;

/// Bytes of the longest label. A larger length marks a compression pointer into the message, which
/// is not there.
const LABEL_MAX: u8 = 63;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[rustfmt::skip]
    pub(crate) const TYPES: Words = &[
        ("1", "A"), ("2", "NS"), ("5", "CNAME"), ("6", "SOA"), ("12", "PTR"), ("15", "MX"),
        ("16", "TXT"), ("28", "AAAA"), ("33", "SRV"), ("39", "DNAME"), ("65", "HTTPS"), ("99", "SPF"),
    ];

    const A: u16 = 1;
    const CNAME: u16 = 5;
    const TXT: u16 = 16;

    /// A name in wire format.
    pub(crate) fn name(text: &str) -> Vec<u8> {
        let mut wire = Vec::new();
        for label in text.split('.').filter(|label| !label.is_empty()) {
            wire.push(label.len() as u8);
            wire.extend_from_slice(label.as_bytes());
        }
        wire.push(0);
        wire
    }

    /// A record of class IN and 300 seconds.
    pub(crate) fn record(owner: &[u8], kind: u16, rdata: &[u8]) -> Vec<u8> {
        let mut wire = owner.to_vec();
        wire.extend(kind.to_be_bytes());
        wire.extend([0, 1, 0, 0, 1, 44]);
        wire.extend((rdata.len() as u16).to_be_bytes());
        wire.extend_from_slice(rdata);
        wire
    }

    /// What a record is read as; null where it is none.
    fn read(wire: &[u8]) -> Value {
        serde_json::to_value(answer(wire, TYPES)).unwrap()
    }

    fn is_unreadable(wire: &[u8]) -> bool {
        answer(wire, TYPES).is_none()
    }

    /// The data of a record of `www.example.com`.
    fn data(kind: u16, rdata: &[u8]) -> Value {
        read(&record(&name("www.example.com"), kind, rdata))["data"].clone()
    }

    #[test]
    fn each_type_has_its_form() {
        let v6 = "2001:db8::53".parse::<Ipv6Addr>().unwrap().octets();
        assert_eq!(data(28, &v6), "2001:db8::53");
        assert_eq!(data(5, &name(".")), ".");
        assert_eq!(data(TXT, b"\x03abc\x00\x02de"), "abcde");
        // A character may stand in two texts.
        assert_eq!(data(TXT, b"\x01\xc3\x01\xa9"), "é");
        assert_eq!(data(TXT, b"\x02\xff\""), r#"\255""#);
        assert_eq!(data(TXT, b"\x03a\xff\0"), r"a\255\000");
        assert_eq!(data(TXT, b"\x05\t\n\r\x7f\\"), r"\t\n\r\127\\");
        assert_eq!(data(99, b"\x06v=spf1"), "v=spf1");
        assert_eq!(data(65, b"\x00\x01\x00"), "AAEA");
        assert_eq!(
            data(6, &[&name("a")[..], &name("."), &[255; 20]].concat()),
            "a . 4294967295 4294967295 4294967295 4294967295 4294967295"
        );
        // A text or a record may be empty: there is nothing to say then.
        assert_eq!(data(TXT, b"\0"), Value::Null);
        assert_eq!(data(65, b""), Value::Null);
    }

    #[test]
    fn characters_of_a_name_are_escaped() {
        let owner = b"\x08a.b\\c \"\xc3\x01\x7f\x00";
        assert_eq!(
            read(&record(owner, TXT, b"\x01a"))["name"],
            r#"a\.b\\c\032"\195.\127"#
        );
    }

    #[test]
    fn names_have_their_limits() {
        let label = |length: u8| [vec![length], vec![b'a'; length.into()]].concat();
        // Three labels of 64 bytes, one of 62, and the root.
        let longest = [label(63), label(63), label(63), label(61), vec![0]].concat();
        assert_eq!(longest.len(), NAME_MAX);
        let answer = read(&record(&longest, CNAME, &longest));
        assert_eq!(answer["name"].as_str().map(str::len), Some(253));
        assert_eq!(answer["name"], answer["data"]);
        let too_long = [label(63), label(63), label(63), label(62), vec![0]].concat();
        assert!(is_unreadable(&record(&too_long, A, &[0; 4])));
        assert!(is_unreadable(&record(&name("a"), CNAME, &too_long)));
        assert!(is_unreadable(&record(
            &[label(64), vec![0]].concat(),
            A,
            &[0; 4]
        )));
        assert!(is_unreadable(&record(
            &[label(1).repeat(100_000), vec![0]].concat(),
            A,
            &[0; 4]
        )));
    }

    #[test]
    fn what_is_no_whole_record_is_none() {
        let owner = name("a.example.com");
        for (kind, rdata) in [
            (A, &b"\x01\x02\x03"[..]),
            (A, b"\x01\x02\x03\x04\x05"),
            (28, b"\x01\x02\x03\x04"),
            (CNAME, b""),
            (CNAME, b"\x01a"),
            (CNAME, b"\x01a\x00\x00"),
            // Pointers, alone and behind a label.
            (CNAME, b"\xc0\x0c"),
            (15, b"\x00\x0a\x04mail\xc0\x0c"),
            (15, b"\x00"),
            (TXT, b"\x04abc"),
            (33, b"\x00\x01\x00\x02\x00\x03"),
            (6, b"\x00\x00\x00\x00\x00\x01"),
        ] {
            assert!(
                is_unreadable(&record(&owner, kind, rdata)),
                "{kind} {rdata:?}"
            );
        }
        assert!(is_unreadable(&record(b"\xc0\x0c", A, &[192, 0, 2, 1])));
        assert!(is_unreadable(&record(b"\x01a\xc0\x0c", A, &[192, 0, 2, 1])));

        let whole = record(&owner, A, &[192, 0, 2, 1]);
        assert!(!is_unreadable(&whole));
        for length in 1..whole.len() {
            assert!(is_unreadable(&whole[..length]), "{length}");
        }
        assert!(is_unreadable(&[&whole[..], b"\0"].concat()));
    }

    #[test]
    fn no_byte_of_a_record_is_trusted() {
        let names = [vec![0, 1], name("mail.example.com")].concat();
        for kind in [1, 2, 6, 15, 16, 28, 33, 65] {
            let whole = record(&name("a.example.com"), kind, &names);
            for at in 0..whole.len() {
                for byte in [0, 1, 2, 3, 5, 15, 16, 63, 64, 192, 255] {
                    let mut wire = whole.clone();
                    wire[at] = byte;
                    // Whatever it is read as, that there is none included.
                    let _ = read(&wire);
                }
            }
        }
    }

    #[test]
    fn numbers_without_a_name_are_written_as_rfc_3597_has_them() {
        let mut wire = record(&name("."), 65280, b"\x01");
        wire[4] = 16;
        assert_eq!(
            read(&wire),
            json!({"class": "CLASS16", "data": "AQ==", "name": ".", "ttl": 300, "type": "TYPE65280"})
        );
        for (number, expected) in [
            (1, "IN"),
            (3, "CH"),
            (4, "HS"),
            (254, "NONE"),
            (255, "ANY"),
            (0, "CLASS0"),
        ] {
            assert_eq!(class_name(number), expected);
        }
        assert_eq!(type_name(65, TYPES), Some("HTTPS"));
        assert_eq!(type_name(65280, TYPES), None);
    }
}
