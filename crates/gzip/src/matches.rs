//! What stood before: repetitions in a text, found with one look into a table.

use crate::bits::End;
use crate::encoder::{Codes, Counts, LENGTH_MAX, LENGTH_MIN};

/// Deflate looks back so far: 32 KiB.
const WINDOW: usize = 32 * 1024;

/// Bytes that are compared at once. Vectors of sixteen, which need `unsafe`, were no faster: 15.6 ms
/// for 8.3 MB of records either way.
const STEP: usize = 8;

/// Bits of eight bytes that are not compared: a repetition has six bytes at least. A literal takes
/// some six bits, and a repetition 25.
const BEYOND_SIX: u32 = 16;

/// The longest that is looked for at once.
pub(crate) const FOUND_MAX: usize = 4096;

/// Places in the table: 16 KiB, which the processor has at hand. A window of documents has some
/// 3,000 places where a repetition begins or a literal stands.
const TABLE_BITS: u32 = 13;

/// Literals in a row after which every second byte is looked at, then every third, and so on: what
/// does not repeat (encoded text, say) must not cost more than what does.
const PATIENCE_BITS: u32 = 4;

/// Where bytes of a hash stood last, by the lower half of their place.
#[derive(Debug)]
pub(crate) struct Table(Box<[u16; 1 << TABLE_BITS]>);

impl Table {
    pub(crate) fn new() -> Self {
        Self(Box::new([0; 1 << TABLE_BITS]))
    }
}

/// Writes `text` from `start` to `stop` or, with the repetition that is found last, up to
/// [`FOUND_MAX`] bytes beyond it; says where it stopped.
pub(crate) fn write<const COUNTS: bool>(
    text: &[u8],
    (start, stop): (usize, usize),
    table: &mut Table,
    codes: &Codes,
    counts: &mut Counts,
    (end, memory): (&mut End, &mut [u8]),
) -> usize {
    let table = &mut *table.0;
    // A copy of its own, which stays in registers.
    let mut bits = *end;
    let mut from = start;
    let mut at = start;
    while at < stop
        && let Some(bytes) = eight(text, at)
    {
        let distance = replace(table, bytes, at);
        let found = distance.wrapping_sub(1) < at.min(WINDOW)
            && eight(text, at - distance).is_some_and(|before| (before ^ bytes) << BEYOND_SIX == 0);
        if !found {
            at += 1 + ((at - from) >> PATIENCE_BITS);
            continue;
        }
        let length = common_length(text, at - distance, at, FOUND_MAX);
        // What was not looked at before it may repeat as well.
        let mut begin = at;
        while begin > from
            && begin > distance
            && text.get(begin - 1) == text.get(begin - 1 - distance)
        {
            begin -= 1;
        }
        let literals = text.get(from..begin).unwrap_or_default();
        if COUNTS {
            counts.literals(literals);
        }
        codes.literals(literals, &mut bits, memory);
        from = at + length;
        let mut rest = from - begin;
        while rest > LENGTH_MAX {
            // What is left for the next one must not be too short.
            let length = LENGTH_MAX.min(rest - LENGTH_MIN);
            codes.repetition(length, distance, &mut bits, memory);
            rest -= length;
        }
        if COUNTS {
            counts.repetition(rest, distance);
        }
        codes.repetition(rest, distance, &mut bits, memory);
        // So that one is found that begins halfway through this one, or close to its end.
        for noted in [at + length / 2, from - 5] {
            if let Some(bytes) = eight(text, noted) {
                replace(table, bytes, noted);
            }
        }
        at = from;
    }
    // The last bytes, or what is looked at again with the text behind it.
    let stopped = if at < stop { stop } else { at.min(text.len()) };
    let literals = text.get(from..stopped).unwrap_or_default();
    codes.literals(literals, &mut bits, memory);
    *end = bits;
    stopped
}

/// Notes that `bytes` stand at `at`, and answers how far before the like stood, where that is less
/// than 64 KiB.
fn replace(table: &mut [u16; 1 << TABLE_BITS], bytes: u64, at: usize) -> usize {
    // The lowest six bytes, spread over the highest bits by an odd number near the golden ratio.
    let hash = (bytes << BEYOND_SIX).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - TABLE_BITS);
    let place = at as u16;
    table.get_mut(hash as usize).map_or(0, |noted| {
        usize::from(place.wrapping_sub(core::mem::replace(noted, place)))
    })
}

fn eight(text: &[u8], at: usize) -> Option<u64> {
    let bytes = text.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

/// How many bytes at `left` and at `right`, which is further on, are equal; not counted beyond `most`.
pub(crate) fn common_length(bytes: &[u8], left: usize, right: usize, most: usize) -> usize {
    let most = most.min(bytes.len().saturating_sub(right.max(left)));
    let (Some(left), Some(right)) = (bytes.get(left..left + most), bytes.get(right..right + most))
    else {
        debug_assert!(
            false,
            "{most} bytes at {left} and {right} of {}",
            bytes.len()
        );
        return 0;
    };
    let (left, left_rest) = left.as_chunks::<STEP>();
    let (right, right_rest) = right.as_chunks::<STEP>();
    let mut len = 0;
    for (left, right) in left.iter().zip(right) {
        let differing = u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right);
        if differing != 0 {
            return len + differing.trailing_zeros() as usize / 8;
        }
        len += STEP;
    }
    let rest = left_rest.iter().zip(right_rest);
    len + rest.take_while(|(left, right)| left == right).count()
}
