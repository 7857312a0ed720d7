//! Literals and repetitions to bits, with codes that follow what came before.

use crate::bits::{Bits, End};
use crate::huffman::{Code, codes, codes_of_lengths, write_codes};

/// The longest code. Four literals with it, and what is left of a byte, are 55 bits: one flush. So
/// are a length (17 with its extra bits) and a distance (25): 49 bits.
const CODE_MAX: usize = 12;

/// The most bytes that a literal, or a byte of a repetition, takes: an eighth more than a byte and a half.
pub(crate) const GROWTH: usize = 2;

/// Symbols for a literal, the end of the block, or a length: RFC 1951, 3.2.5. The last two of the
/// codes that deflate has itself never occur.
const LITERALS: usize = 288;
const LITERALS_USED: usize = 286;
const END_OF_BLOCK: usize = 256;

/// Symbols for a distance.
const DISTANCES: usize = 30;

/// The longest repetition of deflate, and the shortest.
pub(crate) const LENGTH_MAX: usize = 258;
pub(crate) const LENGTH_MIN: usize = 3;

/// The heads of blocks, three bits: whether it is the last, then whether the codes are deflate's own (1)
/// or written behind it (2).
const OWN_CODES: u32 = 1 << 1;
const NEW_CODES: u32 = 2 << 1;
const LAST: u32 = 1;

/// Bits that are ready to be written.
#[derive(Clone, Copy, Debug, Default)]
struct Ready {
    bits: u32,
    len: u32,
}

/// The codes of the block that is being written.
#[derive(Debug)]
pub(crate) struct Codes {
    literals: [Ready; 256],
    end_of_block: Ready,
    /// With the bits behind its code that say which length is meant.
    lengths: [Ready; LENGTH_MAX + 1],
    distances: [Ready; 32],
}

/// How often what occurred.
#[derive(Debug)]
pub(crate) struct Counts {
    literals: [u32; 256],
    lengths: [u32; LENGTH_MAX + 1],
    distances: [u32; 32],
}

impl Codes {
    /// Begins a block with deflate's own codes.
    pub(crate) fn own(bits: &mut Bits) -> Self {
        bits.reserve(1);
        bits.put(OWN_CODES, 3);
        let literals: [Code; LITERALS] = codes_of_lengths(|symbol| match symbol {
            0..144 => 8,
            144..256 => 9,
            256..280 => 7,
            _ => 8,
        });
        let distances: [Code; DISTANCES] = codes_of_lengths(|_| 5);
        Self::new(&literals, &distances)
    }

    /// Begins a block with codes for what occurred before: what did not has codes too, long ones.
    pub(crate) fn following(counts: &Counts, bits: &mut Bits) -> Self {
        let mut literals = [1; LITERALS_USED];
        for (place, count) in literals.iter_mut().zip(counts.literals) {
            *place += count;
        }
        for (length, count) in counts.lengths.iter().enumerate().skip(LENGTH_MIN) {
            if let Some(place) = literals.get_mut(length_symbol(length).symbol) {
                *place += count;
            }
        }
        let mut distances = [1; DISTANCES];
        for (place, count) in distances.iter_mut().zip(counts.distances) {
            *place += count;
        }
        let (literals, distances) = (codes(&literals, CODE_MAX), codes(&distances, CODE_MAX));
        bits.reserve(1);
        bits.put(NEW_CODES, 3);
        write_codes(&literals, &distances, bits);
        Self::new(&literals, &distances)
    }

    fn new(literals: &[Code], distances: &[Code]) -> Self {
        let code_of = |codes: &[Code], symbol: usize| {
            Ready::from(codes.get(symbol).copied().unwrap_or_default())
        };
        Self {
            literals: core::array::from_fn(|byte| code_of(literals, byte)),
            end_of_block: code_of(literals, END_OF_BLOCK),
            lengths: core::array::from_fn(|length| {
                let symbol = length_symbol(length);
                code_of(literals, symbol.symbol).with(symbol)
            }),
            distances: core::array::from_fn(|symbol| code_of(distances, symbol)),
        }
    }

