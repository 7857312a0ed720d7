//! The other shape: Cloudflare's own record, with what SEKOIA.IO's parser of it needs.

use logpush_normalizer::datasets::by_name;
use logpush_normalizer::{Config, Shape};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, both_paths, config, only, outcome};
use crate::fields::FULL;

/// 2026-01-02T03:04:05.678Z.
const ARRIVAL_NANOS: i64 = 1_767_323_045_678_000_000;

fn native(record: &str) -> String {
    let mut lines = outcome(config(Shape::Native), record.as_bytes()).lines;
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

#[test]
#[wasm]
fn a_record_that_needs_nothing_stays_as_it_is() {
    for record in [
        r#"{"Datetime":1657630626219000000,"Action":"block"}"#,
        r#"{ "Action" : "block" , "Datetime" : 1657630626219000000 }"#,
        r#"{"Datetime":1657630626219000000,"Source":"waf","New":{"a":[1.50,"\u00e9"]},"Kind":""}"#,
        r#"{"Datetime":1657630626219000000,"ClientIP":"not an address","ClientASN":"x","ClientCountry":"XX"}"#,
        r#"{"Datetime":1657630626219000000,"source":"waf"}"#,
    ] {
        assert_eq!(native(record), record);
    }
}

#[test]
#[wasm]
fn every_form_of_time_becomes_nanoseconds() {
    for (time, nanos) in [
        ("1657630626219000001", "1657630626219000001"),
        ("\"1657630626219000001\"", "1657630626219000001"),
        ("1657630626", "1657630626000000000"),
        ("1657630626219", "1657630626219000000"),
        ("1657630626.219", "1657630626219000000"),
        ("\"2022-07-12T12:57:06Z\"", "1657630626000000000"),
        ("\"2022-07-12T12:57:06.219000001Z\"", "1657630626219000001"),
        ("\"2022-07-12 14:57:06+02:00\"", "1657630626000000000"),
        ("\"1969-12-31T23:59:59.5Z\"", "-500000000"),
    ] {
        for (before, after) in [
            ("{\"Datetime\":", "}"),
            ("{\"Kind\":\"k\",\"Datetime\":", ",\"Ref\":\"\"}"),
            ("{ \"Datetime\" : ", " , \"Ref\" : 1 }"),
        ] {
            let record = format!("{before}{time}{after}");
            assert_eq!(
                native(&record),
                format!("{before}{nanos}{after}"),
                "{record}"
            );
        }
    }
}

#[test]
#[wasm]
fn a_missing_time_is_the_arrival() {
    for record in [
        "{}",
        "{ }",
        r#"{"Kind":"k"}"#,
        r#"{"Kind":"k" }"#,
        r#"{"Source":""}"#,
        r#"{ "Source" : "" }"#,
    ] {
        let document = only(outcome(config(Shape::Native), record.as_bytes()).documents);
        assert_eq!(document["Datetime"], json!(ARRIVAL_NANOS), "{record}");
        assert_eq!(document["tags"], json!(["time_from_arrival"]));
        assert_eq!(
            at(&document, "error.message"),
            "Datetime is missing: the upload's arrival stands in"
        );
    }
}

/// The parser fails on a time that it cannot read: the arrival takes its place.
#[test]
#[wasm]
fn an_unreadable_time_is_the_arrival_too() {
    for time in [
        "\"garbage\"",
        "0",
        "true",
        "[1]",
        "{\"a\":1}",
        "\"\\u0041\"",
        "-5",
    ] {
        let given: Value = serde_json::from_str(time).unwrap();
        for record in [
            format!("{{\"Datetime\":{time}}}"),
            format!("{{\"Kind\":\"k\", \"Datetime\" : {time} , \"Ref\":\"r\"}}"),
        ] {
            let document = both_paths(&config(Shape::Native), &record);
            assert_eq!(document["Datetime"], json!(ARRIVAL_NANOS), "{record}");
            assert_eq!(document["DatetimeAsReceived"], given, "{record}");
            let message = at(&document, "error.message").as_str().unwrap();
            assert!(
                message.starts_with("Datetime is no readable time"),
                "{message}"
            );
        }
    }
    for absent in ["null", r#""""#] {
        let record = format!("{{\"Datetime\":{absent},\"Kind\":\"k\"}}");
        let document = both_paths(&config(Shape::Native), &record);
        assert_eq!(document["Datetime"], json!(ARRIVAL_NANOS), "{record}");
        assert_eq!(document["DatetimeAsReceived"], Value::Null, "{record}");
        assert_eq!(native(&record).matches("Datetime\":").count(), 1);
    }
}

#[test]
#[wasm]
fn an_alias_that_the_record_has_stays_the_records() {
    let time = r#""Datetime":1657630626219000000"#;
    for (own, alias) in [
        (r#""Metadata":{"a":1}"#, r#""metadata":{"b":2}"#),
        (r#""RuleID":"r""#, r#""RuleId":"x""#),
        (r#""MatchIndex":1"#, r#""matchIndex":2"#),
        (
            r#""ClientASNDescription":"A""#,
            r#""clientASNDescription":"B""#,
        ),
    ] {
        for record in [
            format!("{{{time},{own},{alias}}}"),
            format!("{{{alias},{own},{time}}}"),
        ] {
            assert_eq!(native(&record), record);
        }
    }
}

#[test]
#[wasm]
fn an_empty_source_is_left_out() {
    let time = r#""Datetime":1657630626219000000"#;
    for (record, expected) in [
        (format!(r#"{{{time},"Source":""}}"#), format!("{{{time}}}")),
        (format!(r#"{{"Source":"",{time}}}"#), format!("{{{time}}}")),
        (
            format!(r#"{{"Kind":"k","Source":"",{time}}}"#),
            format!(r#"{{"Kind":"k",{time}}}"#),
        ),
        (
            format!(r#"{{{time} , "Source" : "" }}"#),
            format!("{{{time}  }}"),
        ),
        (
            r#"{"Source":"","Datetime":1657630626}"#.to_owned(),
            r#"{"Datetime":1657630626000000000}"#.to_owned(),
        ),
        (
            r#"{"Datetime":1657630626,"Source":""}"#.to_owned(),
            r#"{"Datetime":1657630626000000000}"#.to_owned(),
        ),
        (
            format!(r#"{{{time},"Source":null}}"#),
            format!(r#"{{{time},"Source":null}}"#),
        ),
        (
            format!(r#"{{{time},"Source":"waf"}}"#),
            format!(r#"{{{time},"Source":"waf"}}"#),
        ),
    ] {
        let strip = |text: &str| text.replace(' ', "");
        assert_eq!(strip(&native(&record)), strip(&expected), "{record}");
    }
}

#[test]
#[wasm]
fn what_the_parser_reads_under_other_names_is_added() {
    let time = r#""Datetime":1657630626219000000"#;
    for (members, added) in [
        (r#""RuleID":"r""#, r#""RuleId":"r""#),
        (
            r#""ClientASNDescription":"A \"B\" é\u00e9""#,
            r#""clientASNDescription":"A \"B\" é\u00e9""#,
        ),
        (r#""MatchIndex":0"#, r#""matchIndex":0"#),
        (r#""Metadata":{"a":[1]}"#, r#""metadata":{"a":[1]}"#),
        (r#""RuleID":"","Metadata":null"#, ""),
        (
            r#""Metadata":{},"RuleID":"r","MatchIndex":"1""#,
            r#""RuleId":"r","matchIndex":"1","metadata":{}"#,
        ),
        (
            r#""ClientRefererHost":"e.org","ClientRefererScheme":"https","ClientRefererQuery":"a=\"1\"""#,
            r#""ClientRequestReferer":"https://e.org?a=\"1\"""#,
        ),
        (r#""ClientRefererPath":"/p","ClientRefererHost":"""#, ""),
        (
            r#""ClientRefererPath":"/p","ClientRefererHost":"","ClientRefererScheme":"""#,
            r#""ClientRequestReferer":"/p""#,
        ),
        (
            r#""ClientRefererHost":"e.org","ClientRequestReferer":"whole""#,
            "",
        ),
    ] {
        let comma = if added.is_empty() { "" } else { "," };
        let record = format!("{{{time},{members}}}");
        assert_eq!(
            native(&record),
            format!("{{{time},{members}{comma}{added}}}")
        );
    }
}

#[test]
#[wasm]
fn a_record_of_all_fields_keeps_them_all() {
    let given: Value = serde_json::from_str(FULL).unwrap();
    let mut document = both_paths(&config(Shape::Native), FULL);
    let added = [
        ("RuleId", json!("0123456789abcdef")),
        ("clientASNDescription", json!("EXAMPLE-AS Example Net")),
        ("matchIndex", json!(0)),
        ("metadata", given["Metadata"].clone()),
        (
            "ClientRequestReferer",
            json!("https://www.example.org/from/here?a=1"),
        ),
    ];
    for (name, value) in added {
        assert_eq!(
            document.as_object_mut().unwrap().remove(name),
            Some(value),
            "{name}"
        );
    }
    assert_eq!(document, given);
}

#[test]
#[wasm]
fn both_paths_write_the_same_record() {
    for record in [
        r#"{"Kind":"k","Source":"","Datetime":"2022-07-12T12:57:06Z"}"#,
        r#"{"Source":"","Kind":"k"}"#,
        r#"{"Action":"block","Metadata":{"a":"b"},"RuleID":"x","New":[]}"#,
        r#"{"metadata":{"a":1},"Datetime":1657630626}"#,
        r#"{"Action":"\u0062lock","ClientRefererHost":"e.org","ClientRefererQuery":"\u003fa"}"#,
    ] {
        both_paths(&config(Shape::Native), record);
    }
}

#[test]
#[wasm]
fn what_is_no_record_is_an_error_with_a_time_for_the_parser() {
    let document = only(outcome(config(Shape::Native), b"oops").documents);
    assert_eq!(document["Datetime"], json!(ARRIVAL_NANOS));
    assert_eq!(at(&document, "event.kind"), "pipeline_error");
    assert_eq!(at(&document, "event.original"), "oops");
    assert_eq!(document["@timestamp"], crate::common::ARRIVAL);
}

#[test]
#[wasm]
fn other_datasets_are_mended_too() {
    for (dataset, record, expected) in [
        // An alias that is an older field of the record itself.
        (
            "gateway_network",
            r#"{"Transport":"udp","TransportProtocol":"quic","Datetime":"2026-01-02T03:04:05.000000Z"}"#,
            r#"{"Transport":"udp","TransportProtocol":"quic","Datetime":"2026-01-02T03:04:05.000000Z"}"#,
        ),
        (
            "gateway_network",
            r#"{"TransportProtocol":"quic","Datetime":"2026-01-02T03:04:05.000000Z"}"#,
            r#"{"TransportProtocol":"quic","Datetime":"2026-01-02T03:04:05.000000Z","Transport":"quic"}"#,
        ),
        (
            "gateway_dns",
            r#"{"QueryName":"www.example.com.","Datetime":"2026-01-02T03:04:05.000000Z"}"#,
            r#"{"QueryName":"www.example.com","Datetime":"2026-01-02T03:04:05.000000Z"}"#,
        ),
        (
            "gateway_dns",
            r#"{"QueryName":".","Datetime":"2026-01-02T03:04:05.000000Z"}"#,
            r#"{"QueryName":".","Datetime":"2026-01-02T03:04:05.000000Z"}"#,
        ),
        (
            "http_requests",
            r#"{"ClientRequestURI":"/a?b=1","datetime":"2026-01-02T03:04:05.000000Z","EdgeStartTimestamp":1767323045000000000}"#,
            r#"{"ClientRequestURI":"/a?b=1","datetime":"2026-01-02T03:04:05.000000Z","EdgeStartTimestamp":1767323045000000000,"ClientRequestPath":"/a"}"#,
        ),
        (
            "http_requests",
            r#"{"ClientRequestPath":"/","ClientRequestURI":"/a","datetime":"2026-01-02T03:04:05.000000Z","EdgeStartTimestamp":1767323045000000000}"#,
            r#"{"ClientRequestPath":"/","ClientRequestURI":"/a","datetime":"2026-01-02T03:04:05.000000Z","EdgeStartTimestamp":1767323045000000000}"#,
        ),
    ] {
        let config = Config {
            dataset: by_name(dataset),
            ..config(Shape::Native)
        };
        assert_eq!(
            outcome(config, record.as_bytes()).lines,
            [expected],
            "{record}"
        );
    }
}

/// What the normalizer has to say goes into an `error` of the record's own where that has room.
#[test]
#[wasm]
fn an_error_of_the_record_s_own_stays_what_it_is() {
    let told = "Datetime is missing: the upload's arrival stands in";
    for (given, expected) in [
        (
            r#"{"message":"no route"}"#,
            json!({"message": format!("no route; {told}")}),
        ),
        (r#"{"code":1}"#, json!({"code": 1, "message": told})),
        ("{}", json!({"message": told})),
        ("{ }", json!({"message": told})),
        (r#"{"message":""}"#, json!({"message": ""})),
        (r#"{"message":null}"#, json!({"message": null})),
        (r#"{"message":["a"]}"#, json!({"message": ["a"]})),
        ("[]", json!([])),
        (r#"["message",1]"#, json!(["message", 1])),
        (r#""no route""#, json!("no route")),
        ("null", json!(null)),
        ("7", json!(7)),
    ] {
        let config = Config {
            dataset: by_name("ssh_logs"),
            ..config(Shape::Native)
        };
        let record = format!(r#"{{"error":{given},"PTY":"x"}}"#);
        let line = outcome(config, record.as_bytes()).lines.remove(0);
        let document: Value = serde_json::from_str(&line).expect(&line);
        assert_eq!(document["error"], expected, "{line}");
        assert_eq!(document["tags"], json!(["time_from_arrival"]));
        assert_eq!(line.matches("\"error\"").count(), 1, "{line}");
    }
}

/// What the normalizer adds joins what the record brings itself: no name comes twice.
#[test]
#[wasm]
fn members_of_the_record_s_own_come_once() {
    for (given, path, expected) in [
        (
            r#""tags":["mine"]"#,
            "tags",
            json!(["mine", "time_from_arrival"]),
        ),
        (
            r#""tags":"mine""#,
            "tags",
            json!(["mine", "time_from_arrival"]),
        ),
        (r#""tags":null"#, "tags", json!(["time_from_arrival"])),
        (r#""labels":{"a":"b"}"#, "labels", json!({"a": "b"})),
        (
            r#""Datetime":"x","DatetimeAsReceived":"y""#,
            "DatetimeAsReceived",
            json!("y"),
        ),
        (
            r#""Datetime":"x","DatetimeAsReceived":"y""#,
            "DatetimeAsReceived_",
            json!("x"),
        ),
    ] {
        let record = format!(r#"{{{given},"Action":"block"}}"#);
        let line = outcome(config(Shape::Native), record.as_bytes())
            .lines
            .remove(0);
        let document: Value = serde_json::from_str(&line).expect(&line);
        assert_eq!(document[path], expected, "{line}");
        assert_eq!(line.matches(&format!("\"{path}\":")).count(), 1, "{line}");
    }
}
