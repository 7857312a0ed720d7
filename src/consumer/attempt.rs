//! One attempt to deliver an upload: from where the last one got to, as far as this one gets.

use core::time::Duration;

use logpush_delivery::dead_letter::Kind as DeadKind;
use logpush_delivery::key::{self, Kind, Source};
use logpush_delivery::state::Holder;
use logpush_delivery::work_item::WorkItem;
use logpush_normalizer::{Dataset, UploadError, datasets};
use logpush_status::shard::UploadCounts;
use worker::{Bucket, Conditional, Object, ResponseBody, web_sys::ReadableStream};

use crate::body::{Announced, BodyError};
use crate::clock::now_millis;
use crate::consumer::journal::{JournalError, Opened, Opening, Subject, UploadJournal};
use crate::consumer::replay::REPLAYS_MAX;
use crate::consumer::{Consumer, Decision, WAIT_FOR_STORAGE, jittered, log_problem, millis};
use crate::dead_letters::about_of;
use crate::log::{self, Attempt, Level};
use crate::pipeline::{self, Deliveries, Pipeline, PipelineError};
use crate::send::{Counters, Delivery, DeliveryError};

/// Crashes in a row, without a record delivered in between, after which an upload is not tried again:
/// it takes the isolate, and what else is in it, down with it.
const CUT_SHORT_MAX: u32 = 10;

