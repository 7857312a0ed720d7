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
                unmask: true,
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
