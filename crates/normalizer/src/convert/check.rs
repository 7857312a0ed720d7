//! What a table can ask of a value, and in which form it can write what was found: as data.
//!
//! What they do is in the files of the conversions, which need these names; [`convert`](super) brings
//! both together.

use crate::convert::hash_algorithm::Algorithm;
use crate::convert::host_parts::Part;
use crate::convert::list::for_all_conversions;
use crate::convert::place_part::PlacePart;
use crate::convert::range::Range;
use crate::convert::url::UrlPart;

/// Cloudflare's words and ours: case of letters does not matter; numbers and booleans are
/// compared by their text (`"6"`, `"true"`).
pub type Words = &'static [(&'static str, &'static str)];

/// Whether a list of words has all that Cloudflare sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// It has all: another word is counted as drift.
    Exhaustive,
    /// It has those that mean something to the field: another word is not counted.
    Partial,
}

/// Makes the two enums of the list.
macro_rules! enums {
    ($(
        $file:ident {
            words: $($word:ident),+;
            $(checks: $($check:ident $(($($with:ident: $type:ty),+))? => $look:ident),+;)?
            $(pieces: $($piece:ident $(($part:ident: $part_type:ty))? => $cut:path),+;)?
            $(written: $($written:ident => $write:path),+;)?
        }
    )+) => {
        /// What is asked of a value before it is written.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Check {
            $($($($check $(($($type),+))?,)+)?)+
        }

        /// How a finding is written.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Form {
            $($($($piece $(($part_type))?,)+)?)+
            $($($($written,)+)?)+
        }
    };
}

for_all_conversions!(enums);

impl Check {
    /// Whether the check reads the text itself, so that escapes must be resolved before it.
    pub(crate) fn reads_text(self) -> bool {
        !matches!(
            self,
            Self::Scalar
                | Self::Query
                | Self::Answers(_)
                | Self::Attachments
                | Self::Hosts
                | Self::Denied
        )
    }
}
