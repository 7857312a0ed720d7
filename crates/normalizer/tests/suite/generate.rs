//! Records of any fields and values, written in any of JSON's ways.

use logpush_normalizer::datasets::by_name;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// A record: its members in their order, names may come twice.
pub(crate) type Members = Vec<(String, Value)>;

pub(crate) fn members() -> impl Strategy<Value = Members> {
    prop::collection::vec((name(), value()), 0..12)
}

/// A record's text.
pub(crate) fn record() -> impl Strategy<Value = String> {
    (members(), any::<u64>()).prop_map(|(members, style)| write(&members, style))
}

fn name() -> impl Strategy<Value = String> {
    let fields: Vec<&str> = by_name("firewall_events")
        .unwrap()
        .rows
        .iter()
        .map(|row| row.field)
        .collect();
    const KEPT: &[&str] = &["source", "metadata", "matchIndex", "clientASNDescription"];
    const NEAR: &[&str] = &[
        "source_", "source__", "Source_", "RuleId", "action", "content", "",
    ];
    prop_oneof![
        12 => select(fields).prop_map(str::to_owned),
        2 => select(KEPT).prop_map(str::to_owned),
        1 => select(NEAR).prop_map(str::to_owned),
        2 => text(),
    ]
}

/// Any value.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => likely().prop_map(Value::from),
        2 => text().prop_map(Value::from),
        2 => scalar(),
        1 => nested(),
    ]
}

/// Texts that some conversion takes, or almost takes.
fn likely() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "block",
        "ALLOW",
        "waf",
        "HTTP/1.1",
        "http/2",
        "HTTP/1",
        "HTTP/11",
        "TLSv1.3",
        "SSLv3",
        "none",
        "us",
        "FR",
        "XX",
        "T1",
        "192.0.2.1",
        "192.0.2.256",
        "::1",
        "2001:db8::7",
        "fe80::1%eth0",
        "www.example.co.uk",
        "example.com:8443",
        "[::1]:80",
        "localhost",
        "a.b.github.io",
        "?a=1",
        "?",
        "a=1",
        "1657630626",
        "1657630626219",
        "1657630626219000001",
        "2022-07-12T12:57:06.219000001Z",
        "2022-07-12 14:57:06+02:00",
        "2022-13-12T12:57:06Z",
        "0",
        "-1",
        "-0",
        "007",
        "9223372036854775808",
    ];
    select(KNOWN).prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z_?:/.]{0,20}",
        // Quotes, backslashes, controls, and characters of every width.
        prop::collection::vec(
            select(vec![
                '"', '\\', '/', '\n', '\0', '\u{1f}', '\u{7f}', ' ', '{', ']', ',', 'u', 'é', '€',
                '😀', '\u{feff}', '\u{ffff}'
            ]),
            0..24
        )
        .prop_map(|characters| characters.into_iter().collect()),
        any::<String>(),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-5_i64..70_000).prop_map(Value::from),
        (1_600_000_000_000_000_000_i64..1_900_000_000_000_000_000).prop_map(Value::from),
        // Few digits: serde_json reads others as the number beside them.
        (any::<i16>(), 0..5)
            .prop_map(|(number, places)| json!(f64::from(number) / 10_f64.powi(places))),
    ]
}

fn nested() -> impl Strategy<Value = Value> {
    prop_oneof![scalar(), text().prop_map(Value::from)].prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4)
                .prop_map(|members| json!(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The text of a record; `style` decides on its escapes and its white space.
pub(crate) fn write(members: &Members, style: u64) -> String {
    let mut writer = Writer {
        text: String::new(),
        style: style | 1,
    };
    writer.text.push('{');
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            writer.text.push(',');
        }
        writer.member(name, value);
    }
    writer.text.push('}');
    writer.text
}

struct Writer {
    text: String,
    style: u64,
}

impl Writer {
    /// One in `of` times true; the sequence is that of the style.
    fn chance(&mut self, of: u64) -> bool {
        // Xorshift: half of all styles must not write any escape.
        self.style ^= self.style << 13;
        self.style ^= self.style >> 7;
        self.style ^= self.style << 17;
        self.style.is_multiple_of(of)
    }

    fn blank(&mut self) {
        if self.chance(16) {
            self.text.push(' ');
        } else if self.chance(32) {
            self.text.push('\t');
        }
    }

    fn member(&mut self, name: &str, value: &Value) {
        self.blank();
        self.string(name);
        self.blank();
        self.text.push(':');
        self.value(value);
    }

    fn value(&mut self, value: &Value) {
        self.blank();
        match value {
            Value::String(text) => self.string(text),
            Value::Array(values) => {
                self.text.push('[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.value(value);
                }
                self.text.push(']');
            }
            Value::Object(members) => {
                self.text.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.member(name, value);
                }
                self.text.push('}');
            }
            scalar => self.text.push_str(&scalar.to_string()),
        }
        self.blank();
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            let must = character < ' ' || matches!(character, '"' | '\\');
            match character {
                '"' | '\\' | '/' if must && !self.chance(8) => {
                    self.text.push('\\');
                    self.text.push(character);
                }
                '\n' if !self.chance(4) => self.text.push_str("\\n"),
                _ if must || self.chance(400) => {
                    let mut units = [0; 2];
                    for unit in character.encode_utf16(&mut units) {
                        self.text.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                _ => self.text.push(character),
            }
        }
        self.text.push('"');
    }
}
