//! The reader of settings, and the values that it has read.

use core::fmt;
use std::collections::BTreeMap;

use logpush_normalizer::PrivateKeys;

use crate::setting::accepts::Value;
use crate::setting::row::{Lookup, Problem, Setting};

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

/// Reads settings, for one dataset or for no particular one.
#[must_use]
pub fn read(settings: &'static [Setting], dataset: Option<&str>, lookup: &Lookup<'_>) -> Reading {
    let mut reading = Reading::default();
    reading.add(settings, dataset, lookup);
    reading
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

impl fmt::Debug for Values {
    /// Without the values: secrets are among them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.values.iter().map(|(name, _)| name);
        formatter.debug_set().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::accepts::Accepts;
    use crate::setting::row::Given;

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
