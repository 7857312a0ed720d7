//! How an upload is compressed: gzip or not at all. Anything else would be stored as text, and become
//! nothing but errors.

use logpush_gzip::Gunzip;
use thiserror::Error;

/// The upload is compressed in a way that is not read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the upload is compressed as {0}, and only gzip is read")]
pub(crate) struct EncodingError(String);

/// What other formats begin with.
const OTHER_FORMATS: [(&[u8], &str); 5] = [
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    (&[0x78, 0x01], "zlib (deflate)"),
    (&[0x78, 0x5e], "zlib (deflate)"),
    (&[0x78, 0x9c], "zlib (deflate)"),
    (&[0x78, 0xda], "zlib (deflate)"),
];

/// What gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Checks `Content-Encoding`.
pub(crate) fn check_header(value: &str) -> Result<(), EncodingError> {
    let named: Vec<&str> = value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
        .collect();
    match named.as_slice() {
        [] => Ok(()),
        [name] if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
            Ok(())
        }
        _ => {
            let shown: String = named.join(", ").chars().take(40).collect();
            Err(EncodingError(shown))
        }
    }
}

/// Checks the first bytes of an upload as received.
pub(crate) fn check_received(beginning: &[u8]) -> Result<(), EncodingError> {
    OTHER_FORMATS
        .iter()
        .find(|(magic, _)| beginning.starts_with(magic))
        .map_or(Ok(()), |(_, name)| Err(EncodingError((*name).to_owned())))
}

/// Checks the beginning of an upload as received, and of what it holds.
pub(crate) fn check_beginning(beginning: &[u8]) -> Result<(), EncodingError> {
    check_received(beginning)?;
    if !beginning.starts_with(&GZIP) {
        return Ok(());
    }
    let mut room = [0; 16];
    match Gunzip::new().step(beginning, &mut room) {
        Ok(inflated) => check_inflated(room.get(..inflated.produced).unwrap_or(&room)),
        // Who reads all of it says what is corrupt.
        Err(_) => Ok(()),
    }
}

/// Checks the first bytes of what gzip held.
pub(crate) fn check_inflated(beginning: &[u8]) -> Result<(), EncodingError> {
    if beginning.starts_with(&GZIP) {
        return Err(EncodingError("gzip twice".to_owned()));
    }
    check_received(beginning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_and_nothing_are_the_encodings_that_are_read() {
        for value in ["", "gzip", " GZIP ", "x-gzip", "identity", "identity, gzip"] {
            assert_eq!(check_header(value), Ok(()), "{value}");
        }
        for value in [
            "br",
            "deflate",
            "zstd",
            "gzip, gzip",
            "gzip, br",
            "compress",
        ] {
            let problem = check_header(value).unwrap_err().to_string();
            assert!(problem.contains(value), "{problem}");
        }
    }

    #[test]
    fn other_formats_are_told_by_their_beginning() {
        for text in ["", "{", "x", "{\"a\":1}", "\u{feff}{", "[", "(text", "xml"] {
            assert_eq!(check_received(text.as_bytes()), Ok(()), "{text}");
            assert_eq!(check_inflated(text.as_bytes()), Ok(()), "{text}");
        }
        assert_eq!(check_received(&GZIP), Ok(()));
        for (bytes, name) in [
            (&[0x28, 0xb5, 0x2f, 0xfd, 0x04][..], "zstd"),
            (&[0x78, 0x9c, 0xab], "zlib (deflate)"),
            (&[0x78, 0x01, 0xab], "zlib (deflate)"),
        ] {
            let expected = Err(EncodingError(name.to_owned()));
            assert_eq!(check_received(bytes), expected);
            assert_eq!(check_inflated(bytes), expected);
        }
        let twice = Err(EncodingError("gzip twice".to_owned()));
        assert_eq!(check_inflated(&[0x1f, 0x8b, 8]), twice);
    }

    #[test]
    fn gzip_twice_is_told_from_its_beginning() {
        use logpush_gzip::gzip;

        let once = gzip(&[b"{}\n"]);
        let twice = gzip(&[&once]);
        assert_eq!(check_beginning(b"{}\n"), Ok(()));
        assert_eq!(check_beginning(&once), Ok(()));
        assert_eq!(check_beginning(&once[..4]), Ok(()));
        let expected = Err(EncodingError("gzip twice".to_owned()));
        assert_eq!(check_beginning(&twice), expected);
    }
}
