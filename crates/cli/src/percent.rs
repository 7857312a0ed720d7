//! Percent encoding, as the parameters of a URL have it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters is encoded, a space as `%20`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

pub(crate) fn encode(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

pub(crate) fn decode(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_unreserved_characters_is_encoded() {
        for (plain, encoded) in [
            ("aZ09-._~", "aZ09-._~"),
            ("new one+", "new%20one%2B"),
            ("\u{e9}&=", "%C3%A9%26%3D"),
        ] {
            assert_eq!(encode(plain), encoded);
            assert_eq!(decode(encoded), plain);
        }
    }
}
