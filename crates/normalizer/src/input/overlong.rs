//! A line that is longer than the limit, read as it streams by.
//!
//! The limit is what is kept of a record. A field that does not fit gives way, and only that: a text
//! to its beginning, an object or list to its first members. Fields that find no room at all are
//! counted. The identity is that of the whole line.

use xxhash_rust::xxh3::Xxh3;

use crate::bytes::simd::find_special;
use crate::bytes::slice;
use crate::bytes::text::text_beginning;

/// How much is kept of a field that gives way, in bytes.
const FIELD_MAX: usize = 8 * 1024;

/// How much is kept of a line that is no object, in bytes.
const BEGINNING_MAX: usize = 32 * 1024;

/// Names of fields that gave way that are noted.
const NAMES_MAX: usize = 16;

/// Levels of objects and lists that a field which gives way can end in.
const DEPTH_MAX: u32 = 64;

/// Blanks that are held back until it is known whether they end the line.
const BLANKS_MAX: usize = 64;

/// One overlong line, piece by piece.
pub(crate) struct Overlong {
    max: usize,
    kept: Vec<u8>,
    state: State,
    /// Whether the byte before, in a text, was a backslash that escapes the next.
    is_escaped: bool,
    member: Member,
    nesting: Nesting,
    truncated: Vec<String>,
    dropped: u64,
    hash: Box<Xxh3>,
    blanks: Vec<u8>,
    len: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Beginning,
    BeforeName {
        is_first: bool,
    },
    Name,
    BeforeColon,
    BeforeValue,
    Text,
    Scalar,
    Nested,
    NestedText,
    AfterValue,
    End,
    /// The line is no object: its beginning is kept.
    Other,
    /// The line is an object at first, and breaks.
    Broken,
}

/// The member that is being read: places in what is kept.
#[derive(Clone, Copy, Default)]
struct Member {
    start: usize,
    value: usize,
    /// Whether nothing more of it is kept.
    is_cut: bool,
}

/// Where an object or list stands that is being read.
#[derive(Clone, Copy, Default)]
struct Nesting {
    depth: u32,
    /// Whether each open one is an object, the innermost in the lowest bit.
    objects: u64,
    /// Where it could end: a place in what is kept, and what would be open there.
    end: (usize, u32, u64),
}

