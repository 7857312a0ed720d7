//! The operator has a dead letter of documents replayed.

use logpush_delivery::dead_letter::{self, About, Refused};
use logpush_normalizer::{Batch, Document, datasets, identity};
use serde_json::json;
use worker::Object;

use crate::clock::now_millis;
use crate::consumer::context::{Consumer, Decision, log_problem, millis};
use crate::consumer::journal::UploadJournal;
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
        let documents = match dead_letter::read(&body.text().await?) {
            Ok(documents) => documents,
            // Somebody wrote over it: it stays as it is.
            Err(error) => {
                let problem = format!("the dead letter cannot be read: {error}");
                log_problem(Level::Error, &problem, Some(&object.key()));
                journal.fail(Some(problem), 0).await;
                return Ok(Decision::Ack);
            }
        };
        let mut outcome = Outcome::default();
        let delivered = match self.delivery(datasets::by_name(&about.dataset), about.arrived) {
            Ok(delivery) => {
                let delivered = delivery.deliver(batch_of(&documents), &mut outcome).await;
                delivered.map_err(|error| error.to_string())
            }
            Err(problem) => Err(problem),
        };
        let now = now_millis();
        let (decision, error) = match delivered {
            Ok(()) if outcome.refused.is_empty() => {
                journal.finish(None).await;
                self.bindings.uploads.delete(object.key()).await?;
                journal.clean().await?;
                (Decision::Ack, None)
            }
            Ok(()) => {
                let still = renumbered(outcome.refused, &documents);
                let reason = still.first().map_or("", |refused| &refused.reason);
                let reason = reason.to_owned();
                let about = About {
                    reason: reason.clone(),
                    at: now,
                    ..about
                };
                let bucket = &self.bindings.uploads;
                dead_letters::rewrite(bucket, &object.key(), about, &still).await?;
                journal.fail(Some(reason.clone()), 0).await;
                (Decision::Ack, Some(reason))
            }
            // The dead letter stays as it is.
            Err(error) if journal.attempts >= REPLAYS_MAX => {
                journal.fail(Some(error.clone()), 0).await;
                (Decision::Ack, Some(error))
            }
            Err(error) => {
                let wait = self.redelivery_wait(journal);
                journal.fail(Some(error.clone()), now + millis(wait)).await;
                (Decision::Retry(wait), Some(error))
            }
        };
        let level = match error {
            Some(_) => Level::Error,
            None => Level::Info,
        };
        log::write(
            level,
            "replay",
            json!({
                "key": object.key(),
                "records": documents.len(),
                "error": error,
                "duration_ms": now.saturating_sub(started),
            }),
        );
        Ok(decision)
    }
}

/// The documents of a dead letter, numbered by their places in it.
fn batch_of(documents: &[Refused]) -> Batch {
    let mut batch = Batch::default();
    for (place, refused) in (0..).zip(documents) {
        let text = refused.document.as_slice();
        let document = Document {
            text,
            id: identity(text),
            time: None,
        };
        batch.push(document, place..place + 1);
    }
    batch
}

/// Refused documents with their numbers in the upload, instead of their places in the dead letter.
fn renumbered(mut refused: Vec<Refused>, documents: &[Refused]) -> Vec<Refused> {
    for refused in &mut refused {
        match documents.get(refused.record as usize) {
            Some(document) => refused.record = document.record,
            None => debug_assert!(false, "a document that was not sent: {}", refused.record),
        }
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_sent_by_place_and_kept_by_number() {
        let text = [
            r#"{"record":7,"reason":"a","document":{"a":1.0}}"#,
            r#"{"record":9,"reason":"b","document":{"b": 2}}"#,
        ];
        let documents = dead_letter::read(&text.join("\n")).unwrap();
        let batch = batch_of(&documents);
        assert_eq!(batch.body, b"{\"a\":1.0}\n{\"b\": 2}");
        assert_eq!(batch.records, [0..1, 1..2]);
        let refused = Refused {
            record: 1,
            document: b"{\"b\": 2}".to_vec(),
            reason: "c".to_owned(),
        };
        assert_eq!(renumbered(vec![refused], &documents)[0].record, 9);
    }
}
