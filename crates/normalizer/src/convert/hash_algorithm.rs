//! Which algorithm a hash is of, by its length.

/// The algorithms that ECS has fields for, and whose hashes differ in length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
}

impl Algorithm {
    /// The algorithm of a hash in hexadecimal digits.
    pub(crate) fn of(hash: &[u8]) -> Option<Self> {
        let algorithm = match hash.len() {
            32 => Self::Md5,
            40 => Self::Sha1,
            64 => Self::Sha256,
            _ => return None,
        };
        hash.iter().all(u8::is_ascii_hexdigit).then_some(algorithm)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}