impl Overlong {
    /// A line of which `max` bytes can be kept.
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max,
            kept: Vec::new(),
            state: State::Beginning,
            is_escaped: false,
            member: Member::default(),
            nesting: Nesting::default(),
            truncated: Vec::new(),
            dropped: 0,
            hash: Box::new(Xxh3::new()),
            blanks: Vec::new(),
            len: 0,
        }
    }

    /// Takes the next piece of the line.
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        self.identify(piece);
        let mut at = 0;
        while at < piece.len() {
            at = self.step(piece, at);
        }
    }

    /// Whether the line that has ended is a JSON object, as far as can be told.
    pub(crate) fn is_object(&self) -> bool {
        self.state == State::End
    }

    /// The object with the fields that have room; of a line that is none, its beginning.
    pub(crate) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Bytes of the line.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The identity of the whole line.
    pub(crate) fn identity(&self) -> [u8; 16] {
        self.hash.digest128().to_be_bytes()
    }

    /// Names of the fields that are not whole, the first ones, as the insides of JSON strings.
    pub(crate) fn truncated(&self) -> &[String] {
        &self.truncated
    }

    /// Fields that had no room at all.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Blanks at the end of a line are no part of it.
    fn identify(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while !rest.is_empty() {
            let solid = rest.iter().position(|byte| !is_blank(*byte));
            let blanks = solid.unwrap_or(rest.len());
            let (blank, behind) = rest.split_at_checked(blanks).unwrap_or((rest, b""));
            for byte in blank {
                self.blanks.push(*byte);
                if self.blanks.len() > BLANKS_MAX {
                    self.take_blanks();
                }
            }
            let end = behind
                .iter()
                .position(|byte| is_blank(*byte))
                .unwrap_or(behind.len());
            let (solid, behind) = behind.split_at_checked(end).unwrap_or((behind, b""));
            if !solid.is_empty() {
                self.take_blanks();
                self.hash.update(solid);
                self.len += solid.len() as u64;
            }
            rest = behind;
        }
    }

    fn take_blanks(&mut self) {
        self.hash.update(&self.blanks);
        self.len += self.blanks.len() as u64;
        self.blanks.clear();
    }

    /// Reads from `at` on, one byte or a run of a text; says where it stopped.
    fn step(&mut self, piece: &[u8], at: usize) -> usize {
        let Some(&byte) = piece.get(at) else {
            return piece.len();
        };
        match self.state {
            State::Name | State::Text | State::NestedText => return self.step_in_text(piece, at),
            State::Other => {
                let room = BEGINNING_MAX.min(self.max).saturating_sub(self.kept.len());
                let rest = slice(piece, at..piece.len());
                self.kept.extend(rest.iter().take(room));
                return piece.len();
            }
            State::Broken => return piece.len(),
            State::Nested => self.step_in_nested(byte),
            State::Scalar if !is_blank(byte) && byte != b',' && byte != b'}' => {
                self.keep(&[byte]);
            }
            State::Scalar => {
                self.state = State::AfterValue;
                return at;
            }
            _ if is_blank(byte) => {}
            State::Beginning if byte == b'{' => {
                self.kept.push(byte);
                self.state = State::BeforeName { is_first: true };
            }
            State::Beginning => {
                self.state = State::Other;
                return at;
            }
            State::BeforeName { is_first } => match byte {
                b'"' => {
                    self.member = Member {
                        start: self.kept.len(),
                        ..Member::default()
                    };
                    if self.kept.len() > 1 {
                        self.keep(b",");
                    }
                    self.keep(b"\"");
                    self.state = State::Name;
                }
                b'}' if is_first => self.close(),
                _ => self.state = State::Broken,
            },
            State::BeforeColon if byte == b':' => {
                self.keep(b":");
                self.member.value = self.kept.len();
                self.state = State::BeforeValue;
            }
            State::BeforeValue => {
                self.state = match byte {
                    b'"' => State::Text,
                    b'{' | b'[' => {
                        self.nesting = Nesting::default();
                        self.step_in_nested(byte);
                        return at + 1;
                    }
                    b',' | b'}' | b']' | b':' => State::Broken,
                    _ => State::Scalar,
                };
                self.keep(&[byte]);
            }
            State::AfterValue => match byte {
                b',' => self.state = State::BeforeName { is_first: false },
                b'}' => self.close(),
                _ => self.state = State::Broken,
            },
            // Of records that commas follow.
            State::End if byte == b',' => {}
            State::BeforeColon | State::End => self.state = State::Broken,
        }
        at + 1
    }

    fn step_in_text(&mut self, piece: &[u8], at: usize) -> usize {
        if self.is_escaped {
            self.is_escaped = false;
            self.keep(slice(piece, at..at + 1));
            return at + 1;
        }
        let end = find_special(piece, at);
        let through = (end + 1).min(piece.len());
        // The closing quote belongs to the state behind it.
        match piece.get(end) {
            Some(b'"') => {
                self.keep(slice(piece, at..through));
                self.state = match self.state {
                    State::Name => State::BeforeColon,
                    State::NestedText => State::Nested,
                    _ => State::AfterValue,
                };
            }
            byte => {
                self.is_escaped = byte == Some(&b'\\');
                self.keep(slice(piece, at..through));
            }
        }
        through
    }

    fn step_in_nested(&mut self, byte: u8) {
        self.state = State::Nested;
        match byte {
            b'{' | b'[' => {
                self.keep(&[byte]);
                let nesting = &mut self.nesting;
                nesting.depth += 1;
                if nesting.depth <= DEPTH_MAX {
                    nesting.objects = nesting.objects << 1 | u64::from(byte == b'{');
                }
                self.note_end();
            }
            b'}' | b']' => {
                self.keep(&[byte]);
                let nesting = &mut self.nesting;
                if nesting.depth <= DEPTH_MAX {
                    nesting.objects >>= 1;
                }
                nesting.depth -= 1;
                if nesting.depth == 0 {
                    self.state = State::AfterValue;
                }
                self.note_end();
            }
            b'"' => {
                self.keep(b"\"");
                self.state = State::NestedText;
            }
            b',' => {
                self.note_end();
                self.keep(b",");
            }
            byte if is_blank(byte) => {}
            _ => self.keep(&[byte]),
        }
    }

    /// Notes that the value could end here, with what is open closed.
    fn note_end(&mut self) {
        let is_short = self.kept.len() <= self.member.value + self.field_max();
        let nesting = &mut self.nesting;
        if !self.member.is_cut && is_short && nesting.depth <= DEPTH_MAX {
            nesting.end = (self.kept.len(), nesting.depth, nesting.objects);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.member.is_cut {
            return;
        }
        self.kept.extend_from_slice(bytes);
        if !self.has_room() {
            self.cut();
        }
    }

    /// Whether what is kept has room for its last brace.
    fn has_room(&self) -> bool {
        self.kept.len() < self.max
    }

    /// The member gives way.
    fn cut(&mut self) {
        self.note_name();
        self.member.is_cut = true;
        let Member { start, value, .. } = self.member;
        match self.state {
            State::Text => {
                let insides = slice(&self.kept, value + 1..self.kept.len());
                let len = text_beginning(insides, self.field_max().min(insides.len())).len();
                self.kept.truncate(value + 1 + len);
                self.kept.push(b'"');
            }
            State::Nested | State::NestedText => {
                let (end, depth, objects) = self.nesting.end;
                self.kept.truncate(end);
                let closing = (0..depth).map(|level| match objects >> level & 1 {
                    1 => b'}',
                    _ => b']',
                });
                self.kept.extend(closing);
            }
            _ => self.kept.truncate(start),
        }
        if !self.has_room() || value <= start || self.kept.len() <= value {
            self.kept.truncate(start);
            self.dropped += 1;
        }
    }

    /// How much is kept of a value that gives way: others that follow have room as well.
    fn field_max(&self) -> usize {
        let room = self.max.saturating_sub(self.member.value);
        FIELD_MAX.min(room / 2)
    }

    fn note_name(&mut self) {
        let member = slice(&self.kept, self.member.start..self.kept.len());
        let name = member.iter().position(|byte| *byte == b'"').map(|quote| {
            let insides = slice(member, quote + 1..find_special(member, quote + 1));
            // As much as there was room for, in whatever pieces it came.
            let room = self.max.saturating_sub(self.member.start + quote + 2);
            let name = text_beginning(insides, room.min(insides.len()));
            String::from_utf8_lossy(name).into_owned()
        });
        if self.truncated.len() < NAMES_MAX {
            self.truncated.extend(name);
        }
    }

    fn close(&mut self) {
        self.kept.push(b'}');
        self.state = State::End;
    }
}

