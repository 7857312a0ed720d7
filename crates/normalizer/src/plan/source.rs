//! Where the values of a document come from.

use crate::convert::Form;
use crate::convert::url::Role;
use crate::record::RowId;

/// The number of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StepId(u16);

/// A row's value, and the finding that a check of it noted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checked {
    pub(crate) row: RowId,
    /// Number of the check.
    pub(crate) step: StepId,
}

/// A row that tells something of the event's address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AddressRow {
    pub(crate) role: Role,
    pub(crate) of: Checked,
    /// Whether another target of the row carries the value whole.
    pub(crate) is_carried: bool,
}

/// Where a leaf's value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Constant,
    /// A constant, where no row gives the value; at the end of a list the text of one that has no
    /// other.
    Default(&'static str),
    /// Words that a list always has.
    Words(&'static [&'static str]),
    /// The record's identity.
    EventId,
    /// The record's text, where the configuration asks for it.
    Original,
    /// The event's time, or the upload's arrival.
    EventTime,
    /// The row's value as it came.
    Raw(RowId),
    /// The row's secret, or the word that stands for it.
    Masked(RowId),
    /// What a conversion makes of a row's value.
    Value {
        of: Checked,
        form: Form,
        /// Whether it is one text, so that its quotes are known beforehand.
        is_text: bool,
    },
    /// The time from one point to another.
    Elapsed(Checked, Checked),
    /// The code of a region and its country.
    Region(Checked, Checked),
    /// Latitude and longitude.
    Location(Checked, Checked),
    /// The sum of integers.
    Sum(Box<[Checked]>),
    /// An address put together from its parts.
    Joined(JoinedRows),
    /// The first of several that gives a value.
    First(Box<[Self]>),
    /// A list of the values of several rows.
    List(Box<[Self]>),
    /// The rate of the sample that the record is in.
    SampleRate,
    /// Which key its pseudonyms are made with.
    PseudonymKey,
    /// Under `cloudflare`: what could not be converted, and what has no row.
    Unmapped,
}

/// The rows of an address's parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JoinedRows {
    pub(crate) scheme: RowId,
    pub(crate) host: RowId,
    pub(crate) path: RowId,
    pub(crate) query: Option<RowId>,
}

impl StepId {
    pub(super) fn new(index: usize) -> Self {
        debug_assert!(index <= usize::from(u16::MAX), "step {index} of a plan");
        Self(index as u16)
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl Source {
    /// Whether the value is always one text, so that its quotes are known beforehand.
    pub(crate) fn is_text(&self) -> bool {
        match self {
            Self::EventId | Self::EventTime | Self::Default(_) => true,
            Self::Region(..) => true,
            Self::Value { is_text, .. } => *is_text,
            _ => false,
        }
    }

    /// The row that gives the value, if one alone does.
    pub(crate) fn row(&self) -> Option<RowId> {
        match self {
            Self::Raw(row) | Self::Masked(row) => Some(*row),
            Self::Value { of, .. } if of.row != RowId::NONE => Some(of.row),
            _ => None,
        }
    }
}
