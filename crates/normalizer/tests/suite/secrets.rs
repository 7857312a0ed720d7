//! Secrets: masked wherever their field stands, unless the configuration asks for them.

use logpush_normalizer::{Config, Shape, datasets};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, config, only, outcome};

const TIME: &str = r#""Timestamp":"2026-09-21T14:13:20.123456Z""#;

/// Ways in which a password of `secret` comes in a record; each has it nowhere else.
const RECORDS: &[(&str, &str)] = &[
    ("alone", r#""Password":"secret""#),
    ("in lower case", r#""password":"secret""#),
    ("with an escape", r#""Passwor\u0064":"secret""#),
    ("as an object", r#""Password":{"a":"secret"}"#),
    ("twice", r#""Password":"secret","Password":"secret2""#),
    (
        "in two cases",
        r#""Password":"secret","password":"secret2""#,
    ),
    (
        "in two cases, turned",
        r#""password":"secret","Password":"secret2""#,
    ),
    (
        "in several cases",
        r#""password":"secret","password":"secret2","PASSWORD":"secret3","Password":"secret4""#,
    ),
    (
        "in two cases, one absent",
        r#""password":"secret","Password":"""#,
    ),
];

/// Lines of every kind of brokenness, and of none, with a secret in a masked field; `NAME` is the field.
const LINES: &[(&str, &str)] = &[
    ("whole", r#"{"NAME":"secret"}"#),
    ("inside an object", r#"{"Other":{"a":{"NAME":"secret"}}}"#),
    (
        "inside a list",
        r#"{"Other":[1,[{"NAME":{"x":["secret"]}}]]}"#,
    ),
    ("in another case", r#"{"Other":{"name":1,"nAmE":"secret"}}"#),
    (
        "with an escape inside",
        r#"{"Other":{"\u004eAME":"secret"}}"#,
    ),
    (
        "inside twice",
        r#"{"Other":{"NAME":"secret","NAME":"secret2"}}"#,
    ),
    ("too deep", r#"{"Other":OPEN{"NAME":"secret"}CLOSE}"#),
    ("around what is too deep", r#"{"NAME":OPEN"secret"CLOSE}"#),
    ("too long", r#"{"NAME":"secretLONG","Other":1}"#),
    ("too long before", r#"{"Other":"LONG","NAME":"secret"}"#),
    (
        "too long inside",
        r#"{"Other":{"NAME":"secret","b":"LONG"}}"#,
    ),
    (
        "too long inside, late",
        r#"{"Other":{"b":"LONG","NAME":"secret"}}"#,
    ),
    ("too long, broken", r#"{"NAME":"secretLONG"oops}"#),
    ("too long, no object", r#"["NAME","secretLONG"]"#),
    ("cut in the value", r#"{"a":1,"NAME":"secret"#),
    ("cut in an object", r#"{"a":{"NAME":"secret","#),
    ("no comma", r#"{"a":1 "NAME":"secret"}"#),
    ("a stray quote", r#"{"a":"b"c","NAME":"secret"}"#),
    ("a bad escape", r#"{"a":"\x","NAME":"secret"}"#),
    ("a bad literal", r#"{"a":nul,"NAME":"secret"}"#),
    (
        "an escape in a broken line",
        r#"{"a":1,"\u004eAME":"secret"oops"#,
    ),
    ("a control byte", "{\"a\":\"\u{1}\",\"NAME\":\"secret\"}"),
    ("the rest of a record", r#"secret","a":1}"#),
    ("a text", r#""secret""#),
    ("a list", r#" ["NAME","secret"] x"#),
    ("two records", r#"{"a":1}{"NAME":"secret"}"#),
    ("a record and rubbish", r#"{"a":1} "NAME":"secret"}"#),
];

/// Whatever happens to a line, what stands in a masked field is in no document, nor in what is counted.
#[test]
#[wasm]
fn a_secret_is_in_nothing_that_comes_out() {
    for (dataset, name) in [
        ("sinkhole_http_logs", "Password"),
        ("http_requests", "Cookies"),
        ("dlp_forensic_copies", "Payload"),
        ("zaraz_events", "RequestHeaders"),
        // Of no table: a header.
        ("http_requests", "authorization"),
    ] {
        for (kind, line) in LINES {
            let is_header = name == "authorization";
            // A header is one inside an object or a list of headers.
            if is_header && !kind.contains("inside") {
                continue;
            }
            let line = line
                .replace(
                    "\\u004eAME",
                    &format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]),
                )
                .replace("nAmE", &name.to_ascii_uppercase())
                .replace("NAME", name)
                .replace("OPEN", &"[".repeat(70))
                .replace("CLOSE", &"]".repeat(70))
                .replace("LONG", &"x".repeat(3000));
            for shape in [Shape::Ecs, Shape::Native] {
                for keep_original in [false, true] {
                    let mut config = Config {
                        dataset: datasets::by_name(dataset),
                        keep_original,
                        ..config(shape)
                    };
                    config.limits.line_bytes = 2000;
                    // A record before it, so that the upload is no array.
                    let upload = format!("{{}}\n{line}\n{{}}\n");
                    let outcome = outcome(config, upload.as_bytes());
                    for document in &outcome.lines {
                        assert!(!document.contains("secret"), "{kind}: {document}");
                    }
                    let summary = format!("{:?}", outcome.summary);
                    assert!(!summary.contains("secret"), "{kind}: {summary}");
                }
            }
        }
    }
}

/// A field that is too long or too deep gives way alone.
#[test]
#[wasm]
fn a_line_that_is_too_long_or_too_deep_is_still_a_record() {
    let payload = "VE9QIFNFQ1JFVCBMSVNU".repeat(60_000);
    let record = format!(
        r#"{{"AccountID":"a","Datetime":1767322800,"ForensicCopyID":"f","Payload":"{payload}","TriggeredRuleID":"r"}}"#
    );
    let config = Config {
        dataset: datasets::by_name("dlp_forensic_copies"),
        ..config(Shape::Ecs)
    };
    let document = only(outcome(config.clone(), record.as_bytes()).documents);
    assert_ne!(at(&document, "event.kind"), "pipeline_error");
    assert_eq!(at(&document, "cloudflare.Payload"), "[masked]");
    assert_eq!(at(&document, "rule.id"), "r");
    assert_eq!(at(&document, "labels.truncated"), "Payload");
    let config = Config {
        dataset: datasets::by_name("zaraz_events"),
        ..config
    };
    let record = format!(
        r#"{{"TimestampStart":1767322800,"RequestHeaders":{{"cookie":"s3cr3t"}},"Body":{}{}}}"#,
        "[".repeat(66),
        "]".repeat(66)
    );
    let document = only(outcome(config, record.as_bytes()).documents);
    assert_ne!(at(&document, "event.kind"), "pipeline_error");
    assert_eq!(at(&document, "cloudflare.RequestHeaders"), "[masked]");
    assert_eq!(at(&document, "labels.truncated"), "Body");
}

/// Credentials in headers are masked in every dataset, and the names of the headers stay.
#[test]
#[wasm]
fn credentials_in_headers_are_masked() {
    for (headers, masked) in [
        (
            json!({"Authorization": "x", "host": "h", "Set-Cookie": ["x"]}),
            json!({"Authorization": "[masked]", "host": "h", "Set-Cookie": "[masked]"}),
        ),
        (
            json!([{"name": "X-API-Key", "value": "x"}, {"name": "host", "value": "h"}]),
            json!([{"name": "X-API-Key", "value": "[masked]"}, {"name": "host", "value": "h"}]),
        ),
        (
            json!([
                ["proxy-authorization", "x"],
                ["cf-access-client-secret", "x"]
            ]),
            json!([
                ["proxy-authorization", "[masked]"],
                ["cf-access-client-secret", "[masked]"]
            ]),
        ),
    ] {
        let config = Config {
            dataset: datasets::by_name("http_requests"),
            ..config(Shape::Ecs)
        };
        let record = json!({"RequestHeaders": headers}).to_string();
        let document = only(outcome(config, record.as_bytes()).documents);
        assert_eq!(document["cloudflare"]["RequestHeaders"], masked, "{record}");
    }
}

fn of_sinkholes(shape: Shape) -> Config {
    Config {
        dataset: datasets::by_name("sinkhole_http_logs"),
        ..config(shape)
    }
}

#[test]
#[wasm]
fn a_secret_is_in_no_document() {
    for (name, members) in RECORDS {
        for shape in [Shape::Ecs, Shape::Native] {
            for keep_original in [false, true] {
                let config = Config {
                    keep_original,
                    ..of_sinkholes(shape)
                };
                for record in [
                    format!("{{{TIME},{members}}}"),
                    format!("{{{members},{TIME}}}"),
                    format!("[{{\n{members},{TIME}\n}}]"),
                ] {
                    let lines = outcome(config.clone(), record.as_bytes()).lines;
                    assert_eq!(lines.len(), 1, "{name}");
                    assert!(!lines[0].contains("secret"), "{name}: {}", lines[0]);
                    assert!(lines[0].contains("[masked]"), "{name}: {}", lines[0]);
                }
            }
        }
    }
}

#[test]
#[wasm]
fn a_record_is_the_same_but_for_its_secret() {
    let record = format!("{{{TIME}, \"Password\" : \"x\" ,\"URI\":\"/a\"}}");
    let masked = record.replace("\"x\"", "\"[masked]\"");
    let native = outcome(of_sinkholes(Shape::Native), record.as_bytes()).lines;
    assert_eq!(native, [masked.as_str()]);
    let config = Config {
        keep_original: true,
        ..of_sinkholes(Shape::Ecs)
    };
    let document = only(outcome(config, record.as_bytes()).documents);
    assert_eq!(at(&document, "event.original"), &json!(masked));
}

#[test]
#[wasm]
fn a_secret_is_shown_where_the_configuration_asks_for_it() {
    for (name, members) in RECORDS {
        for shape in [Shape::Ecs, Shape::Native] {
            let config = Config {
                shows_secrets: true,
                keep_original: true,
                ..of_sinkholes(shape)
            };
            let record = format!("{{{TIME},{members}}}");
            let document = only(outcome(config, record.as_bytes()).documents);
            let text = document.to_string();
            assert!(
                text.contains("secret") && !text.contains("[masked]"),
                "{name}: {text}"
            );
        }
    }
}

#[test]
#[wasm]
fn a_secret_that_an_absent_one_replaced_is_gone() {
    let record = format!("{{\"Password\":\"secret\",{TIME},\"Password\":null}}");
    for shape in [Shape::Ecs, Shape::Native] {
        let config = Config {
            keep_original: true,
            ..of_sinkholes(shape)
        };
        let lines = outcome(config, record.as_bytes()).lines;
        assert!(!lines[0].contains("secret"), "{}", lines[0]);
    }
}

#[test]
#[wasm]
fn nothing_is_masked_that_is_absent() {
    for value in ["null", r#""""#] {
        let record = format!("{{{TIME},\"Password\":{value},\"password\":{value}}}");
        let config = of_sinkholes(Shape::Ecs);
        let document = only(outcome(config, record.as_bytes()).documents);
        assert_eq!(document.get("cloudflare"), None::<&Value>, "{document}");
    }
}
