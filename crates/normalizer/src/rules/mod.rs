//! What leaves, how much of it, and what nobody may see: the user's rules.
//!
//! They work on the record's text, before anything is made of it: what they take out is in no field
//! of any shape, whichever way its value would have gone. `docs/rules.md` says what a rule can say.

pub(crate) mod active;
mod class;
mod condition;
pub(crate) mod edit;
mod field;
mod nearest;
pub(crate) mod problem;
pub(crate) mod pseudonym;
mod query;
mod reader;
mod rule;
mod sample;
mod scalar;
mod security;
pub(crate) mod target;
pub(crate) mod treatment;

use std::sync::Arc;

use serde_json::Value as Json;

use crate::mapping::Dataset;
use crate::rules::active::Active;
use crate::rules::problem::{Problem, Problems};
use crate::rules::pseudonym::{KEY_MIN, PseudonymKey};
use crate::rules::rule::Rule;

/// The rules of a destination, in their order; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Nothing where there are none, which costs no memory.
    rules: Option<Arc<[Rule]>>,
    key: Option<Arc<PseudonymKey>>,
}

/// Rules as they were read, and what is wrong with them.
#[derive(Debug)]
pub struct Reading {
    /// The rules; not to be used where there are errors.
    pub rules: Rules,
    /// Rules that cannot be used.
    pub errors: Vec<Problem>,
    /// Rules that perhaps mean something else.
    pub warnings: Vec<Problem>,
}

impl Rules {
    /// Reads the list of rules of a destination.
    ///
    /// # Example
    ///
    /// ```
    /// use logpush_normalizer::Rules;
    ///
    /// let rules = serde_json::json!([{
    ///     "name": "only-blocks",
    ///     "datasets": ["firewall_events"],
    ///     "where": { "key": "Action", "operator": "!eq", "value": "block" },
    ///     "action": "drop",
    /// }]);
    /// let read = Rules::read(&rules);
    /// assert!(read.errors.is_empty() && read.warnings.is_empty());
    /// assert!(!read.rules.needs_key());
    /// ```
    #[must_use]
    pub fn read(json: &Json) -> Reading {
        let mut problems = Problems::default();
        let rules = reader::read(json, &mut problems);
        Reading {
            rules: Self {
                rules: (!rules.is_empty()).then(|| rules.into()),
                key: None,
            },
            errors: problems.errors,
            warnings: problems.warnings,
        }
    }

    /// Whether any rule changes fields: then the secret `PSEUDONYM_KEY` is needed.
    #[must_use]
    pub fn needs_key(&self) -> bool {
        self.all().iter().any(Rule::changes_fields)
    }

    /// The same rules with the secret `PSEUDONYM_KEY`.
    ///
    /// # Errors
    ///
    /// Where it is too short to be a secret.
    pub fn with_key(self, secret: &str) -> Result<Self, String> {
        match PseudonymKey::new(secret) {
            Some(key) => Ok(Self {
                key: Some(Arc::new(key)),
                ..self
            }),
            None => Err(format!(
                "PSEUDONYM_KEY has fewer than {KEY_MIN} characters: make one with `openssl rand -hex 32`"
            )),
        }
    }

    /// The names of the rules, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all().iter().map(|rule| rule.name.as_str())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_none()
    }

    pub(crate) fn key(&self) -> Option<&PseudonymKey> {
        self.key.as_deref()
    }

    pub(crate) fn of(&self, dataset: &'static Dataset) -> Option<Active> {
        Active::new(self.all(), dataset)
    }

    fn all(&self) -> &[Rule] {
        self.rules.as_deref().unwrap_or_default()
    }
}
