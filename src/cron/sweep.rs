//! The sweep finds uploads that are stored and forgotten, and sends their work items again. It also
//! removes what is left over.
//!
//! An upload is forgotten when a step fails between two others: it is stored but its work item is not
//! sent, a message is lost, a consumer dies for good. The listing of one run is bounded; the next run
//! goes on where this one stops.

use core::time::Duration;
use std::collections::BTreeSet;

use logpush_delivery::key::{self, SourceKind};
use logpush_delivery::owed::UNDECIDED;
use serde::{Deserialize, Serialize};
use serde_json::json;
use worker::{Bucket, Include};

use crate::bindings::Bindings;
use crate::clock::now_millis;
use crate::config::{self, Config, Variables};
use crate::ended::{self, Ended};
use crate::ledger::Ledger;
use crate::ledger::protocol::{Gone, Read};
use crate::log::{self, Level};
use crate::waiting::{Claims, PREFIXES};

/// Lists of 1,000 keys in one run: 20,000 uploads, and at most 320 questions to the ledger.
const LISTS: u32 = 20;

/// Objects looked at in one run, each, of uploads that wait according to the ledger and may not be in the
/// bucket, and of ends that the ledger may not know.
const LOOKED_FOR: usize = 20;

/// A list of destinations that was written without the ledger is of no use when its upload was given up.
const LISTS_KEPT: u64 = 100 * 24 * 3_600_000;

/// Nobody ends a multipart upload any more that is still open after an hour.
const MULTIPART_ENDS: u64 = 3_600_000;

/// How far the sweep has come.
#[derive(Default, Serialize, Deserialize)]
struct Position {
    /// Its place in [`PREFIXES`].
    prefix: usize,
    /// The last key that was looked at.
    after: Option<String>,
}

impl Position {
    fn prefix(&self) -> &'static str {
        PREFIXES.get(self.prefix).copied().unwrap_or(key::UPLOADS)
    }

    /// Goes on with the next prefix; `true` where that is the first one again.
    fn next_prefix(&mut self) -> bool {
        *self = Self {
            prefix: (self.prefix + 1) % PREFIXES.len(),
            after: None,
        };
        self.prefix == 0
    }
}

/// The work of one run, counted.
#[derive(Default)]
struct Swept {
    seen: u64,
    sent: u64,
    aborted: u64,
    deleted: u64,
    forgotten: u64,
    reported: u64,
}

/// One run.
pub(crate) async fn sweep(variables: &Variables, bindings: &Bindings) {
    let mut swept = Swept::default();
    let result = match config::read(variables) {
        Ok(config) => {
            let sweep = Sweep {
                bindings,
                ledger: Ledger::new(bindings.ledger.clone()),
                now: now_millis(),
                grace: millis(config.ingest.sweep_after),
                keep: millis(config.ingest.keep_delivered),
                config,
            };
            sweep
                .run(&mut swept)
                .await
                .map_err(|error| error.to_string())
        }
        Err(problems) => Err(format!(
            "the Worker is not configured: {}",
            problems.join("; ")
        )),
    };
    let level = match &result {
        Err(_) => Level::Error,
        Ok(()) if swept.sent > 0 => Level::Warn,
        Ok(()) => Level::Info,
    };
    log::write(
        level,
        "sweep",
        json!({
            "seen": swept.seen,
            "sent": swept.sent,
            "aborted": swept.aborted,
            "deleted": swept.deleted,
            "forgotten": swept.forgotten,
            "reported": swept.reported,
            "error": result.err(),
        }),
    );
}

struct Sweep<'a> {
    bindings: &'a Bindings,
    config: Config,
    ledger: Ledger,
    now: u64,
    /// How long an upload is left alone, in milliseconds.
    grace: u64,
    /// How long delivered uploads are kept, in milliseconds.
    keep: u64,
}

