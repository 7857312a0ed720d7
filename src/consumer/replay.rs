//! The operator has a dead letter of documents replayed.

use logpush_delivery::dead_letter::{self, About, Refused};
use logpush_normalizer::{Batch, Document, Time, datasets, identity};
use serde::Deserialize;
use serde_json::json;
use worker::Object;

use crate::clock::now_millis;
use crate::consumer::context::{Consumer, Decision, log_problem, millis};
use crate::consumer::journal::UploadJournal;
use crate::dead_letters;
use crate::ledger::protocol::End;
use crate::log::{self, Level};

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
        let id = &journal.subject.id;
        let dataset = datasets::by_name(&about.dataset);
        let (refused, delivered) = match self.delivery(id, dataset, about.arrived) {
            Ok(delivery) => {
                let outcome = delivery.deliver(batch_of(&documents)).await;
                (outcome.dead(), delivery.check(outcome.end))
            }
            Err(error) => (Vec::new(), Err(error)),
        };
        let now = now_millis();
        let (decision, error) = match delivered {
            Ok(()) if refused.is_empty() => {
                if self.bindings.uploads.head(object.key()).await?.is_some() {
                    journal.finish(End::Replayed).await?;
                } else {
                    // The operator has deleted it meanwhile, which is counted already.
                    journal.gone().await;
                }
                self.bindings.uploads.delete(object.key()).await?;
                journal.clean().await?;
                (Decision::Ack, None)
            }
            Ok(()) => {
                let reason = refused.first().map_or("", |refused| &refused.reason);
                let reason = reason.to_owned();
                let about = About {
                    reason: reason.clone(),
                    at: now,
                    ..about
                };
                let bucket = &self.bindings.uploads;
                if dead_letters::rewrite(bucket, object, about, &refused).await? {
                    journal.fail(Some(reason.clone()), 0).await;
                } else {
                    // The operator has deleted it meanwhile: it does not come back.
                    journal.gone().await;
                }
                (Decision::Ack, Some(reason))
            }
            // The dead letter stays as it is.
            Err(error) if journal.attempts >= REPLAYS_MAX => {
                journal.fail(Some(error.to_string()), 0).await;
                (Decision::Ack, Some(error.to_string()))
            }
            Err(error) => {
                let wait = self.redelivery_wait(journal).max(error.after());
                let text = error.to_string();
                journal.fail(Some(text.clone()), now + millis(wait)).await;
                (Decision::Retry(wait), Some(text))
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

/// What an event says of itself, where it is of ECS.
#[derive(Default, Deserialize)]
struct Known {
    #[serde(rename = "@timestamp")]
    time: Option<String>,
    event: Option<KnownEvent>,
}

#[derive(Deserialize)]
struct KnownEvent {
    id: Option<String>,
}

impl Known {
    fn id(&self) -> Option<[u8; 16]> {
        let id = self.event.as_ref()?.id.as_ref()?;
        let number = u128::from_str_radix(id, 16).ok()?;
        (id.len() == 32).then(|| number.to_be_bytes())
    }

    fn time(&self) -> Option<Time> {
        Time::parse(self.time.as_ref()?.as_bytes())
    }
}

/// The documents of a dead letter, with their records' numbers in the upload, and the ids and times that
/// they had at first: a destination that knows events by their id stores each once.
fn batch_of(documents: &[Refused]) -> Batch {
    let mut batch = Batch::default();
    for refused in documents {
        let text = refused.document.as_slice();
        let known = serde_json::from_slice::<Known>(text).unwrap_or_default();
        let document = Document {
            text,
            id: known.id().unwrap_or_else(|| identity(text)),
            time: known.time(),
        };
        batch.push(document, refused.record..refused.record + 1);
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_sent_with_their_numbers_in_the_upload() {
        let text = [
            r#"{"record":7,"reason":"a","document":{"a":1.0}}"#,
            r#"{"record":9,"reason":"b","document":{"b": 2}}"#,
        ];
        let documents = dead_letter::read(&text.join("\n")).unwrap();
        let batch = batch_of(&documents);
        assert_eq!(batch.body, b"{\"a\":1.0}\n{\"b\": 2}");
        assert_eq!(batch.records, [7..8, 9..10]);
    }

    #[test]
    fn an_event_keeps_its_id_and_its_time() {
        let id = "000000000000000000000000000000ab";
        let at = Time::parse(b"2026-01-02T03:04:05Z");
        let own = |text: &str| (identity(text.as_bytes()), None);
        let event = format!(r#"{{"@timestamp":"2026-01-02T03:04:05Z","event":{{"id":"{id}"}}}}"#);
        for (document, expected) in [
            (event.as_str(), (0xab_u128.to_be_bytes(), at)),
            (r#"{"event":{"id":"ab"}}"#, own(r#"{"event":{"id":"ab"}}"#)),
            (r#"{"event":7}"#, own(r#"{"event":7}"#)),
            (r#"{"Action":"block"}"#, own(r#"{"Action":"block"}"#)),
        ] {
            let text = format!(r#"{{"record":0,"reason":"a","document":{document}}}"#);
            let batch = batch_of(&dead_letter::read(&text).unwrap());
            assert_eq!((batch.ids[0], batch.times[0]), expected, "{document}");
        }
    }
}
