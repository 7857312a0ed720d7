//! The rules of one dataset, ready for its records.

use crate::mapping::Dataset;
use crate::record::{Record, RowId, Value, ValueKind};
use crate::rules::class::{CLASSES, Class};
use crate::rules::condition::Condition;
use crate::rules::edit::Edits;
use crate::rules::field::{Field, Place};
use crate::rules::pseudonym::PseudonymKey;
use crate::rules::query::Query;
use crate::rules::rule::{Action, Rule};
use crate::rules::sample::Sample;
use crate::rules::security::Security;
use crate::rules::target::{rows_of_class, rows_of_target};
use crate::rules::treatment::{Treated, Treatment, nothing};

/// The rules of one dataset.
#[derive(Debug)]
pub(crate) struct Active {
    dataset: &'static Dataset,
    rules: Vec<ActiveRule>,
    security: Security,
    /// Rows that may be hashed, and rows whose values may.
    pub(crate) hashed: Vec<RowId>,
    /// Whether any rule changes fields: then ids are keyed, and broken lines are not shown.
    pub(crate) changes_fields: bool,
}

#[derive(Debug)]
struct ActiveRule {
    /// Its place in the list of all.
    place: usize,
    condition: Option<Condition<Field>>,
    action: Option<ActiveAction>,
    fields: Vec<(Field, Treatment)>,
    classes: Vec<(Class, Vec<Field>, Treatment)>,
    query: Option<Query>,
    /// Whether what earlier rules change is nothing to it, so that all make one new text.
    joins: bool,
}

#[derive(Debug)]
enum ActiveAction {
    Keep,
    Drop,
    Sample(Sample, bool),
}

/// What the rules say of a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// The place of the rule whose action decided.
    pub(crate) by: Option<usize>,
    pub(crate) is_dropped: bool,
    /// The rate of the sample that it is in.
    pub(crate) sample_rate: Option<String>,
    /// Rules that change its fields, by their places among those of the dataset.
    changes: Vec<usize>,
}

/// What rules made of a record's fields.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// The record's text; nothing where it stayed as it was.
    pub(crate) text: Option<Vec<u8>>,
    /// Memory for another text.
    pub(crate) spare: Vec<u8>,
    /// Rows whose values are not what their ECS fields take.
    pub(crate) rows: Vec<(RowId, Treated)>,
    /// Whether any value is a pseudonym.
    pub(crate) has_pseudonym: bool,
    /// Places, in the list of all rules, of those that changed something.
    pub(crate) by: Vec<usize>,
}

impl Active {
    /// The rules for a dataset; nothing where there are none.
    pub(crate) fn new(rules: &[Rule], dataset: &'static Dataset) -> Option<Self> {
        let mut hashed = Vec::new();
        let mut active: Vec<ActiveRule> = rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.is_for(dataset))
            .map(|(place, rule)| ActiveRule::new(place, rule, dataset, &mut hashed))
            .collect();
        if active.is_empty() {
            return None;
        }
        let mut before: Vec<&mut ActiveRule> = Vec::new();
        for rule in active.iter_mut().filter(|rule| rule.changes_fields()) {
            rule.joins = rule.is_apart(&before);
            if !rule.joins {
                before.clear();
            }
            before.push(rule);
        }
        hashed.sort_unstable_by_key(|row: &RowId| row.index());
        hashed.dedup();
        Some(Self {
            dataset,
            security: Security::new(dataset),
            hashed,
            changes_fields: active.iter().any(ActiveRule::changes_fields),
            rules: active,
        })
    }

    /// What becomes of a record. `identity`: that of its bytes.
    pub(crate) fn decide(
        &self,
        record: &Record,
        text: &[u8],
        identity: [u8; 16],
        key: Option<&PseudonymKey>,
    ) -> Decision {
        let mut decision = Decision::NONE;
        for (index, rule) in self.rules.iter().enumerate() {
            let has_action = rule.action.is_some() && decision.by.is_none();
            let changes = rule.changes_fields();
            if !has_action && !changes {
                continue;
            }
            let condition = rule.condition.as_ref();
            if condition.is_some_and(|condition| !condition.fits(record, text)) {
                continue;
            }
            if has_action && let Some(action) = &rule.action {
                decision.by = Some(rule.place);
                match action {
                    ActiveAction::Keep => {}
                    ActiveAction::Drop => {
                        decision.is_dropped = true;
                        return decision;
                    }
                    ActiveAction::Sample(sample, samples_security) => {
                        if *samples_security || !self.security.acted(record, text) {
                            if !sample.has(record, text, identity, key) {
                                decision.is_dropped = true;
                                return decision;
                            }
                            decision.sample_rate = Some(sample.label.clone());
                        }
                    }
                }
            }
            if changes {
                decision.changes.push(index);
            }
        }
        decision
    }

    /// Makes the changes; the record's places are those in the new text. `spare`: memory for it.
    pub(crate) fn change(
        &self,
        decision: &Decision,
        record: &mut Record,
        text: &[u8],
        key: Option<&PseudonymKey>,
        spare: Vec<u8>,
    ) -> Changed {
        let mut changed = Changed {
            spare,
            ..Changed::default()
        };
        let mut edits = Edits::default();
        for rule in decision.changes.iter().filter_map(|of| self.rules.get(*of)) {
            if !rule.joins {
                changed.apply(&mut edits, record, text);
            }
            let before = edits.len();
            let now = changed.text.take();
            let given = Given {
                record,
                text: now.as_deref().unwrap_or(text),
                key,
            };
            rule.edit(self.dataset, &given, &mut edits, &mut changed);
            changed.text = now;
            if edits.len() > before {
                changed.by.push(rule.place);
            }
        }
        changed.apply(&mut edits, record, text);
        changed
    }
}

