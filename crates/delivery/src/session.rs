//! What a destination remembers.

use core::fmt;
use std::collections::BTreeMap;

use crate::Millis;

/// What a destination remembers between parts: a token until it expires, a channel, what was odd
/// about the last answer. The shell keeps it as long as it likes; a destination works without.
///
/// Parts that are under way at the same time share it. Where one of them is asking for a token, its
/// note says so, and the others wait instead of asking as well.
#[derive(Default)]
pub struct Session {
    notes: BTreeMap<&'static str, Note>,
}

/// What a conversation about one part remembers between its requests: how far it is, and what
/// it was told, as the number of an acknowledgement or the tags of pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// How far it is: 0 at the beginning. What the others mean is the destination's business.
    pub stage: u32,
    /// What it was told.
    pub notes: Vec<String>,
}

struct Note {
    text: String,
    until: Option<Millis>,
}

impl Session {
    /// A note that has not expired.
    #[must_use]
    pub fn get(&self, name: &str, now: Millis) -> Option<&str> {
        self.notes
            .get(name)
            .filter(|note| note.until.is_none_or(|until| now < until))
            .map(|note| note.text.as_str())
    }

    /// Takes a note, for good or until a time, in the place of one of the same name.
    pub fn put(&mut self, name: &'static str, text: String, until: Option<Millis>) {
        self.notes.insert(name, Note { text, until });
    }

    /// Drops a note.
    pub fn forget(&mut self, name: &str) {
        self.notes.remove(name);
    }
}

impl fmt::Debug for Session {
    /// Without the texts: tokens are secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.notes.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_expire_and_are_not_shown() {
        let mut session = Session::default();
        session.put("token", "s3cret".to_owned(), Some(100));
        session.put("channel", "c".to_owned(), None);
        assert_eq!(session.get("token", 99), Some("s3cret"));
        assert_eq!(session.get("token", 100), None);
        assert_eq!(session.get("channel", u64::MAX), Some("c"));
        assert!(!format!("{session:?}").contains("s3cret"));
        session.forget("channel");
        assert_eq!(session.get("channel", 0), None);
    }
}
