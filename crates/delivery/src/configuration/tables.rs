//! The tables of destinations, as the variable `DESTINATIONS` brings them.

use std::collections::BTreeMap;

use logpush_normalizer::datasets::{self, DATASETS};
use serde_json::{Map, Value};

use crate::configuration::name::{self, TABLES};
use crate::configuration::nearest::nearest;
use crate::configuration::routing::Datasets;
use crate::configuration::rules::{self, Rules};
use crate::configuration::source::{self, Source};
use crate::destination::{self, KINDS, Kind};
use crate::setting::{Given, Lookup, Problem, Setting};
use crate::settings;

/// A destination's table, the values of its settings not read yet.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) kind: Option<&'static Kind>,
    pub(super) datasets: Datasets,
    pub(super) source: Source,
    pub(super) problems: Vec<Problem>,
}

/// More than a variable can hold at Cloudflare, 5 KB: what is larger comes from elsewhere.
const BYTES_MAX: usize = 64 * 1024;

/// More than any user has named; each costs a message of the queue for each upload.
const TABLES_MAX: usize = 16;

/// What flat variables call `DESTINATION`.
const KIND: &str = "kind";
const DATASETS_KEY: &str = "datasets";
const RULES: &str = "rules";

/// Reads all tables.
///
/// # Errors
///
/// What is wrong where nobody can tell which destinations there are.
pub(super) fn read(lookup: &Lookup<'_>) -> Result<Vec<Table>, Vec<Problem>> {
    let whole = |words: &str| vec![Problem::new(TABLES, words)];
    let text = match lookup(TABLES) {
        Some(Given::Text(text) | Given::Object(text)) if !text.trim().is_empty() => text,
        _ => return Ok(Vec::new()),
    };
    if text.len() > BYTES_MAX {
        return Err(whole("is larger than any variable at Cloudflare"));
    }
    let Ok(tables) = serde_json::from_str::<Map<String, Value>>(&text) else {
        return Err(whole(
            "is no object of tables: write [vars.DESTINATIONS.siem] into wrangler.toml, siem being a name of yours",
        ));
    };
    if tables.len() > TABLES_MAX {
        return Err(whole(&format!(
            "has {} tables, and {TABLES_MAX} are the most",
            tables.len()
        )));
    }
    let mut read: Vec<Table> = Vec::new();
    let sound: Vec<String> = tables
        .keys()
        .filter(|name| name::check(name).is_ok())
        .cloned()
        .collect();
    for (given, value) in tables {
        let mut problems = Vec::new();
        let mut name = given.clone();
        if let Err(words) = name::check(&given) {
            problems.push(Problem::new(format!("{TABLES}.{given}"), words));
            name = name::mend(&given);
            let is_taken = |name: &String| {
                sound.contains(name) || read.iter().any(|table| table.name == *name)
            };
            if is_taken(&name) {
                // Two names for one destination: neither says where its uploads go.
                return Err(problems);
            }
        }
        read.push(Table::read(name, value, problems, lookup));
    }
    Ok(read)
}

impl Table {
    fn read(name: String, value: Value, problems: Vec<Problem>, lookup: &Lookup<'_>) -> Self {
        let mut table = Self {
            source: Source::table(&name, BTreeMap::new()),
            name,
            kind: None,
            datasets: Datasets::All,
            problems,
        };
        let Value::Object(members) = value else {
            table.problem(None, "is no table");
            return table;
        };
        table.kind = table.read_kind(members.get(KIND));
        let mut values = BTreeMap::new();
        let mut rules = None;
        for (key, value) in &members {
            match key.as_str() {
                DATASETS_KEY => table.read_datasets(value),
                RULES => rules = table.read_rules(value),
                key => values.extend(table.given(key, value).map(|given| (key.to_owned(), given))),
            }
        }
        table.source = Source::table(&table.name, values);
        table.source.rules = match (rules, Rules::in_variable(&table.name, lookup)) {
            (Some(_), Ok(Some(own))) => {
                let place = format!("{TABLES}.{}.{RULES}", table.name);
                table.problems.push(rules::in_two_places(place, &own.name));
                None
            }
            (rules, Ok(own)) => rules.or(own),
            (rules, Err(problem)) => {
                table.problems.push(problem);
                rules
            }
        };
        table
    }

