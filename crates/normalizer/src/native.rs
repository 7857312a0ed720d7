//! The other shape: the record itself, with what SEKOIA.IO's own parser needs to read it right.
//!
//! Logpush's own keys stay as they came, but for times in another form than the parser's and
//! fields that it misreads when they are empty. What it reads under names that Logpush never
//! sends is added at the end.

use crate::convert::Fact;
use crate::emit::Event;
use crate::plan::{Plan, ReferrerRows, Source};
use crate::record::{Kind, Span, Value};
use crate::simd::find_special;
use crate::table::{Dataset, NativeTimes};
use crate::timestamp::Time;
use crate::writer::Writer;

/// A change of the record's text.
struct Edit {
    place: Span,
    by: String,
}

impl Event<'_> {
    /// Writes the record, up to the brace that closes it.
    pub(crate) fn write_native(&self, dataset: &Dataset, plan: &Plan, writer: &mut Writer) {
        let mut edits = Vec::new();
        for (index, row) in dataset.rows.iter().enumerate() {
            let value = self.record.value(index as u16);
            if value.kind == Kind::Empty && dataset.native.drop_empty.contains(&row.field) {
                edits.push(Edit {
                    place: self.member(*value),
                    by: String::new(),
                });
            }
            let time = match self.facts.get(index) {
                Some(Fact::Time(time)) => Some(*time),
                // Without its time, or with one that it cannot read, a record makes the parser fail.
                _ if plan.time_row == Some(index as u16) && value.kind != Kind::Missing => {
                    Some(self.time)
                }
                _ => None,
            };
            let NativeTimes::UnixNano = dataset.native.times;
            if let Some(nanos) = time.and_then(Time::unix_nanos) {
                edits.push(Edit {
                    place: value.json_span(),
                    by: nanos.to_string(),
                });
            }
        }
        edits.sort_unstable_by_key(|edit| edit.place.start);

        let close = self
            .text
            .iter()
            .rposition(|&byte| byte == b'}')
            .unwrap_or_default();
        let mut copied = 0;
        for edit in &edits {
            writer.slice(self.text, copied, edit.place.start as usize);
            writer.put(edit.by.as_bytes());
            copied = edit.place.end as usize;
        }
        writer.slice(self.text, copied, close);

        let mut members = Members {
            writer,
            any: self.record.has_members && !self.is_emptied(&edits),
        };
        if let Some(row) = plan.time_row
            && let Some(of) = dataset.rows.get(usize::from(row))
        {
            let value = self.record.value(row);
            if value.kind == Kind::Missing
                && let Some(nanos) = self.time.unix_nanos()
            {
                members.add(of.field).put(nanos.to_string().as_bytes());
            } else if self.leftovers.contains(&row) {
                let json = value.json_span();
                members.add(&format!("{}AsReceived", of.field)).slice(
                    self.text,
                    json.start as usize,
                    json.end as usize,
                );
            }
        }
        for (alias, field) in dataset.native.aliases {
            let Some(row) = dataset.rows.iter().position(|row| row.field == *field) else {
                continue;
            };
            let value = self.record.value(row as u16);
            if !value.is_absent() && !self.has(alias) {
                let json = value.json_span();
                members
                    .add(alias)
                    .slice(self.text, json.start as usize, json.end as usize);
            }
        }
        if let Some(alias) = dataset.native.referrer_alias
            && let Some(rows) = plan.referrer()
            && rows
                .whole
                .is_none_or(|row| self.record.value(row).is_absent())
            && let Some(pieces) = self.record.referrer(self.text, rows)
        {
            let writer = members.add(alias);
            writer.byte(b'"');
            for piece in pieces {
                writer.put(piece);
            }
            writer.byte(b'"');
        }
    }

    /// Whether the record has the alias itself.
    fn has(&self, alias: &str) -> bool {
        let is_alias = |name: Span| name.of(self.text) == alias.as_bytes();
        let by_other_name = self.record.by_other_name.iter().any(|row| {
            let start = self.record.value(*row).member as usize + 1;
            is_alias(Span::new(start, find_special(self.text, start)))
        });
        by_other_name
            || self
                .record
                .unknown
                .iter()
                .any(|unknown| is_alias(unknown.name))
    }

    /// The place of a whole member, with one comma beside it.
    fn member(&self, value: Value) -> Span {
        let end = value.json_span().end as usize;
        let after = self.skip_blank(end);
        if self.text.get(after) == Some(&b',') {
            return Span::new(value.member as usize, after + 1);
        }
        let before = self
            .text
            .get(..value.member as usize)
            .and_then(|before| {
                before
                    .iter()
                    .rposition(|byte| !matches!(byte, b' ' | b'\t'))
            })
            .filter(|place| self.text.get(*place) == Some(&b','));
        Span::new(before.unwrap_or(value.member as usize), end)
    }

    fn skip_blank(&self, mut at: usize) -> usize {
        while let Some(b' ' | b'\t') = self.text.get(at) {
            at += 1;
        }
        at
    }

    /// Whether the edits took the record's only member.
    fn is_emptied(&self, edits: &[Edit]) -> bool {
        edits.iter().any(|edit| {
            edit.by.is_empty()
                && self
                    .text
                    .get(..edit.place.start as usize)
                    .is_some_and(only_brace)
                && self
                    .text
                    .get(edit.place.end as usize..)
                    .is_some_and(only_brace)
        })
    }
}

fn only_brace(text: &[u8]) -> bool {
    matches!(text.trim_ascii(), b"{" | b"}")
}

impl Plan {
    fn referrer(&self) -> Option<ReferrerRows> {
        self.leaves.iter().find_map(|leaf| match leaf.source {
            Source::Referrer(rows) => Some(rows),
            _ => None,
        })
    }
}

/// Members behind those that the record has.
struct Members<'a> {
    writer: &'a mut Writer,
    any: bool,
}

impl Members<'_> {
    fn add(&mut self, name: &str) -> &mut Writer {
        if self.any {
            self.writer.byte(b',');
        }
        self.any = true;
        self.writer.quoted(name);
        self.writer.byte(b':');
        self.writer
    }
}
