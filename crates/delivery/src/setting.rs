//! A setting as data: its name, the values that it takes, and the one reader for all of them.
//!
//! [`settings`](crate::settings) has the table.

use core::fmt;
use core::ops::RangeInclusive;
use std::collections::BTreeMap;

use logpush_normalizer::PrivateKeys;

use crate::password::{self, Passwords};
use crate::{header, url};

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

/// Which values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Accepts {
    /// An integer from `least` to `most`.
    Integer {
        /// If it is not set.
        default: u64,
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// `true` or `false`.
    Flag {
        /// If it is not set.
        default: bool,
    },
    /// One of these words; the first, if it is not set.
    OneOf(&'static [&'static str]),
    /// Any text.
    Text,
    /// A text that a header can carry.
    HeaderValue,
    /// A JSON object of header names and texts.
    Headers,
    /// A URL that [`url::check`] allows.
    Url {
        /// If it is not set.
        default: Option<&'static str>,
    },
    /// Cloudflare's ids, separated by commas.
    Ids,
    /// One or two passwords, separated by a comma.
    Passwords,
    /// Private keys of X25519 in base64, separated by commas.
    PrivateKeys,
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

/// The values of settings that were read together.
#[derive(Default)]
pub struct Values {
    values: Vec<(&'static str, Value)>,
}

/// Values, and what is wrong with those that are not among them.
#[derive(Debug, Default)]
pub struct Reading {
    /// A wrong value is replaced by the default.
    pub values: Values,
    /// All that is wrong.
    pub problems: Vec<Problem>,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The variable or the secret.
    pub name: String,
    /// What is wrong, to be read behind the name. Never a value of a secret.
    pub words: String,
}

#[derive(Clone)]
enum Value {
    Integer(u64),
    Flag(bool),
    Text(String),
    Headers(BTreeMap<String, String>),
    Ids(Vec<String>),
    PrivateKeys(PrivateKeys),
}

/// Reads settings, for one dataset or for no particular one.
#[must_use]
pub fn read(settings: &'static [Setting], dataset: Option<&str>, lookup: &Lookup<'_>) -> Reading {
    let mut reading = Reading::default();
    reading.add(settings, dataset, lookup);
    reading
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
    fn read(&self, dataset: Option<&str>, lookup: &Lookup<'_>) -> Result<Option<Value>, Problem> {
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

impl Accepts {
    /// The value that holds if none is set, as text.
    #[must_use]
    pub fn default(&self) -> Option<String> {
        match self {
            Self::Integer { default, .. } => Some(default.to_string()),
            Self::Flag { default } => Some(default.to_string()),
            Self::OneOf(words) => words.first().map(|&word| word.to_owned()),
            Self::Url { default } => default.map(str::to_owned),
            Self::Text
            | Self::HeaderValue
            | Self::Headers
            | Self::Ids
            | Self::Passwords
            | Self::PrivateKeys => None,
        }
    }

    /// The values, for a reader; words to be typed stand in backquotes.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Integer { least, most, .. } => format!("{least} to {most}"),
            Self::Flag { default } => format!("`{default}`, `{}`", !default),
            Self::OneOf(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                words.join(", ")
            }
            Self::Text | Self::HeaderValue => "text".to_owned(),
            Self::Headers => "JSON object of texts".to_owned(),
            Self::Url { .. } => "`https://` URL".to_owned(),
            Self::Ids => "ids, separated by commas".to_owned(),
            Self::Passwords => format!(
                "at least {} characters; two, separated by a comma",
                password::LENGTH_MIN
            ),
            Self::PrivateKeys => "base64 of 32 bytes; several, separated by commas".to_owned(),
        }
    }

    /// Checks a value that is there.
    ///
    /// # Errors
    ///
    /// What is wrong, to be read behind the name of the setting. Nothing of the value itself.
    pub fn check(&self, text: &str) -> Result<(), String> {
        self.parse(text).map(|_| ())
    }

    /// A value that is accepted, where the real one is not known.
    #[must_use]
    pub fn placeholder(&self) -> String {
        self.default().unwrap_or_else(|| {
            match self {
                Self::Headers => "{}",
                Self::Url { .. } => "https://placeholder.example",
                Self::Ids => "0",
                _ => "placeholder-placeholder",
            }
            .to_owned()
        })
    }

    fn default_value(&self) -> Option<Value> {
        match *self {
            Self::Integer { default, .. } => Some(Value::Integer(default)),
            Self::Flag { default } => Some(Value::Flag(default)),
            _ => self.default().map(Value::Text),
        }
    }

    /// Reads a value that is there; the words say what is wrong, and repeat nothing of it.
    fn parse(&self, text: &str) -> Result<Value, String> {
        let as_text = || Value::Text(text.to_owned());
        match *self {
            Self::Integer { least, most, .. } => match text.parse() {
                Ok(number) if (least..=most).contains(&number) => Ok(Value::Integer(number)),
                _ => Err(format!("is not an integer from {least} to {most}")),
            },
            Self::Flag { .. } => text
                .parse()
                .map(Value::Flag)
                .map_err(|_| "is neither true nor false".to_owned()),
            Self::OneOf(words) if words.contains(&text) => Ok(as_text()),
            Self::OneOf([one, other]) => Err(format!("is neither {one} nor {other}")),
            Self::OneOf(words) => Err(format!("is none of {}", words.join(", "))),
            Self::Text => Ok(as_text()),
            Self::HeaderValue if header::is_value(text) => Ok(as_text()),
            Self::HeaderValue => Err("has a character that a header cannot carry".to_owned()),
            Self::Headers => header::read(text).map(Value::Headers),
            Self::Url { .. } => match url::check(text) {
                Ok(()) => Ok(as_text()),
                Err(words) => Err(words.to_owned()),
            },
            Self::Ids => read_ids(text),
            Self::Passwords => match Passwords::parse(text) {
                Ok(_) => Ok(as_text()),
                Err(words) => Err(words.to_owned()),
            },
            Self::PrivateKeys => match PrivateKeys::parse(text) {
                Ok(keys) => Ok(Value::PrivateKeys(keys)),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

impl Reading {
    /// Reads more settings.
    pub fn add(
        &mut self,
        settings: &'static [Setting],
        dataset: Option<&str>,
        lookup: &Lookup<'_>,
    ) {
        for setting in settings {
            let value = setting.read(dataset, lookup).unwrap_or_else(|problem| {
                self.problems.push(problem);
                None
            });
            let value = value.or_else(|| setting.accepts.default_value());
            let value = value.map(|value| (setting.name, value));
            self.values.values.extend(value);
        }
    }

    /// The values, or all that is wrong.
    ///
    /// # Errors
    ///
    /// Where anything is wrong.
    pub fn finish(self) -> Result<Values, Vec<Problem>> {
        if self.problems.is_empty() {
            Ok(self.values)
        } else {
            Err(self.problems)
        }
    }
}

/// Each is asked for a setting that was read, with the type that the table gives it.
impl Values {
    /// An integer.
    #[must_use]
    pub fn integer(&self, name: &str) -> u64 {
        match self.get(name) {
            Some(Value::Integer(number)) => *number,
            _ => self.not_read(name),
        }
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Flag(flag)) => *flag,
            _ => self.not_read(name),
        }
    }

    /// A word of several.
    #[must_use]
    pub fn word(&self, name: &str) -> &str {
        match self.text(name) {
            Some(word) => word,
            None => self.not_read(name),
        }
    }

    /// A text of any kind, if it is set and right, or has a default.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            _ => self.not_read(name),
        }
    }

    /// Headers; none, if they are not set.
    #[must_use]
    pub fn headers(&self, name: &str) -> BTreeMap<String, String> {
        match self.get(name) {
            Some(Value::Headers(headers)) => headers.clone(),
            None => BTreeMap::new(),
            Some(_) => self.not_read(name),
        }
    }

    /// Ids; none, if they are not set.
    #[must_use]
    pub fn ids(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(Value::Ids(ids)) => ids,
            None => &[],
            Some(_) => self.not_read(name),
        }
    }