impl core::fmt::Debug for Overlong {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Overlong")
            .field("len", &self.len)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::text::identity;

    /// Reads a line in pieces of several sizes; all must agree.
    fn read(line: &str, max: usize) -> Overlong {
        let read = |size: usize| {
            let mut overlong = Overlong::new(max);
            for piece in line.as_bytes().chunks(size) {
                overlong.feed(piece);
            }
            overlong
        };
        let whole = read(line.len());
        for size in [1, 2, 7] {
            let other = read(size);
            assert_eq!(other.kept, whole.kept, "{line} in pieces of {size}");
            assert_eq!(other.truncated, whole.truncated);
            assert_eq!((other.dropped, other.len), (whole.dropped, whole.len));
            assert_eq!(other.identity(), whole.identity());
        }
        assert_eq!(whole.identity(), identity(line.trim_ascii_end().as_bytes()));
        whole
    }

    #[test]
    fn only_what_has_no_room_gives_way() {
        let long = "x".repeat(50);
        for (line, kept, truncated, dropped) in [
            (
                "{\"a\":1,\"t\":\"LONG\",\"b\":[2]}",
                "{\"a\":1,\"t\":\"xxxxxxxxxxxxxx\",\"b\":[2]}",
                "t",
                0,
            ),
            (
                "{ \"a\" : 1 , \"n\" : { \"x\" : [ 1 , 2 ], \"y\" : \"LONG\" } , \"b\" : null } \r",
                "{\"a\":1,\"n\":{\"x\":[1,2]},\"b\":null}",
                "n",
                0,
            ),
            (
                "{\"n\":[[[\"LONG\"]]],\"b\":true}",
                "{\"n\":[[[]]],\"b\":true}",
                "n",
                0,
            ),
            ("{\"n\":{\"a\":1,\"LONG\":2}}", "{\"n\":{\"a\":1}}", "n", 0),
            ("{\"a\":1LONG,\"b\":2}", "{\"b\":2}", "a", 1),
            ("{\"LONG\":1,\"b\":2}", "{\"b\":2}", "LONG", 1),
            ("{\"t\":\"LONG\"}", "{\"t\":\"xxxxxxxxxxxxxxxxx\"}", "t", 0),
            ("{}", "{}", "", 0),
        ] {
            let line = line.replace("LONG", &long);
            let overlong = read(&line, 40);
            assert!(overlong.is_object(), "{line}");
            assert_eq!(
                core::str::from_utf8(overlong.kept()).unwrap(),
                kept,
                "{line}"
            );
            let names = overlong.truncated.join(" ");
            assert!(
                truncated.replace("LONG", &long).starts_with(&names),
                "{names}"
            );
            assert_eq!(names.is_empty(), truncated.is_empty(), "{line}");
            assert_eq!(overlong.dropped(), dropped, "{line}");
        }
    }

    #[test]
    fn a_long_text_keeps_its_beginning() {
        let text = format!("\\\"\\ud83d\\ude00é{}", "y".repeat(40_000));
        let line = format!("{{\"t\":\"{text}\",\"b\":\"{}\"}}", "z".repeat(5000));
        let overlong = read(&line, 20_000);
        let kept: serde_json::Value = serde_json::from_slice(overlong.kept()).unwrap();
        let beginning = kept["t"].as_str().unwrap();
        assert!(beginning.starts_with("\"\u{1f600}éyyy"));
        assert!((FIELD_MAX - 30..=FIELD_MAX).contains(&beginning.len()));
        assert_eq!(kept["b"], "z".repeat(5000));
    }

    #[test]
    fn what_is_no_object_keeps_its_beginning() {
        for (line, kept) in [
            ("oops {\"a\":1}", "oops {\"a\":1}"),
            ("[1,2]", "[1,2]"),
            ("{\"a\" 1}", "{\"a\""),
            ("{\"a\":1,}", "{\"a\":1"),
            ("{\"a\":1} x", "{\"a\":1}"),
            ("{\"a\":\"x", "{\"a\":\"x"),
        ] {
            let overlong = read(line, 40);
            assert!(!overlong.is_object(), "{line}");
            assert_eq!(core::str::from_utf8(overlong.kept()).unwrap(), kept);
        }
        assert_eq!(
            read(&"x".repeat(100_000), 50_000).kept().len(),
            BEGINNING_MAX
        );
    }
}
