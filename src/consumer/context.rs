//! What the steps of the consumer share.

use core::time::Duration;
use std::rc::Rc;

use logpush_delivery::backoff;
use logpush_delivery::configuration::setup::Ingest;
use logpush_delivery::owed::Owed;
use logpush_delivery::work_item::WorkItem;
use logpush_normalizer::Dataset;
use serde_json::json;
use thiserror::Error;

use crate::bindings::Bindings;
use crate::config::Target;
use crate::consumer::journal::UploadJournal;
use crate::ledger::Ledger;
use crate::log::{self, Level};
use crate::passage::Passage;
use crate::pipeline;
use crate::send::{Delivery, DeliveryError, Upload};

/// Everything that a work item is handled with.
pub(super) struct Consumer<'a> {
    pub(super) bindings: &'a Bindings,
    pub(super) ledger: &'a Ledger,
    pub(super) ingest: &'a Ingest,
    /// The name of the destination.
    pub(super) to: &'a str,
    pub(super) target: Result<Target<'a>, Absent>,
    /// To whom the upload is owed, if that was not decided before.
    pub(super) undecided: Option<Owed>,
    /// Where there are several destinations.
    pub(super) passage: Option<Rc<Passage>>,
}

/// Why there is no destination to deliver to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Absent {
    /// The operator has taken it out of the configuration.
    #[error("the destination {0} is not configured any more")]
    Removed(String),
    /// Something is wrong with its configuration.
    #[error("{0}")]
    Wrong(String),
    /// No destination takes the dataset.
    #[error("no destination takes {0}")]
    Unrouted(String),
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

/// Waits of uploads whose destination is not configured: the first one, and the longest.
const WITHOUT_TARGET: Duration = Duration::from_secs(60);
const WITHOUT_TARGET_MAX: Duration = Duration::from_secs(3_600);

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
        let target = self.target.as_ref();
        let target = target.map_err(|absent| DeliveryError::NotConfigured(absent.to_string()))?;
        let upload = Upload {
            destination: self.to,
            id,
            dataset,
            arrival: pipeline::arrival(arrived),
        };
        let passage = self.passage.clone();
        Delivery::open(target, upload, Some(self.ledger), passage)
    }

    /// How long a lease holds: twice what may pass between two signs of life, which are one batch's
    /// retries and its last request.
    pub(super) fn lease(&self) -> u64 {
        let last = self.target.as_ref().map_or(WITHOUT_TARGET, |target| {
            target.setup.retry.timeout + target.setup.retry.budget
        });
        2 * millis(last)
    }

    /// How long to wait before the next attempt; longer with each one that got nothing done.
    pub(super) fn redelivery_wait(&self, journal: &UploadJournal) -> Duration {
        let failures = if journal.has_progress() {
            1
        } else {
            journal.attempts
        };
        let (base, max) = match &self.target {
            Ok(target) => {
                let retry = target.setup.retry;
                (retry.redelivery_base, retry.redelivery_max)
            }
            Err(_) => (WITHOUT_TARGET, WITHOUT_TARGET_MAX),
        };
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
