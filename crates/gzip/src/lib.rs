//! Gzip, both ways, without I/O: [`gzip()`] compresses documents, [`Gunzip`] reads streams of any number
//! of members.
//!
//! # Before you change the compressor
//!
//! It is fast because it is narrow, and several of its numbers hold only together:
//!
//! - `CODE_MAX` decides how many codes fit between two flushes of `End`, which writes
//!   eight bytes blindly. A longer code, or one literal more between flushes, loses bits silently.
//! - `GROWTH` and `FOUND_MAX` decide how much room is reserved before a step; a write beyond it is
//!   dropped, not an error.
//! - The table notes the lower 16 bits of a place. Whatever is found is compared again with the text, so
//!   that a stale place costs a look and never a byte. Keep it so.
//! - Codes are learned from the first 64 KiB and serve for the rest. Text that changes its kind behind
//!   them is still correct, and larger.
//!
//! What keeps all this honest: the property test and the fuzz target `compressor` read everything back.
//! bench/README.md has the figures against the library's levels.

mod bits;
mod crc32;
mod decoder;
mod encoder;
mod error;
mod header;
mod huffman;
mod matches;

use bits::Bits;
use crc32::Crc32;
use encoder::{Codes, Counts, GROWTH, write_last};
use matches::{FOUND_MAX, Table};

pub use decoder::{Gunzip, Inflated};
pub use error::CorruptError;

/// Magic, deflate, no flags, no time, fastest level (4), unknown system: RFC 1952.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];

/// Text that is written between two looks at the room for it.
const STEP: usize = 16 * 1024;

/// Text that is written with deflate's own codes; then codes are made for what occurred in it, and
/// serve for the rest.
const LEARNED: usize = 64 * 1024;

/// The pieces one after another, as one gzip member. Repetitions are found within a piece.
#[must_use]
pub fn gzip(pieces: &[&[u8]]) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.bytes(&HEADER);
    let mut codes = Codes::own(&mut bits);
    let mut counts = Counts::new();
    let mut learns = true;
    let mut crc = Crc32::default();
    let mut len = 0;
    for piece in pieces {
        crc.update(piece);
        let mut table = Table::new();
        let mut at = 0;
        while at < piece.len() {
            if learns && len > LEARNED {
                learns = false;
                codes.end(&mut bits);
                codes = Codes::following(&counts, &mut bits);
            }
            let stop = piece.len().min(at + STEP);
            bits.reserve(GROWTH * (STEP + FOUND_MAX));
            let place = (&mut bits.end, bits.memory.as_mut_slice());
            let write = if learns {
                matches::write::<true>
            } else {
                matches::write::<false>
            };
            let stopped = write(piece, (at, stop), &mut table, &codes, &mut counts, place);
            len += stopped - at;
            at = stopped;
        }
    }
    codes.end(&mut bits);
    write_last(&mut bits);
    bits.bytes(&crc.value().to_le_bytes());
    // The format has the length's lower half only.
    bits.bytes(&(len as u32).to_le_bytes());
    bits.into_bytes()
}
