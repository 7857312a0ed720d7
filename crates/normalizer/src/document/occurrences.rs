//! Telling equal records of an upload apart, so that each has an `event.id` of its own.
//!
//! Two DNS queries of one client in one second are equal byte for byte. The first has the identity
//! of its bytes; each further one the hash of that and of how many came before it. The same upload
//! gives the same ids however it is cut into pieces, wherever a delivery resumes, and for every
//! destination, since all of them read it from its beginning.
//!
//! Memory is bounded by two generations of at most [`GENERATION`] different records, 1 MiB each.
//! When the younger is full, it becomes the older, and what only the older had is forgotten. So an
//! upload of up to 131,072 different records is exact, more than the 100,000 records that Logpush
//! puts into one by default. In a larger one, equal records are told apart where fewer than 65,536
//! different ones stand between them; others may share an id.

use xxhash_rust::xxh3::xxh3_128;

/// Different records of a generation.
const GENERATION: usize = 65_536;

/// Slots of a table when it gets its first record: most uploads are small.
const SLOTS_MIN: usize = 256;

/// The bits of a slot that count; the others are the record's.
const COUNT_BITS: u32 = 24;

/// More equal records than Logpush puts into an upload, which are 1,000,000; counting stops here.
const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;

/// How often each record of an upload came.
#[derive(Debug, Default)]
pub(crate) struct Occurrences {
    young: Table,
    old: Table,
}

impl Occurrences {
    /// The `event.id` of the next record with this identity.
    pub(crate) fn id(&mut self, identity: [u8; 16]) -> [u8; 16] {
        match self.count(u128::from_be_bytes(identity) as u64) {
            0 => identity,
            before => further_id(identity, before),
        }
    }

    /// Counts a record, and answers how often it came before.
    fn count(&mut self, hash: u64) -> u64 {
        let key = hash << COUNT_BITS;
        if let Some(slot) = self.young.slot(key).filter(|slot| **slot != 0) {
            let before = *slot & COUNT_MAX;
            *slot += u64::from(before < COUNT_MAX);
            return before;
        }
        let before = self.old.get(key);
        if self.young.len == GENERATION {
            self.turn();
        }
        self.young.insert(key | (before + 1).min(COUNT_MAX));
        before
    }

    #[cold]
    fn turn(&mut self) {
        core::mem::swap(&mut self.young, &mut self.old);
        self.young.slots.fill(0);
        self.young.len = 0;
    }
}

#[cold]
fn further_id(identity: [u8; 16], before: u64) -> [u8; 16] {
    let mut bytes = [0; 24];
    let (first, last) = bytes.split_at_mut(16);
    first.copy_from_slice(&identity);
    last.copy_from_slice(&before.to_be_bytes());
    xxh3_128(&bytes).to_be_bytes()
}

/// Records and how often they came, by open addressing; at most half of the slots are taken.
///
/// A slot is 40 bits of a record's identity and a count, or zero. Two records that agree in the 40 bits
/// are taken for equal: the second gets another id than it has alone, and still one of its own. In an
/// upload of 1,000 records that is one in a thousand million.
#[derive(Debug, Default)]
struct Table {
    /// A power of two of them, or none.
    slots: Vec<u64>,
    len: usize,
}

impl Table {
    /// Adds a slot of a record that is not there.
    fn insert(&mut self, slot: u64) {
        if 2 * self.len >= self.slots.len() {
            self.grow();
        }
        self.len += 1;
        self.put(slot);
    }

    fn put(&mut self, slot: u64) {
        let free = self.slot(slot);
        debug_assert!(free.is_some(), "half of the slots are free");
        if let Some(free) = free {
            *free = slot;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let len = (2 * self.slots.len()).max(SLOTS_MIN);
        for slot in core::mem::replace(&mut self.slots, vec![0; len]) {
            if slot != 0 {
                self.put(slot);
            }
        }
    }

    /// How often the record of this key came.
    fn get(&self, key: u64) -> u64 {
        self.place(key)
            .and_then(|place| self.slots.get(place))
            .map_or(0, |slot| slot & COUNT_MAX)
    }

    /// The slot of the record of this key, or the free one that it would take.
    fn slot(&mut self, key: u64) -> Option<&mut u64> {
        let place = self.place(key)?;
        self.slots.get_mut(place)
    }

    fn place(&self, key: u64) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = (key >> COUNT_BITS) as usize & mask;
        loop {
            let slot = *self.slots.get(place)?;
            if slot == 0 || slot >> COUNT_BITS == key >> COUNT_BITS {
                return Some(place);
            }
            place = (place + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::text::identity;

    fn hash(number: u64) -> u64 {
        u128::from_be_bytes(identity(&number.to_be_bytes())) as u64
    }

    #[test]
    fn equal_records_are_told_apart_as_far_as_is_promised() {
        let generation = GENERATION as u64;
        // In an upload of so many different records, the first comes again behind all of them.
        for (different, expected) in [
            (1, 1),
            (100, 1),
            (generation, 1),
            (2 * generation, 1),
            (2 * generation + 1, 0),
        ] {
            let mut occurrences = Occurrences::default();
            for number in 0..different {
                assert_eq!(occurrences.count(hash(number)), 0, "{number}");
            }
            assert_eq!(occurrences.count(hash(0)), expected, "{different}");
        }
        // However many came before, with fewer than a generation between them.
        for before in [generation - 1, generation, generation + 7, 5 * generation] {
            let mut occurrences = Occurrences::default();
            for number in 0..before {
                occurrences.count(hash(number));
            }
            for count in 0..3 {
                assert_eq!(occurrences.count(hash(before)), count);
                for number in 1..generation {
                    occurrences.count(hash(before + count * generation + number));
                }
            }
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut occurrences = Occurrences::default();
        for number in 0..5 * GENERATION as u64 {
            occurrences.count(hash(number));
        }
        for table in [&occurrences.young, &occurrences.old] {
            assert_eq!(table.slots.len() * size_of::<u64>(), 1024 * 1024);
        }
    }

    #[test]
    fn counting_stops_at_the_end_of_its_bits() {
        let mut table = Table::default();
        table.insert(hash(1) << COUNT_BITS | COUNT_MAX);
        let mut occurrences = Occurrences {
            young: table,
            old: Table::default(),
        };
        for _ in 0..2 {
            assert_eq!(occurrences.count(hash(1)), COUNT_MAX);
        }
        assert_eq!(occurrences.count(hash(2)), 0);
    }

    #[test]
    fn each_of_equal_records_has_an_id_of_its_own() {
        let ids = || {
            let mut occurrences = Occurrences::default();
            [b"a", b"b", b"a", b"a", b"b"].map(|record| occurrences.id(identity(record)))
        };
        let found = ids();
        assert_eq!(found, ids());
        assert_eq!(found[..2], [identity(b"a"), identity(b"b")]);
        let different: std::collections::BTreeSet<_> = found.into_iter().collect();
        assert_eq!(different.len(), found.len());
    }
}
