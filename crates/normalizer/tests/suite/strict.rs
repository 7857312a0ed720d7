//! Reading a produced document more strictly than serde_json does by itself.

use core::fmt;

use logpush_normalizer::Shape;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// One valid JSON object in which no name comes twice: of two, a reader sees one.
///
/// What Cloudflare's own fields hold came in so, and is not looked into; nor is a native record.
pub(crate) fn parse(text: &str, shape: Shape) -> Result<Value, String> {
    let levels = match shape {
        Shape::Ecs => 8,
        Shape::Native | Shape::Raw | Shape::RawJson => 0,
    };
    object(text, "", levels)
}

fn object(text: &str, path: &str, levels: usize) -> Result<Value, String> {
    let mut object = Map::new();
    for (name, value) in members(text)? {
        let text = value.get();
        let value = if levels > 0 && text.starts_with('{') && path != "cloudflare" {
            let path = if path.is_empty() { &name } else { "below" };
            self::object(text, path, levels - 1)?
        } else {
            scalar(text)?
        };
        if object.insert(name.clone(), value).is_some() && levels > 0 {
            return Err(format!("{name} comes twice"));
        }
    }
    Ok(Value::Object(object))
}

/// A value that came from the record: any valid JSON.
pub(crate) fn scalar(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        // Valid JSON all the same: the value is kept as it came.
        Err(error) if error.to_string().contains("number out of range") => {
            Ok(Value::String(text.to_owned()))
        }
        value => value.map_err(|error| error.to_string()),
    }
}

/// An object's members, all of them.
pub(crate) fn members(text: &str) -> Result<Vec<(String, Box<RawValue>)>, String> {
    serde_json::from_str(text)
        .map(|members: Members| members.0)
        .map_err(|error| error.to_string())
}

struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Vec<(String, Box<RawValue>)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
