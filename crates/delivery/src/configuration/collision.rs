//! Names of variables and secrets that two destinations, or a destination and the Worker, would share.

use std::collections::BTreeMap;

use logpush_normalizer::datasets::DATASETS;

use crate::configuration::name::TABLES;
use crate::configuration::rules;
use crate::configuration::source;
use crate::configuration::tables::Table;
use crate::setting::Problem;
use crate::settings;

/// Bindings of the Worker.
const BINDINGS: [&str; 3] = ["UPLOADS", "WORK", "LEDGER"];

/// What is wrong with the names of tables, each with the table's place.
pub(super) fn of(tables: &[Table]) -> Vec<(usize, Problem)> {
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for (place, table) in tables.iter().enumerate() {
        for name in names_of(table) {
            if is_ours(&name) {
                let words = format!(
                    "needs {name}, which is a setting of the Worker: rename the table, as {}-1",
                    table.name
                );
                problems.push((place, problem(table, words)));
            } else if let Some(&owner) = owners.get(&name)
                && let Some(other) = tables.get(owner)
                && owner != place
            {
                for (place, table, other) in [(place, table, other), (owner, other, table)] {
                    let words = format!(
                        "needs {name}, and {TABLES}.{} needs it too: rename one of the tables",
                        other.name
                    );
                    problems.push((place, problem(table, words)));
                }
            } else {
                owners.insert(name, place);
            }
        }
    }
    // One name says it for all datasets.
    problems.dedup_by(|(one, _), (other, _)| one == other);
    problems
}

/// All names beside the table that are read for it.
fn names_of(table: &Table) -> Vec<String> {
    let mut names = vec![rules::variable(&table.name)];
    let Some(kind) = table.kind else {
        return names;
    };
    let settings = settings::DESTINATION.settings.iter().chain(kind.settings);
    for setting in settings.filter(|setting| setting.is_secret) {
        let name = source::secret_name(&table.name, setting, kind);
        if setting.is_by_dataset {
            let own = |dataset: &str| format!("{name}_{}", dataset.to_ascii_uppercase());
            names.extend(DATASETS.iter().map(|dataset| own(dataset.name)));
        }
        names.push(name);
    }
    // Those that hold for all datasets first: they are what is said.
    names.sort_by_key(String::len);
    names
}

fn is_ours(name: &str) -> bool {
    name == TABLES
        || BINDINGS.contains(&name)
        || settings::groups()
            .flat_map(|group| group.settings)
            .any(|setting| setting.is_called(name))
}

fn problem(table: &Table, words: String) -> Problem {
    Problem::new(format!("{TABLES}.{}", table.name), words)
}
