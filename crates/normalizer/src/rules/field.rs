//! A field that a rule names, in the records of one dataset.

use crate::mapping::Dataset;
use crate::record::nested::{elements, exact_member, member};
use crate::record::{Record, RowId, Value, ValueKind};

/// A field of a record, or a member of the objects in it: `Event.Request.URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) place: Place,
    /// Names on the way to the member.
    pub(crate) path: Vec<String>,
}

/// Where a field's value stands in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Row(RowId),
    /// A field that the table does not have, by its name.
    Unknown(String),
}

impl Field {
    /// The field of this name, whether or not the dataset's table has it.
    pub(crate) fn new(dataset: &Dataset, name: &str) -> Self {
        if let Some(row) = row_named(dataset, name) {
            return Self {
                place: Place::Row(row),
                path: Vec::new(),
            };
        }
        let known = name.split_once('.').and_then(|(head, path)| {
            Some(Self {
                place: Place::Row(row_named(dataset, head)?),
                path: path.split('.').map(str::to_owned).collect(),
            })
        });
        known.unwrap_or_else(|| Self {
            place: Place::Unknown(name.to_owned()),
            path: Vec::new(),
        })
    }

    /// Whether an unknown field of a record is another value of it, under another of its names: a row
    /// has one alone.
    pub(crate) fn is_another(&self, dataset: &Dataset, given: &[u8]) -> bool {
        let Place::Row(row) = &self.place else {
            return false;
        };
        let own = dataset.rows.get(row.index()).map(|row| row.field);
        let others = dataset.other_names().filter(|(_, of)| of == row);
        own.into_iter()
            .chain(others.map(|(name, _)| name))
            .any(|name| name.as_bytes().eq_ignore_ascii_case(given))
    }

    /// Whether the dataset's table has it.
    pub(crate) fn is_known(&self) -> bool {
        matches!(self.place, Place::Row(_))
    }

    /// The values at its path below one that is not the row's own.
    pub(crate) fn each_below(&self, value: &Value, text: &[u8], visit: &mut dyn FnMut(&Value)) {
        descend(text, value, &self.path, visit);
    }

    /// Visits its values: of a list, here or on the way, each element.
    pub(crate) fn each(&self, record: &Record, text: &[u8], visit: &mut dyn FnMut(&Value)) {
        match &self.place {
            Place::Row(row) => descend(text, record.value(*row), &self.path, visit),
            Place::Unknown(name) => {
                for unknown in &record.unknown {
                    let given = unknown.name.of(text);
                    if given.eq_ignore_ascii_case(name.as_bytes()) {
                        descend(text, &unknown.value, &[], visit);
                        continue;
                    }
                    let head = name.as_bytes().get(..given.len());
                    if head.is_some_and(|head| given.eq_ignore_ascii_case(head))
                        && let Some(path) = name.get(given.len()..)
                        && let Some(path) = path.strip_prefix('.')
                    {
                        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
                        descend(text, &unknown.value, &path, visit);
                    }
                }
            }
        }
    }
}

/// The row of a name: its own, another one that it has, or either in another case of its letters.
fn row_named(dataset: &Dataset, name: &str) -> Option<RowId> {
    dataset.row_id(name).or_else(|| {
        let own = dataset.field_names().enumerate();
        let own = own.map(|(index, field)| (field, RowId::new(index)));
        own.chain(dataset.other_names())
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, row)| row)
    })
}

/// Visits what stands at a path below a value; lists on the way are taken element by element.
fn descend(text: &[u8], value: &Value, path: &[String], visit: &mut dyn FnMut(&Value)) {
    if is_list(text, value) {
        // An element may be meant by its number.
        let is_number = path
            .first()
            .is_some_and(|name| name.parse::<usize>().is_ok());
        if !is_number {
            for element in elements(text, value) {
                descend(text, &element, path, visit);
            }
            return;
        }
    }
    match path.split_first() {
        None => visit(value),
        Some((name, rest)) => {
            // A member's own name may have dots.
            let whole = path.join(".");
            let dotted = exact_member(text, value, &whole);
            if !rest.is_empty() && dotted.kind != ValueKind::Missing {
                descend(text, &dotted, &[], visit);
                return;
            }
            let found = member(text, value, name);
            if found.kind != ValueKind::Missing {
                descend(text, &found, rest, visit);
            }
        }
    }
}

/// Whether a value is a list.
pub(crate) fn is_list(text: &[u8], value: &Value) -> bool {
    value.kind == ValueKind::Nested && text.get(value.span.start as usize) == Some(&b'[')
}
