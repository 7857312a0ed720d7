//! Compressing a request's body.

use flate2::{Compress, Compression, FlushCompress, Status};
use logpush_normalizer::Crc32;

/// Chosen by `npm run bench`, which compares the levels on real output: bench/README.md.
const LEVEL: u32 = 1;

/// Magic, deflate, no flags, no time, fastest level (4), unknown system: RFC 1952.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];

/// Documents repeat each other: level 1 leaves less than a fifth of them.
const EXPECTED_RATIO: usize = 5;

/// The pieces one after another, as one gzip member; nothing where the compressor fails.
pub(crate) fn gzip(pieces: &[&[u8]]) -> Option<Vec<u8>> {
    let len: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut compress = Compress::new(Compression::new(LEVEL), false);
    let mut crc = Crc32::default();
    let mut compressed = Vec::with_capacity(len / EXPECTED_RATIO + 1024);
    compressed.extend_from_slice(&HEADER);
    for piece in pieces {
        crc.update(piece);
        let mut rest = *piece;
        while !rest.is_empty() {
            let before = compress.total_in();
            compress
                .compress_vec(rest, &mut compressed, FlushCompress::None)
                .ok()?;
            rest = rest.get((compress.total_in() - before) as usize..)?;
            make_room(&mut compressed);
        }
    }
    while compress
        .compress_vec(&[], &mut compressed, FlushCompress::Finish)
        .ok()?
        != Status::StreamEnd
    {
        make_room(&mut compressed);
    }
    compressed.extend_from_slice(&crc.value().to_le_bytes());
    // The format has the length's lower half only.
    compressed.extend_from_slice(&(len as u32).to_le_bytes());
    Some(compressed)
}

fn make_room(compressed: &mut Vec<u8>) {
    if compressed.spare_capacity_mut().len() < 1024 {
        compressed.reserve(compressed.capacity() / 2);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_compressed_is_read_back() {
        let noise: Vec<u8> = (0..500_000_u64)
            .map(|n| (n.wrapping_mul(n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
            .collect();
        for pieces in [
            vec![],
            vec![b"".as_slice()],
            vec![b"a", b"\n", b"b"],
            vec![&noise, b"\n"],
        ] {
            let compressed = gzip(&pieces).unwrap();
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(compressed.as_slice())
                .read_to_end(&mut plain)
                .unwrap();
            assert_eq!(plain, pieces.concat());
        }
    }
}
