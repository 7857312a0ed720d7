//! What a document says about its own making, in the members that the record may have itself.

use crate::bytes::slice;
use crate::bytes::writer::Writer;
use crate::record::nested::exact_member;
use crate::record::{Span, Value, ValueKind};

/// What a document says about its own making.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Sentences for `error.message`.
    pub(crate) messages: Vec<String>,
    pub(crate) tags: Vec<&'static str>,
    /// Names of the fields that were truncated, as the insides of JSON strings.
    pub(crate) truncated: Vec<String>,
    /// Labels of a document that has no place of its own for them.
    pub(crate) labels: Vec<(&'static str, String)>,
}

impl Notes {
    /// Adds a tag, once.
    pub(crate) fn tag(&mut self, tag: &'static str) {
        if !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }

    /// Writes the notes, and the brace that closes the document.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.byte(b'}');
        if !self.is_empty() {
            self.write_members(writer);
        }
    }

    fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.labels.is_empty()
    }

    /// Bytes that the notes take at most, without the names of truncated fields.
    pub(crate) fn len(&self) -> usize {
        if self.is_empty() {
            // The brace.
            return 1;
        }
        let mut writer = Writer::default();
        self.write(&mut writer);
        // The brackets and the comma around a text that is no list.
        writer.len() + 3
    }

    #[cold]
    fn write_members(&self, writer: &mut Writer) {
        if !self.messages.is_empty() {
            let messages = quoted(&self.messages.join("; "));
            add(
                writer,
                "error",
                &[b"{\"message\":".as_slice(), &messages, b"}"].concat(),
                &join_error,
            );
        }
        if !self.truncated.is_empty() {
            let names = self.truncated.join(", ");
            add_label(writer, "truncated", &names);
        }
        for (name, value) in &self.labels {
            add_label(writer, name, value);
        }
        if !self.tags.is_empty() {
            let tags = format!("[\"{}\"]", self.tags.join("\",\""));
            add(writer, "tags", tags.as_bytes(), &join_tags);
        }
    }
}

const NULL: &[u8] = b"null";
const EMPTY: &[u8] = b"\"\"";

/// A member's own value, and ours: both in one, or nothing where the own one has no room for ours.
type Join<'a> = &'a dyn Fn(&[u8], &[u8]) -> Option<Vec<u8>>;

/// Adds a label, the insides of a JSON string.
fn add_label(writer: &mut Writer, name: &str, insides: &str) {
    let label = format!("{{\"{name}\":\"{insides}\"}}");
    add(writer, "labels", label.as_bytes(), &|own, ours| {
        join_labels(own, ours, name)
    });
}

/// Adds a member to a document; where the record brings one of that name,
/// `join` says what becomes of it.
fn add(writer: &mut Writer, name: &str, value: &[u8], join: Join<'_>) {
    let document = writer.written();
    let own = exact_member(document, &whole(document), name);
    if own.kind == ValueKind::Missing {
        // A native record may be empty.
        let is_empty = document == b"{}";
        writer.truncate(writer.len() - 1);
        if !is_empty {
            writer.byte(b',');
        }
        writer.quoted(name);
        writer.byte(b':');
        writer.put(value);
        writer.byte(b'}');
        return;
    }
    let place = own.json_span();
    if let Some(joined) = join(place.of(document), value) {
        let before = slice(document, 0..place.start as usize);
        let after = slice(document, place.end as usize..document.len());
        let document = [before, &joined, after].concat();
        writer.replace(&document);
    }
}

/// The record's own message, then ours. An own `error` that is no object, or whose message is no
/// text, has no room for ours: the tags alone tell.
fn join_error(own: &[u8], ours: &[u8]) -> Option<Vec<u8>> {
    join_texts(own, ours, "message", b"; ")
}

fn join_labels(own: &[u8], ours: &[u8], name: &str) -> Option<Vec<u8>> {
    if matches!(own, NULL | EMPTY) {
        return Some(ours.to_vec());
    }
    join_texts(own, ours, name, b", ")
}

/// The record's own tags, then ours.
fn join_tags(own: &[u8], ours: &[u8]) -> Option<Vec<u8>> {
    if matches!(own, NULL | EMPTY) {
        return Some(ours.to_vec());
    }
    let ours = ours.strip_prefix(b"[")?;
    let own = match own.strip_prefix(b"[") {
        Some(list) => list.strip_suffix(b"]")?.trim_ascii(),
        None => own,
    };
    let comma: &[u8] = if own.is_empty() { b"" } else { b"," };
    Some([b"[", own, comma, ours].concat())
}

