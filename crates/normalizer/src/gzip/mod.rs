//! Compressing documents: gzip, by a compressor made for them.
//!
//! Documents repeat each other in long pieces, with short values between them. One look into a table
//! of places finds nearly all of it, and codes that follow what came before write it, in one pass:
//! faster than the library's fastest level, and smaller (bench/README.md has the figures). Any
//! decoder reads it: RFC 1951 and RFC 1952.

mod bits;
mod coder;
mod codes;
mod finder;

use crate::crc::Crc32;
use bits::Bits;
use coder::{Codes, Counts, GROWTH, write_last};
use finder::{FOUND_MAX, Table};

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
                finder::write::<true>
            } else {
                finder::write::<false>
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn noise(len: u64) -> Vec<u8> {
        (0..len)
            .map(|n| (n.wrapping_mul(n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
            .collect()
    }

    fn documents(number: usize) -> Vec<u8> {
        (0..number)
            .flat_map(|n| {
                format!(
                    "{{\"event\":{{\"id\":\"{:016x}\",\"kind\":\"event\"}},\"source\":{{\"port\":{}}}}}\n",
                    n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                    n % 60_000
                )
                .into_bytes()
            })
            .collect()
    }

    #[test]
    fn what_is_compressed_is_read_back() {
        let noise = noise(300_000);
        let documents = documents(60_000);
        let runs = vec![b'a'; 1_000_000];
        let far = [&noise[..40_000], &noise[..40_000], &noise[7_300..40_000]].concat();
        for (name, pieces) in [
            ("no piece", vec![]),
            ("an empty piece", vec![b"".as_slice()]),
            ("short pieces", vec![b"a", b"\n", b"b"]),
            ("one byte many times", vec![&runs]),
            ("noise", vec![&noise, b"\n"]),
            ("documents", vec![&documents, b"\n", &documents[..1000]]),
            ("repetitions at the edge of the window", vec![&far]),
        ] {
            let compressed = gzip(&pieces);
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(compressed.as_slice())
                .read_to_end(&mut plain)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(plain == pieces.concat(), "{name}");
        }
    }

    #[test]
    fn repetitions_of_every_length_and_distance_are_read_back() {
        let noise = noise(70_000);
        for length in (1..600).chain([2_000, 3_000, 5_000]) {
            for distance in [1, 2, 3, 5, 8, 100, 4097, 32_767, 32_768, 32_769] {
                let mut text = noise[..distance.max(10)].to_vec();
                for _ in 0..length {
                    text.push(text[text.len() - distance]);
                }
                text.push(b'#');
                let compressed = gzip(&[&text]);
                let mut plain = Vec::new();
                flate2::read::GzDecoder::new(compressed.as_slice())
                    .read_to_end(&mut plain)
                    .unwrap_or_else(|error| panic!("{length} at {distance}: {error}"));
                assert!(plain == text, "{length} at {distance}");
            }
        }
    }

    #[test]
    fn noise_grows_by_less_than_a_hundredth() {
        let noise = noise(1_000_000);
        assert!(gzip(&[&noise]).len() < 1_010_000);
    }
}
