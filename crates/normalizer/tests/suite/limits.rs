//! Lines that are too long, values that are too deep, uploads that are too large.

use logpush_normalizer::{Shape, UploadError};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{
    at, both_paths, config, document, fewer, gzip, limited, outcome, run, try_outcome,
};

/// A record of exactly `length` bytes.
fn record(length: usize) -> String {
    let frame = r#"{"RuleID":"r","Kind":""}"#.len();
    format!(
        r#"{{"RuleID":"r","Kind":"{}"}}"#,
        "k".repeat(length - frame)
    )
}

#[test]
#[wasm]
fn a_line_may_have_exactly_the_limit() {
    for limit in [100, 4096, 150_000] {
        let config = limited(|limits| limits.line_bytes = limit);
        for (framing, upload) in [
            (
                "lines",
                format!(
                    "{}\n{}\n{}\n{}",
                    record(50),
                    record(limit),
                    record(limit + 1),
                    record(60)
                ),
            ),
            (
                "no line break at the end",
                format!(
                    "{}\n{}\n{}\n{}",
                    record(50),
                    record(limit),
                    record(60),
                    record(limit + 1)
                ),
            ),
            (
                "array",
                format!(
                    "[{},{},{},{}]",
                    record(50),
                    record(limit),
                    record(limit + 1),
                    record(60)
                ),
            ),
            (
                "array that is not closed",
                format!(
                    "[{},{},{},{}",
                    record(50),
                    record(limit),
                    record(60),
                    record(limit + 1)
                ),
            ),
        ] {
            let outcome = outcome(config.clone(), upload.as_bytes());
            assert_eq!(outcome.summary.records, 4, "{framing}, {limit}");
            assert_eq!(outcome.summary.errors, 0, "{framing}, {limit}");
            assert_eq!(outcome.summary.truncated, 1, "{framing}, {limit}");
            for document in &outcome.documents {
                assert_eq!(at(document, "rule.id"), "r");
                if document.get("tags") == Some(&json!(["time_from_arrival"])) {
                    continue;
                }
                let message = format!(
                    "a record of {} bytes is longer than the limit of {limit}",
                    limit + 1
                );
                let error = at(document, "error.message").as_str().unwrap();
                assert!(error.starts_with(&message), "{error}");
                assert_eq!(document["tags"], json!(["truncated", "time_from_arrival"]));
                assert_eq!(at(document, "labels.truncated"), "Kind");
            }
        }
    }
}

/// Strings with brackets and escapes in them do not end an element, nor do its own objects.
#[test]
#[wasm]
fn an_element_that_is_too_long_ends_where_it_ends() {
    let config = limited(|limits| limits.line_bytes = 64);
    let long =
        r#"{"a":["],}\"","\\",{"b":[1,2,{}]}],"c":"\\\"]}","d":"..............................."}"#;
    let upload = format!("[{{}}, {long} ,{{}},{long}]\n{{}}\n");
    let outcome = outcome(config, upload.as_bytes());
    assert_eq!(outcome.documents.len(), 5);
    assert_eq!(outcome.summary.errors, 0);
    for place in [1, 3] {
        let kept = &outcome.documents[place]["cloudflare"];
        assert_eq!(kept["c"], "\\\"]}", "{kept}");
    }
    let message = at(&outcome.documents[3], "error.message").as_str().unwrap();
    assert!(
        message.contains(&format!("of {} bytes", long.len())),
        "{message}"
    );
}

#[test]
#[wasm]
fn a_line_of_ten_megabytes_costs_no_other() {
    let long = format!(r#"{{"Action":"block","New":"{}"}}"#, "x".repeat(10_000_000));
    let good = r#"{"Action":"allow"}"#;
    for upload in [
        format!("{good}\n{long}\n{good}\n"),
        format!("[{good},{long},{good}]"),
        format!("{good}\n{long}\n{long}\n{good}"),
    ] {
        let config = config(Shape::Ecs);
        let (batches, summary) = run(config.clone(), &gzip(upload.as_bytes()), 4096).unwrap();
        let outcome = crate::common::checked(&config, batches, summary);
        let last = outcome.documents.len() - 1;
        for place in [0, last] {
            assert_eq!(at(&outcome.documents[place], "event.action"), "allow");
        }
        for document in &outcome.documents[1..last] {
            let message = at(document, "error.message").as_str().unwrap();
            assert!(message.contains(&long.len().to_string()), "{message}");
            assert_eq!(at(document, "event.action"), "block");
            assert_eq!(at(document, "labels.truncated"), "New");
            let new = at(document, "cloudflare.New").as_str().unwrap();
            assert_eq!(new, &"x".repeat(8 * 1024));
        }
    }
}

/// The text is cut where a character ends.
#[test]
#[wasm]
fn the_beginning_of_a_long_line_is_whole_characters() {
    for before in 0..4 {
        let line = format!("{}{}", "a".repeat(before), "😀".repeat(20_000));
        let config = limited(|limits| limits.line_bytes = 70_000);
        let outcome = outcome(config, line.as_bytes());
        let original = at(&outcome.documents[0], "event.original")
            .as_str()
            .unwrap();
        assert!(line.starts_with(original));
        assert!(original.len() > 32 * 1024 - 4);
    }
}

#[test]
#[wasm]
fn a_value_may_be_64_levels_deep() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let step = open.matches(['[', '{']).count();
        for depth in [62, 64, 66, 126, 128, 130, 1000, 100_000] {
            let value = format!(
                "{}1{}",
                open.repeat(depth / step),
                close.repeat(depth / step)
            );
            for field in ["Metadata", "New", "Action"] {
                let record = format!("{{\"RuleID\":\"r\",\"{field}\":{value}}}");
                let document =
                    both_paths(&limited(|limits| limits.line_bytes = 2_000_000), &record);
                assert_eq!(at(&document, "rule.id"), "r", "{depth} {field}");
                if depth > 64 {
                    assert_eq!(at(&document, "labels.truncated"), field, "{depth}");
                    assert_eq!(document["tags"][0], "truncated", "{depth} {field}");
                }
            }
        }
    }
    for (depth, is_whole) in [(63, true), (64, true), (65, false)] {
        let odd = format!("{{\"New\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let document = document(&odd);
        assert_eq!(at(&document, "event.kind"), "event");
        assert_eq!(document.get("labels").is_none(), is_whole, "{depth}");
    }
}

