//! A product of 128 bits for WebAssembly, which has none.
//!
//! Every hash of a record asks for a dozen of them. The compiler calls `__multi3` for each, and the one
//! of `compiler_builtins` calls six functions in turn, since none of its parts is inlined: a seventh of
//! the time of the core (bench row "the core in wasm"). The linker takes ours instead.
#![cfg_attr(target_arch = "wasm32", allow(unsafe_code))]

/// The product of two numbers, its upper bits lost, as the compiler wants it.
#[cfg(target_arch = "wasm32")]
// SAFETY: the name, the types and the meaning are those that the compiler's runtime has.
#[unsafe(no_mangle)]
extern "C" fn __multi3(left: i128, right: i128) -> i128 {
    product(left.cast_unsigned(), right.cast_unsigned()).cast_signed()
}

/// The product of two numbers, its upper bits lost, made of products of 64 bits.
#[cfg(any(test, target_arch = "wasm32"))]
fn product(left: u128, right: u128) -> u128 {
    let (left_low, left_high) = (left as u64, (left >> 64) as u64);
    let (right_low, right_high) = (right as u64, (right >> 64) as u64);
    let half = |number: u64| (number & 0xffff_ffff, number >> 32);
    let ((a, b), (c, d)) = (half(left_low), half(right_low));
    let low = a * c;
    // (2^32 - 1)^2 + 2^32 - 1 fits into 64 bits.
    let middle = b * c + (low >> 32);
    let (middle_low, middle_high) = half(middle);
    let carried = a * d + middle_low;
    let high = (b * d + middle_high + (carried >> 32))
        .wrapping_add(left_low.wrapping_mul(right_high))
        .wrapping_add(left_high.wrapping_mul(right_low));
    u128::from(high) << 64 | u128::from(carried << 32 | low & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_that_of_the_standard_library() {
        let numbers = [
            0,
            1,
            0xffff_ffff,
            0x1_0000_0000,
            u128::from(u64::MAX),
            u128::from(u64::MAX) + 1,
            0x9e37_79b1_85eb_ca87_c2b2_ae3d_27d4_eb4f,
            u128::MAX,
        ];
        for left in numbers {
            for right in numbers {
                let expected = left.wrapping_mul(right);
                assert_eq!(product(left, right), expected, "{left} {right}");
            }
        }
    }
}
