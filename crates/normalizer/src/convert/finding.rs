//! Findings: what a check learns about a value, and how it is written.

use crate::bytes::writer::Writer;
use crate::convert::extract::Extract;
use crate::convert::hash_algorithm::Algorithm;
use crate::convert::host::{HostAt, Hosts};
use crate::convert::piece::Piece;
use crate::convert::time::Time;
use crate::convert::url::{Url, UrlPieces};
use crate::record::{Record, RowId, Span, Value, ValueKind};

/// A value that is to be checked.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    pub(crate) value: &'a Value,
    /// The text of the whole record.
    pub(crate) text: &'a [u8],
}

impl<'a> Input<'a> {
    /// The value's own text, without the quotes of a string.
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.value.span.of(self.text)
    }

    pub(crate) fn is_text(self) -> bool {
        self.value.kind == ValueKind::Text
    }

    /// Whether the value is a number, or a text that may hold one.
    pub(crate) fn may_be_number(self) -> bool {
        matches!(self.value.kind, ValueKind::Text | ValueKind::Number)
    }
}

/// What a check learned about a value, for its targets to write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Finding {
    /// The value is absent, or is not what its targets need.
    #[default]
    None,
    /// The value is fit to be written as it stands.
    Fit,
    Host(HostAt),
    Time(Time),
    Country([u8; 2], &'static str),
    /// A protocol: its name, and the version as it stands in the text.
    Protocol(&'static str, Span),
    /// A part of the text.
    Place(Span),
    /// A part of [`Workspace::copies`].
    Copied(Span),
    Word(&'static str),
    /// A hash, and where it stands.
    Hash(Algorithm, Span),
    /// A hash, and the part of [`Workspace::copies`] that has it in lower case.
    CopiedHash(Algorithm, Span),
    Number(u64),
    /// Number of the address in [`Workspace::urls`].
    Url(u16),
    /// The event's address is known: its parts are [`Workspace::address`].
    Address,
    /// Number of the extract in [`Workspace::extracts`].
    Extract(u16),
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckResult {
    /// There is a finding.
    Found,
    /// There is a finding, but it leaves out what is not what the targets need.
    Partly,
    /// There is a finding, but it leaves out what is sound and says that there is nothing.
    WithoutNothing,
    /// There is a finding in another spelling: the value as received must be kept elsewhere.
    Respelled,
    /// The value is sound, but says nothing to these targets: it must be kept elsewhere.
    Nothing,
    /// A sound value, which its list of words does not have.
    UnknownWord,
    /// The value is not what the targets need.
    Invalid,
}

/// What checks share, and the data of findings that is too large for [`Finding`].
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) hosts: Hosts,
    /// Texts that the record does not have as they are to be written.
    pub(crate) copies: Writer,
    pub(crate) urls: Vec<Url>,
    /// Of the record whose finding is [`Finding::Address`].
    pub(crate) address: UrlPieces,
    pub(crate) extracts: Vec<Extract>,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        Self {
            hosts: Hosts::new(),
            copies: Writer::default(),
            urls: Vec::new(),
            address: UrlPieces::default(),
            extracts: Vec::new(),
        }
    }

    pub(crate) fn add_url(&mut self, url: Url) -> Finding {
        self.urls.push(url);
        Finding::Url(self.urls.len() as u16 - 1)
    }

    pub(crate) fn add_extract(&mut self, extract: Extract) -> Finding {
        self.extracts.push(extract);
        Finding::Extract(self.extracts.len() as u16 - 1)
    }

    /// Forgets what belongs to the last record.
    pub(crate) fn clear(&mut self) {
        self.copies.clear();
        self.hosts.clear();
        self.urls.clear();
        self.extracts.clear();
    }
}

impl Finding {
    pub(crate) fn fit(&mut self, is_fit: bool) -> CheckResult {
        if is_fit {
            *self = Self::Fit;
        }
        CheckResult::valid(is_fit)
    }

    pub(crate) fn word(&mut self, word: &'static str) -> CheckResult {
        *self = Self::Word(word);
        CheckResult::Found
    }

    /// Notes a part of the text, unless it is empty.
    pub(crate) fn place(&mut self, place: Span) -> bool {
        let is_any = place.start < place.end;
        if is_any {
            *self = Self::Place(place);
        }
        is_any
    }
}

impl CheckResult {
    pub(crate) fn valid(is_valid: bool) -> Self {
        if is_valid { Self::Found } else { Self::Invalid }
    }
}

/// A value that was checked, to be written.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) finding: &'a Finding,
    pub(crate) record: &'a Record,
    pub(crate) row: RowId,
    /// The text of the whole record.
    pub(crate) text: &'a [u8],
    pub(crate) workspace: &'a Workspace,
}

impl<'a> Found<'a> {
    /// The text of the value as it stands.
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.record.value(self.row).span.of(self.text)
    }

    /// The value as it stands, or the part of it that was found.
    pub(crate) fn whole(self) -> Piece {
        match self.finding {
            Finding::Fit => Piece::Place(self.record.value(self.row).span),
            Finding::Place(span) | Finding::Hash(_, span) => Piece::Place(*span),
            Finding::Copied(span) | Finding::CopiedHash(_, span) => Piece::Copied(*span),
            _ => Piece::None,
        }
    }

    /// The part of the text that was found.
    pub(crate) fn place(self) -> Piece {
        match self.finding {
            Finding::Place(span) => Piece::Place(*span),
            _ => Piece::None,
        }
    }

    pub(crate) fn word(self) -> Piece {
        match self.finding {
            Finding::Word(word) => Piece::Word(word),
            _ => Piece::None,
        }
    }

    /// Several texts, for a field that is a list: never one piece.
    pub(crate) fn nothing(self) -> Piece {
        Piece::None
    }

    pub(crate) fn extract(self) -> Option<&'a Extract> {
        match self.finding {
            Finding::Extract(number) => self.workspace.extracts.get(usize::from(*number)),
            _ => None,
        }
    }

    /// Writes the objects of an extract, if there is one.
    pub(crate) fn write_objects(self, writer: &mut Writer) -> bool {
        let Some(extract) = self.extract() else {
            return false;
        };
        writer.put(extract.objects.as_bytes());
        true
    }
}
