//! Which values a setting takes, and what they are.

use std::collections::BTreeMap;

use logpush_normalizer::PrivateKeys;

use crate::password::{self, Passwords};
use crate::{header, url};

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

#[derive(Clone)]
pub(super) enum Value {
    Integer(u64),
    Flag(bool),
    Text(String),
    Headers(BTreeMap<String, String>),
    Ids(Vec<String>),
    PrivateKeys(PrivateKeys),
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

    pub(super) fn default_value(&self) -> Option<Value> {
        match *self {
            Self::Integer { default, .. } => Some(Value::Integer(default)),
            Self::Flag { default } => Some(Value::Flag(default)),
            _ => self.default().map(Value::Text),
        }
    }

    /// Reads a value that is there; the words say what is wrong, and repeat nothing of it.
    pub(super) fn parse(&self, text: &str) -> Result<Value, String> {
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
