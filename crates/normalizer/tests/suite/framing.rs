//! Where a record begins and ends: lines, arrays, and what is neither.

use std::collections::BTreeSet;

use logpush_normalizer::Shape;
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, config, limited, outcome};

/// What each document of an upload is about: the record's `RuleID`, or the text that is no record.
fn told(upload: &[u8]) -> Vec<String> {
    outcome(config(Shape::Ecs), upload)
        .documents
        .iter()
        .map(|document| {
            let original = at(document, "event.original").as_str();
            let rule = at(document, "rule.id").as_str();
            match (original, rule) {
                (Some(original), None) => format!("! {original}"),
                (None, Some(rule)) => rule.to_owned(),
                _ => "{}".to_owned(),
            }
        })
        .collect()
}

/// `a` to `d` stand for records.
fn expect(rows: &[(&str, &str, &[&str])]) {
    for (name, upload, expected) in rows {
        let mut text = String::new();
        for character in upload.chars() {
            match character {
                'a'..='d' => text.push_str(&format!(
                    "{{\"RuleID\":\"{character}\",\"New\":[1,{{\"x\":\"]}},[{{\\\"\"}}]}}"
                )),
                _ => text.push(character),
            }
        }
        assert_eq!(told(text.as_bytes()), *expected, "{name}: {text}");
    }
}

#[test]
#[wasm]
fn lines_are_records() {
    expect(&[
        ("line breaks", "a\nb\nc\n", &["a", "b", "c"]),
        ("no final line break", "a\nb", &["a", "b"]),
        ("one record", "a", &["a"]),
        ("carriage returns", "a\r\nb\r\nc\r\n", &["a", "b", "c"]),
        ("no final line feed", "a\r\nb\r", &["a", "b"]),
        ("blank lines", "\n\na\n\n\r\n \t \nb\n\n", &["a", "b"]),
        ("white space around", "  a  \n\tb\t\r\n", &["a", "b"]),
        ("byte order mark", "\u{feff}a\nb", &["a", "b"]),
        ("mark and blank lines", "\u{feff}\r\n\r\na", &["a"]),
        ("nothing but a mark", "\u{feff}", &[]),
        ("nothing but white space", " \r\n\t\n", &[]),
        ("an empty record", "{}\n{ }\na", &["{}", "{}", "a"]),
    ]);
}

#[test]
#[wasm]
fn a_line_that_is_no_record_costs_no_other() {
    expect(&[
        ("a word", "a\noops\nb", &["a", "! oops", "b"]),
        ("a number", "a\n12\nb", &["a", "! 12", "b"]),
        ("a text", "\"x\"\nb", &["! \"x\"", "b"]),
        ("null", "null\nb", &["! null", "b"]),
        (
            "an object that ends too early",
            "{\"x\":1\nb",
            &["! {\"x\":1", "b"],
        ),
        ("two on one line", "{}{}\nb", &["{}", "{}", "b"]),
        ("a comma behind", "{},\nb", &["{}", "b"]),
        (
            "a mark in the middle",
            "a\n\u{feff}{}\nb",
            &["a", "! \u{feff}{}", "b"],
        ),
        ("an open string", "{\"x\":\"\nb", &["! {\"x\":\"", "b"]),
        ("a trailing comma", "{\"x\":1,}\nb", &["! {\"x\":1,}", "b"]),
        ("single quotes", "{'x':1}\nb", &["! {'x':1}", "b"]),
        ("a comment", "{\"x\":1} // y\nb", &["! {\"x\":1} // y", "b"]),
        (
            "closing brackets",
            "]\n}\n,\nb",
            &["! ]", "! }", "! ,", "b"],
        ),
        ("a carriage return only", "{}\r{}\nb", &["{}", "{}", "b"]),
    ]);
}

