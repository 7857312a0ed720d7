//! `hash`, `ja3`: hashes, which are told by their length.

use crate::bytes::text::for_pages;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::hash_algorithm::Algorithm;
use crate::convert::piece::Piece;
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::record::Span;

/// `hash("file.hash")`
pub(crate) const fn hash(path: &'static str) -> Target {
    Target::check(path, &HASH, Check::Hash)
}

/// `ja3("tls.client.ja3")`
pub(crate) const fn ja3(path: &'static str) -> Target {
    Target::check(path, &JA3, Check::Hash)
}

static HASH: Conversion = Conversion {
    name: "hash",
    about: for_pages(
        "A hash in hexadecimal digits, in lower case, by its length: `.md5`, `.sha1` or `.sha256` of the given name (`file.hash`), and `related.hash`. With capitals it is kept as `cloudflare.<Name>` too. Zeros alone say \"none\", and are kept as `cloudflare.<Name>`.",
    ),
    outputs: &[
        Output::text(Place::Below("md5"), Form::HashOf(Algorithm::Md5)),
        Output::text(Place::Below("sha1"), Form::HashOf(Algorithm::Sha1)),
        Output::text(Place::Below("sha256"), Form::HashOf(Algorithm::Sha256)),
        Output::text(Place::Field("related.hash"), Form::Whole),
    ],
    ..Conversion::BASE
};

static JA3: Conversion = Conversion {
    name: "ja3",
    about: for_pages(
        "A JA3 hash in lower case; `related.hash` has it too. With capitals it is kept as `cloudflare.<Name>` too. Zeros alone say \"none\", and are kept as `cloudflare.<Name>`.",
    ),
    outputs: &[
        Output::text(Place::Path, Form::HashOf(Algorithm::Md5)),
        Output::text(Place::Field("related.hash"), Form::Whole),
    ],
    ..Conversion::BASE
};

#[inline(never)]
pub(super) fn check_hash(
    input: Input<'_>,
    workspace: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let hash = input.bytes();
    if is_none(hash) {
        return CheckResult::Nothing;
    }
    let Some(algorithm) = Algorithm::of(hash).filter(|_| input.is_text()) else {
        return CheckResult::Invalid;
    };
    // Rules and indicators compare letter by letter.
    if hash.iter().any(u8::is_ascii_uppercase) {
        let start = workspace.copies.len();
        workspace.copies.put(&hash.to_ascii_lowercase());
        *finding = Finding::CopiedHash(algorithm, Span::new(start, workspace.copies.len()));
        return CheckResult::Respelled;
    }
    *finding = Finding::Hash(algorithm, input.value.span);
    CheckResult::Found
}

pub(super) fn hash_of(algorithm: Algorithm, found: Found<'_>) -> Piece {
    match found.finding {
        Finding::Hash(of, place) if *of == algorithm => Piece::Place(*place),
        Finding::CopiedHash(of, place) if *of == algorithm => Piece::Copied(*place),
        _ => Piece::None,
    }
}

/// Whether a hash or an identifier says that there is none: zeros, which the dashes of a UUID may
/// part, or a dot end, as that of Spectrum does.
pub(super) fn is_none(text: &[u8]) -> bool {
    // Nearly every text is asked.
    text.first() == Some(&b'0') && is_zero(text)
}

#[inline(never)] // Bench row "core, ecs".
fn is_zero(text: &[u8]) -> bool {
    let text = text.strip_suffix(b".").unwrap_or(text);
    let zeros = || text.iter().filter(|&&byte| byte == b'0').count();
    match text.len() {
        36 => text == b"00000000-0000-0000-0000-000000000000",
        32 | 40 | 64 => zeros() == text.len(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_told_by_its_length() {
        for (hash, algorithm) in [
            ("d41d8cd98f00b204e9800998ecf8427e", Some("md5")),
            ("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", Some("sha1")),
            (&"c4".repeat(32), Some("sha256")),
            (&"c4".repeat(31), None),
            (&"g".repeat(32), None),
            ("", None),
        ] {
            let found = Algorithm::of(hash.as_bytes()).map(Algorithm::name);
            assert_eq!(found, algorithm, "{hash}");
        }
    }

    #[test]
    fn zeros_are_none() {
        for (text, expected) in [
            ("00000000-0000-0000-0000-000000000000", true),
            ("00000000-0000-0000-0000-000000000001", false),
            (&"0".repeat(32), true),
            (&"0".repeat(40), true),
            (&"0".repeat(64), true),
            (&format!("{}.", "0".repeat(64)), true),
            ("0", false),
            ("", false),
        ] {
            assert_eq!(is_none(text.as_bytes()), expected, "{text}");
        }
    }
}
