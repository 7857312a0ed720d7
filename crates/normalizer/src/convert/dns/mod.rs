//! `answers`: the resource records that Gateway logs, as ECS's `dns.answers`.
//!
//! `ResourceRecords` (`RData` before) has them in wire format (RFC 1035, section 3.2.1) as base64,
//! `ResourceRecordsJSON` as texts. Both become the same: names without their final dot.

mod wire;

use core::fmt::{Formatter, Result as Formatted};
use core::net::IpAddr;
use std::borrow::Cow;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use self::wire::{Answer, class_name, decode, type_or_number};
use crate::bytes::text::for_pages;
use crate::convert::check::Words;
use crate::convert::check::{Check, Form};
use crate::convert::extract::Extract;
use crate::convert::finding::{CheckResult, Finding, Input, Workspace};
use crate::convert::target::{Conversion, Output, Place, Target};

/// `answers("dns.answers", DNS_TYPES)`
pub(crate) const fn answers(path: &'static str, types: Words) -> Target {
    Target::check(path, &ANSWERS, Check::Answers(types))
}

static ANSWERS: Conversion = Conversion {
    name: "answers",
    about: for_pages(
        "The DNS records of a list, in wire format or as texts; their addresses go to `dns.resolved_ip` and `related.ip`.",
    ),
    outputs: &[
        Output::value(Place::Path, Form::Objects),
        Output::value(Place::Field("dns.resolved_ip"), Form::Extracted),
        Output::value(Place::Field("related.ip"), Form::Extracted),
    ],
    ..Conversion::BASE
};

#[inline(never)]
pub(super) fn check_answers(
    types: Words,
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    match read_answers(input.value.json_span().of(input.text), types) {
        Some(answers) => {
            let is_whole = answers.is_whole;
            *finding = workspace.add_extract(answers);
            match is_whole {
                true => CheckResult::Found,
                false => CheckResult::Nothing,
            }
        }
        // An empty list, as text too.
        None if matches!(input.bytes(), b"[]") => CheckResult::Nothing,
        None => CheckResult::Invalid,
    }
}

/// Reads a list of resource records: a JSON array, or a JSON string that holds one.
///
/// `None` where there is no list, or none of its records says anything.
fn read_answers(value: &[u8], types: Words) -> Option<Extract> {
    let list = match value.first() {
        Some(b'"') => Cow::Owned(serde_json::from_slice::<String>(value).ok()?),
        _ => Cow::Borrowed(core::str::from_utf8(value).ok()?),
    };
    let mut deserializer = Deserializer::from_str(&list);
    let found = deserializer.deserialize_seq(List(types)).ok()?;
    deserializer.end().ok()?;
    (!found.objects.is_empty()).then_some(found)
}

impl Answer {
    /// Reads an element of the list.
    ///
    /// Returns also whether nothing of it is left out.
    fn of(element: &str, types: Words) -> Option<(Self, bool)> {
        let members = Deserializer::from_str(element)
            .deserialize_map(Members::default())
            .ok()?;
        let data = members.data.and_then(text);
        let record = data.as_deref().and_then(decode);
        let (answer, is_told) = match record.and_then(|record| wire::answer(&record, types)) {
            // The wire record takes precedence: texts beside it that contradict it are not in the
            // answer.
            Some(answer) => {
                let is_told = Self::of_texts(&members, None, types).is_within(&answer);
                (answer, is_told)
            }
            None => {
                let is_told = data.is_none() || members.rdata.and_then(text).is_none();
                (Self::of_texts(&members, data, types), is_told)
            }
        };
        let is_ttl_read = members.ttl.is_none() || answer.ttl.is_some();
        Some((answer, is_told && is_ttl_read && !members.has_more))
    }

