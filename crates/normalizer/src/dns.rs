//! DNS answers: the resource records that Gateway logs, as ECS's `dns.answers`.
//!
//! `ResourceRecords` (`RData` before) has them in wire format (RFC 1035, section 3.2.1) as base64,
//! `ResourceRecordsJSON` as texts. Both become the same: names without their final dot.

use core::fmt::{Formatter, Result as Formatted, Write as _};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::borrow::Cow;

use serde::Serialize;
use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use crate::table::Words;

/// What a list of resource records says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answers {
    /// `dns.answers`: a JSON array of objects, each with what is known of `class`, `data`, `name`,
    /// `ttl` and `type`.
    pub(crate) list: String,
    /// `dns.resolved_ip`: each address once.
    pub(crate) addresses: Vec<String>,
    /// Whether the list has nothing that is not in `list`.
    pub(crate) is_whole: bool,
}

/// Addresses that are written: twice the 30 of IPv4, at 16 bytes each, that a UDP message of 512
/// bytes has room for.
const ADDRESSES_MAX: usize = 64;

/// A name in wire format (RFC 1035, section 2.3.4).
const NAME_MAX: usize = 255;

/// A label. What is longer is the mark of a compression pointer, which leads into a message that
/// is not there.
const LABEL_MAX: u8 = 63;

/// Reads a list of resource records: a JSON array, or a JSON string that holds one.
///
/// Nothing where there is none, or no record in it of which anything is known.
pub(crate) fn answers(value: &[u8], types: Words) -> Option<Answers> {
    let list = match value.first() {
        Some(b'"') => Cow::Owned(serde_json::from_slice::<String>(value).ok()?),
        _ => Cow::Borrowed(core::str::from_utf8(value).ok()?),
    };
    let mut deserializer = Deserializer::from_str(&list);
    let found = deserializer.deserialize_seq(List(types)).ok()?;
    deserializer.end().ok()?;
    (!found.list.is_empty()).then_some(found)
}

/// The name of a record type, such as `CNAME`; `types` has names by the number's text.
fn type_name(number: u16, types: Words) -> Option<&'static str> {
    let number = number.to_string();
    types
        .iter()
        .find(|(text, _)| *text == number)
        .map(|(_, name)| *name)
}

/// An element of `dns.answers`.
#[derive(Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u32>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<Cow<'static, str>>,
}

impl Answer {
    /// Reads an element of the list.
    ///
    /// Answers also whether that is all of it.
    fn of(element: &str, types: Words) -> Option<(Self, bool)> {
        let members = Deserializer::from_str(element)
            .deserialize_map(Members::default())
            .ok()?;
        let data = members.data.and_then(text);
        let record = data.as_deref().and_then(decode);
        let answer = record
            .and_then(|record| Self::of_wire(&record, types))
            .unwrap_or_else(|| Self::of_texts(&members, data, types));
        let is_ttl_read = members.ttl.is_none() || answer.ttl.is_some();
        Some((answer, is_ttl_read && !members.has_more))
    }

    /// Reads a whole record in wire format.
    fn of_wire(record: &[u8], types: Words) -> Option<Self> {
        let mut wire = Wire(record);
        let name = wire.name()?;
        let kind = type_or_number(wire.short()?, types);
        let class = class_name(wire.short()?);
        let ttl = wire.long()?;
        let length = wire.short()?;
        let rdata = wire.take(length.into())?;
        wire.end()?;
        let data = presented(&kind, rdata)?;
        Some(Self {
            class: Some(class),
            data: (!data.is_empty()).then_some(data),
            name: Some(name),
            ttl: Some(ttl),
            kind: Some(kind),
        })
    }

