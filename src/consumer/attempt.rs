//! One attempt to deliver an upload: from where the last one got to, as far as this one gets.

use core::time::Duration;
use std::collections::BTreeMap;

use logpush_delivery::dead_letter::{About, Contents};
use logpush_delivery::key::{self, Source, SourceKind};
use logpush_delivery::owed::{self, Owed, UNDECIDED};
use logpush_delivery::state::Holder;
use logpush_delivery::work_item::WorkItem;
use logpush_normalizer::{Dataset, Normalizer, Summary, datasets};
use logpush_status::shard::{RuleTotals, UploadCounts};
use web_sys::ReadableStream;
use worker::Object;

use crate::body::Announced;
use crate::clock::now_millis;
use crate::config::Target;
use crate::consumer::consequence::{Consequence, consequence_of};
use crate::consumer::context::{
    Absent, Consumer, Decision, WAIT_FOR_STORAGE, jittered, log_problem, millis, wait_for_storage,
};
use crate::consumer::journal::{JournalError, Opened, Opening, Subject, UploadJournal};
use crate::consumer::object::{get, stream_of};
use crate::consumer::replay::REPLAYS_MAX;
use crate::dead_letters::about_of;
use crate::ledger::protocol::{End, Look};
use crate::ledger::{Ledger, is_last};
use crate::log::{self, Attempt, Level};
use crate::pipeline::{self, Deliveries, Pipeline, PipelineError};
use crate::queue;
use crate::send::Counters;

/// Crashes in a row, without a record delivered in between, after which an upload is not tried again:
/// it takes the isolate, and what else is in it, down with it.
const CUT_SHORT_MAX: u32 = 10;

