//! Compressing a request's body.

use flate2::{Compress, Compression, FlushCompress, Status};

/// Chosen by `npm run bench`, which compares the levels on real output: bench/README.md.
const LEVEL: u32 = 1;

/// 32 KiB, the largest window of the format.
const WINDOW_BITS: u8 = 15;

/// Documents repeat each other: level 1 leaves less than a fifth of them.
const EXPECTED_RATIO: usize = 5;

/// The pieces one after another, as one gzip member; nothing where the compressor fails.
pub(crate) fn gzip(pieces: &[&[u8]]) -> Option<Vec<u8>> {
    let len: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut compress = Compress::new_gzip(Compression::new(LEVEL), WINDOW_BITS);
    let mut compressed = Vec::with_capacity(len / EXPECTED_RATIO + 1024);
    for piece in pieces {
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
