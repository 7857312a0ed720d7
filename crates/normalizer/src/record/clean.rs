//! What stands inside a record's objects and lists, made fit for a document: secrets are masked, and
//! what receivers refuse a whole event for is mended.
//!
//! Nearly every record is fit as it is: [`Insides`](super::insides::Insides) tells those.

use core::ops::Range;
use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use crate::bytes::slice;
use crate::bytes::text::beginning;
use crate::record::nested::string_end;
use crate::record::{DEPTH_MAX, is_beyond_double};

/// What stands for a secret.
pub(crate) const MASK: &str = "[masked]";

/// Headers that carry credentials: their values are masked wherever headers are kept.
const CREDENTIALS: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "cf-access-client-secret",
];

/// Names of the members that say a header's name, where headers are a list of objects, and its value.
const NAME_MEMBERS: [&str; 3] = ["name", "key", "header"];
const VALUE_MEMBERS: [&str; 2] = ["value", "values"];

/// How much is kept of what is nested too deep, as text, in bytes.
const DEEP_TEXT_MAX: usize = 1024;

/// The names of members whose values are masked; the case of letters does not matter.
#[derive(Debug, Default)]
pub(crate) struct SecretNames {
    names: Vec<&'static str>,
    /// One bit for each length of a name: most texts have another.
    lengths: u64,
    /// Whether the table of the dataset has any of its own.
    of_table: bool,
    /// Whether nothing is masked.
    unmask: bool,
}

/// What [`clean`] changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) masked: bool,
    /// Members that gave way to a later one of the same name.
    pub(crate) repeated: u64,
    /// Whether something nested too deep became text.
    pub(crate) truncated: bool,
}

impl SecretNames {
    /// The credentials in headers, and the masked fields of a table under all their names.
    pub(crate) fn new(of_table: Vec<&'static str>, unmask: bool) -> Self {
        let names = [of_table.as_slice(), &CREDENTIALS].concat();
        Self {
            of_table: !of_table.is_empty(),
            lengths: names
                .iter()
                .fold(0, |lengths, name| lengths | length_bit(name.len())),
            names,
            unmask,
        }
    }

    pub(crate) fn has(&self, name: &[u8]) -> bool {
        self.lengths & length_bit(name.len()) != 0 && self.is_known(name)
    }

    #[inline(never)]
    fn is_known(&self, name: &[u8]) -> bool {
        !self.unmask
            && self
                .names
                .iter()
                .any(|known| known.as_bytes().eq_ignore_ascii_case(name))
    }

    /// How much of a text that is no record can be shown: nothing that a secret can stand in.
    ///
    /// Where the table masks fields, that is an object up to the first name of such a field, or up to
    /// the first byte that is no JSON: from there on nobody can tell a name from a value. Without
    /// such a table, all up to the first header with a credential.
    pub(crate) fn visible(&self, text: &[u8]) -> usize {
        if self.unmask {
            return text.len();
        }
        if !self.of_table {
            return self.first_name(text);
        }
        match text.first() {
            Some(b'{') => Reader::default().visible(text, self),
            _ => 0,
        }
    }

    /// The same of what may be the rest of a record that a raw line break cut: where the table masks
    /// fields, it may be the rest of such a field's value, and nothing can be shown.
    pub(crate) fn visible_of_rest(&self, text: &[u8]) -> usize {
        match self.of_table && !self.unmask {
            true => 0,
            false => self.visible(text),
        }
    }

    /// Where the first string stands that is a name of ours, however broken the text is.
    fn first_name(&self, text: &[u8]) -> usize {
        let mut quotes = memchr::memchr_iter(b'"', text);
        quotes
            .find(|&quote| {
                let rest = slice(text, quote + 1..text.len());
                let end = memchr::memchr(b'"', rest).unwrap_or(rest.len());
                decoded(slice(rest, 0..end)).is_some_and(|name| self.has(name.as_bytes()))
            })
            .unwrap_or(text.len())
    }
}