impl Sweep<'_> {
    async fn run(&self, swept: &mut Swept) -> worker::Result<()> {
        // First what the ledger has missed, so that it can say what is forgotten.
        self.unreported(swept).await?;
        self.forgotten(swept).await?;
        self.multipart(swept).await?;
        self.delivered(swept).await?;
        self.without_object(swept).await
    }

    async fn forgotten(&self, swept: &mut Swept) -> worker::Result<()> {
        let bucket = &self.bindings.uploads;
        let mut position = read_position(bucket).await;
        for _ in 0..LISTS {
            let mut list = bucket
                .list()
                .prefix(position.prefix())
                .include(vec![Include::CustomMetadata]);
            if let Some(after) = &position.after {
                list = list.start_after(after);
            }
            let page = list.execute().await?;
            let mut found = Vec::new();
            for object in page.objects() {
                swept.seen += 1;
                position.after = Some(object.key());
                if object.uploaded().as_millis() + self.grace <= self.now {
                    found.push(object);
                }
            }
            let claims = Claims {
                bindings: self.bindings,
                ledger: &self.ledger,
                grace: self.grace,
                at_once: false,
                to: None,
                config: &self.config,
            };
            swept.sent += claims.send(found).await?;
            if !page.truncated() && position.next_prefix() {
                break;
            }
        }
        let position = serde_json::to_string(&position)?;
        bucket.put(key::SWEEP, position).execute().await?;
        Ok(())
    }

    /// Ends the rows of uploads that are not in the bucket, which would wait for ever: what could not be
    /// stored when it arrived, and did not come again, is forgotten; what was begun is delivered or lost.
    async fn without_object(&self, swept: &mut Swept) -> worker::Result<()> {
        let Some(overview) = self.ledger.ask_overview(Read).await else {
            return Ok(());
        };
        let waiting = overview
            .datasets
            .values()
            .flat_map(|of| of.backlog().oldest);
        let mut asked = BTreeSet::new();
        let old = waiting
            .filter(|upload| upload.arrived + self.grace <= self.now)
            .filter(|upload| upload.next_attempt + self.grace <= self.now)
            .filter(|upload| asked.insert(upload.id.clone()))
            .take(LOOKED_FOR);
        for upload in old.collect::<Vec<_>>() {
            let Some(source) = key::parse(&upload.key) else {
                continue;
            };
            let object = self.bindings.uploads.head(&upload.key).await?;
            let is_there = object.is_some_and(|object| match source.kind {
                // Overwritten, the object is that of another upload.
                SourceKind::Logpush => key::identity(&upload.key, &object.etag()) == upload.id,
                _ => true,
            });
            if !is_there {
                let gone = Gone {
                    id: upload.id.clone(),
                    to: None,
                    grace: self.grace,
                };
                let shard = Ledger::shard(&source.dataset, &upload.id);
                let answer = self.ledger.ask(&shard, gone).await;
                swept.forgotten += u64::from(answer.is_some());
            }
        }
        Ok(())
    }

    /// Reports ends of uploads that only the objects beside them know: the ledger did not answer then.
    async fn unreported(&self, swept: &mut Swept) -> worker::Result<()> {
        let bucket = &self.bindings.uploads;
        let list = bucket
            .list()
            .prefix(key::PROGRESS)
            .include(vec![Include::CustomMetadata]);
        let page = list.execute().await?;
        let objects = page.objects();
        for object in &objects {
            let is_list = key::progress_of(&object.key()).is_some_and(|of| of.to == UNDECIDED);
            if is_list && object.uploaded().as_millis() + LISTS_KEPT <= self.now {
                bucket.delete(object.key()).await?;
            }
        }
        // The others are positions of uploads that are being delivered.
        let ends = objects.iter().filter(|object| ended::is_end(object));
        for object in ends.take(LOOKED_FOR) {
            let progress = object.key();
            let Some(positions) = key::progress_of(&progress) else {
                continue;
            };
            let Some(object) = bucket.get(&progress).execute().await? else {
                continue;
            };
            let Some(body) = object.body() else {
                continue;
            };
            let ended = serde_json::from_str::<Ended>(&body.text().await?);
            if let Ok(ended) = ended
                && ended.state.finished.is_some()
                && ended.report(&self.ledger, positions.dataset).await
            {
                bucket.delete(progress).await?;
                swept.reported += 1;
            }
        }
        Ok(())
    }

    /// Aborts multipart uploads that nobody ended.
    async fn multipart(&self, swept: &mut Swept) -> worker::Result<()> {
        #[derive(Deserialize)]
        struct Begun {
            key: String,
            upload: String,
        }
        let bucket = &self.bindings.uploads;
        for object in bucket
            .list()
            .prefix(key::MULTIPART)
            .execute()
            .await?
            .objects()
        {
            let marker = object.key();
            let begun = key::multipart_millis(&marker).unwrap_or_default();
            if begun + MULTIPART_ENDS > self.now {
                continue;
            }
            let Some(object) = bucket.get(&marker).execute().await? else {
                continue;
            };
            if let Some(body) = object.body()
                && let Ok(begun) = serde_json::from_str::<Begun>(&body.text().await?)
                && let Ok(upload) = bucket.resume_multipart_upload(begun.key, begun.upload)
                && upload.abort().await.is_ok()
            {
                swept.aborted += 1;
            }
            // An upload that cannot be aborted is complete, or aborted already.
            bucket.delete(marker).await?;
        }
        Ok(())
    }

    /// Deletes delivered uploads that were kept for long enough.
    async fn delivered(&self, swept: &mut Swept) -> worker::Result<()> {
        let bucket = &self.bindings.uploads;
        let end = key::delivered_before(self.now.saturating_sub(self.keep));
        // The list is in the order of time: the oldest come first.
        for _ in 0..LISTS {
            let page = bucket.list().prefix(key::DELIVERED).execute().await?;
            let keys: Vec<String> = page
                .objects()
                .iter()
                .map(worker::Object::key)
                .filter(|key| *key < end)
                .collect();
            let is_last = keys.len() < page.objects().len() || !page.truncated();
            swept.deleted += keys.len() as u64;
            if !keys.is_empty() {
                bucket.delete_multiple(keys).await?;
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

/// Where the last run stopped, or the beginning where that is not known.
async fn read_position(bucket: &Bucket) -> Position {
    let read = async {
        let object = bucket.get(key::SWEEP).execute().await.ok()??;
        let text = object.body()?.text().await.ok()?;
        serde_json::from_str(&text).ok()
    };
    read.await.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sweep_goes_through_all_prefixes_in_turn() {
        let mut position = Position::default();
        let mut seen = vec![position.prefix()];
        while !position.next_prefix() {
            seen.push(position.prefix());
        }
        assert_eq!(seen, PREFIXES);
        let odd: Position = serde_json::from_str(r#"{"prefix":9,"after":"x"}"#).unwrap();
        assert_eq!(odd.prefix(), key::UPLOADS);
    }
}
