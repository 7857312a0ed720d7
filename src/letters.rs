//! Dead letters for the operator: to list, inspect, replay and delete; for the API and the status page.

use core::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use worker::{Bucket, Include, Result};

use crate::durable::bindings::Bindings;
use crate::durable::dead_letter::{About, Kind};
use crate::durable::key;
use crate::durable::work::{self, WorkItem};
use crate::ledger::Ledger;

/// What is told of a dead letter in a list.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    /// Its key, without what all keys of dead letters begin with.
    pub(crate) id: String,
    pub(crate) bytes: u64,
    #[serde(flatten)]
    pub(crate) about: About,
}

/// A part of the list.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Page {
    pub(crate) dead_letters: Vec<Listed>,
    /// Where the next part begins; nothing where this was the last.
    pub(crate) cursor: Option<String>,
}

/// A dead letter with its content, as far as it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct Inspected {
    #[serde(flatten)]
    pub(crate) listed: Listed,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) documents: Option<Vec<Document>>,
    /// Of the queue, that is not understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

/// A refused document, byte for byte.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Document {
    /// Number of its record in the upload, from 0.
    pub(crate) record: u64,
    pub(crate) reason: String,
    pub(crate) document: Box<RawValue>,
}

/// What became of a wish to replay.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    Sent,
    NotThere,
    /// It names no upload.
    IsMessage,
    QueueFails,
}

/// Dead letters in one part of a list.
const LISTED: u32 = 100;

/// Documents of a dead letter that are shown: it has at most one batch, of 10 MiB.
const SHOWN: usize = 100;

/// The key of an id; nothing where it is that of no dead letter.
fn key_of(id: &str) -> Option<String> {
    let key = format!("{}{id}", key::DEAD);
    key::parse(&key).map(|_| key)
}

pub(crate) async fn list(
    bucket: &Bucket,
    dataset: Option<&str>,
    cursor: Option<String>,
) -> Result<Page> {
    let below = dataset.map_or_else(String::new, |dataset| format!("{dataset}/"));
    let mut list = bucket
        .list()
        .prefix(format!("{}{below}", key::DEAD))
        .limit(LISTED)
        .include(vec![Include::CustomMetadata]);
    if let Some(cursor) = cursor {
        list = list.cursor(cursor);
    }
    let page = list.execute().await?;
    let dead_letters = page.objects().iter().map(listed).collect();
    Ok(Page {
        dead_letters,
        cursor: page.truncated().then(|| page.cursor()).flatten(),
    })
}

/// Nothing where there is no such dead letter.
pub(crate) async fn inspect(bucket: &Bucket, id: &str) -> Result<Option<Inspected>> {
    let Some(key) = key_of(id) else {
        return Ok(None);
    };
    let Some(object) = bucket.get(key).execute().await? else {
        return Ok(None);
    };
    let mut inspected = Inspected {
        listed: listed(&object),
        documents: None,
        message: None,
    };
    match (inspected.listed.about.kind, object.body()) {
        (Kind::Documents, Some(body)) => {
            let text = body.text().await?;
            let documents = text.lines().take(SHOWN);
            let documents = documents.filter_map(|line| serde_json::from_str(line).ok());
            inspected.documents = Some(documents.collect());
        }
        (Kind::Message, Some(body)) => inspected.message = Some(body.text().await?),
        // An upload can be large: `npx wrangler r2 object get` has it.
        _ => {}
    }
    Ok(Some(inspected))
}

/// Has a dead letter delivered again; when that is done it is gone.
pub(crate) async fn replay(bindings: &Bindings, id: &str) -> Result<Replay> {
    let Some(key) = key_of(id) else {
        return Ok(Replay::NotThere);
    };
    let Some(object) = bindings.uploads.head(&key).await? else {
        return Ok(Replay::NotThere);
    };
    if About::of(&object).kind == Kind::Message {
        return Ok(Replay::IsMessage);
    }
    let item = WorkItem::new(&key, Some(&object.etag()));
    match work::send(&bindings.work, &item, Duration::ZERO).await {
        Ok(()) => Ok(Replay::Sent),
        Err(_) => Ok(Replay::QueueFails),
    }
}

/// Whether there was such a dead letter.
pub(crate) async fn delete(bindings: &Bindings, id: &str) -> Result<bool> {
    let Some(key) = key_of(id) else {
        return Ok(false);
    };
    if bindings.uploads.head(&key).await?.is_none() {
        return Ok(false);
    }
    bindings.uploads.delete(&key).await?;
    // At worst the next run of the cron counts anew.
    let dataset = id.split('/').next().unwrap_or_default();
    let _ = Ledger::new(bindings.ledger.clone())
        .letter_deleted(dataset)
        .await;
    Ok(true)
}

fn listed(object: &worker::Object) -> Listed {
    let key = object.key();
    Listed {
        id: key.strip_prefix(key::DEAD).unwrap_or(&key).to_owned(),
        bytes: object.size(),
        about: About::of(object),
    }
}
