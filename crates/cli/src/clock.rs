//! The clocks. The core has none and is given the time from here.

use std::time::Instant;

use logpush_normalizer::Time;

/// The monotonic clock, for durations.
#[allow(
    clippy::disallowed_methods,
    reason = "it would trap on wasm32, for which this crate is never compiled"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The current time, for records without a readable time of their own.
pub(crate) fn arrival() -> Time {
    Time::from_unix_millis(chrono::Utc::now().timestamp_millis())
}

/// The current time, for the age of something.
pub(crate) fn utc() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}