#[test]
#[wasm]
fn brackets_without_end_are_no_record() {
    for bomb in ["[", "{\"a\":", "[{\"a\":"] {
        let bomb = bomb.repeat(100_000);
        let upload = format!("{{\"New\":{bomb}\n{{\"Action\":\"block\"}}");
        let outcome = outcome(config(Shape::Ecs), upload.as_bytes());
        assert_eq!(outcome.summary.errors, 1);
        assert_eq!(at(&outcome.documents[1], "event.action"), "block");
    }
}

/// What a small upload can be inflated to: 1 GB where the tests are optimised.
const BOMB_MEMBERS: usize = if cfg!(target_arch = "wasm32") {
    2
} else if cfg!(debug_assertions) {
    8
} else {
    256
};

/// Gzip data of members of 4 MB each.
fn bomb(piece: &[u8]) -> (Vec<u8>, u64) {
    let member = piece.repeat(4_000_000 / piece.len());
    let plain = member.len() * BOMB_MEMBERS;
    (gzip(&member).repeat(BOMB_MEMBERS), plain as u64)
}

#[test]
#[wasm]
fn a_bomb_of_one_line_is_one_document() {
    for (piece, prefix) in [
        (b"\0".as_slice(), "\0\0"),
        (b"a", "aa"),
        (b"\"", "\"\""),
        (b"{\"a\":", "{\"a\":{"),
        (b"{\"a\":1,", "{\"a\":1"),
        (b"[{", "{"),
    ] {
        let (upload, plain) = bomb(piece);
        let (batches, summary) = run(config(Shape::Ecs), &upload, 4096).unwrap();
        let outcome = crate::common::checked(&config(Shape::Ecs), batches, summary);
        assert_eq!((outcome.summary.records, outcome.summary.errors), (1, 1));
        assert_eq!(outcome.summary.bytes_plain, plain);
        let original = at(&outcome.documents[0], "event.original")
            .as_str()
            .unwrap();
        assert!(original.starts_with(prefix), "{original:.20}");
    }
}

#[test]
#[wasm]
fn a_bomb_of_blanks_or_commas_is_nothing() {
    for piece in [b"\n".as_slice(), b" ", b"\r\n\t ", b"[]", b"[\n]\r\n"] {
        let (upload, plain) = bomb(piece);
        let (batches, summary) = run(config(Shape::Ecs), &upload, 4096).unwrap();
        assert!(batches.is_empty());
        assert_eq!((summary.records, summary.bytes_plain), (0, plain));
    }
}

#[test]
#[wasm]
fn an_upload_may_have_exactly_the_limit() {
    let records = fewer(3000);
    let bytes = 100 * records as u64;
    let upload = format!("{}\n", record(99)).repeat(records);
    for (limit, fits) in [
        (bytes, true),
        (bytes + 1, true),
        (bytes - 1, false),
        (1, false),
    ] {
        let config = limited(|limits| limits.upload_bytes = limit);
        let result = try_outcome(config, upload.as_bytes());
        match result {
            Ok(outcome) => assert!(fits && outcome.summary.records == records as u64),
            Err(error) => assert!(!fits && error == UploadError::TooLarge { limit }),
        }
    }
    assert_eq!(
        UploadError::TooLarge { limit: 7 }.to_string(),
        "the upload has more than 7 bytes after gunzip"
    );
}

fn names(count: usize) -> String {
    let members: Vec<String> = (0..count).map(|number| format!("\"{number}\":1")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
#[wasm]
fn a_line_of_very_many_unknown_names_is_a_record() {
    let config = limited(|limits| limits.document_bytes = 2_000_000);
    let outcome = outcome(config, names(60_000).as_bytes());
    let kept = outcome.documents[0]["cloudflare"].as_object().unwrap();
    assert_eq!(kept.len(), 60_000);
    assert_eq!(outcome.summary.more_unknown_fields, 60_000 - 64);
}
