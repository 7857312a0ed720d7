//! One record: where its values stand in its text.

pub(crate) mod fast;
pub(crate) mod inside;
pub(crate) mod names;
pub(crate) mod nested;
pub(crate) mod slow;

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

/// A value in a record's text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Value {
    pub(crate) kind: Kind,
    /// Whether a text has escapes.
    pub(crate) escaped: bool,
    /// Of a text: what stands between the quotes.
    pub(crate) span: Span,
    /// Where the member begins, at the quote of its name.
    pub(crate) member: u32,
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// The kinds of value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
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
        self.has_members = false;
        self.has_escapes = false;
    }

    /// The value of a row; a missing one where the table has no such row.
    #[inline(always)]
    pub(crate) fn value(&self, row: RowId) -> &Value {
        const MISSING: &Value = &Value {
            kind: Kind::Missing,
            escaped: false,
            span: Span { start: 0, end: 0 },
            member: 0,
        };
        self.values.get(row.index()).unwrap_or(MISSING)
    }
}

impl Value {
    /// Whether the value says nothing.
    #[inline(always)]
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self.kind, Kind::Missing | Kind::Null | Kind::Empty)
    }

    /// The value as JSON, quotes included.
    pub(crate) fn json_span(&self) -> Span {
        match self.kind {
            Kind::Text | Kind::Empty => Span {
                start: self.span.start - 1,
                end: self.span.end + 1,
            },
            _ => self.span,
        }
    }
}

impl Span {
    /// A piece of a text of at most one line, which 32 bits hold.
    #[inline(always)]
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    #[inline(always)]
    pub(crate) fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}
