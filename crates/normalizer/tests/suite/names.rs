//! Names: order, duplicates, the names that a document has for a field, unknown ones.

use logpush_normalizer::Shape;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, config, document, golden, outcome};
use crate::fields::FULL;

#[test]
#[wasm]
fn the_last_of_equal_names_wins() {
    golden(&[
        (
            "two",
            r#""Action":"allow","Action":"block""#,
            json!({"event.action": "block", "event.type": ["denied"]}),
        ),
        (
            "apart",
            r#""RuleID":"1","Ref":"r","RuleID":"2","Kind":"k","RuleID":"3""#,
            json!({"rule.id": "3", "rule.reference": "r", "cloudflare.Kind": "k"}),
        ),
        (
            "the last is null",
            r#""RuleID":"1","RuleID":null"#,
            json!({}),
        ),
        (
            "the last is empty",
            r#""RuleID":"1","RuleID":"","RuleID":"" "#,
            json!({}),
        ),
        (
            "the first is null",
            r#""RuleID":null,"RuleID":"1""#,
            json!({"rule.id": "1"}),
        ),
        (
            "the last does not convert",
            r#""ClientIP":"192.0.2.1","ClientIP":"x""#,
            json!({"cloudflare.ClientIP": "x"}),
        ),
        (
            "the first does not convert",
            r#""ClientIP":"x","ClientIP":"::1""#,
            json!({"source.ip": "::1", "source.address": "::1", "related.ip": ["::1"]}),
        ),
        (
            "unknown",
            r#""Unknown":1,"Other":2,"Unknown":[3]"#,
            json!({"cloudflare.Unknown": [3], "cloudflare.Other": 2}),
        ),
        (
            "unknown, the last is null",
            r#""Unknown":1,"Unknown":null"#,
            json!({}),
        ),
        (
            "one of them escaped",
            r#""RuleID":"1","Rule\u0049D":"2""#,
            json!({"rule.id": "2"}),
        ),
        (
            "unknown, one of them escaped",
            r#""Unknown":1,"\u0055nknown":2"#,
            json!({"cloudflare.Unknown": 2}),
        ),
    ]);
    let record = r#"{"Datetime":1,"Kind":"k","Datetime":"2022-07-12T12:57:06.219Z"}"#;
    assert_eq!(at(&document(record), "@timestamp"), crate::common::TIME);
}

/// A document has `Source` as `cloudflare.source`: a record that already has it so is understood.
#[test]
#[wasm]
fn a_field_under_the_name_that_documents_have_for_it_is_that_field() {
    golden(&[
        (
            "alone",
            r#""source":"waf","matchIndex":1,"metadata":{"a":1},"clientASNDescription":"NET""#,
            json!({
                "cloudflare.clientASNDescription": "NET",
                "cloudflare.matchIndex": 1,
                "cloudflare.metadata": {"a": 1},
                "cloudflare.source": "waf",
                "event.module": "cloudflare.waf",
                "source.as.organization.name": "NET",
            }),
        ),
        (
            "twice",
            r#""source":"x","source":"waf""#,
            json!({"cloudflare.source": "waf", "event.module": "cloudflare.waf"}),
        ),
    ]);
    let both = json!({
        "cloudflare.source": "waf",
        "cloudflare.source_": "x",
        "event.module": "cloudflare.waf",
    });
    let alone = json!({"cloudflare.source": "x", "event.module": "cloudflare.x"});
    golden(&[
        (
            "own name first",
            r#""Source":"waf","source":"x""#,
            both.clone(),
        ),
        (
            "own name last",
            r#""source":"x","Source":"waf""#,
            both.clone(),
        ),
        (
            "three",
            r#""source":"x","Source":"y","Source":"waf""#,
            both.clone(),
        ),
        (
            "other name twice",
            r#""source":"y","Source":"waf","source":"x""#,
            both,
        ),
        (
            "own name null, first",
            r#""Source":null,"source":"x""#,
            alone.clone(),
        ),
        (
            "own name null, last",
            r#""source":"x","Source":null"#,
            alone.clone(),
        ),
        (
            "own name empty",
            r#""source":"x","Source":"","Kind":null"#,
            alone.clone(),
        ),
        (
            "own name null at last",
            r#""Source":"waf","source":"x","Source":null"#,
            alone,
        ),
        (
            "other name null",
            r#""Source":"waf","source":null"#,
            json!({"cloudflare.source": "waf", "event.module": "cloudflare.waf"}),
        ),
        (
            "the name of the other name is taken too",
            r#""Source":"waf","source":"x","source_":"y","source__":"z""#,
            json!({
                "cloudflare.source": "waf",
                "cloudflare.source_": "y",
                "cloudflare.source__": "z",
                "cloudflare.source___": "x",
                "event.module": "cloudflare.waf",
            }),
        ),
    ]);
}

