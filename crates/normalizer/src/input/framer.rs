//! Cutting a stream of plain bytes into records.
//!
//! The window holds what was not read yet: one record that is not complete, at most, and behind it
//! what arrived last. A body is lines (NDJSON) or a JSON array of records; where an array ends,
//! lines or another array may follow.

use memchr::memchr;

use crate::bytes::simd::find_special;
use crate::bytes::slice;

/// Plain bytes on their way, and where the next record in them begins.
#[derive(Debug)]
pub(crate) struct Framer {
    /// Its whole length is initialised; what is there to read is `start..filled`.
    window: Vec<u8>,
    start: usize,
    filled: usize,
    /// How far the record that begins at `start` was searched for its end.
    searched: usize,
    mode: Mode,
    /// Whether the objects that follow each other without a line break stand in an array.
    is_in_array: bool,
    line_max: usize,
}

/// How the next record's end is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Before the first byte, where a byte order mark may stand.
    Beginning,
    /// Where an array may begin: at the beginning of the body, and behind an array.
    Open,
    /// In a line, or before one. No array begins between lines: a bad line would take the good ones
    /// behind it for its elements.
    Line,
    /// In an array, before an element or behind one.
    Array,
    /// In an element.
    Element(Nesting),
    /// In an object that others follow without a line break.
    Object(Nesting),
    /// Behind such an object.
    BehindObject,
    /// In a record that is too long.
    TooLong(Long),
}

/// How the end of what is too long is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Long {
    Line,
    Element(Nesting),
    Object(Nesting),
}

/// Where in an element of an array the search for its end stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Nesting {
    depth: u32,
    in_string: bool,
}

/// What the framer found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The record stands at this place in the window.
    Record { start: usize, end: usize },
    /// The next piece of a record that is too long, perhaps an empty one.
    Piece {
        start: usize,
        end: usize,
        is_last: bool,
    },
    /// More bytes are needed.
    More,
}

/// 128 KiB: larger than inflate's window, small enough for a processor's second cache.
const STEP: usize = 128 * 1024;

impl Framer {
    pub(crate) fn new(line_max: usize) -> Self {
        Self {
            window: Vec::new(),
            start: 0,
            filled: 0,
            searched: 0,
            mode: Mode::Beginning,
            is_in_array: false,
            line_max,
        }
    }

    pub(crate) fn text(&self, start: usize, end: usize) -> &[u8] {
        slice(&self.window, start..end)
    }

