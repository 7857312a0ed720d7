//! A dataset made ready for its records: its plan, its names, its secrets, and the rules for it.

use std::sync::Arc;

use crate::bytes::text::beginning;
use crate::config::Config;
use crate::mapping::Dataset;
use crate::plan::Plan;
use crate::plan::error::TableError;
use crate::plan::feedback_loop::FeedbackLoop;
use crate::plan::shared::shared_plan;
use crate::record::clean::{SecretNames, is_odd};
use crate::record::insides::OpenNames;
use crate::record::names::Keys;
use crate::record::{Record, Span, ValueKind};
use crate::rules::active::{Active, Decision};

/// What is there once the dataset is known.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) dataset: &'static Dataset,
    pub(super) plan: Arc<Plan>,
    pub(super) keys: Keys,
    pub(super) feedback_loop: FeedbackLoop,
    pub(super) secrets: SecretNames,
    pub(super) open_names: OpenNames,
    pub(super) rules: Option<Active>,
}

/// How much of an unreadable time an error message shows, in bytes.
const SHOWN_MAX: usize = 64;

impl Ready {
    pub(super) fn new(dataset: &'static Dataset, config: &Config) -> Result<Self, TableError> {
        let rules = config.rules.of(dataset);
        let plan = match &rules {
            Some(rules) => Arc::new(Plan::with_rules(dataset, Some(&rules.hashed))?),
            None => shared_plan(dataset)?,
        };
        Ok(Self {
            feedback_loop: FeedbackLoop::new(dataset, &plan)?,
            secrets: SecretNames::new(plan.secret_names(), config.unmask),
            rules,
            open_names: OpenNames::default(),
            dataset,
            plan,
            keys: Keys::new(dataset.field_names(), dataset.other_names()),
        })
    }

    /// What the rules say of a record.
    pub(super) fn decide(
        &self,
        config: &Config,
        record: &Record,
        text: &[u8],
        id: [u8; 16],
    ) -> Decision {
        match &self.rules {
            None => Decision::NONE,
            Some(active) => active.decide(record, text, id, config.rules.key()),
        }
    }

    /// Whether a text must be unescaped before it is looked at.
    pub(super) fn needs_plain_text(&self, record: &Record, text: &[u8]) -> bool {
        record.has_escapes
            && self.plan.read.iter().any(|row| {
                let value = record.value(*row);
                value.escaped && has_needless_escape(value.span.of(text))
            })
    }

    /// Why a record has no time of its own.
    pub(super) fn time_message(&self, record: &Record, text: &[u8]) -> String {
        let Some((row, field)) = self
            .plan
            .time
            .and_then(|(row, _)| self.dataset.rows.get(row.index()).map(|of| (row, of.field)))
        else {
            return "the dataset has no time: the upload's arrival stands in".to_owned();
        };
        let value = record.value(row);
        if value.is_absent() {
            return format!("{field} is missing: the upload's arrival stands in");
        }
        let json = value.json_span();
        let shown = match value.kind {
            ValueKind::Nested => "a list or an object".to_owned(),
            _ => {
                let text = String::from_utf8_lossy(Span::of(json, text)).into_owned();
                beginning(&text, SHOWN_MAX).to_owned()
            }
        };
        format!("{field} is no readable time: {shown}; the upload's arrival stands in")
    }
}

/// Whether a receiver refuses a name that the table does not have.
pub(super) fn has_odd_names(record: &Record, text: &[u8]) -> bool {
    let mut unknown = record.unknown.iter();
    unknown.any(|unknown| is_odd(unknown.name.of(text)))
}

/// Whether valid JSON escapes anything but quotes and backslashes, which need it: paths that hostile
/// clients ask for have many of these.
fn has_needless_escape(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        if !matches!(rest.get(at + 1), Some(b'"' | b'\\')) {
            return true;
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    false
}
