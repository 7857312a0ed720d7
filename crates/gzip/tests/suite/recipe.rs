//! A check that holds for any bytes: property tests and the fuzzer give them.

use logpush_gzip::{Gunzip, gzip};

/// Any bytes as a recipe for a text: what is compressed is read back.
///
/// By the first byte of each step: up to 127 of the bytes that follow, or a repetition of up to 512 bytes
/// that stand up to 64 KiB before.
pub(crate) fn compressor(recipe: &[u8]) {
    let mut text = Vec::new();
    let mut rest = recipe;
    while let [step, behind @ ..] = rest {
        rest = behind;
        if *step < 128 {
            let (bytes, behind) = rest.split_at(rest.len().min(usize::from(*step)));
            text.extend_from_slice(bytes);
            rest = behind;
        } else if let [length, low, high, behind @ ..] = rest {
            rest = behind;
            let length = usize::from(*length) << (step & 1);
            let distance = usize::from(u16::from_le_bytes([*low, *high])) + 1;
            for _ in 0..length {
                let place = text.len().checked_sub(distance);
                text.push(place.map_or(*step, |place| text[place]));
            }
        }
    }
    let cut = text.len() / 3;
    let compressed = gzip(&[&text[..cut], &text[cut..]]);
    let mut gunzip = Gunzip::new();
    let mut plain = vec![0; text.len() + 1];
    let (mut consumed, mut produced) = (0, 0);
    while consumed < compressed.len() {
        let step = gunzip
            .step(&compressed[consumed..], &mut plain[produced..])
            .expect("what the compressor writes is gzip");
        consumed += step.consumed;
        produced += step.produced;
    }
    assert!(gunzip.is_complete());
    assert!(plain[..produced] == text);
}

// The fuzz target has this file too, without proptest.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod properties {
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 500,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn what_is_compressed_is_read_back(recipe in prop::collection::vec(any::<u8>(), 0..3000)) {
            super::compressor(&recipe);
        }
    }
}
