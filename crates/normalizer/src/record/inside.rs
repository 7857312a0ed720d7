//! Members of a record's objects, and elements of its lists, where a table names them.

use crate::record::nested::{elements, string_end, value_at};
use crate::record::{Kind, MemberPath, Record, Span, Value};

impl Record {
    /// Puts the values of `members` behind those of the rows.
    #[inline(never)]
    pub(crate) fn look_inside(&mut self, members: &[MemberPath], text: &[u8]) {
        for MemberPath { row, path } in members {
            let object = *self.value(*row);
            let value = path
                .iter()
                .fold(object, |object, name| member(text, &object, name));
            self.values.push(value);
        }
    }
}

/// The member of an object, the last of equal names, or the element of a list by its number, such
/// as `0`; a missing value where there is none, or neither object nor list.
pub(crate) fn member(text: &[u8], object: &Value, name: &str) -> Value {
    let mut found = Value::default();
    let start = object.span.start as usize;
    if object.kind != Kind::Nested {
        return found;
    }
    if text.get(start) == Some(&b'[') {
        let element = name
            .parse()
            .ok()
            .and_then(|index| elements(text, object).nth(index));
        return element.unwrap_or_default();
    }
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'}' => break,
            b'"' => {
                let Some((end, _)) = string_end(text, at + 1) else {
                    break;
                };
                let is_wanted = Span::new(at + 1, end).of(text) == name.as_bytes();
                at = end + 1;
                while matches!(text.get(at), Some(b' ' | b'\t' | b':')) {
                    at += 1;
                }
                let Some(value) = value_at(text, at) else {
                    break;
                };
                at = value.json_span().end as usize;
                if is_wanted {
                    found = value;
                }
            }
            _ => at += 1,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_their_names() {
        let read = |text: &str, path: &[&str]| {
            let object = value_at(text.as_bytes(), 0).unwrap();
            let found = path.iter().fold(object, |object, name| {
                member(text.as_bytes(), &object, name)
            });
            let json = (found.kind != Kind::Missing).then(|| found.json_span());
            json.map(|json| String::from_utf8_lossy(json.of(text.as_bytes())).into_owned())
        };
        let text = r#"{"a\"}":[1,{"b":2}], "Request" : {"URL":"https://a/\"x\"" , "n" : 1 },"n":null,"n":-2.5,"e":""}"#;
        for (path, expected) in [
            (&["Request", "URL"][..], Some(r#""https://a/\"x\"""#)),
            (&["request", "URL"], None),
            (&["Request", "n"], Some("1")),
            (
                &["Request"],
                Some(r#"{"URL":"https://a/\"x\"" , "n" : 1 }"#),
            ),
            (&["n"], Some("-2.5")),
            (&["e"], Some(r#""""#)),
            (&["b"], None),
            (&["n", "b"], None),
            (&["Request", "URL", "x"], None),
            (&["None", "x"], None),
        ] {
            assert_eq!(read(text, path).as_deref(), expected, "{path:?}");
        }
        assert_eq!(read(r#"[{"n":1}]"#, &["n"]), None);
        for (text, path, expected) in [
            (r#"[{"n":1},{"n":2}]"#, &["0", "n"][..], Some("1")),
            (r#"[ {"n":1} , {"n":2} ]"#, &["1", "n"], Some("2")),
            (r#"{"n":["a","b"]}"#, &["n", "1"], Some(r#""b""#)),
            // Elements that say nothing are not counted.
            (r#"[null,"",{"n":1}]"#, &["0", "n"], Some("1")),
            (r#"[1]"#, &["1"], None),
            (r#"[1]"#, &["-1"], None),
            (r#"[]"#, &["0"], None),
            (r#"{"0":1}"#, &["0"], Some("1")),
        ] {
            assert_eq!(read(text, path).as_deref(), expected, "{text} {path:?}");
        }
        assert_eq!(read("{}", &["n"]), None);
    }
}
