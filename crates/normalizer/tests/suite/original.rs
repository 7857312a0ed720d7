//! `event.original`, where the configuration asks for it.

use logpush_normalizer::{Config, Shape};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, config, only, outcome};

fn keeping(shape: Shape) -> Config {
    Config {
        keep_original: true,
        ..config(shape)
    }
}

#[test]
#[wasm]
fn it_is_the_record_as_it_came() {
    for record in [
        r#"{"Action":"block"}"#,
        r#"{ "Action" : "block", "New":{ "a":[ 1,2 ] } }"#,
        r#"{"Action":"\u0062lock","New":"\"\\\/\u00e9\ud83d\ude00"}"#,
        r#"{"Action":"allow","Action":"block","\u0041":1,"source":"x"}"#,
        r#"{"Action":"block","New":"\ud800"}"#,
        r#"{"Action":"block","New":"é😀"}"#,
        "{}",
    ] {
        let document = only(outcome(keeping(Shape::Ecs), record.as_bytes()).documents);
        assert_eq!(at(&document, "event.original"), record);
        let without = only(outcome(config(Shape::Ecs), record.as_bytes()).documents);
        assert!(at(&without, "event.original").is_null());
    }
    let element = "{\n  \"Action\": \"block\",\n  \"New\": [\r\n1]\n}";
    let upload = format!("[\n{element}\n,{{}}]");
    let documents = outcome(keeping(Shape::Ecs), upload.as_bytes()).documents;
    assert_eq!(at(&documents[0], "event.original"), element);
    // Bytes that no JSON text can have.
    let document = only(outcome(keeping(Shape::Ecs), b"{\"New\":\"a\xffb\"}").documents);
    assert_eq!(at(&document, "event.original"), "{\"New\":\"a\u{fffd}b\"}");
}

#[test]
#[wasm]
fn a_native_record_is_its_own_original() {
    let record = br#"{"Datetime":1657630626219000000,"Action":"block"}"#;
    let kept = outcome(keeping(Shape::Native), record).lines;
    assert_eq!(kept, outcome(config(Shape::Native), record).lines);
}

#[test]
#[wasm]
fn what_is_no_record_has_its_text_in_any_case() {
    for config in [keeping(Shape::Ecs), config(Shape::Ecs)] {
        let document = only(outcome(config, b"  oops \"x\" \\ \xff  ").documents);
        assert_eq!(at(&document, "event.original"), "oops \"x\" \\ \u{fffd}");
    }
}
