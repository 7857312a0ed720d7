//! Whether what stands inside a record's objects and lists can stay as it is: nearly all of it can,
//! and it is looked at while it is scanned. [`clean`](super::clean) mends the rest.

use crate::record::clean::{SecretNames, has_escaped_secret, is_odd};

/// Names of one object and those around it that are told apart one by one; more are read slowly.
const OPEN_NAMES: usize = 64;

/// The names of the objects that are open, kept from record to record for its memory.
#[derive(Debug, Default)]
pub(crate) struct OpenNames {
    /// The hashes of all names.
    hashes: Vec<u64>,
    /// Where those of each object around begin.
    starts: Vec<usize>,
    /// Where those of the innermost begin.
    start: usize,
}

/// What a scan notes of the insides of a record.
#[derive(Debug)]
pub(crate) struct Insides<'a> {
    secrets: &'a SecretNames,
    open: &'a mut OpenNames,
    /// Whether all of them can stay.
    pub(crate) are_clean: bool,
}

impl<'a> Insides<'a> {
    /// Before the first value of a record.
    pub(crate) fn new(secrets: &'a SecretNames, open: &'a mut OpenNames) -> Self {
        Self {
            secrets,
            open,
            are_clean: true,
        }
    }

    /// Forgets what an earlier value has left, which was no JSON.
    pub(crate) fn begin(&mut self) {
        self.open.hashes.clear();
        self.open.starts.clear();
        self.open.start = 0;
    }

    /// An object or list begins.
    pub(crate) fn open(&mut self) {
        self.open.starts.push(self.open.start);
        self.open.start = self.open.hashes.len();
    }

    /// An object or list ends.
    pub(crate) fn close(&mut self) {
        self.open.hashes.truncate(self.open.start);
        self.open.start = self.open.starts.pop().unwrap_or_default();
    }

    /// White space between tokens: a document has one form, whichever way a record is read.
    pub(crate) fn blank(&mut self) {
        self.are_clean = false;
    }

    /// A text, given as it stands between its quotes.
    pub(crate) fn text(&mut self, text: &[u8], is_escaped: bool) {
        let is_secret =
            self.secrets.has(text) || (is_escaped && has_escaped_secret(text, self.secrets));
        self.are_clean &= !is_secret;
    }

    /// The name of a member.
    #[inline(never)] // Bench row "core, ecs".
    pub(crate) fn name(&mut self, name: &[u8], is_escaped: bool) {
        let (hash, may_be_odd) = look(name);
        let OpenNames { hashes, start, .. } = &mut *self.open;
        let beside = hashes.get(*start..).unwrap_or_default();
        let must_be_mended = is_escaped
            || beside.contains(&hash)
            || self.secrets.has(name)
            || (may_be_odd && is_odd(name))
            || hashes.len() >= OPEN_NAMES;
        match must_be_mended {
            true => self.are_clean = false,
            false => hashes.push(hash),
        }
    }
}

/// A hash of a name, and whether it can be odd. Where two names share a hash, the record is read slowly,
/// which changes nothing.
fn look(name: &[u8]) -> (u64, bool) {
    // The golden ratio's digits: any odd number without a pattern.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // The high bit of each byte that is 0; of bytes above it, perhaps, too.
    let zeros = |part: u64| part.wrapping_sub(ONES) & !part & HIGH;
    let mut hash = name.len() as u64;
    let mut odd = 0;
    let mut add = |part: u64| {
        odd |= zeros(part ^ (ONES * u64::from(b'.')))
            | zeros(part ^ (ONES * u64::from(b' ')))
            | part & HIGH;
        hash = (hash.rotate_left(23) ^ part).wrapping_mul(FACTOR);
    };
    let ends = (name.first_chunk::<4>(), name.last_chunk::<4>());
    match (name.last_chunk::<8>(), ends) {
        (Some(last), _) => {
            let (parts, _) = name.as_chunks::<8>();
            parts.iter().for_each(|part| add(u64::from_le_bytes(*part)));
            add(u64::from_le_bytes(*last));
        }
        (None, (Some(first), Some(last))) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            add(u64::from(first) << 32 | u64::from(last));
        }
        _ => name.iter().for_each(|byte| add(u64::from(*byte))),
    }
    (hash, odd != 0 || name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_odd_name_is_overlooked() {
        let (mut all, mut plain) = (0, 0);
        for len in 0..20 {
            for place in 0..len {
                for byte in [b'.', b' ', b'a', b'_', b'-', 0xc2, 0x7f] {
                    let mut name = vec![b'n'; len];
                    name[place] = byte;
                    let may_be_odd = look(&name).1;
                    assert!(may_be_odd || !is_odd(&name), "{name:?}");
                    all += 1;
                    plain += usize::from(!may_be_odd);
                }
            }
        }
        assert!(look(b"").1);
        // Most names need no second look.
        assert!(plain * 7 >= all * 3, "{plain} of {all}");
    }

    #[test]
    fn names_have_hashes_of_their_own() {
        let mut names: Vec<String> = (0..2000).map(|number| format!("{number}")).collect();
        names.extend((0..2000).map(|number| format!("a_longer_name_{number}_of_a_member")));
        let mut hashes: Vec<u64> = names.iter().map(|name| look(name.as_bytes()).0).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), names.len());
    }
}
