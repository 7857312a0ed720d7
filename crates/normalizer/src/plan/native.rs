//! What SEKOIA.IO's own parser needs of a record, with the rows in the place of their names.

use crate::mapping::{Dataset, NativeTime};
use crate::plan::error::TableError;
use crate::plan::names::row_named;
use crate::plan::source::JoinedRows;
use crate::record::RowId;

/// [`Native`](crate::Native), resolved.
#[derive(Debug)]
pub(crate) struct NativeRows {
    /// The form in which the parser reads a row's time.
    pub(crate) times: Vec<(RowId, NativeTime)>,
    pub(crate) aliases: Vec<Alias>,
    /// The key of the first joined address, and its parts.
    pub(crate) joined: Option<(Alias, JoinedRows)>,
    pub(crate) drop_empty: Vec<RowId>,
    pub(crate) drop_dot: Vec<RowId>,
    pub(crate) paths: Vec<Alias>,
}

/// A key that the parser reads though Logpush never sends it.
#[derive(Debug)]
pub(crate) struct Alias {
    pub(crate) name: &'static str,
    /// The table's row of the same name, of which a record may bring the value itself.
    pub(crate) own: Option<RowId>,
    /// The row that gives the value.
    pub(crate) row: RowId,
    /// The form in which the parser reads it, where it is a time.
    pub(crate) form: Option<NativeTime>,
}

impl NativeRows {
    pub(crate) fn new(
        dataset: &Dataset,
        joined: &[JoinedRows],
    ) -> Result<Option<Self>, TableError> {
        let Some(native) = &dataset.native else {
            return Ok(None);
        };
        let row = |field: &'static str| row_named(dataset, "native", field);
        let rows = |fields: &[&'static str]| -> Result<Vec<RowId>, TableError> {
            fields.iter().map(|field| row(field)).collect()
        };
        let form = |key: &str| {
            native
                .times
                .iter()
                .find(|(of, _)| *of == key)
                .map(|(_, form)| *form)
        };
        let alias = |(name, field): &(&'static str, &'static str)| {
            Ok(Alias {
                name,
                own: row(name).ok(),
                row: row(field)?,
                form: form(name),
            })
        };
        let is_alias = |key: &str| native.aliases.iter().any(|(alias, _)| *alias == key);
        let joined = match (native.joined_alias, joined.first()) {
            (None, _) => None,
            (Some(name), Some(rows)) => Some((
                Alias {
                    name,
                    own: row(name).ok(),
                    row: rows.host,
                    form: None,
                },
                *rows,
            )),
            (Some(name), None) => {
                return Err(TableError::NothingJoined {
                    dataset: dataset.name,
                    name,
                });
            }
        };
        Ok(Some(Self {
            times: native
                .times
                .iter()
                .filter(|(key, _)| !is_alias(key) || row(key).is_ok())
                .map(|(field, form)| Ok((row(field)?, *form)))
                .collect::<Result<_, _>>()?,
            aliases: native.aliases.iter().map(alias).collect::<Result<_, _>>()?,
            joined,
            drop_empty: rows(native.drop_empty)?,
            drop_dot: rows(native.drop_dot)?,
            paths: native.paths.iter().map(alias).collect::<Result<_, _>>()?,
        }))
    }

    /// The form in which the parser reads a row's time.
    pub(crate) fn form_of(&self, row: RowId) -> Option<NativeTime> {
        self.times
            .iter()
            .find(|(of, _)| *of == row)
            .map(|(_, form)| *form)
    }
}
