//! The uploads of a shard that wait for a destination, in memory: counted once when the shard wakes up, and then with every
//! change. An index in the storage would cost rows for every upload.

use std::collections::BTreeSet;

use logpush_delivery::key::{self, SourceKind};
use logpush_delivery::state::State;

/// The uploads that wait.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) uploads: u64,
    pub(crate) bytes: u64,
    pub(crate) records: u64,
    /// By arrival. The oldest of those that wait, and not always all.
    oldest: BTreeSet<(u64, String)>,
}

/// Oldest uploads that are remembered. When they are done, the storage is asked for the next.
const REMEMBERED: usize = 256;

/// Whether an upload is stored and owed. A dead letter that is replayed is not, nor is the row for the
/// content of an upload in several parts, which is delivered under another identity.
pub(crate) fn waits(id: &str, state: &State) -> bool {
    if state.finished.is_some() {
        return false;
    }
    match key::parse(&state.key).map(|source| source.kind) {
        Some(SourceKind::Upload { id: own, .. }) => own == id,
        Some(SourceKind::Logpush) => true,
        Some(SourceKind::DeadLetter) | None => false,
    }
}

impl Waiting {
    /// Counts an upload that the storage has.
    pub(crate) fn found(&mut self, id: &str, state: &State) {
        if waits(id, state) {
            self.add(state);
            self.remember(id, state);
        }
    }

    /// Counts the change of an upload.
    ///
    /// `after`: nothing where its row is gone.
    pub(crate) fn changed(&mut self, id: &str, before: Option<&State>, after: Option<&State>) {
        let before = before.filter(|state| waits(id, state));
        // Uploads that are not remembered are newer than those that are.
        let mut is_old = self.oldest.len() as u64 == self.uploads;
        if let Some(before) = before {
            self.uploads = self.uploads.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(before.bytes);
            self.records = self.records.saturating_sub(before.records_known());
            is_old |= self.oldest.remove(&(before.arrived, id.to_owned()));
        }
        if let Some(after) = after.filter(|state| waits(id, state)) {
            self.add(after);
            if is_old {
                self.remember(id, after);
            }
        }
    }

    /// Whether the storage must be asked for the oldest: [`Self::recall`] takes them.
    pub(crate) fn is_unsure(&self) -> bool {
        self.uploads > 0 && self.oldest.is_empty()
    }

    /// Remembers an upload that the storage has. They may come in any order.
    pub(crate) fn recall(&mut self, id: &str, state: &State) {
        if waits(id, state) {
            self.remember(id, state);
        }
    }

    /// The identities of the oldest.
    pub(crate) fn oldest(&self, count: usize) -> Vec<String> {
        let oldest = self.oldest.iter().take(count);
        oldest.map(|(_, id)| id.clone()).collect()
    }

    fn add(&mut self, state: &State) {
        self.uploads += 1;
        self.bytes += state.bytes;
        self.records += state.records_known();
    }

    fn remember(&mut self, id: &str, state: &State) {
        self.oldest.insert((state.arrived, id.to_owned()));
        if self.oldest.len() > REMEMBERED {
            self.oldest.pop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> String {
        format!("{n:032x}")
    }

    fn arrived(n: u64) -> State {
        State::arrived(&key::upload("firewall_events", n, &id(n), true), n, 10, 1)
    }

    fn finished(n: u64) -> State {
        let mut state = arrived(n);
        state.finish(n, None);
        state
    }

    #[test]
    fn what_is_no_upload_that_is_owed_does_not_wait() {
        let ours = arrived(1);
        assert!(waits(&id(1), &ours));
        assert!(!waits(&id(2), &ours), "the content of several parts");
        assert!(!waits(&id(1), &finished(1)));
        for (key, expected) in [
            ("logpush/firewall_events/20260524/a.gz", true),
            ("other/x", false),
        ] {
            assert_eq!(waits("0", &State::arrived(key, 1, 1, 1)), expected, "{key}");
        }
        let dead_letter = key::dead_letter("firewall_events", 1, &id(1), 0, "default", "upload");
        assert!(!waits(&id(1), &State::arrived(&dead_letter, 1, 1, 1)));
    }

    #[test]
    fn the_oldest_are_known_however_many_wait() {
        let mut waiting = Waiting::default();
        for n in 1..=1_000 {
            waiting.changed(&id(n), None, Some(&arrived(n)));
        }
        // An attempt that changes nothing of it.
        waiting.changed(&id(1), Some(&arrived(1)), Some(&arrived(1)));
        assert_eq!(
            (waiting.uploads, waiting.bytes, waiting.records),
            (1_000, 10_000, 1_000)
        );
        assert_eq!(waiting.oldest(2), [id(1), id(2)]);
        for n in 1..=256 {
            waiting.changed(&id(900), Some(&arrived(900)), Some(&arrived(900)));
            waiting.changed(&id(n), Some(&arrived(n)), Some(&finished(n)));
        }
        assert!(waiting.is_unsure());
        for n in (257..=1_000).rev() {
            waiting.recall(&id(n), &arrived(n));
        }
        assert_eq!(waiting.oldest(1), [id(257)]);
        for n in 257..=1_000 {
            waiting.changed(&id(n), Some(&arrived(n)), Some(&finished(n)));
        }
        assert_eq!((waiting.uploads, waiting.bytes, waiting.records), (0, 0, 0));
        assert!(!waiting.is_unsure());
    }
}
