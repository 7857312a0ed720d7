//! The other shape: the record itself, with what SEKOIA.IO's own parser needs to read it right.
//!
//! Logpush's own keys stay as they came, but for times in another form than the parser's and
//! fields that it misreads when they are empty. What it reads under names that Logpush never
//! sends is added at the end.

use std::borrow::Cow;

use crate::bytes::simd::find_special;
use crate::bytes::slice;
use crate::bytes::writer::Writer;
use crate::convert::finding::Finding;
use crate::convert::target::Target;
use crate::convert::time::Time;
use crate::document::event::Event;
use crate::mapping::{Dataset, Native, NativeTime};
use crate::plan::Plan;
use crate::plan::mask::MASK;
use crate::plan::native::{Alias, NativeRows};
use crate::record::{RowId, Span, Value, ValueKind};

/// A change of the record's text.
struct Edit {
    place: Span,
    by: Vec<u8>,
}

/// A member that the record does not have.
struct Addition<'a> {
    name: Cow<'static, str>,
    json: Cow<'a, [u8]>,
}

impl<'a> Event<'a> {
    /// Writes the record, up to the brace that closes it.
    pub(crate) fn write_native(&self, dataset: &Dataset, plan: &Plan, writer: &mut Writer) {
        let edits = self.edits(plan);
        self.apply(&edits, writer);
        let mut is_first = !self.record.has_members || self.is_emptied(&edits);
        for addition in self.additions(dataset, plan) {
            if !core::mem::replace(&mut is_first, false) {
                writer.byte(b',');
            }
            writer.quoted(&addition.name);
            writer.byte(b':');
            writer.put(&addition.json);
        }
    }

    /// What is to be changed of the record's own members, in the order of its text.
    fn edits(&self, plan: &Plan) -> Vec<Edit> {
        let mut edits = Vec::new();
        if !self.unmask && !plan.secrets.is_empty() {
            let places = plan.secret_places(self.record, self.text);
            edits.extend(places.into_iter().map(|place| Edit {
                place,
                by: format!("\"{MASK}\"").into_bytes(),
            }));
        }
        if let Some(native) = &plan.native {
            let drop_empty = native.drop_empty.iter();
            edits.extend(drop_empty.filter_map(|row| self.drop_empty(*row)));
            let drop_dot = native.drop_dot.iter();
            edits.extend(drop_dot.filter_map(|row| self.drop_dot(*row)));
            let times = native.times.iter();
            edits.extend(times.filter_map(|(row, form)| self.write_time(plan, *row, *form)));
        }
        edits.sort_unstable_by_key(|edit| edit.place.start);
        edits
    }

    /// Takes out a member that the parser misreads when it is empty.
    fn drop_empty(&self, row: RowId) -> Option<Edit> {
        let value = self.record.value(row);
        (value.kind == ValueKind::Empty).then(|| Edit {
            place: self.member(*value),
            by: Vec::new(),
        })
    }

    /// Takes the dot off the end of a name.
    fn drop_dot(&self, row: RowId) -> Option<Edit> {
        let value = self.record.value(row);
        let name = value.span.of(self.text);
        let has_dot = value.kind == ValueKind::Text && name.len() > 1 && name.ends_with(b".");
        has_dot.then(|| Edit {
            place: Span {
                start: value.span.end - 1,
                ..value.span
            },
            by: Vec::new(),
        })
    }

    /// Writes a time in the form that the parser reads.
    fn write_time(&self, plan: &Plan, row: RowId, form: NativeTime) -> Option<Edit> {
        let value = self.record.value(row);
        let is_of_event = plan.time.map(|(row, _)| row) == Some(row);
        let time = match self.time_of(plan, row) {
            Some(time) => time,
            // Without its time, or with one that it cannot read, a record makes the parser fail.
            None if is_of_event && value.kind != ValueKind::Missing => self.time,
            None => return None,
        };
        Some(Edit {
            place: value.json_span(),
            by: form.write(time)?.into_bytes(),
        })
    }

