//! `where`: Logpush's own filter, on any field.

use serde_json::{Map, Value as Json};

use crate::mapping::Dataset;
use crate::record::{Record, Value, ValueKind};
use crate::rules::field::{Field, Place};
use crate::rules::nearest::perhaps;
use crate::rules::problem::Problems;
use crate::rules::scalar::{Number, bytes_of};

/// A condition; `K` says what a field is: its name, or its place in the records of a dataset.
#[derive(Clone, Debug)]
pub(crate) enum Condition<K> {
    Compare {
        key: K,
        operator: Operator,
        /// Whether the comparison must not hold.
        is_negated: bool,
        operands: Vec<Operand>,
    },
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// An operator of Logpush's, without the `!` that negates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Lt,
    Leq,
    Gt,
    Geq,
    StartsWith,
    EndsWith,
    Contains,
    In,
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    text: String,
    /// The number that it is, whether or not it is written as a text.
    number: Option<Number>,
}

/// Comparisons of a condition: Logpush's own limit is about 30.
const COMPARISONS_MAX: usize = 100;

/// Conditions inside each other.
const DEPTH_MAX: usize = 16;

const OPERATORS: [(&str, Operator); 9] = [
    ("eq", Operator::Eq),
    ("lt", Operator::Lt),
    ("leq", Operator::Leq),
    ("gt", Operator::Gt),
    ("geq", Operator::Geq),
    ("startsWith", Operator::StartsWith),
    ("endsWith", Operator::EndsWith),
    ("contains", Operator::Contains),
    ("in", Operator::In),
];

impl Condition<String> {
    /// Reads a condition; nothing where it has problems, which are noted.
    pub(crate) fn read(json: &Json, problems: &mut Problems) -> Option<Self> {
        let mut count = 0;
        Self::read_at(json, DEPTH_MAX, &mut count, problems)
    }

    fn read_at(
        json: &Json,
        depth: usize,
        count: &mut usize,
        problems: &mut Problems,
    ) -> Option<Self> {
        let Json::Object(members) = json else {
            problems.error(
                "`where` is a table: `key`, `operator` and `value`, or `and` or `or` with a list of such tables",
            );
            return None;
        };
        if depth == 0 {
            problems.error(format!("`where` is deeper than {DEPTH_MAX} levels"));
            return None;
        }
        let (name, list) = match (members.len(), members.iter().next()) {
            (1, Some((name, list))) if name == "and" || name == "or" => (name, list),
            _ => return Self::read_comparison(members, count, problems),
        };
        let Some(list) = list.as_array().filter(|list| !list.is_empty()) else {
            problems.error(format!("`{name}` is a list of conditions, at least one"));
            return None;
        };
        let read: Vec<_> = list
            .iter()
            .map(|json| Self::read_at(json, depth - 1, count, problems))
            .collect();
        let read = read.into_iter().collect::<Option<Vec<_>>>()?;
        Some(match name == "and" {
            true => Self::All(read),
            false => Self::Any(read),
        })
    }

    fn read_comparison(
        members: &Map<String, Json>,
        count: &mut usize,
        problems: &mut Problems,
    ) -> Option<Self> {
        *count += 1;
        if *count == COMPARISONS_MAX + 1 {
            problems.error(format!(
                "`where` has more than {COMPARISONS_MAX} comparisons"
            ));
        }
        for name in members.keys() {
            if !matches!(name.as_str(), "key" | "operator" | "value") {
                problems.error(format!(
                    "`where` has `{name}`: a comparison has `key`, `operator` and `value`; `and` and `or` stand alone in their table"
                ));
                return None;
            }
        }
        let text = |name: &str| members.get(name).and_then(Json::as_str);
        let Some(key) = text("key").filter(|key| !key.is_empty()) else {
            problems.error("`where` needs `key`, the name of a field");
            return None;
        };
        let Some(written) = text("operator") else {
            problems.error(format!("the comparison of `{key}` needs an `operator`"));
            return None;
        };
        let plain = written.strip_prefix('!').unwrap_or(written);
        let known = OPERATORS.iter().find(|(name, _)| *name == plain);
        let Some((_, operator)) = known else {
            let names = OPERATORS.map(|(name, _)| name);
            let near = perhaps(plain, names.into_iter());
            problems.error(format!(
                "`{written}` is no operator{near}: Logpush has {}, and each with `!` before it",
                names.join(", ")
            ));
            return None;
        };
        let operands =
            Self::read_operands(key, written, *operator, members.get("value"), problems)?;
        Some(Self::Compare {
            key: key.to_owned(),
            operator: *operator,
            is_negated: written.starts_with('!'),
            operands,
        })
    }