    /// Takes the members as they are.
    fn of_texts(members: &Members<'_>, data: Option<String>, types: Words) -> Self {
        let kind = members.kind.and_then(text).map(|kind| match kind.parse() {
            Ok(number) => type_or_number(number, types),
            Err(_) => kind.into(),
        });
        let class = members
            .class
            .and_then(text)
            .map(|class| match class.parse() {
                Ok(number) => class_name(number),
                Err(_) => class.into(),
            });
        let data = members.rdata.and_then(text).or(data);
        let data = match kind.as_deref() {
            Some("CNAME" | "NS" | "PTR" | "DNAME" | "MX" | "SOA" | "SRV") => data.map(|data| {
                let mut words = String::with_capacity(data.len());
                for word in data.split_inclusive(' ') {
                    let name = word.trim_end_matches(' ');
                    words.push_str(without_dot(name));
                    words.push_str(word.get(name.len()..).unwrap_or_default());
                }
                words
            }),
            _ => data,
        };
        let name = members.name.and_then(text);
        Self {
            class,
            data,
            name: name.map(|name| without_dot(&name).to_owned()),
            ttl: members.ttl.and_then(text).and_then(|ttl| ttl.parse().ok()),
            kind,
        }
    }

    /// The address that it gives. A text that is of another type only looks like one.
    fn address(&self) -> Option<&str> {
        match self.kind.as_deref() {
            None | Some("A" | "AAAA") => self
                .data
                .as_deref()
                .filter(|data| data.parse::<IpAddr>().is_ok()),
            Some(_) => None,
        }
    }
}

/// Reads the list, element by element: what it holds at once is a record.
struct List(Words);

impl<'de> Visitor<'de> for List {
    type Value = Answers;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> Formatted {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Answers, A::Error> {
        let mut found = Answers {
            is_whole: true,
            ..Answers::default()
        };
        while let Some(element) = list.next_element::<&RawValue>()? {
            let Some((answer, is_whole)) = Answer::of(element.get(), self.0) else {
                found.is_whole = false;
                continue;
            };
            found.is_whole &= is_whole;
            // Texts and a number have no encoding that fails.
            let json = serde_json::to_string(&answer).unwrap_or_default();
            if json.len() <= "{}".len() {
                continue;
            }
            found
                .list
                .push(if found.list.is_empty() { '[' } else { ',' });
            found.list.push_str(&json);
            if let Some(address) = answer.address()
                && found.addresses.len() < ADDRESSES_MAX
                && !found.addresses.iter().any(|known| known == address)
            {
                found.addresses.push(address.to_owned());
            }
        }
        if !found.list.is_empty() {
            found.list.push(']');
        }
        Ok(found)
    }
}

/// The members of an element, the last of equal names.
#[derive(Default)]
struct Members<'a> {
    class: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
    kind: Option<&'a RawValue>,
    name: Option<&'a RawValue>,
    rdata: Option<&'a RawValue>,
    ttl: Option<&'a RawValue>,
    /// Whether the element has what none of these takes.
    has_more: bool,
}

impl<'de> Visitor<'de> for Members<'de> {
    type Value = Self;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> Formatted {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            let member = match name.to_ascii_lowercase().as_str() {
                "class" => &mut self.class,
                "data" => &mut self.data,
                "name" => &mut self.name,
                "rdata" => &mut self.rdata,
                "ttl" => &mut self.ttl,
                "type" => &mut self.kind,
                _ => {
                    self.has_more = true;
                    continue;
                }
            };
            self.has_more |= member.is_some()
                || !matches!(value.get(), "null" | "\"\"") && text(value).is_none();
            *member = Some(value);
        }
        Ok(self)
    }
}

/// The text of a string or a number, where it has any.
fn text(value: &RawValue) -> Option<String> {
    let json = value.get();
    let text = match json.bytes().next()? {
        b'"' => serde_json::from_str::<String>(json).ok()?,
        b'-' | b'0'..=b'9' => json.to_owned(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A name without the dot of the root, which alone is the root, and which is none where escaped.
fn without_dot(name: &str) -> &str {
    match name.strip_suffix('.') {
        Some(rest) if !rest.is_empty() && !rest.ends_with('\\') => rest,
        _ => name,
    }
}

/// `TYPE65280` where a type has no name (RFC 3597, section 5).
fn type_or_number(number: u16, types: Words) -> Cow<'static, str> {
    type_name(number, types).map_or_else(|| format!("TYPE{number}").into(), Cow::Borrowed)
}

/// The name of a class, or `CLASS16` where it has none (RFC 3597, section 5).
fn class_name(number: u16) -> Cow<'static, str> {
    match number {
        1 => "IN".into(),
        3 => "CH".into(),
        4 => "HS".into(),
        254 => "NONE".into(),
        255 => "ANY".into(),
        _ => format!("CLASS{number}").into(),
    }
}

/// What a record of this type says; in base64 where it is none of the common ones.
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
                // Writing to a text does not fail.
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
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => encode(wire.take(rdata.len())?),
    };
    wire.end()?;
    Some(data)
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

