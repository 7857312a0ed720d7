//! What an upload is: Cloudflare's test of a destination, or records, and of which dataset.

use logpush_normalizer::datasets::DATASETS;
use logpush_normalizer::{Config, Normalizer, Shape, UploadError};
use serde_json::Value;
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, config, limited, outcome, try_outcome};
use crate::fields::FULL;

#[test]
#[wasm]
fn the_test_of_a_destination_is_recognised() {
    for body in [
        r#"{"content":"tests"}"#,
        r#"{"content":"test"}"#,
        "test",
        "test\n",
        " test ",
        "\u{feff}test",
        "\n{\"content\":\"tests\"}\n",
        r#"{ "content" : "tests" }"#,
        r#"{"content":""}"#,
        r#"{"content":"test","filename":"test.txt.gz"}"#,
        r#"{"filename":"test.txt.gz","content":"tests"}"#,
        r#"{"filename":null,"content":"tests"}"#,
    ] {
        for shape in [Shape::Ecs, Shape::Native] {
            for dataset in [config(shape).dataset, None] {
                let outcome = outcome(
                    Config {
                        dataset,
                        ..config(shape)
                    },
                    body.as_bytes(),
                );
                assert!(outcome.summary.is_destination_test, "{body}");
                assert!(outcome.batches.is_empty(), "{body}");
                assert_eq!(outcome.summary.records, 0);
            }
        }
    }
}