    /// Room for the bytes that come next; what was read before it makes way.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.window.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.searched -= self.start;
            self.start = 0;
        }
        if self.window.len() < self.filled + STEP {
            self.window.resize(self.filled + STEP, 0);
        }
        self.window.get_mut(self.filled..).unwrap_or_default()
    }

    /// Says that `len` bytes were written into [`room`](Self::room).
    pub(crate) fn fill(&mut self, len: usize) {
        self.filled = (self.filled + len).min(self.window.len());
    }

    /// The next record. `is_end` says that no bytes follow those in the window.
    pub(crate) fn next(&mut self, is_end: bool) -> Frame {
        loop {
            match self.mode {
                Mode::Beginning => {
                    const MARK: &[u8] = b"\xef\xbb\xbf";
                    let begun = self.text(self.start, self.filled);
                    if begun.len() < MARK.len() && MARK.starts_with(begun) && !is_end {
                        return Frame::More;
                    }
                    if begun.starts_with(MARK) {
                        self.advance(self.start + MARK.len());
                    }
                    self.mode = Mode::Open;
                }
                Mode::Open => {
                    self.skip_blank(b"");
                    let Some(is_array) = self.is_array(is_end) else {
                        return Frame::More;
                    };
                    self.mode = if is_array {
                        self.advance(self.start + 1);
                        Mode::Array
                    } else {
                        Mode::Line
                    };
                }
                Mode::Line => {
                    if self.searched == self.start {
                        self.skip_blank(b"");
                    }
                    let end = self.line_end(is_end);
                    let is_long = end.unwrap_or(self.filled) - self.start > self.line_max;
                    if is_long && self.has_several_objects() {
                        self.split_objects(self.start);
                        continue;
                    }
                    let Some(end) = end else {
                        return self.more(Long::Line);
                    };
                    return self.record(end, end + 1, Long::Line);
                }
                Mode::Array => {
                    self.skip_blank(b",");
                    match self
                        .window
                        .get(self.start..self.filled)
                        .and_then(<[u8]>::first)
                    {
                        None => return Frame::More,
                        Some(b']') => {
                            self.advance(self.start + 1);
                            self.mode = Mode::Open;
                        }
                        Some(_) => self.mode = Mode::Element(Nesting::default()),
                    }
                }
                Mode::Element(mut nesting) => {
                    let found = self.element_end(&mut nesting);
                    self.mode = Mode::Element(nesting);
                    let end = match found {
                        Some(end) => end,
                        None if is_end && self.start < self.filled => self.filled,
                        None => return self.more(Long::Element(nesting)),
                    };
                    self.mode = Mode::Array;
                    // The comma or bracket behind it is the array's.
                    return self.record(end, end, Long::Element(Nesting::default()));
                }
                Mode::BehindObject => {
                    self.skip_blank(b",");
                    match self.text(self.start, self.filled).first() {
                        None => return Frame::More,
                        Some(b'{') => self.mode = Mode::Object(Nesting::default()),
                        Some(_) => self.mode = Mode::Line,
                    }
                }
                Mode::Object(mut nesting) => {
                    let found = self.object_end(&mut nesting);
                    self.mode = Mode::Object(nesting);
                    let end = match found {
                        Some(end) => end,
                        None if is_end && self.start < self.filled => self.filled,
                        None => return self.more(Long::Object(nesting)),
                    };
                    self.mode = self.behind_object();
                    return self.record(end, end, Long::Object(Nesting::default()));
                }
                Mode::TooLong(mut of) => {
                    let found = match &mut of {
                        Long::Line => self.line_end(is_end),
                        Long::Element(nesting) => self.element_end(nesting),
                        Long::Object(nesting) => self.object_end(nesting),
                    };
                    let is_last = found.is_some() || is_end;
                    let start = self.start;
                    let end = match found {
                        Some(end) => end,
                        None if is_end => self.filled,
                        None => self.searched,
                    };
                    self.advance(end);
                    self.mode = match of {
                        _ if !is_last => Mode::TooLong(of),
                        Long::Line => Mode::Line,
                        Long::Element(_) => Mode::Array,
                        Long::Object(_) => self.behind_object(),
                    };
                    if start == end && !is_last {
                        return Frame::More;
                    }
                    return Frame::Piece {
                        start,
                        end,
                        is_last,
                    };
                }
            }
        }
    }

    /// Whether an array of records begins here; nothing where more bytes must tell.
    fn is_array(&self, is_end: bool) -> Option<bool> {
        let begun = self.text(self.start, self.filled);
        match begun.split_first() {
            None if is_end => Some(false),
            None => None,
            Some((b'[', rest)) => {
                let behind = rest.trim_ascii_start();
                match behind.first() {
                    // In whatever pieces they come, more blanks than this are a line of their own.
                    _ if rest.len() - behind.len() >= self.line_max => Some(false),
                    Some(b'{' | b']') => Some(true),
                    None if !is_end => None,
                    _ => Some(false),
                }
            }
            Some(_) => Some(false),
        }
    }

    fn advance(&mut self, to: usize) {
        self.start = to.min(self.filled);
        self.searched = self.start;
    }

    fn skip_blank(&mut self, also: &[u8]) {
        let rest = self.text(self.start, self.filled);
        let blank = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n') || also.contains(byte))
            .count();
        self.advance(self.start + blank);
    }

    /// A record that ends at `end`; the next is searched from `after` on.
    fn record(&mut self, end: usize, after: usize, of: Long) -> Frame {
        let start = self.start;
        if end - start > self.line_max {
            // It came whole, in one step: from here on as if it had not.
            self.mode = Mode::TooLong(of);
            self.searched = start;
            return Frame::Piece {
                start,
                end: start,
                is_last: false,
            };
        }
        let len = self.text(start, end).trim_ascii_end().len();
        self.advance(after);
        Frame::Record {
            start,
            end: start + len,
        }
    }

    /// More bytes are needed for the record, unless it is too long already.
    fn more(&mut self, of: Long) -> Frame {
        let start = self.start;
        if self.filled - start <= self.line_max {
            return Frame::More;
        }
        self.mode = Mode::TooLong(of);
        let end = self.searched;
        self.advance(end);
        Frame::Piece {
            start,
            end,
            is_last: false,
        }
    }

    /// Whether the line that begins here, which is too long, has an object that another one follows.
    fn has_several_objects(&self) -> bool {
        // No further than the limit, in whatever pieces the line comes.
        let end = self.filled.min(self.start + self.line_max + 1);
        first_object(self.text(self.start, end)).is_some()
    }

    /// Takes the record that begins at `start`, a place of the last one, for several objects.
    pub(crate) fn split_objects(&mut self, start: usize) {
        self.start = start;
        self.searched = start;
        self.is_in_array = self.mode == Mode::Array;
        self.mode = Mode::Object(Nesting::default());
    }

    fn behind_object(&self) -> Mode {
        match self.is_in_array {
            true => Mode::Array,
            false => Mode::BehindObject,
        }
    }

    /// Whether the bytes that have ended began an array that they did not end.
    pub(crate) fn is_array_open(&self) -> bool {
        matches!(
            self.mode,
            Mode::Array | Mode::Element(_) | Mode::TooLong(Long::Element(_))
        )
    }

    fn object_end(&mut self, nesting: &mut Nesting) -> Option<usize> {
        let bytes = slice(&self.window, 0..self.filled);
        let (searched, found) = nesting.end(bytes, self.searched, true);
        self.searched = searched;
        found
    }

    fn line_end(&mut self, is_end: bool) -> Option<usize> {
        let unsearched = self.text(self.searched, self.filled);
        let found = memchr(b'\n', unsearched).map(|place| self.searched + place);
        self.searched = self.filled;
        found.or_else(|| (is_end && self.start < self.filled).then_some(self.filled))
    }

    fn element_end(&mut self, nesting: &mut Nesting) -> Option<usize> {
        let bytes = slice(&self.window, 0..self.filled);
        let (searched, found) = nesting.end(bytes, self.searched, false);
        self.searched = searched;
        found
    }
}

