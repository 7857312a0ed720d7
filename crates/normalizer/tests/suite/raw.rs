//! The shape `raw`: records as they came, but for what is masked.

use logpush_normalizer::{Config, Shape, datasets};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{CHUNKS, config, run};

fn raw(dataset: &str, upload: &[u8], change: impl Fn(&mut Config)) -> Vec<String> {
    let mut config = Config {
        dataset: datasets::by_name(dataset),
        ..config(Shape::Raw)
    };
    change(&mut config);
    let read = |chunk| {
        let (batches, _) = run(config.clone(), upload, chunk).unwrap();
        let mut documents = Vec::new();
        for batch in &batches {
            for document in batch.documents() {
                documents.push(String::from_utf8(document.text.to_vec()).unwrap());
            }
        }
        documents
    };
    let whole = read(upload.len());
    for &chunk in CHUNKS {
        assert_eq!(read(chunk), whole, "in chunks of {chunk}");
    }
    whole
}

#[test]
#[wasm]
fn a_record_is_as_it_came_but_for_what_is_masked() {
    for (record, expected) in [
        (r#"{"RayID":"a"}"#, None),
        (r#"{ "RayID" : "a" , "New":[ 1, 2 ] }"#, None),
        (r#"{"RayID":"\u0061","\u0052":1}"#, None),
        (r#"{"EdgeStartTimestamp":"no time"}"#, None),
        (r#"{"RayID":"a","RayID":"b","x":{"y":1,"y":2}}"#, None),
        ("{}", None),
        // What is no record.
        ("oops", Some(PIPELINE_ERROR)),
        (
            r#"{"Cookies":"x","RayID":"a"}"#,
            Some(r#"{"Cookies":"[masked]","RayID":"a"}"#),
        ),
        (
            r#"{"Cookies":"x","Cookies":null}"#,
            Some(r#"{"Cookies":null}"#),
        ),
        (
            r#"{"RequestHeaders": {"cookie":"x"}, "RayID":"a"}"#,
            Some(r#"{"RequestHeaders":{"cookie":"[masked]"},"RayID":"a"}"#),
        ),
    ] {
        let documents = raw("http_requests", record.as_bytes(), |_| ());
        assert_eq!(documents.len(), 1, "{record}");
        match expected {
            Some(PIPELINE_ERROR) => {
                assert!(documents[0].contains(PIPELINE_ERROR), "{}", documents[0]);
                assert!(!documents[0].contains(record));
            }
            _ => assert_eq!(documents[0], expected.unwrap_or(record)),
        }
    }
    let shown = raw("http_requests", br#"{"Cookies":"x"}"#, |config| {
        config.unmask = true;
    });
    assert_eq!(shown, [r#"{"Cookies":"x"}"#]);
}

/// Of a line that is no record nobody can tell which part of it is a secret.
const PIPELINE_ERROR: &str = r#""kind":"pipeline_error""#;

#[test]
#[wasm]
fn a_broken_line_is_as_it_came_where_all_of_it_may_be_shown() {
    // No field of this dataset is masked.
    let documents = raw("firewall_events", b"oops\n{\"Action\":1,}\n\"x\"", |_| ());
    assert_eq!(documents, ["oops", "{\"Action\":1,}", "\"x\""]);
    // For who takes JSON alone.
    let upload = b"oops\n{\"Action\":1,}\n\"x\"\n{ \"Action\": 1 }";
    let documents = raw("firewall_events", upload, |config| {
        config.shape = Shape::RawJson;
    });
    let expected = [
        r#""oops""#,
        r#""{\"Action\":1,}""#,
        r#""\"x\"""#,
        r#"{ "Action": 1 }"#,
    ];
    assert_eq!(documents, expected);
    for broken in [
        &b"{\"x\":1,\"Cookie\":\"secret\""[..],
        b"\xff secret",
        &[b"secret".as_slice(), &[b'x'; 5000]].concat(),
    ] {
        let documents = raw("firewall_events", broken, |config| {
            config.limits.line_bytes = 4000;
        });
        assert!(documents[0].contains(PIPELINE_ERROR), "{}", documents[0]);
    }
}

#[test]
#[wasm]
fn a_record_is_one_line_whatever_it_came_in() {
    let documents = raw(
        "firewall_events",
        b"[\n{\n\"Action\" : 1\n},\r\n{\"Source\":\"\xff\"}]",
        |_| (),
    );
    assert_eq!(documents, [r#"{"Action":1}"#, "{\"Source\":\"\u{fffd}\"}"]);
}

#[test]
#[wasm]
fn a_record_that_is_cut_says_so() {
    let record = format!(r#"{{"Action":"{}","Source":"a"}}"#, "x".repeat(9000));
    let documents = raw("firewall_events", record.as_bytes(), |config| {
        config.limits.document_bytes = 8192;
    });
    assert!(documents[0].len() <= 8192);
    let end = r#""Source":"a","labels":{"truncated":"Action"},"tags":["truncated"]}"#;
    assert!(documents[0].ends_with(end), "{}", documents[0]);
    // The record itself is too long.
    let documents = raw("firewall_events", record.as_bytes(), |config| {
        config.limits.line_bytes = 4000;
    });
    assert!(
        documents[0].contains("of its fields") || documents[0].contains("longer than the limit")
    );
    assert!(documents[0].contains(r#""tags":["truncated"]"#));
}
