//! What a destination leaves out or changes, as it stands in the configuration, not read yet.

use logpush_normalizer::{Reading, Rules as Read};
use serde_json::Value;

use crate::configuration::name;
use crate::setting::{Given, Lookup, Problem};
use crate::settings::PSEUDONYM_KEY;

/// The variable of `default`.
const RULES: &str = "RULES";

/// The rules of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Where they stand.
    pub name: String,
    /// A JSON array of objects.
    pub json: String,
}

impl Rules {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        serde_json::from_str(&self.json).map_or(0, |rules: Vec<Value>| rules.len())
    }

    /// The rules, and what is wrong with them.
    #[must_use]
    pub fn read(&self) -> Reading {
        Read::read(&serde_json::from_str(&self.json).unwrap_or_default())
    }

    /// The rules, with the secret that they may need.
    pub(super) fn ready(&self, lookup: &Lookup<'_>) -> Result<Read, Problem> {
        let rules = self.read().rules;
        let problem = |words: &str| Problem::new(PSEUDONYM_KEY.name, words);
        match lookup(PSEUDONYM_KEY.name) {
            Some(Given::Text(key)) if !key.trim().is_empty() => {
                let ready = rules.with_key(key.trim());
                ready.map_err(|words| problem(&words))
            }
            _ if rules.needs_key() => Err(problem(
                "is not set, and rules with `fields` or `mask_query` need it: openssl rand -hex 32 | npx wrangler secret put PSEUDONYM_KEY",
            )),
            _ => Ok(rules),
        }
    }

    /// What makes them useless.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let errors = self.read().errors.into_iter();
        let problems = errors.map(|error| Problem::new(&*self.name, error.to_string()));
        problems.collect()
    }

    pub(super) fn of(name: String, value: &Value) -> Result<Self, Problem> {
        let rules = value.as_array();
        match rules.is_some_and(|rules| rules.iter().all(Value::is_object)) {
            true => Ok(Self {
                name,
                json: value.to_string(),
            }),
            false => Err(Problem::new(
                name,
                "is no list of tables: each rule begins with its name in double brackets",
            )),
        }
    }

    /// Those that stand in a variable of their own.
    pub(super) fn in_variable(
        destination: &str,
        lookup: &Lookup<'_>,
    ) -> Result<Option<Self>, Problem> {
        let mut found = None;
        for variable in variables(destination) {
            match lookup(&variable) {
                Some(Given::Text(text) | Given::Object(text)) if !text.trim().is_empty() => {
                    if found.is_some() {
                        return Err(in_two_places(variable, RULES));
                    }
                    let value = serde_json::from_str(&text).unwrap_or_default();
                    found = Some(Self::of(variable, &value)?);
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The variable that the rules of a destination may stand in.
#[must_use]
pub fn variable(destination: &str) -> String {
    match destination {
        name::DEFAULT => RULES.to_owned(),
        _ => by_name(destination),
    }
}

/// All variables that are read for a destination: `default` may be named, too.
#[must_use]
pub fn variables(destination: &str) -> Vec<String> {
    let mut variables = vec![variable(destination)];
    if destination == name::DEFAULT {
        variables.push(by_name(destination));
    }
    variables
}

/// Rules that stand under `name` and somewhere else.
pub(super) fn in_two_places(name: String, elsewhere: &str) -> Problem {
    Problem::new(
        name,
        format!("stand in {elsewhere} too: put all of them into one place"),
    )
}

fn by_name(destination: &str) -> String {
    format!("RULES_{}", name::prefix(destination))
}