#[test]
#[wasm]
fn an_array_holds_records() {
    expect(&[
        ("one line", "[a,b,c]", &["a", "b", "c"]),
        ("a line break behind", "[a,b]\n", &["a", "b"]),
        ("pretty printed", "[\n  a,\n  b\n]\n", &["a", "b"]),
        ("as Logpush joins", "[a\n,b\n,c\n]", &["a", "b", "c"]),
        ("carriage returns", "[\r\na,\r\nb\r\n]\r\n", &["a", "b"]),
        ("byte order mark", "\u{feff}[a,b]", &["a", "b"]),
        ("white space before", "\n \t[a]", &["a"]),
        ("empty", "[]", &[]),
        ("empty, with white space", " [ \n ] ", &[]),
        ("a trailing comma", "[a,b,]", &["a", "b"]),
        ("more commas", "[a,,b,,]", &["a", "b"]),
        ("several arrays", "[a,b][c]", &["a", "b", "c"]),
        (
            "several arrays, a line each",
            "[a,b]\n[c]\n[]\n[d]\n",
            &["a", "b", "c", "d"],
        ),
        ("lines behind", "[a]\nb\nc", &["a", "b", "c"]),
    ]);
}

#[test]
#[wasm]
fn an_element_that_is_no_record_costs_no_other() {
    expect(&[
        ("a word", "[a,oops,b]", &["a", "! oops", "b"]),
        ("numbers", "[a,1,-2.5,b]", &["a", "! 1", "! -2.5", "b"]),
        ("null", "[a,null,b]", &["a", "! null", "b"]),
        (
            "a text with a comma",
            "[a,\"x,]\\\"\",b]",
            &["a", "! \"x,]\\\"\"", "b"],
        ),
        ("an array in the array", "[a,[{}],b]", &["a", "! [{}]", "b"]),
        ("two without a comma", "[{} {},a]", &["{}", "{}", "a"]),
        (
            "closed by the wrong bracket",
            "[{\"x\":1],a]",
            &["! {\"x\":1]", "a"],
        ),
        ("a closing brace too many", "[{}},b]", &["! {}}", "b"]),
        ("not closed", "[a,b", &["a", "b"]),
        ("not closed behind a comma", "[a,b,", &["a", "b"]),
        (
            "not closed in a record",
            "[a,{\"x\":[1,",
            &["a", "! {\"x\":[1,"],
        ),
        (
            "not closed in a text",
            "[a,{\"x\":\"y",
            &["a", "! {\"x\":\"y"],
        ),
        (
            "not closed in an escape",
            "[a,{\"x\":\"y\\",
            &["a", "! {\"x\":\"y\\"],
        ),
        ("garbage behind", "[a]oops\nb", &["a", "! oops", "b"]),
        ("closed twice", "[a]]\nb", &["a", "! ]", "b"]),
    ]);
}

/// An element that is complete ends with its line, and no string goes over a line break.
#[test]
#[wasm]
fn a_broken_array_costs_no_line_but_the_broken_one() {
    expect(&[
        ("no commas", "[a\nb\r\nc\n]\nd", &["a", "b", "c", "d"]),
        ("a comma is missing", "[a,\nb\n c,d]", &["a", "b", "c", "d"]),
        ("words", "[a\noops\n1\nb]", &["a", "! oops", "! 1", "b"]),
        (
            "an open string",
            "[{\"x\":\"off\na,\nb]",
            &["! {\"x\":\"off", "a", "b"],
        ),
        (
            "an open string in a list",
            "[{\"x\":[{\"y\":\"off\na,\nb]",
            &["! {\"x\":[{\"y\":\"off", "a", "b"],
        ),
        (
            "an open escape",
            "[{\"x\":\"off\\\na,\nb]",
            &["! {\"x\":\"off\\", "a", "b"],
        ),
        ("an open name", "[{\"x\na\n]", &["! {\"x", "a"]),
    ]);
}

