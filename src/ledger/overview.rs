//! The board's rows: one for each dataset, and notes of others. Read when the board wakes up; a
//! report writes one row.

use core::cell::RefCell;
use std::collections::BTreeMap;

use logpush_status::overview::{DatasetOverview, Overview};
use logpush_status::shard::Report;
use serde::{Deserialize, Serialize};
use worker::{Result, SqlStorage};

use crate::ledger::login_limit::Attempts;

/// What the board is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BoardQuestion {
    /// A part of the ledger tells how it stands: the JSON of a [`Report`].
    Report { shard: String, report: String },
    /// All that is known.
    Read,
    /// So many dead letters of each dataset were counted; of others there are none.
    Letters { letters: BTreeMap<String, u64> },
    /// The operator has deleted a dead letter.
    LetterDeleted { dataset: String },
    /// Keeps a text under a name.
    Note { name: String, text: String },
    /// Whether somebody at this address may try a secret.
    Attempt { address: String },
}

/// The storage of the board.
pub(crate) struct BoardStore {
    sql: SqlStorage,
    known: RefCell<Option<Overview>>,
    attempts: RefCell<Attempts>,
}

const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS board (dataset TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
];

/// There are 37, and more to come; a key in R2 can name any.
const DATASETS_MAX: usize = 64;

impl BoardStore {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self {
            sql,
            known: RefCell::new(None),
            attempts: RefCell::default(),
        }
    }

    pub(crate) fn answer(&self, question: BoardQuestion, now: u64) -> Result<String> {
        if let BoardQuestion::Attempt { address } = question {
            let may = self.attempts.borrow_mut().may_try(&address, now);
            return Ok(serde_json::to_string(&may)?);
        }
        if self.known.borrow().is_none() {
            let read = self.read()?;
            self.known.replace(Some(read));
        }
        let mut known = self.known.borrow_mut();
        self.take(known.get_or_insert_default(), question, now)
    }

    fn take(&self, known: &mut Overview, question: BoardQuestion, now: u64) -> Result<String> {
        match question {
            BoardQuestion::Read => return Ok(serde_json::to_string(known)?),
            BoardQuestion::Report { shard, report } => {
                let report: Report = serde_json::from_str(&report)?;
                let (dataset, part) = shard.split_once('/').unwrap_or((&shard, ""));
                if let Some(entry) = entry_of(known, dataset) {
                    let mut after = entry.clone();
                    after.take(part, report);
                    self.replace(dataset, entry, after)?;
                }
            }
            BoardQuestion::Letters { letters } => {
                let names = letters.keys().chain(known.datasets.keys()).cloned();
                for dataset in names.collect::<Vec<_>>() {
                    let count = letters.get(&dataset).copied().unwrap_or_default();
                    if let Some(entry) = entry_of(known, &dataset)
                        && (count > 0 || entry.dead_letters > 0)
                    {
                        let after = DatasetOverview {
                            dead_letters: count,
                            counted_at: now,
                            ..entry.clone()
                        };
                        self.replace(&dataset, entry, after)?;
                    }
                }
            }
            BoardQuestion::LetterDeleted { dataset } => {
                if let Some(entry) = known.datasets.get_mut(&dataset) {
                    let after = DatasetOverview {
                        dead_letters: entry.dead_letters.saturating_sub(1),
                        ..entry.clone()
                    };
                    self.replace(&dataset, entry, after)?;
                }
            }
            BoardQuestion::Note { name, text } => {
                if known.notes.get(&name) != Some(&text) {
                    self.sql.exec(
                        "INSERT OR REPLACE INTO notes VALUES (?, ?)",
                        vec![name.clone().into(), text.clone().into()],
                    )?;
                    known.notes.insert(name, text);
                }
            }
            BoardQuestion::Attempt { .. } => {}
        }
        Ok("null".to_owned())
    }

    /// Writes what has changed, in the storage first: memory is never ahead of it.
    fn replace(
        &self,
        dataset: &str,
        entry: &mut DatasetOverview,
        after: DatasetOverview,
    ) -> Result<()> {
        if *entry != after {
            self.sql.exec(
                "INSERT OR REPLACE INTO board VALUES (?, ?)",
                vec![dataset.into(), serde_json::to_string(&after)?.into()],
            )?;
            *entry = after;
        }
        Ok(())
    }

    fn read(&self) -> Result<Overview> {
        #[derive(Deserialize)]
        struct Row {
            name: String,
            text: String,
        }
        for table in TABLES {
            self.sql.exec(table, None)?;
        }
        let rows = |statement| -> Result<Vec<Row>> { self.sql.exec(statement, None)?.to_array() };
        Ok(Overview {
            datasets: rows("SELECT dataset AS name, entry AS text FROM board")?
                .into_iter()
                // An entry that cannot be read begins anew.
                .map(|row| {
                    (
                        row.name,
                        serde_json::from_str(&row.text).unwrap_or_default(),
                    )
                })
                .collect(),
            notes: rows("SELECT name, text FROM notes")?
                .into_iter()
                .map(|row| (row.name, row.text))
                .collect(),
        })
    }
}

fn entry_of<'a>(known: &'a mut Overview, dataset: &str) -> Option<&'a mut DatasetOverview> {
    if known.datasets.len() >= DATASETS_MAX && !known.datasets.contains_key(dataset) {
        return None;
    }
    Some(known.datasets.entry(dataset.to_owned()).or_default())
}
