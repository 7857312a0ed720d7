//! Random numbers.

/// 128 bits of JavaScript's generator, which the runtime takes from a secure one.
pub(crate) fn random() -> u128 {
    (0..4).fold(0, |bits, _| {
        (bits << 32) | (js_sys::Math::random() * f64::from(u32::MAX)) as u128
    })
}
