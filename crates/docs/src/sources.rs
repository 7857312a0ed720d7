//! What is read: the tables, the comments beside them, Cloudflare's lists of fields, and samples.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use logpush_normalizer::datasets::DATASETS;
use logpush_normalizer::{Dataset, Row};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::Error;

pub(crate) struct Sources {
    pub(crate) datasets: Vec<Source>,
    /// What each word of the tables' vocabulary means, by its name.
    pub(crate) vocabulary: BTreeMap<String, String>,
}

/// One dataset.
pub(crate) struct Source {
    pub(crate) dataset: &'static Dataset,
    /// What one of its records is.
    pub(crate) sentence: String,
    /// The comments beside its rows, by field.
    pub(crate) notes: BTreeMap<String, Note>,
    /// The fields that Cloudflare lists, with their types: its documentation of September 2026
    /// (developers.cloudflare.com/logs/logpush/logpush-job/datasets), its changelog up to the 15th.
    pub(crate) documented: BTreeMap<String, String>,
    /// A record of all fields, as it is written in its file.
    pub(crate) sample: String,
}

/// A comment of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Note {
    /// Of the row alone.
    pub(crate) row: String,
    /// Of the block of rows that it stands in.
    pub(crate) block: String,
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
        let path = core.join("tests/documented.json");
        let mut documented: BTreeMap<String, BTreeMap<String, String>> =
            serde_json::from_str(&read(&path)?).map_err(|source| Error::Json { path, source })?;
        let mut datasets = Vec::new();
        for dataset in DATASETS {
            let table = read(&core.join(format!("src/mapping/datasets/{}.rs", dataset.name)))?;
            let path = core.join(format!("tests/samples/{}.json", dataset.name));
            datasets.push(Source {
                dataset,
                sentence: sentence(&table),
                notes: notes(&table),
                documented: documented.remove(dataset.name).unwrap_or_default(),
                sample: sample(path)?,
            });
        }
        Ok(Self {
            datasets,
            vocabulary: vocabulary(&read(&core.join("src/mapping/mod.rs"))?),
        })
    }
}

impl Source {
    /// Whether Cloudflare lists the row's field, or the field that it is a member of.
    pub(crate) fn lists(&self, row: &Row) -> bool {
        let whole = row.field.split('.').next().unwrap_or(row.field);
        self.documented.contains_key(whole)
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

/// What follows the name in the first line: ``//! `name`: what a record is.``
fn sentence(table: &str) -> String {
    let first = table.lines().next().unwrap_or_default();
    let sentence = first.split_once("`: ").map_or("", |(_, sentence)| sentence);
    capitalised(sentence)
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// The comments of a table's rows. One behind an empty line speaks of all rows down to the next
/// empty line, any other of the row below it.
fn notes(table: &str) -> BTreeMap<String, Note> {
    let rows = table
        .split_once(" rows: &[\n")
        .and_then(|(_, rest)| rest.split_once("\n    ],"))
        .map_or("", |(rows, _)| rows);
    let mut notes = BTreeMap::new();
    let (mut note, mut block) = (String::new(), String::new());
    let mut opens_block = false;
    for line in rows.lines().map(str::trim) {
        if line.is_empty() {
            opens_block = true;
            block.clear();
        } else if let Some(comment) = line.strip_prefix("// ") {
            let text = if opens_block { &mut block } else { &mut note };
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(comment);
        } else if let Some(field) = field(line) {
            opens_block = false;
            let row = core::mem::take(&mut note);
            if !row.is_empty() || !block.is_empty() {
                let block = block.clone();
                notes.insert(field.to_owned(), Note { row, block });
            }
        }
    }
    notes
}

/// The field of a line that begins a row: `row("Field", ...`.
fn field(line: &str) -> Option<&str> {
    let (word, rest) = line.split_once("(\"")?;
    let is_word = word
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_word.then(|| rest.split('"').next()).flatten()
}

/// The documentation of each variant of `Target`.
fn vocabulary(table: &str) -> BTreeMap<String, String> {
    let target = table
        .split_once("pub enum Target {\n")
        .and_then(|(_, rest)| rest.split_once("\n}"))
        .map_or("", |(target, _)| target);
    let mut words = BTreeMap::new();
    let mut meaning = String::new();
    for line in target.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            if !meaning.is_empty() {
                meaning.push(' ');
            }
            meaning.push_str(text);
        } else if line.starts_with(|first: char| first.is_ascii_uppercase()) {
            let name = line
                .split(|character: char| !character.is_ascii_alphanumeric())
                .next()
                .unwrap_or_default();
            words.insert(name.to_owned(), core::mem::take(&mut meaning));
        }
    }
    words
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::conversion::word;

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
                if !source.notes.contains_key(row.field) {
                    unexplained.push(format!("{}: {}", source.dataset.name, row.field));
                }
            }
        }
        assert_eq!(unexplained, [] as [String; 0], "rows without a comment");
    }

    #[test]
    fn every_word_of_the_tables_has_its_meaning() {
        let sources = sources();
        for source in &sources.datasets {
            assert!(!source.sentence.is_empty(), "{}", source.dataset.name);
            for target in source.dataset.rows.iter().flat_map(|row| row.targets) {
                let word = word(*target);
                assert!(sources.vocabulary.contains_key(&word), "{word}");
            }
        }
    }

    #[test]
    fn comments_belong_to_their_row_or_to_their_block() {
        let table = "x\n    rows: &[\n        // Of A,\n        // and long.\n        kept(\"A\"),\n        row(\"B\", &[Text(\"b\")]),\n\n        // Of both.\n        row(\"C\", &[Text(\"c\"),\n                    Keep(\"C\")]),\n        // Of D.\n        kept(\"D\"),\n\n        kept(\"E\"),\n    ],\n";
        let note = |row: &str, block: &str| Note {
            row: row.to_owned(),
            block: block.to_owned(),
        };
        let expected: BTreeMap<String, Note> = [
            ("A", note("Of A, and long.", "")),
            ("C", note("", "Of both.")),
            ("D", note("Of D.", "Of both.")),
        ]
        .map(|(field, note)| (field.to_owned(), note))
        .into();
        assert_eq!(notes(table), expected);
    }

    #[test]
    fn the_vocabulary_is_read_with_its_documentation() {
        let table = "/// No.\npub enum Target {\n    /// The text\n    /// as it is.\n    Text(&'static str),\n    /// Pairs.\n    Words(&'static str, Words),\n    /// Members.\n    Of { path: &'static str },\n}\n";
        let expected: BTreeMap<String, String> = [
            ("Text", "The text as it is."),
            ("Words", "Pairs."),
            ("Of", "Members."),
        ]
        .map(|(name, meaning)| (name.to_owned(), meaning.to_owned()))
        .into();
        assert_eq!(vocabulary(table), expected);
    }

    #[test]
    fn the_sentence_is_that_of_the_first_line() {
        assert_eq!(sentence("//! `dns_logs`: a query.\n\nuse"), "A query.");
    }
}
