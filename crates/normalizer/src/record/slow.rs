//! The slow path: serde_json reads what the fast path did not.
//!
//! The result is the same kind of record over a text of its own, in which nothing unusual is left:
//! valid UTF-8, no lone surrogates, no line breaks, no escapes in names that need none.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::record::clean::{Changes, SecretNames, clean, is_odd, mended_name};
use crate::record::fast::is_value;
use crate::record::names::Keys;
use crate::record::{Key, Record, Span, Unknown, Value, ValueKind};

/// Why a line is no record.
#[derive(Debug, Error)]
pub(crate) enum NoRecord {
    /// The reader's words, which do not quote the line.
    #[error("not a JSON object: {0}")]
    Json(String),
    /// The line ends where the object does not.
    #[error("not a JSON object: {0}")]
    Unfinished(String),
    #[error("not a JSON object: it is another JSON value")]
    NoObject,
}

/// A text that a record's places refer to, and what had to be changed of it.
#[derive(Debug, Default)]
pub(crate) struct Mended {
    pub(crate) text: Vec<u8>,
    /// Whether bytes were no valid text.
    pub(crate) repaired: bool,
    /// Whether anything was masked inside a value.
    pub(crate) masked: bool,
    /// Members of objects that gave way to a later one of the same name.
    pub(crate) repeated: u64,
    /// Names of the fields that were nested too deep, as the insides of JSON strings.
    pub(crate) truncated: Vec<String>,
}

/// Reads `line` into `record`, and gives the text that the record's places refer to.
#[inline(never)] // Few records come here.
pub(crate) fn read(
    line: &[u8],
    keys: &mut Keys,
    secrets: &SecretNames,
    record: &mut Record,
) -> Result<Mended, NoRecord> {
    let valid = String::from_utf8_lossy(line);
    let text = replace_lone_surrogates(&valid);
    let mut mended = Mended {
        text: b"{".to_vec(),
        repaired: valid.as_bytes() != line || text != valid,
        ..Mended::default()
    };

    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let Members {
        members,
        replaced,
        mut places,
    } = deserializer
        .deserialize_map(Reader)
        .and_then(|members| deserializer.end().map(|()| members))
        .map_err(|error| match error.classify() {
            // Its words would quote the value.
            Category::Data => NoRecord::NoObject,
            Category::Eof => NoRecord::Unfinished(error.to_string()),
            _ => NoRecord::Json(error.to_string()),
        })?;

    // The text that came has them too.
    for (name, raw) in &replaced {
        let mut changes = Changes::default();
        compact(raw.get(), secrets, &mut changes);
        mended.masked |= changes.masked || secrets.has(name.as_bytes());
    }
    let mut cursor = keys.begin();
    for (name, raw) in &members {
        let key = keys.find(&mut cursor, name.as_bytes());
        let name = match is_odd(name.as_bytes()) {
            true => {
                let mended = mended_name(name, |other| places.contains_key(other));
                places.insert(mended.clone(), places.len());
                Cow::Owned(mended)
            }
            false => Cow::Borrowed(name.as_str()),
        };
        let mut changes = Changes::default();
        let value = compact(raw.get(), secrets, &mut changes);
        debug_assert!(is_value(&value));
        mended.masked |= changes.masked;
        mended.repeated += changes.repeated;
        let written = &mut mended.text;
        if written.len() > 1 {
            written.push(b',');
        }
        let member = written.len() as u32;
        // A name has no encoding that fails.
        let quoted = serde_json::to_string(&name).unwrap_or_default();
        written.extend_from_slice(quoted.as_bytes());
        let name_span = Span::new(member as usize + 1, written.len() - 1);
        if changes.truncated {
            let name = name_span.of(written);
            mended
                .truncated
                .push(String::from_utf8_lossy(name).into_owned());
        }
        written.push(b':');
        let start = written.len();
        written.extend_from_slice(&value);
        let value = describe(&value, start, member);
        let unknown = Unknown {
            name: name_span,
            value,
        };
        match key {
            // `members` has each name once: there is nothing to compare with.
            Key::Unknown => {
                record.has_members = true;
                record.unknown.push(unknown);
            }
            _ => record.store(key, unknown, written),
        }
    }
    mended.text.push(b'}');
    Ok(mended)
}