/// An array begins where the body begins, or behind another, and with a record. Elsewhere a bad
/// line would take the good ones behind it for its elements.
#[test]
#[wasm]
fn a_bracket_that_begins_no_array_begins_a_line() {
    expect(&[
        ("nothing else", "[", &["! ["]),
        ("nothing but blanks behind", "[ \n\t", &["! ["]),
        ("a word", "[oops\na\nb", &["! [oops", "a", "b"]),
        (
            "a time before each record",
            "[2026-01-02] {}\n[2026-01-02] {}\n",
            &["! [2026-01-02] {}", "! [2026-01-02] {}"],
        ),
        ("numbers", "[1,2]\na", &["! [1,2]", "a"]),
        ("an open string", "[\"oops\na", &["! [\"oops", "a"]),
        ("a comma", "[,{}]\nb", &["! [,{}]", "b"]),
        ("an array in the array", "[[{}]]\na", &["! [[{}]]", "a"]),
        ("behind a line", "a\n[oops\nb", &["a", "! [oops", "b"]),
        (
            "a whole array behind a line",
            "a\n[{}]\nb",
            &["a", "! [{}]", "b"],
        ),
        (
            "an open array behind a line",
            "a\n[{},\nb",
            &["a", "! [{},", "b"],
        ),
        (
            "behind an array and a line",
            "[a]\nb\n[oops\nc",
            &["a", "b", "! [oops", "c"],
        ),
        ("behind an array", "[a]\n[oops\nb", &["a", "! [oops", "b"]),
    ]);
}

/// How far the record may stand behind the bracket does not depend on the chunks.
#[test]
#[wasm]
fn blanks_behind_a_bracket_count_as_its_line() {
    for blanks in [98, 99, 100, 101, 250] {
        let config = limited(|limits| limits.line_bytes = 100);
        let upload = format!("[{}{{\"RuleID\":\"a\"}}]\n{{}}", " ".repeat(blanks));
        let summary = outcome(config, upload.as_bytes()).summary;
        assert_eq!(
            (summary.records, summary.errors),
            (2, u64::from(blanks >= 100)),
            "{blanks}"
        );
    }
}

#[test]
#[wasm]
fn an_error_tells_where_it_is() {
    let outcome = outcome(config(Shape::Ecs), b"{\"Action\":\"block\",}\n");
    let message = at(&outcome.documents[0], "error.message").as_str().unwrap();
    assert_eq!(
        message,
        "not a JSON object: trailing comma at line 1 column 19"
    );
}

/// serde_json quotes a text that stands where an object should: the message must not grow with it.
#[test]
#[wasm]
fn a_message_does_not_grow_with_the_line() {
    for line in [
        format!("\"{}\"", "x".repeat(300_000)),
        format!("\"{}\"", "\\u0001\\\"".repeat(50_000)),
        format!("\"{}\"", "é".repeat(150_000)),
        "1".repeat(300_000),
        format!("{{\"{}\":1,,}}", "n".repeat(300_000)),
    ] {
        let outcome = outcome(config(Shape::Ecs), line.as_bytes());
        let message = at(&outcome.documents[0], "error.message").as_str().unwrap();
        assert!(message.len() <= 256, "{} bytes", message.len());
        assert!(message.starts_with("not a JSON object: "), "{message}");
    }
}

#[test]
#[wasm]
fn an_identity_is_the_records() {
    let ids = |upload: &str| -> Vec<String> {
        outcome(config(Shape::Ecs), upload.as_bytes())
            .documents
            .iter()
            .map(|document| at(document, "event.id").as_str().unwrap().to_owned())
            .collect()
    };
    // The same record has the same identity, in any upload and any framing.
    let record = "{\"RuleID\":\"a\"}";
    let of_lines = ids(&format!("{record}\r\n{{\"RuleID\":\"b\"}}\n  {record}"));
    let of_array = ids(&format!("[{{}},\n {record} \n]"));
    assert_eq!(of_lines[0], of_array[1]);
    assert_ne!(of_lines[0], of_lines[1]);
    // What is no record has one too.
    let errors = ids("oops\nother");
    assert_eq!(errors, ids("  oops \n\n other"));
    assert_ne!(errors[0], errors[1]);
    // It never changes: a redelivery after an upgrade is still known.
    assert_eq!(
        ids("{\"source\":\"a\",\"source\":\"b\"}"),
        ["7301221ebb04b3bc3c9e1de64a486aa8"]
    );
}

