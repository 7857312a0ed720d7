//! Sixteen bytes at a time: where a JSON string has its next byte that matters, and copying.
//!
//! The one file of the crate with `unsafe` blocks: vector loads and stores. Plain code is the
//! reference, and serves machines without either instruction set; a test compares them at every
//! alignment.
#![allow(unsafe_code)]

/// Index of the first `"`, `\` or control byte at or after `from`; the length where there is none.
///
/// Strings of a record are 12 bytes long in the middle: the first load mostly decides, where
/// `memchr2`, a call away, costs more than the bytes it saves.
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

fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// Bytes at the beginning of a member that are looked at together: a name, and what follows it.
pub(crate) const WINDOW: usize = 64;

/// A name as it stands in a record, `"name":`, made ready to be compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prefix {
    /// Zeros behind it.
    text: [u8; Self::MAX],
    len: u32,
    /// One bit per byte of it in each block.
    wanted: [u32; 3],
}

impl Prefix {
    /// Three blocks. The longest of the documented names has 46 bytes with its quotes and colon.
    pub(crate) const MAX: usize = 48;

    /// Nothing where `text` is longer than [`Self::MAX`].
    pub(crate) fn new(text: &[u8]) -> Option<Self> {
        let mut padded = [0; Self::MAX];
        padded.get_mut(..text.len())?.copy_from_slice(text);
        let wanted = [0, 16, 32].map(|from| match text.len().saturating_sub(from) {
            16.. => 0xffff,
            rest => (1 << rest) - 1,
        });
        Some(Self {
            text: padded,
            len: text.len() as u32,
            wanted,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether `window` begins with the name.
    pub(crate) fn begins(&self, window: &[u8; WINDOW]) -> bool {
        let [first, second, third] = self.wanted;
        let is_begun = equal_mask(&window[..16], &self.text[..16]) & first == first
            && equal_mask(&window[16..32], &self.text[16..32]) & second == second;
        is_begun && (third == 0 || equal_mask(&window[32..48], &self.text[32..48]) & third == third)
    }
}

/// One bit per byte that is equal in both, which have sixteen.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
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
fn equal_mask(left: &[u8], right: &[u8]) -> u32 {
    left.iter()
        .zip(right)
        .enumerate()
        .fold(0, |mask, (bit, (left, right))| {
            mask | u32::from(left == right) << bit
        })
}

/// The longest piece that [`copy_short`] copies: eight blocks.
pub(crate) const SHORT: usize = 128;

/// How much more than a piece [`copy_short`] may write: one block.
pub(crate) const BLOCK: usize = 16;

/// Copies `source[start..start + len]` to `target[to..]`, and may write up to a block behind it;
/// `false`, and nothing done, where that is longer than [`SHORT`], not there, or has no room.
///
/// In wasm the compiler makes a `memory.copy` of every copy that is longer than one register, a
/// call of 10 to 20 ns, even where the length is a constant: hence vector loads and stores, and no
/// loop, which it would know for a copy again. Two blocks that overlap end where the piece ends.
#[inline(always)] // Bench row "core, native".
pub(crate) fn copy_short(
    source: &[u8],
    start: usize,
    len: usize,
    target: &mut [u8],
    to: usize,
) -> bool {
    let Some(readable) = source.len().checked_sub(start) else {
        return false;
    };
    let Some(writable) = target.len().checked_sub(to) else {
        return false;
    };
    if len > SHORT || len > readable || len + BLOCK > writable {
        return false;
    }
    // SAFETY: `start <= source.len()` and `to <= target.len()`: both were subtracted without an
    // underflow. `len` bytes can be read from `source`, `readable` of them in all, and
    // `len + BLOCK` can be written to `target`, which is another borrow and does not overlap it.
    unsafe {
        let source = source.as_ptr().add(start);
        let target = target.as_mut_ptr().add(to);
        copy_piece(source, readable, target, len);
    }
    true
}

/// A name as it stands before a value: [`copy_member`] writes it.
#[derive(Debug)]
pub(crate) struct Name {
    /// Zeros behind it.
    text: [u8; Self::MAX],
    len: u32,
}

impl Name {
    pub(crate) const MAX: usize = 64;

    /// Nothing where `text` is longer than [`Self::MAX`] or shorter than the comma that can be left out.
    pub(crate) fn new(text: &[u8]) -> Option<Self> {
        let mut padded = [0; Self::MAX];
        padded.get_mut(..text.len())?.copy_from_slice(text);
        let len = text.len() as u32;
        (len > 0).then_some(Self { text: padded, len })
    }
}

/// Writes `name` without its first `skip` bytes (0 or 1), then `value[start..end]`, then `behind`,
/// to `target[to..]`, and says where that ends, not counting `behind`; nothing where the value is not
/// there or there is no room.
pub(crate) fn copy_member(
    name: &Name,
    skip: bool,
    value: &[u8],
    (start, end): (usize, usize),
    behind: u8,
    target: &mut [u8],
    to: usize,
) -> Option<usize> {
    let len = end.checked_sub(start)?;
    let readable = value.len().checked_sub(start)?;
    let writable = target.len().checked_sub(to)?;
    if readable < len || writable < len || writable - len < Name::MAX + BLOCK + 1 {
        return None;
    }
    // SAFETY: the three lengths were subtracted without an underflow: `start <= value.len()`,
    // `to <= target.len()`. A name has between 1 and MAX bytes, in room for MAX; one byte less, it
    // is read within them, in blocks of its own length or, where it is shorter, one block: MAX is
    // at least two. From `value`, `len` bytes can be read, and a block
    // or less than a block. Written are at most MAX bytes, then `len` or a block, then one byte:
    // `target` has that many. The borrows do not overlap.
    unsafe {
        let skip = usize::from(skip);
        let first = target.as_mut_ptr().add(to);
        let name_len = name.len as usize - skip;
        copy_blocks(name.text.as_ptr().add(skip), first, name_len);
        let second = first.add(name_len);
        let value = value.as_ptr().add(start);
        copy_piece(value, readable, second, len);
        second.add(len).write(behind);
        Some(to + name_len + len)
    }
}

/// Copies `len` bytes in whole blocks, where `source` has as many.
///
/// # Safety
///
/// `readable` bytes can be read from `source`, `len` of them at least; `len` bytes, and at least a
/// block, can be written to `target`.
unsafe fn copy_piece(source: *const u8, readable: usize, target: *mut u8, len: usize) {
    // SAFETY: the caller's promise; with less than a block to be read, `len` is less than one too.
    unsafe {
        if readable < BLOCK {
            copy_few(source, target, len);
        } else {
            copy_blocks(source, target, len);
        }
    }
}

/// Copies `len` bytes; where they are fewer than a block, a whole one.
///
/// # Safety
///
/// `len` bytes, and at least a block, can be read from `source` and written to `target`.
unsafe fn copy_blocks(source: *const u8, target: *mut u8, len: usize) {
    // SAFETY: the caller's promise; each block stands within the `len` bytes, or is the only one.
    unsafe {
        copy_block(source, target, 0);
        if len > BLOCK {
            if len > 2 * BLOCK {
                copy_block(source, target, BLOCK);
                if len > 4 * BLOCK {
                    copy_many(source, target, len);
                    return;
                }
                copy_block(source, target, len - 2 * BLOCK);
            }
            copy_block(source, target, len - BLOCK);
        }
    }
}

/// Copies more than four blocks.
///
/// # Safety
///
/// `len` bytes, more than four blocks, can be read from `source` and written to `target`.
unsafe fn copy_many(source: *const u8, target: *mut u8, len: usize) {
    const STEP: usize = 4 * BLOCK;
    let mut at = 0;
    // SAFETY: the caller's promise; the last step ends with the last byte, over the one before it.
    unsafe {
        while at < len {
            let place = at.min(len - STEP);
            copy_block(source, target, place);
            copy_block(source, target, place + BLOCK);
            copy_block(source, target, place + 2 * BLOCK);
            copy_block(source, target, place + 3 * BLOCK);
            at += STEP;
        }
    }
}

/// Copies a block, `at` bytes behind both places.
///
/// # Safety
///
/// `at + BLOCK` bytes can be read from `source` and written to `target`.
unsafe fn copy_block(source: *const u8, target: *mut u8, at: usize) {
    // SAFETY: the caller's promise; neither instruction asks for alignment.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    unsafe {
        use core::arch::wasm32::{v128, v128_load, v128_store};

        let block = v128_load(source.add(at).cast::<v128>());
        v128_store(target.add(at).cast::<v128>(), block);
    }
    // SAFETY: the caller's promise; bytes have no alignment.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    unsafe {
        let block = source.add(at).cast::<[u8; BLOCK]>().read();
        target.add(at).cast::<[u8; BLOCK]>().write(block);
    }
}

/// Copies at most sixteen bytes, and not one more.
///
/// # Safety
///
/// `len` bytes can be read from `source` and written to `target`.
unsafe fn copy_few(source: *const u8, target: *mut u8, len: usize) {
    // SAFETY: the caller's promise: two pieces that overlap end with the last byte.
    unsafe {
        match len {
            8.. => {
                let (first, last) = (
                    source.cast::<u64>().read_unaligned(),
                    source.add(len - 8).cast::<u64>().read_unaligned(),
                );
                target.cast::<u64>().write_unaligned(first);
                target.add(len - 8).cast::<u64>().write_unaligned(last);
            }
            4.. => {
                let (first, last) = (
                    source.cast::<u32>().read_unaligned(),
                    source.add(len - 4).cast::<u32>().read_unaligned(),
                );
                target.cast::<u32>().write_unaligned(first);
                target.add(len - 4).cast::<u32>().write_unaligned(last);
            }
            1.. => {
                let (first, middle, last) = (
                    source.read(),
                    source.add(len / 2).read(),
                    source.add(len - 1).read(),
                );
                target.write(first);
                target.add(len / 2).write(middle);
                target.add(len - 1).write(last);
            }
            0 => {}
        }
    }
}

/// Whether all bytes are ASCII.
///
/// The standard library goes by registers, which have four bytes in wasm.
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let (quads, blocks) = blocks.as_chunks::<4>();
    quads.iter().all(|quad| !has_high_bit(quad))
        && blocks.iter().all(|block| !has_high_bit(&[*block; 4]))
        && rest.is_ascii()
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
fn has_high_bit(blocks: &[[u8; BLOCK]; 4]) -> bool {
    use core::arch::wasm32::{u8x16_bitmask, v128, v128_load, v128_or};

    let place = blocks.as_ptr().cast::<v128>();
    // SAFETY: four blocks stand there, and v128_load asks for no alignment.
    let (left, right) = unsafe {
        (
            v128_or(v128_load(place), v128_load(place.add(1))),
            v128_or(v128_load(place.add(2)), v128_load(place.add(3))),
        )
    };
    u8x16_bitmask(v128_or(left, right)) != 0
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
fn has_high_bit(blocks: &[[u8; BLOCK]; 4]) -> bool {
    blocks
        .as_flattened()
        .iter()
        .fold(0, |bits, byte| bits | byte)
        >= 0x80
}

/// One bit per byte of `block`, which has sixteen.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
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
        for len in 1..=Prefix::MAX {
            let mut window: [u8; WINDOW] = core::array::from_fn(|place| place as u8 + 1);
            let prefix = Prefix::new(&window[..len]).unwrap();
            assert_eq!(prefix.len(), len);
            for place in 0..WINDOW {
                window[place] ^= 0x80;
                assert_eq!(prefix.begins(&window), place >= len, "{len} {place}");
                window[place] ^= 0x80;
            }
        }
        assert!(Prefix::new(&[b'a'; Prefix::MAX + 1]).is_none());
    }

