//! What words mean, remembered.

use crate::convert::finding::CheckResult;

/// Words looked up lately: a field has few values, and a list of words up to a hundred.
#[derive(Debug, Default)]
pub(crate) struct WordCache {
    entries: Vec<WordEntry>,
}

impl WordCache {
    /// A power of two. 256 entries of 72 bytes are 18 KB.
    const PLACES: usize = 256;

    /// What `look_up` says of a word, which check number `step` asks for.
    pub(crate) fn get(
        &mut self,
        step: usize,
        bytes: &[u8],
        look_up: impl FnOnce() -> (CheckResult, &'static str),
    ) -> (CheckResult, &'static str) {
        if bytes.len() > WordEntry::MAX {
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

#[derive(Clone, Debug)]
struct WordEntry {
    step: u16,
    len: u8,
    /// The word as it came; longer ones are looked up each time.
    theirs: [u8; Self::MAX],
    ours: Option<(CheckResult, &'static str)>,
}

impl WordEntry {
    const MAX: usize = 40;
    const FREE: Self = Self {
        step: 0,
        len: 0,
        theirs: [0; Self::MAX],
        ours: None,
    };
}
