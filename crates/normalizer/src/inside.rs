//! Members of a record's objects, where a table names them.

use crate::elements::{string_end, value_at};
use crate::plan::Inner;
use crate::record::{Kind, Record, Span, Value};

impl Record {
    /// Puts the values of `inner` behind those of the rows.
    #[inline(never)]
    pub(crate) fn look_inside(&mut self, inner: &[Inner], text: &[u8]) {
        for Inner { row, path } in inner {
            let object = *self.value(*row);
            let value = path
                .iter()
                .fold(object, |object, name| member(text, &object, name));
            self.values.push(value);
        }
    }
}

/// The member of an object, the last of equal names; a missing value where there is none, or no
/// object.
pub(crate) fn member(text: &[u8], object: &Value, name: &str) -> Value {
    let mut found = Value::default();
    let start = object.span.start as usize;
    if object.kind != Kind::Nested || text.get(start) != Some(&b'{') {
        return found;
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
        assert_eq!(read("{}", &["n"]), None);
    }
}
