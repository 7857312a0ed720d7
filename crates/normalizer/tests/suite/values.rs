//! Values that are checked or changed on their way: addresses, countries, protocols, queries, types.

use logpush_normalizer::datasets::by_name;
use logpush_normalizer::{Config, Shape};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, both_paths, config, golden, outcome};

#[test]
#[wasm]
fn an_address_is_an_address_or_is_kept() {
    for valid in [
        "192.0.2.1",
        "0.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "2001:db8::7",
    ] {
        golden(&[(
            valid,
            &format!("\"ClientIP\":\"{valid}\""),
            json!({"source.ip": valid, "source.address": valid, "related.ip": [valid]}),
        )]);
    }
    for mapped in [
        "::ffff:192.0.2.1",
        "::FFFF:192.0.2.1",
        "::ffff:c000:201",
        "0:0:0:0:0:ffff:c000:0201",
    ] {
        golden(&[(
            mapped,
            &format!("\"ClientIP\":\"{mapped}\""),
            json!({"source.ip": "192.0.2.1", "source.address": "192.0.2.1", "related.ip": ["192.0.2.1"]}),
        )]);
    }
    // The port has no field here, and rules compare one form of an address: what came is kept.
    for (given, ip) in [
        ("2001:DB8::7", "2001:db8::7"),
        ("2001:0db8:0000:0000:0000:0000:0000:0007", "2001:db8::7"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("[2001:DB8::7]:80", "2001:db8::7"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("[::1]", "::1"),
        ("[::1]:80", "::1"),
    ] {
        golden(&[(
            given,
            &format!("\"ClientIP\":\"{given}\""),
            json!({"source.ip": ip, "source.address": ip, "related.ip": [ip], "cloudflare.ClientIP": given}),
        )]);
    }
    for invalid in [
        "[::1",
        "192.0.2.256",
        "192.0.2",
        "192.0.2.1.5",
        "192.0.2.01",
        "192.0.2.1 ",
        " 192.0.2.1",
        "192.0.2.1/32",
        "192.0.2.1:http",
        "2001:db8::7%eth0",
        "2001:db8::7::1",
        "1:2:3:4:5:6:7:8:9",
        "12345::",
        "::ffff:192.0.2.256",
        "example.com",
        "unknown",
        "-",
        "١٩٢.0.2.1",
    ] {
        golden(&[(
            invalid,
            &format!("\"ClientIP\":\"{invalid}\""),
            json!({"cloudflare.ClientIP": invalid}),
        )]);
    }
    golden(&[
        (
            "escaped",
            r#""ClientIP":"192\u002e0.2.1""#,
            json!({"source.ip": "192.0.2.1", "source.address": "192.0.2.1", "related.ip": ["192.0.2.1"]}),
        ),
        (
            "number",
            r#""ClientIP":3221225985"#,
            json!({"cloudflare.ClientIP": 3_221_225_985_u32}),
        ),
    ]);
}

#[test]
#[wasm]
fn a_country_is_known_or_is_kept() {
    for (given, code, name) in [
        ("us", "US", "United States"),
        ("US", "US", "United States"),
        ("fR", "FR", "France"),
        ("ci", "CI", "Côte d'Ivoire"),
        ("ax", "AX", "Åland Islands"),
        ("xk", "XK", "Kosovo"),
        ("ZW", "ZW", "Zimbabwe"),
        ("AD", "AD", "Andorra"),
    ] {
        golden(&[(
            given,
            &format!("\"ClientCountry\":\"{given}\""),
            json!({"source.geo.country_iso_code": code, "source.geo.country_name": name}),
        )]);
    }
    for unknown in [
        "XX", "T1", "t1", "EU", "UK", "AN", "u", "usa", "France", "é",
    ] {
        golden(&[(
            unknown,
            &format!("\"ClientCountry\":\"{unknown}\""),
            json!({"cloudflare.ClientCountry": unknown}),
        )]);
    }
}

#[test]
#[wasm]
fn a_protocol_is_named_and_versioned_or_is_kept() {
    for (given, version) in [
        ("HTTP/1.0", "1.0"),
        ("HTTP/1.1", "1.1"),
        ("HTTP/2", "2"),
        ("HTTP/2.0", "2.0"),
        ("HTTP/3", "3"),
        ("http/1.1", "1.1"),
        ("HTTP 1.1", "1.1"),
        ("http 2", "2"),
    ] {
        golden(&[(
            given,
            &format!("\"ClientRequestProtocol\":\"{given}\""),
            json!({"http.version": version, "network.protocol": "http"}),
        )]);
    }
    for kept in [
        "HTTP",
        "HTTP/",
        "HTTP/x",
        "HTTP/1.",
        "HTTP/.1",
        "HTTP/1.1.1",
        "HTTP  1.1",
        "SPDY/3",
        "unknown",
        "HTT",
        "é/1.1",
    ] {
        golden(&[(
            kept,
            &format!("\"ClientRequestProtocol\":\"{kept}\""),
            json!({"cloudflare.ClientRequestProtocol": kept}),
        )]);
    }
    for (given, protocol, version) in [
        ("TLSv1", "tls", "1"),
        ("TLSv1.3", "tls", "1.3"),
        ("tlsv1.2", "tls", "1.2"),
        ("SSLv3", "ssl", "3"),
        ("TLS 1.3", "tls", "1.3"),
        ("ssl 3", "ssl", "3"),
    ] {
        golden(&[(
            given,
            &format!("\"ClientSSLProtocol\":\"{given}\""),
            json!({"tls.version_protocol": protocol, "tls.version": version}),
        )]);
    }
    for kept in [
        "none", "UNK", "unknown", "QUIC", "TLSv", "TLS ", "TLS1.3", "TLSv1.33",
    ] {
        golden(&[(
            kept,
            &format!("\"ClientSSLProtocol\":\"{kept}\""),
            json!({"cloudflare.ClientSSLProtocol": kept}),
        )]);
    }
}

#[test]
#[wasm]
fn a_query_has_no_question_mark() {
    for (given, query) in [
        ("?a=1", "a=1"),
        ("a=1", "a=1"),
        ("??a", "?a"),
        ("?a=?", "a=?"),
        (r"?a=1\u0026b=2", "a=1&b=2"),
        (r"\u003fa=1", "a=1"),
        (r"\u003Fa=1", "a=1"),
        (r#"?q=\"x\""#, "q=\"x\""),
        ("?é", "é"),
        (" ?a", " ?a"),
    ] {
        golden(&[(
            given,
            &format!("\"ClientRequestQuery\":\"{given}\""),
            json!({"url.query": query}),
        )]);
    }
    golden(&[(
        "nothing behind the question mark",
        r#""ClientRequestQuery":"?""#,
        json!({"cloudflare.ClientRequestQuery": "?"}),
    )]);
}

#[test]
#[wasm]
fn a_number_is_a_text_where_a_text_is_due() {
    for (given, text) in [
        ("0", "0"),
        ("12", "12"),
        ("-1.50", "-1.50"),
        ("1e3", "1e3"),
        (
            "123456789012345678901234567890",
            "123456789012345678901234567890",
        ),
        ("true", "true"),
        ("false", "false"),
    ] {
        golden(&[
            (
                "RuleID",
                &format!("\"RuleID\":{given}"),
                json!({"rule.id": text}),
            ),
            (
                "ClientRequestMethod",
                &format!("\"ClientRequestMethod\":{given}"),
                json!({"http.request.method": text}),
            ),
        ]);
    }
    golden(&[
        (
            "RayID, kept as it came too",
            r#""RayID":7299"#,
            json!({"http.request.id": "7299", "cloudflare.RayID": 7299}),
        ),
        (
            "Source",
            r#""Source":false"#,
            json!({"event.module": "cloudflare.false", "cloudflare.source": false}),
        ),
    ]);
}

#[test]
#[wasm]
fn a_text_of_digits_is_an_integer_where_one_is_due() {
    for (given, integer) in [
        ("64500", 64_500_i64),
        ("\"64500\"", 64_500),
        ("\"0\"", 0),
        ("200.0", 200),
        ("\"200.00\"", 200),
        ("\"\\u0037\"", 7),
        ("9223372036854775807", i64::MAX),
    ] {
        golden(&[(
            given,
            &format!("\"ClientRequestBytes\":{given}"),
            json!({"http.request.bytes": integer}),
        )]);
    }
    for kept in [
        json!(9_223_372_036_854_775_808_u64),
        json!("9223372036854775808"),
        json!("-9223372036854775809"),
        json!(1.5),
        json!(-7),
        json!("1."),
        json!("64500 "),
        json!("+1"),
        json!("007"),
        json!("0x1F"),
        json!("AS64500"),
        json!("1_000"),
        json!("-"),
        json!("--1"),
        json!("٣"),
        json!(true),
        json!([1]),
        json!({"number": 1}),
    ] {
        golden(&[(
            "not an integer",
            &format!("\"ClientRequestBytes\":{kept}"),
            json!({"cloudflare.ClientRequestBytes": kept}),
        )]);
    }
    golden(&[
        (
            "with an exponent",
            r#""ClientRequestBytes":1e3"#,
            json!({"http.request.bytes": 1000}),
        ),
        (
            "minus zero, which is a float to most readers",
            r#""ClientRequestBytes":-0"#,
            json!({"cloudflare.ClientRequestBytes": -0.0}),
        ),
    ]);
}

#[test]
#[wasm]
fn a_list_or_an_object_is_kept_where_one_value_is_due() {
    for field in [
        "Action",
        "ClientASN",
        "ClientCountry",
        "ClientIP",
        "ClientRequestBytes",
        "ClientRequestHost",
        "ClientRequestMethod",
        "ClientRequestPath",
        "ClientRequestProtocol",
        "ClientRequestQuery",
        "ClientRequestReferer",
        "ClientRequestScheme",
        "ClientRequestUserAgent",
        "ClientSSLCipher",
        "ClientSSLProtocol",
        "ClientSrcPort",
        "Description",
        "Ref",
        "RuleID",
        "RulesetID",
    ] {
        let path = format!("cloudflare.{field}");
        for value in [json!(["x"]), json!({"a": {"b": []}}), json!([]), json!({})] {
            golden(&[(
                field,
                &format!("\"{field}\":{value}"),
                json!({ path.clone(): value }),
            )]);
        }
    }
}

#[test]
#[wasm]
fn a_number_or_boolean_is_kept_where_only_a_text_makes_sense() {
    for field in [
        "ClientCountry",
        "ClientIP",
        "ClientRequestProtocol",
        "ClientRequestQuery",
        "ClientSSLProtocol",
    ] {
        let path = format!("cloudflare.{field}");
        for value in [json!(12), json!(true), json!(false), json!(0)] {
            golden(&[(
                field,
                &format!("\"{field}\":{value}"),
                json!({ path.clone(): value }),
            )]);
        }
    }
}

#[test]
#[wasm]
fn a_value_is_kept_once_where_its_field_is_kept_anyway() {
    golden(&[
        (
            "EdgeResponseStatus",
            r#""EdgeResponseStatus":"abc""#,
            json!({"cloudflare.EdgeResponseStatus": "abc"}),
        ),
        (
            "RayID",
            r#""RayID":{"a":1}"#,
            json!({"cloudflare.RayID": {"a": 1}}),
        ),
        (
            "Source",
            r#""Source":["waf"]"#,
            json!({"cloudflare.source": ["waf"]}),
        ),
        (
            "ClientASNDescription",
            r#""ClientASNDescription":["NET"]"#,
            json!({"cloudflare.clientASNDescription": ["NET"]}),
        ),
    ]);
}

#[test]
#[wasm]
fn a_referrer_of_the_wrong_type_is_no_referrer() {
    golden(&[(
        "number for the host",
        r#""ClientRefererHost":5,"ClientRefererPath":"/x""#,
        json!({"cloudflare.ClientRefererHost": 5, "cloudflare.ClientRefererPath": "/x"}),
    )]);
}

/// An error of the record's own, and what the normalizer has to say of it.
#[test]
#[wasm]
fn messages_stand_behind_those_of_the_record() {
    for (record, expected) in [
        (
            r#"{"Error":"no route"}"#,
            "no route; Datetime is missing: the upload's arrival stands in",
        ),
        (
            r#"{"Error":"\"quoted\""}"#,
            "\"quoted\"; Datetime is missing: the upload's arrival stands in",
        ),
        ("{}", "Datetime is missing: the upload's arrival stands in"),
    ] {
        let config = Config {
            dataset: by_name("ssh_logs"),
            ..config(Shape::Ecs)
        };
        let document = both_paths(
            &config,
            &record.replacen('{', "{\"PTY\":\"\",", 1).replace(",}", "}"),
        );
        assert_eq!(at(&document, "error.message"), expected, "{record}");
        assert_eq!(document["tags"], json!(["time_from_arrival"]));
    }
}

/// Equal texts are one, however they are escaped.
#[test]
#[wasm]
fn a_list_has_each_text_once() {
    let config = Config {
        dataset: by_name("email_security_alerts"),
        ..config(Shape::Ecs)
    };
    let record =
        r#"{"AlertID":"a","To":["\u0061@b.org","a@b.org","c@d.org"],"From":"a\u0040b.org"}"#;
    let document = both_paths(&config, record);
    assert_eq!(
        at(&document, "email.to.address"),
        &json!(["a@b.org", "c@d.org"])
    );
    assert_eq!(
        at(&document, "related.user"),
        &json!(["a@b.org", "c@d.org"])
    );
}

/// What a job that sends the Worker its own requests and runs delivers is counted.
#[test]
#[wasm]
fn records_of_the_worker_itself_are_counted() {
    for (dataset, record, own) in [
        (
            "http_requests",
            r#"{"ClientRequestPath":"/logpush/http_requests"}"#,
            1,
        ),
        (
            "http_requests",
            r#"{"ClientRequestURI":"/logpush/http_requests?a=1"}"#,
            1,
        ),
        ("http_requests", r#"{"WorkerScriptName":"logpush-ecs"}"#, 1),
        ("http_requests", r#"{"ClientRequestPath":"/logpush/"}"#, 0),
        (
            "firewall_events",
            r#"{"ClientRequestPath":"/logpush/dns_logs"}"#,
            1,
        ),
        (
            "workers_trace_events",
            r#"{"Event":{"Request":{"URL":"https://logs.example.com/logpush/dns_logs"}}}"#,
            1,
        ),
        (
            "workers_trace_events",
            r#"{"ScriptName":"logpush-ecs","EventType":"queue"}"#,
            1,
        ),
        ("workers_trace_events", r#"{"ScriptName":"checkout"}"#, 0),
        (
            "gateway_http",
            r#"{"URL":"https://logs.example.com/logpush/dns_logs"}"#,
            0,
        ),
    ] {
        let config = Config {
            dataset: by_name(dataset),
            ..config(Shape::Ecs)
        };
        let outcome = outcome(config, record.as_bytes());
        assert_eq!(outcome.summary.own_records, own, "{dataset}: {record}");
        assert_eq!(outcome.summary.errors, 0, "{record}");
    }
}

/// The first row that has a value gives it; the same value of a later one is no other.
#[test]
#[wasm]
fn a_later_value_is_kept_if_it_is_another() {
    let config = Config {
        dataset: by_name("http_requests"),
        ..config(Shape::Ecs)
    };
    for (id, kept) in [
        ("abc", Value::Null),
        (r"\u0061bc", Value::Null),
        (r"ab\\c", json!("ab\\c")),
        ("abd", json!("abd")),
    ] {
        let record = format!(r#"{{"SecurityRuleID":"abc","WAFRuleID":"{id}"}}"#);
        let document = both_paths(&config, &record);
        assert_eq!(at(&document, "rule.id"), "abc", "{record}");
        assert_eq!(at(&document, "cloudflare.WAFRuleID"), &kept, "{record}");
    }
}

/// Members of objects and of a list's first element reach ECS, and the whole is kept.
#[test]
#[wasm]
fn members_reach_the_fields_that_the_table_names() {
    for (dataset, record, expected) in [
        (
            "magic_bgp_logs",
            r#"{"EventKind":"tcp_handshake_failed","EventData":{"reason":"timeout","message":"no SYN-ACK","src":"192.0.2.1","dst":"2001:db8::1"}}"#,
            json!({
                "event.reason": "timeout",
                "event.outcome": "failure",
                "source.ip": "192.0.2.1",
                "destination.ip": "2001:db8::1",
                "related.ip": ["192.0.2.1", "2001:db8::1"],
                "cloudflare.EventData.dst": "2001:db8::1",
            }),
        ),
        (
            "magic_bgp_logs",
            r#"{"EventKind":"notification_message","EventData":{"code":6,"subcode":2,"reason":"shutdown"}}"#,
            json!({"event.code": "6", "event.reason": "shutdown", "cloudflare.EventData.subcode": 2}),
        ),
        // An address is read without its port; what is no address stays where it came.
        (
            "magic_bgp_logs",
            r#"{"EventData":{"src":"192.0.2.1:179","dst":179}}"#,
            json!({
                "source.ip": "192.0.2.1",
                "destination.ip": null,
                "cloudflare.EventData": {"src": "192.0.2.1:179", "dst": 179},
            }),
        ),
        (
            "workers_trace_events",
            r#"{"EventTimestampMs":1,"Exceptions":[{"Name":"TypeError","Message":"x","Stack":"at y"},{"Name":"Other","Message":"z"}],"ScriptVersion":{"ID":"v1","Tag":"t"}}"#,
            json!({
                "error.type": "TypeError",
                "error.message": "x",
                "error.stack_trace": "at y",
                "cloudflare.Exceptions": [{"Name": "TypeError", "Message": "x", "Stack": "at y"}, {"Name": "Other", "Message": "z"}],
                "faas.version": "v1",
            }),
        ),
        (
            "workers_trace_events",
            r#"{"EventTimestampMs":1,"Exceptions":[],"ScriptVersion":"v1"}"#,
            json!({"error": null, "faas": null, "cloudflare.ScriptVersion": "v1"}),
        ),
        (
            "workers_trace_events",
            r#"{"EventTimestampMs":1,"Event":{"MailFrom":"a@b.org","RcptTo":"c@d.org"}}"#,
            json!({"email.from.address": ["a@b.org"], "email.to.address": ["c@d.org"], "related.user": ["a@b.org", "c@d.org"]}),
        ),
    ] {
        let config = Config {
            dataset: by_name(dataset),
            ..config(Shape::Ecs)
        };
        let document = both_paths(&config, &record.replacen('{', "{\"Unknown\":0,", 1));
        for (path, value) in expected.as_object().unwrap() {
            assert_eq!(at(&document, path), value, "{record}: {path}");
        }
    }
}

/// ECS's integers are signed.
#[test]
#[wasm]
fn a_span_of_time_is_no_longer_than_an_integer_can_say() {
    let config = Config {
        dataset: by_name("gateway_dns"),
        ..config(Shape::Ecs)
    };
    for (milliseconds, expected) in [
        ("9223372036854", json!(9_223_372_036_854_000_000_i64)),
        ("9223372036855", Value::Null),
        ("99999999999999999999", Value::Null),
    ] {
        let record = format!(r#"{{"ResponseTimeMs":{milliseconds}}}"#);
        let document = &outcome(config.clone(), record.as_bytes()).documents[0];
        assert_eq!(at(document, "event.duration"), &expected, "{record}");
    }
}

/// ECS's integers are signed: a sum of more is none.
#[test]
#[wasm]
fn a_sum_is_no_larger_than_an_integer_can_say() {
    let config = Config {
        dataset: by_name("zero_trust_network_sessions"),
        ..config(Shape::Ecs)
    };
    for (sent, received, expected) in [
        ("1", "2", json!(3)),
        (
            "9223372036854775806",
            "1",
            json!(9_223_372_036_854_775_807_i64),
        ),
        ("9223372036854775807", "1", Value::Null),
        ("9223372036854775807", "9223372036854775807", Value::Null),
    ] {
        let record = format!(r#"{{"BytesSent":{sent},"BytesReceived":{received}}}"#);
        let document = &outcome(config.clone(), record.as_bytes()).documents[0];
        assert_eq!(at(document, "network.bytes"), &expected, "{record}");
        assert_eq!(at(document, "source.bytes").to_string(), sent);
    }
}
