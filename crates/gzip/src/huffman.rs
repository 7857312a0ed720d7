//! Huffman codes of limited length, and how deflate writes them.

use crate::bits::Bits;

/// A code for each symbol: its bits, to be written from the lowest, and how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) bits: u16,
    pub(crate) len: u8,
}

/// The order in which deflate writes the lengths of the codes for lengths: RFC 1951, 3.2.7.
const ORDER: [u8; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// The longest code for a length.
const LENGTH_CODE_MAX: usize = 7;

/// A repetition in a list of lengths: its symbol, bits that say how often, and their number.
const REPEAT_LAST: (u8, u32) = (16, 2);
const REPEAT_ZERO: (u8, u32) = (17, 3);
const REPEAT_ZERO_LONG: (u8, u32) = (18, 7);

/// Codes with which symbols of these counts take the fewest bits, none of more than `longest`.
///
/// Two symbols have codes even where fewer occur: some decoders want a code to be complete.
pub(crate) fn codes<const N: usize>(counts: &[u32; N], longest: usize) -> [Code; N] {
    let mut sorted: Vec<(u32, u16)> = counts
        .iter()
        .zip(0..)
        .filter(|(count, _)| **count > 0)
        .map(|(count, symbol)| (*count, symbol))
        .collect();
    for symbol in 0..2 {
        if sorted.len() < 2 && sorted.iter().all(|(_, taken)| *taken != symbol) {
            sorted.push((1, symbol));
        }
    }
    sorted.sort_unstable();
    let numbers = numbers_by_length(&sorted, longest);
    let mut codes = [Code::default(); N];
    // The rarest have the longest codes.
    let mut symbols = sorted.iter();
    for (len, number) in numbers.iter().enumerate().rev() {
        for (_, symbol) in symbols.by_ref().take(usize::from(*number)) {
            if let Some(code) = codes.get_mut(usize::from(*symbol)) {
                code.len = len as u8;
            }
        }
    }
    number_codes(&mut codes);
    codes
}

/// Codes of the lengths that `len_of` says.
pub(crate) fn codes_of_lengths<const N: usize>(len_of: impl Fn(usize) -> u8) -> [Code; N] {
    let mut codes = core::array::from_fn(|symbol| Code {
        bits: 0,
        len: len_of(symbol),
    });
    number_codes(&mut codes);
    codes
}

/// Writes two codes as the head of a block has them: RFC 1951, 3.2.7.
pub(crate) fn write_codes(literals: &[Code], distances: &[Code], bits: &mut Bits) {
    let used = |codes: &[Code], fewest: usize| {
        let last = codes.iter().rposition(|code| code.len > 0);
        last.map_or(0, |last| last + 1).max(fewest)
    };
    let (literals_used, distances_used) = (used(literals, 257), used(distances, 1));
    let lengths: Vec<u8> = literals
        .iter()
        .take(literals_used)
        .chain(distances.iter().take(distances_used))
        .map(|code| code.len)
        .collect();
    let runs = runs(&lengths);
    let mut counts = [0; ORDER.len()];
    for (symbol, _, _) in &runs {
        if let Some(count) = counts.get_mut(usize::from(*symbol)) {
            *count += 1;
        }
    }
    let codes = codes(&counts, LENGTH_CODE_MAX);
    let code_of = |symbol: u8| codes.get(usize::from(symbol)).copied().unwrap_or_default();
    let order_used = ORDER
        .iter()
        .rposition(|symbol| code_of(*symbol).len > 0)
        .map_or(4, |last| (last + 1).max(4));
    // The numbers, 19 lengths of 3 bits, and for each of at most 316 lengths 7 bits and 7 more.
    bits.reserve(640);
    bits.put(literals_used as u32 - 257, 5);
    bits.put(distances_used as u32 - 1, 5);
    bits.put(order_used as u32 - 4, 4);
    for symbol in ORDER.iter().take(order_used) {
        bits.put(u32::from(code_of(*symbol).len), 3);
    }
    for (symbol, extra, count) in runs {
        let code = code_of(symbol);
        bits.put(u32::from(code.bits), u32::from(code.len));
        bits.put(extra, count);
    }
}

/// How many codes of each length there are, for counts in rising order, of which there are two at least.
fn numbers_by_length(sorted: &[(u32, u16)], longest: usize) -> [u16; 16] {
    let mut numbers = [0_u16; 16];
    for depth in depths(sorted) {
        if let Some(number) = numbers.get_mut(depth.min(longest)) {
            *number += 1;
        }
    }
    // Cutting the longest ones leaves more codes than there are. A code of the longest kind goes,
    // and comes back beside the longest of the shorter ones, which gets one bit more.
    let sum = |numbers: &[u16; 16]| -> u32 {
        numbers
            .iter()
            .enumerate()
            .skip(1)
            .map(|(len, number)| u32::from(*number) << longest.saturating_sub(len))
            .sum()
    };
    let mut excess = sum(&numbers).saturating_sub(1 << longest);
    while excess > 0 {
        let Some(shorter) = (1..longest).rev().find(|len| numbers.get(*len) > Some(&0)) else {
            break;
        };
        for (len, change) in [(longest, -1), (shorter, -1), (shorter + 1, 2)] {
            if let Some(number) = numbers.get_mut(len) {
                *number = number.saturating_add_signed(change);
            }
        }
        excess -= 1;
    }
    numbers
}

/// How deep each count's leaf is in the best tree: two queues, one of leaves and one of nodes, both
/// rising; the two smallest make the next node.
fn depths(sorted: &[(u32, u16)]) -> Vec<usize> {
    let leaves = sorted.len();
    let mut weights: Vec<u64> = sorted.iter().map(|(count, _)| u64::from(*count)).collect();
    let mut parents = vec![0; 2 * leaves];
    let (mut leaf, mut node) = (0, leaves);
    let weight = |weights: &[u64], at: usize| weights.get(at).copied().unwrap_or(u64::MAX);
    for new in leaves..2 * leaves - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            let at_leaf = if leaf < leaves {
                weight(&weights, leaf)
            } else {
                u64::MAX
            };
            let smallest = if at_leaf <= weight(&weights, node) {
                &mut leaf
            } else {
                &mut node
            };
            sum += weight(&weights, *smallest);
            if let Some(parent) = parents.get_mut(*smallest) {
                *parent = new;
            }
            *smallest += 1;
        }
        weights.push(sum);
    }
    // From the root, which is the last, down.
    let mut depths = vec![0_usize; 2 * leaves];
    for at in (0..2 * leaves - 2).rev() {
        let parent = parents.get(at).copied().unwrap_or_default();
        let depth = depths.get(parent).map_or(0, |depth| depth + 1);
        if let Some(place) = depths.get_mut(at) {
            *place = depth;
        }
    }
    depths.truncate(leaves);
    depths
}