/// The bit of a length; all long ones share the last.
fn length_bit(len: usize) -> u64 {
    1 << len.min(63)
}

/// Reads a text as JSON for as long as it is.
#[derive(Default)]
struct Reader {
    /// Whether each open container is an object.
    open: Vec<bool>,
}

/// What JSON expects next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    /// A value, or the end of the list that has just begun.
    ValueOrEnd,
    Name,
    NameOrEnd,
    Colon,
    CommaOrEnd,
    Nothing,
}

impl Reader {
    fn visible(&mut self, text: &[u8], secrets: &SecretNames) -> usize {
        let mut expected = Expected::Value;
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            let end = match (byte, expected) {
                (b' ' | b'\t' | b'\r' | b'\n', _) => Some((at + 1, expected)),
                (b'"', Expected::Name | Expected::NameOrEnd) => {
                    string(text, at).and_then(|(end, insides)| {
                        let name = decoded(insides)?;
                        (!secrets.has(name.as_bytes())).then_some((end, Expected::Colon))
                    })
                }
                (b'"', Expected::Value | Expected::ValueOrEnd) => {
                    string(text, at).and_then(|(end, insides)| {
                        // The name of a header, where headers are a list.
                        let text = decoded(insides)?;
                        (!secrets.has(text.as_bytes())).then_some((end, self.after()))
                    })
                }
                (b':', Expected::Colon) => Some((at + 1, Expected::Value)),
                (b',', Expected::CommaOrEnd) => Some((
                    at + 1,
                    match self.open.last() {
                        Some(true) => Expected::Name,
                        _ => Expected::Value,
                    },
                )),
                (b'{', Expected::Value | Expected::ValueOrEnd) => {
                    self.open.push(true);
                    Some((at + 1, Expected::NameOrEnd))
                }
                (b'[', Expected::Value | Expected::ValueOrEnd) => {
                    self.open.push(false);
                    Some((at + 1, Expected::ValueOrEnd))
                }
                (b'}', Expected::CommaOrEnd | Expected::NameOrEnd)
                    if self.open.last() == Some(&true) =>
                {
                    self.open.pop();
                    Some((at + 1, self.after()))
                }
                (b']', Expected::CommaOrEnd | Expected::ValueOrEnd)
                    if self.open.last() == Some(&false) =>
                {
                    self.open.pop();
                    Some((at + 1, self.after()))
                }
                (_, Expected::Value | Expected::ValueOrEnd) => {
                    let scalar = scalar(text, at);
                    serde_json::from_slice::<IgnoredAny>(scalar)
                        .is_ok()
                        .then(|| (at + scalar.len(), self.after()))
                }
                _ => None,
            };
            let Some((after, next)) = end else {
                break;
            };
            (at, expected) = (after, next);
        }
        at
    }

    fn after(&self) -> Expected {
        match self.open.is_empty() {
            true => Expected::Nothing,
            false => Expected::CommaOrEnd,
        }
    }
}

/// The end of the string that begins at `quote`, and its insides.
fn string(text: &[u8], quote: usize) -> Option<(usize, &[u8])> {
    let (end, _) = string_end(text, quote + 1)?;
    (text.get(end) == Some(&b'"')).then(|| (end + 1, slice(text, quote + 1..end)))
}

/// The bytes from `at` to the next that ends a number or a literal.
fn scalar(text: &[u8], at: usize) -> &[u8] {
    let rest = slice(text, at..text.len());
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'));
    slice(rest, 0..end.unwrap_or(rest.len()))
}

/// The text of which these are the insides of a JSON string; nothing where they are not.
fn decoded(insides: &[u8]) -> Option<String> {
    if !insides.contains(&b'\\') {
        return core::str::from_utf8(insides).ok().map(str::to_owned);
    }
    serde_json::from_slice(&[b"\"", insides, b"\""].concat()).ok()
}

/// Of all escapes only `\\u` makes letters.
pub(crate) fn has_escaped_secret(insides: &[u8], secrets: &SecretNames) -> bool {
    memchr::memmem::find(insides, b"\\u").is_some()
        && decoded(insides).is_some_and(|text| secrets.has(text.as_bytes()))
}