/// The own object with our text behind its own under `name`, or as its first member.
fn join_texts(own: &[u8], ours: &[u8], name: &str, separator: &[u8]) -> Option<Vec<u8>> {
    let insides = own.strip_prefix(b"{")?;
    let our_text = exact_member(ours, &whole(ours), name).span.of(ours);
    let own_text = exact_member(own, &whole(own), name);
    match own_text.kind {
        ValueKind::Text => {
            let (head, tail) = own.split_at_checked(own_text.span.end as usize)?;
            Some([head, separator, our_text, tail].concat())
        }
        ValueKind::Missing => {
            let is_empty = insides.trim_ascii_start().starts_with(b"}");
            let comma: &[u8] = if is_empty { b"" } else { b"," };
            let ours = ours.strip_suffix(b"}")?;
            Some([ours, comma, insides].concat())
        }
        _ => None,
    }
}

fn whole(object: &[u8]) -> Value {
    Value {
        kind: ValueKind::Nested,
        span: Span::new(0, object.len()),
        ..Value::default()
    }
}

fn quoted(text: &str) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.quoted(text);
    writer.written().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_join_what_the_record_has_itself() {
        let notes = Notes {
            messages: vec!["a".to_owned(), "b\"".to_owned()],
            tags: vec!["t", "u"],
            truncated: vec!["F".to_owned(), "G".to_owned()],
            ..Notes::default()
        };
        let error = r#""error":{"message":"a; b\""}"#;
        let labels = r#""labels":{"truncated":"F, G"}"#;
        let tags = r#""tags":["t","u"]"#;
        for (own, expected) in [
            ("", format!("{{{error},{labels},{tags}}}")),
            (r#""x":1"#, format!(r#"{{"x":1,{error},{labels},{tags}}}"#)),
            // `error`.
            (
                r#""error":{"message":"own","x":1}"#,
                format!(r#"{{"error":{{"message":"own; a; b\"","x":1}},{labels},{tags}}}"#),
            ),
            (
                r#""error":{"x":1}"#,
                format!(r#"{{"error":{{"message":"a; b\"","x":1}},{labels},{tags}}}"#),
            ),
            (
                r#""error":{ }"#,
                format!(r#"{{"error":{{"message":"a; b\"" }},{labels},{tags}}}"#),
            ),
            (
                r#""error":{"message":""}"#,
                format!(r#"{{"error":{{"message":""}},{labels},{tags}}}"#),
            ),
            (
                r#""error":null"#,
                format!(r#"{{"error":null,{labels},{tags}}}"#),
            ),
            (
                r#""error":"boom""#,
                format!(r#"{{"error":"boom",{labels},{tags}}}"#),
            ),
            (
                r#""error":{"message":1}"#,
                format!(r#"{{"error":{{"message":1}},{labels},{tags}}}"#),
            ),
            // `labels`.
            (
                r#""labels":{"a":"b"}"#,
                format!(r#"{{"labels":{{"truncated":"F, G","a":"b"}},{error},{tags}}}"#),
            ),
            (
                r#""labels":{"truncated":"own"}"#,
                format!(r#"{{"labels":{{"truncated":"own, F, G"}},{error},{tags}}}"#),
            ),
            (
                r#""labels":["a"]"#,
                format!(r#"{{"labels":["a"],{error},{tags}}}"#),
            ),
            // `tags`.
            (
                r#""tags":["mine"]"#,
                format!(r#"{{"tags":["mine","t","u"],{error},{labels}}}"#),
            ),
            (r#""tags":[ ]"#, format!("{{{tags},{error},{labels}}}")),
            (
                r#""tags":"mine","x":[]"#,
                format!(r#"{{"tags":["mine","t","u"],"x":[],{error},{labels}}}"#),
            ),
            (r#""labels":null"#, format!("{{{labels},{error},{tags}}}")),
            (r#""tags":"""#, format!("{{{tags},{error},{labels}}}")),
        ] {
            let mut writer = Writer::default();
            writer.put(format!("{{{own}").as_bytes());
            let before = writer.len();
            notes.write(&mut writer);
            let written = core::str::from_utf8(writer.written()).unwrap();
            assert_eq!(written, expected, "{own}");
            let names: usize = notes.truncated.join(", ").len() + 30;
            assert!(written.len() <= before + notes.len() + names, "{own}");
        }
        let mut writer = Writer::default();
        writer.byte(b'{');
        Notes::default().write(&mut writer);
        assert_eq!(writer.written(), b"{}");
    }
}