/// The digits of base64 (RFC 4648, section 4).
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let [first, second, third] = [0, 1, 2].map(|at| three.get(at).copied().unwrap_or_default());
        let bits = u32::from_be_bytes([0, first, second, third]);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            // A byte fills a digit and a part of the next one; the others are padding.
            let digit = DIGITS.get((bits >> shift & 63) as usize);
            let digit = digit.filter(|_| at <= three.len());
            text.push(char::from(digit.copied().unwrap_or(b'=')));
        }
    }
    text
}

/// The bytes of a text in base64, with or without its padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_suffix("==").or_else(|| text.strip_suffix('='));
    let digits = digits.unwrap_or(text).as_bytes();
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for four in digits.chunks(4) {
        let mut bits = 0;
        for digit in four {
            let value = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        let [_, first, second, third] = (bits << (6 * (4 - four.len()))).to_be_bytes();
        match four.len() {
            4 => bytes.extend([first, second, third]),
            3 => bytes.extend([first, second]),
            2 => bytes.push(first),
            _ => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[rustfmt::skip]
    const TYPES: Words = &[
        ("1", "A"), ("2", "NS"), ("5", "CNAME"), ("6", "SOA"), ("12", "PTR"), ("15", "MX"),
        ("16", "TXT"), ("28", "AAAA"), ("33", "SRV"), ("39", "DNAME"), ("65", "HTTPS"), ("99", "SPF"),
    ];

    const A: u16 = 1;
    const CNAME: u16 = 5;
    const TXT: u16 = 16;

    /// A name in wire format.
    fn name(text: &str) -> Vec<u8> {
        let mut wire = Vec::new();
        for label in text.split('.').filter(|label| !label.is_empty()) {
            wire.push(label.len() as u8);
            wire.extend_from_slice(label.as_bytes());
        }
        wire.push(0);
        wire
    }

    /// A record of class IN and 300 seconds.
    fn record(owner: &[u8], kind: u16, rdata: &[u8]) -> Vec<u8> {
        let mut wire = owner.to_vec();
        wire.extend(kind.to_be_bytes());
        wire.extend([0, 1, 0, 0, 1, 44]);
        wire.extend((rdata.len() as u16).to_be_bytes());
        wire.extend_from_slice(rdata);
        wire
    }

    /// What a list is read as.
    fn read(list: &Value) -> Option<(Value, Vec<String>)> {
        let found = answers(list.to_string().as_bytes(), TYPES)?;
        Some((serde_json::from_str(&found.list).unwrap(), found.addresses))
    }

    /// The only answer of a list of one record in wire format.
    fn read_wire(wire: &[u8]) -> Value {
        let (answers, _) = read(&json!([{"type": "0", "data": encode(wire)}])).unwrap();
        answers[0].clone()
    }

    /// Whether a record stays as it came.
    fn is_unreadable(wire: &[u8]) -> bool {
        read_wire(wire) == json!({"data": encode(wire), "type": "TYPE0"})
    }

    /// The data of a record of `www.example.com`.
    fn data(kind: u16, rdata: &[u8]) -> Value {
        read_wire(&record(&name("www.example.com"), kind, rdata))["data"].clone()
    }

    #[test]
    fn records_in_wire_format_are_read() {
        // The bytes by hand: 5 files 7 example 3 com 0, type 5, class 1, 300 seconds, 18 bytes, ...
        let list = json!([
            {"type": "5", "data": "BWZpbGVzB2V4YW1wbGUDY29tAAAFAAEAAAEsABIEZWRnZQdleGFtcGxlA29yZwA="},
            {"type": "1", "data": "BGVkZ2UHZXhhbXBsZQNvcmcAAAEAAQAAADwABMsAcVA="},
            {"type": "1", "data": "BGVkZ2UHZXhhbXBsZQNvcmcAAAEAAQAAADwABMsAcVE="},
        ]);
        let expected = concat!(
            r#"[{"class":"IN","data":"edge.example.org","name":"files.example.com","ttl":300,"type":"CNAME"},"#,
            r#"{"class":"IN","data":"203.0.113.80","name":"edge.example.org","ttl":60,"type":"A"},"#,
            r#"{"class":"IN","data":"203.0.113.81","name":"edge.example.org","ttl":60,"type":"A"}]"#,
        );
        let found = answers(list.to_string().as_bytes(), TYPES).unwrap();
        assert_eq!(found.list, expected);
        assert_eq!(found.addresses, ["203.0.113.80", "203.0.113.81"]);
    }

    #[test]
    fn records_as_texts_are_read_the_same() {
        let owner = name("www.example.com");
        let soa = [
            name("ns1.example.com"),
            name("dns.example.com"),
            vec![0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5],
        ]
        .concat();
        let texts: &[(u16, &str, &str, Vec<u8>)] = &[
            (1, "A", "192.0.2.1", vec![192, 0, 2, 1]),
            (2, "NS", "ns1.example.com.", name("ns1.example.com")),
            (5, "CNAME", "example.org.", name("example.org")),
            (12, "PTR", "example.org.", name("example.org")),
            (39, "DNAME", "example.org.", name("example.org")),
            (
                15,
                "MX",
                "10 mail.example.com.",
                [vec![0, 10], name("mail.example.com")].concat(),
            ),
            (15, "MX", "0 .", vec![0, 0, 0]),
            (16, "TXT", "v=spf1 -all", b"\x0bv=spf1 -all".to_vec()),
            (
                33,
                "SRV",
                "1 2 5060 sip.example.com.",
                [vec![0, 1, 0, 2, 19, 196], name("sip.example.com")].concat(),
            ),
            (6, "SOA", "ns1.example.com. dns.example.com. 1 2 3 4 5", soa),
        ];
        for (number, kind, text, rdata) in texts {
            let wire = encode(&record(&owner, *number, rdata));
            let as_wire = read(&json!([{"type": number.to_string(), "data": wire}])).unwrap();
            let as_texts = json!([
                {"name": "www.example.com.", "type": kind, "class": "IN", "ttl": 300, "rdata": text},
            ]);
            assert_eq!(as_wire.0[0]["type"], *kind);
            assert_eq!(Some(&as_wire), read(&as_texts).as_ref(), "{kind}");
            assert_eq!(
                Some(&as_wire),
                read(&json!(as_texts.to_string())).as_ref(),
                "{kind}"
            );
        }
    }

    #[test]
    fn names_of_members_are_of_any_case() {
        let list = json!([{"Name": "A.example.com", "TYPE": 28, "Class": 3, "TTL": "60", "RData": "2001:db8::1"}]);
        let expected = json!([{"class": "CH", "data": "2001:db8::1", "name": "A.example.com", "ttl": 60, "type": "AAAA"}]);
        assert_eq!(
            read(&list),
            Some((expected, vec!["2001:db8::1".to_owned()]))
        );
        // The last of equal names.
        let found = answers(br#"[{"type":"1","Type":"5"}]"#, TYPES).unwrap();
        assert_eq!(found.list, r#"[{"type":"CNAME"}]"#);
    }

    #[test]
    fn each_type_has_its_form() {
        let v6 = "2001:db8::53".parse::<Ipv6Addr>().unwrap().octets();
        assert_eq!(data(28, &v6), "2001:db8::53");
        assert_eq!(data(5, &name(".")), ".");
        assert_eq!(data(TXT, b"\x03abc\x00\x02de"), "abcde");
        // A character may stand in two texts.
        assert_eq!(data(TXT, b"\x01\xc3\x01\xa9"), "é");
        assert_eq!(data(TXT, b"\x02\xff\""), "\u{fffd}\"");
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
    fn numbers_without_a_name_are_written_as_rfc_3597_has_them() {
        let mut wire = record(&name("."), 65280, b"\x01");
        wire[4] = 16;
        assert_eq!(
            read_wire(&wire),
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
        // What is no 16 bits is a text like others.
        let list = json!([{"type": 65536, "class": "65536"}]);
        assert_eq!(
            read(&list).unwrap().0,
            json!([{"class": "65536", "type": "65536"}])
        );
    }

    #[test]
    fn the_record_knows_its_type_best() {
        let wire = encode(&record(&name("a"), A, &[192, 0, 2, 1]));
        let (answers, addresses) =
            read(&json!([{"type": "5", "name": "b", "data": wire}])).unwrap();
        assert_eq!(
            (&answers[0]["type"], &answers[0]["name"]),
            (&json!("A"), &json!("a"))
        );
        assert_eq!(addresses, ["192.0.2.1"]);
    }

    #[test]
    fn characters_of_a_name_are_escaped() {
        let owner = b"\x08a.b\\c \"\xc3\x01\x7f\x00";
        assert_eq!(
            read_wire(&record(owner, TXT, b"\x01a"))["name"],
            r#"a\.b\\c\032"\195.\127"#
        );
    }

    #[test]
    fn names_have_their_limits() {
        let label = |length: u8| [vec![length], vec![b'a'; length.into()]].concat();
        // Three labels of 64 bytes, one of 62, and the root.
        let longest = [label(63), label(63), label(63), label(61), vec![0]].concat();
        assert_eq!(longest.len(), NAME_MAX);
        let read = read_wire(&record(&longest, CNAME, &longest));
        assert_eq!(read["name"].as_str().map(str::len), Some(253));
        assert_eq!(read["name"], read["data"]);
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
    fn what_is_no_whole_record_stays_as_it_came() {
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
                    // Whatever it is read as, it is an answer.
                    assert!(read_wire(&wire).is_object());
                }
            }
        }
    }

    #[test]
    fn plain_data_is_text() {
        let cases = [
            (
                json!({"type": "1", "data": "192.0.2.1"}),
                json!({"data": "192.0.2.1", "type": "A"}),
                1,
            ),
            (
                json!({"type": "28", "data": "2001:DB8::1"}),
                json!({"data": "2001:DB8::1", "type": "AAAA"}),
                1,
            ),
            (
                json!({"data": "192.0.2.1"}),
                json!({"data": "192.0.2.1"}),
                1,
            ),
            (
                json!({"type": "16", "data": "192.0.2.1"}),
                json!({"data": "192.0.2.1", "type": "TXT"}),
                0,
            ),
            (
                json!({"type": "5", "data": "www.example.com"}),
                json!({"data": "www.example.com", "type": "CNAME"}),
                0,
            ),
            (
                json!({"type": "5", "data": "www.example.com."}),
                json!({"data": "www.example.com", "type": "CNAME"}),
                0,
            ),
            (
                json!({"type": "5", "data": "a\\."}),
                json!({"data": "a\\.", "type": "CNAME"}),
                0,
            ),
            (
                json!({"type": "16", "data": "The end."}),
                json!({"data": "The end.", "type": "TXT"}),
                0,
            ),
            // In the alphabet of base64, and no record.
            (
                json!({"type": "16", "data": "dns+packet/placeholder=="}),
                json!({"data": "dns+packet/placeholder==", "type": "TXT"}),
                0,
            ),
            (
                json!({"type": "1", "data": "test"}),
                json!({"data": "test", "type": "A"}),
                0,
            ),
            (
                json!({"type": "CNAME", "data": "\"\\\u{1}é"}),
                json!({"data": "\"\\\u{1}é", "type": "CNAME"}),
                0,
            ),
            (
                json!({"name": ".", "data": "", "ttl": -1}),
                json!({"name": "."}),
                0,
            ),
            (
                json!({"name": "a", "ttl": 4_294_967_296_u64, "class": {}, "type": null}),
                json!({"name": "a"}),
                0,
            ),
        ];
        for (element, expected, addresses) in cases {
            let (answers, found) = read(&json!([element])).unwrap();
            assert_eq!(
                (answers, found.len()),
                (json!([expected]), addresses),
                "{element}"
            );
        }
    }

    #[test]
    fn what_is_no_list_of_records_is_none() {
        for value in [
            "[]",
            "[ ]",
            "{}",
            "null",
            "1",
            "true",
            r#""""#,
            r#""[]""#,
            r#""{}""#,
            r#""no JSON""#,
            r#""[{]""#,
            r#""[{\"type\":\"1\"}] x""#,
            r#""\"[{\\\"type\\\":\\\"1\\\"}]\"""#,
            r#""\ud83d""#,
            "[{}]",
            "[1,null,[]]",
            r#"[{"other":1}]"#,
            r#"[{"data":""}]"#,
            "",
            "[",
            "\u{feff}[]",
        ] {
            assert_eq!(answers(value.as_bytes(), TYPES), None, "{value}");
        }
        assert_eq!(answers(b"[\"\xff\"]", TYPES), None);
    }

    #[test]
    fn elements_that_are_no_records_are_passed_over() {
        let list =
            json!([null, 1, "a", [], {}, {"type": "1", "more": [{"data": "b"}]}, {"data": null}]);
        assert_eq!(read(&list).unwrap().0, json!([{"type": "A"}]));
        // Half of a character in a text that is not needed, and in one that is.
        let found = answers(
            br#"[{"more":"\ud83d","type":"1"},{"data":"\ud83d","type":"5"}]"#,
            TYPES,
        );
        assert_eq!(found.unwrap().list, r#"[{"type":"A"},{"type":"CNAME"}]"#);
    }

    #[test]
    fn depth_is_no_matter() {
        for (open, close) in [("[", "]"), (r#"{"data":"#, "}")] {
            let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
            assert_eq!(answers(deep.as_bytes(), TYPES), None);
            let list = format!(r#"[{{"type":"1","data":{deep}}}]"#);
            assert_eq!(
                answers(list.as_bytes(), TYPES).unwrap().list,
                r#"[{"type":"A"}]"#
            );
        }
    }

    #[test]
    fn addresses_are_limited() {
        let list: Vec<Value> = (0..2000)
            .map(|number| json!({"type": "1", "data": format!("192.0.2.{}", number % 100)}))
            .collect();
        let (answers, addresses) = read(&json!(list)).unwrap();
        assert_eq!(answers.as_array().map(Vec::len), Some(2000));
        let expected: Vec<String> = (0..ADDRESSES_MAX)
            .map(|number| format!("192.0.2.{number}"))
            .collect();
        assert_eq!(addresses, expected);

        let (_, addresses) = read(&json!([list[1], list[0], list[101], list[100]])).unwrap();
        assert_eq!(addresses, ["192.0.2.1", "192.0.2.0"]);

        // What follows the last answer is JSON all the same.
        let unclosed = serde_json::to_string(&list)
            .unwrap()
            .replacen("]", ",{]", 1);
        assert_eq!(super::answers(unclosed.as_bytes(), TYPES), None);
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded).as_deref(), Some(plain.as_bytes()));
            assert_eq!(
                decode(coded.trim_end_matches('=')).as_deref(),
                Some(plain.as_bytes())
            );
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), Some(all));
        assert_eq!(encode(b"\xfb\xff\xbf"), "+/+/");
        for no_base64 in [
            "A", "AAAAA", "AA-_", "A A=", "=AAA", "AA=A", "A===", "é", "AAAA\n",
        ] {
            assert_eq!(decode(no_base64), None, "{no_base64}");
        }
    }
}
