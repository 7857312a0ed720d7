//! The checksum of gzip: CRC-32.
//!
//! With the tables that every library has it takes as long in wasm as inflating does: wasm has no
//! carry-less multiplication. Sixteen places of the data at once, a byte of each in every step, it
//! takes less than half of that. Elsewhere `crc32fast` does it, with the processor's own instructions.

/// The checksum of the bytes so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crc32(u32);

impl Crc32 {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        let bytes = {
            let (blocks, rest) = bytes.as_chunks::<{ lanes::BLOCK }>();
            for block in blocks {
                self.0 = !lanes::update(!self.0, block);
            }
            rest
        };
        let mut hasher = crc32fast::Hasher::new_with_initial(self.0);
        hasher.update(bytes);
        self.0 = hasher.finalize();
    }

    /// The checksum itself, as the trailer of a gzip member has it.
    #[must_use]
    pub fn value(self) -> u32 {
        self.0
    }
}

/// A block of data cut into sixteen pieces, whose remainders are found side by side and then put
/// together.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod lanes {
    use core::arch::wasm32::{
        u8x16_replace_lane, u8x16_shuffle, u8x16_splat, u8x16_swizzle, u16x8_shr, v128, v128_and,
        v128_xor,
    };

    use crate::simd::{load, store};

    /// Bytes of a lane: enough that putting the lanes together, 16 times 4 look-ups, is a twentieth
    /// of the work.
    const LANE: usize = 256;
    pub(super) const BLOCK: usize = 16 * LANE;

    /// The polynomial of gzip, lowest power in the highest bit.
    const POLYNOMIAL: u32 = 0xedb8_8320;

    /// The remainder that a byte shifted out of the register leaves, by the byte's lower and upper
    /// four bits, one table for each byte of it.
    const LOWER: [[u8; 16]; 4] = nibbles(0);
    const UPPER: [[u8; 16]; 4] = nibbles(4);

    /// What [`LANE`] bytes of zeros make of the register, for each value of each of its bytes.
    static SHIFT: [[u32; 256]; 4] = shifts();

    const fn remainder(byte: u8) -> u32 {
        let mut register = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            register = (register >> 1) ^ if register & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        register
    }

    #[allow(clippy::indexing_slicing, reason = "at compile time")]
    const fn nibbles(shift: u32) -> [[u8; 16]; 4] {
        let mut tables = [[0; 16]; 4];
        let mut nibble = 0;
        while nibble < 16 {
            let bytes = remainder((nibble as u8) << shift).to_le_bytes();
            let mut byte = 0;
            while byte < 4 {
                tables[byte][nibble] = bytes[byte];
                byte += 1;
            }
            nibble += 1;
        }
        tables
    }

    #[allow(clippy::indexing_slicing, reason = "at compile time")]
    const fn shifts() -> [[u32; 256]; 4] {
        let mut bits = [0; 32];
        let mut bit = 0;
        while bit < 32 {
            let mut register = 1_u32 << bit;
            let mut byte = 0;
            while byte < LANE {
                register = (register >> 8) ^ remainder(register as u8);
                byte += 1;
            }
            bits[bit] = register;
            bit += 1;
        }
        let mut tables = [[0; 256]; 4];
        let mut place = 0;
        while place < 4 {
            let mut value = 1;
            while value < 256 {
                // The value without its lowest bit was done before.
                let lowest = (value as u32).trailing_zeros() as usize;
                tables[place][value] =
                    tables[place][value & (value - 1)] ^ bits[8 * place + lowest];
                value += 1;
            }
            place += 1;
        }
        tables
    }

    /// The register after a block.
    #[allow(
        clippy::indexing_slicing,
        reason = "a lane is below 16, the length of a plane"
    )]
    #[inline(never)]
    pub(super) fn update(register: u32, block: &[u8; BLOCK]) -> u32 {
        let tables = Tables::new();
        // Bytes 0 to 3 of the register of each lane; that of the first lane is given.
        let mut planes = [0, 8, 16, 24]
            .map(|shift| u8x16_replace_lane::<0>(u8x16_splat(0), (register >> shift) as u8));
        for at in (0..LANE).step_by(16) {
            planes = tables.add(planes, columns(block, at));
        }
        let planes = planes.map(store);
        (0..16).fold(0, |register, lane| {
            shift(register) ^ u32::from_le_bytes(planes.map(|plane| plane[lane]))
        })
    }

    struct Tables {
        lower: [v128; 4],
        upper: [v128; 4],
    }

    impl Tables {
        #[inline(always)]
        fn new() -> Self {
            let [l0, l1, l2, l3] = LOWER;
            let [u0, u1, u2, u3] = UPPER;
            Self {
                lower: [load(&l0), load(&l1), load(&l2), load(&l3)],
                upper: [load(&u0), load(&u1), load(&u2), load(&u3)],
            }
        }

        /// The registers after sixteen more bytes of each lane.
        #[inline(always)]
        fn add(&self, planes: [v128; 4], columns: [v128; 16]) -> [v128; 4] {
            let [
                c0,
                c1,
                c2,
                c3,
                c4,
                c5,
                c6,
                c7,
                c8,
                c9,
                c10,
                c11,
                c12,
                c13,
                c14,
                c15,
            ] = columns;
            let planes = self.step(self.step(planes, c0), c1);
            let planes = self.step(self.step(planes, c2), c3);
            let planes = self.step(self.step(planes, c4), c5);
            let planes = self.step(self.step(planes, c6), c7);
            let planes = self.step(self.step(planes, c8), c9);
            let planes = self.step(self.step(planes, c10), c11);
            let planes = self.step(self.step(planes, c12), c13);
            self.step(self.step(planes, c14), c15)
        }

        /// The registers after one more byte of each lane.
        #[inline(always)]
        fn step(&self, planes: [v128; 4], bytes: v128) -> [v128; 4] {
            let [p0, p1, p2, p3] = planes;
            let [l0, l1, l2, l3] = self.lower;
            let [u0, u1, u2, u3] = self.upper;
            let out = v128_xor(p0, bytes);
            let low = v128_and(out, u8x16_splat(15));
            let high = v128_and(u16x8_shr(out, 4), u8x16_splat(15));
            let found =
                |lower, upper| v128_xor(u8x16_swizzle(lower, low), u8x16_swizzle(upper, high));
            [
                v128_xor(p1, found(l0, u0)),
                v128_xor(p2, found(l1, u1)),
                v128_xor(p3, found(l2, u2)),
                found(l3, u3),
            ]
        }
    }

    /// Sixteen bytes of each lane from `at` on, the first of all lanes first.
    #[inline(always)]
    fn columns(block: &[u8; BLOCK], at: usize) -> [v128; 16] {
        let row = |lane: usize| {
            block
                .get(lane * LANE + at..)
                .and_then(|rest| rest.first_chunk())
                .map_or_else(|| u8x16_splat(0), load)
        };
        let rows = [
            row(0),
            row(1),
            row(2),
            row(3),
            row(4),
            row(5),
            row(6),
            row(7),
            row(8),
            row(9),
            row(10),
            row(11),
            row(12),
            row(13),
            row(14),
            row(15),
        ];
        // Each time the byte's number in the row changes places with a bit of the row's own.
        interleave(interleave(interleave(interleave(rows))))
    }

    /// Row `n` and row `n + 8`, byte by byte, become rows `2 n` and `2 n + 1`.
    #[inline(always)]
    fn interleave(rows: [v128; 16]) -> [v128; 16] {
        let [
            r0,
            r1,
            r2,
            r3,
            r4,
            r5,
            r6,
            r7,
            r8,
            r9,
            r10,
            r11,
            r12,
            r13,
            r14,
            r15,
        ] = rows;
        [
            first(r0, r8),
            last(r0, r8),
            first(r1, r9),
            last(r1, r9),
            first(r2, r10),
            last(r2, r10),
            first(r3, r11),
            last(r3, r11),
            first(r4, r12),
            last(r4, r12),
            first(r5, r13),
            last(r5, r13),
            first(r6, r14),
            last(r6, r14),
            first(r7, r15),
            last(r7, r15),
        ]
    }

    #[inline(always)]
    fn first(upper: v128, lower: v128) -> v128 {
        u8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(upper, lower)
    }

    #[inline(always)]
    fn last(upper: v128, lower: v128) -> v128 {
        u8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(upper, lower)
    }

    #[allow(
        clippy::indexing_slicing,
        reason = "a byte is below 256, the length of a table"
    )]
    fn shift(register: u32) -> u32 {
        let [first, second, third, fourth] = register.to_le_bytes().map(usize::from);
        SHIFT[0][first] ^ SHIFT[1][second] ^ SHIFT[2][third] ^ SHIFT[3][fourth]
    }
}
