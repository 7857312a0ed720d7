//! The document that takes the place of one that a destination refused.

use crate::bytes::text::{beginning, hexadecimal, identity};
use crate::bytes::writer::Writer;
use crate::config::Shape;
use crate::convert::time::Time;
use crate::document::Document;
use crate::document::pipeline_error::Failure;
use crate::mapping::Dataset;
use crate::mapping::datasets::event_dataset;

/// How much of a refused document its stand-in carries, in bytes. Small, since what an intake
/// refuses is most often too large.
const SHOWN_MAX: usize = 4 * 1024;

/// A small document of `event.kind: pipeline_error` with the beginning of `document`, which the
/// intake refused for `reason`.
///
/// Without its text where that is refused as well: a firewall that reads what is sent takes the
/// attacks that firewall events tell of for attacks.
#[must_use]
pub fn refusal(
    document: Document<'_>,
    reason: &str,
    with_text: bool,
    dataset: Option<&'static Dataset>,
    shape: Shape,
    arrival: Time,
) -> Vec<u8> {
    let text = String::from_utf8_lossy(document.text);
    let shown = beginning(&text, if with_text { SHOWN_MAX } else { 0 });
    let native_time = shape.native_time(dataset, arrival);
    // Of the text too: after a mapping is mended, what it makes of the record is another document.
    let id = identity(&[&document.id, document.text].concat());
    let mut writer = Writer::default();
    Failure {
        message: &format!("the intake refused this event: {reason}"),
        original: shown,
        is_cut: shown.len() < text.len(),
        time: arrival,
        id: &hexadecimal(id),
        dataset: dataset.and_then(event_dataset),
        native_time: native_time
            .as_ref()
            .map(|(field, time)| (*field, time.as_str())),
    }
    .write(&mut writer);
    writer.written().to_vec()
}
