//! Which row of the table a field's name belongs to.

use crate::bytes::same;
use crate::bytes::simd::{Prefix, WINDOW};
use crate::record::{Key, RowId};

/// The names of a table.
///
/// The fields of a job's records come in the same order in every record: the row that followed
/// last time is tried first, and the hash is computed only where that fails.
#[derive(Debug)]
pub(crate) struct Keys {
    names: Vec<Name>,
    /// Index into `names` plus 1, by hash; 0 is a free place. A power of two, at most half full.
    places: Vec<u16>,
}

#[derive(Debug)]
struct Name {
    text: &'static [u8],
    /// `"name":`; nothing where that is very long, or where the name is another one.
    quoted: Option<Prefix>,
    row: RowId,
    /// Whether this is the name that the document has for the field, not Cloudflare's.
    is_other: bool,
    /// Index of the name that followed this one last time.
    next: u16,
}

/// Finds the keys of one record, in their order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    /// Index of the last name found.
    last: u16,
    /// Index of the name that followed it last time.
    guess: u16,
}

impl Keys {
    /// The names of a table: of its rows' fields, in the order of the rows, and others of them.
    pub(crate) fn new(
        fields: impl Iterator<Item = &'static str>,
        others: impl Iterator<Item = (&'static str, RowId)>,
    ) -> Self {
        let mut names: Vec<Name> = fields
            .enumerate()
            .map(|(index, field)| Name::new(field, RowId::new(index), false, index))
            .collect();
        for (other, row) in others {
            let name = Name::new(other, row, true, names.len());
            names.push(name);
        }
        let mut places = vec![0; (2 * names.len()).next_power_of_two()];
        for (index, name) in names.iter().enumerate() {
            let mask = places.len() - 1;
            let mut place = hash(name.text) & mask;
            while places.get(place).is_some_and(|taken| *taken != 0) {
                place = (place + 1) & mask;
            }
            if let Some(free) = places.get_mut(place) {
                *free = index as u16 + 1;
            }
        }
        Self { names, places }
    }

    /// The row with whose `"name":` the window begins, and the length of that, if it is the row
    /// that followed last time.
    pub(crate) fn expected(
        &self,
        cursor: &mut Cursor,
        window: &[u8; WINDOW],
    ) -> Option<(RowId, usize)> {
        let name = self.names.get(usize::from(cursor.guess))?;
        let quoted = name.quoted.as_ref()?;
        if !quoted.begins(window) {
            return None;
        }
        *cursor = Cursor {
            last: cursor.guess,
            guess: name.next,
        };
        Some((name.row, quoted.len()))
    }

    /// What `name` means; `cursor` says where the record's last name stood.
    pub(crate) fn find(&mut self, cursor: &mut Cursor, name: &[u8]) -> Key {
        match self.names.get(usize::from(cursor.guess)) {
            Some(expected) if same(expected.text, name) => {
                *cursor = Cursor {
                    last: cursor.guess,
                    guess: expected.next,
                };
                expected.key()
            }
            _ => self.look_up(cursor, name),
        }
    }

    fn look_up(&mut self, cursor: &mut Cursor, name: &[u8]) -> Key {
        let mask = self.places.len() - 1;
        let mut place = hash(name) & mask;
        loop {
            let Some(index) = self
                .places
                .get(place)
                .and_then(|taken| taken.checked_sub(1))
            else {
                return self.in_another_case(name);
            };
            match self.names.get(usize::from(index)) {
                Some(found) if same(found.text, name) => {
                    let (key, guess) = (found.key(), found.next);
                    if let Some(last) = self.names.get_mut(usize::from(cursor.last)) {
                        last.next = index;
                    }
                    *cursor = Cursor { last: index, guess };
                    return key;
                }
                _ => place = (place + 1) & mask,
            }
        }
    }

    /// A name that differs from a row's own in the case of its letters only: audit logs come in
    /// lower case from some accounts.
    #[cold]
    fn in_another_case(&self, name: &[u8]) -> Key {
        self.names
            .iter()
            .find(|known| known.text.eq_ignore_ascii_case(name))
            .map_or(Key::Unknown, |known| Key::OtherName(known.row))
    }

    /// A cursor before the first name of a record: the name before it is taken to be the last of
    /// the table.
    pub(crate) fn begin(&self) -> Cursor {
        Cursor {
            last: (self.names.len() as u16).saturating_sub(1),
            guess: self.names.last().map_or(0, |last| last.next),
        }
    }
}

impl Name {
    fn new(text: &'static str, row: RowId, is_other: bool, index: usize) -> Self {
        Self {
            text: text.as_bytes(),
            quoted: match is_other {
                true => None,
                false => Prefix::new(format!("\"{text}\":").as_bytes()),
            },
            row,
            is_other,
            next: index as u16 + 1,
        }
    }

    fn key(&self) -> Key {
        if self.is_other {
            Key::OtherName(self.row)
        } else {
            Key::Row(self.row)
        }
    }
}

fn hash(name: &[u8]) -> usize {
    // FNV-1a: names are short, and this runs for names out of their usual order only.
    name.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    }) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_order() {
        // More than any table has.
        let fields: Vec<&'static str> = (0..300)
            .map(|number| &*format!("Field{number}").leak())
            .collect();
        let mut keys = Keys::new(fields.iter().copied(), [("Old", RowId::new(7))].into_iter());
        let mut cursor = keys.begin();
        for (index, field) in fields.iter().enumerate().rev() {
            assert_eq!(
                keys.find(&mut cursor, field.as_bytes()),
                Key::Row(RowId::new(index))
            );
        }
        for _ in 0..2 {
            let mut cursor = keys.begin();
            for (index, field) in fields.iter().enumerate() {
                assert_eq!(
                    keys.find(&mut cursor, field.as_bytes()),
                    Key::Row(RowId::new(index))
                );
                assert_eq!(keys.find(&mut cursor, b"NoSuchField"), Key::Unknown);
            }
        }
        assert_eq!(
            keys.find(&mut cursor, b"Old"),
            Key::OtherName(RowId::new(7))
        );
    }
}
