//! Where the settings of one destination stand: in flat variables, or in a table, with its secrets
//! beside it. Settings are asked for by their flat names in both.

use core::fmt;
use std::collections::BTreeMap;

use crate::configuration::name::{self, TABLES};
use crate::configuration::rules::Rules;
use crate::destination::Kind;
use crate::setting::{Given, Lookup, Problem, Setting};
use crate::settings;

/// The settings of a destination.
#[derive(Clone, Debug)]
pub(super) struct Source {
    table: Option<Keys>,
    pub(super) rules: Option<Rules>,
}

/// A table.
#[derive(Clone)]
struct Keys {
    /// The destination's name.
    name: String,
    values: BTreeMap<String, Given>,
}

/// Whether anything is set.
pub(super) fn is_set(given: Option<Given>) -> bool {
    match given {
        None => false,
        Some(Given::Text(text)) => !text.trim().is_empty(),
        Some(Given::Object(_)) => true,
    }
}

/// The name of a Worker secret of a destination that stands in a table.
#[must_use]
pub fn secret_name(destination: &str, setting: &Setting, kind: &Kind) -> String {
    let key = settings::key(setting, kind.name).to_ascii_uppercase();
    format!("{}_{key}", name::prefix(destination))
}

impl Source {
    /// Flat variables.
    pub(super) fn flat() -> Self {
        Self {
            table: None,
            rules: None,
        }
    }

    /// A table, of settings that are no secrets.
    pub(super) fn table(name: &str, values: BTreeMap<String, Given>) -> Self {
        Self {
            table: Some(Keys {
                name: name.to_owned(),
                values,
            }),
            rules: None,
        }
    }

    /// What is set under a flat name.
    pub(super) fn get(
        &self,
        kind: Option<&Kind>,
        flat: &str,
        lookup: &Lookup<'_>,
    ) -> Option<Given> {
        let Some(keys) = &self.table else {
            return lookup(flat);
        };
        let (setting, dataset) = split(kind, flat)?;
        match setting.is_secret {
            true => lookup(&keys.shown(setting, dataset, kind)),
            false => keys.values.get(&key(setting, dataset, kind)).cloned(),
        }
    }

    /// What the user calls what has this flat name.
    pub(super) fn shown(&self, kind: Option<&Kind>, flat: &str) -> String {
        let keys = self.table.as_ref();
        let shown = keys.and_then(|keys| {
            let (setting, dataset) = split(kind, flat)?;
            Some(keys.shown(setting, dataset, kind))
        });
        shown.unwrap_or_else(|| flat.to_owned())
    }

    /// A sentence with the user's names for the flat ones in it.
    pub(super) fn translate(&self, kind: Option<&Kind>, sentence: &str) -> String {
        if self.table.is_none() {
            return sentence.to_owned();
        }
        let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let mut translated = String::with_capacity(sentence.len());
        let mut rest = sentence;
        while let Some(start) = rest.find(is_of_name) {
            let (before, from) = rest.split_at(start);
            let (word, after) = from.split_at(from.find(|l| !is_of_name(l)).unwrap_or(from.len()));
            translated.push_str(before);
            translated.push_str(&self.shown(kind, word));
            rest = after;
        }
        translated + rest
    }

    /// The same of problems.
    pub(super) fn translate_all(
        &self,
        kind: Option<&Kind>,
        problems: Vec<Problem>,
    ) -> Vec<Problem> {
        let translated = problems.into_iter().map(|problem| Problem {
            name: self.shown(kind, &problem.name),
            words: self.translate(kind, &problem.words),
        });
        translated.collect()
    }
}

impl Keys {
    fn shown(&self, setting: &Setting, dataset: &str, kind: Option<&Kind>) -> String {
        let key = key(setting, dataset, kind);
        if setting.is_secret {
            format!("{}_{}", name::prefix(&self.name), key.to_ascii_uppercase())
        } else {
            format!("{TABLES}.{}.{key}", self.name)
        }
    }
}

impl fmt::Debug for Keys {
    /// Without the values: a URL may carry a token.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.values.keys()).finish()
    }
}

/// The setting of a flat name, and the end of the name where it is that of a dataset.
fn split<'a>(kind: Option<&Kind>, flat: &'a str) -> Option<(&'static Setting, &'a str)> {
    let of_kind = kind.map_or(&[][..], |kind| kind.settings);
    let all = || settings::DESTINATION.settings.iter().chain(of_kind);
    let exact = all().find(|setting| setting.name == flat);
    let found = exact.or_else(|| all().find(|setting| setting.is_called(flat)))?;
    Some((found, flat.strip_prefix(found.name)?))
}

/// What a table calls a setting; `dataset` is the end of its flat name.
pub(super) fn key(setting: &Setting, dataset: &str, kind: Option<&Kind>) -> String {
    settings::key(setting, kind.map_or("", |kind| kind.name)) + &dataset.to_ascii_lowercase()
}
