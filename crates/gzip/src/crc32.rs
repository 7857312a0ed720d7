//! The checksum of gzip: CRC-32.
//!
//! With the tables that every library has it takes as long in wasm as inflating does: wasm has no
//! carry-less multiplication. There, the bytes are folded first, with nothing but exclusive or: four
//! times as fast as the tables. Elsewhere `crc32fast` does it all, with the processor's own
//! instructions.

/// The checksum of the bytes so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crc32(u32);

impl Crc32 {
    /// Adds bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if cfg!(target_arch = "wasm32") {
            self.0 = fold::update(self.0, bytes);
        } else {
            self.0 = tables(self.0, bytes);
        }
    }

    /// The checksum itself, as the trailer of a gzip member has it.
    pub(crate) fn value(self) -> u32 {
        self.0
    }
}

fn tables(checksum: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(checksum);
    hasher.update(bytes);
    hasher.finalize()
}

/// Folding: bytes are taken out at the front, and what they leave in the remainder is put in further
/// back, where it is taken out with the bytes there.
///
/// A checksum is the remainder of the data, read as a polynomial, by one of degree 32, P. What is
/// added to data that P divides changes nothing. P divides `x^203 + x^186 + x^123 + x^85 + x^79 + 1`
/// (found by trying), and so it divides the same with `x^128` in the place of `x`: that is the former
/// to the 128th power, as adding is without carry. So a block of 128 bits may be added 17, 80, 118,
/// 124 and 203 blocks further on, and removed.
mod fold {
    use super::tables;

    /// Words of 64 bits to a block of 128.
    const BLOCK: usize = 2;

    /// How much further on a block is added, in words.
    const NEAREST: usize = 17 * BLOCK;
    const SECOND: usize = 80 * BLOCK;
    const THIRD: usize = 118 * BLOCK;
    const FOURTH: usize = 124 * BLOCK;
    const FARTHEST: usize = 203 * BLOCK;

    /// Words that are taken out together: none of them is added to another one, 17 blocks away.
    const GROUP: usize = 16 * BLOCK;
    const GROUP_BYTES: usize = 8 * GROUP;

    /// Groups between two moves of what the next ones need to the front: 19 KiB of the stack in all.
    const GROUPS: usize = 64;

    /// Bytes behind what is taken out: all that is left to add goes there.
    const REST: usize = 8 * FARTHEST;

    /// Shorter data is left to the tables: they have the rest of it anyway.
    const SHORT: usize = 2 * REST;

    pub(crate) fn update(checksum: u32, bytes: &[u8]) -> u32 {
        let folded = bytes.len().saturating_sub(REST) / GROUP_BYTES * GROUP_BYTES;
        match bytes.split_at_checked(folded) {
            Some((front, back)) if bytes.len() >= SHORT => {
                let (start, end) = back.split_at(REST.min(back.len()));
                let start = fold(!checksum, front, start);
                // Nothing remains of the front: the register is zero, and its checksum all ones.
                tables(tables(!0, &start), end)
            }
            _ => tables(checksum, bytes),
        }
    }

    /// Folds `front` into `start`, which follows it.
    fn fold(register: u32, front: &[u8], start: &[u8]) -> [u8; REST] {
        // What was taken out, after nothing at all.
        let mut taken = [0; FARTHEST + GROUPS * GROUP];
        let mut len = FARTHEST;
        let mut register = u64::from(register);
        for group in front.as_chunks::<GROUP_BYTES>().0 {
            if len == taken.len() {
                taken.copy_within(len - FARTHEST.., 0);
                len = FARTHEST;
            }
            let mut words = words(group);
            words[0] ^= core::mem::take(&mut register);
            let (before, now) = taken.split_at_mut(len);
            for lag in [NEAREST, SECOND, THIRD, FOURTH, FARTHEST] {
                if let Some(added) = before
                    .get(len - lag..)
                    .and_then(|from| from.first_chunk::<GROUP>())
                {
                    for (word, added) in words.iter_mut().zip(added) {
                        *word ^= added;
                    }
                }
            }
            if let Some(now) = now.first_chunk_mut() {
                *now = words;
            }
            len += GROUP;
        }
        let mut rest = [0; FARTHEST];
        for lag in [NEAREST, SECOND, THIRD, FOURTH, FARTHEST] {
            let added = taken.get(len - lag..len).unwrap_or_default();
            for (word, added) in rest.iter_mut().zip(added) {
                *word ^= added;
            }
        }
        let mut folded = [0; REST];
        for ((place, word), bytes) in folded
            .as_chunks_mut::<8>()
            .0
            .iter_mut()
            .zip(rest)
            .zip(start.as_chunks::<8>().0)
        {
            *place = (word ^ u64::from_le_bytes(*bytes)).to_le_bytes();
        }
        folded
    }

    fn words(bytes: &[u8; GROUP_BYTES]) -> [u64; GROUP] {
        let mut words = [0; GROUP];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        words
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn folding_and_the_tables_agree() {
            let mut state = 1_u32;
            let bytes: Vec<u8> = (0..3 * GROUPS * GROUP_BYTES)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            let edges = [
                0,
                1,
                REST,
                SHORT,
                SHORT + GROUP_BYTES,
                REST + GROUPS * GROUP_BYTES,
                REST + 2 * GROUPS * GROUP_BYTES,
                bytes.len() - 1,
            ];
            for len in edges
                .into_iter()
                .flat_map(|edge| [edge.saturating_sub(1), edge, edge + 1])
            {
                for (from, checksum) in [(0, 0), (1, 0x1234_5678)] {
                    let bytes = bytes.get(from..len.max(from)).unwrap();
                    assert_eq!(
                        update(checksum, bytes),
                        tables(checksum, bytes),
                        "{from}..{len}"
                    );
                }
            }
        }
    }
}
