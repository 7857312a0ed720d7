//! Changes of a record's text, and its places behind them.

use crate::record::nested::{string_end, value_at};
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

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len() + self.removed_rows.len() + self.removed_unknown.len()
    }

    /// Whether a place is changed or taken out anyway.
    pub(crate) fn covers(&self, record: &Record, place: Span) -> bool {
        let has = |of: Span| of.start <= place.start && place.end <= of.end;
        let rows = self.removed_rows.iter().map(|row| record.value(*row));
        let unknown = self.removed_unknown.iter();
        let unknown = unknown.filter_map(|index| record.unknown.get(*index));
        let removed = rows.chain(unknown.map(|unknown| &unknown.value));
        self.list.iter().any(|edit| has(edit.place)) || removed.map(member_of).any(has)
    }

    /// Writes the text with the changes; the record's places are those in it from then on.
    pub(crate) fn apply(mut self, record: &mut Record, text: &[u8], written: &mut Vec<u8>) {
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
        written.clear();
        written.reserve(text.len() + 64);
        let mut copied = 0;
        for edit in &self.list {
            let before = text.get(copied as usize..edit.place.start as usize);
            written.extend_from_slice(before.unwrap_or_default());
            written.extend_from_slice(&edit.by);
            copied = edit.place.end;
        }
        written.extend_from_slice(text.get(copied as usize..).unwrap_or_default());
        self.rebase(record, written);
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
        let groups = self.groups(record);
        // From the last on, so that the places before it are still those of the text as it was. A plain
        // pass over all values for each: of a record few are changed, and the values are many.
        for group in groups.iter().rev() {
            let shift = |value: &mut Value| {
                let by = match value.member >= group.end {
                    true => group.shift,
                    false => 0,
                };
                value.member = value.member.wrapping_add(by);
                value.span.start = value.span.start.wrapping_add(by);
                value.span.end = value.span.end.wrapping_add(by);
            };
            record.values.iter_mut().for_each(shift);
            for unknown in &mut record.unknown {
                if unknown.value.member >= group.end {
                    unknown.name.start = unknown.name.start.wrapping_add(group.shift);
                    unknown.name.end = unknown.name.end.wrapping_add(group.shift);
                }
                shift(&mut unknown.value);
            }
        }
        for group in &groups {
            match group.holder {
                Holder::Row(index) => {
                    if let Some(value) = record.values.get_mut(index) {
                        read_again(value, written);
                    }
                }
                Holder::Unknown(index) => {
                    if let Some(unknown) = record.unknown.get_mut(index) {
                        unknown.name = read_again(&mut unknown.value, written);
                    }
                }
                Holder::None => {}
            }
        }
        record.has_escapes = true;
    }

    /// The edits, those of one member together.
    fn groups(&self, record: &Record) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for edit in &self.list {
            let Span { start, end } = edit.place;
            // Modulo 2^32, as places are added to.
            let shift = (edit.by.len() as u32).wrapping_sub(end - start);
            if let Some(group) = groups.last_mut()
                && start < group.member_end
            {
                group.end = end;
                group.shift = group.shift.wrapping_add(shift);
                continue;
            }
            let has = |value: &Value| {
                value.kind != ValueKind::Missing
                    && value.member <= start
                    && start < value.json_span().end
            };
            let row = record.values.iter().position(has);
            let unknown = || record.unknown.iter().position(|of| has(&of.value));
            let (holder, value) = match row {
                Some(row) => (Holder::Row(row), record.values.get(row)),
                None => match unknown() {
                    Some(index) => {
                        let unknown = record.unknown.get(index);
                        (Holder::Unknown(index), unknown.map(|of| &of.value))
                    }
                    None => (Holder::None, None),
                },
            };
            groups.push(Group {
                holder,
                member_end: value.map_or(end, |value| value.json_span().end),
                end,
                shift,
            });
        }
        groups
    }
}

/// Edits of one member.
struct Group {
    holder: Holder,
    /// Where the member ends.
    member_end: u32,
    /// Where the last edit ends.
    end: u32,
    /// How much further behind them everything is.
    shift: u32,
}

/// The member that an edit is in; none where it takes whole ones out.
enum Holder {
    Row(usize),
    Unknown(usize),
    None,
}

/// Reads a value where its member now is; the place of the member's name.
fn read_again(value: &mut Value, written: &[u8]) -> Span {
    let start = value.member as usize + 1;
    let end = string_end(written, start).map_or(start, |(end, _)| end);
    // Behind the quote and the colon.
    let read = value_at(written, end + 2);
    debug_assert!(read.is_some(), "an edit leaves valid JSON");
    *value = Value {
        member: value.member,
        ..read.unwrap_or_default()
    };
    Span::new(start, end)
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
    let (mut members, mut len) = (0_u32, 0_u32);
    let unknown = record.unknown.iter().map(|unknown| &unknown.value);
    // Without a branch: a missing one has no length.
    record.values.iter().chain(unknown).for_each(|value| {
        let quote = matches!(value.kind, ValueKind::Text | ValueKind::Empty);
        len += value.span.end - value.member + u32::from(quote);
        members += u32::from(value.kind != ValueKind::Missing);
    });
    // The commas between them, and the braces.
    (len + members.saturating_sub(1) + 2) as usize == text.len()
}
