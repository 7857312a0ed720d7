//! The rows of the overview: one for each dataset, and notes for others. Read when the overview wakes
//! up; a report writes one row.

use core::cell::RefCell;
use std::collections::BTreeMap;

use logpush_status::overview::{DatasetOverview, Overview};
use logpush_status::shard::Report;
use serde::{Deserialize, Serialize};
use worker::{Result, SqlStorage};

use crate::ledger::protocol::OverviewQuestion;

/// The storage of the overview.
pub(crate) struct OverviewStore {
    sql: SqlStorage,
    known: RefCell<Option<Overview>>,
}

const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS datasets (dataset TEXT PRIMARY KEY, overview TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
];

/// There are 37, and more to come; a key in R2 can name any.
const DATASETS_MAX: usize = 64;

impl OverviewStore {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self {
            sql,
            known: RefCell::new(None),
        }
    }

    pub(crate) fn answer(&self, question: OverviewQuestion, now: u64) -> Result<String> {
        match question {
            OverviewQuestion::Read(_) => self.with_known(|_, known| json(known)),
            OverviewQuestion::TakeReport(report) => {
                self.change(|known| reported(known, report.0).into_iter().collect())
            }
            OverviewQuestion::CountDeadLetters(counts) => {
                self.change(|known| counted(known, &counts.0, now))
            }
            OverviewQuestion::DeleteDeadLetter(deleted) => {
                self.change(|known| one_less(known, &deleted.dataset).into_iter().collect())
            }
            OverviewQuestion::Note(note) => self.with_known(|store, known| {
                if known.notes.get(&note.name) != Some(&note.text) {
                    store.sql.exec(
                        "INSERT OR REPLACE INTO notes VALUES (?, ?)",
                        vec![note.name.clone().into(), note.text.clone().into()],
                    )?;
                    known.notes.insert(note.name, note.text);
                }
                json(&())
            }),
        }
    }

    /// Takes over the datasets that `change` gives.
    fn change(&self, change: impl FnOnce(&Overview) -> Vec<Changed>) -> Result<String> {
        self.with_known(|store, known| {
            for (dataset, after) in change(known) {
                if known.datasets.get(&dataset) != Some(&after) {
                    // In the storage first: memory is never ahead of it.
                    store.sql.exec(
                        "INSERT OR REPLACE INTO datasets VALUES (?, ?)",
                        vec![
                            dataset.as_str().into(),
                            serde_json::to_string(&after)?.into(),
                        ],
                    )?;
                    known.datasets.insert(dataset, after);
                }
            }
            json(&())
        })
    }

    fn with_known(
        &self,
        act: impl FnOnce(&Self, &mut Overview) -> Result<String>,
    ) -> Result<String> {
        let mut known = self.known.borrow_mut();
        let known = match &mut *known {
            Some(known) => known,
            none => none.insert(self.read()?),
        };
        act(self, known)
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
        let datasets = rows("SELECT dataset AS name, overview AS text FROM datasets")?.into_iter();
        let notes = rows("SELECT name, text FROM notes")?.into_iter();
        Ok(Overview {
            // One that cannot be read begins anew.
            datasets: datasets
                .map(|row| {
                    let dataset = serde_json::from_str(&row.text).unwrap_or_default();
                    (row.name, dataset)
                })
                .collect(),
            notes: notes.map(|row| (row.name, row.text)).collect(),
        })
    }
}

/// A dataset, and what is known of it now.
type Changed = (String, DatasetOverview);

/// A shard has reported.
fn reported(known: &Overview, report: Report) -> Option<Changed> {
    let shard = report.stats.shard.clone();
    let (dataset, part) = shard.split_once('/').unwrap_or((&shard, ""));
    let mut after = dataset_of(known, dataset)?;
    after.take(part, report);
    Some((dataset.to_owned(), after))
}

/// So many dead letters of each dataset were counted; of those that are not named there are none.
fn counted(known: &Overview, counts: &BTreeMap<String, u64>, now: u64) -> Vec<Changed> {
    let mut counts = counts.clone();
    for dataset in known.datasets.keys() {
        counts.entry(dataset.clone()).or_default();
    }
    let mut free = DATASETS_MAX.saturating_sub(known.datasets.len());
    let changed = counts.into_iter().filter_map(|(dataset, dead_letters)| {
        let before = match known.datasets.get(&dataset) {
            Some(before) => before.clone(),
            None => {
                free = free.checked_sub(1)?;
                DatasetOverview::default()
            }
        };
        let is_of_interest = dead_letters > 0 || before.dead_letters > 0;
        is_of_interest.then_some((
            dataset,
            DatasetOverview {
                dead_letters,
                counted_at: now,
                ..before
            },
        ))
    });
    changed.collect()
}

