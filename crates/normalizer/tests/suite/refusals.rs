//! The document that takes the place of one that the intake refused.

use logpush_normalizer::{Document, Shape, Time, datasets, refusal};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{ARRIVAL, at};
use crate::{ecs, strict};

fn refused(document: &[u8], reason: &str, dataset: bool, shape: Shape) -> Value {
    stand_in(document, reason, true, dataset, shape)
}

fn stand_in(document: &[u8], reason: &str, with_text: bool, dataset: bool, shape: Shape) -> Value {
    let dataset = dataset.then(|| datasets::by_name("firewall_events").unwrap());
    let arrival = Time::from_unix_millis(1_767_323_045_678);
    let document = Document {
        text: document,
        id: [7; 16],
        time: None,
    };
    let line = String::from_utf8(refusal(
        document, reason, with_text, dataset, shape, arrival,
    ))
    .unwrap();
    assert!(!line.contains('\n') && line.len() < 32 * 1024);
    let document = strict::parse(&line, Shape::Ecs).unwrap();
    if shape == Shape::Ecs {
        ecs::check(&document).unwrap();
    }
    document
}

#[test]
#[wasm]
fn it_has_the_reason_and_the_beginning() {
    let event = br#"{"@timestamp":"2022-07-12T12:57:06.219000Z","a":"b"}"#;
    let document = refused(event, "413 too large", true, Shape::Ecs);
    assert_eq!(at(&document, "event.kind"), "pipeline_error");
    assert_eq!(at(&document, "event.dataset"), "firewall-events");
    assert_eq!(
        at(&document, "error.message"),
        "the intake refused this event: 413 too large"
    );
    assert_eq!(
        at(&document, "event.original"),
        core::str::from_utf8(event).unwrap()
    );
    assert_eq!(at(&document, "@timestamp"), ARRIVAL);
    assert_eq!(document["tags"], Value::Null);
    assert_eq!(document["Datetime"], Value::Null);
}

#[test]
#[wasm]
fn a_large_event_is_cut_and_says_so() {
    for piece in ["x", "é", "\"", "\u{1}"] {
        let event = piece.repeat(100_000);
        let document = refused(event.as_bytes(), "no", true, Shape::Ecs);
        let original = at(&document, "event.original").as_str().unwrap();
        assert!(event.starts_with(original) && (4093..=4096).contains(&original.len()));
        assert_eq!(document["tags"], json!(["truncated"]));
        assert_eq!(at(&document, "labels.truncated"), "event.original");
    }
}

/// A firewall before the intake may take the event's text for the attack that it tells of.
#[test]
#[wasm]
fn it_can_go_without_the_text() {
    for shape in [Shape::Ecs, Shape::Native] {
        let document = stand_in(b"<script>", "403", false, true, shape);
        assert_eq!(at(&document, "event.original"), &Value::Null);
        assert_eq!(
            at(&document, "error.message"),
            "the intake refused this event: 403"
        );
        assert_eq!(document["tags"], json!(["truncated"]));
    }
}

#[test]
#[wasm]
fn it_is_small_and_valid_whatever_it_is_about() {
    for event in [b"".as_slice(), b"\xff\xfe", b"\"\\\n\0"] {
        for reason in ["", "\"quoted\"\n\u{7}", &"long ".repeat(10_000)] {
            for shape in [Shape::Ecs, Shape::Native] {
                for dataset in [false, true] {
                    let document = refused(event, reason, dataset, shape);
                    let has_time = dataset && shape == Shape::Native;
                    assert_eq!(document["Datetime"].is_i64(), has_time);
                }
            }
        }
    }
}

#[test]
#[wasm]
fn the_same_event_has_the_same_identity() {
    let id =
        |event: &[u8], reason| at(&refused(event, reason, true, Shape::Ecs), "event.id").clone();
    assert_eq!(id(b"a", "one"), id(b"a", "another"));
    assert_ne!(id(b"a", "one"), id(b"b", "one"));
    // One of several equal records, whose documents do not say which.
    let id = |id| {
        let document = Document {
            text: b"{}",
            id: [id; 16],
            time: None,
        };
        let arrival = Time::from_unix_millis(0);
        let placeholder = refusal(document, "no", true, None, Shape::Native, arrival);
        let placeholder: Value = serde_json::from_slice(&placeholder).unwrap();
        at(&placeholder, "event.id").clone()
    };
    assert_eq!(id(1), id(1));
    assert_ne!(id(1), id(2));
}