/// Whether the string that ends before `at` is a member's name.
fn is_name(text: &[u8], at: usize) -> bool {
    match text.get(at) {
        Some(b':') => true,
        Some(b' ' | b'\t' | b'\r' | b'\n') => {
            let rest = slice(text, at..text.len());
            rest.trim_ascii_start().first() == Some(&b':')
        }
        _ => false,
    }
}

/// Whether a name has an empty or blank part between, before or behind its dots: Elasticsearch
/// refuses an event with one.
pub(crate) fn is_odd(name: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && *byte != b'.';
    (name.is_empty() || !name.iter().all(is_plain)) && has_blank_part(name)
}

#[cold]
#[inline(never)]
fn has_blank_part(name: &[u8]) -> bool {
    String::from_utf8_lossy(name).split('.').any(is_blank)
}

/// The name with an underscore for each blank part, and more behind it for as long as it is taken.
pub(crate) fn mended_name(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let parts: Vec<&str> = name
        .split('.')
        .map(|part| if is_blank(part) { "_" } else { part })
        .collect();
    let mut mended = parts.join(".");
    while is_taken(&mended) {
        mended.push('_');
    }
    mended
}

fn is_blank(part: &str) -> bool {
    part.trim().is_empty()
}

/// An object or list that is being written.
struct Open {
    is_object: bool,
    /// Where it begins in what is written, behind its bracket.
    start: usize,
    entries: Vec<Entry>,
}

/// A member of an object, or an element of a list.
struct Entry {
    name: String,
    value: Range<usize>,
}

/// Writes a value of valid JSON without white space between its tokens, and cleaned:
///
/// - The value of a member whose name is a secret's is masked. So is that of a header in a list:
///   `{"name":"Cookie","value":..}` and `["Cookie",..]`.
/// - Of equal names in an object the last counts, in the place of the first.
/// - Names with empty or blank parts are mended.
/// - Numbers beyond the range of a double become text.
/// - What is nested deeper than [`DEPTH_MAX`] becomes text, its beginning.
///
/// Without recursion, since a record may nest as deep as it is long.
pub(crate) fn clean(json: &str, secrets: &SecretNames, changes: &mut Changes) -> Vec<u8> {
    let mut cleaner = Cleaner {
        written: Vec::with_capacity(json.len()),
        open: Vec::new(),
        secrets,
        changes,
    };
    cleaner.run(json.as_bytes());
    cleaner.written
}

struct Cleaner<'a> {
    written: Vec<u8>,
    open: Vec<Open>,
    secrets: &'a SecretNames,
    changes: &'a mut Changes,
}