/// A dead letter of a dataset is gone.
fn one_less(known: &Overview, dataset: &str) -> Option<Changed> {
    let mut after = known.datasets.get(dataset)?.clone();
    after.dead_letters = after.dead_letters.saturating_sub(1);
    Some((dataset.to_owned(), after))
}

/// What is known of a dataset; nothing where there are too many already.
fn dataset_of(known: &Overview, dataset: &str) -> Option<DatasetOverview> {
    match known.datasets.get(dataset) {
        Some(known) => Some(known.clone()),
        None => (known.datasets.len() < DATASETS_MAX).then(DatasetOverview::default),
    }
}

fn json(answer: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(answer)?)
}

#[cfg(test)]
mod tests {
    use logpush_status::shard::ShardStats;

    use super::*;

    fn overview(datasets: &[(&str, u64)]) -> Overview {
        let datasets = datasets.iter().map(|(name, dead_letters)| {
            let dataset = DatasetOverview {
                dead_letters: *dead_letters,
                ..DatasetOverview::default()
            };
            ((*name).to_owned(), dataset)
        });
        Overview {
            datasets: datasets.collect(),
            ..Overview::default()
        }
    }

    fn full() -> Overview {
        let names: Vec<String> = (0..DATASETS_MAX).map(|n| format!("d{n}")).collect();
        overview(
            &names
                .iter()
                .map(|name| (name.as_str(), 0))
                .collect::<Vec<_>>(),
        )
    }

    fn report(shard: &str) -> Report {
        Report {
            stats: ShardStats {
                shard: shard.to_owned(),
                created_at: 1,
                revision: 1,
                last_arrival: 7,
                ..ShardStats::default()
            },
            ..Report::default()
        }
    }

    #[test]
    fn a_report_changes_the_dataset_of_its_shard() {
        let known = overview(&[("dns_logs", 2)]);
        for (shard, dataset, dead_letters) in [
            ("dns_logs/a", "dns_logs", 2),
            ("new/0", "new", 0),
            ("odd", "odd", 0),
        ] {
            let (name, after) = reported(&known, report(shard)).unwrap();
            assert_eq!((name.as_str(), after.dead_letters), (dataset, dead_letters));
            assert_eq!(after.last_arrival, 7, "{shard}");
        }
        assert!(reported(&full(), report("d1/0")).is_some());
        assert!(reported(&full(), report("one_more/0")).is_none());
    }

    #[test]
    fn dead_letters_are_those_that_were_counted() {
        let counts = |counts: &[(&str, u64)]| -> BTreeMap<String, u64> {
            counts
                .iter()
                .map(|(name, n)| ((*name).to_owned(), *n))
                .collect()
        };
        for (known, counts, expected) in [
            (overview(&[]), counts(&[("a", 2)]), vec![("a", 2)]),
            (overview(&[("a", 1)]), counts(&[]), vec![("a", 0)]),
            (overview(&[("a", 0)]), counts(&[]), vec![]),
            (
                overview(&[("a", 1), ("b", 1)]),
                counts(&[("b", 3)]),
                vec![("a", 0), ("b", 3)],
            ),
            (full(), counts(&[("a", 1), ("d3", 1)]), vec![("d3", 1)]),
        ] {
            let changed: Vec<(String, u64)> = counted(&known, &counts, 9)
                .into_iter()
                .map(|(dataset, after)| {
                    assert_eq!(after.counted_at, 9);
                    (dataset, after.dead_letters)
                })
                .collect();
            let changed: Vec<(&str, u64)> = changed.iter().map(|(d, n)| (d.as_str(), *n)).collect();
            assert_eq!(changed, expected, "{counts:?}");
        }
    }

    #[test]
    fn a_deleted_dead_letter_is_one_less() {
        for (before, expected) in [(2, 1), (0, 0)] {
            let (_, after) = one_less(&overview(&[("a", before)]), "a").unwrap();
            assert_eq!(after.dead_letters, expected);
        }
        assert!(one_less(&overview(&[]), "a").is_none());
    }
}