    /// Private keys; none, if they are not set.
    #[must_use]
    pub fn private_keys(&self, name: &str) -> PrivateKeys {
        match self.get(name) {
            Some(Value::PrivateKeys(keys)) => keys.clone(),
            None => PrivateKeys::default(),
            Some(_) => self.not_read(name),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let found = self.values.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| value)
    }

    /// What is asked for is not in the table, or of another type there.
    fn not_read<T: Default>(&self, name: &str) -> T {
        debug_assert!(false, "{name} is not read as a setting of this type");
        T::default()
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

impl fmt::Debug for Values {
    /// Without the values: secrets are among them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.values.iter().map(|(name, _)| name);
        formatter.debug_set().entries(names).finish()
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

/// They stand in paths of Cloudflare's API.
fn read_ids(text: &str) -> Result<Value, String> {
    let ids: Vec<String> = text
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect();
    let are_ids = ids
        .iter()
        .flat_map(|id| id.bytes())
        .all(|byte| byte.is_ascii_alphanumeric());
    if ids.is_empty() || !are_ids {
        return Err(
            "has something that is not an id: ids are letters and digits, separated by commas"
                .to_owned(),
        );
    }
    Ok(Value::Ids(ids))
}

#[cfg(test)]
mod tests {
    use super::*;

    static SETTINGS: &[Setting] = &[
        Setting::integer("NUMBER", 5, 1..=9, ""),
        Setting::new("FLAG", Accepts::Flag { default: true }, ""),
        Setting::new("WORD", Accepts::OneOf(&["a", "b"]), ""),
        Setting::new("WORDS", Accepts::OneOf(&["a", "b", "c"]), ""),
        Setting::new("TEXT", Accepts::Text, ""),
        Setting::new("HEADER", Accepts::HeaderValue, ""),
        Setting::new("HEADERS", Accepts::Headers, "").secret(),
        Setting::new("URL", Accepts::Url { default: None }, ""),
        Setting::new("IDS", Accepts::Ids, ""),
        Setting::new("PASSWORDS", Accepts::Passwords, "").secret(),
        Setting::new("KEY", Accepts::Text, "")
            .required()
            .secret()
            .by_dataset(),
    ];

    fn reading(values: &[(&str, &str)], dataset: Option<&str>) -> Reading {
        read(SETTINGS, dataset, &|name| {
            let value = values.iter().find(|(other, _)| *other == name);
            value.map(|(_, value)| Given::Text((*value).to_owned()))
        })
    }

    #[test]
    fn what_is_not_set_has_its_default() {
        let Reading { values, problems } = reading(&[("KEY", "k"), ("NUMBER", "  ")], None);
        assert_eq!(problems, []);
        assert_eq!(values.integer("NUMBER"), 5);
        assert!(values.flag("FLAG"));
        assert_eq!(values.word("WORD"), "a");
        assert_eq!(values.text("TEXT"), None);
        assert!(values.headers("HEADERS").is_empty() && values.ids("IDS").is_empty());
    }

    #[test]
    fn what_is_set_is_read() {
        let set = [
            ("NUMBER", " 9 "),
            ("FLAG", "false"),
            ("WORD", "b"),
            ("HEADERS", r#"{"a":"b"}"#),
            ("URL", "https://siem.example"),
            ("IDS", "0a, 0b,"),
            ("KEY", "k"),
        ];
        let values = reading(&set, None).finish().unwrap();
        assert_eq!(values.integer("NUMBER"), 9);
        assert!(!values.flag("FLAG"));
        assert_eq!(values.word("WORD"), "b");
        assert_eq!(values.headers("HEADERS")["a"], "b");
        assert_eq!(values.text("URL"), Some("https://siem.example"));
        assert_eq!(values.ids("IDS"), ["0a", "0b"]);
    }

    #[test]
    fn what_a_dataset_has_of_its_own_wins() {
        let set = [("KEY", "all"), ("KEY_DNS_LOGS", "dns")];
        for (dataset, expected) in [
            (None, "all"),
            (Some("dns_logs"), "dns"),
            (Some("http_requests"), "all"),
        ] {
            let values = reading(&set, dataset).finish().unwrap();
            assert_eq!(values.text("KEY"), Some(expected), "{dataset:?}");
        }
    }

    #[test]
    fn wrong_values_are_named_and_not_repeated() {
        for (name, value, expected) in [
            ("NUMBER", "0", "is not an integer from 1 to 9"),
            ("NUMBER", "10", "is not an integer from 1 to 9"),
            ("NUMBER", "-1", "is not an integer from 1 to 9"),
            ("NUMBER", "1.5", "is not an integer from 1 to 9"),
            (
                "NUMBER",
                "99999999999999999999",
                "is not an integer from 1 to 9",
            ),
            ("FLAG", "yes-please", "is neither true nor false"),
            ("WORD", "c-word", "is neither a nor b"),
            ("WORDS", "d-word", "is none of a, b, c"),
            (
                "HEADER",
                "line\nbreak",
                "has a character that a header cannot carry",
            ),
            (
                "HEADERS",
                "Bearer",
                "is not a JSON object of header names and texts",
            ),
            ("URL", "ftp://host", "is not an https:// URL"),
            (
                "IDS",
                "../..",
                "has something that is not an id: ids are letters and digits, separated by commas",
            ),
            (
                "IDS",
                ",",
                "has something that is not an id: ids are letters and digits, separated by commas",
            ),
            (
                "PASSWORDS",
                "guessable",
                "has a secret of less than 16 characters",
            ),
        ] {
            let Reading { values, problems } = reading(&[("KEY", "k"), (name, value)], None);
            assert_eq!(problems, [Problem::new(name, expected)], "{value}");
            assert!(
                value.len() < 4 || !problems[0].words.contains(value),
                "{value}"
            );
            assert!(!matches!(values.get(name), Some(Value::Text(text)) if text == value));
        }
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let found = reading(&[("NUMBER", "x"), ("URL", "x")], Some("dns_logs")).problems;
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "NUMBER is not an integer from 1 to 9",
                "URL is not an https:// URL",
                "KEY is not set, and KEY_DNS_LOGS is not either",
            ]
        );
        assert_eq!(
            reading(&[], None).problems,
            [Problem::new("KEY", "is not set")]
        );
    }

    #[test]
    fn an_object_is_not_taken_for_absent() {
        for setting in SETTINGS {
            let Reading { problems, .. } = read(SETTINGS, None, &|name| match name {
                _ if name == setting.name => Some(Given::Object("{}".to_owned())),
                "KEY" => Some(Given::Text("k".to_owned())),
                _ => None,
            });
            let [problem] = &problems[..] else {
                panic!("{}: {problems:?}", setting.name);
            };
            assert_eq!(problem.name, setting.name);
            assert!(problem.words.starts_with("is a table, a list or a binding"));
        }
    }

    #[test]
    fn nothing_shows_a_value() {
        let reading = reading(&[("KEY", "s3cret"), ("TEXT", "s3cret")], None);
        let shown = format!("{reading:?} {:?}", Given::Text("s3cret".to_owned()));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