#[test]
#[wasm]
fn what_is_almost_a_test_is_a_record() {
    for (body, records) in [
        ("tests", 1),
        ("Test", 1),
        ("\"test\"", 1),
        ("test test", 1),
        ("test\ntest", 2),
        ("{}", 1),
        (r#"{"content":"test","Action":"block"}"#, 1),
        (r#"{"content":"test","content":"test"}"#, 1),
        (r#"{"filename":"test"}"#, 1),
        (r#"{"Content":"test"}"#, 1),
        (r#"{"content":null}"#, 1),
        (r#"{"content":{"a":1}}"#, 1),
        (r#"{"content":"test"}x"#, 1),
        ("{\"content\":\"test\"}\n{\"content\":\"test\"}", 2),
        ("{\"content\":\"test\"}\n{\"Action\":\"block\"}", 2),
        ("{\"Action\":\"block\"}\n{\"content\":\"test\"}", 2),
        ("oops\ntest", 2),
        ("[{\"content\":\"test\"},{}]", 2),
    ] {
        let outcome = outcome(config(Shape::Ecs), body.as_bytes());
        assert!(!outcome.summary.is_destination_test, "{body}");
        assert_eq!(outcome.summary.records, records, "{body}");
    }
    let long = format!(r#"{{"content":"{}"}}"#, "x".repeat(200));
    let outcome = outcome(config(Shape::Ecs), long.as_bytes());
    assert!(!outcome.summary.is_destination_test);
    assert_eq!(
        at(&outcome.documents[0], "cloudflare.content"),
        &Value::from("x".repeat(200))
    );
}

#[test]
#[wasm]
fn a_record_that_looked_like_a_test_keeps_its_place() {
    let long = "x".repeat(200);
    for (upload, expected) in [
        (
            "{\"content\":\"a\"}\n{\"content\":\"b\"}".to_owned(),
            ["a", "b"],
        ),
        (
            "{\"content\":\"a\"}\n{\"Action\":\"b\"}".to_owned(),
            ["a", "b"],
        ),
        // A line that is too long to be looked at comes next, or comes first.
        (
            format!("{{\"content\":\"a\"}}\n{long}"),
            ["a", &long[..100]],
        ),
        (
            format!("{long}\n{{\"content\":\"b\"}}"),
            [&long[..100], "b"],
        ),
    ] {
        for batch_records in [1, 1000] {
            let config = limited(|limits| {
                limits.line_bytes = 100;
                limits.batch_records = batch_records;
            });
            let outcome = outcome(config, upload.as_bytes());
            assert!(!outcome.summary.is_destination_test, "{upload}");
            let told: Vec<&str> = outcome
                .documents
                .iter()
                .map(|document| {
                    ["cloudflare.content", "event.action", "event.original"]
                        .iter()
                        .find_map(|path| at(document, path).as_str())
                        .unwrap()
                })
                .collect();
            assert_eq!(told, expected, "{upload}");
        }
    }
}

fn without_dataset() -> Config {
    Config {
        dataset: None,
        ..config(Shape::Ecs)
    }
}

#[test]
#[wasm]
fn the_dataset_is_told_by_the_first_record_of_a_known_one() {
    for (upload, errors) in [
        (FULL, 0),
        (r#"{"MatchIndex":1}"#, 0),
        (r#"{"MatchIndex":1,"RayID":"1","New":1}"#, 0),
        ("{\"Match\\u0049ndex\":1}", 0),
        ("[{\"MatchIndex\":1}]", 0),
        ("{\"MatchIndex\":\"\\ud800\",\"New\":\"\\ud800\"}", 0),
        ("oops\n\n{\"MatchIndex\":1}", 1),
        ("{}\n{\"a\":1,\"b\":2}\n{\"MatchIndex\":1}", 2),
        ("{\"content\":\"x\"}\n{\"MatchIndex\":1}", 1),
    ] {
        let outcome = outcome(without_dataset(), upload.as_bytes());
        let (last, before) = outcome.documents.split_last().unwrap();
        assert_eq!(at(last, "event.dataset"), "firewall-events", "{upload}");
        assert_eq!(at(last, "event.kind"), "event", "{upload}");
        assert_eq!(outcome.summary.errors, errors, "{upload}");
        for document in before {
            assert_eq!(
                at(document, "error.message"),
                "not a record of any known dataset"
            );
            assert_eq!(at(document, "event.dataset"), &Value::Null);
        }
    }
    let mut normalizer = Normalizer::new(without_dataset());
    assert!(normalizer.dataset().is_none());
    normalizer.feed(&mut FULL.as_bytes()).unwrap();
    normalizer.finish().unwrap();
    assert_eq!(normalizer.dataset().unwrap().name, "firewall_events");
}

/// Fields that several datasets have, and none has most of, do not decide.
#[test]
#[wasm]
fn an_upload_of_one_of_several_datasets_is_refused_with_their_names() {
    let upload = r#"{"Datetime":1}"#;
    let error = try_outcome(without_dataset(), upload.as_bytes()).unwrap_err();
    let UploadError::AmbiguousDataset { candidates } = &error else {
        panic!("{error}");
    };
    assert!(candidates.len() > 1, "{candidates:?}");
    for candidate in candidates {
        assert!(error.to_string().contains(candidate), "{error}");
    }
}

#[test]
#[wasm]
fn a_record_of_each_dataset_tells_which_it_is() {
    for dataset in DATASETS {
        let fields: Vec<String> = dataset
            .rows
            .iter()
            .map(|row| format!("\"{}\":null", row.field))
            .collect();
        let upload = format!("{{{}}}", fields.join(","));
        let mut normalizer = Normalizer::new(without_dataset());
        normalizer.feed(&mut upload.as_bytes()).unwrap();
        normalizer.finish().unwrap();
        assert_eq!(normalizer.dataset().unwrap().name, dataset.name);
    }
}

/// No batch goes anywhere as long as it is not known which intake it is for.
#[test]
#[wasm]
fn an_upload_of_no_known_dataset_is_refused() {
    for upload in [
        r#"{"Action":"block","Name":"example.com","Number":1}"#,
        r#"{"a":1}"#,
        "oops\n12\n",
        "{}\n{}",
        &"oops\n".repeat(1001),
        // The first batch is full before the record that would tell.
        &format!("{}{}", "oops\n".repeat(1001), r#"{"MatchIndex":1}"#),
    ] {
        let error = try_outcome(without_dataset(), upload.as_bytes()).unwrap_err();
        assert_eq!(error, UploadError::UnknownDataset, "{upload:.100}");
    }
    // In an upload whose dataset is named they are records with unknown fields.
    let document = &outcome(config(Shape::Ecs), br#"{"a":1}"#).documents[0];
    assert_eq!(at(document, "cloudflare.a"), 1);
}

#[test]
#[wasm]
fn an_upload_of_nothing_needs_no_dataset() {
    for upload in ["\n", "[]", "test", " [ ] \n"] {
        let outcome = outcome(without_dataset(), upload.as_bytes());
        assert!(outcome.batches.is_empty(), "{upload}");
    }
}