impl Decision {
    /// No rule has to say anything.
    pub(crate) const NONE: Self = Self {
        by: None,
        is_dropped: false,
        sample_rate: None,
        changes: Vec::new(),
    };

    /// Whether the record's fields change.
    pub(crate) fn changes_fields(&self) -> bool {
        !self.changes.is_empty()
    }
}

impl ActiveRule {
    fn new(place: usize, rule: &Rule, dataset: &Dataset, hashed: &mut Vec<RowId>) -> Self {
        let mut active = Self {
            place,
            condition: rule.condition.as_ref().map(|of| of.of(dataset)),
            action: rule.action.as_ref().map(|action| match action {
                Action::Keep => ActiveAction::Keep,
                Action::Drop => ActiveAction::Drop,
                Action::Sample {
                    rate,
                    by,
                    samples_security,
                } => ActiveAction::Sample(
                    Sample::new(*rate, by.as_deref(), dataset),
                    *samples_security,
                ),
            }),
            fields: Vec::new(),
            classes: Vec::new(),
            query: rule.query.clone(),
            joins: false,
        };
        for (name, treatment) in &rule.fields {
            let class = CLASSES.iter().find(|(class, _)| class == name);
            let fields = match class {
                Some((_, class)) => rows_of_class(dataset, *class),
                None => {
                    // A dotted name is one of ECS first: `source.ip` is no member of `Source`.
                    let targets = rows_of_target(dataset, name);
                    match targets.is_empty() {
                        true => vec![Field::new(dataset, name)],
                        false => targets,
                    }
                }
            };
            if *treatment == Treatment::Hash {
                let rows = fields.iter().filter(|field| field.path.is_empty());
                hashed.extend(rows.filter_map(|field| match field.place {
                    Place::Row(row) => Some(row),
                    Place::Unknown(_) => None,
                }));
            }
            match class {
                Some((_, class)) => active.classes.push((*class, fields, *treatment)),
                None => {
                    let fields = fields.into_iter().map(|field| (field, *treatment));
                    active.fields.extend(fields);
                }
            }
        }
        active
    }

    fn changes_fields(&self) -> bool {
        !self.fields.is_empty() || !self.classes.is_empty() || self.query.is_some()
    }

    /// Whether it does the same behind the changes of other rules as beside them: each changes rows of
    /// its own, and parameters of query strings are masked last, since every text may have some.
    fn is_apart(&self, others: &[&mut Self]) -> bool {
        let rows = |rule: &Self| {
            let rows = rule.fields.iter().map(|(field, _)| match &field.place {
                Place::Row(row) if field.path.is_empty() => Some(*row),
                _ => None,
            });
            let rows = rows.collect::<Option<Vec<_>>>();
            rows.filter(|_| rule.classes.is_empty())
        };
        let Some(own) = rows(self) else {
            return false;
        };
        others.iter().all(|other| {
            other.query.is_none()
                && rows(other).is_some_and(|rows| !rows.iter().any(|row| own.contains(row)))
        })
    }