impl Cleaner<'_> {
    fn run(&mut self, json: &[u8]) {
        let mut at = 0;
        while let Some(&byte) = json.get(at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => at += 1,
                b'{' | b'[' => {
                    self.begin_value();
                    self.written.push(byte);
                    self.open.push(Open {
                        is_object: byte == b'{',
                        start: self.written.len(),
                        entries: Vec::new(),
                    });
                    at += 1;
                }
                b'}' | b']' => {
                    self.close(byte);
                    at += 1;
                }
                b'"' => {
                    let Some((end, insides)) = string(json, at) else {
                        debug_assert!(false, "valid JSON");
                        return;
                    };
                    if is_name(json, end) && self.expects_name() {
                        self.begin_member(insides);
                    } else {
                        self.begin_value();
                        self.written.extend_from_slice(slice(json, at..end));
                        self.end_value();
                    }
                    at = end;
                }
                _ => {
                    let scalar = scalar(json, at);
                    self.begin_value();
                    match core::str::from_utf8(scalar) {
                        Ok(number) if is_beyond_double(number) => {
                            self.written
                                .extend_from_slice(format!("\"{number}\"").as_bytes());
                        }
                        _ => self.written.extend_from_slice(scalar),
                    }
                    self.end_value();
                    at += scalar.len().max(1);
                }
            }
        }
    }

    /// Whether an object is open whose last member has its value.
    fn expects_name(&self) -> bool {
        self.open.last().is_some_and(|open| {
            let last = open.entries.last();
            open.is_object && last.is_none_or(|entry| entry.value.end > 0)
        })
    }

    fn begin_member(&mut self, insides: &[u8]) {
        let name = decoded(insides).unwrap_or_default();
        if let Some(open) = self.open.last_mut() {
            if !open.entries.is_empty() {
                self.written.push(b',');
            }
            self.written.extend_from_slice(&quoted(&name));
            self.written.push(b':');
            open.entries.push(Entry {
                name,
                // Its end is not known yet.
                value: self.written.len()..0,
            });
        }
    }

    fn begin_value(&mut self) {
        if let Some(open) = self.open.last_mut()
            && !open.is_object
        {
            if !open.entries.is_empty() {
                self.written.push(b',');
            }
            open.entries.push(Entry {
                name: String::new(),
                value: self.written.len()..0,
            });
        }
    }

    fn end_value(&mut self) {
        let Some(entry) = self
            .open
            .last_mut()
            .and_then(|open| open.entries.last_mut())
        else {
            return;
        };
        if self.secrets.has(entry.name.as_bytes()) {
            let value = self.written.get(entry.value.start..).unwrap_or_default();
            if !is_absent(value) {
                self.written.truncate(entry.value.start);
                self.written.extend_from_slice(&quoted(MASK));
                self.changes.masked = true;
            }
        }
        entry.value.end = self.written.len();
    }

    fn close(&mut self, bracket: u8) {
        let Some(open) = self.open.pop() else {
            debug_assert!(false, "valid JSON");
            return;
        };
        let rewritten = match open.is_object {
            true => self.rewritten_object(&open),
            false => self.rewritten_list(&open),
        };
        if let Some(rewritten) = rewritten {
            self.written.truncate(open.start);
            self.written.extend_from_slice(&rewritten);
        }
        self.written.push(bracket);
        if self.open.len() == DEPTH_MAX as usize {
            let whole = open.start.saturating_sub(1);
            let text = String::from_utf8_lossy(slice(&self.written, whole..self.written.len()));
            let text = quoted(beginning(&text, DEEP_TEXT_MAX));
            self.written.truncate(whole);
            self.written.extend_from_slice(&text);
            self.changes.truncated = true;
        }
        self.end_value();
    }

    /// The members of an object, where they cannot stay as they were written.
    fn rewritten_object(&mut self, open: &Open) -> Option<Vec<u8>> {
        // Of equal names the last.
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, entry) in open.entries.iter().enumerate() {
            last.insert(&entry.name, place);
        }
        let repeated = open.entries.len() - last.len();
        let has_odd = open
            .entries
            .iter()
            .any(|entry| is_odd(entry.name.as_bytes()));
        let is_named = |entry: &Entry, names: &[&str]| {
            names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&entry.name))
        };
        let is_credential = open.entries.iter().any(|entry| {
            is_named(entry, &NAME_MEMBERS) && self.is_secret_text(entry.value.clone())
        });
        if repeated == 0 && !has_odd && !is_credential {
            return None;
        }
        self.changes.repeated += repeated as u64;
        let mut taken: BTreeMap<String, ()> = BTreeMap::new();
        let mut written = Vec::new();
        for entry in &open.entries {
            let Some(value) = last
                .remove(entry.name.as_str())
                .and_then(|place| open.entries.get(place))
            else {
                continue;
            };
            let name = match is_odd(entry.name.as_bytes()) {
                false => entry.name.clone(),
                true => mended_name(&entry.name, |name| {
                    taken.contains_key(name) || open.entries.iter().any(|other| other.name == name)
                }),
            };
            if !written.is_empty() {
                written.push(b',');
            }
            written.extend_from_slice(&quoted(&name));
            written.push(b':');
            let json = slice(&self.written, value.value.clone());
            if is_credential && is_named(entry, &VALUE_MEMBERS) && !is_absent(json) {
                written.extend_from_slice(&quoted(MASK));
                self.changes.masked = true;
            } else {
                written.extend_from_slice(json);
            }
            taken.insert(name, ());
        }
        Some(written)
    }

    /// The elements of a list that is a header's name and its value.
    fn rewritten_list(&mut self, open: &Open) -> Option<Vec<u8>> {
        let [name, value] = open.entries.as_slice() else {
            return None;
        };
        if !self.is_secret_text(name.value.clone())
            || is_absent(slice(&self.written, value.value.clone()))
        {
            return None;
        }
        self.changes.masked = true;
        let name = slice(&self.written, name.value.clone());
        Some([name, b",", &quoted(MASK)].concat())
    }

    fn is_secret_text(&self, value: Range<usize>) -> bool {
        let insides = slice(&self.written, value)
            .strip_prefix(b"\"")
            .and_then(|text| text.strip_suffix(b"\""));
        let text = insides.and_then(decoded);
        text.is_some_and(|text| self.secrets.has(text.as_bytes()))
    }
}

