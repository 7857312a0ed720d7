//! A link of the chain and its state.

use chrono::TimeDelta;
use serde::Serialize;

use crate::terminal::printable;

/// One link of the chain.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Link {
    pub(crate) name: &'static str,
    pub(crate) mark: Mark,
    pub(crate) text: String,
    pub(crate) hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mark {
    Ok,
    /// It works, but needs attention.
    Warn,
    /// It is broken: nothing arrives, or nothing will soon.
    Fail,
    /// It was not tested.
    Skip,
}

impl Link {
    pub(crate) fn ok(name: &'static str, text: impl Into<String>) -> Self {
        Self::new(name, Mark::Ok, text.into(), None)
    }

    pub(crate) fn warn(
        name: &'static str,
        text: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::new(name, Mark::Warn, text.into(), Some(hint.into()))
    }

    pub(crate) fn fail(
        name: &'static str,
        text: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::new(name, Mark::Fail, text.into(), Some(hint.into()))
    }

    pub(crate) fn skip(name: &'static str, text: impl Into<String>) -> Self {
        Self::new(name, Mark::Skip, text.into(), None)
    }

    fn new(name: &'static str, mark: Mark, text: String, hint: Option<String>) -> Self {
        Self {
            name,
            mark,
            text: printable(&text),
            hint: hint.map(|hint| printable(&hint)),
        }
    }
}

/// An age as text, in one unit.
pub(crate) fn rough(age: TimeDelta) -> String {
    match age.num_seconds().max(0) {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7_200 => format!("{} min", seconds / 60),
        seconds @ ..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_rounded_down_to_one_unit() {
        for (seconds, text) in [
            (-5, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_200, "2 h"),
            (172_800, "2 days"),
        ] {
            assert_eq!(rough(TimeDelta::seconds(seconds)), text);
        }
    }

    #[test]
    fn a_link_shows_no_control_characters() {
        let link = Link::fail("worker", "two\nlines", "\u{1b}[2J");
        assert_eq!(link.text, "two lines");
        assert_eq!(link.hint.as_deref(), Some(" [2J"));
    }
}
