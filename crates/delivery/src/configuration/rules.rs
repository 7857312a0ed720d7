//! What a destination leaves out or changes, as it stands in the configuration, not read yet.

use serde_json::Value;

use crate::configuration::name;
use crate::setting::{Given, Lookup, Problem};

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
        let variable = variable(destination);
        match lookup(&variable) {
            Some(Given::Text(text) | Given::Object(text)) if !text.trim().is_empty() => {
                let value = serde_json::from_str(&text).unwrap_or_default();
                Self::of(variable, &value).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// The variable that the rules of a destination may stand in.
#[must_use]
pub fn variable(destination: &str) -> String {
    format!("RULES_{}", name::prefix(destination))
}