fn is_absent(json: &[u8]) -> bool {
    matches!(json, b"null" | b"\"\"")
}

/// The text as a JSON string. A text has no encoding that fails.
fn quoted(text: &str) -> Vec<u8> {
    let quoted = serde_json::to_vec(text);
    debug_assert!(quoted.is_ok());
    quoted.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> SecretNames {
        SecretNames::new(vec!["Password"], false)
    }

    #[test]
    fn changes_are_counted() {
        let count = |json: &str| {
            let mut changes = Changes::default();
            clean(json, &secrets(), &mut changes);
            (changes.masked, changes.repeated, changes.truncated)
        };
        assert_eq!(count(r#"{"a":[1]}"#), (false, 0, false));
        assert_eq!(
            count(r#"{"a":1,"a":2,"a":3,"b":{"c":1,"c":1}}"#),
            (false, 3, false)
        );
        assert_eq!(count(r#"{"a":{"password":1}}"#), (true, 0, false));
        assert_eq!(
            count(&format!("{}{}", "[".repeat(65), "]".repeat(65))),
            (false, 0, true)
        );
    }

    #[test]
    fn what_is_shown_of_a_broken_text_ends_before_a_secret() {
        for (text, expected) in [
            (r#"{"a":1,"Password":"x"}"#, r#"{"a":1,"#),
            (r#"{"a":{"b":[{"passwor\u0064":"x""#, r#"{"a":{"b":[{"#),
            (r#"{"a":"x", oops"Password":"x"}"#, r#"{"a":"x", "#),
            (r#"{"a":"x"y","Password":"x"}"#, r#"{"a":"x""#),
            (r#"{"a":"x"#, r#"{"a":"#),
            (r#"{"a":tru,"Password":1}"#, r#"{"a":"#),
            (r#"{"a":1}{"b":2}"#, r#"{"a":1}"#),
            (r#"{"a":1]"#, r#"{"a":1"#),
            (r#"{"a\x":1"#, "{"),
            (r#"{"a":["Cookie","x"]"#, r#"{"a":["#),
            (r#""secret""#, ""),
            ("secret", ""),
            (r#"["Password"]"#, ""),
            ("{}", "{}"),
        ] {
            let visible = secrets().visible(text.as_bytes());
            assert_eq!(&text[..visible], expected, "{text}");
            let unmask = SecretNames::new(vec!["Password"], true);
            assert_eq!(unmask.visible(text.as_bytes()), text.len());
        }
        let without = SecretNames::new(Vec::new(), false);
        for (text, expected) in [
            ("oops", "oops"),
            (r#"{"a":x,"Cookie":"x"}"#, r#"{"a":x,"#),
            (r#"x"cooki\u0065":"x"}"#, "x"),
        ] {
            assert_eq!(
                &text[..without.visible(text.as_bytes())],
                expected,
                "{text}"
            );
        }
    }
}
