//! The dataset tables, and what a table is made of.
//!
//! A dataset file is a list of rows, one per Cloudflare field: its name, then where its value goes.
//! Nothing else is needed to add a field. A field without a row is kept as `cloudflare.<Name>` and
//! counted as drift. A value that its row cannot convert is kept too, and is no drift.

pub mod datasets;
mod prelude;
pub(crate) mod schema;
mod words;

use crate::convert::target::Target;
use crate::record::RowId;

/// One Logpush dataset: how its records become documents.
#[derive(Debug)]
pub struct Dataset {
    /// Cloudflare's name, as in the Logpush API and in our URLs.
    pub name: &'static str,
    /// What one of its records is, as a sentence.
    pub about: &'static str,
    /// What every document carries beside [`COMMON`], as ECS path and value; what
    /// a row gives comes first, and a list takes both.
    pub constants: &'static [(&'static str, Constant)],
    /// One per Cloudflare field.
    pub rows: &'static [Row],
    /// Other names of a field, present or past: `(other, field)`. A name that differs in the case
    /// of letters only needs no entry.
    pub renamed: &'static [(&'static str, &'static str)],
    /// Addresses that Cloudflare sends in parts, and the ECS field of each whole address.
    pub joined: &'static [Joined],
    /// What SEKOIA.IO's own parser of this dataset needs beside the raw record; `None` where it
    /// has no parser for it, and the record passes as it came.
    pub native: Option<Native>,
    /// The fields by which records of this Worker itself are recognised.
    pub traces: Traces,
    /// Where records carry a payload that is encrypted for the customer.
    pub encrypted: Option<Encrypted>,
}

/// The place of an encrypted payload in a record.
#[derive(Debug)]
pub struct Encrypted {
    /// Cloudflare's field, an object.
    pub field: &'static str,
    /// Its member that is encrypted.
    pub member: &'static str,
    /// The member that takes its place.
    pub decrypted: &'static str,
}

/// The fields that identify a record of this Worker's own requests and runs.
#[derive(Debug)]
pub struct Traces {
    /// The address or the path of the request.
    pub addresses: &'static [&'static str],
    /// The name of the Worker that ran.
    pub workers: &'static [&'static str],
}

/// A value that every document of a dataset carries.
#[derive(Clone, Copy, Debug)]
pub enum Constant {
    /// One text.
    Text(&'static str),
    /// A list of texts.
    List(&'static [&'static str]),
}

/// One Cloudflare field, and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Cloudflare's name of the field.
    pub field: &'static str,
    /// Where its value goes, each with the conversion on the way.
    pub targets: &'static [Target],
    /// The reason for the row, for the pages; empty where it is plain.
    #[cfg(feature = "pages")]
    pub why: &'static str,
    /// What the rows from here to the next theme have in common; empty where none begins here.
    #[cfg(feature = "pages")]
    pub theme: &'static str,
    /// What the field holds, for a SIEM's list of fields; empty where its name says it.
    #[cfg(feature = "pages")]
    pub about: &'static str,
    /// Whether the value may hold what not everybody should read. Without a reason of its own, the
    /// row shares that of the sensitive row before it.
    #[cfg(feature = "pages")]
    pub is_sensitive: bool,
}

/// A row of a dataset table.
pub(crate) const fn row(field: &'static str, targets: &'static [Target]) -> Row {
    Row {
        field,
        targets,
        #[cfg(feature = "pages")]
        why: "",
        #[cfg(feature = "pages")]
        theme: "",
        #[cfg(feature = "pages")]
        about: "",
        #[cfg(feature = "pages")]
        is_sensitive: false,
    }
}

/// A row for a field that has no place in ECS: it is kept under its own name.
pub(crate) const fn kept(field: &'static str) -> Row {
    row(field, &[])
}

/// The fields that hold an address in parts, and the ECS field that takes the whole.
///
/// A row that writes the same ECS field goes before it.
#[derive(Debug)]
pub struct Joined {
    /// ECS field of the whole.
    pub target: &'static str,
    /// Cloudflare's field of the scheme.
    pub scheme: &'static str,
    /// Cloudflare's field of the host.
    pub host: &'static str,
    /// Cloudflare's field of the path, or of path and query.
    pub path: &'static str,
    /// Cloudflare's field of the query; `""` where the path has it.
    pub query: &'static str,
}

