//! Which integers a field can hold.

/// The integers that a field can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) min: i64,
    pub(crate) max: i64,
    pub(crate) is_zero_none: bool,
}

impl Range {
    pub(crate) const COUNT: Self = Self::new(0, i64::MAX, false);
    pub(crate) const POSITIVE: Self = Self::new(1, i64::MAX, true);
    pub(crate) const PORT: Self = Self::new(0, 65_535, false);
    pub(crate) const POSITIVE_PORT: Self = Self::new(1, 65_535, true);
    pub(crate) const STATUS: Self = Self::new(100, 999, true);
    pub(crate) const AS: Self = Self::new(1, 4_294_967_295, true);

    const fn new(min: i64, max: i64, is_zero_none: bool) -> Self {
        Self {
            min,
            max,
            is_zero_none,
        }
    }

    pub(crate) fn has(self, number: i64) -> bool {
        (self.min..=self.max).contains(&number)
    }
}