    /// Writes the record with its edits, up to the brace that closes it.
    fn apply(&self, edits: &[Edit], writer: &mut Writer) {
        let close = self.text.iter().rposition(|&byte| byte == b'}');
        debug_assert!(close.is_some(), "a record is an object");
        let mut copied = 0;
        for edit in edits {
            writer.slice(self.text, copied, edit.place.start as usize);
            writer.put(&edit.by);
            copied = edit.place.end as usize;
        }
        writer.slice(self.text, copied, close.unwrap_or(copied));
    }

    /// What the parser reads and the record does not have.
    fn additions(&self, dataset: &Dataset, plan: &Plan) -> Vec<Addition<'a>> {
        let Some(native) = &plan.native else {
            return Vec::new();
        };
        let mut additions = Vec::new();
        additions.extend(self.own_time(dataset, plan, native));
        let aliases = native.aliases.iter().filter(|alias| !self.has(alias));
        additions.extend(aliases.filter_map(|alias| self.alias(plan, alias)));
        let paths = native.paths.iter().filter(|path| !self.has(path));
        additions.extend(paths.filter_map(|path| self.path(path)));
        if let Some((alias, rows)) = &native.joined
            && !self.has(alias)
            && let Some(pieces) = self.record.joined(self.text, *rows)
        {
            let json = [b"\"", pieces.concat().as_slice(), b"\""].concat();
            additions.push(Addition {
                name: alias.name.into(),
                json: json.into(),
            });
        }
        additions
    }

    /// The event's time where the record has none; its own form where it is no readable time.
    fn own_time(
        &self,
        dataset: &Dataset,
        plan: &Plan,
        native: &NativeRows,
    ) -> Option<Addition<'a>> {
        let (row, _) = plan.time?;
        let field = dataset.rows.get(row.index())?.field;
        let form = native.form_of(row)?;
        let value = self.record.value(row);
        if value.kind == ValueKind::Missing {
            return Some(Addition {
                name: field.into(),
                json: form.write(self.time)?.into_bytes().into(),
            });
        }
        self.unmapped.contains(&row).then(|| Addition {
            name: self.free_name(format!("{field}AsReceived")).into(),
            json: value.json_span().of(self.text).into(),
        })
    }

    /// The value of a row under the name that the parser reads.
    fn alias(&self, plan: &Plan, alias: &Alias) -> Option<Addition<'a>> {
        let value = self.record.value(alias.row);
        let json = match alias.form {
            Some(form) => {
                let time = self.time_of(plan, alias.row).unwrap_or(self.time);
                form.write(time)?.into_bytes().into()
            }
            None if value.is_absent() => return None,
            None => value.json_span().of(self.text).into(),
        };
        Some(Addition {
            name: alias.name.into(),
            json,
        })
    }

    /// The path of an address, without its query.
    fn path(&self, path: &Alias) -> Option<Addition<'a>> {
        let value = self.record.value(path.row);
        if value.kind != ValueKind::Text {
            return None;
        }
        let whole = value.span.of(self.text);
        let end = memchr::memchr(b'?', whole).unwrap_or(whole.len());
        Some(Addition {
            name: path.name.into(),
            json: [b"\"", slice(whole, 0..end), b"\""].concat().into(),
        })
    }

    /// The name, with an underscore behind it for as long as the record has a member of that name.
    fn free_name(&self, mut name: String) -> String {
        while self.has_member(&name) {
            name.push('_');
        }
        name
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
            && self.record.value(row).kind != ValueKind::Missing
        {
            return true;
        }
        self.has_member(alias.name)
    }

    /// Whether the record has a member of this name that is no row's own.
    fn has_member(&self, name: &str) -> bool {
        let is_it = |of: Span| of.of(self.text) == name.as_bytes();
        let by_other_name = self.record.by_other_name.iter().any(|row| {
            let start = self.record.value(*row).member as usize + 1;
            is_it(Span::new(start, find_special(self.text, start)))
        });
        let mut unknown = self.record.unknown.iter();
        by_other_name || unknown.any(|unknown| is_it(unknown.name))
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