    fn edit(&self, dataset: &Dataset, given: &Given<'_>, edits: &mut Edits, changed: &mut Changed) {
        let Given { record, text, key } = *given;
        for (field, treatment) in &self.fields {
            treat(field, *treatment, dataset, given, edits, changed);
        }
        for (class, fields, treatment) in &self.classes {
            for field in fields {
                treat(field, *treatment, dataset, given, edits, changed);
            }
            for (index, value) in record.values.iter().enumerate() {
                let row = RowId::new(index);
                let is_known =
                    |field: &Field| field.path.is_empty() && field.place == Place::Row(row);
                if fields.iter().any(is_known) {
                    continue;
                }
                let treated = treatment.class(*class, value, text, key, edits);
                changed.note(Some(row), treated);
            }
            for unknown in &record.unknown {
                let treated = treatment.class(*class, &unknown.value, text, key, edits);
                changed.note(None, treated);
            }
        }
        if let Some(query) = &self.query {
            query.mask(record, text, edits);
        }
    }
}

impl Changed {
    /// Makes the changes, of which there may be none.
    fn apply(&mut self, edits: &mut Edits, record: &mut Record, text: &[u8]) {
        if edits.len() > 0 {
            let mut written = core::mem::take(&mut self.spare);
            let text = self.text.as_deref().unwrap_or(text);
            core::mem::take(edits).apply(record, text, &mut written);
            self.spare = self.text.replace(written).unwrap_or_default();
        }
    }

    fn note(&mut self, row: Option<RowId>, treated: Option<Treated>) {
        let Some(treated) = treated.filter(|treated| *treated != Treated::Fit) else {
            return;
        };
        self.has_pseudonym |= treated == Treated::Hashed;
        let Some(row) = row else {
            return;
        };
        match self.rows.iter_mut().find(|(known, _)| *known == row) {
            // A later rule's: what is masked after it was hashed is no pseudonym.
            Some(known) => known.1 = treated,
            None => self.rows.push((row, treated)),
        }
    }
}

/// Treats a field, or a member of one.
fn treat(
    field: &Field,
    treatment: Treatment,
    dataset: &Dataset,
    given: &Given<'_>,
    edits: &mut Edits,
    changed: &mut Changed,
) {
    let Given { record, text, key } = *given;
    for (index, unknown) in record.unknown.iter().enumerate() {
        let name = unknown.name.of(text);
        let is_whole = match &field.place {
            Place::Row(_) => field.path.is_empty() && field.is_another(dataset, name),
            Place::Unknown(of) => of.as_bytes().eq_ignore_ascii_case(name),
        };
        if is_whole && treatment == Treatment::Remove {
            edits.remove_unknown(index);
        } else if is_whole {
            let treated = treatment.value(&unknown.value, text, key, edits);
            changed.note(None, treated);
        } else if field.is_another(dataset, name) {
            field.each_below(&unknown.value, text, &mut |value| {
                let treated = treat_member(treatment, value, given, edits);
                changed.note(None, treated);
            });
        }
    }
    match &field.place {
        Place::Row(row) if field.path.is_empty() => {
            let value = record.value(*row);
            if treatment != Treatment::Remove {
                let treated = treatment.value(value, text, key, edits);
                changed.note(Some(*row), treated);
            } else if value.kind != ValueKind::Missing {
                edits.remove_row(*row);
            }
        }
        _ => field.each(record, text, &mut |value: &Value| {
            let treated = treat_member(treatment, value, given, edits);
            changed.note(None, treated);
        }),
    }
}

/// Treats a member of an object.
fn treat_member(
    treatment: Treatment,
    value: &Value,
    given: &Given<'_>,
    edits: &mut Edits,
) -> Option<Treated> {
    match treatment {
        Treatment::Remove => {
            edits.add(nothing(value.json_span()));
            None
        }
        _ => treatment.value(value, given.text, given.key, edits),
    }
}

/// A record, and the key for its pseudonyms.
#[derive(Clone, Copy)]
struct Given<'a> {
    record: &'a Record,
    text: &'a [u8],
    key: Option<&'a PseudonymKey>,
}
