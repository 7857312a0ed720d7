//! What is JSON and what is not: the scanner is strict, and the slow path agrees.

use logpush_normalizer::Shape;
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, config, outcome};

const VALID: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "10",
    "0.0",
    "-0.5",
    "1.25",
    "0e0",
    "1e5",
    "1E5",
    "1e+5",
    "1e-5",
    "1.5e05",
    "123456789012345678901234567890",
    "true",
    "false",
    "null",
    "\"\"",
    "\"x\"",
    "\"\\\"\"",
    "\"\\\\\"",
    "\"\\/\\b\\f\\n\\r\\t\"",
    "\"\\u0000\"",
    "\"\\uFfFf\"",
    "\"\\ud83d\\ude00\"",
    "\"\u{7f}\"",
    "[]",
    "[ ]",
    "[[]]",
    "[1]",
    "[1,2]",
    "[ 1 , \"x\" , null ]",
    "{}",
    "{ }",
    "{\"\":{}}",
    "{\"a\":1,\"a\":2}",
    "{ \"a\" : [ { } ] , \"b\" : 1 }",
    "[{},[],{}]",
    "[true,false,null]",
];

const INVALID: &[&str] = &[
    "",
    ",",
    ":",
    "}",
    "]",
    "00",
    "01",
    "007",
    "-",
    "--1",
    "-01",
    "+1",
    "1.",
    ".5",
    "-.5",
    "1.e5",
    "1e",
    "1e+",
    "1ee5",
    "1.5.5",
    "1e5.5",
    "0x1",
    "1_0",
    "1f",
    "1 2",
    "NaN",
    "Infinity",
    "-Infinity",
    "nan",
    "tru",
    "truee",
    "True",
    "TRUE",
    "fals",
    "nul",
    "nulll",
    "None",
    "undefined",
    "'x'",
    "`x`",
    "x",
    "\"",
    "\"x",
    "x\"",
    "\"\\\"",
    "\"\\x41\"",
    "\"\\a\"",
    "\"\\'\"",
    "\"\\u\"",
    "\"\\u12\"",
    "\"\\u123\"",
    "\"\\u12g4\"",
    "\"\\u+123\"",
    "\"\\u 123\"",
    "\"\\U0041\"",
    "\"\\\u{e9}\"",
    "\"\t\"",
    "\"\u{1}\"",
    "\"a\" \"b\"",
    "\"a\"b",
    "[",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[,]",
    "[1,,2]",
    "[1 2]",
    "[1:2]",
    "[\"a\":1]",
    "[}",
    "[1}",
    "[[]",
    "[]]",
    "{",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{,\"a\":1}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,,\"b\":2}",
    "{\"a\"::1}",
    "{a:1}",
    "{1:1}",
    "{null:1}",
    "{\"a\",1}",
    "{]",
    "{\"a\":1]",
    "{{}}",
    "{[]}",
    "{}}",
    "[{]}",
    "1,",
    ":1",
    "/**/1",
    "1//",
    "1#",
    "\u{a0}1",
    "\u{feff}1",
    "\u{2028}1",
    "\u{b}1",
    "\u{c}1",
    "(1)",
    "[1]]",
    "{\"a\":1}}",
];

/// Where a value can stand in a record.
const PLACES: [(&str, &str); 7] = [
    ("{\"Action\":", ",\"Ref\":\"r\"}"),
    ("{\"Ref\":\"r\",\"New\":", "}"),
    ("{ \"Metadata\" : ", " }"),
    ("{\"Metadata\":[", "]}"),
    ("{\"Metadata\":[1,", ",2]}"),
    ("{\"New\":{\"a\":", "}}"),
    ("{\"New\":[{\"a\":1,\"b\":", "},0]}"),
];

fn kinds(upload: &str) -> Vec<String> {
    outcome(config(Shape::Ecs), upload.as_bytes())
        .documents
        .iter()
        .map(|document| at(document, "event.kind").as_str().unwrap().to_owned())
        .collect()
}

#[test]
#[wasm]
fn a_record_has_valid_values() {
    for (before, after) in PLACES {
        let records: Vec<String> = VALID
            .iter()
            .map(|value| format!("{before}{value}{after}"))
            .collect();
        for (record, kind) in records.iter().zip(kinds(&records.join("\n"))) {
            assert_eq!(kind, "event", "{record}");
        }
    }
}

#[test]
#[wasm]
fn a_record_has_no_invalid_value() {
    for (before, after) in PLACES {
        let lines: Vec<String> = INVALID
            .iter()
            .map(|value| format!("{before}{value}{after}"))
            // Behind an element a comma begins the next, and nothing is an empty list.
            .filter(|line| serde_json::from_str::<serde_json::Value>(line).is_err())
            .collect();
        assert!(lines.len() > INVALID.len() - 8);
        for (line, kind) in lines.iter().zip(kinds(&lines.join("\n"))) {
            assert_eq!(kind, "pipeline_error", "{line}");
        }
    }
}

#[test]
#[wasm]
fn an_object_is_written_as_json_has_it() {
    let lines = [
        "{",
        "}",
        "{}}",
        "{{}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\":1;\"b\":2}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{\"a\":1}x",
        "x{\"a\":1}",
        "{\"a\":1}\u{0}",
        "{\"a:1}",
        "{\"a\\\":1}",
        "{\"a\\x\":1}",
        "{\"a\t\":1}",
        "{\"Action\"=1}",
        "{\"Action\":1]",
        "{\"Action\"}",
        "{\"Action\":\"x\"",
        "{\"Action:\"x\"}",
        "{\"Action\"\"x\"}",
        "(\"a\":1)",
        "{\"\\ud800:1}",
        "\u{b}{}",
    ];
    for (line, kind) in lines.iter().zip(kinds(&lines.join("\n"))) {
        assert_eq!(kind, "pipeline_error", "{line}");
    }
    let records = [
        "{}",
        "{ }",
        "{\t}",
        "{\"a\":1}",
        " {\"a\" : 1 , \"b\":2 } ",
        "{\"\":0}",
        "{\"Action\" :\t\"x\"\t}",
    ];
    for (record, kind) in records.iter().zip(kinds(&records.join("\n"))) {
        assert_eq!(kind, "event", "{record}");
    }
}