    #[test]
    fn ascii_is_told_from_all_else_at_every_place() {
        for len in 0..150 {
            let mut bytes = vec![0x7f; len];
            assert!(is_ascii(&bytes));
            for place in 0..len {
                bytes[place] = 0x80;
                assert!(!is_ascii(&bytes), "{len} {place}");
                bytes[place] = b'a';
            }
        }
    }

    #[test]
    fn pieces_are_copied_to_their_last_byte_and_only_where_there_is_room() {
        let source: Vec<u8> = (0..200).collect();
        for start in [0, 1, 7, 60, 180, 200] {
            for len in 0..=200 - start {
                for slack in 0..=BLOCK {
                    let mut target = vec![0xff; 3 + len + slack];
                    let copied = copy_short(&source, start, len, &mut target, 3);
                    assert_eq!(
                        copied,
                        len <= SHORT && slack == BLOCK,
                        "{start} {len} {slack}"
                    );
                    if copied {
                        assert_eq!(target[3..3 + len], source[start..start + len]);
                    }
                    assert_eq!(target[..3], [0xff; 3]);
                }
            }
        }
        let mut target = [0; 300];
        assert!(!copy_short(&source, 199, 2, &mut target, 0));
        assert!(!copy_short(&source, 201, 0, &mut target, 0));
        assert!(!copy_short(&source, 0, 1, &mut target, 301));
    }
}
