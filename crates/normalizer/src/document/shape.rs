//! What each shape is: the one place where they differ.

use crate::bytes::writer::Writer;
use crate::config::Shape;
use crate::convert::time::Time;
use crate::document::event::{Event, Labels};
use crate::document::notes::Notes;
use crate::mapping::Dataset;
use crate::plan::Plan;

impl Shape {
    /// Whether a document has a copy of the record's text, with all that stands in it.
    pub(crate) fn copies_text(self) -> bool {
        match self {
            Self::Ecs => false,
            Self::Native | Self::Raw | Self::RawJson => true,
        }
    }

    /// How deep Cloudflare's own fields stand: as members of `cloudflare`, or of the record itself.
    pub(crate) fn kept_depth(self) -> usize {
        match self {
            Self::Ecs => 2,
            Self::Native | Self::Raw | Self::RawJson => 1,
        }
    }

    /// The field without which SEKOIA.IO's own parser fails, and a time in the form that it reads.
    pub(crate) fn native_time(
        self,
        dataset: Option<&Dataset>,
        time: Time,
    ) -> Option<(&'static str, String)> {
        match self {
            Self::Native => dataset?.native_time(time),
            Self::Ecs | Self::Raw | Self::RawJson => None,
        }
    }

    /// Writes a line that is no record, of which all may be shown, where the shape does not tell of it in
    /// an event; whether it did.
    pub(crate) fn write_broken(self, line: &[u8], writer: &mut Writer) -> bool {
        let text = match self {
            Self::Ecs | Self::Native => None,
            Self::Raw | Self::RawJson => Some(line).filter(|line| is_line(line)),
        };
        let text = text.and_then(|line| core::str::from_utf8(line).ok());
        match (self, text) {
            (_, None) => return false,
            (Self::RawJson, Some(text)) => writer.quoted(text),
            (_, Some(text)) => writer.put(text.as_bytes()),
        }
        true
    }

    /// Leaves of the notes what a document of this shape tells, and adds its labels.
    pub(crate) fn note(self, labels: Labels<'_>, notes: &mut Notes) {
        match self {
            // Labels are leaves of its plan.
            Self::Ecs => return,
            Self::Native => {}
            // A record that is not whole says so; else nothing is added to it.
            Self::Raw | Self::RawJson if notes.truncated.is_empty() => *notes = Notes::default(),
            Self::Raw | Self::RawJson => notes.tags.retain(|tag| *tag == "truncated"),
        }
        let labels = labels.each().map(|(name, value)| (name, value.to_owned()));
        notes.labels.extend(labels);
    }
}

impl Event<'_> {
    /// Writes the document, up to the brace that closes it; `line`: the record as it came.
    pub(crate) fn write_as(
        &self,
        shape: Shape,
        line: &[u8],
        dataset: &Dataset,
        plan: &Plan,
        writer: &mut Writer,
    ) {
        match shape {
            Shape::Ecs if plan.contests.is_empty() => self.write(plan, writer),
            Shape::Ecs => {
                let mut unmapped = self.unmapped.to_vec();
                self.overridden(plan, &mut unmapped);
                let event = Event {
                    unmapped: &unmapped,
                    ..*self
                };
                event.write(plan, writer);
            }
            Shape::Native => self.write_native(dataset, plan, writer),
            Shape::Raw | Shape::RawJson => self.write_raw(line, plan, writer),
        }
    }
}

/// Whether bytes are the text of one line, with something in it.
pub(crate) fn is_line(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && !bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r'))
        && core::str::from_utf8(bytes).is_ok()
}
