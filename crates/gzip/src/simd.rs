//! Comparing sixteen bytes at a time.
//!
//! The one file of the crate with `unsafe` code: vector loads.
#![allow(unsafe_code)]

const BLOCK: usize = 16;

/// How many bytes at `left` and at `right`, which is further on, are equal; not counted beyond `most`.
///
/// Four blocks at once: what repeats in documents is 40 bytes long in the middle, and a loop that
/// ends after one block or three is guessed wrong by the processor, which costs more than the blocks.
#[inline(always)]
pub(crate) fn common_length(bytes: &[u8], left: usize, right: usize, most: usize) -> usize {
    let most = most.min(bytes.len().saturating_sub(right.max(left)));
    let mut len = 0;
    while len + 4 * BLOCK <= most {
        // SAFETY: `left + most` and `right + most` are at most `bytes.len()`, and `len + 4 * BLOCK` is
        // at most `most`: all blocks stand within the bytes.
        let (left, right) = unsafe {
            let first = bytes.as_ptr().add(len);
            (
                core::slice::from_raw_parts(first.add(left), 4 * BLOCK),
                core::slice::from_raw_parts(first.add(right), 4 * BLOCK),
            )
        };
        let mut equal = 0_u64;
        for (shift, (left, right)) in (0..64)
            .step_by(BLOCK)
            .zip(left.chunks_exact(BLOCK).zip(right.chunks_exact(BLOCK)))
        {
            equal |= u64::from(equal_mask(left, right)) << shift;
        }
        if equal != u64::MAX {
            return len + equal.trailing_ones() as usize;
        }
        len += 4 * BLOCK;
    }
    while len < most && bytes.get(left + len) == bytes.get(right + len) {
        len += 1;
    }
    len
}

/// One bit per byte that is equal in both, which have sixteen.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(always)]
fn equal_mask(left: &[u8], right: &[u8]) -> u32 {
    use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, v128, v128_load};

    debug_assert!(left.len() == 16 && right.len() == 16);
    // SAFETY: both slices have 16 bytes, and v128_load asks for no alignment.
    let (left, right) = unsafe {
        (
            v128_load(left.as_ptr().cast::<v128>()),
            v128_load(right.as_ptr().cast::<v128>()),
        )
    };
    u32::from(u8x16_bitmask(u8x16_eq(left, right)))
}

/// One bit per byte that is equal in both, which have sixteen.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn equal_mask(left: &[u8], right: &[u8]) -> u32 {
    use core::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8};

    debug_assert!(left.len() == 16 && right.len() == 16);
    // SAFETY: every x86_64 has SSE2; both slices have 16 bytes, and the loads are unaligned ones.
    unsafe {
        let left = _mm_loadu_si128(left.as_ptr().cast::<__m128i>());
        let right = _mm_loadu_si128(right.as_ptr().cast::<__m128i>());
        _mm_movemask_epi8(_mm_cmpeq_epi8(left, right)).cast_unsigned()
    }
}

/// One bit per byte that is equal in both, which have sixteen.
#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
#[inline(always)]
fn equal_mask(left: &[u8], right: &[u8]) -> u32 {
    left.iter()
        .zip(right)
        .enumerate()
        .fold(0, |mask, (bit, (left, right))| {
            mask | u32::from(left == right) << bit
        })
}
