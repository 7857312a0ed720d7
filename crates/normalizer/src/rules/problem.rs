//! What is wrong with a rule, for who wrote it.

use thiserror::Error;

/// Something wrong with a rule.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{rule}: {what}")]
pub struct Problem {
    /// The rule: ``rule `name` ``, or its place where it has no name.
    pub rule: String,
    /// What is wrong, and what to do.
    pub what: String,
}

/// The problems that were found in a list of rules.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    /// These rules cannot be used.
    pub(crate) errors: Vec<Problem>,
    /// These can, and perhaps mean something else.
    pub(crate) warnings: Vec<Problem>,
    /// The rule that is read.
    pub(crate) rule: String,
}

impl Problems {
    pub(crate) fn error(&mut self, what: impl Into<String>) {
        self.errors.push(Problem {
            rule: self.rule.clone(),
            what: what.into(),
        });
    }

    pub(crate) fn warning(&mut self, what: impl Into<String>) {
        self.warnings.push(Problem {
            rule: self.rule.clone(),
            what: what.into(),
        });
    }
}