    fn read_operands(
        key: &str,
        written: &str,
        operator: Operator,
        value: Option<&Json>,
        problems: &mut Problems,
    ) -> Option<Vec<Operand>> {
        let Some(value) = value else {
            problems.error(format!("the comparison of `{key}` needs a `value`"));
            return None;
        };
        let operands = match (operator, value) {
            (Operator::In, Json::Array(list)) if !list.is_empty() => {
                list.iter().map(Operand::read).collect()
            }
            (Operator::In, _) => None,
            _ => Operand::read(value).map(|operand| vec![operand]),
        };
        let fits = |operand: &Operand| match operator {
            Operator::Lt | Operator::Leq | Operator::Gt | Operator::Geq => operand.number.is_some(),
            Operator::StartsWith | Operator::EndsWith | Operator::Contains => {
                !operand.text.is_empty() && !value.is_boolean()
            }
            Operator::Eq | Operator::In => true,
        };
        let operands = operands.filter(|operands| operands.iter().all(fits));
        if operands.is_none() {
            let wanted = match operator {
                Operator::In => "a list of texts, numbers or booleans, at least one",
                Operator::Eq => "a text, a number or a boolean",
                Operator::StartsWith | Operator::EndsWith | Operator::Contains => {
                    "a text that is not empty"
                }
                _ => "a number",
            };
            problems.error(format!(
                "`{written}` compares `{key}` with {wanted}, and never fits {value}"
            ));
        }
        operands
    }

    /// The names of the fields in it.
    pub(crate) fn keys<'a>(&'a self, keys: &mut Vec<&'a str>) {
        match self {
            Self::Compare { key, .. } => keys.push(key),
            Self::All(list) | Self::Any(list) => list.iter().for_each(|inner| inner.keys(keys)),
        }
    }

    /// The same condition on the records of a dataset.
    pub(crate) fn of(&self, dataset: &Dataset) -> Condition<Field> {
        match self {
            Self::Compare {
                key,
                operator,
                is_negated,
                operands,
            } => Condition::Compare {
                key: Field::new(dataset, key),
                operator: *operator,
                is_negated: *is_negated,
                operands: operands.clone(),
            },
            Self::All(list) => Condition::All(list.iter().map(|inner| inner.of(dataset)).collect()),
            Self::Any(list) => Condition::Any(list.iter().map(|inner| inner.of(dataset)).collect()),
        }
    }
}

impl Condition<Field> {
    /// Whether the record fits.
    pub(crate) fn fits(&self, record: &Record, text: &[u8]) -> bool {
        match self {
            Self::Compare {
                key,
                operator,
                is_negated,
                operands,
            } => compare(key, *operator, operands, record, text) != *is_negated,
            Self::All(list) => list.iter().all(|inner| inner.fits(record, text)),
            Self::Any(list) => list.iter().any(|inner| inner.fits(record, text)),
        }
    }
}

/// Whether any value of the field compares; where it has none, whether the empty text does.
fn compare(
    field: &Field,
    operator: Operator,
    operands: &[Operand],
    record: &Record,
    text: &[u8],
) -> bool {
    if let Place::Row(row) = &field.place
        && field.path.is_empty()
    {
        let value = record.value(*row);
        if value.kind != ValueKind::Nested {
            return compare_one(operator, operands, value, text);
        }
    }
    let (mut found, mut fits) = (false, false);
    field.each(record, text, &mut |value| {
        found = true;
        fits = fits || compare_one(operator, operands, value, text);
    });
    match found {
        true => fits,
        false => compare_one(operator, operands, &Value::default(), text),
    }
}

fn compare_one(operator: Operator, operands: &[Operand], value: &Value, text: &[u8]) -> bool {
    if value.kind == ValueKind::Nested {
        return false;
    }
    // Of a record's text, which is valid, bytes compare as characters do.
    let plain = bytes_of(value, text);
    let plain = plain.as_ref();
    match operator {
        Operator::Eq | Operator::In => operands.iter().any(|operand| {
            operand.text.as_bytes() == plain
                || operand
                    .number
                    .is_some_and(|number| Number::read(plain) == Some(number))
        }),
        Operator::StartsWith | Operator::EndsWith | Operator::Contains => {
            let mut texts = operands.iter().map(|operand| operand.text.as_bytes());
            texts.any(|text| match operator {
                Operator::StartsWith => plain.starts_with(text),
                Operator::EndsWith => plain.ends_with(text),
                _ => memchr::memmem::find(plain, text).is_some(),
            })
        }
        Operator::Lt | Operator::Leq | Operator::Gt | Operator::Geq => {
            let Some(number) = Number::read(plain) else {
                return false;
            };
            let mut limits = operands.iter().filter_map(|operand| operand.number);
            limits.any(|limit| match operator {
                Operator::Lt => number < limit,
                Operator::Leq => number <= limit,
                Operator::Gt => number > limit,
                _ => number >= limit,
            })
        }
    }
}

impl Operand {
    fn read(json: &Json) -> Option<Self> {
        let text = match json {
            Json::String(text) => text.clone(),
            Json::Number(number) => number.to_string(),
            Json::Bool(is_true) => is_true.to_string(),
            _ => return None,
        };
        Some(Self {
            number: Number::read(text.as_bytes()),
            text,
        })
    }
}