/// Equal records are so many events, and their redelivery has the same ids: a receiver that knows
/// an event by its id stores each once.
#[test]
#[wasm]
fn equal_records_have_an_identity_each() {
    let long = format!("{{\"RuleID\":\"{}\"}}", "x".repeat(300));
    let records = [
        "{\"RuleID\":\"a\"}",
        "{\"RuleID\":\"\\ud800\"}",
        "oops",
        // Longer than the limit: with and without a document of its own making.
        &long,
        &long.replace('{', "["),
    ];
    for shape in [Shape::Ecs, Shape::Native] {
        for record in records {
            let ids = |upload: &str, batch_records| -> Vec<[u8; 16]> {
                let mut config = config(shape);
                config.limits.line_bytes = 200;
                config.limits.batch_records = batch_records;
                let outcome = outcome(config, upload.as_bytes());
                outcome.batches.into_iter().flat_map(|of| of.ids).collect()
            };
            let upload = format!("{record}\n{{}}\n{record}\n{record}\n{{}}");
            let found = ids(&upload, 1000);
            let different: BTreeSet<_> = found.iter().collect();
            assert_eq!(different.len(), 5, "{record}");
            // A redelivery, in other batches; an array; the first as if it were alone.
            assert_eq!(ids(&upload, 1), found, "{record}");
            assert_eq!(ids(record, 1)[0], found[0], "{record}");
            if record.starts_with('{') {
                assert_eq!(
                    ids(&format!("[{record},{{}},{record},{record},{{}}]"), 2),
                    found
                );
            }
        }
    }
}

/// Records that follow each other without a line break, or with a comma and one.
#[test]
#[wasm]
fn records_need_no_line_break_between_them() {
    let record = |n: usize| format!(r#"{{"RuleID":"{n}","Description":"}}{{\"\\"}}"#);
    let all: Vec<String> = (0..5).map(record).collect();
    for separator in ["", " ", ",", ",\n", " , \r\n", "\n", "\n\n"] {
        for line_bytes in [50, 100, 1_000_000] {
            let config = limited(|limits| limits.line_bytes = line_bytes);
            for (end, behind) in [("", 0), ("\n", 0), (",\n", 0), ("\noops\n{}", 2)] {
                let upload = format!("{}{end}", all.join(separator));
                let outcome = outcome(config.clone(), upload.as_bytes());
                let ids: Vec<&str> = outcome
                    .documents
                    .iter()
                    .filter_map(|document| at(document, "rule.id").as_str())
                    .collect();
                assert_eq!(ids, ["0", "1", "2", "3", "4"], "{separator:?} {end:?}");
                assert_eq!(outcome.documents.len(), 5 + behind, "{separator:?} {end:?}");
                assert_eq!(
                    outcome.summary.errors,
                    u64::from(behind > 0),
                    "{separator:?}"
                );
            }
        }
    }
}

#[test]
#[wasm]
fn an_array_without_its_bracket_is_reported() {
    for (upload, is_open) in [
        ("[{},{}]", false),
        ("[{},{}", true),
        ("[{},{},\n", true),
        ("[{},{", true),
        ("[{}]\n{}", false),
        ("{}\n[{}", false),
        ("[{}][{}", true),
    ] {
        let outcome = outcome(config(Shape::Ecs), upload.as_bytes());
        assert_eq!(outcome.summary.is_array_open, is_open, "{upload}");
    }
}
