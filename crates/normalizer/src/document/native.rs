//! The other shape: the record itself, with what SEKOIA.IO's own parser needs to read it right.
//!
//! Logpush's own keys stay as they came, but for times in another form than the parser's and
//! fields that it misreads when they are empty. What it reads under names that Logpush never
//! sends is added at the end.

use crate::bytes::simd::find_special;
use crate::bytes::writer::Writer;
use crate::convert::finding::Finding;
use crate::convert::target::Target;
use crate::convert::time::Time;
use crate::document::ecs::Event;
use crate::mapping::{Dataset, Native, NativeTime};
use crate::plan::Plan;
use crate::plan::mask::MASK;
use crate::plan::native::Alias;
use crate::record::{Kind, RowId, Span, Value};

/// A change of the record's text.
struct Edit {
    place: Span,
    by: String,
}

impl Event<'_> {
    /// Writes the record, up to the brace that closes it.
    pub(crate) fn write_native(&self, dataset: &Dataset, plan: &Plan, writer: &mut Writer) {
        let mut edits = Vec::new();
        if !self.unmask && !plan.secrets.is_empty() {
            let places = plan.secret_places(self.record, self.text);
            edits.extend(places.into_iter().map(|place| Edit {
                place,
                by: format!("\"{MASK}\""),
            }));
        }
        let native = plan.native.as_ref();
        for row in native.iter().flat_map(|native| &native.drop_empty) {
            let value = self.record.value(*row);
            if value.kind == Kind::Empty {
                edits.push(Edit {
                    place: self.member(*value),
                    by: String::new(),
                });
            }
        }
        for row in native.iter().flat_map(|native| &native.drop_dot) {
            let value = self.record.value(*row);
            let name = value.span.of(self.text);
            if value.kind == Kind::Text && name.len() > 1 && name.ends_with(b".") {
                edits.push(Edit {
                    place: Span {
                        start: value.span.end - 1,
                        ..value.span
                    },
                    by: String::new(),
                });
            }
        }
        let time_row = plan.time.map(|(row, _)| row);
        for (row, form) in native.iter().flat_map(|native| &native.times) {
            let value = self.record.value(*row);
            let time = match self.time_of(plan, *row) {
                Some(time) => Some(time),
                // Without its time, or with one that it cannot read, a record makes the parser fail.
                None if time_row == Some(*row) && value.kind != Kind::Missing => Some(self.time),
                None => None,
            };
            if let Some(by) = time.and_then(|time| form.write(time)) {
                edits.push(Edit {
                    place: value.json_span(),
                    by,
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
        let Some(native) = native else {
            return;
        };
        if let Some(row) = time_row
            && let Some(of) = dataset.rows.get(row.index())
        {
            let value = self.record.value(row);
            if value.kind == Kind::Missing {
                if let Some(time) = native.form_of(row).and_then(|form| form.write(self.time)) {
                    members.add(of.field).put(time.as_bytes());
                }
            } else if self.unmapped.contains(&row) && native.form_of(row).is_some() {
                let json = value.json_span();
                members.add(&format!("{}AsReceived", of.field)).slice(
                    self.text,
                    json.start as usize,
                    json.end as usize,
                );
            }
        }
        for alias in &native.aliases {
            let value = self.record.value(alias.row);
            if self.has(alias) {
                continue;
            }
            if let Some(form) = alias.form {
                let time = self.time_of(plan, alias.row).unwrap_or(self.time);
                if let Some(time) = form.write(time) {
                    members.add(alias.name).put(time.as_bytes());
                }
            } else if !value.is_absent() {
                let json = value.json_span();
                members
                    .add(alias.name)
                    .slice(self.text, json.start as usize, json.end as usize);
            }
        }
        for path in &native.paths {
            let value = self.record.value(path.row);
            if value.kind == Kind::Text && !self.has(path) {
                let whole = value.span.of(self.text);
                let until_query = whole.split(|&byte| byte == b'?').next();
                let writer = members.add(path.name);
                writer.byte(b'"');
                writer.put(until_query.unwrap_or_default());
                writer.byte(b'"');
            }
        }
        if let Some((alias, rows)) = &native.joined
            && !self.has(alias)
            && let Some(pieces) = self.record.joined(self.text, *rows)
        {
            let writer = members.add(alias.name);
            writer.byte(b'"');
            for piece in pieces {
                writer.put(piece);
            }
            writer.byte(b'"');
        }
    }

    /// The time of a row's value, if it has one.
    fn time_of(&self, plan: &Plan, row: RowId) -> Option<Time> {
        plan.checks
            .iter()
            .zip(self.findings)
            .find_map(|(step, finding)| match finding {
                Finding::Time(time) if step.row == row => Some(*time),
                _ => None,
            })
    }

    /// Whether the record has the alias itself: as a field of its table, an older one, or another.
    fn has(&self, alias: &Alias) -> bool {
        if let Some(row) = alias.own
            && self.record.value(row).kind != Kind::Missing
        {
            return true;
        }
        let is_alias = |name: Span| name.of(self.text) == alias.name.as_bytes();
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

impl Dataset {
    /// The field without which the native parser fails, and `time` in the form that it reads.
    pub(crate) fn native_time(&self, time: Time) -> Option<(&'static str, String)> {
        let row = self
            .rows
            .iter()
            .find(|row| row.targets.iter().any(Target::is_event_time))?;
        let form = self.native.as_ref()?.form_of(row.field)?;
        Some((row.field, form.write(time)?))
    }
}

impl Native {
    /// The form in which the parser reads the time under this key.
    fn form_of(&self, key: &str) -> Option<NativeTime> {
        self.times
            .iter()
            .find(|(of, _)| *of == key)
            .map(|(_, form)| *form)
    }
}

impl NativeTime {
    /// The time as JSON; nothing where the form cannot hold it.
    fn write(self, time: Time) -> Option<String> {
        match self {
            Self::UnixNano => Some(time.unix_nanos()?.to_string()),
            Self::Unix => Some(time.unix_nanos()?.div_euclid(1_000_000_000).to_string()),
            Self::Rfc3339 => Some(format!("\"{time}\"")),
        }
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
