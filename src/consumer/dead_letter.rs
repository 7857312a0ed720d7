//! What cannot be delivered becomes a dead letter.

use core::time::Duration;

use logpush_delivery::dead_letter::{About, Contents};
use logpush_delivery::key::{self, Source, SourceKind};
use logpush_delivery::state::Holder;
use logpush_delivery::work_item::WorkItem;

use crate::bindings::Bindings;
use crate::clock::now_millis;
use crate::consumer::context::{Consumer, Decision, WAIT_FOR_STORAGE, jittered, log_problem};
use crate::consumer::journal::UploadJournal;
use crate::consumer::object::{get, stream_of};
use crate::dead_letters;
use crate::ledger::protocol::End;
use crate::log::Level;

impl Consumer<'_> {
    /// Makes a dead letter of an upload: the upload as received, and how far its delivery got.
    pub(super) async fn give_up(
        &self,
        source: &Source,
        item: &WorkItem,
        journal: &UploadJournal,
        reason: &str,
    ) -> worker::Result<Decision> {
        let subject = &journal.subject;
        if source.kind == SourceKind::DeadLetter {
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
            done: journal.known().done,
            ..About::new(
                Contents::Upload,
                &source.dataset,
                &subject.to,
                &item.key,
                reason,
                now_millis(),
            )
        };
        let key = dead_letters::put_upload(bucket, &about, &subject.id, stream).await?;
        journal.wrote_dead_letter();
        let end = End::DeadLetter {
            reason: reason.to_owned(),
        };
        if journal.finish(end).await? {
            bucket.delete(&item.key).await?;
        }
        journal.clean().await?;
        log_dead_letter(reason, &key);
        Ok(Decision::Ack)
    }
}

/// Makes a dead letter of a message that is not understood.
///
/// # Errors
///
/// How long to wait where R2 fails.
pub(super) async fn keep(bindings: &Bindings, text: &str, holder: &Holder) -> Result<(), Duration> {
    let reason = "the message is neither a work item nor a notification of R2";
    let now = now_millis();
    let about = About {
        arrived: now,
        ..About::new(Contents::Message, key::UNNAMED, "", "", reason, now)
    };
    let id = key::identity(text, &holder.message);
    match dead_letters::put_message(&bindings.uploads, &about, &id, text).await {
        Ok(key) => {
            log_dead_letter(reason, &key);
            Ok(())
        }
        Err(_) => Err(jittered(WAIT_FOR_STORAGE)),
    }
}

fn log_dead_letter(reason: &str, key: &str) {
    log_problem(Level::Error, &format!("a dead letter: {reason}"), Some(key));
}