/// What makes SEKOIA.IO's own parser read a raw record of the dataset right.
#[derive(Debug)]
pub struct Native {
    /// The form in which the parser reads each time, by field.
    pub times: &'static [(&'static str, NativeTime)],
    /// Keys that the parser reads though Logpush never sends them: `(alias, field)`.
    pub aliases: &'static [(&'static str, &'static str)],
    /// Key that the parser reads for the whole of the first joined address.
    pub joined_alias: Option<&'static str>,
    /// Fields that the parser misreads when they are empty, and that are left out then.
    pub drop_empty: &'static [&'static str],
    /// Names of hosts that the parser takes with the dot of the root, which falls away.
    pub drop_dot: &'static [&'static str],
    /// Keys of paths that the parser takes from a whole only with its query: `(path, whole)`.
    pub paths: &'static [(&'static str, &'static str)],
}

/// The form of time that a native parser understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeTime {
    /// Integers of nanoseconds since 1970.
    UnixNano,
    /// Integers of seconds since 1970.
    Unix,
    /// `2026-01-02T03:04:05.123456789Z`
    Rfc3339,
}

/// What every document carries, whatever the dataset.
const COMMON: &[(&str, Constant)] = &[
    ("ecs.version", Constant::Text("9.4.0")),
    ("observer.vendor", Constant::Text("Cloudflare")),
];

impl Dataset {
    /// What a table has unless it says otherwise.
    pub(crate) const BASE: Self = Self {
        name: "",
        about: "",
        constants: &[],
        rows: &[],
        renamed: &[],
        joined: &[],
        native: None,
        traces: Traces {
            addresses: &[],
            workers: &[],
        },
        encrypted: None,
    };

    /// What every document carries.
    pub fn every_constant(&self) -> impl Iterator<Item = (&'static str, Constant)> {
        COMMON.iter().chain(self.constants).copied()
    }

    pub(crate) fn row_id(&self, field: &str) -> Option<RowId> {
        let index = self.rows.iter().position(|row| row.field == field)?;
        Some(RowId::new(index))
    }

    /// The names of the rows' fields, in the order of the rows.
    pub(crate) fn field_names(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().map(|row| row.field)
    }

    /// Other names of the fields: those that documents have for them, and the renamed ones.
    pub(crate) fn other_names(&self) -> impl Iterator<Item = (&'static str, RowId)> {
        let kept = self.rows.iter().enumerate().flat_map(|(index, row)| {
            let names = row.targets.iter().filter_map(Target::kept_name);
            names.map(move |name| (name, RowId::new(index)))
        });
        let renamed = self.renamed.iter();
        kept.filter(|(name, _)| self.row_id(name).is_none())
            .chain(renamed.filter_map(|(other, field)| Some((*other, self.row_id(field)?))))
    }
}

impl Row {
    /// The same row, with the reason for which it is as it is.
    #[cfg(feature = "pages")]
    pub(crate) const fn why(self, why: &'static str) -> Self {
        Self { why, ..self }
    }

    /// The same row: the reason is left to the pages.
    #[cfg(not(feature = "pages"))]
    pub(crate) const fn why(self, _: &'static str) -> Self {
        self
    }

    /// The same row, with what it and the rows down to the next theme have in common.
    #[cfg(feature = "pages")]
    pub(crate) const fn theme(self, theme: &'static str) -> Self {
        Self { theme, ..self }
    }

    /// The same row: the theme is left to the pages.
    #[cfg(not(feature = "pages"))]
    pub(crate) const fn theme(self, _: &'static str) -> Self {
        self
    }

    /// The same row, with what its field holds.
    #[cfg(feature = "pages")]
    pub(crate) const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// The same row: what its field holds is left to the pages.
    #[cfg(not(feature = "pages"))]
    pub(crate) const fn about(self, _: &'static str) -> Self {
        self
    }

    /// The same row, whose value may hold what not everybody should read.
    #[cfg(feature = "pages")]
    pub(crate) const fn sensitive(self) -> Self {
        Self {
            is_sensitive: true,
            ..self
        }
    }

    /// The same row: what is sensitive is listed by the pages.
    #[cfg(not(feature = "pages"))]
    pub(crate) const fn sensitive(self) -> Self {
        self
    }
}
