//! The clocks. The core has none: what it knows of time, it is told from here.

use std::time::Instant;

use logpush_normalizer::Time;

/// For durations.
#[allow(
    clippy::disallowed_methods,
    reason = "this is never compiled for wasm32, where it would trap"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The time of records that carry no readable time of their own.
pub(crate) fn arrival() -> Time {
    Time::from_unix_millis(chrono::Utc::now().timestamp_millis())
}

/// The time of day, to tell how long ago something was.
pub(crate) fn utc() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}
