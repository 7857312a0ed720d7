//! One record: where its values stand in its text.

pub(crate) mod clean;
pub(crate) mod fast;
pub(crate) mod insides;
pub(crate) mod names;
pub(crate) mod nested;
pub(crate) mod slow;

use crate::bytes::simd::find_special;

pub(crate) use crate::bytes::span::Span;

/// Levels of objects and lists inside a record's value. The deepest in Cloudflare's documentation has 4.
pub(crate) const DEPTH_MAX: u32 = 64;

/// Unknown names are compared with each other one by one up to here.
pub(crate) const MANY_UNKNOWN: usize = 256;

/// The fields of a record, as places in the text that it was read from.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// One per row of the dataset's table.
    pub(crate) values: Vec<Value>,
    /// Fields without a row, in the order of the text, each name once.
    pub(crate) unknown: Vec<Unknown>,
    /// Rows that were given under another name.
    pub(crate) by_other_name: Vec<RowId>,
    /// Whether any name is such another one.
    pub(crate) has_other_names: bool,
    /// Whether a name comes twice: what stood under it first is in the text, and not in the record.
    pub(crate) has_repeated_names: bool,
    /// Whether the object has any member at all.
    pub(crate) has_members: bool,
    /// Whether any value of the record's own members is a text with escapes.
    pub(crate) has_escapes: bool,
}

/// The number of a row of the dataset's table, or of a member of a row's object that has targets of
/// its own: these are numbered behind the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowId(u16);

/// A member of a row's object that has targets of its own.
#[derive(Debug)]
pub(crate) struct MemberPath {
    pub(crate) row: RowId,
    /// Names on the way to it.
    pub(crate) path: Vec<&'static str>,
}

/// A field that the dataset's table does not have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unknown {
    pub(crate) name: Span,
    pub(crate) value: Value,
}

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A row's own name.
    Row(RowId),
    /// The name under which a document keeps a row's field.
    OtherName(RowId),
    /// A name that the table does not have.
    Unknown,
}

/// A value in a record's text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Value {
    pub(crate) kind: ValueKind,
    /// Whether a text has escapes.
    pub(crate) escaped: bool,
    /// Of a text: what stands between the quotes.
    pub(crate) span: Span,
    /// Where the member begins, at the quote of its name.
    pub(crate) member: u32,
}

/// The kinds of value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ValueKind {
    /// No such member.
    #[default]
    Missing,
    Null,
    /// `""`, which is how Logpush sends an absent text.
    Empty,
    Text,
    Number,
    Bool,
    /// An object or a list.
    Nested,
}

impl RowId {
    /// No row: what is found out of several.
    pub(crate) const NONE: Self = Self(u16::MAX);

    pub(crate) fn new(index: usize) -> Self {
        debug_assert!(index <= usize::from(u16::MAX), "row {index} of a table");
        Self(index as u16)
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl Record {
    /// Forgets the last record; `rows` is the number of rows of the table.
    pub(crate) fn clear(&mut self, rows: usize) {
        self.values.clear();
        self.values.resize(rows, Value::default());
        self.unknown.clear();
        self.by_other_name.clear();
        self.has_other_names = false;
        self.has_repeated_names = false;
        self.has_members = false;
        self.has_escapes = false;
    }

    /// The value of a row; a missing one where the table has no such row.
    pub(crate) fn value(&self, row: RowId) -> &Value {
        const MISSING: &Value = &Value {
            kind: ValueKind::Missing,
            escaped: false,
            span: Span { start: 0, end: 0 },
            member: 0,
        };
        self.values.get(row.index()).unwrap_or(MISSING)
    }

    /// Stores a member; the last of equal names wins.
    pub(crate) fn store(&mut self, key: Key, unknown: Unknown, text: &[u8]) {
        self.has_members = true;
        match key {
            Key::Row(row) => {
                if !self.by_other_name.is_empty() && !self.give_back(row, unknown.value, text) {
                    return;
                }
                if let Some(value) = self.values.get_mut(row.index()) {
                    self.has_repeated_names |= value.kind != ValueKind::Missing;
                    *value = unknown.value;
                }
            }
            Key::OtherName(row) if self.value(row).is_absent() => {
                self.has_other_names = true;
                if let Some(value) = self.values.get_mut(row.index()) {
                    *value = unknown.value;
                }
                self.by_other_name.push(row);
            }
            Key::OtherName(_) => {
                self.has_other_names = true;
                self.store_unknown(unknown, text);
            }
            Key::Unknown => self.store_unknown(unknown, text),
        }
    }

    /// A row's own name, unless it says nothing, wins over its other one, whose value stays as an
    /// unknown field. Answers whether the row is the own name's.
    #[cold]
    fn give_back(&mut self, row: RowId, own: Value, text: &[u8]) -> bool {
        let Some(place) = self.by_other_name.iter().position(|other| *other == row) else {
            return true;
        };
        if own.is_absent() {
            return false;
        }
        self.by_other_name.swap_remove(place);
        let value = *self.value(row);
        let start = value.member as usize + 1;
        let name = Span::new(start, find_special(text, start));
        self.store_unknown(Unknown { name, value }, text);
        true
    }

    #[cold]
    fn store_unknown(&mut self, unknown: Unknown, text: &[u8]) {
        if self.unknown.len() > MANY_UNKNOWN {
            // The slow path reads the record again, and gives each name once.
            self.unknown.push(unknown);
            return;
        }
        let name = unknown.name.of(text);
        match self
            .unknown
            .iter_mut()
            .find(|known| known.name.of(text) == name)
        {
            Some(known) => {
                self.has_repeated_names = true;
                *known = unknown;
            }
            None => self.unknown.push(unknown),
        }
    }
}

impl Value {
    /// Whether the value says nothing.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(
            self.kind,
            ValueKind::Missing | ValueKind::Null | ValueKind::Empty
        )
    }

    /// The value as JSON, quotes included.
    pub(crate) fn json_span(&self) -> Span {
        match self.kind {
            ValueKind::Text | ValueKind::Empty => Span {
                start: self.span.start - 1,
                end: self.span.end + 1,
            },
            _ => self.span,
        }
    }
}

/// Whether a number is beyond the range of a double: receivers refuse a whole event for one.
pub(crate) fn is_beyond_double(number: &str) -> bool {
    number.parse().is_ok_and(f64::is_infinite)
}
