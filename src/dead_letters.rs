//! Dead letters for the operator: to list, inspect, replay and delete; for the API and the status page.

use core::time::Duration;
use std::collections::BTreeMap;

use logpush_delivery::dead_letter::{self, About, Contents, DeadLetter, Inspected, List, Refused};
use logpush_delivery::expected::expected;
use logpush_delivery::key;
use logpush_delivery::work_item::WorkItem;
use web_sys::ReadableStream;
use worker::{Bucket, Conditional, Data, Include, Object, Result};

use crate::bindings::Bindings;
use crate::ledger::Ledger;
use crate::ledger::protocol::{CountDeadLetters, DeleteDeadLetter};
use crate::queue;

/// The result of asking for a replay.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    Sent,
    NotThere,
    /// A message names no upload that could be delivered.
    IsMessage,
    QueueFails,
}

/// Lists of 1,000 keys for one count.
const LISTS: u32 = 20;

/// Dead letters that one form replays or deletes: R2 deletes 1,000 objects at once, and the queue takes
/// them in ten messages of 100.
const AT_ONCE: usize = 1_000;

/// Dead letters in one part of a list.
const LISTED: u32 = 100;

/// Documents of a dead letter that are shown: it has at most one batch, of 10 MiB.
const SHOWN: usize = 100;

/// Which dead letters are meant; nothing: all.
#[derive(Clone, Copy, Default)]
pub(crate) struct Of<'a> {
    pub(crate) dataset: Option<&'a str>,
    pub(crate) destination: Option<&'a str>,
}

/// A part of the list; `cursor`: where it begins. Of one destination a part may be short.
pub(crate) async fn list(bucket: &Bucket, of: Of<'_>, cursor: Option<String>) -> Result<List> {
    let below = of
        .dataset
        .map_or_else(String::new, |dataset| format!("{dataset}/"));
    let mut list = bucket
        .list()
        .prefix(format!("{}{below}", key::DEAD))
        .limit(LISTED)
        .include(vec![Include::CustomMetadata]);
    if let Some(cursor) = cursor {
        list = list.cursor(cursor);
    }
    let page = list.execute().await?;
    let objects = page.objects();
    let letters = objects.iter().map(listed).filter(|letter| {
        let destination = &letter.about.destination;
        of.destination.is_none_or(|meant| meant == destination)
    });
    Ok(List {
        dead_letters: letters.collect(),
        cursor: page.truncated().then(|| page.cursor()).flatten(),
    })
}

/// A dead letter with its content; nothing where there is none.
pub(crate) async fn inspect(bucket: &Bucket, id: &str) -> Result<Option<Inspected>> {
    let Some(key) = key_of(id) else {
        return Ok(None);
    };
    let Some(object) = bucket.get(key).execute().await? else {
        return Ok(None);
    };
    let mut inspected = Inspected {
        dead_letter: listed(&object),
        documents: None,
        message: None,
    };
    match (inspected.dead_letter.about.contents, object.body()) {
        (Contents::Documents, Some(body)) => {
            let text = body.text().await?;
            let documents = text.lines().take(SHOWN);
            let documents = documents.filter_map(|line| serde_json::from_str(line).ok());
            inspected.documents = Some(documents.collect());
        }
        (Contents::Message, Some(body)) => inspected.message = Some(body.text().await?),
        // An upload can be large: `npx wrangler r2 object get` has it.
        _ => {}
    }
    Ok(Some(inspected))
}

/// Has a dead letter delivered again. It is deleted when that is done.
pub(crate) async fn replay(bindings: &Bindings, id: &str) -> Result<Replay> {
    let Some(key) = key_of(id) else {
        return Ok(Replay::NotThere);
    };
    let Some(object) = bindings.uploads.head(&key).await? else {
        return Ok(Replay::NotThere);
    };
    let about = about_of(&object);
    if about.contents == Contents::Message {
        return Ok(Replay::IsMessage);
    }
    let item = WorkItem::new(&key, Some(&object.etag()), &about.destination);
    match queue::send(&bindings.work, &item, Duration::ZERO).await {
        Ok(()) => Ok(Replay::Sent),
        Err(_) => Ok(Replay::QueueFails),
    }
}

/// Deletes a dead letter; `false` where there is none.
pub(crate) async fn delete(bindings: &Bindings, id: &str) -> Result<bool> {
    let Some(key) = key_of(id) else {
        return Ok(false);
    };
    if bindings.uploads.head(&key).await?.is_none() {
        return Ok(false);
    }
    bindings.uploads.delete(&key).await?;
    // Where that is lost, the next run of the cron counts anew.
    let deleted = DeleteDeadLetter {
        dataset: dataset_of(id).to_owned(),
    };
    let ledger = Ledger::new(bindings.ledger.clone());
    let _ = ledger.ask_overview(deleted).await;
    Ok(true)
}

/// Has all of these dead letters with one reason delivered again, up to [`AT_ONCE`], and gives their
/// number.
pub(crate) async fn replay_all(bindings: &Bindings, of: Of<'_>, reason: &str) -> Result<u64> {
    let objects = with_reason(&bindings.uploads, of, reason).await?;
    let items: Vec<WorkItem> = objects
        .iter()
        .map(|object| (object, about_of(object)))
        .filter(|(_, about)| about.contents != Contents::Message)
        .map(|(object, about)| {
            WorkItem::new(&object.key(), Some(&object.etag()), &about.destination)
        })
        .collect();
    for items in items.chunks(queue::BATCH) {
        queue::send_all(&bindings.work, items).await?;
    }
    Ok(items.len() as u64)
}

