//! How much of all uploads of the isolate is on its way to destinations at once.

use core::cell::Cell;

/// Bytes of batches that all uploads of the isolate together may have on their way.
///
/// The isolate's 128 MB are for wasm and JavaScript together. Eight uploads at once hold this, as
/// much again in copies, and each a batch in the making (2 MB) and its window.
const BYTES_MAX: usize = 24 * 1024 * 1024;

thread_local! {
    /// What all uploads of the isolate have on their way, in bytes.
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

/// Whether an upload that has `own` batches on their way must wait for one of them before it sends
/// another of `bytes` bytes.
///
/// One may always go: an upload cannot wait for another one's, which belong to another request.
pub(crate) fn is_crowded(own: usize, in_flight: usize, bytes: usize) -> bool {
    own >= in_flight || (own > 0 && BYTES.get() + bytes > BYTES_MAX)
}

/// Counts bytes as long as it lives.
pub(crate) struct Counted(usize);

impl Counted {
    pub(crate) fn new(bytes: usize) -> Self {
        BYTES.set(BYTES.get() + bytes);
        Self(bytes)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        BYTES.set(BYTES.get().saturating_sub(self.0));
    }
}
