//! When a shard reports to the overview: after an outcome, once a minute at most.

use core::cell::Cell;

/// What the overview does not know yet. Cells, since a report is sent while the shard goes on.
#[derive(Debug, Default)]
pub(crate) struct Reporting {
    /// Since when there is something to report, in milliseconds since 1970.
    owed_since: Cell<Option<u64>>,
    /// When the last report was sent, in milliseconds since 1970.
    sent_at: Cell<u64>,
    /// Whether an alarm will send the next one.
    has_alarm: Cell<bool>,
}

/// What an outcome asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Now,
    /// An alarm in so many milliseconds.
    Later(u64),
    /// An alarm is set already.
    Nothing,
}

const MINUTE: u64 = 60_000;

/// A shard reports once in this time at most: all 592 together then ask the overview ten times a second.
const EVERY: u64 = MINUTE;

/// How long to wait with a report that could not be sent.
pub(crate) const AGAIN: u64 = 5 * MINUTE;

impl Reporting {
    /// The shard has woken up. Uploads that wait have been reported, or should have been.
    pub(crate) fn woke_up(&self, has_waiting: bool) {
        self.owed_since.set(has_waiting.then_some(0));
    }

    /// Something has changed.
    pub(crate) fn changed(&self, now: u64) {
        let since = self.owed_since.get().unwrap_or(now);
        self.owed_since.set(Some(since));
    }

    /// Whether a change waits for its outcome, which usually comes in a moment, for too long.
    pub(crate) fn is_late(&self, now: u64) -> bool {
        let since = self.owed_since.get();
        since.is_some_and(|since| now >= since + EVERY)
    }

    /// An upload has come to an outcome.
    pub(crate) fn after_outcome(&self, now: u64) -> Due {
        let due = self.sent_at.get() + EVERY;
        if now >= due {
            Due::Now
        } else if self.has_alarm.get() {
            Due::Nothing
        } else {
            Due::Later(due - now)
        }
    }

    /// A report is being sent.
    pub(crate) fn sent(&self, now: u64) {
        self.owed_since.set(None);
        self.sent_at.set(now);
    }

    /// The report of `now` did not arrive; `true` where an alarm must be set for it.
    pub(crate) fn lost(&self, now: u64) -> bool {
        self.owed_since.set(Some(now));
        !self.has_alarm.get()
    }

    pub(crate) fn set_alarm(&self, is_set: bool) {
        self.has_alarm.set(is_set);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_778_574_600_000;

    #[test]
    fn outcomes_are_reported_once_a_minute() {
        let reporting = Reporting::default();
        assert_eq!(reporting.after_outcome(NOW), Due::Now);
        reporting.sent(NOW);
        assert_eq!(reporting.after_outcome(NOW + 20_000), Due::Later(40_000));
        reporting.set_alarm(true);
        assert_eq!(reporting.after_outcome(NOW + 30_000), Due::Nothing);
        assert_eq!(reporting.after_outcome(NOW + EVERY), Due::Now);
    }

    #[test]
    fn a_change_without_an_outcome_is_reported_after_a_minute() {
        let reporting = Reporting::default();
        assert!(!reporting.is_late(NOW));
        reporting.changed(NOW);
        reporting.changed(NOW + 50_000);
        for (after, expected) in [(0, false), (59_999, false), (60_000, true)] {
            assert_eq!(reporting.is_late(NOW + after), expected, "{after}");
        }
        reporting.sent(NOW + 60_000);
        assert!(!reporting.is_late(NOW + 600_000));
    }

    #[test]
    fn a_shard_that_wakes_up_with_a_backlog_reports_it() {
        for has_waiting in [false, true] {
            let reporting = Reporting::default();
            reporting.woke_up(has_waiting);
            assert_eq!(reporting.is_late(NOW), has_waiting);
        }
    }

    #[test]
    fn a_lost_report_is_owed_again() {
        let reporting = Reporting::default();
        reporting.sent(NOW);
        assert!(reporting.lost(NOW));
        reporting.set_alarm(true);
        assert!(!reporting.lost(NOW));
        assert!(reporting.is_late(NOW + EVERY));
    }
}
