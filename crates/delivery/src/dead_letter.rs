//! Dead letters: what is finally refused is kept in R2, with its reason, until the operator decides.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::progress::Done;

/// What a dead letter is about: in the custom metadata of its object, so that a list has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The version of this description.
    pub v: u32,
    /// What the object holds.
    pub kind: Kind,
    /// The dataset, as the upload's key names it.
    pub dataset: String,
    /// Why, in the intake's words where they are its.
    pub reason: String,
    /// The key of the upload that it is of.
    pub upload: String,
    /// When that arrived, in milliseconds since 1970.
    pub arrived: u64,
    /// When the letter was written.
    pub at: u64,
    /// Records concerned, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// Of an upload: what of it is delivered already.
    #[serde(skip_serializing_if = "Done::is_empty")]
    pub done: Done,
}

/// What the object of a dead letter holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
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
pub struct Letter<'a> {
    /// Number of its record in the upload, from 0.
    pub record: u64,
    #[serde(borrow)]
    /// Why the destination refused it.
    pub reason: Cow<'a, str>,
    #[serde(borrow)]
    /// The document, byte for byte.
    pub document: &'a RawValue,
}

/// A document that the intake refused for its content, and whose stand-in it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its record's number in the upload.
    pub record: u64,
    /// The document, byte for byte.
    pub document: Vec<u8>,
    /// In the intake's words.
    pub reason: String,
}

/// The name of the metadata.
const ABOUT: &str = "about";

/// R2 takes 8,192 bytes of metadata in all. Longer positions are left out: then everything is
/// delivered again, with the same ids.
const ABOUT_MAX: usize = 6 * 1024;

/// The longest reason that is kept, in characters; escaped, six bytes each.
const REASON_MAX: usize = 300;

impl About {
    /// A description written at `now`, with its reason cut to the length that metadata have room for.
    pub fn new(kind: Kind, dataset: &str, upload: &str, reason: &str, now: u64) -> Self {
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

    /// Reads the custom metadata of an object; the defaults where they have none.
    pub fn from_metadata(metadata: &HashMap<String, String>) -> Self {
        metadata
            .get(ABOUT)
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    /// The custom metadata that hold this.
    pub fn metadata(&self) -> HashMap<String, String> {
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

/// The lines of a dead letter that holds documents.
pub fn documents(refused: &[Refused]) -> Vec<u8> {
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