/// The value's kind and place, of the JSON that stands at `start`.
fn describe(json: &[u8], start: usize, member: u32) -> Value {
    let end = start + json.len();
    let (kind, span) = match json.first() {
        Some(b'"') if json.len() == 2 => (ValueKind::Empty, Span::new(start + 1, end - 1)),
        Some(b'"') => (ValueKind::Text, Span::new(start + 1, end - 1)),
        Some(b'{' | b'[') => (ValueKind::Nested, Span::new(start, end)),
        Some(b't' | b'f') => (ValueKind::Bool, Span::new(start, end)),
        Some(b'n') => (ValueKind::Null, Span::new(start, end)),
        _ => (ValueKind::Number, Span::new(start, end)),
    };
    Value {
        kind,
        escaped: kind == ValueKind::Text && json.contains(&b'\\'),
        span,
        member,
    }
}

/// An object's members.
#[derive(Default)]
struct Members {
    /// In their order, the last of equal names in the place of the first.
    members: Vec<(String, Box<RawValue>)>,
    /// Those that gave way to a later one of the same name.
    replaced: Vec<(String, Box<RawValue>)>,
    /// The place of each name.
    places: BTreeMap<String, usize>,
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Members;

    fn expecting(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Members {
            mut members,
            mut replaced,
            mut places,
        } = Members::default();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            match places.get(&name).and_then(|place| members.get_mut(*place)) {
                Some(member) => {
                    replaced.push((name, core::mem::replace(&mut member.1, value)));
                }
                None => {
                    places.insert(name.clone(), members.len());
                    members.push((name, value));
                }
            }
        }
        Ok(Members {
            members,
            replaced,
            places,
        })
    }
}

/// Valid JSON without the white space between its tokens, with texts escaped as little as can be, and
/// cleaned inside.
///
/// What is compared or cut later (a host, an address, an action) is then the text itself.
fn compact(json: &str, secrets: &SecretNames, changes: &mut Changes) -> Vec<u8> {
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(json)
            .and_then(|text| serde_json::to_vec(&text))
            .unwrap_or_else(|_| json.into()),
        _ => clean(json, secrets, changes),
    }
}

