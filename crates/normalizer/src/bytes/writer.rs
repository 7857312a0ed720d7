//! The buffer that a document is written into.

use crate::bytes::simd::{BLOCK, Name, copy_member, copy_short};
use crate::bytes::span::Span;
use crate::bytes::text::hexadecimal_byte;

/// A growing buffer, made for very many very short pieces.
///
/// `Vec::extend_from_slice` is a call to `memcpy` per piece, and a document has about 150 pieces
/// of 12 bytes: here a piece is copied in blocks that may run over its end.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// Its whole length is initialised; what is written ends at `len`.
    buffer: Vec<u8>,
    len: usize,
}

/// What stands before a value: `,"name":`, `,"name":"` or the like.
#[derive(Debug, Default)]
pub(crate) struct Fragment {
    /// It is written very often: behind it there is room for a block to be read over its end.
    padded: Box<[u8]>,
    len: usize,
    /// Whether it ends with the quote of a text.
    opens_text: bool,
    /// The same, for the writer's shortest way.
    name: Option<Name>,
}

impl Fragment {
    pub(crate) fn new(text: &str) -> Self {
        let mut padded = text.as_bytes().to_vec();
        padded.resize(text.len() + BLOCK, 0);
        Self {
            padded: padded.into(),
            len: text.len(),
            opens_text: text.ends_with(":\"") || text.ends_with(":[\""),
            name: Name::new(text.as_bytes()),
        }
    }
}

/// What a member's shortest way needs to be free behind what was written, so that it is mostly there.
const ROOM: usize = 512;

/// The first buffer: a note or a name needs no more, and a document's grows to its size once.
const FIRST: usize = 2 * ROOM;

impl Writer {
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn written(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// Makes room for `extra` bytes and one block: after it, that many bytes are written without a check.
    fn reserve(&mut self, extra: usize) {
        if self.buffer.len() - self.len < extra + BLOCK {
            self.grow(extra);
        }
    }

    #[cold]
    fn grow(&mut self, extra: usize) {
        let needed = self.len + extra + BLOCK;
        self.buffer
            .resize(needed.max(2 * self.buffer.len()).max(FIRST), 0);
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.reserve(1);
        if let Some(place) = self.buffer.get_mut(self.len) {
            *place = byte;
        }
        self.len += 1;
    }

    pub(crate) fn put(&mut self, piece: &[u8]) {
        self.slice(piece, 0, piece.len());
    }

    /// Writes `source[start..end]`, reading in blocks that may run over `end`, never over `source`.
    pub(crate) fn slice(&mut self, source: &[u8], start: usize, end: usize) {
        self.reserve(end.saturating_sub(start));
        self.copy(source, start, end);
    }

    /// Writes a name, a value and the quote behind it, where the name opens a text, in one step.
    /// The first member of an object has no comma.
    ///
    /// Not inlined: an event is written by 50 calls of this, and a copy of it at each place made
    /// the function that has them too large for the compilers of wasm engines.
    #[inline(never)] // Bench row "core, native".
    pub(crate) fn member(&mut self, name: &Fragment, is_first: bool, value: &[u8], span: Span) {
        let place = (span.start as usize, span.end as usize);
        let Some(end) = name.name.as_ref().and_then(|name| {
            let buffer = &mut self.buffer;
            copy_member(name, is_first, value, place, b'"', buffer, self.len)
        }) else {
            return self.long_member(name, is_first, value, span);
        };
        // The quote was written in any case, and counts where it belongs to the member.
        self.len = end + usize::from(name.opens_text);
    }

    /// As [`member`](Self::member), for what is long, at the end of its source, or needs more room.
    #[cold]
    fn long_member(&mut self, name: &Fragment, is_first: bool, value: &[u8], span: Span) {
        let (start, end) = (span.start as usize, span.end as usize);
        self.reserve(name.len + end.saturating_sub(start) + ROOM);
        self.copy(&name.padded, usize::from(is_first), name.len);
        self.copy(value, start, end);
        if name.opens_text {
            self.byte(b'"');
        }
    }

    /// Writes what stands before a value; the first member of an object has no comma.
    pub(crate) fn fragment(&mut self, fragment: &Fragment, is_first: bool) {
        self.slice(&fragment.padded, usize::from(is_first), fragment.len);
    }

    /// Copies into room that is there.
    #[inline(always)] // Bench row "core, native".
    fn copy(&mut self, source: &[u8], start: usize, end: usize) {
        let len = end.saturating_sub(start);
        if !copy_short(source, start, len, &mut self.buffer, self.len) {
            self.copy_long(source, start, end);
        }
        self.len += len;
    }

    /// Copies what is long, or at the end of its source.
    fn copy_long(&mut self, source: &[u8], start: usize, end: usize) {
        let source = source.get(start..end).unwrap_or_default();
        if let Some(target) = self.buffer.get_mut(self.len..self.len + source.len()) {
            target.copy_from_slice(source);
        }
    }

    /// Writes the inside of a JSON string in lower case; of its escapes, only hexadecimal digits
    /// have letters in upper case.
    pub(crate) fn lower(&mut self, text: &[u8]) {
        let start = self.len;
        self.put(text);
        if let Some(written) = self.buffer.get_mut(start..self.len) {
            written.make_ascii_lowercase();
        }
    }

    /// Writes `text` as the inside of a JSON string.
    pub(crate) fn escaped(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                b'"' => self.put(b"\\\""),
                b'\\' => self.put(b"\\\\"),
                b'\n' => self.put(b"\\n"),
                b'\r' => self.put(b"\\r"),
                b'\t' => self.put(b"\\t"),
                0..0x20 => {
                    self.put(b"\\u00");
                    self.hex(byte);
                }
                _ => self.byte(byte),
            }
        }
    }

    /// Writes `text` as a JSON string, quotes included.
    pub(crate) fn quoted(&mut self, text: &str) {
        self.byte(b'"');
        self.escaped(text);
        self.byte(b'"');
    }

    /// Writes two lower-case hexadecimal digits.
    pub(crate) fn hex(&mut self, byte: u8) {
        self.put(&hexadecimal_byte(byte));
    }

    /// Takes back what was written after `len`.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Replaces all that was written.
    pub(crate) fn replace(&mut self, text: &[u8]) {
        self.clear();
        self.put(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_of_every_length_and_place_are_copied_exactly() {
        let source: Vec<u8> = (0..70).collect();
        for start in 0..70 {
            for end in start..=70 {
                let mut writer = Writer::default();
                writer.byte(b'<');
                writer.slice(&source, start, end);
                writer.byte(b'>');
                let mut expected = vec![b'<'];
                expected.extend_from_slice(&source[start..end]);
                expected.push(b'>');
                assert_eq!(writer.written(), expected);
            }
        }
    }
}