    #[inline(always)] // Bench row "ours, delivery": 4 % of the instructions.
    pub(crate) fn literals(&self, literals: &[u8], end: &mut End, memory: &mut [u8]) {
        let (fours, rest) = literals.as_chunks::<4>();
        for four in fours {
            for byte in four {
                self.literal(*byte, end);
            }
            end.flush(memory);
        }
        if !rest.is_empty() {
            for byte in rest {
                self.literal(*byte, end);
            }
            end.flush(memory);
        }
    }

    fn literal(&self, byte: u8, end: &mut End) {
        if let Some(ready) = self.literals.get(usize::from(byte)) {
            end.add(ready.bits, ready.len);
        }
    }

    /// `length` from 3 to 258, `distance` from 1 to 32,768.
    pub(crate) fn repetition(
        &self,
        length: usize,
        distance: usize,
        end: &mut End,
        memory: &mut [u8],
    ) {
        let symbol = distance_symbol(distance);
        if let (Some(length), Some(distance)) =
            (self.lengths.get(length), self.distances.get(symbol.symbol))
        {
            end.add(length.bits, length.len);
            let distance = distance.with(symbol);
            end.add(distance.bits, distance.len);
        }
        end.flush(memory);
    }

    /// Ends the block.
    pub(crate) fn end(&self, bits: &mut Bits) {
        bits.reserve(2);
        bits.put(self.end_of_block.bits, self.end_of_block.len);
    }
}

/// Writes the block that is the last, an empty one.
pub(crate) fn write_last(bits: &mut Bits) {
    bits.reserve(2);
    // With the end of the block in deflate's own codes: seven zeros.
    bits.put(LAST | OWN_CODES, 3 + 7);
}

impl Counts {
    pub(crate) fn new() -> Self {
        Self {
            literals: [0; 256],
            lengths: [0; LENGTH_MAX + 1],
            distances: [0; 32],
        }
    }

    pub(crate) fn literals(&mut self, literals: &[u8]) {
        for byte in literals {
            count(&mut self.literals, usize::from(*byte));
        }
    }

    pub(crate) fn repetition(&mut self, length: usize, distance: usize) {
        count(&mut self.lengths, length);
        count(&mut self.distances, distance_symbol(distance).symbol);
    }
}

fn count(counts: &mut [u32], symbol: usize) {
    if let Some(count) = counts.get_mut(symbol) {
        *count += 1;
    }
}

impl Ready {
    fn with(self, symbol: Symbol) -> Self {
        Self {
            bits: self.bits | symbol.extra << self.len,
            len: self.len + symbol.extra_len,
        }
    }
}

impl From<Code> for Ready {
    fn from(code: Code) -> Self {
        Self {
            bits: u32::from(code.bits),
            len: u32::from(code.len),
        }
    }
}

/// A symbol, and the bits behind its code that say which of its values is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Symbol {
    symbol: usize,
    extra: u32,
    extra_len: u32,
}

/// Eight lengths have a symbol each; then four symbols share twice as many as the four before: RFC
/// 1951, 3.2.5.
fn length_symbol(length: usize) -> Symbol {
    if length == LENGTH_MAX {
        return Symbol {
            symbol: LITERALS_USED - 1,
            extra: 0,
            extra_len: 0,
        };
    }
    let of = Symbol::new(length.saturating_sub(LENGTH_MIN), 2);
    Symbol {
        symbol: END_OF_BLOCK + 1 + of.symbol,
        ..of
    }
}

/// Four distances have a symbol each; then two symbols share twice as many as the two before.
fn distance_symbol(distance: usize) -> Symbol {
    Symbol::new(distance.wrapping_sub(1), 1)
}

impl Symbol {
    /// The symbol of a number, counted from 0, where `1 << bits` symbols share as many numbers each.
    fn new(number: usize, bits: u32) -> Self {
        let number = number as u32;
        let extra_len = (31 - (number | 1 << bits).leading_zeros()) - bits;
        Self {
            symbol: ((extra_len << bits) + (number >> extra_len)) as usize,
            extra: number & ((1 << extra_len) - 1),
            extra_len,
        }
    }
}
