//! The queue's consumer: takes a work item, delivers its upload from where the last attempt got to,
//! and decides for each message by itself. It never returns an error for the batch, which would
//! have the queue deliver all of it again.

use core::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use js_sys::{JSON, Reflect};
use logpush_normalizer::{
    Batch, Config as NormalizerConfig, Dataset, Normalizer, Time, UploadError, datasets,
};
use logpush_status::tally::Counts;
use serde_json::json;
use wasm_bindgen::{JsCast as _, JsValue};
use worker::worker_sys::{Message as QueueMessage, MessageBatch};
use worker::{
    Bucket, Conditional, Date, Object, ResponseBody, console_log, web_sys::ReadableStream,
};

use crate::body::Body;
use crate::config::{Config, Variables};
use crate::deliver::{Delivery, DeliveryError, Outcome, Pace};
use crate::durable::bindings::Bindings;
use crate::durable::dead_letter::{self, About, Kind as DeadKind, Letter};
use crate::durable::journal::{Opened, Subject, UploadJournal};
use crate::durable::key::{self, Kind, Source};
use crate::durable::state::Holder;
use crate::durable::work::{self, Message, WorkItem};
use crate::ledger::Ledger;
use crate::pipe::{self, Announced, Deliveries, PipeError};
use crate::upload_log::{self, Attempt};

/// Messages of a batch that are handled at the same time: one that takes long holds up no other.
const AT_ONCE: usize = 4;

/// Queues deliver a message 101 times at most, then it is gone. Before that it is sent anew.
const ATTEMPTS_OF_A_MESSAGE: u32 = 90;

/// Crashes in a row, without a record delivered in between, after which an upload is not tried again:
/// it takes the isolate, and what else is in it, down with it.
const CUT_SHORT_MAX: u32 = 10;

/// How often a dead letter is replayed by itself before the operator has to ask again.
const REPLAYS_MAX: u32 = 10;

/// How long to wait where the configuration is wrong, or a later version's message is found.
const WAIT_FOR_THE_OPERATOR: Duration = Duration::from_secs(300);

/// How long to wait where R2 fails.
const WAIT_FOR_STORAGE: Duration = Duration::from_secs(30);

/// What to do with a message.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// It is dealt with.
    Ack,
    /// It comes again after a while.
    Retry(Duration),
    /// Its upload goes on at once in another invocation.
    Continue,
}

/// All that a message is handled with.
struct Consumer<'a> {
    bindings: &'a Bindings,
    ledger: Ledger,
    config: Config,
}

/// Handles a batch of messages.
pub(crate) async fn drain(batch: &MessageBatch, variables: &Variables, bindings: &Bindings) {
    let config = match crate::config::read(variables) {
        Ok(config) => Some(config),
        Err(problems) => {
            log_problem(
                "error",
                &format!("the Worker is not configured: {}", problems.join("; ")),
                None,
            );
            None
        }
    };
    let consumer = config.map(|config| Consumer {
        bindings,
        ledger: Ledger::new(bindings.ledger.clone()),
        config,
    });
    let messages = batch.messages().unwrap_or_default();
    let messages = messages
        .iter()
        .map(|message| message.unchecked_into::<QueueMessage>());
    stream::iter(messages)
        .for_each_concurrent(AT_ONCE, |message| {
            let consumer = consumer.as_ref();
            async move {
                match consumer {
                    Some(consumer) => consumer.handle(&message).await,
                    None => retry(&message, WAIT_FOR_THE_OPERATOR),
                }
            }
        })
        .await;
}