/// Deletes all of these dead letters with one reason, up to [`AT_ONCE`], and gives their number.
pub(crate) async fn delete_all(bindings: &Bindings, of: Of<'_>, reason: &str) -> Result<u64> {
    let objects = with_reason(&bindings.uploads, of, reason).await?;
    let keys: Vec<String> = objects.iter().map(Object::key).collect();
    if !keys.is_empty() {
        bindings.uploads.delete_multiple(keys).await?;
    }
    if let Ok(Some(counts)) = count(&bindings.uploads).await {
        // Where that is lost, the next run of the cron counts anew.
        let ledger = Ledger::new(bindings.ledger.clone());
        let _ = ledger.ask_overview(CountDeadLetters(counts)).await;
    }
    Ok(objects.len() as u64)
}

/// The description of a dead letter in the metadata of its object; the defaults where it has none.
pub(crate) fn about_of(object: &Object) -> About {
    object
        .custom_metadata()
        .map(|metadata| About::from_metadata(&metadata))
        .unwrap_or_default()
}

/// Writes the documents that the intake refused out of one batch of the upload `id`.
pub(crate) async fn put_documents(
    bucket: &Bucket,
    about: About,
    id: &str,
    refused: &[Refused],
) -> Result<()> {
    let first = refused.first().map_or(0, |refused| refused.record);
    let key = key::dead_letter(
        &about.dataset,
        about.arrived,
        id,
        first,
        &about.destination,
        "ndjson",
    );
    let about = about.with_records(refused.len());
    put(bucket, &key, dead_letter::lines(refused), &about).await
}

/// Writes documents and their description over a dead letter; `false` where it is not what it was, since
/// the operator has deleted it.
pub(crate) async fn rewrite(
    bucket: &Bucket,
    letter: &Object,
    about: About,
    refused: &[Refused],
) -> Result<bool> {
    let about = about.with_records(refused.len());
    let unchanged = Conditional {
        etag_matches: Some(letter.etag()),
        etag_does_not_match: None,
        uploaded_before: None,
        uploaded_after: None,
    };
    let put = bucket
        .put(letter.key(), dead_letter::lines(refused))
        .custom_metadata(about.metadata())
        .only_if(unchanged);
    Ok(put.execute().await?.is_some())
}

/// Copies the upload `id`, and gives the key of the copy.
pub(crate) async fn put_upload(
    bucket: &Bucket,
    about: &About,
    id: &str,
    stream: ReadableStream,
) -> Result<String> {
    let key = key::dead_letter(
        &about.dataset,
        about.arrived,
        id,
        0,
        &about.destination,
        "upload",
    );
    put(bucket, &key, stream, about).await?;
    Ok(key)
}

/// Keeps a message that is not understood, and gives its key.
pub(crate) async fn put_message(
    bucket: &Bucket,
    about: &About,
    id: &str,
    body: &str,
) -> Result<String> {
    let key = key::dead_letter(
        &about.dataset,
        about.at,
        id,
        0,
        &about.destination,
        "message",
    );
    put(bucket, &key, body.to_owned(), about).await?;
    Ok(key)
}

/// The number of dead letters of each dataset; nothing where there are too many to count.
pub(crate) async fn count(bucket: &Bucket) -> Result<Option<BTreeMap<String, u64>>> {
    let mut counts = BTreeMap::new();
    let mut cursor: Option<String> = None;
    for _ in 0..LISTS {
        let mut list = bucket.list().prefix(key::DEAD);
        if let Some(cursor) = cursor {
            list = list.cursor(cursor);
        }
        let page = list.execute().await?;
        for object in page.objects() {
            let dataset = dataset_of(id_of(&object.key())).to_owned();
            *counts.entry(dataset).or_default() += 1;
        }
        cursor = page.truncated().then(|| page.cursor()).flatten();
        if cursor.is_none() {
            return Ok(Some(counts));
        }
    }
    Ok(None)
}

/// These dead letters, as far as they have the reason.
async fn with_reason(bucket: &Bucket, of: Of<'_>, reason: &str) -> Result<Vec<Object>> {
    let below = of
        .dataset
        .map_or_else(String::new, |dataset| format!("{dataset}/"));
    let is_meant = |object: &Object| {
        let about = about_of(object);
        let is_of = of.destination.is_none_or(|of| of == about.destination);
        is_of && about.reason == reason
    };
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..LISTS {
        let mut list = bucket
            .list()
            .prefix(format!("{}{below}", key::DEAD))
            .include(vec![Include::CustomMetadata]);
        if let Some(cursor) = cursor {
            list = list.cursor(cursor);
        }
        let page = list.execute().await?;
        let objects = page.objects().into_iter();
        found.extend(objects.filter(is_meant));
        cursor = page.truncated().then(|| page.cursor()).flatten();
        if cursor.is_none() || found.len() >= AT_ONCE {
            break;
        }
    }
    found.truncate(AT_ONCE);
    Ok(found)
}

async fn put(bucket: &Bucket, key: &str, data: impl Into<Data>, about: &About) -> Result<()> {
    let put = bucket.put(key, data).custom_metadata(about.metadata());
    put.execute().await?;
    Ok(())
}

fn listed(object: &Object) -> DeadLetter {
    DeadLetter {
        id: id_of(&object.key()).to_owned(),
        bytes: object.size(),
        about: about_of(object),
    }
}

/// The key of an id; nothing where no dead letter can have it.
fn key_of(id: &str) -> Option<String> {
    let key = format!("{}{id}", key::DEAD);
    key::parse(&key).map(|_| key)
}

/// The id of a listed dead letter.
fn id_of(key: &str) -> &str {
    expected(key.strip_prefix(key::DEAD), "the prefix of a dead letter")
}

/// The dataset that an id names.
fn dataset_of(id: &str) -> &str {
    id.split('/').next().unwrap_or(id)
}
