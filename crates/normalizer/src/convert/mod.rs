//! The conversions that a row of a table can ask for.
//!
//! A file has one conversion, or a family of those that check a value in the same way: its words in
//! a table, the words by which the pages describe it, what it accepts, what it writes, its tests.
//! A new one is a file here and an entry of [`list`].

pub(crate) mod action;
pub(crate) mod address;
pub(crate) mod check;
pub(crate) mod country;
pub(crate) mod dns;
pub(crate) mod domain;
pub(crate) mod email;
pub(crate) mod extract;
pub(crate) mod finding;
pub(crate) mod hash;
pub(crate) mod hash_algorithm;
pub(crate) mod host;
mod host_cache;
pub(crate) mod host_parts;
pub(crate) mod ip;
pub(crate) mod ip_address;
pub(crate) mod kept;
pub(crate) mod known;
mod list;
pub(crate) mod lookup;
pub(crate) mod member;
pub(crate) mod number;
pub(crate) mod piece;
pub(crate) mod place;
pub(crate) mod place_part;
mod presentation;
pub(crate) mod protocol;
pub(crate) mod public_suffix;
pub(crate) mod range;
pub(crate) mod target;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod timestamp;
pub(crate) mod url;
pub(crate) mod verb;

use crate::bytes::writer::Writer;
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::list::for_all_conversions;
use crate::convert::piece::Piece;

pub(crate) use check::{Check, Form};

/// Generates, from the list, the words of the tables and the behaviour of [`Check`] and [`Form`].
///
/// Checks and forms are dispatched by `match`: they run for every value of every record, where a
/// call through a pointer would keep them from being inlined.
macro_rules! dispatch {
    ($(
        $file:ident {
            words: $($word:ident),+;
            $(checks: $($check:ident $(($($with:ident: $type:ty),+))? => $look:ident),+;)?
            $(pieces: $($piece:ident $(($part:ident: $part_type:ty))? => $cut:path),+;)?
            $(written: $($written:ident => $write:path),+;)?
        }
    )+) => {
        /// The words of the tables.
        pub(crate) mod words {
            $(pub(crate) use super::$file::{$($word),+};)+
        }

        impl Check {
            /// Checks a value that is present, and writes the result to `finding`.
            ///
            /// A text may still contain JSON escapes. No value that is cut or compared needs one,
            /// and no check passes a text in which a backslash is left.
            ///
            /// Every check writes its finding in place: in wasm, one that is returned costs a call
            /// of `memory.copy`.
            pub(crate) fn run(
                self,
                input: Input<'_>,
                workspace: &mut Workspace,
                finding: &mut Finding,
            ) -> CheckResult {
                match self {
                    $($($(
                        Self::$check $(($($with),+))? => {
                            $file::$look($($($with,)+)? input, workspace, finding)
                        }
                    )+)?)+
                }
            }
        }

        impl Form {
            /// The text that is to be written, where it is one piece.
            pub(crate) fn piece(self, found: Found<'_>) -> Piece {
                match self {
                    $($($(Self::$piece $(($part))? => $cut($($part,)? found),)+)?)+
                    $($($(Self::$written)|+ => Piece::Written,)?)+
                }
            }

            /// Writes a value that is not one piece, without quotes, and returns whether there is
            /// one.
            pub(crate) fn write(self, found: Found<'_>, writer: &mut Writer) -> bool {
                match self {
                    $($($(Self::$written => $write(found, writer),)+)?)+
                    _ => {
                        debug_assert!(false, "{self:?} gives a piece");
                        false
                    }
                }
            }
        }
    };
}

for_all_conversions!(dispatch);