/// How long uploads wait for a destination that is not configured any more: the default of `RETRY_DAYS`.
const RETRY_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Consumer<'_> {
    /// Delivers what a work item names, as far as this attempt gets.
    pub(super) async fn attempt(&self, item: &WorkItem, holder: &Holder) -> Decision {
        let Some(source) = key::parse(&item.key) else {
            debug_assert!(false, "a work item names no other key: {}", item.key);
            return Decision::Ack;
        };
        let started = now_millis();
        let opening = Opening {
            bucket: &self.bindings.uploads,
            ledger: self.ledger,
            subject: subject_of(item, &source, self.to),
            undecided: self.undecided.clone(),
            passage: self.passage.clone(),
            holder: holder.clone(),
            lease: self.lease(),
            deadline: started + millis(self.ingest.invocation_max),
        };
        let mut journal = match opening.open().await {
            Ok(Opened::Go(journal)) => journal,
            Ok(Opened::Busy { until }) => {
                let wait = until.saturating_sub(now_millis());
                return Decision::Retry(Duration::from_millis(wait.max(1000)));
            }
            Ok(Opened::Owed(owed)) => return self.send_to_each(item, &owed).await,
            Ok(Opened::Finished { progress, ended }) => {
                let is_known = match ended {
                    None => true,
                    Some(ended) => ended.report(self.ledger, &source.dataset).await,
                };
                // Else the sweep reports it.
                let left_over = is_known.then_some(progress);
                return match self.clean_up(item, left_over).await {
                    Ok(()) => Decision::Ack,
                    Err(error) => wait_for_storage(&error, item),
                };
            }
            Err(error) => return wait_for_storage(&error, item),
        };
        let work = Work {
            source: &source,
            item,
            started,
        };
        match self.go_on(&work, &mut journal).await {
            Ok(decision) => decision,
            Err(error) => {
                // A lease that is not given back would count as a crash.
                let due = now_millis() + millis(WAIT_FOR_STORAGE);
                journal.fail(Some(error.to_string()), due).await;
                wait_for_storage(&error, item)
            }
        }
    }

    /// A work item for each destination, in the place of one that names none.
    async fn send_to_each(&self, item: &WorkItem, owed: &Owed) -> Decision {
        let item = item.to(UNDECIDED, Some(owed));
        match queue::send_all(&self.bindings.work, &item.for_each(owed)).await {
            Ok(()) => Decision::Ack,
            Err(_) => Decision::Retry(jittered(WAIT_FOR_STORAGE)),
        }
    }

    /// Removes what is left of an upload that is finished at the destination of a work item.
    async fn clean_up(&self, item: &WorkItem, left_over: Option<String>) -> worker::Result<()> {
        if self.is_owed_to_nobody(item).await? {
            self.settle(item).await?;
        }
        match left_over {
            Some(progress) => self.bindings.uploads.delete(progress).await,
            None => Ok(()),
        }
    }

    /// Whether every destination has come to the end with the upload, if its object is there.
    async fn is_owed_to_nobody(&self, item: &WorkItem) -> worker::Result<bool> {
        let Some(object) = self.bindings.uploads.head(&item.key).await? else {
            return Ok(false);
        };
        let Some(source) = key::parse(&item.key) else {
            return Ok(false);
        };
        let owed = owed_of(&object, item);
        if owed.is_none() && source.kind == SourceKind::DeadLetter {
            return Ok(true);
        }
        if owed.as_ref().is_some_and(|owed| owed.is_only(self.to)) {
            return Ok(true);
        }
        let owed = owed.unwrap_or_else(|| Owed::new([self.to]));
        let id = subject_of(item, &source, self.to).id;
        let shard = Ledger::shard(&source.dataset, &id);
        let known = self.ledger.ask(&shard, Look { id }).await;
        // Without the ledger the sweep comes back to it.
        Ok(known.is_some_and(|known| is_last(&known, &owed, self.to)))
    }

    async fn go_on(
        &self,
        work: &Work<'_>,
        journal: &mut UploadJournal,
    ) -> worker::Result<Decision> {
        let object = match self.recognise(work, journal).await? {
            Recognised::Gone => {
                // Delivered by another message, or deleted by hand.
                let problem = "the object of a work item is gone";
                log_problem(Level::Warn, problem, Some(&work.item.key));
                journal.gone().await;
                journal.clean().await?;
                return Ok(Decision::Ack);
            }
            Recognised::Documents(object, about) => {
                if let Err(absent) = &self.target {
                    // The dead letter stays as it is.
                    journal.fail(Some(absent.to_string()), 0).await;
                    return Ok(Decision::Ack);
                }
                return self.replay(&object, about, journal, work.started).await;
            }
            Recognised::Upload(object, stream) => (object, stream),
        };
        let target = match &self.target {
            Ok(target) => target,
            Err(absent) => return self.wait_for_target(work, journal, absent).await,
        };
        match deliverable(&work.source.dataset, journal.cut_short) {
            Ok(dataset) => {
                let course = self.deliver(target, dataset, object, journal).await;
                self.conclude(work, journal, course).await
            }
            Err(reason) => self.give_up(work.source, work.item, journal, &reason).await,
        }
    }

    /// Finds out what there is to do.
    async fn recognise(
        &self,
        work: &Work<'_>,
        journal: &mut UploadJournal,
    ) -> worker::Result<Recognised> {
        let Some(object) = get(&self.bindings.uploads, work.item).await? else {
            return Ok(Recognised::Gone);
        };
        let Some(stream) = stream_of(&object) else {
            // Overwritten: the notification of the new content delivers that.
            return Ok(Recognised::Gone);
        };
        if let Some(owed) = owed_of(&object, work.item) {
            journal.subject.owed = owed;
        }
        match work.source.kind {
            SourceKind::Upload { .. } => {}
            SourceKind::Logpush => journal.subject.arrived = object.uploaded().as_millis(),
            SourceKind::DeadLetter => {
                let about = about_of(&object);
                journal.subject.arrived = about.arrived;
                match about.contents {
                    Contents::Documents => return Ok(Recognised::Documents(object, about)),
                    Contents::Upload => journal.add(&about.done),
                    // A message names no upload.
                    Contents::Message => return Ok(Recognised::Gone),
                }
            }
        }
        Ok(Recognised::Upload(object, stream))
    }

    /// Delivers an upload, as far as it gets.
    async fn deliver<'a>(
        &'a self,
        target: &Target<'_>,
        dataset: &'static Dataset,
        (object, stream): (Object, ReadableStream),
        journal: &UploadJournal,
    ) -> Course<'a> {
        let arrived = journal.subject.arrived;
        let mut normalizer = pipeline::normalizer(target, Some(dataset), arrived);
        let id = journal.subject.id.clone();
        let deliveries = Deliveries::new(move |dataset| self.delivery(&id, dataset, arrived));
        let pipeline = Pipeline {
            announced: Announced {
                bytes: Some(object.size()),
                // What is stored is taken, however the limit was changed since.
                limit: u64::MAX,
            },
            normalizer: &mut normalizer,
            in_flight: target.setup.deliveries_in_flight,
            deliveries: &deliveries,
            journal,
        };
        let result = pipeline.run(Some(stream)).await;
        Course {
            normalizer,
            deliveries,
            result,
        }
    }

    /// Decides by what came of the delivery, and writes it down.
    async fn conclude(
        &self,
        work: &Work<'_>,
        journal: &UploadJournal,
        course: Course<'_>,
    ) -> worker::Result<Decision> {
        let now = now_millis();
        let counters = course.deliveries.counters();
        let decision = match &course.result {
            Ok(()) => {
                let counts = counts_of(&course.normalizer, counters, journal, now);
                if journal.finish(End::Delivered(Box::new(counts))).await? {
                    self.settle(work.item).await?;
                }
                journal.clean().await?;
                Decision::Ack
            }
            Err(error) => self.after_failure(work, journal, error).await?,
        };
        let attempt = Attempt {
            destination: self.to,
            key: &work.item.key,
            number: journal.attempts,
            done: journal.done(),
            dead_letters: journal.dead_letters(),
            error: course.result.err().map(|error| error.to_string()),
            retry_after: match &decision {
                Decision::Retry(wait) => Some(*wait),
                Decision::Continue => Some(Duration::ZERO),
                Decision::Ack => None,
            },
        };
        let took = Duration::from_millis(now.saturating_sub(work.started));
        log::write_attempt(&course.normalizer, counters, &attempt, took);
        Ok(decision)
    }

    /// There is nowhere to deliver to. The upload waits until its destination is back or right, the
    /// operator gives that up, or it has waited for as long as any.
    async fn wait_for_target(
        &self,
        work: &Work<'_>,
        journal: &UploadJournal,
        absent: &Absent,
    ) -> worker::Result<Decision> {
        let now = now_millis();
        let age = now.saturating_sub(journal.subject.arrived);
        let is_over = match absent {
            Absent::Unrouted(_) => true,
            Absent::Removed(_) => age > millis(RETRY_FOR),
            Absent::Wrong(_) => false,
        };
        let text = absent.to_string();
        if is_over || work.source.kind == SourceKind::DeadLetter {
            return self.give_up(work.source, work.item, journal, &text).await;
        }
        let repair = match absent {
            Absent::Removed(name) => format!(
                "bring it back, or drop what is owed to it with DELETE /api/destinations/{name}"
            ),
            _ => "set what is missing, then deploy again".to_owned(),
        };
        let wait = self.redelivery_wait(journal);
        journal
            .hold(format!("{text}; {repair}"), now + millis(wait))
            .await;
        Ok(Decision::Retry(wait))
    }

    async fn after_failure(
        &self,
        work: &Work<'_>,
        journal: &UploadJournal,
        error: &PipelineError<JournalError>,
    ) -> worker::Result<Decision> {
        let text = error.to_string();
        let (after, repair) = match consequence_of(error) {
            Consequence::DeadLetter => {
                return self.give_up(work.source, work.item, journal, &text).await;
            }
            Consequence::Continue => {
                journal.fail(None, now_millis()).await;
                return Ok(Decision::Continue);
            }
            Consequence::Leave => {
                return Ok(Decision::Retry(Duration::from_millis(self.lease())));
            }
            Consequence::Again { after } => (after, None),
            Consequence::Hold { repair } => (Duration::ZERO, Some(repair)),
        };
        let now = now_millis();
        let is_over = match work.source.kind {
            SourceKind::DeadLetter => journal.attempts >= REPLAYS_MAX,
            SourceKind::Upload { .. } | SourceKind::Logpush => {
                let age = now.saturating_sub(journal.subject.arrived);
                let retry_for = self
                    .target
                    .as_ref()
                    .map(|target| target.setup.retry.retry_for);
                repair.is_none() && age > millis(retry_for.unwrap_or(RETRY_FOR))
            }
        };
        if is_over {
            return self.give_up(work.source, work.item, journal, &text).await;
        }
        let wait = self.redelivery_wait(journal).max(after);
        let next = now + millis(wait);
        match repair {
            None => journal.fail(Some(text), next).await,
            Some(repair) => journal.hold(format!("{text}; {repair}"), next).await,
        }
        Ok(Decision::Retry(wait))
    }

    /// Removes the object of what is delivered, or keeps it where the operator wants that.
    async fn settle(&self, item: &WorkItem) -> worker::Result<()> {
        let bucket = &self.bindings.uploads;
        if item.owed.is_some()
            && let Some(source) = key::parse(&item.key)
        {
            let id = subject_of(item, &source, self.to).id;
            bucket.delete(key::owed(&source.dataset, &id)).await?;
        }
        let keeps = !self.ingest.keep_delivered.is_zero() && !item.key.starts_with(key::DEAD);
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
}

