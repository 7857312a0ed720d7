//! What stands in a record's objects and lists: members by their names, elements in their order.

use crate::bytes::simd::find_special;
use crate::record::{MemberPath, Record, Span, Value, ValueKind};

impl Record {
    /// Puts the values of `members` behind those of the rows.
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

/// The member of an object by its name, or in another case of its letters where there is none of the
/// name itself; of several the last. The element of a list by its number, such as `0`, or as `only` where it is the
/// only one. A missing value where there is none, or neither object nor list.
pub(crate) fn member(text: &[u8], object: &Value, name: &str) -> Value {
    let found = exact_member(text, object, name);
    match found.kind {
        ValueKind::Missing => find(text, object, name, |of| {
            of.eq_ignore_ascii_case(name.as_bytes())
        }),
        _ => found,
    }
}

/// The same, of the name itself alone.
pub(crate) fn exact_member(text: &[u8], object: &Value, name: &str) -> Value {
    find(text, object, name, |of| of == name.as_bytes())
}

fn find(text: &[u8], object: &Value, name: &str, is_wanted: impl Fn(&[u8]) -> bool) -> Value {
    let mut found = Value::default();
    let start = object.span.start as usize;
    if object.kind != ValueKind::Nested {
        return found;
    }
    if text.get(start) == Some(&b'[') {
        let mut elements = elements(text, object);
        let element = match name {
            "only" => elements.next().filter(|_| elements.next().is_none()),
            number => number.parse().ok().and_then(|index| elements.nth(index)),
        };
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
                let is_wanted = is_wanted(Span::new(at + 1, end).of(text));
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

/// The elements of a list, or the value itself where it is none; not those that say nothing.
pub(crate) fn elements<'a>(text: &'a [u8], value: &Value) -> Elements<'a> {
    let is_list =
        value.kind == ValueKind::Nested && text.get(value.span.start as usize) == Some(&b'[');
    Elements {
        text,
        at: if is_list {
            value.span.start as usize + 1
        } else {
            usize::MAX
        },
        single: (!is_list).then_some(*value),
    }
}

/// Reads a list that is known to be valid JSON.
pub(crate) struct Elements<'a> {
    text: &'a [u8],
    /// Where the next element is looked for; behind all texts where there is no list.
    at: usize,
    single: Option<Value>,
}

impl Iterator for Elements<'_> {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        if let Some(single) = self.single.take() {
            return (!single.is_absent()).then_some(single);
        }
        loop {
            match self.text.get(self.at)? {
                b' ' | b'\t' | b',' => self.at += 1,
                b']' => return None,
                _ => {
                    let value = value_at(self.text, self.at)?;
                    self.at = value.json_span().end as usize;
                    if !value.is_absent() {
                        return Some(value);
                    }
                }
            }
        }
    }
}

/// The value that begins at `start` of a text that is known to be valid JSON.
pub(crate) fn value_at(text: &[u8], start: usize) -> Option<Value> {
    let first = text.get(start)?;
    let (kind, escaped, span) = match first {
        b'"' => {
            let (end, escaped) = string_end(text, start + 1)?;
            let kind = match end == start + 1 {
                true => ValueKind::Empty,
                false => ValueKind::Text,
            };
            (kind, escaped, Span::new(start + 1, end))
        }
        first => {
            let kind = match first {
                b'{' | b'[' => ValueKind::Nested,
                b't' | b'f' => ValueKind::Bool,
                b'n' => ValueKind::Null,
                _ => ValueKind::Number,
            };
            (kind, false, Span::new(start, end(text, start)?))
        }
    };
    Some(Value {
        kind,
        escaped,
        span,
        member: 0,
    })
}

/// Where the text that begins at `from`, behind its quote, ends, and whether it has escapes.
pub(crate) fn string_end(text: &[u8], from: usize) -> Option<(usize, bool)> {
    let mut at = find_special(text, from);
    let mut escaped = false;
    while text.get(at)? != &b'"' {
        escaped = true;
        at = find_special(text, at + 2);
    }
    Some((at, escaped))
}

/// Where the value that begins at `from`, and is no text, ends.
fn end(text: &[u8], from: usize) -> Option<usize> {
    let (mut at, mut depth) = (from, 0_u32);
    loop {
        match text.get(at)? {
            b'"' => at = string_end(text, at + 1)?.0,
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' | b' ' | b'\t' if depth == 0 => return Some(at),
            b'}' | b']' if depth == 1 => return Some(at + 1),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_gives_its_elements_and_a_value_itself() {
        let read = |text: &str, kind| {
            let value = Value {
                kind,
                escaped: false,
                span: Span::new(0, text.len()),
                member: 0,
            };
            elements(text.as_bytes(), &value)
                .map(|element| {
                    String::from_utf8_lossy(element.span.of(text.as_bytes())).into_owned()
                })
                .collect::<Vec<_>>()
                .join("|")
        };
        for (text, expected) in [
            ("[]", ""),
            (r#"["a","b\"]","",null,"c"]"#, r#"a|b\"]|c"#),
            (r#"[ "a" , 1.5 ,true]"#, "a|1.5|true"),
            (r#"[{"a":[1,"]"]} , [2,3]]"#, r#"{"a":[1,"]"]}|[2,3]"#),
            (r#"{"a":1}"#, r#"{"a":1}"#),
        ] {
            assert_eq!(read(text, ValueKind::Nested), expected, "{text}");
        }
        assert_eq!(read("a", ValueKind::Text), "a");
        assert_eq!(read("", ValueKind::Empty), "");
    }

    #[test]
    fn members_are_found_by_their_names() {
        let read = |text: &str, path: &[&str]| {
            let object = value_at(text.as_bytes(), 0).unwrap();
            let found = path.iter().fold(object, |object, name| {
                member(text.as_bytes(), &object, name)
            });
            let json = (found.kind != ValueKind::Missing).then(|| found.json_span());
            json.map(|json| String::from_utf8_lossy(json.of(text.as_bytes())).into_owned())
        };
        let text = r#"{"a\"}":[1,{"b":2}], "Request" : {"URL":"https://a/\"x\"" , "n" : 1 },"n":null,"n":-2.5,"e":""}"#;
        for (path, expected) in [
            (&["Request", "URL"][..], Some(r#""https://a/\"x\"""#)),
            (&["request", "URL"], Some(r#""https://a/\"x\"""#)),
            (&["REQUEST", "url"], Some(r#""https://a/\"x\"""#)),
            (&["Req", "URL"], None),
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
            (r#"[null,{"n":1}]"#, &["only", "n"], Some("1")),
            (r#"[{"n":1},{"n":2}]"#, &["only", "n"], None),
            (r#"[]"#, &["only"], None),
            (r#"{"only":1}"#, &["only"], Some("1")),
            (r#"[1]"#, &["1"], None),
            (r#"[1]"#, &["-1"], None),
            (r#"[]"#, &["0"], None),
            (r#"{"0":1}"#, &["0"], Some("1")),
        ] {
            assert_eq!(read(text, path).as_deref(), expected, "{text} {path:?}");
        }
        assert_eq!(read("{}", &["n"]), None);
        assert_eq!(read(r#"{"N":1,"n":2,"N":3}"#, &["n"]).as_deref(), Some("2"));
    }
}
