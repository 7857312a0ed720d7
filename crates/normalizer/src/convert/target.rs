//! A word of the tables: a conversion, and the field of the document that takes its result.

use crate::convert::check::{Check, Form};
use crate::convert::check::{Coverage, Words};
use crate::convert::url::Role;

/// A conversion, and the ECS field that takes its result.
///
/// Where the ECS field is a list (`event.type`, `related.ip`), all rows that name it add to it,
/// each value once. Where it is not, the first row that has a value gives it; a later row's value,
/// if it is another one, is kept as `cloudflare.<Name>`. A value that does not convert leaves the
/// field out and is kept as `cloudflare.<Name>` too.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The ECS field; for [`inside`](crate::convert::member::inside) the way to the member.
    pub path: &'static str,
    /// The conversion on the way.
    pub conversion: &'static Conversion,
    pub(crate) task: Task,
}

/// A kind of conversion, as the tables name it.
#[derive(Debug)]
pub struct Conversion {
    /// The word of the tables.
    pub name: &'static str,
    /// What it accepts and gives, in the words of the pages.
    pub about: &'static str,
    /// The section of `docs/mapping.md` that explains it.
    pub section: Option<&'static str>,
    /// What it writes.
    pub(crate) outputs: &'static [Output],
    /// What it tells of the event's address, where it writes parts of that.
    pub(crate) role: Option<Role>,
}

impl Conversion {
    /// A conversion that writes nothing, to be completed.
    pub(crate) const BASE: Self = Self {
        name: "",
        about: "",
        section: None,
        outputs: &[],
        role: None,
    };
}

/// What a target asks of its row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    /// To check the value.
    Check(Check),
    /// To add up integers.
    Sum,
    /// To count the time since a field.
    Since(&'static str),
    /// To put the code of a region behind the country in a field.
    Region(&'static str),
    /// To make a point of a latitude and the longitude in a field.
    Location(&'static str),
    /// To convert a member of the value instead.
    Inside(&'static Target),
    /// To keep the value as it came.
    Keep,
    /// To say only that there was a value.
    Mask,
}

/// One field that a conversion writes.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) place: Place,
    pub(crate) form: Form,
    /// Whether its quotes are written around it.
    pub(crate) is_text: bool,
    /// The check that it needs, where that is not the target's.
    pub(crate) check: Option<Check>,
    /// Whether every other row that writes the field goes before.
    pub(crate) is_last: bool,
}

/// Which field, seen from the target's path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// The path itself.
    Path,
    /// A field of this name beside it: `url.port` beside `url.domain`.
    Beside(&'static str),
    /// A field of this name below it.
    Below(&'static str),
    /// Always this field.
    Field(&'static str),
}

impl Output {
    /// A text.
    pub(crate) const fn text(place: Place, form: Form) -> Self {
        Self {
            place,
            form,
            is_text: true,
            check: None,
            is_last: false,
        }
    }

    /// A number, or another value that has no quotes or brings them itself.
    pub(crate) const fn value(place: Place, form: Form) -> Self {
        Self {
            place,
            form,
            is_text: false,
            check: None,
            is_last: false,
        }
    }

    /// The same, behind every other row that writes the field.
    pub(crate) const fn last(self) -> Self {
        Self {
            is_last: true,
            ..self
        }
    }

    /// The field that it writes for a target with this path.
    pub(crate) fn field(&self, path: &str) -> String {
        match self.place {
            Place::Path => path.to_owned(),
            Place::Beside(name) => {
                let group = path.rsplit_once('.').map_or(path, |(group, _)| group);
                format!("{group}.{name}")
            }
            Place::Below(name) => format!("{path}.{name}"),
            Place::Field(field) => field.to_owned(),
        }
    }
}

impl Target {
    pub(crate) const fn check(
        path: &'static str,
        conversion: &'static Conversion,
        check: Check,
    ) -> Self {
        Self {
            path,
            conversion,
            task: Task::Check(check),
        }
    }

    /// The fields of a document that the target can write, with `cloudflare.` before those that
    /// are no part of ECS.
    #[must_use]
    pub fn fields(&self) -> Vec<String> {
        match self.task {
            Task::Keep | Task::Mask => vec![format!("cloudflare.{}", self.path)],
            Task::Inside(target) => target.fields(),
            Task::Sum | Task::Since(_) | Task::Region(_) | Task::Location(_) => {
                vec![self.path.to_owned()]
            }
            Task::Check(_) => {
                let outputs = self.conversion.outputs.iter();
                outputs.map(|output| output.field(self.path)).collect()
            }
        }
    }

    /// The name under `cloudflare` that the value has in any case.
    #[must_use]
    pub fn kept_name(&self) -> Option<&'static str> {
        matches!(self.task, Task::Keep | Task::Mask).then_some(self.path)
    }

    /// Whether the value is a secret.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        matches!(self.task, Task::Mask)
    }

    /// Whether the value is the time of the event.
    pub(crate) fn is_event_time(&self) -> bool {
        self.path == "@timestamp" && matches!(self.task, Task::Check(Check::Time))
    }

    /// The way to the member that is converted instead of the row, and its target.
    #[must_use]
    pub fn member(&self) -> Option<(&'static str, &'static Self)> {
        match self.task {
            Task::Inside(target) => Some((self.path, target)),
            _ => None,
        }
    }

    /// The field since which a time is counted.
    #[must_use]
    pub fn since(&self) -> Option<&'static str> {
        match self.task {
            Task::Since(field) => Some(field),
            _ => None,
        }
    }

    /// The words that the target compares with, and whether they are all that Cloudflare has.
    #[must_use]
    pub fn words(&self) -> Option<(Words, Coverage)> {
        match self.task {
            Task::Check(Check::Lookup(words, coverage) | Check::Code(words, coverage)) => {
                Some((words, coverage))
            }
            _ => None,
        }
    }

    /// The names of the types of DNS records that the target reads.
    #[must_use]
    pub fn record_types(&self) -> Option<Words> {
        match self.task {
            Task::Check(Check::Answers(types)) => Some(types),
            _ => None,
        }
    }
}
