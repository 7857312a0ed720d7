//! The payload that matched a WAF rule, decrypted in the text of its record.

use serde::de::IgnoredAny;

use crate::document::Engine;
use crate::document::notes::Notes;
use crate::record::clean::MASK;
use crate::record::nested::exact_member;
use crate::record::slow;
use crate::record::{Record, ValueKind};

/// The tag of an event whose payload stays as it came.
const TAG: &str = "matched_data_undecrypted";

impl Engine {
    /// The text of a record with its payload decrypted, or masked as all that is sensitive; nothing
    /// where it has none, or none that can be decrypted.
    pub(super) fn reveal(&mut self, line: &[u8], notes: &mut Notes) -> Option<Vec<u8>> {
        let decryptor = self.decryptor.as_mut()?;
        let ready = self.ready.as_mut()?;
        let encrypted = ready.dataset.encrypted.as_ref()?;
        memchr::memmem::find(line, encrypted.member.as_bytes())?;
        let row = ready.dataset.row_id(encrypted.field)?;

        let mut record = Record::default();
        record.clear(ready.dataset.rows.len());
        // The slow path reads records of any form; what it takes is little beside the payload's key.
        let mended = slow::read(line, &mut ready.keys, &ready.secrets, &mut record).ok()?;
        let text = &mended.text[..];
        let value = exact_member(text, record.value(row), encrypted.member);
        if value.kind != ValueKind::Text {
            return None;
        }
        let place = value.json_span();
        // Slashes may be escaped.
        let blob: String = serde_json::from_slice(place.of(text)).ok()?;
        let payload = match decryptor.decrypt(blob.as_bytes()) {
            Ok(payload) => payload,
            Err(reason) => {
                *self.summary.undecrypted.entry(reason.name()).or_default() += 1;
                notes.tag(TAG);
                return None;
            }
        };
        self.summary.decrypted += 1;
        let shown = match self.config.unmask {
            true => shown(&payload),
            false => format!("\"{MASK}\""),
        };
        let before = text.get(..place.start as usize)?;
        let name = format!("\"{}\"", encrypted.member);
        let name = memchr::memmem::rfind(before, name.as_bytes())?;
        let member = format!("\"{}\":{shown}", encrypted.decrypted);
        let revealed = [
            text.get(..name)?,
            member.as_bytes(),
            text.get(place.end as usize..)?,
        ]
        .concat();
        self.note_mended(&mended, notes);
        Some(revealed)
    }
}

/// A payload as JSON of one line: the object, list or text that it is, or else its bytes as a text.
fn shown(payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(payload);
    let is_json = text.trim_start().starts_with(['{', '[', '"'])
        && serde_json::from_str::<IgnoredAny>(&text).is_ok();
    match is_json {
        // Outside its texts JSON has no others than these, and inside none.
        true => text.trim().replace(['\n', '\r', '\t'], " "),
        false => serde_json::Value::from(text.as_ref()).to_string(),
    }
}