/// What is to be done.
struct Work<'a> {
    source: &'a Source,
    item: &'a WorkItem,
    /// In milliseconds since 1970.
    started: u64,
}

/// What a work item turned out to mean.
enum Recognised {
    Gone,
    /// A dead letter of documents.
    Documents(Object, About),
    /// An upload, or a dead letter that is a whole one.
    Upload(Object, ReadableStream),
}

/// A delivery that has ended, or was ended.
struct Course<'a> {
    normalizer: Normalizer,
    deliveries: Deliveries<'a>,
    result: Result<(), PipelineError<JournalError>>,
}

/// The upload that a work item names. Where only the object says when it arrived, that is 0 still.
fn subject_of(item: &WorkItem, source: &Source, to: &str) -> Subject {
    let (id, arrived) = match &source.kind {
        SourceKind::Upload { id, arrival_millis } => (id.clone(), *arrival_millis),
        SourceKind::Logpush | SourceKind::DeadLetter => {
            let etag = item.etag.as_deref().unwrap_or_default();
            (key::identity(&item.key, etag), 0)
        }
    };
    Subject {
        dataset: source.dataset.clone(),
        id,
        key: item.key.clone(),
        to: to.to_owned(),
        owed: item.owed.clone().unwrap_or_else(|| Owed::new([to])),
        arrived,
    }
}

