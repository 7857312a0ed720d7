//! To whom an upload is owed. That is decided once, when it is stored, and kept with it: what is
//! configured later changes nothing about it.

use core::slice;

use serde::{Deserialize, Serialize};

/// The destination that the flat settings describe.
pub const DEFAULT: &str = "default";

/// In the place of a name where the destinations are not decided yet: whoever handles the upload first
/// decides by its configuration.
pub const UNDECIDED: &str = "*";

/// The name of the custom metadata of an upload's object that holds the list.
pub const METADATA: &str = "owed";

/// The destinations of one upload, by name. No name is in it twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Owed {
    names: Vec<String>,
}

impl Owed {
    /// A list of names; those that come again are left out.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut owed = Self { names: Vec::new() };
        for name in names {
            owed.add(&name.into());
        }
        owed
    }

    /// Not decided yet.
    #[must_use]
    pub fn undecided() -> Self {
        Self::new([UNDECIDED])
    }

    /// Reads the metadata of an object; without any it is owed to the one default destination.
    #[must_use]
    pub fn from_metadata(text: Option<&str>) -> Self {
        match text {
            Some(text) => Self::new(text.split(',').filter(|name| !name.is_empty())),
            None => Self::default(),
        }
    }

    /// The metadata that hold the list; nothing for the default.
    #[must_use]
    pub fn metadata(&self) -> Option<String> {
        (*self != Self::default()).then(|| self.names.join(","))
    }

    /// Adds a name.
    pub fn add(&mut self, name: &str) {
        if !self.has(name) {
            self.names.push(name.to_owned());
        }
    }

    /// Whether the upload is owed to `name`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|other| other == name)
    }

    /// Whether it is owed to nobody else.
    #[must_use]
    pub fn is_only(&self, name: &str) -> bool {
        self.names == [name]
    }

    /// Whether somebody has yet to decide.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.has(UNDECIDED)
    }

    /// Whether it is owed to nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The names, in the order in which they were given.
    pub fn iter(&self) -> slice::Iter<'_, String> {
        self.names.iter()
    }
}

impl Default for Owed {
    fn default() -> Self {
        Self::new([DEFAULT])
    }
}

impl From<Vec<String>> for Owed {
    fn from(names: Vec<String>) -> Self {
        Self::new(names)
    }
}

impl From<Owed> for Vec<String> {
    fn from(owed: Owed) -> Self {
        owed.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_from_the_metadata_that_hold_it() {
        for (names, text) in [
            (&["default"][..], None),
            (&["siem"], Some("siem")),
            (&["default", "archive"], Some("default,archive")),
            (&["*"], Some("*")),
        ] {
            let owed = Owed::new(names.iter().copied());
            assert_eq!(owed.metadata().as_deref(), text);
            assert_eq!(Owed::from_metadata(text), owed);
        }
        assert!(Owed::from_metadata(Some("")).is_empty());
        assert!(Owed::undecided().is_undecided());
        assert_eq!(Owed::new(["a", "b", "a"]), Owed::new(["a", "b"]));
    }
}
