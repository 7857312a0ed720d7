//! What the steps of the consumer share.

use core::time::Duration;

use logpush_delivery::backoff;
use logpush_delivery::work_item::WorkItem;
use logpush_normalizer::Dataset;
use serde_json::json;

use crate::bindings::Bindings;
use crate::config::Target;
use crate::consumer::journal::UploadJournal;
use crate::ledger::Ledger;
use crate::log::{self, Level};
use crate::pipeline;
use crate::send::{Delivery, DeliveryError, Upload};

/// Everything that a message is handled with.
pub(super) struct Consumer<'a> {
    pub(super) bindings: &'a Bindings,
    pub(super) ledger: Ledger,
    pub(super) target: Target<'a>,
}

/// What to do with a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is dealt with.
    Ack,
    /// It comes again after a while.
    Retry(Duration),
    /// Its upload goes on at once in another invocation.
    Continue,
}

/// How long to wait where R2 fails.
pub(super) const WAIT_FOR_STORAGE: Duration = Duration::from_secs(30);

impl Consumer<'_> {
    /// Opens the deliveries of an upload that arrived at `arrived`.
    pub(super) fn delivery(
        &self,
        id: &str,
        dataset: Option<&'static Dataset>,
        arrived: u64,
    ) -> Result<Delivery, DeliveryError> {
        let upload = Upload {
            id,
            dataset,
            arrival: pipeline::arrival(arrived),
        };
        Delivery::open(&self.target, upload, Some(&self.ledger))
    }

    /// How long a lease holds: twice what may pass between two signs of life, which are one batch's
    /// retries and its last request.
    pub(super) fn lease(&self) -> u64 {
        let retry = self.target.setup.retry;
        2 * millis(retry.timeout + retry.budget)
    }

    /// How long to wait before the next attempt; longer with each one that got nothing done.
    pub(super) fn redelivery_wait(&self, journal: &UploadJournal) -> Duration {
        let failures = if journal.has_progress() {
            1
        } else {
            journal.attempts
        };
        let retry = self.target.setup.retry;
        let (base, max) = (retry.redelivery_base, retry.redelivery_max);
        backoff::redelivery(base, failures, max, js_sys::Math::random())
    }
}

/// R2 has failed: the message comes again.
pub(super) fn wait_for_storage(error: &worker::Error, item: &WorkItem) -> Decision {
    log_problem(Level::Warn, &format!("R2 fails: {error}"), Some(&item.key));
    Decision::Retry(jittered(WAIT_FOR_STORAGE))
}

pub(super) fn jittered(full: Duration) -> Duration {
    backoff::jittered(full, js_sys::Math::random())
}

pub(super) fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

pub(super) fn log_problem(level: Level, problem: &str, key: Option<&str>) {
    log::write(level, "consumer", json!({ "error": problem, "key": key }));
}
