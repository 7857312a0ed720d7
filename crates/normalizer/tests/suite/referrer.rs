//! The referrer, put together of its four parts.

use serde_json::{Map, Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::golden;

const PARTS: [(&str, &str); 4] = [
    ("ClientRefererScheme", "https"),
    ("ClientRefererHost", "www.example.org"),
    ("ClientRefererPath", "/from"),
    ("ClientRefererQuery", "?a=1"),
];

#[test]
#[wasm]
fn scheme_and_host_make_a_referrer() {
    for (mask, referrer) in [
        (0b0000, ""),
        (0b0001, ""),
        (0b0010, ""),
        (0b0011, "https://www.example.org"),
        (0b0101, ""),
        (0b0110, ""),
        (0b0111, "https://www.example.org/from"),
        (0b1000, ""),
        (0b1001, ""),
        (0b1010, ""),
        (0b1011, "https://www.example.org?a=1"),
        (0b1101, ""),
        (0b1110, ""),
        (0b1111, "https://www.example.org/from?a=1"),
    ] {
        // A part that is not there is missing, empty or null: the same.
        for absent in [None, Some(r#""""#), Some("null")] {
            let mut members = vec!["\"Kind\":\"firewall\"".to_owned()];
            let mut expected = Map::new();
            expected.insert("cloudflare.Kind".to_owned(), json!("firewall"));
            for (bit, (name, value)) in PARTS.iter().enumerate() {
                if mask & 1 << bit != 0 {
                    members.push(format!("\"{name}\":\"{value}\""));
                    expected.insert(format!("cloudflare.{name}"), json!(value));
                } else if let Some(absent) = absent {
                    members.push(format!("\"{name}\":{absent}"));
                }
            }
            if !referrer.is_empty() {
                expected.insert("http.request.referrer".to_owned(), json!(referrer));
            }
            golden(&[(referrer, &members.join(","), Value::Object(expected))]);
        }
    }
}

#[test]
#[wasm]
fn a_referrer_that_has_neither_scheme_nor_host_is_relative() {
    for (scheme, host, rest, referrer) in [
        (r#""""#, r#""""#, r#""ClientRefererPath":"/from""#, "/from"),
        (
            r#""""#,
            r#""""#,
            r#""ClientRefererPath":"/from","ClientRefererQuery":"a=1""#,
            "/from?a=1",
        ),
        (r#""""#, r#""""#, r#""ClientRefererQuery":"?a=1""#, ""),
        // What is missing was not asked for: it may have been there.
        (r#""""#, "null", r#""ClientRefererPath":"/from""#, ""),
        ("null", r#""""#, r#""ClientRefererPath":"/from""#, ""),
        (
            "null",
            "null",
            r#""ClientRefererPath":"/from","ClientRefererQuery":"a=1""#,
            "",
        ),
    ] {
        let members =
            format!("\"ClientRefererScheme\":{scheme},\"ClientRefererHost\":{host},{rest}");
        let kept: Map<String, Value> = serde_json::from_str(&format!("{{{rest}}}")).unwrap();
        let mut expected: Map<String, Value> = kept
            .into_iter()
            .map(|(name, value)| (format!("cloudflare.{name}"), value))
            .collect();
        if !referrer.is_empty() {
            expected.insert("http.request.referrer".to_owned(), json!(referrer));
        }
        golden(&[(&members, &members, Value::Object(expected))]);
    }
}

#[test]
#[wasm]
fn a_query_gets_its_question_mark() {
    for (query, referrer) in [
        ("a=1", "https://e.org?a=1"),
        ("?a=1", "https://e.org?a=1"),
        (r"\u003fa=1", "https://e.org?a=1"),
        (r#"?a=1\u0026b=\"2\""#, "https://e.org?a=1&b=\"2\""),
        ("?", "https://e.org?"),
    ] {
        let kept: Value = serde_json::from_str(&format!("\"{query}\"")).unwrap();
        golden(&[(
            query,
            &format!(
                "\"ClientRefererScheme\":\"https\",\"ClientRefererHost\":\"e.org\",\"ClientRefererQuery\":\"{query}\""
            ),
            json!({
                "cloudflare.ClientRefererHost": "e.org",
                "cloudflare.ClientRefererQuery": kept,
                "cloudflare.ClientRefererScheme": "https",
                "http.request.referrer": referrer,
            }),
        )]);
    }
}

#[test]
#[wasm]
fn a_whole_referrer_wins() {
    let parts =
        r#""ClientRefererScheme":"https","ClientRefererHost":"e.org","ClientRefererPath":"/p""#;
    let with = |referrer: Option<Value>, other: Value| {
        let mut expected = json!({
            "cloudflare.ClientRefererHost": "e.org",
            "cloudflare.ClientRefererPath": "/p",
            "cloudflare.ClientRefererScheme": "https",
        });
        for (name, value) in [
            ("http.request.referrer", referrer.unwrap_or_default()),
            ("cloudflare.ClientRequestReferer", other),
        ] {
            if !value.is_null() {
                expected[name] = value;
            }
        }
        expected
    };
    let rebuilt = || Some(json!("https://e.org/p"));
    for (whole, expected) in [
        (
            r#""https://whole.org/?x""#,
            with(Some(json!("https://whole.org/?x")), Value::Null),
        ),
        (
            r#""https:\/\/whole.org\/""#,
            with(Some(json!("https://whole.org/")), Value::Null),
        ),
        ("7", with(Some(json!("7")), Value::Null)),
        (r#""""#, with(rebuilt(), Value::Null)),
        ("null", with(rebuilt(), Value::Null)),
        // What is no referrer is kept, and the parts serve.
        (r#"["x"]"#, with(rebuilt(), json!(["x"]))),
    ] {
        for members in [
            format!("{parts},\"ClientRequestReferer\":{whole}"),
            format!("\"ClientRequestReferer\":{whole},{parts}"),
        ] {
            golden(&[(whole, &members, expected.clone())]);
        }
    }
}