/// Where the object ends that a text begins with, if another one follows it, perhaps behind a comma.
pub(crate) fn first_object(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'{') {
        return None;
    }
    let (_, end) = Nesting::default().end(text, 0, true);
    let end = end?;
    let behind = slice(text, end..text.len()).trim_ascii_start();
    let behind = behind.strip_prefix(b",").unwrap_or(behind);
    behind.trim_ascii_start().starts_with(b"{").then_some(end)
}

impl Nesting {
    /// Where an element ends: at the comma, bracket or line break that is the array's own. Where an
    /// object ends that is a record of its own: behind its brace, or at a line break, which no record
    /// has inside. Searched from `from` on; before the answer, up to where it was searched.
    fn end(&mut self, bytes: &[u8], from: usize, is_object: bool) -> (usize, Option<usize>) {
        let mut at = from;
        while let Some(&byte) = bytes.get(at) {
            if self.in_string {
                at = find_special(bytes, at);
                match (bytes.get(at), bytes.get(at + 1)) {
                    // The escaped byte may not be there yet.
                    (Some(b'\\'), None) => return (at, None),
                    // A line break is not escaped: it breaks the string all the same.
                    (Some(b'\\'), Some(b'\n')) => at += 1,
                    (Some(b'\\'), Some(_)) => at += 2,
                    (Some(b'"'), _) => {
                        self.in_string = false;
                        at += 1;
                    }
                    // No string goes over a line break: the element is broken, and ends here.
                    (Some(b'\n'), _) => {
                        *self = Self::default();
                        return (at, Some(at));
                    }
                    // Another control byte, which a string must not have: the record's reader says so.
                    (Some(_), _) => at += 1,
                    (None, _) => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if is_object && self.depth == 0 {
                        return (at + 1, Some(at + 1));
                    }
                }
                b'\n' if is_object => return (at, Some(at)),
                // An element that is complete ends with its line, whether its comma follows or is missing.
                b',' | b']' | b'\n' if self.depth == 0 => return (at, Some(at)),
                _ => {}
            }
            at += 1;
        }
        (at.min(bytes.len()), None)
    }
}
