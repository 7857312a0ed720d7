//! Settings of destinations: data, which the reader of the configuration, the tables of the
//! documentation and the command line share.

use core::fmt;

/// One setting of a kind of destination.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// In the table of a destination. The variable of the same meaning has the kind before it, in
    /// upper case: `url` of `http` is `HTTP_URL`.
    pub name: &'static str,
    /// What holds where it is not set; nothing where it need be set, or is left out.
    pub default: Option<&'static str>,
    /// Which values it takes.
    pub accepts: Type,
    /// Whether its value is never shown, and belongs in a secret.
    pub secret: bool,
    /// What it is.
    pub about: &'static str,
}

/// Which values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// Any text.
    Text,
    /// A URL that documents may be sent to.
    Url,
    /// A JSON object of header names and texts.
    Headers,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// The values of the settings of one destination.
pub struct Values<'a> {
    prefix: &'a str,
    read: &'a dyn Fn(&str) -> Option<String>,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its name.
    pub setting: &'static str,
    /// What is wrong, to be read behind the name. Never a value of a secret.
    pub words: String,
}

impl<'a> Values<'a> {
    /// `read` gives the values of variables, which begin with `prefix`.
    #[must_use]
    pub fn new(prefix: &'a str, read: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { prefix, read }
    }

    /// The value of a setting; an empty one is none.
    #[must_use]
    pub fn get(&self, setting: &str) -> Option<String> {
        let value = (self.read)(&self.variable(setting))?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// The value that a dataset has of its own, or that of all.
    #[must_use]
    pub fn of_dataset(&self, setting: &str, dataset: Option<&str>) -> Option<String> {
        dataset
            .and_then(|dataset| self.get(&format!("{setting}_{dataset}")))
            .or_else(|| self.get(setting))
    }

    /// The variable of a setting.
    #[must_use]
    pub fn variable(&self, setting: &str) -> String {
        format!("{}_{}", self.prefix, setting.to_ascii_uppercase())
    }
}

impl Problem {
    /// `words` follow on the setting's name.
    pub fn new(setting: &'static str, words: impl Into<String>) -> Self {
        Self {
            setting,
            words: words.into(),
        }
    }
}

impl fmt::Debug for Values<'_> {
    /// Without the values.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Values({}_*)", self.prefix)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.setting, self.words)
    }
}
