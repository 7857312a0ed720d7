//! One setting, and what stands under its name.

use core::fmt;
use core::ops::RangeInclusive;

use crate::setting::accepts::{Accepts, Value};

/// One setting, read from a variable or a secret of the Worker.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The variable or the secret. Those of a kind of destination begin with the kind: `HTTP_URL`.
    pub name: &'static str,
    /// What a table of `DESTINATIONS` calls it, if not by its name without the kind's.
    pub key: Option<&'static str>,
    /// Which values it takes, and which one holds if it is not set.
    pub accepts: Accepts,
    /// Whether it must be set.
    pub is_required: bool,
    /// Whether its value is never shown, and belongs in a secret.
    pub is_secret: bool,
    /// Whether a dataset may have its own, `NAME_<DATASET>`, which wins.
    pub is_by_dataset: bool,
    /// What it is, as the documentation says it.
    pub about: &'static str,
}

/// Gives what stands under a name in the environment.
pub type Lookup<'a> = dyn Fn(&str) -> Option<Given> + 'a;

/// What stands under a name.
#[derive(Clone, PartialEq, Eq)]
pub enum Given {
    /// A text, or what became one: a number, a boolean.
    Text(String),
    /// A table or a list of `wrangler.toml`, or a binding, as JSON.
    Object(String),
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The variable or the secret.
    pub name: String,
    /// What is wrong, to be read behind the name. Never a value of a secret.
    pub words: String,
}

impl Setting {
    /// An integer of a range.
    #[must_use]
    pub const fn integer(
        name: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
        about: &'static str,
    ) -> Self {
        let accepts = Accepts::Integer {
            default,
            least: *range.start(),
            most: *range.end(),
        };
        Self::new(name, accepts, about)
    }

    /// A setting that may be left out, and is no secret.
    #[must_use]
    pub const fn new(name: &'static str, accepts: Accepts, about: &'static str) -> Self {
        Self {
            name,
            key: None,
            accepts,
            is_required: false,
            is_secret: false,
            is_by_dataset: false,
            // The Worker's module leaves out what only the pages show.
            about: if cfg!(feature = "pages") { about } else { "" },
        }
    }

    /// The same, but it must be set.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// The same, but with a name of its own in a table of `DESTINATIONS`.
    #[must_use]
    pub const fn key(mut self, key: &'static str) -> Self {
        self.key = Some(key);
        self
    }

    /// The same, but as a secret.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    /// The same, but a dataset may have its own.
    #[must_use]
    pub const fn by_dataset(mut self) -> Self {
        self.is_by_dataset = true;
        self
    }

    /// The variable or secret that holds for one dataset alone.
    #[must_use]
    pub fn of_dataset(&self, dataset: &str) -> String {
        format!("{}_{}", self.name, dataset.to_ascii_uppercase())
    }

    /// Whether a variable or a secret is this one, or what a dataset has of its own instead.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        match name.strip_prefix(self.name) {
            Some("") => true,
            Some(dataset) => self.is_by_dataset && dataset.starts_with('_'),
            None => false,
        }
    }

    /// Reads a value; one that is not there gives nothing.
    pub(super) fn read(
        &self,
        dataset: Option<&str>,
        lookup: &Lookup<'_>,
    ) -> Result<Option<Value>, Problem> {
        let own = dataset
            .filter(|_| self.is_by_dataset)
            .map(|dataset| self.of_dataset(dataset));
        for name in own.iter().map(String::as_str).chain([self.name]) {
            let value = match text_of(name, lookup)? {
                Some(text) => self.accepts.parse(&text),
                None => continue,
            };
            return value.map(Some).map_err(|words| Problem::new(name, words));
        }
        match own {
            _ if !self.is_required => Ok(None),
            None => Err(Problem::new(self.name, "is not set")),
            Some(own) => Err(Problem::new(
                self.name,
                format!("is not set, and {own} is not either"),
            )),
        }
    }
}

impl Problem {
    /// `words` follow on the name.
    pub fn new(name: impl Into<String>, words: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            words: words.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.words)
    }
}

impl fmt::Debug for Given {
    /// Without the text, which may be secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::Object(_) => "Object(..)",
        })
    }
}

/// What is set under a name; an empty text is not.
fn text_of(name: &str, lookup: &Lookup<'_>) -> Result<Option<String>, Problem> {
    match lookup(name) {
        None => Ok(None),
        Some(Given::Text(text)) => {
            let text = text.trim();
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }
        Some(Given::Object(_)) => Err(Problem::new(
            name,
            "is a table, a list or a binding, where a text belongs: set it as one text, in quotes",
        )),
    }
}
