//! The memory that uploads of an isolate hold while they are received.

use core::cell::Cell;

use thiserror::Error;

/// An upload's share of the isolate's memory, given back when it goes.
#[derive(Default)]
pub(crate) struct Held(usize);

/// The isolate has no room for more of an upload.
#[derive(Debug, Error)]
#[error("too many uploads at once: {held} bytes of them are in memory")]
pub(crate) struct Crowded {
    held: usize,
}

/// What all uploads that an isolate receives may hold in memory: four large ones and some small.
/// R2 copies what it is given, so that it may be twice that; with the batches on their way (24 MiB,
/// and as much again) it stays below the isolate's 128 MB.
const HELD_MAX: usize = 24 * 1024 * 1024;

thread_local! {
    /// What all uploads that the isolate receives hold in memory, in bytes.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

impl Held {
    /// Makes room for `bytes` in all.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Crowded> {
        let more = bytes.saturating_sub(self.0);
        let held = HELD.get();
        // One may always go: none would ever be stored otherwise.
        if held > self.0 && held + more > HELD_MAX {
            return Err(Crowded { held });
        }
        HELD.set(held + more);
        self.0 += more;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_upload_may_always_go_on_and_gives_all_back() {
        let mut one = Held::default();
        one.grow_to(HELD_MAX + 1).unwrap();
        let mut other = Held::default();
        assert_eq!(other.grow_to(1).unwrap_err().held, HELD_MAX + 1);
        one.grow_to(HELD_MAX + 2).unwrap();
        drop(one);
        other.grow_to(HELD_MAX).unwrap();
        drop(other);
        assert_eq!(HELD.get(), 0);
    }
}
