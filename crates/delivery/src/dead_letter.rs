//! Dead letters: data that is refused for good is kept in R2, with the reason, until the operator decides.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::expected::expected;
use crate::progress::Done;

/// The description of a dead letter, in the custom metadata of its object, so that a list has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The version of this description.
    pub v: u32,
    /// What the object holds.
    #[serde(rename = "kind")]
    pub contents: Contents,
    /// The dataset, as the upload's key names it.
    pub dataset: String,
    /// The destination that has not taken it.
    pub destination: String,
    /// Why there is a dead letter; where the intake refused it, in its words.
    pub reason: String,
    /// The key of the upload that it comes from.
    pub upload: String,
    /// When that arrived, in milliseconds since 1970.
    pub arrived: u64,
    /// When the dead letter was written.
    pub at: u64,
    /// Its records, where their number is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// The records of a whole upload that are delivered already.
    #[serde(skip_serializing_if = "Done::is_empty")]
    pub done: Done,
}

/// What the object of a dead letter holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contents {
    /// Lines of [`Refused`]: documents that the intake refused.
    #[default]
    Documents,
    /// The upload as received.
    Upload,
    /// A message of the queue that is not understood.
    Message,
}

/// A document that the intake refused for its content, and whose placeholder it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The number of its record in the upload, from 0.
    pub record: u64,
    /// In the intake's words.
    pub reason: String,
    /// The document, byte for byte.
    #[serde(with = "raw")]
    pub document: Vec<u8>,
}

/// A dead letter as a list has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Its key, without what all keys of dead letters begin with.
    pub id: String,
    /// The size of its object.
    pub bytes: u64,
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
}

/// A part of the list of dead letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct List {
    /// The dead letters, in the order of their keys.
    pub dead_letters: Vec<DeadLetter>,
    /// Where the next part begins; nothing where this is the last.
    pub cursor: Option<String>,
}

/// A dead letter with its content, as far as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inspected {
    /// The dead letter.
    #[serde(flatten)]
    pub dead_letter: DeadLetter,
    /// Its documents, where it holds documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<Refused>>,
    /// The message of the queue, where it holds one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The name of the metadata.
const ABOUT: &str = "about";

/// Bytes of the description: R2 takes 8,192 of metadata in all. Positions that do not fit are left out,
/// and a replay then sends everything again, with the same ids.
const ABOUT_MAX: usize = 6 * 1024;

/// Characters of a reason that are kept. Escaped, one has up to six bytes.
const REASON_MAX: usize = 300;

impl About {
    /// A description written at `now`, with its reason cut to the length that metadata have room for.
    pub fn new(
        contents: Contents,
        dataset: &str,
        destination: &str,
        upload: &str,
        reason: &str,
        now: u64,
    ) -> Self {
        Self {
            v: 1,
            contents,
            dataset: dataset.to_owned(),
            destination: destination.to_owned(),
            reason: reason.chars().take(REASON_MAX).collect(),
            upload: upload.to_owned(),
            at: now,
            ..Self::default()
        }
    }

    /// The same of so many records.
    #[must_use]
    pub fn with_records(self, records: usize) -> Self {
        Self {
            records: Some(records as u64),
            ..self
        }
    }

    /// Reads the custom metadata of an object; the defaults where they have none.
    pub fn from_metadata(metadata: &HashMap<String, String>) -> Self {
        metadata
            .get(ABOUT)
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    /// The custom metadata that hold the description.
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

/// JSON in ASCII alone, since metadata travel in headers.
fn ascii(about: &About) -> String {
    let json = expected(
        serde_json::to_string(about).ok(),
        "the JSON of a description",
    );
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

/// The content of a dead letter that holds documents.
#[must_use]
pub fn lines(refused: &[Refused]) -> Vec<u8> {
    let mut lines = Vec::new();
    for refused in refused {
        match serde_json::to_vec(refused) {
            Ok(line) => {
                lines.extend_from_slice(&line);
                lines.push(b'\n');
            }
            Err(error) => debug_assert!(false, "a document is not written: {error}"),
        }
    }
    lines
}

/// Reads the content of a dead letter that holds documents.
///
/// # Errors
///
/// Where a line is none of [`lines`]: somebody wrote over it.
pub fn read(text: &str) -> Result<Vec<Refused>, serde_json::Error> {
    text.lines().map(serde_json::from_str).collect()
}

/// Documents are JSON already, and kept as they are.
mod raw {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use serde_json::value::{RawValue, to_raw_value};

    pub(super) fn serialize<S: Serializer>(
        document: &[u8],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        // The normalizer writes JSON; anything else is kept as a text.
        let text = String::from_utf8_lossy(document).into_owned();
        match RawValue::from_string(text) {
            Ok(value) => value.serialize(serializer),
            Err(_) => to_raw_value(&String::from_utf8_lossy(document))
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let value = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Box::<str>::from(value).into_string().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_any_text_fits_the_metadata() {
        let mut about = About::new(
            Contents::Upload,
            "d",
            "siem",
            "k",
            &"é\u{1F600}\"\n".repeat(300),
            1,
        );
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
        let text = String::from_utf8(lines(&refused)).unwrap();
        assert_eq!(
            text,
            "{\"record\":7,\"reason\":\"status 400: {\\\"message\\\":\\\"no\\\"}\",\"document\":{\"a\":1.0,\"b\":\"\\u00e9 x\"}}\n{\"record\":9,\"reason\":\"\",\"document\":\"no JSON\"}\n"
        );
        let read = read(&text).unwrap();
        assert_eq!(read[0], refused[0]);
        assert_eq!(read[1].document, b"\"no JSON\"");
        assert!(super::read("{\"record\":1}").is_err());
    }

    #[test]
    fn a_dead_letter_is_listed_with_what_it_is_about() {
        let about = About::new(
            Contents::Documents,
            "dns_logs",
            "siem",
            "uploads/x",
            "no",
            7,
        );
        let inspected = Inspected {
            dead_letter: DeadLetter {
                id: "dns_logs/x".to_owned(),
                bytes: 5,
                about,
            },
            documents: Some(vec![Refused {
                record: 1,
                reason: "no".to_owned(),
                document: b"{\"a\":1.0}".to_vec(),
            }]),
            message: None,
        };
        assert_eq!(
            serde_json::to_string(&inspected).unwrap(),
            "{\"id\":\"dns_logs/x\",\"bytes\":5,\"v\":1,\"kind\":\"documents\",\"dataset\":\"dns_logs\",\"destination\":\"siem\",\"reason\":\"no\",\"upload\":\"uploads/x\",\"arrived\":0,\"at\":7,\"documents\":[{\"record\":1,\"reason\":\"no\",\"document\":{\"a\":1.0}}]}"
        );
    }
}