#[test]
#[wasm]
fn the_order_of_the_fields_does_not_matter() {
    let value: Value = serde_json::from_str(FULL).unwrap();
    let members: Vec<String> = value
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| format!("{}:{value}", json!(name)))
        .collect();
    let mut expected = document(FULL);
    let mut orders = vec![members.clone()];
    orders.push(members.iter().rev().cloned().collect());
    for start in [1, 17, 33] {
        let mut rotated = members.clone();
        rotated.rotate_left(start);
        orders.push(
            rotated
                .iter()
                .step_by(2)
                .chain(rotated.iter().skip(1).step_by(2))
                .cloned()
                .collect(),
        );
    }
    // One upload: what was learned from a record is no use for the next.
    let upload: String = orders
        .iter()
        .map(|members| format!("{{{}}}\n", members.join(",")))
        .collect();
    for mut document in crate::common::documents(config(Shape::Ecs), upload.as_bytes()) {
        for document in [&mut document, &mut expected] {
            document["event"]["id"] = Value::Null;
        }
        assert_eq!(document, expected);
    }
}

#[test]
#[wasm]
fn a_name_is_known_in_any_case_of_its_letters() {
    golden(&[(
        "almost",
        r#""action":"block","Action ":"block","ACTION":"log","RuleId":"1","":"nothing","a.b":{"c":1},"é":2"#,
        json!({
            "cloudflare._": "nothing",
            "cloudflare.ACTION": "log",
            "cloudflare.Action ": "block",
            "cloudflare.a.b": {"c": 1},
            "cloudflare.é": 2,
            "event.action": "block",
            "event.type": ["denied"],
            "rule.id": "1",
        }),
    )]);
    golden(&[(
        "blank parts of names",
        r#""":1," ":2,".":3,"a.":[{"":4,"_":5}]"#,
        json!({
            "cloudflare._": 1,
            "cloudflare.__": 2,
            "cloudflare._._": 3,
            "cloudflare.a._": [{"__": 4, "_": 5}],
        }),
    )]);
    golden(&[(
        "escapes in a name",
        r#""a\"b":1,"a\\b":2,"a\nb":3,"a\u0000b":4,"\u00e9":5,"\ud83d\ude00":6"#,
        json!({
            "cloudflare.a\"b": 1,
            "cloudflare.a\\b": 2,
            "cloudflare.a\nb": 3,
            "cloudflare.a\0b": 4,
            "cloudflare.é": 5,
            "cloudflare.😀": 6,
        }),
    )]);
}

#[test]
#[wasm]
fn unknown_fields_are_counted_by_name() {
    let upload = br#"{"Action":"log","New":1,"Other":null}
{"New":[],"New":2,"Kind":"firewall"}
{"N\u0065w":3}
not a record
{"source":"x","ClientIP":"invalid"}"#;
    let summary = outcome(config(Shape::Ecs), upload).summary;
    let counted: Vec<(&str, u64)> = summary
        .unknown_fields
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    assert_eq!(counted, [("New", 3), ("Other", 1)]);
    assert_eq!(summary.more_unknown_fields, 0);
}

#[test]
#[wasm]
fn unknown_names_beyond_a_bound_are_counted_together() {
    let long = "n".repeat(129);
    let members: Vec<String> = (0..100).map(|number| format!("\"n{number}\":1")).collect();
    let upload = format!(
        "{{{},\"{long}\":1}}\n{{\"n7\":1,\"{long}\":2}}",
        members.join(",")
    );
    let summary = outcome(config(Shape::Ecs), upload.as_bytes()).summary;
    assert_eq!(summary.unknown_fields.len(), 64);
    assert_eq!(summary.unknown_fields["n7"], 2);
    assert_eq!(summary.more_unknown_fields, 36 + 2);
}

/// Past 256 unknown names the slow path takes over; the result is the same.
#[test]
#[wasm]
fn any_number_of_unknown_fields_is_kept() {
    for count in [1, 255, 256, 257, 258, 2000] {
        let members: Vec<String> = (0..count)
            .map(|number| format!("\"n{number}\":{number}"))
            .collect();
        let record = format!("{{{},\"n0\":\"last\",\"Datetime\":1}}", members.join(","));
        let document = document(&record);
        let kept = document["cloudflare"].as_object().unwrap();
        assert_eq!(kept.len(), count);
        assert_eq!(kept["n0"], "last");
        for number in 1..count {
            assert_eq!(kept[&format!("n{number}")], number);
        }
    }
}
