//! Documents for what did not become an event: `event.kind: pipeline_error`.

use crate::bytes::text::beginning;
use crate::bytes::writer::Writer;
use crate::convert::time::Time;

/// How much of a text that is no record its document carries, in bytes.
///
/// Enough to see what it is. Escaped, each byte is six at most: below a document's limit of 250,000.
pub(crate) const ORIGINAL_MAX: usize = 32 * 1024;

/// How much of a message is told, in bytes: a reader's words can quote the whole of what they are about.
const MESSAGE_MAX: usize = 256;

/// A text that did not become an event.
pub(crate) struct Failure<'a> {
    /// What is wrong with it.
    pub(crate) message: &'a str,
    pub(crate) original: &'a str,
    /// Whether `original` is only the beginning.
    pub(crate) is_cut: bool,
    pub(crate) time: Time,
    /// Hexadecimal.
    pub(crate) id: &'a [u8; 32],
    /// `event.dataset`, where it is known.
    pub(crate) dataset: Option<&'a str>,
    /// A member that SEKOIA.IO's own parser needs, and its value as JSON.
    pub(crate) native_time: Option<(&'a str, &'a str)>,
}

impl Failure<'_> {
    /// Writes the whole document.
    pub(crate) fn write(&self, writer: &mut Writer) {
        let original = beginning(self.original, ORIGINAL_MAX);
        writer.put(b"{\"@timestamp\":");
        writer.quoted(&self.time.to_string());
        if let Some((field, time)) = self.native_time {
            writer.byte(b',');
            writer.quoted(field);
            writer.byte(b':');
            writer.put(time.as_bytes());
        }
        writer.put(b",\"ecs\":{\"version\":\"9.4.0\"},\"error\":{\"message\":");
        writer.quoted(beginning(self.message, MESSAGE_MAX));
        writer.put(b"},\"event\":{");
        if let Some(dataset) = self.dataset {
            writer.put(b"\"dataset\":");
            writer.quoted(dataset);
            writer.byte(b',');
        }
        writer.put(b"\"id\":\"");
        writer.put(self.id);
        writer.put(b"\",\"kind\":\"pipeline_error\"");
        if !original.is_empty() {
            writer.put(b",\"original\":");
            writer.quoted(original);
        }
        writer.put(b"},\"observer\":{\"vendor\":\"Cloudflare\"}");
        if self.is_cut || original.len() < self.original.len() {
            writer.put(b",\"labels\":{\"truncated\":\"event.original\"},\"tags\":[\"truncated\"]");
        }
        writer.byte(b'}');
    }
}
