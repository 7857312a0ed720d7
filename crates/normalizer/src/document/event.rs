//! A record that was read and looked at, ready to be written in any shape.

use crate::bytes::text::question_mark;
use crate::convert::finding::{Finding, Workspace};
use crate::convert::time::Time;
use crate::plan::source::JoinedRows;
use crate::record::{Record, RowId, ValueKind};

/// A record that was read and looked at, ready to be written.
#[derive(Clone, Copy)]
pub(crate) struct Event<'a> {
    /// The text that the record's places refer to.
    pub(crate) text: &'a [u8],
    pub(crate) record: &'a Record,
    /// One per check.
    pub(crate) findings: &'a [Finding],
    pub(crate) workspace: &'a Workspace,
    /// Rows whose values their targets cannot take.
    pub(crate) unmapped: &'a [RowId],
    /// Hexadecimal.
    pub(crate) id: &'a [u8; 32],
    pub(crate) time: Time,
    /// The record's text as it came, but for secrets, where documents are to carry it.
    pub(crate) original: Option<&'a str>,
    /// Whether secrets are written as they came.
    pub(crate) unmask: bool,
    pub(crate) labels: Labels<'a>,
}

/// What rules have to say of an event.
#[derive(Clone, Copy, Default)]
pub(crate) struct Labels<'a> {
    /// The rate of the sample that it is in.
    pub(crate) sample_rate: Option<&'a str>,
    /// Which key its pseudonyms are made with.
    pub(crate) pseudonym_key: Option<&'a str>,
}

impl<'a> Labels<'a> {
    /// The names and values of those that there are.
    pub(crate) fn each(self) -> impl Iterator<Item = (&'static str, &'a str)> {
        let labels = [
            ("pseudonym_key", self.pseudonym_key),
            ("sample_rate", self.sample_rate),
        ];
        let labels = labels.into_iter();
        labels.filter_map(|(name, value)| Some((name, value?)))
    }
}

impl Record {
    /// The pieces of an address that came in parts. A whole one needs scheme and host. One of which
    /// Cloudflare says that it has neither is relative, and begins with its path.
    pub(crate) fn joined<'a>(&self, text: &'a [u8], rows: JoinedRows) -> Option<[&'a [u8]; 6]> {
        let part = |row| {
            let value = self.value(row);
            if value.kind == ValueKind::Text {
                value.span.of(text)
            } else {
                b""
            }
        };
        let (scheme, host, path) = (part(rows.scheme), part(rows.host), part(rows.path));
        // A field that a job does not select is missing, which says nothing.
        let is_empty = |row| self.value(row).kind == ValueKind::Empty;
        let slashes: &[u8] = if !scheme.is_empty() && !host.is_empty() {
            b"://"
        } else if is_empty(rows.scheme) && is_empty(rows.host) && !path.is_empty() {
            b""
        } else {
            return None;
        };
        let query = rows.query.map_or(&b""[..], part);
        let mark: &[u8] = if query.is_empty() || question_mark(query) > 0 {
            b""
        } else {
            b"?"
        };
        Some([scheme, slashes, host, path, mark, query])
    }
}
