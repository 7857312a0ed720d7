//! What the compressor writes is read back by the library, to the last byte.

use std::io::Read as _;

use flate2::read::GzDecoder;
use logpush_gzip::gzip;
use wasm_bindgen_test::wasm_bindgen_test as wasm;

/// What a decoder makes of the compressed pieces; and how many bytes they took.
fn read_back(pieces: &[&[u8]]) -> (Vec<u8>, usize) {
    let compressed = gzip(pieces);
    let mut plain = Vec::new();
    GzDecoder::new(compressed.as_slice())
        .read_to_end(&mut plain)
        .unwrap();
    (plain, compressed.len())
}

fn noise(len: u64) -> Vec<u8> {
    (0..len)
        .map(|n| (n.wrapping_mul(n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
        .collect()
}

fn documents(number: u64) -> Vec<u8> {
    let document = |n: u64| {
        let id = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!(
            "{{\"event\":{{\"id\":\"{id:016x}\",\"kind\":\"event\"}},\"source\":{{\"port\":{}}}}}\n",
            n % 60_000
        )
    };
    (0..number).flat_map(|n| document(n).into_bytes()).collect()
}

#[test]
#[wasm]
fn what_is_compressed_is_read_back() {
    let noise = noise(200_000);
    let documents = documents(20_000);
    let run = vec![b'a'; 1_000_000];
    let far = [&noise[..40_000], &noise[..40_000], &noise[7_300..40_000]].concat();
    let every_byte: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
    for (name, pieces) in [
        ("no piece", vec![]),
        ("an empty piece", vec![b"".as_slice()]),
        ("short pieces", vec![b"a", b"\n", b"b"]),
        ("one byte many times", vec![&run]),
        ("noise", vec![&noise, b"\n"]),
        ("documents", vec![&documents, b"\n", &documents[..1000]]),
        ("noise, then documents", vec![&noise, &documents, &noise]),
        ("beyond the window", vec![&far]),
        ("every byte", vec![&every_byte, &noise[..300]]),
    ] {
        let (plain, _) = read_back(&pieces);
        assert!(plain == pieces.concat(), "{name}");
    }
}

#[test]
#[wasm]
fn repetitions_of_every_length_and_distance_are_read_back() {
    let noise = noise(33_000);
    for distance in [1, 2, 3, 5, 8, 100, 4_097, 32_767, 32_768, 32_769] {
        for length in (1..300).chain([512, 517, 3_000, 5_000]) {
            let mut text = noise[..distance].to_vec();
            for _ in 0..length {
                text.push(text[text.len() - distance]);
            }
            text.extend_from_slice(b"########");
            let (plain, _) = read_back(&[&text]);
            assert!(plain == text, "{length} at {distance}");
        }
    }
}

#[test]
#[wasm]
fn documents_become_small_and_noise_hardly_grows() {
    let documents = documents(10_000);
    let (_, len) = read_back(&[&documents]);
    assert!(len * 3 < documents.len(), "{len} of {}", documents.len());
    let noise = noise(500_000);
    let (_, len) = read_back(&[&noise]);
    // Deflate's own codes have nine bits for nearly half of all bytes.
    assert!(len < noise.len() + noise.len() / 16, "{len}");
}
