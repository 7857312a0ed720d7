//! Sixteen bytes at a time: where a JSON string has its next byte that matters, and copying.
//!
//! The one file of the crate with `unsafe` code: vector loads and stores. Plain code is the
//! reference, and serves machines without either instruction set; a test compares them at every
//! alignment.
#![allow(unsafe_code)]

/// Index of the first `"`, `\` or control byte at or after `from`; the length where there is none.
///
/// Strings of a record are 12 bytes long in the middle: the first load mostly decides, where
/// `memchr2`, a call away, costs more than the bytes it saves.
#[inline(always)]
pub(crate) fn find_special(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(block) = bytes.get(at..at + 16) {
        let mask = special_mask(block);
        if mask != 0 {
            return at + mask.trailing_zeros() as usize;
        }
        at += 16;
    }
    plain(bytes, at)
}

fn plain(bytes: &[u8], from: usize) -> usize {
    bytes
        .get(from..)
        .and_then(|rest| rest.iter().position(|&byte| is_special(byte)))
        .map_or(bytes.len(), |found| from + found)
}

#[inline(always)]
fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// Whether `prefix[..len]` stands at `at`; `prefix` is padded to a whole number of sixteen bytes more.
///
/// `false` also where `bytes` has less than that many bytes left: who asks has another way.
#[inline(always)]
pub(crate) fn begins_with(bytes: &[u8], at: usize, prefix: &[u8], len: usize) -> bool {
    let mut done = 0;
    while done < len {
        let (Some(block), Some(expected)) = (
            bytes.get(at + done..at + done + 16),
            prefix.get(done..done + 16),
        ) else {
            return false;
        };
        let wanted = match len - done {
            16.. => 0xffff,
            rest => (1 << rest) - 1,
        };
        if equal_mask(block, expected) & wanted != wanted {
            return false;
        }
        done += 16;
    }
    true
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

/// The longest piece that [`copy_short`] copies: four blocks.
pub(crate) const SHORT: usize = 64;

/// Copies `source[start..start + len]` to `target[to..]`, block by block; `false`, and nothing done,
/// where it is longer than [`SHORT`] or where one of both has less than that many bytes there.
///
/// In wasm the compiler makes a `memory.copy` of every copy that is longer than one register, a
/// call of 10 to 20 ns, even where the length is a constant: hence vector loads and stores, and no
/// loop, which it would know for a copy again.
#[inline(always)]
pub(crate) fn copy_short(
    source: &[u8],
    start: usize,
    len: usize,
    target: &mut [u8],
    to: usize,
) -> bool {
    if len > SHORT {
        return false;
    }
    let (Some(source), Some(target)) = (
        source.get(start..).and_then(<[u8]>::first_chunk::<SHORT>),
        target
            .get_mut(to..)
            .and_then(<[u8]>::first_chunk_mut::<SHORT>),
    ) else {
        return false;
    };
    copy_block::<0>(source, target);
    if len > 16 {
        copy_block::<16>(source, target);
        if len > 32 {
            copy_block::<32>(source, target);
            if len > 48 {
                copy_block::<48>(source, target);
            }
        }
    }
    true
}

/// Copies the sixteen bytes at `AT`, which is at most 48.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(always)]
fn copy_block<const AT: usize>(source: &[u8; SHORT], target: &mut [u8; SHORT]) {
    use core::arch::wasm32::{v128, v128_load, v128_store};

    const { assert!(AT + 16 <= SHORT) };
    // SAFETY: sixteen bytes at AT are within both arrays; neither instruction asks for alignment.
    unsafe {
        let block = v128_load(source.as_ptr().add(AT).cast::<v128>());
        v128_store(target.as_mut_ptr().add(AT).cast::<v128>(), block);
    }
}

/// Copies the sixteen bytes at `AT`, which is at most 48.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline(always)]
fn copy_block<const AT: usize>(source: &[u8; SHORT], target: &mut [u8; SHORT]) {
    if let (Some(source), Some(target)) = (source.get(AT..AT + 16), target.get_mut(AT..AT + 16)) {
        target.copy_from_slice(source);
    }
}

/// One bit per byte of `block`, which has sixteen.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(always)]
fn special_mask(block: &[u8]) -> u32 {
    use core::arch::wasm32::{
        u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, v128, v128_load, v128_or,
    };

    debug_assert_eq!(block.len(), 16);
    // SAFETY: the caller's slice has 16 bytes, and v128_load asks for no alignment.
    let loaded = unsafe { v128_load(block.as_ptr().cast::<v128>()) };
    let quotes = u8x16_eq(loaded, u8x16_splat(b'"'));
    let escapes = u8x16_eq(loaded, u8x16_splat(b'\\'));
    let controls = u8x16_lt(loaded, u8x16_splat(0x20));
    u32::from(u8x16_bitmask(v128_or(v128_or(quotes, escapes), controls)))
}

/// One bit per byte of `block`, which has sixteen.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn special_mask(block: &[u8]) -> u32 {
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
    };

    debug_assert_eq!(block.len(), 16);
    // SAFETY: every x86_64 has SSE2; the caller's slice has 16 bytes, and the load is an unaligned one.
    unsafe {
        let loaded = _mm_loadu_si128(block.as_ptr().cast::<__m128i>());
        let quotes = _mm_cmpeq_epi8(loaded, _mm_set1_epi8(b'"'.cast_signed()));
        let escapes = _mm_cmpeq_epi8(loaded, _mm_set1_epi8(b'\\'.cast_signed()));
        // SSE2 has no unsigned "less than": a byte is at most 0x1f where the smaller of both is itself.
        let controls = _mm_cmpeq_epi8(_mm_min_epu8(loaded, _mm_set1_epi8(0x1f)), loaded);
        let any = _mm_or_si128(_mm_or_si128(quotes, escapes), controls);
        _mm_movemask_epi8(any).cast_unsigned()
    }
}

/// One bit per byte of `block`, which has sixteen.
#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
#[inline(always)]
fn special_mask(block: &[u8]) -> u32 {
    block.iter().enumerate().fold(0, |mask, (bit, &byte)| {
        mask | u32::from(is_special(byte)) << bit
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_plain_loop_for_every_byte_and_place() {
        for byte in 0..=u8::MAX {
            for place in 0..40 {
                let mut bytes = [b'a'; 40];
                bytes[place] = byte;
                for from in 0..=40 {
                    assert_eq!(
                        find_special(&bytes, from),
                        plain(&bytes, from),
                        "{byte} {place} {from}"
                    );
                }
            }
        }
    }

    #[test]
    fn prefixes_are_compared_to_their_last_byte() {
        let bytes: Vec<u8> = (0..80).collect();
        for len in 1..40 {
            let mut prefix = bytes[8..8 + len].to_vec();
            prefix.resize(len + 16, 0xff);
            assert!(begins_with(&bytes, 8, &prefix, len));
            for place in 0..len {
                prefix[place] ^= 1;
                assert!(!begins_with(&bytes, 8, &prefix, len), "{len} {place}");
                prefix[place] ^= 1;
            }
            assert!(!begins_with(&bytes[..8 + len - 1], 8, &prefix, len));
        }
    }
}
