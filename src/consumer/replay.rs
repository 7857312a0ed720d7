//! Dead letters: what is finally refused becomes one, and the operator has them replayed.

use logpush_delivery::dead_letter::{About, Kind as DeadKind, Letter};
use logpush_delivery::key::{self, Kind, Source};
use logpush_delivery::state::Holder;
use logpush_delivery::work_item::WorkItem;
use logpush_normalizer::{Batch, Document, datasets, identity};
use serde_json::json;
use worker::Object;

use crate::clock::now_millis;
use crate::consumer::attempt::{get, stream_of};
use crate::consumer::journal::UploadJournal;
use crate::consumer::{Consumer, Decision, WAIT_FOR_STORAGE, jittered, log_problem, millis};
use crate::dead_letters;
use crate::log::{self, Level};
use crate::send::Outcome;

/// How often a dead letter is replayed by itself before the operator has to ask again.
pub(super) const REPLAYS_MAX: u32 = 10;

impl Consumer<'_> {
    /// Sends the documents of a dead letter again.
    pub(super) async fn replay(
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
                log_problem(Level::Error, &problem, Some(&object.key()));
                journal.fail(Some(problem), 0).await;
                return Ok(Decision::Ack);
            }
        };
        let mut batch = Batch::default();
        for (place, letter) in (0..).zip(&letters) {
            let text = letter.document.get().as_bytes();
            let document = Document {
                text,
                id: identity(text),
                time: None,
            };
            batch.push(document, place..place + 1);
        }
        let mut outcome = Outcome::default();
        let delivered = match self.delivery(datasets::by_name(&about.dataset), about.arrived) {
            Ok(delivery) => {
                let delivered = delivery.deliver(batch, &mut outcome).await;
                delivered.map_err(|error| error.to_string())
            }
            Err(problem) => Err(problem),
        };
        let refused = outcome.refused;
        let key = object.key();
        let now = now_millis();
        let (decision, error) = match delivered {
            Ok(()) if refused.is_empty() => {
                journal.finish(None).await;
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
                dead_letters::rewrite(&self.bindings.uploads, &key, about, &still).await?;
                journal.fail(Some(reason.clone()), 0).await;
                (Decision::Ack, Some(reason))
            }
            // The letter stays as it is.
            Err(error) if journal.attempts >= REPLAYS_MAX => {
                journal.fail(Some(error.clone()), 0).await;
                (Decision::Ack, Some(error))
            }
            Err(error) => {
                let wait = self.backoff(journal);
                journal.fail(Some(error.clone()), now + millis(wait)).await;
                (Decision::Retry(wait), Some(error))
            }
        };
        let level = if error.is_some() {
            Level::Error
        } else {
            Level::Info
        };
        log::write(
            level,
            "replay",
            json!({
                "key": key,
                "records": letters.len(),
                "error": error,
                "duration_ms": now.saturating_sub(started),
            }),
        );
        Ok(decision)
    }

    /// Makes a dead letter of what is left of an upload: the upload as received, and how far it got.
    pub(super) async fn bury(
        &self,
        source: &Source,
        item: &WorkItem,
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
        let Some(object) = get(bucket, item).await? else {
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
                &item.key,
                reason,
                now_millis(),
            )
        };
        let key = dead_letters::put_upload(bucket, &about, &subject.id, stream).await?;
        journal.report_dead_letter(None, reason).await;
        journal.finish(None).await;
        bucket.delete(&item.key).await?;
        journal.clean().await?;
        log_problem(
            Level::Error,
            &format!("a dead letter: {reason}"),
            Some(&key),
        );
        Ok(Decision::Ack)
    }

    pub(super) async fn bury_message(&self, text: &str, holder: &Holder) -> Decision {
        let reason = "the message is neither a work item nor a notification of R2";
        let now = now_millis();
        let about = About {
            arrived: now,
            ..About::new(DeadKind::Message, "unknown", "", reason, now)
        };
        let id = key::identity(text, &holder.message);
        match dead_letters::put_message(&self.bindings.uploads, &about, &id, text).await {
            Ok(key) => {
                log_problem(
                    Level::Error,
                    &format!("a dead letter: {reason}"),
                    Some(&key),
                );
                Decision::Ack
            }
            Err(_) => Decision::Retry(jittered(WAIT_FOR_STORAGE)),
        }
    }
}
