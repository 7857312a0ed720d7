//! The time.

use worker::Date;

/// Milliseconds since 1970. The runtime's clock stands still between two waits for I/O.
pub(crate) fn now_millis() -> u64 {
    Date::now().as_millis()
}
