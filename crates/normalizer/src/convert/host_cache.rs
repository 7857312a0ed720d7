//! A memory of host names, and of what was found out about them.

use xxhash_rust::xxh3::xxh3_64;

use crate::bytes::same;

/// A name has 253 bytes at most, and a port six: a longer text is taken as it is.
pub(super) const LONGEST: usize = 260;

/// Host names seen lately: the names of a zone repeat from record to record.
#[derive(Debug)]
pub(super) struct HostCache<T> {
    entries: Vec<(Vec<u8>, T)>,
    split: fn(&[u8]) -> T,
}

/// A place for each of the low bits of the name's hash. 1,024 names of 30 bytes are 70 KB.
const PLACES: usize = 1024;

impl<T: Copy + Default> HostCache<T> {
    pub(super) fn new(split: fn(&[u8]) -> T) -> Self {
        Self {
            entries: Vec::new(),
            split,
        }
    }

    /// The parts of `text`; looked up again only for a name that is new or was displaced.
    pub(super) fn host(&mut self, text: &[u8]) -> T {
        if text.len() > LONGEST {
            return (self.split)(text);
        }
        if self.entries.is_empty() {
            self.entries.resize_with(PLACES, Default::default);
        }
        let place = xxh3_64(text) as usize % PLACES;
        let Some((name, host)) = self.entries.get_mut(place) else {
            return (self.split)(text);
        };
        if !same(name, text) {
            *host = (self.split)(text);
            name.clear();
            name.extend_from_slice(text);
        }
        *host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_answers_as_what_it_spares_does() {
        let split = |text: &[u8]| (text.len(), text.last().copied());
        let mut cache = HostCache::new(split);
        for number in (0..5000).chain(0..5000) {
            let text = format!("host{number}.example.co.uk:{}", number % 3);
            assert_eq!(cache.host(text.as_bytes()), split(text.as_bytes()));
        }
    }
}