impl Consumer<'_> {
    async fn handle(&self, message: &QueueMessage) {
        let body = message.body().unwrap_or(JsValue::NULL);
        let text = match body.as_string() {
            Some(text) => text,
            None => JSON::stringify(&body).map_or_else(|_| String::new(), String::from),
        };
        let holder = Holder {
            message: message.id().map_or_else(|_| String::new(), String::from),
            attempt: attempts_of(message),
        };
        let (item, decision) = match work::read(&text) {
            Message::Ignore => (None, Decision::Ack),
            Message::TooNew(version) => {
                log_problem(
                    "warn",
                    &format!(
                        "a work item of version {version} waits for the version of this Worker that wrote it"
                    ),
                    None,
                );
                (None, Decision::Retry(WAIT_FOR_THE_OPERATOR))
            }
            Message::Unknown => (None, self.bury_message(&text, &holder).await),
            Message::Deliver(item) => {
                let decision = self.deliver(&item, &holder).await;
                (Some(item), decision)
            }
        };
        match (decision, item) {
            (Decision::Ack, _) => ack(message),
            (Decision::Retry(wait), None) => retry(message, wait),
            (Decision::Continue, None) => retry(message, Duration::ZERO),
            (Decision::Continue, Some(item)) => {
                self.send_anew(message, &item, Duration::ZERO).await;
            }
            (Decision::Retry(wait), Some(item)) if holder.attempt >= ATTEMPTS_OF_A_MESSAGE => {
                self.send_anew(message, &item, wait).await;
            }
            (Decision::Retry(wait), Some(_)) => retry(message, wait),
        }
    }

    /// A new message in the place of one that has few attempts left.
    async fn send_anew(&self, message: &QueueMessage, item: &WorkItem, wait: Duration) {
        match work::send(&self.bindings.work, item, wait).await {
            Ok(()) => ack(message),
            Err(_) => retry(message, wait),
        }
    }

    /// Delivers what a work item names, as far as this attempt gets.
    async fn deliver(&self, item: &WorkItem, holder: &Holder) -> Decision {
        match self.attempt(item, holder).await {
            Ok(decision) => decision,
            Err(error) => {
                log_problem("warn", &format!("R2 fails: {error}"), Some(&item.key));
                Decision::Retry(jittered(WAIT_FOR_STORAGE))
            }
        }
    }

    async fn attempt(&self, item: &WorkItem, holder: &Holder) -> worker::Result<Decision> {
        let Some(source) = key::parse(&item.key) else {
            return Ok(Decision::Ack);
        };
        let bucket = &self.bindings.uploads;
        let etag = item.etag.as_deref().unwrap_or_default();
        let (id, arrived) = match &source.kind {
            Kind::Upload { id, arrival_millis } => (id.clone(), *arrival_millis),
            _ => (key::identity(&item.key, etag), 0),
        };
        let started = Date::now().as_millis();
        let subject = Subject {
            dataset: source.dataset.clone(),
            id,
            key: item.key.clone(),
            arrived,
        };
        let deadline = started + millis(self.config.durable.invocation_max);
        let opened = UploadJournal::open(
            bucket,
            &self.ledger,
            subject,
            holder.clone(),
            (self.lease(), deadline),
        );
        let mut journal = match opened.await? {
            Opened::Finished => {
                self.settle(&item.key).await?;
                return Ok(Decision::Ack);
            }
            Opened::Busy { until } => {
                let wait = until.saturating_sub(Date::now().as_millis());
                return Ok(Decision::Retry(Duration::from_millis(wait.max(1000))));
            }
            Opened::Go(journal) => journal,
        };
        let Some(object) = get(bucket, item).await? else {
            // Delivered by another message, or deleted by hand: there is nothing to deliver.
            log_problem("warn", "the object of a work item is gone", Some(&item.key));
            journal.finish(None).await?;
            journal.clean().await?;
            return Ok(Decision::Ack);
        };
        let Some(stream) = stream_of(&object) else {
            // Overwritten: the notification of the new content delivers that.
            journal.finish(None).await?;
            return Ok(Decision::Ack);
        };
        let about = About::of(&object);
        match source.kind {
            Kind::Upload { .. } => {}
            Kind::Logpush => journal.subject.arrived = object.uploaded().as_millis(),
            Kind::DeadLetter => journal.subject.arrived = about.arrived,
        }
        if source.kind == Kind::DeadLetter {
            match about.kind {
                DeadKind::Documents => {
                    return self.replay(&object, about, &journal, started).await;
                }
                DeadKind::Upload => journal.add(&about.done),
                DeadKind::Message => {
                    journal.finish(None).await?;
                    return Ok(Decision::Ack);
                }
            }
        }
        self.run(&source, &object, stream, &journal, started).await
    }

    /// Delivers an upload, and decides by what came of it.
    async fn run(
        &self,
        source: &Source,
        object: &Object,
        stream: ReadableStream,
        journal: &UploadJournal,
        started: u64,
    ) -> worker::Result<Decision> {
        if journal.cut_short >= CUT_SHORT_MAX {
            let reason = format!(
                "its delivery was cut short {} times in a row, each time before a record was delivered",
                journal.cut_short
            );
            return self.bury(source, object.key(), journal, &reason).await;
        }
        let Some(dataset) = datasets::by_name(&source.dataset) else {
            let reason = format!("there is no dataset {}", source.dataset);
            return self.bury(source, object.key(), journal, &reason).await;
        };
        let config = &self.config;
        // Milliseconds since 1970 are far from the limits of 64 bits.
        let arrival = Time::from_unix_millis(journal.subject.arrived as i64);
        let mut normalizer = Normalizer::new(NormalizerConfig {
            dataset: Some(dataset),
            shape: config.shape,
            arrival,
            keep_original: config.keep_original,
            shows_secrets: config.shows_secrets,
            limits: config.limits,
        });
        let deliveries = Deliveries::new(|dataset| self.delivery(dataset, arrival));
        let announced = Announced {
            bytes: Some(object.size()),
            // What is stored is taken, however the limit was changed since.
            limit: u64::MAX,
        };
        let result = match Body::new(Some(stream)) {
            Ok(mut body) => {
                let result = pipe::run(
                    &mut body,
                    &announced,
                    &mut normalizer,
                    config.deliveries_in_flight,
                    &deliveries,
                    journal,
                )
                .await;
                if result.is_err() {
                    body.cancel();
                }
                result
            }
            Err(_) => Err(PipeError::Aborted),
        };
        let summary = normalizer.summary();
        let now = Date::now().as_millis();
        let decision = match &result {
            Ok(()) => {
                let counters = deliveries.counters();
                let newest = summary.newest.map(|time| time.unix_millis().max(0) as u64);
                let counted = |of: fn(&crate::deliver::Counters) -> u64| counters.map_or(0, of);
                let counts = Counts {
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
                journal.finish(Some(counts)).await?;
                self.settle(&object.key()).await?;
                journal.clean().await?;
                Decision::Ack
            }
            Err(error) => self.after_failure(source, object, journal, error).await?,
        };
        upload_log::write_attempt(
            &normalizer,
            deliveries.counters(),
            &Attempt {
                key: &object.key(),
                number: journal.attempts,
                done: journal.done().count(),
                dead_letters: journal.dead_letters.get(),
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
        object: &Object,
        journal: &UploadJournal,
        error: &PipeError,
    ) -> worker::Result<Decision> {
        let text = error.to_string();
        let after = match error {
            // No further attempt makes it readable.
            PipeError::Upload(
                UploadError::Empty
                | UploadError::Corrupt { .. }
                | UploadError::Truncated { .. }
                | UploadError::TooLarge { .. }
                | UploadError::UnknownDataset,
            ) => return self.bury(source, object.key(), journal, &text).await,
            PipeError::HandedOver => {
                journal.fail(None, Date::now().as_millis()).await;
                return Ok(Decision::Continue);
            }
            PipeError::TakenOver => {
                return Ok(Decision::Retry(Duration::from_millis(self.lease())));
            }
            PipeError::Delivery(DeliveryError::Unavailable { after, .. }) => *after,
            _ => Duration::ZERO,
        };
        let now = Date::now().as_millis();
        let is_over = match source.kind {
            Kind::DeadLetter => journal.attempts >= REPLAYS_MAX,
            _ => {
                now.saturating_sub(journal.subject.arrived) > millis(self.config.durable.retry_for)
            }
        };
        if is_over {
            return self.bury(source, object.key(), journal, &text).await;
        }
        let wait = self.backoff(journal).max(after);
        journal.fail(Some(text), now + millis(wait)).await;
        Ok(Decision::Retry(wait))
    }

    /// Sends the documents of a dead letter again.
    async fn replay(
        &self,
        object: &Object,
        about: About,
        journal: &UploadJournal,
        started: u64,
    ) -> worker::Result<Decision> {
        let Some(body) = object.body() else {
            return Ok(Decision::Ack);
        };
        // One batch of documents, with a few words about each.
        let text = body.text().await?;
        let letters: Vec<Letter<'_>> = match text.lines().map(serde_json::from_str).collect() {
            Ok(letters) => letters,
            // Somebody wrote over it: it stays as it is.
            Err(error) => {
                let problem = format!("the dead letter cannot be read: {error}");
                log_problem("error", &problem, Some(&object.key()));
                journal.fail(Some(problem), 0).await;
                return Ok(Decision::Ack);
            }
        };
        let documents: Vec<&[u8]> = letters
            .iter()
            .map(|letter| letter.document.get().as_bytes())
            .collect();
        let batch = Batch {
            records: documents.len(),
            body: documents.join(b"\n".as_slice()),
            first_record: 0,
        };
        let arrival = Time::from_unix_millis(about.arrived as i64);
        let mut outcome = Outcome::default();
        let delivered = match self.delivery(datasets::by_name(&about.dataset), arrival) {
            Ok(delivery) => delivery
                .deliver(batch, &mut outcome)
                .await
                .map_err(PipeError::Delivery),
            Err(problem) => Err(PipeError::NoDestination(problem)),
        };
        let refused = outcome.refused;
        let key = object.key();
        let now = Date::now().as_millis();
        let (decision, error) = match delivered {
            Ok(()) if refused.is_empty() => {
                journal.finish(None).await?;
                self.bindings.uploads.delete(&key).await?;
                journal.clean().await?;
                (Decision::Ack, None)
            }
            Ok(()) => {
                let reason = refused
                    .first()
                    .map(|refused| refused.reason.clone())
                    .unwrap_or_default();
                let still: Vec<_> = refused
                    .into_iter()
                    .map(|mut refused| {
                        // The place in the letter becomes the number in the upload again.
                        let place = refused.record as usize;
                        refused.record = letters
                            .get(place)
                            .map_or(refused.record, |letter| letter.record);
                        refused
                    })
                    .collect();
                let about = About {
                    reason: reason.clone(),
                    at: now,
                    ..about
                };
                dead_letter::rewrite(&self.bindings.uploads, &key, about, &still).await?;
                journal.fail(Some(reason.clone()), 0).await;
                (Decision::Ack, Some(reason))
            }
            // The letter stays as it is.
            Err(error) if journal.attempts >= REPLAYS_MAX => {
                journal.fail(Some(error.to_string()), 0).await;
                (Decision::Ack, Some(error.to_string()))
            }
            Err(error) => {
                let wait = self.backoff(journal);
                journal
                    .fail(Some(error.to_string()), now + millis(wait))
                    .await;
                (Decision::Retry(wait), Some(error.to_string()))
            }
        };
        console_log!(
            "{}",
            json!({
                "level": if error.is_some() { "error" } else { "info" },
                "message": "replay",
                "key": key,
                "records": letters.len(),
                "error": error,
                "duration_ms": now.saturating_sub(started),
            })
        );
        Ok(decision)
    }

    /// Makes a dead letter of what is left of an upload: the upload as received, and how far it got.
    async fn bury(
        &self,
        source: &Source,
        from: String,
        journal: &UploadJournal,
        reason: &str,
    ) -> worker::Result<Decision> {
        let subject = &journal.subject;
        if source.kind == Kind::DeadLetter {
            // It is one already.
            journal.fail(Some(reason.to_owned()), 0).await;
            return Ok(Decision::Ack);
        }
        let bucket = &self.bindings.uploads;
        let Some(object) = bucket.get(&from).execute().await? else {
            return Ok(Decision::Ack);
        };
        let Some(stream) = stream_of(&object) else {
            return Ok(Decision::Ack);
        };
        let about = About {
            arrived: subject.arrived,
            done: journal.done(),
            ..About::new(
                DeadKind::Upload,
                &source.dataset,
                &from,
                reason,
                Date::now().as_millis(),
            )
        };
        let key = dead_letter::put_upload(bucket, &about, &subject.id, stream).await?;
        journal.tell_dead(None, reason).await;
        journal.finish(None).await?;
        bucket.delete(&from).await?;
        journal.clean().await?;
        log_problem("error", &format!("a dead letter: {reason}"), Some(&key));
        Ok(Decision::Ack)
    }

    async fn bury_message(&self, text: &str, holder: &Holder) -> Decision {
        let reason = "the message is neither a work item nor a notification of R2";
        let now = Date::now().as_millis();
        let about = About {
            arrived: now,
            ..About::new(DeadKind::Message, "unknown", "", reason, now)
        };
        let id = key::identity(text, &holder.message);
        match dead_letter::put_message(&self.bindings.uploads, &about, &id, text).await {
            Ok(key) => {
                log_problem("error", &format!("a dead letter: {reason}"), Some(&key));
                Decision::Ack
            }
            Err(_) => Decision::Retry(jittered(WAIT_FOR_STORAGE)),
        }
    }

    /// Removes the object of what is delivered, or keeps it where the operator wants that.
    async fn settle(&self, key: &str) -> worker::Result<()> {
        let bucket = &self.bindings.uploads;
        if !self.config.durable.keep_delivered.is_zero()
            && !key.starts_with(key::DEAD)
            && let Some(object) = bucket.get(key).execute().await?
            && let Some(stream) = stream_of(&object)
        {
            let kept = key::delivered(key, Date::now().as_millis());
            bucket.put(kept, stream).execute().await?;
        }
        bucket.delete(key).await
    }

    fn delivery(
        &self,
        dataset: Option<&'static Dataset>,
        arrival: Time,
    ) -> Result<Delivery, String> {
        let config = &self.config;
        Ok(Delivery::new(
            config.destination(dataset)?,
            dataset,
            config.shape,
            arrival,
            config.retry,
            Pace::new(config.intake_requests_per_second, Some(self.ledger.clone())),
        ))
    }

    /// Twice what may pass between two signs of life: one batch's retries and its last request.
    fn lease(&self) -> u64 {
        2 * millis(self.config.retry.timeout + self.config.retry.budget)
    }

    /// Doubles with each attempt that got nothing done.
    fn backoff(&self, journal: &UploadJournal) -> Duration {
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

async fn get(bucket: &Bucket, item: &WorkItem) -> worker::Result<Option<Object>> {
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
fn stream_of(object: &Object) -> Option<ReadableStream> {
    match object.body()?.response_body().ok()? {
        ResponseBody::Stream(stream) => Some(stream),
        _ => None,
    }
}

/// Between half of `full` and the whole: what failed together does not come back together.
fn jittered(full: Duration) -> Duration {
    full.mul_f64(0.5 + js_sys::Math::random() / 2.0)
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

/// How often the queue has delivered the message: 1 at first.
fn attempts_of(message: &QueueMessage) -> u32 {
    Reflect::get(message, &"attempts".into())
        .ok()
        .and_then(|attempts| attempts.as_f64())
        .map_or(1, |attempts| attempts as u32)
}

fn ack(message: &QueueMessage) {
    // What cannot be acknowledged is delivered again, and found to be done.
    let _ = message.ack();
}

/// Queues take delays of up to 12 hours, in seconds.
fn retry(message: &QueueMessage, wait: Duration) {
    const DELAY_MAX: u64 = 12 * 60 * 60;
    let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(DELAY_MAX);
    let options = js_sys::Object::new();
    let delay = JsValue::from(seconds.min(DELAY_MAX) as u32);
    let _ = Reflect::set(&options, &"delaySeconds".into(), &delay);
    let _ = message.retry(options.into());
}

fn log_problem(level: &str, problem: &str, key: Option<&str>) {
    console_log!(
        "{}",
        json!({ "level": level, "message": "consumer", "error": problem, "key": key })
    );
}
