//! `timestamp`, `since`: points in time.

use crate::bytes::text::for_pages;
use crate::bytes::writer::Writer;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::target::{Conversion, Output, Place, Target, Task};
use crate::convert::time::Time;

/// `timestamp("@timestamp")`
pub(crate) const fn timestamp(path: &'static str) -> Target {
    Target::check(path, &TIMESTAMP, Check::Time)
}

/// `since("event.duration", "EdgeStartTimestamp")`
pub(crate) const fn since(path: &'static str, field: &'static str) -> Target {
    Target {
        path,
        conversion: &SINCE,
        task: Task::Since(field),
    }
}

static TIMESTAMP: Conversion = Conversion {
    name: "timestamp",
    about: for_pages(
        "A point in time: Unix seconds, milliseconds, microseconds or nanoseconds, or RFC 3339. A zero in any of these forms (`0`, `1970-01-01T00:00:00Z`, `0001-01-01T00:00:00Z`) is none.",
    ),
    section: Some("time"),
    outputs: &[Output::text(Place::Path, Form::Time)],
    ..Conversion::BASE
};

static SINCE: Conversion = Conversion {
    name: "since",
    about: for_pages(
        "The time from another field's point in time to this one, in nanoseconds: `since(\"event.duration\", \"EdgeStartTimestamp\")`. The row keeps the time itself.",
    ),
    ..Conversion::BASE
};

pub(super) fn check_time(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    if input.may_be_number() {
        time(input.bytes(), finding)
    } else {
        CheckResult::Invalid
    }
}

pub(super) fn write_time(found: Found<'_>, writer: &mut Writer) -> bool {
    let Finding::Time(time) = found.finding else {
        return false;
    };
    time.write(writer);
    true
}

/// The nanoseconds between two points in time that were checked.
pub(crate) fn elapsed(from: &Finding, to: &Finding) -> Option<i64> {
    match (from, to) {
        (Finding::Time(from), Finding::Time(to)) => to.nanos_since(*from),
        _ => None,
    }
}

#[inline(never)]
fn time(bytes: &[u8], finding: &mut Finding) -> CheckResult {
    match Time::read(bytes) {
        Some(time) if time.is_zero() => CheckResult::Nothing,
        Some(time) => {
            *finding = Finding::Time(time);
            CheckResult::Found
        }
        None => CheckResult::Invalid,
    }
}
