//! The configuration of a Worker: what takes uploads in, and the destinations by name.
//!
//! A destination stands in a table of the variable `DESTINATIONS`, or, as the one called `default`, in
//! flat variables. A wrong destination stops nothing but itself.

pub mod name;
pub mod nearest;
pub mod routing;
pub mod rules;
pub mod setup;

mod collision;
mod source;
mod tables;

pub use source::secret_name;

use logpush_normalizer::datasets::DATASETS;

use crate::configuration::name::TABLES;
use crate::configuration::routing::Datasets;
use crate::configuration::rules::Rules;
use crate::configuration::setup::{Ingest, Setup};
use crate::configuration::source::Source;
use crate::configuration::tables::Table;
use crate::destination::{self, Kind};
use crate::setting::{self, Lookup, Problem, Reading, Setting};
use crate::settings::{self, DESTINATION_KIND};

/// What variables and secrets say.
#[derive(Debug)]
pub struct Configuration {
    /// What takes uploads in and stores them, or all that is wrong with it.
    pub ingest: Result<Ingest, Vec<Problem>>,
    /// The destinations by name; all that is wrong where nobody can tell which ones there are.
    pub destinations: Result<Vec<Entry>, Vec<Problem>>,
}

/// A destination that is configured, rightly or wrongly.
#[derive(Debug)]
pub struct Entry {
    /// As the user calls it.
    pub name: String,
    /// What it is, as far as that can be told.
    pub kind: Option<&'static Kind>,
    /// Which uploads it gets.
    pub datasets: Datasets,
    /// How it gets them, or all that is wrong.
    pub setup: Result<Setup, Vec<Problem>>,
    /// Whether flat variables describe it.
    pub is_flat: bool,
    /// The flat variable that makes the destination `default` stand beside tables.
    pub because: Option<String>,
}

/// Reads the whole configuration.
#[must_use]
pub fn read(lookup: &Lookup<'_>) -> Configuration {
    Configuration {
        ingest: settings::for_ingest(lookup)
            .finish()
            .map(|values| Ingest::of(&values)),
        destinations: destinations(lookup),
    }
}

impl Configuration {
    /// A destination.
    #[must_use]
    pub fn destination(&self, name: &str) -> Option<&Entry> {
        let mut entries = self.destinations.as_deref().unwrap_or_default().iter();
        entries.find(|entry| entry.name == name)
    }
}

impl Entry {
    /// The secrets that the destination may have, with the names under which the Worker has them.
    #[must_use]
    pub fn secrets(&self) -> Vec<(String, &'static Setting)> {
        let Some(kind) = self.kind else {
            return Vec::new();
        };
        let settings = settings::DESTINATION.settings.iter().chain(kind.settings);
        settings
            .filter(|setting| setting.is_secret)
            .map(|setting| match self.is_flat {
                true => (setting.name.to_owned(), setting),
                false => (secret_name(&self.name, setting, kind), setting),
            })
            .collect()
    }
}

fn destinations(lookup: &Lookup<'_>) -> Result<Vec<Entry>, Vec<Problem>> {
    let tables = tables::read(lookup)?;
    let flat = flat_variable(&tables, lookup);
    let mut entries = Vec::new();
    if tables.is_empty() || flat.is_some() {
        entries.push(default(&tables, flat, lookup));
    }
    let collisions = collision::of(&tables);
    for (place, mut table) in tables.into_iter().enumerate() {
        let is_flat_too = entries.iter().any(|entry| entry.name == table.name);
        if is_flat_too {
            continue;
        }
        let others = collisions.iter().filter(|(other, _)| *other == place);
        table
            .problems
            .extend(others.map(|(_, problem)| problem.clone()));
        entries.push(Entry {
            setup: Setup::read(table.source, &table.datasets, table.problems, lookup),
            name: table.name,
            kind: table.kind,
            datasets: table.datasets,
            is_flat: false,
            because: None,
        });
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

/// The destination of flat variables; `flat`: one of them that is set.
fn default(tables: &[Table], flat: Option<String>, lookup: &Lookup<'_>) -> Entry {
    let mut problems = Vec::new();
    let because = flat.filter(|_| !tables.is_empty());
    if tables.iter().any(|table| table.name == name::DEFAULT) {
        problems.push(Problem::new(
            format!("{TABLES}.{}", name::DEFAULT),
            "is what flat variables configure too: rename the table, or take them away",
        ));
    }
    let mut source = Source::flat();
    match Rules::in_variable(name::DEFAULT, lookup) {
        Ok(rules) => source.rules = rules,
        Err(problem) => problems.push(problem),
    }
    let mut setup = Setup::read(source, &Datasets::All, problems, lookup);
    if let (Err(problems), Some(because)) = (&mut setup, &because) {
        problems.push(Problem::new(
            because.as_str(),
            format!(
                "makes the destination `{}` stand beside the tables of {TABLES}: take it away where only they are meant",
                name::DEFAULT
            ),
        ));
    }
    Entry {
        name: name::DEFAULT.to_owned(),
        kind: flat_kind(lookup),
        datasets: Datasets::All,
        setup,
        is_flat: true,
        because,
    }
}

/// The kind that flat variables name.
fn flat_kind(lookup: &Lookup<'_>) -> Option<&'static Kind> {
    let Reading { values, problems } = setting::read(settings::KIND, None, lookup);
    match problems.is_empty() {
        true => destination::kind(values.word(DESTINATION_KIND)),
        false => None,
    }
}

/// The first flat variable of a destination that is set.
fn flat_variable(tables: &[Table], lookup: &Lookup<'_>) -> Option<String> {
    let is_set = |name: &String| source::is_set(lookup(name));
    // They may be those of a table of this name.
    let has_table = tables.iter().any(|table| table.name == name::DEFAULT);
    let rules = rules::variables(name::DEFAULT).into_iter();
    settings::of_destinations()
        .map(|setting| setting.name.to_owned())
        .chain(rules.filter(|_| !has_table))
        .chain(settings::of_destinations().flat_map(own_of_datasets))
        .find(is_set)
}

/// The names of what each dataset may have of its own.
fn own_of_datasets(setting: &'static Setting) -> impl Iterator<Item = String> {
    DATASETS
        .iter()
        .filter(|_| setting.is_by_dataset)
        .map(|dataset| setting.of_dataset(dataset.name))
}
