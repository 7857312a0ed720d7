//! What a conversion extracts from a value: objects in the form of ECS, and texts for the `related`
//! lists.

/// What a conversion extracts from a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extract {
    /// A JSON array of objects; empty where the conversion makes none.
    pub(crate) objects: String,
    /// Texts, each once, in the form that they have between JSON's quotes.
    pub(crate) texts: Vec<String>,
    /// Addresses, each once.
    pub(crate) addresses: Vec<String>,
    /// Whether the value has nothing that is not in `objects`.
    pub(crate) is_whole: bool,
}

/// Most texts that are extracted: an alert has a few, hostile records have thousands.
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
