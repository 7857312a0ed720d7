//! What is drawn out of a value where ECS has another form for it: objects of its own, and texts for
//! the lists of what is related.

/// What a conversion draws out of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extract {
    /// A JSON array of objects; empty where the conversion makes none.
    pub(crate) objects: String,
    /// Texts, each once, as they stand between the quotes of JSON.
    pub(crate) texts: Vec<String>,
    /// Addresses, each once.
    pub(crate) addresses: Vec<String>,
    /// Whether the value has nothing that is not in `objects`.
    pub(crate) is_whole: bool,
}

/// Texts that are drawn out: an alert has a few, hostile records have thousands.
const TEXTS_MAX: usize = 64;

impl Extract {
    /// Adds a text that is not there yet, as long as there is room.
    pub(crate) fn add(&mut self, text: &str) {
        if self.texts.len() < TEXTS_MAX && !self.texts.iter().any(|known| known == text) {
            self.texts.push(text.to_owned());
        }
    }

    /// Adds an address that is not there yet, as long as there is room.
    pub(crate) fn add_address(&mut self, address: &str) {
        let is_known = self.addresses.iter().any(|known| known == address);
        if self.addresses.len() < TEXTS_MAX && !is_known {
            self.addresses.push(address.to_owned());
        }
    }
}
