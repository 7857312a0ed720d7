//! What is read beside the tables: Cloudflare's lists of fields, and samples.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use logpush_intake_format::Documented;
use logpush_normalizer::datasets::DATASETS;
use logpush_normalizer::{Dataset, Row};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::Error;

pub(crate) struct Sources {
    pub(crate) datasets: Vec<Source>,
    pub(crate) listed: Documented,
}

/// One dataset.
pub(crate) struct Source {
    pub(crate) dataset: &'static Dataset,
    /// The fields that Cloudflare lists, with their types.
    pub(crate) documented: BTreeMap<String, String>,
    /// A record of all fields, as it is written in its file.
    pub(crate) sample: String,
}

/// The parts of a file of samples.
#[derive(Deserialize)]
struct Samples<'a> {
    #[serde(borrow)]
    full: &'a RawValue,
}

impl Sources {
    pub(crate) fn read(root: &Path) -> Result<Self, Error> {
        let core = root.join("crates/normalizer");
        let listed = Documented::read().map_err(|source| Error::Json {
            path: core.join("tests/documented.json"),
            source,
        })?;
        let mut datasets = Vec::new();
        for dataset in DATASETS {
            let path = core.join(format!("tests/samples/{}.json", dataset.name));
            datasets.push(Source {
                dataset,
                documented: listed
                    .of(dataset)
                    .map(|(field, kind)| (field.to_owned(), kind.to_owned()))
                    .collect(),
                sample: sample(path)?,
            });
        }
        Ok(Self { datasets, listed })
    }
}

impl Source {
    /// Whether Cloudflare lists the row's field, or the field that it is a member of.
    pub(crate) fn lists(&self, row: &Row) -> bool {
        let whole = row.field.split('.').next().unwrap_or(row.field);
        self.documented.contains_key(whole)
    }

    /// What a row has in common with those around it; empty where that is nothing.
    pub(crate) fn theme(&self, field: &str) -> &'static str {
        let mut theme = "";
        for row in self.dataset.rows {
            if !row.theme.is_empty() {
                theme = row.theme;
            }
            if row.field == field {
                return theme;
            }
        }
        ""
    }

    /// The reason of a row; empty where it has none.
    pub(crate) fn why(&self, field: &str) -> &'static str {
        let rows = self.dataset.rows.iter();
        rows.filter(|row| row.field == field)
            .map(|row| row.why)
            .next()
            .unwrap_or_default()
    }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

fn sample(path: PathBuf) -> Result<String, Error> {
    let text = read(&path)?;
    let samples: Samples<'_> =
        serde_json::from_str(&text).map_err(|source| Error::Json { path, source })?;
    Ok(samples.full.get().replace("\n  ", "\n"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
    }

    #[test]
    fn every_field_that_cloudflare_lists_has_a_row() {
        let mut missing = Vec::new();
        for source in sources().datasets {
            let name = source.dataset.name;
            assert!(
                !source.documented.is_empty(),
                "{name} has no list of fields"
            );
            for field in source.documented.keys() {
                let has_row = |row: &Row| row.field == field.as_str();
                if !source.dataset.rows.iter().any(has_row) {
                    missing.push(format!("{name}: {field}"));
                }
            }
        }
        assert_eq!(missing, [] as [String; 0], "fields without a row");
    }

    #[test]
    fn every_row_that_cloudflare_does_not_list_says_why_it_is_there() {
        let mut unexplained = Vec::new();
        for source in sources().datasets {
            for row in source.dataset.rows.iter().filter(|row| !source.lists(row)) {
                if row.why.is_empty() && source.theme(row.field).is_empty() {
                    unexplained.push(format!("{}: {}", source.dataset.name, row.field));
                }
            }
        }
        assert_eq!(unexplained, [] as [String; 0], "rows without a reason");
    }

    #[test]
    fn every_dataset_and_every_conversion_says_what_it_is() {
        for source in sources().datasets {
            assert!(!source.dataset.about.is_empty(), "{}", source.dataset.name);
            for target in source.dataset.rows.iter().flat_map(|row| row.targets) {
                let conversion = target.conversion;
                assert!(!conversion.about.is_empty(), "{}", conversion.name);
            }
        }
    }
}