impl Consumer<'_> {
    /// Delivers what a work item names, as far as this attempt gets.
    pub(super) async fn deliver(&self, item: &WorkItem, holder: &Holder) -> Decision {
        let Some(source) = key::parse(&item.key) else {
            return Decision::Ack;
        };
        let etag = item.etag.as_deref().unwrap_or_default();
        let (id, arrived) = match &source.kind {
            Kind::Upload { id, arrival_millis } => (id.clone(), *arrival_millis),
            _ => (key::identity(&item.key, etag), 0),
        };
        let subject = Subject {
            dataset: source.dataset.clone(),
            id,
            key: item.key.clone(),
            arrived,
        };
        let started = now_millis();
        let deadline = started + millis(self.config.durable.invocation_max);
        let opening = Opening {
            bucket: &self.bindings.uploads,
            ledger: &self.ledger,
            subject,
            holder: holder.clone(),
            lease: self.lease(),
            deadline,
        };
        let mut journal = match opening.open().await {
            Ok(Opened::Go(journal)) => journal,
            Ok(Opened::Busy { until }) => {
                let wait = until.saturating_sub(now_millis());
                return Decision::Retry(Duration::from_millis(wait.max(1000)));
            }
            Ok(Opened::Finished { progress }) => {
                return match self.clean_up(item, progress).await {
                    Ok(()) => Decision::Ack,
                    Err(error) => wait_for_storage(&error, item),
                };
            }
            Err(error) => return wait_for_storage(&error, item),
        };
        match self.go_on(&source, item, &mut journal, started).await {
            Ok(decision) => decision,
            Err(error) => {
                // A lease that is not given back would count as a crash.
                let due = now_millis() + millis(WAIT_FOR_STORAGE);
                journal.fail(Some(error.to_string()), due).await;
                wait_for_storage(&error, item)
            }
        }
    }

    /// What is left of an upload that is finished.
    async fn clean_up(&self, item: &WorkItem, progress: String) -> worker::Result<()> {
        self.settle(item).await?;
        self.bindings.uploads.delete(progress).await
    }

    async fn go_on(
        &self,
        source: &Source,
        item: &WorkItem,
        journal: &mut UploadJournal,
        started: u64,
    ) -> worker::Result<Decision> {
        let Some(object) = get(&self.bindings.uploads, item).await? else {
            // Delivered by another message, or deleted by hand: there is nothing to deliver.
            log_problem(
                Level::Warn,
                "the object of a work item is gone",
                Some(&item.key),
            );
            journal.finish(None).await;
            journal.clean().await?;
            return Ok(Decision::Ack);
        };
        let Some(stream) = stream_of(&object) else {
            // Overwritten: the notification of the new content delivers that.
            journal.finish(None).await;
            return Ok(Decision::Ack);
        };
        let about = about_of(&object);
        match source.kind {
            Kind::Upload { .. } => {}
            Kind::Logpush => journal.subject.arrived = object.uploaded().as_millis(),
            Kind::DeadLetter => journal.subject.arrived = about.arrived,
        }
        if source.kind == Kind::DeadLetter {
            match about.kind {
                DeadKind::Documents => {
                    return self.replay(&object, about, journal, started).await;
                }
                DeadKind::Upload => journal.add(&about.done),
                DeadKind::Message => {
                    journal.finish(None).await;
                    return Ok(Decision::Ack);
                }
            }
        }
        let upload = Upload {
            source,
            item,
            object: &object,
        };
        self.run(&upload, stream, journal, started).await
    }

    /// Delivers an upload, and decides by what came of it.
    async fn run(
        &self,
        upload: &Upload<'_>,
        stream: ReadableStream,
        journal: &UploadJournal,
        started: u64,
    ) -> worker::Result<Decision> {
        let Upload {
            source,
            item,
            object,
        } = *upload;
        if journal.cut_short >= CUT_SHORT_MAX {
            let reason = format!(
                "its delivery was cut short {} times in a row, each time before a record was delivered",
                journal.cut_short
            );
            return self.bury(source, item, journal, &reason).await;
        }
        let Some(dataset) = datasets::by_name(&source.dataset) else {
            let reason = match source.dataset.as_str() {
                key::UNNAMED => {
                    "the key names no dataset: logpush/<dataset>/ was expected".to_owned()
                }
                name => format!("there is no dataset {name}"),
            };
            return self.bury(source, item, journal, &reason).await;
        };
        let arrived = journal.subject.arrived;
        let mut normalizer = pipeline::normalizer(&self.config, Some(dataset), arrived);
        let deliveries = Deliveries::new(|dataset| self.delivery(dataset, arrived));
        let pipeline = Pipeline {
            announced: Announced {
                bytes: Some(object.size()),
                // What is stored is taken, however the limit was changed since.
                limit: u64::MAX,
            },
            normalizer: &mut normalizer,
            in_flight: self.config.deliveries_in_flight,
            deliveries: &deliveries,
            journal,
        };
        let result = pipeline.run(Some(stream)).await;
        let summary = normalizer.summary();
        let now = now_millis();
        let decision = match &result {
            Ok(()) => {
                let counters = deliveries.counters();
                let counted = |of: fn(&Counters) -> u64| counters.map_or(0, of);
                let newest = summary.newest.map(|time| time.unix_millis().max(0) as u64);
                let counts = UploadCounts {
                    records: summary.records,
                    errors: summary.errors,
                    refused: counted(|counters| counters.refused.get()),
                    bytes: summary.bytes_received,
                    batches: counted(|counters| counters.batches.get()),
                    requests: counted(|counters| counters.requests.get()),
                    retries: counted(|counters| counters.retries.get()),
                    lag_ms: now.saturating_sub(newest.unwrap_or(journal.subject.arrived)),
                    unknown_fields: summary.unknown_fields.keys().cloned().collect(),
                };
                journal.finish(Some(counts)).await;
                self.settle(item).await?;
                journal.clean().await?;
                Decision::Ack
            }
            Err(error) => self.after_failure(source, item, journal, error).await?,
        };
        log::write_attempt(
            &normalizer,
            deliveries.counters(),
            &Attempt {
                key: &item.key,
                number: journal.attempts,
                done: journal.done().count(),
                dead_letters: journal.dead_letters(),
                error: result.err().map(|error| error.to_string()),
                retry_after: match &decision {
                    Decision::Retry(wait) => Some(*wait),
                    Decision::Continue => Some(Duration::ZERO),
                    Decision::Ack => None,
                },
            },
            Duration::from_millis(now.saturating_sub(started)),
        );
        Ok(decision)
    }

    async fn after_failure(
        &self,
        source: &Source,
        item: &WorkItem,
        journal: &UploadJournal,
        error: &PipelineError<JournalError>,
    ) -> worker::Result<Decision> {
        let text = error.to_string();
        let after = match error {
            // No further attempt makes it readable.
            PipelineError::Body(BodyError::Upload(
                UploadError::Empty
                | UploadError::Corrupt { .. }
                | UploadError::Truncated { .. }
                | UploadError::TooLarge { .. }
                | UploadError::UnknownDataset,
            )) => return self.bury(source, item, journal, &text).await,
            PipelineError::Journal(JournalError::HandedOver) => {
                journal.fail(None, now_millis()).await;
                return Ok(Decision::Continue);
            }
            PipelineError::Journal(JournalError::TakenOver) => {
                return Ok(Decision::Retry(Duration::from_millis(self.lease())));
            }
            PipelineError::Delivery(DeliveryError::Unavailable { after, .. }) => *after,
            _ => Duration::ZERO,
        };
        let now = now_millis();
        let is_over = match source.kind {
            Kind::DeadLetter => journal.attempts >= REPLAYS_MAX,
            _ => {
                now.saturating_sub(journal.subject.arrived) > millis(self.config.durable.retry_for)
            }
        };
        if is_over {
            return self.bury(source, item, journal, &text).await;
        }
        let wait = self.backoff(journal).max(after);
        journal.fail(Some(text), now + millis(wait)).await;
        Ok(Decision::Retry(wait))
    }

    /// Removes the object of what is delivered, or keeps it where the operator wants that.
    async fn settle(&self, item: &WorkItem) -> worker::Result<()> {
        let bucket = &self.bindings.uploads;
        let keeps =
            !self.config.durable.keep_delivered.is_zero() && !item.key.starts_with(key::DEAD);
        if keeps {
            if let Some(object) = get(bucket, item).await? {
                let Some(stream) = stream_of(&object) else {
                    return Ok(());
                };
                let kept = key::delivered(&item.key, now_millis());
                bucket.put(kept, stream).execute().await?;
            }
        } else if let Some(etag) = &item.etag
            && let Some(object) = bucket.head(&item.key).await?
            && object.etag() != *etag
        {
            // Overwritten meanwhile: the new content has its own work item.
            return Ok(());
        }
        bucket.delete(&item.key).await
    }

    pub(super) fn delivery(
        &self,
        dataset: Option<&'static Dataset>,
        arrived: u64,
    ) -> Result<Delivery, String> {
        let arrival = pipeline::arrival(arrived);
        Delivery::open(&self.config, dataset, arrival, Some(&self.ledger))
    }

    /// Twice what may pass between two signs of life: one batch's retries and its last request.
    fn lease(&self) -> u64 {
        2 * millis(self.config.retry.timeout + self.config.retry.budget)
    }

    /// Doubles with each attempt that got nothing done.
    pub(super) fn backoff(&self, journal: &UploadJournal) -> Duration {
        let durable = &self.config.durable;
        let failures = if journal.has_progress() {
            1
        } else {
            journal.attempts.max(1)
        };
        let full = durable
            .redelivery_base
            .saturating_mul(2_u32.saturating_pow(failures - 1))
            .min(durable.redelivery_max);
        jittered(full)
    }
}

/// An upload that is there to be delivered.
struct Upload<'a> {
    source: &'a Source,
    item: &'a WorkItem,
    object: &'a Object,
}

fn wait_for_storage(error: &worker::Error, item: &WorkItem) -> Decision {
    log_problem(Level::Warn, &format!("R2 fails: {error}"), Some(&item.key));
    Decision::Retry(jittered(WAIT_FOR_STORAGE))
}

/// The object that a work item means; without a body where its content is another by now.
pub(super) async fn get(bucket: &Bucket, item: &WorkItem) -> worker::Result<Option<Object>> {
    let get = bucket.get(&item.key);
    match &item.etag {
        None => get.execute().await,
        Some(etag) => {
            get.only_if(Conditional {
                etag_matches: Some(etag.clone()),
                etag_does_not_match: None,
                uploaded_before: None,
                uploaded_after: None,
            })
            .execute()
            .await
        }
    }
}

/// The bytes of an object; nothing where a condition did not hold.
pub(super) fn stream_of(object: &Object) -> Option<ReadableStream> {
    match object.body()?.response_body().ok()? {
        ResponseBody::Stream(stream) => Some(stream),
        _ => None,
    }
}
