//! Changes of a record's text, and its places behind them.

use crate::record::nested::value_at;
use crate::record::{Record, RowId, Span, Value, ValueKind};

/// A piece of a record's text, and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) place: Span,
    pub(crate) by: Vec<u8>,
    /// Of two for one place the higher counts.
    pub(crate) rank: u8,
}

/// Changes of one record, made together.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    list: Vec<Edit>,
    /// Rows and unknown fields, by their place in the record, that are taken out.
    removed_rows: Vec<RowId>,
    removed_unknown: Vec<usize>,
}

impl Edits {
    pub(crate) fn add(&mut self, edit: Edit) {
        self.list.push(edit);
    }

    pub(crate) fn remove_row(&mut self, row: RowId) {
        self.removed_rows.push(row);
    }

    pub(crate) fn remove_unknown(&mut self, index: usize) {
        self.removed_unknown.push(index);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty() && self.removed_rows.is_empty() && self.removed_unknown.is_empty()
    }

    /// The text with the changes; the record's places are those in it from then on.
    pub(crate) fn apply(mut self, record: &mut Record, text: &[u8]) -> Vec<u8> {
        self.remove_members(record, text);
        self.list.sort_by_key(|edit| {
            (
                edit.place.start,
                u32::MAX - edit.place.end,
                u8::MAX - edit.rank,
            )
        });
        let mut end = 0;
        self.list.retain(|edit| {
            let is_free = edit.place.start >= end;
            if is_free {
                end = edit.place.end;
            }
            is_free
        });
        let mut written = Vec::with_capacity(text.len() + 64);
        let mut copied = 0;
        for edit in &self.list {
            let before = text.get(copied as usize..edit.place.start as usize);
            written.extend_from_slice(before.unwrap_or_default());
            written.extend_from_slice(&edit.by);
            copied = edit.place.end;
        }
        written.extend_from_slice(text.get(copied as usize..).unwrap_or_default());
        self.rebase(record, &written);
        written
    }

    /// Takes members out: a run of them with one comma beside it.
    fn remove_members(&mut self, record: &mut Record, text: &[u8]) {
        let mut members: Vec<Span> = Vec::new();
        for row in &self.removed_rows {
            if let Some(value) = record.values.get_mut(row.index())
                && value.kind != ValueKind::Missing
            {
                members.push(member_of(value));
                *value = Value::default();
            }
            record.by_other_name.retain(|other| other != row);
        }
        self.removed_unknown.sort_unstable();
        self.removed_unknown.dedup();
        for index in self.removed_unknown.iter().rev() {
            if *index < record.unknown.len() {
                members.push(member_of(&record.unknown.remove(*index).value));
            }
        }
        if members.is_empty() {
            return;
        }
        record.has_members = !record.unknown.is_empty()
            || record
                .values
                .iter()
                .any(|value| value.kind != ValueKind::Missing);
        members.sort_unstable_by_key(|member| member.start);
        let mut runs: Vec<Span> = Vec::new();
        for member in members {
            match runs.last_mut() {
                // The comma between two that are both taken out.
                Some(run) if run.end + 1 == member.start => run.end = member.end,
                _ => runs.push(member),
            }
        }
        for mut run in runs {
            if text.get(run.end as usize) == Some(&b',') {
                run.end += 1;
            } else if let Some(before) = run.start.checked_sub(1)
                && text.get(before as usize) == Some(&b',')
            {
                run.start = before;
            }
            self.list.push(Edit {
                place: run,
                by: Vec::new(),
                rank: u8::MAX,
            });
        }
    }

    /// Moves the record's places to where they are in `written`.
    fn rebase(&self, record: &mut Record, written: &[u8]) {
        let mut shifts = Vec::with_capacity(self.list.len());
        let mut shift = 0_i64;
        for edit in &self.list {
            shift += edit.by.len() as i64 - i64::from(edit.place.end - edit.place.start);
            shifts.push((edit.place, shift));
        }
        // Of a record a few places change: the first that is behind is soon found.
        let shift_at = |place: u32| {
            let before = shifts.iter().take_while(|(of, _)| of.end <= place);
            before.last().map_or(0, |(_, shift)| *shift)
        };
        let moved = |place: u32| (i64::from(place) + shift_at(place)) as u32;
        let is_touched = |json: Span| {
            let mut inside = shifts.iter().skip_while(|(of, _)| of.end <= json.start);
            inside.next().is_some_and(|(of, _)| of.start < json.end)
        };
        let first = shifts.first().map_or(u32::MAX, |(of, _)| of.start);
        let rebase = |value: &mut Value| {
            let json = value.json_span();
            if value.kind == ValueKind::Missing || json.end <= first {
                return;
            }
            let member = moved(value.member);
            if is_touched(json) {
                let read = value_at(written, moved(json.start) as usize);
                debug_assert!(read.is_some(), "an edit leaves valid JSON");
                *value = read.unwrap_or_default();
            } else {
                let shift = shift_at(json.start);
                let moved = |place: u32| (i64::from(place) + shift) as u32;
                value.span = Span {
                    start: moved(value.span.start),
                    end: moved(value.span.end),
                };
            }
            value.member = member;
        };
        record.values.iter_mut().for_each(rebase);
        for unknown in &mut record.unknown {
            unknown.name = Span {
                start: moved(unknown.name.start),
                end: moved(unknown.name.end),
            };
            rebase(&mut unknown.value);
        }
        record.has_escapes = true;
    }
}

/// The place of a whole member.
fn member_of(value: &Value) -> Span {
    Span {
        start: value.member,
        end: value.json_span().end,
    }
}

/// Whether the record has every member of the text, which has no blanks between them: of equal names
/// a record has the last alone.
pub(crate) fn has_whole_text(record: &Record, text: &[u8]) -> bool {
    let (mut members, mut len) = (0, 0);
    let unknown = record.unknown.iter().map(|unknown| &unknown.value);
    for value in record.values.iter().chain(unknown) {
        if value.kind != ValueKind::Missing {
            let member = member_of(value);
            len += (member.end - member.start) as usize;
            members += 1_usize;
        }
    }
    // The commas between them, and the braces.
    len + members.saturating_sub(1) + 2 == text.len()
}