/// Whom an upload is owed to, where its object or the work item says so.
fn owed_of(object: &Object, item: &WorkItem) -> Option<Owed> {
    if let Some(owed) = &item.owed {
        return Some(owed.clone());
    }
    if !item.key.starts_with(key::UPLOADS) {
        return None;
    }
    let metadata = object.custom_metadata().unwrap_or_default();
    let owed = Owed::from_metadata(metadata.get(owed::METADATA).map(String::as_str));
    (!owed.is_undecided()).then_some(owed)
}

/// The dataset of an upload that may be delivered, or why it cannot be.
fn deliverable(dataset: &str, cut_short: u32) -> Result<&'static Dataset, String> {
    if cut_short >= CUT_SHORT_MAX {
        return Err(format!(
            "its delivery was cut short {cut_short} times in a row, each time before a record was delivered"
        ));
    }
    datasets::by_name(dataset).ok_or_else(|| match dataset {
        key::UNNAMED => "the key names no dataset: logpush/<dataset>/ was expected".to_owned(),
        name => format!("there is no dataset {name}"),
    })
}

/// What the destination's rules did with an upload, by their names.
fn rules_of(summary: &Summary) -> BTreeMap<String, RuleTotals> {
    let rules = summary.rules.iter().map(|rule| {
        let (fits, dropped) = (rule.fits, rule.dropped);
        (rule.name.clone(), RuleTotals { fits, dropped })
    });
    rules.collect()
}

/// What the operator is shown of an upload that was delivered at `now`.
fn counts_of(
    normalizer: &Normalizer,
    counters: Option<&Counters>,
    journal: &UploadJournal,
    now: u64,
) -> UploadCounts {
    let summary = normalizer.summary();
    let counted = |of: fn(&Counters) -> u64| counters.map_or(0, of);
    let newest = summary.newest.map(|time| time.unix_millis().max(0) as u64);
    UploadCounts {
        records: summary.records,
        errors: summary.errors,
        bytes: summary.bytes_received,
        batches: counted(|counters| counters.batches.get()),
        requests: counted(|counters| counters.requests.get()),
        retries: counted(|counters| counters.retries.get()),
        duplicates: counted(|counters| counters.already_there.get()),
        lag_ms: now.saturating_sub(newest.unwrap_or(journal.subject.arrived)),
        unknown_fields: summary.unknown_fields.keys().cloned().collect(),
        rules: rules_of(summary),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_that_cannot_be_delivered_says_why() {
        for (dataset, cut_short, expected) in [
            ("dns_logs", 0, Ok("dns_logs")),
            ("dns_logs", 9, Ok("dns_logs")),
            (
                "dns_logs",
                10,
                Err("its delivery was cut short 10 times in a row"),
            ),
            ("unknown", 0, Err("the key names no dataset")),
            ("dns_log", 0, Err("there is no dataset dns_log")),
        ] {
            match (deliverable(dataset, cut_short), expected) {
                (Ok(found), expected) => assert_eq!(Ok(found.name), expected),
                (Err(reason), Err(expected)) => assert!(reason.starts_with(expected), "{reason}"),
                (Err(reason), Ok(_)) => panic!("{dataset}: {reason}"),
            }
        }
    }

    #[test]
    fn the_identity_is_in_the_key_or_made_of_it() {
        let id = "0123456789abcdef0123456789abcdef";
        let ours = key::upload("dns_logs", 1_778_574_600_219, id, true);
        for (key, etag, expected) in [
            (ours.as_str(), None, (id.to_owned(), 1_778_574_600_219)),
            (
                "logpush/dns_logs/x.gz",
                Some("e"),
                (key::identity("logpush/dns_logs/x.gz", "e"), 0),
            ),
        ] {
            let item = WorkItem::new(key, etag, "siem");
            let subject = subject_of(&item, &key::parse(key).unwrap(), "siem");
            assert_eq!(
                (subject.to.as_str(), subject.owed),
                ("siem", Owed::new(["siem"]))
            );
            assert_eq!((subject.id, subject.arrived), expected);
            assert_eq!(
                (subject.dataset.as_str(), subject.key.as_str()),
                ("dns_logs", key)
            );
        }
    }
}
