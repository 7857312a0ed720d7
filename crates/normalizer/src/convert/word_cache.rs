//! What words mean, remembered.

/// Words looked up lately: a field has few values, and a list of words up to a hundred.
#[derive(Debug)]
pub(crate) struct WordCache<V> {
    entries: Vec<WordEntry<V>>,
}

impl<V> Default for WordCache<V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

impl<V: Copy> WordCache<V> {
    /// A power of two. 256 entries of 72 bytes are 18 KB.
    const PLACES: usize = 256;

    /// What `look_up` says of a word, which check number `step` asks for.
    pub(crate) fn get(&mut self, step: usize, bytes: &[u8], look_up: impl FnOnce() -> V) -> V {
        if bytes.len() > WORD_MAX {
            return look_up();
        }
        if self.entries.is_empty() {
            self.entries.resize(Self::PLACES, WordEntry::FREE);
        }
        let ends = bytes.first().copied().unwrap_or_default() as usize
            + 7 * bytes.last().copied().unwrap_or_default() as usize;
        let place = (31 * step + ends + 3 * bytes.len()) % Self::PLACES;
        let Some(entry) = self.entries.get_mut(place) else {
            return look_up();
        };
        if let Some(ours) = entry.ours
            && usize::from(entry.step) == step
            && usize::from(entry.len) == bytes.len()
            && entry.theirs.iter().zip(bytes).all(|(a, b)| a == b)
        {
            return ours;
        }
        let ours = look_up();
        entry.step = step as u16;
        entry.len = bytes.len() as u8;
        for (place, byte) in entry.theirs.iter_mut().zip(bytes) {
            *place = *byte;
        }
        entry.ours = Some(ours);
        ours
    }
}

/// Bytes of the longest word that is remembered.
const WORD_MAX: usize = 40;

#[derive(Clone, Debug)]
struct WordEntry<V> {
    step: u16,
    len: u8,
    /// The word as it came; longer ones are looked up each time.
    theirs: [u8; WORD_MAX],
    ours: Option<V>,
}

impl<V> WordEntry<V> {
    const FREE: Self = Self {
        step: 0,
        len: 0,
        theirs: [0; WORD_MAX],
        ours: None,
    };
}
