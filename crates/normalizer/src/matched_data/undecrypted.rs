//! Why a payload stays as it came.

/// Why a payload stays as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undecrypted {
    /// Cloudflare found it too large to log.
    Truncated,
    /// It is no base64.
    Encoding,
    /// It is of another version of the format.
    Version,
    /// Its length is not the one that it names.
    Length,
    /// No key opens it.
    Key,
    /// The upload has used up its attempts.
    TooMany,
}

impl Undecrypted {
    /// As the summary counts it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Encoding => "encoding",
            Self::Version => "version",
            Self::Length => "length",
            Self::Key => "key",
            Self::TooMany => "too_many",
        }
    }
}