    fn read_kind(&mut self, value: Option<&Value>) -> Option<&'static Kind> {
        let names = || KINDS.iter().map(|kind| kind.name);
        let list = || names().collect::<Vec<_>>().join(", ");
        match value {
            None => {
                self.problem(Some(KIND), &format!("is not set: it is one of {}", list()));
                None
            }
            Some(Value::String(name)) => {
                let kind = destination::kind(name.trim());
                if kind.is_none() {
                    let near = or_near(name, names());
                    self.problem(Some(KIND), &format!("is none of {}{near}", list()));
                }
                kind
            }
            // What is wrong with it is said where settings are read.
            Some(_) => None,
        }
    }

    fn read_datasets(&mut self, value: &Value) {
        let Some(values) = value.as_array().filter(|values| !values.is_empty()) else {
            self.problem(
                Some(DATASETS_KEY),
                "is no list of datasets, as [\"firewall_events\"]: leave it out, and the destination gets all",
            );
            return;
        };
        let mut these = Vec::new();
        for value in values {
            let name = value.as_str().unwrap_or_default();
            let Some(dataset) = datasets::by_name(name) else {
                let near = or_near(name, DATASETS.iter().map(|dataset| dataset.name));
                self.problem(
                    Some(DATASETS_KEY),
                    &format!("has {value}, which is no dataset{near}"),
                );
                continue;
            };
            these.push(dataset);
        }
        // None that is known: what arrives goes there rather than nowhere.
        if !these.is_empty() {
            self.datasets = Datasets::These(these);
        }
    }

    fn read_rules(&mut self, value: &Value) -> Option<Rules> {
        match Rules::of(format!("{TABLES}.{}.{RULES}", self.name), value) {
            Ok(rules) => Some(rules),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// What a key that is a setting has; nothing where it must not be here.
    fn given(&mut self, key: &str, value: &Value) -> Option<Given> {
        let Some(setting) = self.setting(key) else {
            self.unknown(key);
            return None;
        };
        if setting.is_secret {
            let secret = format!("{}_{}", name::prefix(&self.name), key.to_ascii_uppercase());
            self.problem(
                Some(key),
                &format!(
                    "is a secret, which does not belong in a file: take it out, and set it with `npx wrangler secret put {secret}`"
                ),
            );
            return None;
        }
        Some(match value {
            Value::String(text) => Given::Text(text.clone()),
            Value::Number(_) | Value::Bool(_) => Given::Text(value.to_string()),
            Value::Null => return None,
            Value::Array(_) | Value::Object(_) => Given::Object(value.to_string()),
        })
    }

    /// The setting that a key stands for; where the kind is wrong, one of any kind.
    fn setting(&self, key: &str) -> Option<&'static Setting> {
        self.keys()
            .find(|(other, _)| other == key)
            .map(|(_, setting)| setting)
    }

    fn unknown(&mut self, key: &str) {
        let keys: Vec<String> = self
            .keys()
            .map(|(key, _)| key)
            .chain([DATASETS_KEY, RULES].map(str::to_owned))
            .collect();
        let lower = key.to_ascii_lowercase();
        let short = self
            .kind
            .and_then(|kind| lower.strip_prefix(kind.name)?.strip_prefix('_'));
        // As `intake_url`, where `url` is meant.
        let ending = keys.iter().find(|known| {
            let before = lower.strip_suffix(known.as_str());
            before.is_some_and(|before| before.ends_with('_'))
        });
        let meant = short
            .or_else(|| ending.map(String::as_str))
            .unwrap_or(&lower);
        let near = or_near(meant, keys.iter().map(String::as_str));
        let whose = match self.kind {
            Some(kind) => format!("a destination of kind {}", kind.name),
            None => "any destination".to_owned(),
        };
        self.problem(Some(key), &format!("is no setting of {whose}{near}"));
    }

    /// Every key that may stand in the table, with its setting.
    fn keys(&self) -> impl Iterator<Item = (String, &'static Setting)> + use<> {
        let kind = self.kind;
        let kinds = KINDS
            .iter()
            .filter(move |other| kind.is_none_or(|kind| kind.name == other.name));
        let general = settings::DESTINATION
            .settings
            .iter()
            .map(|setting| (source::key(setting, "", None), setting));
        let of_kinds = kinds.flat_map(|kind| {
            kind.settings.iter().flat_map(move |setting| {
                let own = DATASETS
                    .iter()
                    .filter(|_| setting.is_by_dataset)
                    .map(|dataset| format!("_{}", dataset.name));
                [String::new()]
                    .into_iter()
                    .chain(own)
                    .map(move |dataset| (source::key(setting, &dataset, Some(kind)), setting))
            })
        });
        general.chain(of_kinds)
    }

    fn problem(&mut self, key: Option<&str>, words: &str) {
        let table = format!("{TABLES}.{}", self.name);
        let name = key.map_or_else(|| table.clone(), |key| format!("{table}.{key}"));
        self.problems.push(Problem::new(name, words));
    }
}

/// The end of a sentence about a name that is unknown: the one that is perhaps meant.
fn or_near<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let near = nearest(name, names);
    near.map_or_else(String::new, |near| format!(": do you mean {near}?"))
}