    /// Whether the other has all that this one has.
    fn is_within(&self, other: &Self) -> bool {
        fn is_same<T: PartialEq>(own: &Option<T>, other: &Option<T>) -> bool {
            own.is_none() || own == other
        }
        is_same(&self.class, &other.class)
            && is_same(&self.data, &other.data)
            && is_same(&self.name, &other.name)
            && is_same(&self.ttl, &other.ttl)
            && is_same(&self.kind, &other.kind)
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

    /// The address in the data. A text in a record of another type only looks like one.
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

/// Reads the list element by element, so that memory holds one record at a time.
struct List(Words);

impl<'de> Visitor<'de> for List {
    type Value = Extract;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> Formatted {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Extract, A::Error> {
        let mut found = Extract {
            is_whole: true,
            ..Extract::default()
        };
        while let Some(element) = list.next_element::<&RawValue>()? {
            let Some((answer, is_whole)) = Answer::of(element.get(), self.0) else {
                found.is_whole = false;
                continue;
            };
            found.is_whole &= is_whole;
            // Serialising texts and a number cannot fail.
            let json = serde_json::to_string(&answer).unwrap_or_default();
            if json.len() <= "{}".len() {
                continue;
            }
            found
                .objects
                .push(if found.objects.is_empty() { '[' } else { ',' });
            found.objects.push_str(&json);
            if let Some(address) = answer.address() {
                found.add(address);
            }
        }
        if !found.objects.is_empty() {
            found.objects.push(']');
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
    /// Whether the element has a member that no field here takes.
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

/// A name without its final dot. A lone dot is the root, and stays; an escaped one is part of a
/// label.
fn without_dot(name: &str) -> &str {
    match name.strip_suffix('.') {
        Some(rest) if !rest.is_empty() && !rest.ends_with('\\') => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::wire::encode;
    use super::wire::tests::{TYPES, name, record};
    use super::*;

    /// What a list is read as.
    fn read(list: &Value) -> Option<(Value, Vec<String>)> {
        let found = read_answers(list.to_string().as_bytes(), TYPES)?;
        Some((serde_json::from_str(&found.objects).unwrap(), found.texts))
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
        let found = read_answers(list.to_string().as_bytes(), TYPES).unwrap();
        assert_eq!(found.objects, expected);
        assert_eq!(found.texts, ["203.0.113.80", "203.0.113.81"]);
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
        let found = read_answers(br#"[{"type":"1","Type":"5"}]"#, TYPES).unwrap();
        assert_eq!(found.objects, r#"[{"type":"CNAME"}]"#);
    }

    #[test]
    fn the_record_knows_its_type_best() {
        let wire = encode(&record(&name("a"), 1, &[192, 0, 2, 1]));
        let (answers, addresses) =
            read(&json!([{"type": "5", "name": "b", "data": wire}])).unwrap();
        assert_eq!(
            (&answers[0]["type"], &answers[0]["name"]),
            (&json!("A"), &json!("a"))
        );
        assert_eq!(addresses, ["192.0.2.1"]);
    }

    #[test]
    fn what_an_answer_does_not_carry_is_known() {
        let wire = encode(&record(&name("a"), 1, &[192, 0, 2, 1]));
        for (element, is_whole) in [
            (json!({"data": wire}), true),
            (json!({"data": wire, "type": "1", "name": "a."}), true),
            (json!({"data": wire, "type": "5"}), false),
            (json!({"data": wire, "name": "b"}), false),
            (json!({"data": wire, "rdata": "192.0.2.2"}), false),
            (json!({"data": "192.0.2.1", "rdata": ""}), true),
            (json!({"data": "192.0.2.1", "rdata": "192.0.2.2"}), false),
        ] {
            let list = json!([element]).to_string();
            let found = read_answers(list.as_bytes(), TYPES).unwrap();
            assert_eq!(found.is_whole, is_whole, "{list}");
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
    fn what_is_no_record_in_wire_format_stays_as_it_came() {
        let wire = record(&name("a"), 1, &[192, 0, 2]);
        assert_eq!(
            read(&json!([{"type": "1", "data": encode(&wire)}]))
                .unwrap()
                .0,
            json!([{"data": encode(&wire), "type": "A"}])
        );
        // What is no 16 bits is a text like others.
        let list = json!([{"type": 65536, "class": "65536"}]);
        assert_eq!(
            read(&list).unwrap().0,
            json!([{"class": "65536", "type": "65536"}])
        );
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
            assert_eq!(read_answers(value.as_bytes(), TYPES), None, "{value}");
        }
        assert_eq!(read_answers(b"[\"\xff\"]", TYPES), None);
    }

    #[test]
    fn elements_that_are_no_records_are_passed_over() {
        let list =
            json!([null, 1, "a", [], {}, {"type": "1", "more": [{"data": "b"}]}, {"data": null}]);
        assert_eq!(read(&list).unwrap().0, json!([{"type": "A"}]));
        // Half of a character in a text that is not needed, and in one that is.
        let found = read_answers(
            br#"[{"more":"\ud83d","type":"1"},{"data":"\ud83d","type":"5"}]"#,
            TYPES,
        );
        assert_eq!(found.unwrap().objects, r#"[{"type":"A"},{"type":"CNAME"}]"#);
    }

    #[test]
    fn depth_is_no_matter() {
        for (open, close) in [("[", "]"), (r#"{"data":"#, "}")] {
            let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
            assert_eq!(read_answers(deep.as_bytes(), TYPES), None);
            let list = format!(r#"[{{"type":"1","data":{deep}}}]"#);
            assert_eq!(
                read_answers(list.as_bytes(), TYPES).unwrap().objects,
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
        let expected: Vec<String> = (0..64).map(|number| format!("192.0.2.{number}")).collect();
        assert_eq!(addresses, expected);

        let (_, addresses) = read(&json!([list[1], list[0], list[101], list[100]])).unwrap();
        assert_eq!(addresses, ["192.0.2.1", "192.0.2.0"]);

        // What follows the last answer is JSON all the same.
        let unclosed = serde_json::to_string(&list)
            .unwrap()
            .replacen("]", ",{]", 1);
        assert_eq!(read_answers(unclosed.as_bytes(), TYPES), None);
    }
}
