//! The conversions that a row of a table can ask for.
//!
//! A file has one conversion, or a family of those that check a value in the same way: its words in
//! a table, the words by which the pages describe it, what it accepts, what it writes, its tests.
//! A new one is a file here and an entry of the list below.

pub(crate) mod action;
pub(crate) mod country;
pub(crate) mod dns;
pub(crate) mod email;
pub(crate) mod extract;
pub(crate) mod finding;
pub(crate) mod host;
pub(crate) mod ip;
pub(crate) mod kept;
pub(crate) mod lookup;
pub(crate) mod member;
pub(crate) mod number;
pub(crate) mod protocol;
pub(crate) mod public_suffix;
pub(crate) mod target;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod url;
pub(crate) mod word_cache;

use crate::bytes::writer::Writer;
use crate::convert::finding::{CheckResult, Finding, Found, Input, Piece, Workspace};
use crate::convert::host::Part;
use crate::convert::lookup::{Coverage, Words};
use crate::convert::url::UrlPart;

/// Makes of the list: the words of the tables, [`Check`] and [`Form`].
///
/// Checks and forms are dispatched by `match`: they run for every value of every record, where a
/// call through a pointer would keep them from being inlined.
macro_rules! conversions {
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

        /// What is asked of a value before it is written.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Check {
            $($($($check $(($($type),+))?,)+)?)+
        }

        impl Check {
            /// Looks at a value that is not absent, and notes in `finding` what was found out.
            ///
            /// A text may still have escapes: what is cut out of it or compared needs none, and
            /// where a backslash is left, none of these checks passes.
            ///
            /// Every check writes its finding where it belongs: in wasm a finding that is handed
            /// on is a call of `memory.copy`.
            #[inline(always)]
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

        /// How a finding is written.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Form {
            $($($($piece $(($part_type))?,)+)?)+
            $($($($written,)+)?)+
        }

        impl Form {
            /// The text that is to be written, where it is one piece.
            #[inline(always)]
            pub(crate) fn piece(self, found: Found<'_>) -> Piece {
                match self {
                    $($($(Self::$piece $(($part))? => $cut($($part,)? found),)+)?)+
                    $($($(Self::$written)|+ => Piece::Written,)?)+
                }
            }

            /// Writes what is not one piece, without quotes; answers whether there is a value.
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

// A file, its words in a table, the checks that it makes, and the forms in which a finding is
// written: cut out as one piece, or written by a function.
conversions! {
    action {
        words: action_type;
        checks: Action => check_action;
    }
    country {
        words: country_code, country_name;
        checks: Country => check_country;
        pieces: CountryName => country::country_name_of;
        written: CountryCode => country::write_code;
    }
    dns {
        words: answers;
        checks: Answers(types: Words) => check_answers;
        written: Objects => Found::write_objects;
    }
    email {
        words: attachments, hosts;
        checks: Attachments => check_attachments, Hosts => check_hosts;
        pieces: Extracted => extract::no_piece;
    }
    host {
        words: domain, host, port;
        checks: Host => check_host;
        pieces: HostName => host::name, HostPart(part: Part) => host::name_part, HostPort => host::port_of;
    }
    ip {
        words: ip, ips;
        checks: Ip => check_ip, Ips => check_ips;
    }
    kept {
        words: keep, masked;
    }
    lookup {
        words: lookup, lookup_if, lookup_number;
        checks: Lookup(words: Words, coverage: Coverage) => check_lookup;
        pieces: Word => Found::word;
    }
    member {
        words: inside;
    }
    number {
        words: float, integer, milliseconds, positive, sum;
        checks: Float => check_float, Integer => check_integer, Milliseconds => check_milliseconds,
            Positive => check_positive;
        written: Number => number::write_number;
    }
    protocol {
        words: http_outcome, http_protocol, http_version, tls_protocol, tls_version;
        checks: Http => check_http, HttpOutcome => check_http_outcome, Tls => check_tls;
        pieces: ProtocolName => protocol::name, ProtocolVersion => protocol::version;
    }
    text {
        words: first, lower, module, text, texts;
        checks: First => check_first, Scalar => check_scalar, Texts => check_texts;
        pieces: Whole => Found::whole, Place => Found::place, Elements => extract::no_piece;
        written: Lower => text::write_lower, Module => text::write_module;
    }
    time {
        words: since, timestamp;
        checks: Time => check_time;
        written: Time => time::write_time;
    }
    url {
        words: query, uri, url;
        checks: Query => check_query, Uri => check_uri, Url => check_url;
        pieces: UrlPart(part: UrlPart) => url::url_part;
    }
}

impl Check {
    /// Whether the check reads the text itself, so that escapes must be resolved before it.
    pub(crate) fn reads_text(self) -> bool {
        !matches!(
            self,
            Self::Scalar | Self::Query | Self::Answers(_) | Self::Attachments | Self::Hosts
        )
    }
}
