//! Values that are always there.

/// The value. Where it is missing, tests and fuzzers fail, and the Worker goes on with the default.
pub fn expected<T: Default>(value: Option<T>, what: &str) -> T {
    debug_assert!(value.is_some(), "{what} is missing");
    value.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_there_is_given_back() {
        assert_eq!(expected(Some(7), "a number"), 7);
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "a number is missing")]
    fn a_missing_value_fails_tests() {
        expected::<u8>(None, "a number");
    }
}
