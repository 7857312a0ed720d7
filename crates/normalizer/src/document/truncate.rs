//! Making a document fit a limit: its longest texts are cut, and it says which.

use crate::bytes::simd::find_special;
use crate::bytes::slice;
use crate::bytes::text::text_beginning;

/// A document that was cut.
#[derive(Debug)]
pub(crate) struct Truncated {
    pub(crate) document: Vec<u8>,
    /// Names of what was cut in it, as the insides of JSON strings.
    pub(crate) names: Vec<String>,
}

/// No text is cut below this: times, addresses and identities stay whole.
const TEXT_MIN: usize = 128;

/// How many lists and objects give way at most: more are no record but an attack.
const NESTED_MAX: usize = 64;

/// How many names of cut fields a document tells.
pub(crate) const NAMES_MAX: usize = 16;

/// How much of such a name, in bytes.
pub(crate) const NAME_MAX: usize = 128;

/// Cuts the longest texts of `document`, a valid JSON object, until it has `max` bytes.
///
/// Where texts do not suffice, lists and objects at the depth `kept_depth` (the values of
/// Cloudflare's own fields) give way to the beginning of their JSON text, the largest first.
/// Nothing where even that does not suffice.
pub(crate) fn truncate(document: &[u8], max: usize, kept_depth: usize) -> Option<Truncated> {
    let mut walk = Walk::new(document, kept_depth);
    walk.run();
    let mut pieces = walk.texts;
    if !fits(&pieces, document.len(), max) {
        let mut nested = walk.nested;
        nested.sort_unstable_by_key(|piece| core::cmp::Reverse(piece.len()));
        for piece in nested.into_iter().take(NESTED_MAX) {
            pieces.retain(|text| text.end <= piece.start || text.start >= piece.end);
            pieces.push(piece);
            if fits(&pieces, document.len(), max) {
                break;
            }
        }
    }
    let level = level(&pieces, document.len(), max)?;
    pieces.retain(|piece| piece.len() > level);
    pieces.sort_unstable_by_key(|piece| piece.start);

    let mut truncated = Vec::with_capacity(max);
    let mut copied = 0;
    for piece in &pieces {
        truncated.extend_from_slice(document.get(copied..piece.start)?);
        piece.write_cut(document, level, &mut truncated)?;
        copied = piece.end;
    }
    truncated.extend_from_slice(document.get(copied..)?);
    let mut names: Vec<String> = pieces
        .iter()
        .map(|piece| {
            let name = text_beginning(piece.name.as_bytes(), NAME_MAX);
            String::from_utf8_lossy(name).into_owned()
        })
        .collect();
    names.dedup();
    names.truncate(NAMES_MAX);
    (truncated.len() <= max).then_some(Truncated {
        document: truncated,
        names,
    })
}

fn fits(pieces: &[Piece], len: usize, max: usize) -> bool {
    level(pieces, len, max).is_some()
}

/// The length that the longest pieces must be cut to.
fn level(pieces: &[Piece], len: usize, max: usize) -> Option<usize> {
    let mut lengths: Vec<usize> = pieces.iter().map(Piece::len).collect();
    lengths.sort_unstable_by(|left, right| right.cmp(left));
    let fixed = len - lengths.iter().sum::<usize>();
    let mut rest: usize = lengths.iter().sum();
    // With the `count` longest cut to one level and the rest whole, is there room?
    for (index, length) in lengths.iter().enumerate() {
        rest -= length;
        let count = index + 1;
        let next = lengths.get(count).copied().unwrap_or_default();
        let room = max.checked_sub(fixed + rest).map_or(0, |room| room / count);
        if room >= next {
            return (room >= TEXT_MIN).then_some(room);
        }
    }
    None
}

/// What can be cut.
#[derive(Debug)]
struct Piece {
    /// Of a text: between its quotes.
    start: usize,
    end: usize,
    name: String,
    kind: PieceKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PieceKind {
    Text,
    Object,
    List,
}

impl Piece {
    fn len(&self) -> usize {
        self.end - self.start
    }

    fn write_cut(&self, document: &[u8], level: usize, out: &mut Vec<u8>) -> Option<()> {
        let whole = document.get(self.start..self.end)?;
        match self.kind {
            PieceKind::Text => out.extend_from_slice(text_beginning(whole, level)),
            // The kind of the value stays what it was: a mapping of the field still fits.
            PieceKind::Object | PieceKind::List => {
                let (open, close): (&[u8], &[u8]) = if self.kind == PieceKind::Object {
                    (b"{\"truncated\":", b"}")
                } else {
                    (b"[", b"]")
                };
                // Escaped, each byte can become two.
                let max = level.checked_sub(32)? / 2;
                let text = core::str::from_utf8(whole).ok()?;
                out.extend_from_slice(open);
                let beginning = crate::bytes::text::beginning(text, max);
                out.extend_from_slice(serde_json::to_string(beginning).ok()?.as_bytes());
                out.extend_from_slice(close);
            }
        }
        Some(())
    }
}

/// Finds the texts and the large values of a valid document.
struct Walk<'a> {
    document: &'a [u8],
    kept_depth: usize,
    at: usize,
    /// Open objects and lists: where each begins, and its name.
    open: Vec<(usize, bool, String)>,
    /// The name of the member that is read.
    name: String,
    texts: Vec<Piece>,
    nested: Vec<Piece>,
}

impl<'a> Walk<'a> {
    fn new(document: &'a [u8], kept_depth: usize) -> Self {
        Self {
            document,
            kept_depth,
            at: 0,
            open: Vec::new(),
            name: String::new(),
            texts: Vec::new(),
            nested: Vec::new(),
        }
    }

    fn run(&mut self) {
        let mut is_name = false;
        while let Some(&byte) = self.document.get(self.at) {
            match byte {
                b'{' | b'[' => {
                    let name = core::mem::take(&mut self.name);
                    self.open.push((self.at, byte == b'{', name));
                    is_name = byte == b'{';
                }
                b'}' | b']' => {
                    self.close();
                    is_name = false;
                }
                b',' => is_name = self.open.last().is_some_and(|(_, is_object, _)| *is_object),
                b':' => is_name = false,
                b'"' => self.string(is_name),
                _ => {}
            }
            self.at += 1;
        }
    }

    fn close(&mut self) {
        let Some((start, is_object, name)) = self.open.pop() else {
            return;
        };
        let end = self.at + 1;
        if self.open.len() == self.kept_depth && end - start > TEXT_MIN {
            self.nested.push(Piece {
                start,
                end,
                name: self.path(&name),
                kind: if is_object {
                    PieceKind::Object
                } else {
                    PieceKind::List
                },
            });
        }
    }

    /// Reads a string, and stays at its closing quote.
    fn string(&mut self, is_name: bool) {
        let start = self.at + 1;
        let mut end = find_special(self.document, start);
        while self.document.get(end) == Some(&b'\\') {
            end = find_special(self.document, end + 2);
        }
        self.at = end;
        if is_name {
            let name = slice(self.document, start..end);
            self.name = String::from_utf8_lossy(name).into_owned();
        } else if end - start > TEXT_MIN {
            let name = self.path(&self.name);
            self.texts.push(Piece {
                start,
                end,
                name,
                kind: PieceKind::Text,
            });
        }
    }

    /// The names of the open objects and `name`, joined by dots.
    fn path(&self, name: &str) -> String {
        let mut path = String::new();
        for part in self
            .open
            .iter()
            .map(|(_, _, name)| name.as_str())
            .chain([name])
        {
            if part.is_empty() {
                continue;
            }
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(part);
        }
        path
    }
}
