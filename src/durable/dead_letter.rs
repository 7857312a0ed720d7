//! Dead letters: what is finally refused is kept in R2, with its reason, until the operator decides.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use web_sys::ReadableStream;
use worker::{Bucket, Object};

use crate::deliver::Refused;
use crate::durable::done::Done;
use crate::durable::key;

/// What a dead letter is about: in the custom metadata of its object, so that a list has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct About {
    pub(crate) v: u32,
    pub(crate) kind: Kind,
    pub(crate) dataset: String,
    /// Why, in the intake's words where they are its.
    pub(crate) reason: String,
    /// The key of the upload that it is of.
    pub(crate) upload: String,
    /// When that arrived, in milliseconds since 1970.
    pub(crate) arrived: u64,
    /// When the letter was written.
    pub(crate) at: u64,
    /// Records concerned, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) records: Option<u64>,
    /// Of an upload: what of it is delivered already.
    #[serde(skip_serializing_if = "Done::is_empty")]
    pub(crate) done: Done,
}

/// What the object of a dead letter holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Lines of [`Letter`]: documents that the intake refused.
    #[default]
    Documents,
    /// The upload as received.
    Upload,
    /// A message of the queue that is not understood.
    Message,
}

/// One refused document.
#[derive(Deserialize, Serialize)]
pub(crate) struct Letter<'a> {
    /// Number of its record in the upload, from 0.
    pub(crate) record: u64,
    #[serde(borrow)]
    pub(crate) reason: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) document: &'a RawValue,
}

/// The name of the metadata.
const ABOUT: &str = "about";

/// R2 takes 8,192 bytes of metadata in all. Longer positions are left out: then everything is
/// delivered again, with the same ids.
const ABOUT_MAX: usize = 6 * 1024;

/// Lists of 1,000 keys for one count.
const LISTS: u32 = 20;

/// The longest reason that is kept, in characters; escaped, six bytes each.
const REASON_MAX: usize = 300;

impl About {
    pub(crate) fn new(kind: Kind, dataset: &str, upload: &str, reason: &str, now: u64) -> Self {
        Self {
            v: 1,
            kind,
            dataset: dataset.to_owned(),
            reason: reason.chars().take(REASON_MAX).collect(),
            upload: upload.to_owned(),
            at: now,
            ..Self::default()
        }
    }

    /// Reads the metadata of an object; the defaults where it has none.
    pub(crate) fn of(object: &Object) -> Self {
        object
            .custom_metadata()
            .ok()
            .and_then(|metadata| serde_json::from_str(metadata.get(ABOUT)?).ok())
            .unwrap_or_default()
    }

    fn metadata(&self) -> HashMap<String, String> {
        let mut text = ascii(self);
        if text.len() > ABOUT_MAX {
            text = ascii(&Self {
                done: Done::default(),
                ..self.clone()
            });
        }
        HashMap::from([(ABOUT.to_owned(), text)])
    }
}