/// Numbers the codes as RFC 1951, 3.2.2, says: by length, and by symbol within it.
fn number_codes(codes: &mut [Code]) {
    let mut next = 0_u16;
    for len in 1..16 {
        for code in codes.iter_mut().filter(|code| code.len == len) {
            // Written from the lowest bit, a code begins with its highest.
            code.bits = next.reverse_bits() >> (16 - len);
            next += 1;
        }
        next <<= 1;
    }
}

/// Lengths with their repetitions: symbol, how often it comes beyond the fewest, bits for that.
fn runs(lengths: &[u8]) -> Vec<(u8, u32, u32)> {
    let mut runs = Vec::new();
    for run in lengths.chunk_by(|left, right| left == right) {
        let length = run.first().copied().unwrap_or_default();
        let mut rest = run.len();
        if length != 0 {
            runs.push((length, 0, 0));
            rest -= 1;
        }
        while rest > 0 {
            let ((symbol, bits), fewest, most) = match (length, rest) {
                (0, 11..) => (REPEAT_ZERO_LONG, 11, 138),
                (0, 3..) => (REPEAT_ZERO, 3, 10),
                (1.., 3..) => (REPEAT_LAST, 3, 6),
                _ => ((length, 0), 1, 1),
            };
            let taken = rest.min(most);
            runs.push((symbol, (taken - fewest) as u32, bits));
            rest -= taken;
        }
    }
    runs
}