/// Replaces `\ud83d` and its like, where the other half of the pair is missing, by `\ufffd`.
fn replace_lone_surrogates(text: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('\\') {
        let (before, escape) = rest.split_at(place);
        replaced.push_str(before);
        let first = unit(escape);
        let length = match first {
            Some(0xd800..=0xdbff)
                if escape
                    .get(6..)
                    .and_then(unit)
                    .is_some_and(|second| (0xdc00..=0xdfff).contains(&second)) =>
            {
                12
            }
            Some(0xd800..=0xdfff) => {
                replaced.push_str("\\ufffd");
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            Some(_) => 6,
            // The escaped character, of whatever length, is no backslash that begins an escape.
            None => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (escape, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
        replaced.push_str(escape);
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

/// The four hexadecimal digits of `\uXXXX` at the beginning of `text`.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u32::from_str_radix(digits, 16).ok())?
}

/// The names of an object's members, or nothing where `line` is no object.
pub(crate) fn names(line: &[u8]) -> Option<Vec<String>> {
    let valid = replace_lone_surrogates(&String::from_utf8_lossy(line));
    let read = serde_json::Deserializer::from_str(&valid)
        .deserialize_map(Reader)
        .ok()?;
    let members = read.members.into_iter();
    Some(members.map(|(name, _)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::DEPTH_MAX;
    use crate::record::fast::scan;
    use crate::record::insides::{Insides, OpenNames};

    fn secrets() -> SecretNames {
        SecretNames::new(vec!["Password"], false)
    }

    /// Whether the fast path says that a value can stay.
    fn is_clean(json: &[u8], secrets: &SecretNames) -> bool {
        let mut open = OpenNames::default();
        let mut insides = Insides::new(secrets, &mut open);
        let mut keys = Keys::new(core::iter::empty(), core::iter::empty());
        let line = [b"{\"value\":", json, b"}"].concat();
        let read = scan(&line, &mut keys, &mut Record::default(), &mut insides);
        assert_eq!(read, Ok(()));
        insides.are_clean
    }

    #[test]
    fn what_is_not_clean_is_cleaned() {
        let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let deepest = format!(
            "{}\"[[[1]]]\"{}",
            "[".repeat(DEPTH_MAX as usize),
            "]".repeat(DEPTH_MAX as usize)
        );
        for (json, expected) in [
            (r#"{"a":1,"b":[true,null,"x",{}]}"#, None),
            (r#"[{"a":1},{"a":2},{"a":{"a":3}}]"#, None),
            (r#"{"a":"Pass","b":"b"}"#, None),
            // White space between tokens.
            ("{\"a\"\t\t:[1, \" \"]}", Some(r#"{"a":[1," "]}"#)),
            // Secrets.
            (r#"{"password":"x"}"#, Some(r#"{"password":"[masked]"}"#)),
            (
                r#"[[{"PASSWORD":{"a":["x"]},"b":1}]]"#,
                Some(r#"[[{"PASSWORD":"[masked]","b":1}]]"#),
            ),
            (r#"{"Passwor\u0064":7}"#, Some(r#"{"Password":"[masked]"}"#)),
            (
                r#"{"Cookie":"a","Host":"h"}"#,
                Some(r#"{"Cookie":"[masked]","Host":"h"}"#),
            ),
            (
                r#"[{"name":"Cookie","value":"a"}]"#,
                Some(r#"[{"name":"Cookie","value":"[masked]"}]"#),
            ),
            (
                r#"[{"value":["a"],"key":"x-api-key"}]"#,
                Some(r#"[{"value":"[masked]","key":"x-api-key"}]"#),
            ),
            (
                r#"[["Set-Cookie","a"],["b","c"]]"#,
                Some(r#"[["Set-Cookie","[masked]"],["b","c"]]"#),
            ),
            (
                r#"{"Password":null,"cookie":""}"#,
                Some(r#"{"Password":null,"cookie":""}"#),
            ),
            // Names.
            (r#"{"a":1,"b":2,"a":3}"#, Some(r#"{"a":3,"b":2}"#)),
            (r#"{"a":1,"\u0061":2}"#, Some(r#"{"a":2}"#)),
            (r#"[{"x":{"a":[1],"a":[2]}}]"#, Some(r#"[{"x":{"a":[2]}}]"#)),
            (r#"{"":1,".":2," ":3}"#, Some(r#"{"_":1,"_._":2,"__":3}"#)),
            (
                r#"{".a":1,"a.":2,"a..b":3,"_":4,"":5}"#,
                Some(r#"{"_.a":1,"a._":2,"a._.b":3,"_":4,"__":5}"#),
            ),
        ] {
            let mut changes = Changes::default();
            let cleaned = clean(json, &secrets(), &mut changes);
            let cleaned = core::str::from_utf8(&cleaned).unwrap();
            assert_eq!(cleaned, expected.unwrap_or(json), "{json}");
            assert_eq!(
                is_clean(json.as_bytes(), &secrets()),
                expected.is_none(),
                "{json}"
            );
            assert!(
                is_clean(cleaned.as_bytes(), &SecretNames::default()),
                "{json}"
            );
        }
        for (json, expected) in [
            (deep(64), deep(64)),
            (deep(67), deepest),
            (
                r#"[ 1e999 , -1e999,{ "a" :1e30}]"#.to_owned(),
                r#"["1e999","-1e999",{"a":1e30}]"#.to_owned(),
            ),
        ] {
            let cleaned = clean(&json, &secrets(), &mut Changes::default());
            assert_eq!(String::from_utf8(cleaned).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn many_names_are_told_apart() {
        let names: Vec<String> = (0..200)
            .map(|number| format!("\"n{number}\":{number}"))
            .collect();
        let json = format!("{{{}}}", names.join(","));
        // Too many to be looked at at once.
        assert!(!is_clean(json.as_bytes(), &secrets()));
        let mut changes = Changes::default();
        assert_eq!(clean(&json, &secrets(), &mut changes), json.as_bytes());
        assert_eq!(changes, Changes::default());
    }
}