/// JSON in ASCII alone: metadata travel in headers.
fn ascii(about: &About) -> String {
    let json = serde_json::to_string(about).unwrap_or_default();
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

/// Writes the documents that the intake refused out of one batch.
pub(crate) async fn put_documents(
    bucket: &Bucket,
    about: About,
    id: &str,
    refused: &[Refused],
) -> worker::Result<()> {
    let first = refused.first().map_or(0, |refused| refused.record);
    let key = key::dead_letter(&about.dataset, about.arrived, id, first, "ndjson");
    let about = About {
        records: Some(refused.len() as u64),
        ..about
    };
    bucket
        .put(&key, documents(refused))
        .custom_metadata(about.metadata())
        .execute()
        .await?;
    Ok(())
}

/// Writes `about` and the documents that are still refused over a dead letter.
pub(crate) async fn rewrite(
    bucket: &Bucket,
    key: &str,
    about: About,
    refused: &[Refused],
) -> worker::Result<()> {
    let about = About {
        records: Some(refused.len() as u64),
        ..about
    };
    bucket
        .put(key, documents(refused))
        .custom_metadata(about.metadata())
        .execute()
        .await?;
    Ok(())
}

/// How many dead letters each dataset has; nothing where there are too many to count.
pub(crate) async fn count(bucket: &Bucket) -> worker::Result<Option<BTreeMap<String, u64>>> {
    let mut letters = BTreeMap::new();
    let mut cursor: Option<String> = None;
    for _ in 0..LISTS {
        let mut list = bucket.list().prefix(key::DEAD);
        if let Some(cursor) = cursor {
            list = list.cursor(cursor);
        }
        let page = list.execute().await?;
        for object in page.objects() {
            let key = object.key();
            let id = key.strip_prefix(key::DEAD).unwrap_or_default();
            let dataset = id.split('/').next().unwrap_or_default();
            *letters.entry(dataset.to_owned()).or_default() += 1;
        }
        cursor = page.truncated().then(|| page.cursor()).flatten();
        if cursor.is_none() {
            return Ok(Some(letters));
        }
    }
    Ok(None)
}

/// Copies an upload; gives the key.
pub(crate) async fn put_upload(
    bucket: &Bucket,
    about: &About,
    id: &str,
    stream: ReadableStream,
) -> worker::Result<String> {
    let key = key::dead_letter(&about.dataset, about.arrived, id, 0, "upload");
    bucket
        .put(&key, stream)
        .custom_metadata(about.metadata())
        .execute()
        .await?;
    Ok(key)
}

/// Writes a message that is not understood; gives the key.
pub(crate) async fn put_message(
    bucket: &Bucket,
    about: &About,
    id: &str,
    body: &str,
) -> worker::Result<String> {
    let key = key::dead_letter(&about.dataset, about.at, id, 0, "message");
    bucket
        .put(&key, body.to_owned())
        .custom_metadata(about.metadata())
        .execute()
        .await?;
    Ok(key)
}

fn documents(refused: &[Refused]) -> Vec<u8> {
    let mut text = Vec::new();
    for refused in refused {
        // The normalizer writes JSON; what were none would be told as a text.
        let document = core::str::from_utf8(&refused.document)
            .ok()
            .and_then(|document| RawValue::from_string(document.to_owned()).ok())
            .or_else(|| {
                serde_json::value::to_raw_value(&String::from_utf8_lossy(&refused.document)).ok()
            });
        let Some(document) = document else { continue };
        let letter = Letter {
            record: refused.record,
            reason: Cow::Borrowed(&refused.reason),
            document: &document,
        };
        if serde_json::to_writer(&mut text, &letter).is_ok() {
            text.push(b'\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_any_text_fits_the_metadata() {
        let mut about = About::new(Kind::Upload, "d", "k", &"é\u{1F600}\"\n".repeat(300), 1);
        for n in 0..2_000 {
            about.done.add(n * 2..n * 2 + 1);
        }
        let text = &about.metadata()[ABOUT];
        assert!(text.len() <= ABOUT_MAX && text.is_ascii(), "{}", text.len());
        let read: About = serde_json::from_str(text).unwrap();
        assert_eq!(read.reason.chars().count(), REASON_MAX);
        assert!(read.done.is_empty());
    }

    #[test]
    fn documents_are_kept_byte_for_byte() {
        let refused = [
            Refused {
                record: 7,
                document: br#"{"a":1.0,"b":"\u00e9 x"}"#.to_vec(),
                reason: "status 400: {\"message\":\"no\"}".to_owned(),
            },
            Refused {
                record: 9,
                document: b"no JSON".to_vec(),
                reason: String::new(),
            },
        ];
        let text = String::from_utf8(documents(&refused)).unwrap();
        assert_eq!(
            text,
            "{\"record\":7,\"reason\":\"status 400: {\\\"message\\\":\\\"no\\\"}\",\"document\":{\"a\":1.0,\"b\":\"\\u00e9 x\"}}\n{\"record\":9,\"reason\":\"\",\"document\":\"no JSON\"}\n"
        );
        let read: Letter<'_> = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(read.document.get().as_bytes(), refused[0].document);
        assert_eq!(read.reason, refused[0].reason);
    }
}
