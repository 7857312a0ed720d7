//! Odd values that real records have: what says "none", impossible numbers, names of codes, places
//! and hashes in other forms. The value is in the document in any case.

use logpush_normalizer::datasets::by_name;
use logpush_normalizer::{Config, Shape};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, both_paths, config, outcome};

/// Dataset, record, and what the document has at some paths; null is nothing.
pub(crate) type Rows<'a> = &'a [(&'a str, &'a str, Value)];

/// Checks the documents.
pub(crate) fn check(rows: Rows<'_>) {
    for (dataset, record, expected) in rows {
        let config = Config {
            dataset: by_name(dataset),
            ..config(Shape::Ecs)
        };
        assert!(config.dataset.is_some(), "{dataset}");
        let document = both_paths(&config, record);
        for (path, value) in expected.as_object().unwrap() {
            assert_eq!(at(&document, path), value, "{dataset}: {record}: {path}");
        }
    }
}

pub(crate) fn invalid_values(dataset: &str, record: &str) -> u64 {
    let config = Config {
        dataset: by_name(dataset),
        ..config(Shape::Ecs)
    };
    outcome(config, record.as_bytes()).summary.invalid_values
}

#[test]
#[wasm]
fn a_zero_time_is_none() {
    for zero in [
        "0",
        "\"0\"",
        "0.0",
        "\"1970-01-01T00:00:00Z\"",
        "\"1970-01-01T00:00:00.000000000Z\"",
        "\"1970-01-01 00:00:00\"",
        "\"1970-01-01T02:00:00+02:00\"",
        "\"0001-01-01T00:00:00Z\"",
        "\"0000-01-01T00:00:00Z\"",
        "\"1754-08-30T22:43:41.128654848Z\"",
    ] {
        let kept: Value = serde_json::from_str(zero).unwrap();
        let none = Value::Null;
        check(&[
            (
                "spectrum_events",
                &format!(r#"{{"Event":"connect","Timestamp":{zero}}}"#),
                json!({"tags": ["time_from_arrival"], "cloudflare.Timestamp": kept}),
            ),
            (
                "spectrum_events",
                &format!(
                    r#"{{"Timestamp":1767322800,"ConnectTimestamp":{zero},"DisconnectTimestamp":1767322800}}"#
                ),
                json!({"tags": none, "event.start": none, "event.duration": none, "cloudflare.ConnectTimestamp": kept}),
            ),
            (
                "spectrum_events",
                &format!(
                    r#"{{"Timestamp":1767322800,"ConnectTimestamp":1767322800,"DisconnectTimestamp":{zero}}}"#
                ),
                json!({"event.end": none, "event.duration": none, "cloudflare.DisconnectTimestamp": kept}),
            ),
            (
                "zero_trust_network_sessions",
                &format!(
                    r#"{{"SessionStartTime":{zero},"SessionEndTime":"2026-01-02T03:00:00Z"}}"#
                ),
                json!({"event.start": none, "event.duration": none, "event.end": "2026-01-02T03:00:00.000000Z", "cloudflare.SessionStartTime": kept}),
            ),
        ]);
        // It says something, and is no damage.
        let record = format!(r#"{{"Event":"connect","Timestamp":{zero}}}"#);
        assert_eq!(invalid_values("spectrum_events", &record), 0, "{zero}");
    }
}

#[test]
#[wasm]
fn placeholders_are_no_values() {
    for cipher in ["NONE", "UNK", "none", "Unknown"] {
        check(&[(
            "http_requests",
            &format!(r#"{{"EdgeStartTimestamp":1,"ClientSSLCipher":"{cipher}"}}"#),
            json!({"tls": null, "cloudflare.ClientSSLCipher": cipher}),
        )]);
    }
    let zeros = "0".repeat(64);
    let nil = "00000000-0000-0000-0000-000000000000";
    check(&[
        (
            "spectrum_events",
            &format!(r#"{{"Timestamp":1,"OriginTlsFingerprint":"{zeros}."}}"#),
            json!({"tls": null, "related": null, "cloudflare.OriginTlsFingerprint": format!("{zeros}.")}),
        ),
        (
            "http_requests",
            &format!(
                r#"{{"EdgeStartTimestamp":1,"ClientMTLSAuthCertFingerprint":"{zeros}","JA3Hash":"{}"}}"#,
                "0".repeat(32)
            ),
            json!({"tls": null, "related": null, "cloudflare.JA3Hash": "0".repeat(32)}),
        ),
        (
            "gateway_http",
            r#"{"Datetime":1,"BlockedFileHash":"d41d8cd98f00b204e9800998ecf8427e"}"#,
            json!({"file.hash": {"md5": "d41d8cd98f00b204e9800998ecf8427e"}, "related.hash": ["d41d8cd98f00b204e9800998ecf8427e"]}),
        ),
        (
            "gateway_http",
            r#"{"Datetime":1,"BlockedFileHash":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}"#,
            json!({"file.hash": {"sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}}),
        ),
        (
            "gateway_http",
            r#"{"Datetime":1,"BlockedFileHash":"no hash"}"#,
            json!({"file": null, "cloudflare.BlockedFileHash": "no hash"}),
        ),
        (
            "zero_trust_network_sessions",
            &format!(
                r#"{{"SessionEndTime":1,"EgressRuleID":"{nil}","UserID":"{nil}","DeviceID":"{nil}"}}"#
            ),
            json!({"rule": null, "user": null, "host": null, "device": null, "related": null, "cloudflare.UserID": nil}),
        ),
        (
            "email_security_alerts",
            &format!(
                r#"{{"Timestamp":1,"Attachments":[{{"Name":"a","Sha256":"{zeros}","Sha1":"d41d8cd98f00b204e9800998ecf8427e"}}]}}"#
            ),
            json!({"email.attachments": [{"file": {"hash": {"md5": "d41d8cd98f00b204e9800998ecf8427e"}, "name": "a"}}], "related.hash": ["d41d8cd98f00b204e9800998ecf8427e"]}),
        ),
    ]);
}

#[test]
#[wasm]
fn impossible_numbers_are_kept_and_counted() {
    for (field, path, impossible, none, possible) in [
        (
            "ClientSrcPort",
            "source.port",
            &["-1", "65536", "1.5", "\"x\""][..],
            &[][..],
            &[("65535", 65_535), ("0", 0), ("\"443\"", 443)][..],
        ),
        (
            "EdgeResponseStatus",
            "http.response.status_code",
            &["-1", "99", "1000", "200.5"],
            &["0"],
            &[("200.0", 200), ("2e2", 200), ("\"404\"", 404)],
        ),
        (
            "ClientRequestBytes",
            "http.request.bytes",
            &["-1", "1.5e0", "1e-3", "1e99"],
            &[],
            &[
                ("0", 0),
                ("12.0", 12),
                ("1e3", 1000),
                ("1.5E+3", 1500),
                ("\"1e3\"", 1000),
            ],
        ),
        (
            "ClientASN",
            "source.as.number",
            &["-1", "4294967296", "\"AS\"", "\"ASX\"", "\"AS-1\""],
            &["0", "\"AS0\""],
            &[
                ("4294967295", 4_294_967_295_i64),
                ("\"AS15169\"", 15_169),
                ("\"as15169\"", 15_169),
                ("15169.0", 15_169),
                ("1.5169e4", 15_169),
            ],
        ),
    ] {
        let record = |value: &str| format!(r#"{{"EdgeStartTimestamp":1,"{field}":{value}}}"#);
        for (values, invalid) in [(impossible, 1), (none, 0)] {
            for value in values {
                let kept: Value = serde_json::from_str(value).unwrap();
                let name = format!("cloudflare.{field}");
                check(&[(
                    "http_requests",
                    &record(value),
                    json!({path: null, name: kept}),
                )]);
                let counted = invalid_values("http_requests", &record(value));
                assert_eq!(counted, invalid, "{field} {value}");
            }
        }
        for (value, number) in possible {
            check(&[("http_requests", &record(value), json!({path: number}))]);
        }
    }
    check(&[
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1,"EdgeResponseStatus":200.0}"#,
            json!({"event.outcome": "success"}),
        ),
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1,"EdgeResponseBytes":5.0,"ClientRequestBytes":"7.0"}"#,
            json!({"network.bytes": 12}),
        ),
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1,"EdgeResponseBytes":5e1,"ClientRequestBytes":1.2e1,"EdgeResponseStatus":4.04e2}"#,
            json!({"network.bytes": 62, "event.outcome": "failure"}),
        ),
        (
            "dns_logs",
            r#"{"Timestamp":1,"ResponseCode":3e0}"#,
            json!({"dns.response_code": "NXDOMAIN"}),
        ),
        (
            "mnm_flow_logs",
            r#"{"Timestamp":1,"Bits":8e4}"#,
            json!({"network.bytes": 10_000}),
        ),
        (
            "dns_logs",
            r#"{"Timestamp":1,"ResponseCode":3.0}"#,
            json!({"dns.response_code": "NXDOMAIN"}),
        ),
    ]);
}

#[test]
#[wasm]
fn placeholders_in_lists_are_no_values() {
    let nil = "00000000-0000-0000-0000-000000000000";
    check(&[
        (
            "email_security_post_delivery_events",
            &format!(r#"{{"Timestamp":1,"To":["{nil}","bob@example.com"]}}"#),
            json!({"email.to.address": ["bob@example.com"], "related.user": ["bob@example.com"], "cloudflare.To": [nil, "bob@example.com"]}),
        ),
        (
            "email_security_post_delivery_events",
            &format!(r#"{{"Timestamp":1,"To":["{nil}"]}}"#),
            json!({"email": null, "related": null, "cloudflare.To": [nil]}),
        ),
        (
            "email_security_post_delivery_events",
            &format!(r#"{{"Timestamp":1,"Reasons":["{nil}","spoof"]}}"#),
            json!({"event.reason": "spoof", "cloudflare.Reasons": [nil, "spoof"]}),
        ),
        (
            "workers_trace_events",
            &format!(
                r#"{{"EventTimestampMs":1,"Event":{{"MailFrom":"{nil}","RcptTo":["{nil}","b@example.com"]}}}}"#
            ),
            json!({"email.from": null, "email.to.address": ["b@example.com"], "related.user": ["b@example.com"]}),
        ),
    ]);
    // They say that there is nothing, and are no damage; an object is.
    for (element, invalid) in [(format!("\"{nil}\""), 0), ("{}".to_owned(), 1)] {
        let record = format!(r#"{{"Timestamp":1,"To":[{element},"bob@example.com"]}}"#);
        let counted = invalid_values("email_security_post_delivery_events", &record);
        assert_eq!(counted, invalid, "{element}");
    }
}

#[test]
#[wasm]
fn a_request_with_one_file_is_of_that_file() {
    let md5 = "d41d8cd98f00b204e9800998ecf8427e";
    let both = json!(["a.zip", "b.zip"]);
    check(&[
        (
            "gateway_http",
            r#"{"Datetime":1,"DownloadedFileNames":["a.zip"]}"#,
            json!({"file": {"name": "a.zip"}, "cloudflare.DownloadedFileNames": ["a.zip"]}),
        ),
        (
            "gateway_http",
            r#"{"Datetime":1,"UploadedFileNames":["a.zip"]}"#,
            json!({"file": {"name": "a.zip"}}),
        ),
        (
            "gateway_http",
            r#"{"Datetime":1,"UploadedFileNames":["a.zip","b.zip"]}"#,
            json!({"file": null, "cloudflare.UploadedFileNames": both}),
        ),
        (
            "gateway_http",
            r#"{"Datetime":1,"DownloadedFileNames":["<unknown file name>"]}"#,
            json!({"file": null, "cloudflare.DownloadedFileNames": ["<unknown file name>"]}),
        ),
        (
            "gateway_http",
            &format!(
                r#"{{"Datetime":1,"FileInfo":{{"files":[{{"name":"a.zip","size":12,"type":"zip","content_type":"application/zip","hash":"{md5}"}}]}},"DownloadedFileNames":["a.zip"]}}"#
            ),
            json!({
                "file": {"extension": "zip", "hash": {"md5": md5}, "mime_type": "application/zip", "name": "a.zip", "size": 12},
                "related.hash": [md5],
            }),
        ),
        (
            "gateway_http",
            r#"{"Datetime":1,"FileInfo":{"files":[{"name":"a","size":1},{"name":"b","size":2}]}}"#,
            json!({"file": null}),
        ),
        (
            "gateway_http",
            r#"{"Datetime":1,"BlockedFileName":"c","DownloadedFileNames":["a"]}"#,
            json!({"file": {"name": "c"}, "cloudflare.DownloadedFileNames": ["a"]}),
        ),
    ]);
}

#[test]
#[wasm]
fn dns_codes_may_be_names() {
    check(&[
        (
            "dns_logs",
            r#"{"Timestamp":1,"QueryType":"AAAA","ResponseCode":"NXDOMAIN"}"#,
            json!({"dns.question.type": "AAAA", "dns.response_code": "NXDOMAIN", "event.outcome": "failure"}),
        ),
        (
            "gateway_dns",
            r#"{"Datetime":1,"QueryType":"https","RCode":"NoError"}"#,
            json!({"dns.question.type": "HTTPS", "dns.response_code": "NOERROR", "event.outcome": "success"}),
        ),
        (
            "dns_firewall_logs",
            r#"{"Timestamp":1,"QueryType":"28","ClientResponseCode":"2"}"#,
            json!({"dns.question.type": "AAAA", "dns.response_code": "SERVFAIL"}),
        ),
        (
            "gateway_dns",
            r#"{"Datetime":1,"ResourceRecords":[{"type":"16","data":"AWEHZXhhbXBsZQAAEAABAAAAPAAEA2H/AA=="}]}"#,
            json!({"dns.answers": [{"class": "IN", "data": r"a\255\000", "name": "a.example", "ttl": 60, "type": "TXT"}]}),
        ),
    ]);
}

#[test]
#[wasm]
fn every_event_has_a_type() {
    check(&[
        (
            "firewall_events",
            r#"{"RayID":"a"}"#,
            json!({"event.type": ["info"]}),
        ),
        (
            "magic_bgp_logs",
            r#"{"Timestamp":1}"#,
            json!({"event.type": ["info"]}),
        ),
        (
            "audit_logs",
            r#"{"When":1,"ActionType":"purge"}"#,
            json!({"event.type": ["info"], "event.action": "purge"}),
        ),
    ]);
}

#[test]
#[wasm]
fn an_audited_action_has_its_type_and_its_category() {
    let iam = json!(["iam", "configuration"]);
    let other = json!(["configuration"]);
    for (action, resource, kind, category) in [
        ("API_key_view", "user", "access", &iam),
        ("API_key_created", "api_key", "creation", &iam),
        ("job_update", "logpush job", "change", &other),
        ("token_roll", "", "change", &iam),
        ("rec_del", "DNS_record", "deletion", &other),
        ("add", "account.member", "creation", &iam),
        ("update", "role", "change", &iam),
        ("rotate", "service_token", "change", &iam),
    ] {
        check(&[(
            "audit_logs",
            &format!(r#"{{"When":1,"ActionType":"{action}","ResourceType":"{resource}"}}"#),
            json!({"event.type": [kind], "event.category": category}),
        )]);
    }
    check(&[
        (
            "audit_logs",
            r#"{"When":1,"ActionType":"login"}"#,
            json!({"event.type": ["start"], "event.category": ["authentication", "configuration"]}),
        ),
        (
            "audit_logs_v2",
            r#"{"ActionTimestamp":1,"ActionType":"create","ActionDescription":"Create Token","ResourceProduct":"account_api_tokens","ResourceType":"token"}"#,
            json!({"event.type": ["creation"], "event.category": iam}),
        ),
        (
            "audit_logs_v2",
            r#"{"ActionTimestamp":1,"ActionType":"view","ResourceProduct":"zones"}"#,
            json!({"event.type": ["access"], "event.category": other}),
        ),
    ]);
    let unknown = |record: &str| {
        let config = Config {
            dataset: by_name("audit_logs"),
            ..config(Shape::Ecs)
        };
        let summary = outcome(config, record.as_bytes()).summary;
        summary.unknown_values.get("ActionType").copied()
    };
    assert_eq!(unknown(r#"{"When":1,"ActionType":"purge"}"#), Some(1));
    assert_eq!(unknown(r#"{"When":1,"ActionType":"job_update"}"#), None);
}

#[test]
#[wasm]
fn places_are_put_together() {
    for (region, country, expected) in [
        ("TX", "us", json!("US-TX")),
        ("US-CA", "US", json!("US-CA")),
        ("us-ca", "", json!("US-CA")),
        ("IDF", "FR", json!("FR-IDF")),
        ("75", "FR", json!("FR-75")),
        ("TX", "XX", Value::Null),
        ("TX", "", Value::Null),
        ("Texas", "US", Value::Null),
        ("XX-1", "US", Value::Null),
    ] {
        check(&[(
            "http_requests",
            &format!(
                r#"{{"EdgeStartTimestamp":1,"ClientRegionCode":"{region}","ClientCountry":"{country}"}}"#
            ),
            json!({"source.geo.region_iso_code": expected, "cloudflare.ClientRegionCode": region}),
        )]);
    }
    for (latitude, longitude, expected) in [
        (
            "\"32.77\"",
            "\"-96.80\"",
            json!({"lat": 32.77, "lon": -96.8}),
        ),
        ("32.77", "-180", json!({"lat": 32.77, "lon": -180})),
        ("\"90.5\"", "\"0\"", Value::Null),
        ("\"1\"", "\"180.5\"", Value::Null),
        ("\"x\"", "\"1\"", Value::Null),
        ("\"1\"", "\"\"", Value::Null),
    ] {
        let kept: Value = serde_json::from_str(latitude).unwrap();
        check(&[(
            "http_requests",
            &format!(
                r#"{{"EdgeStartTimestamp":1,"ClientLatitude":{latitude},"ClientLongitude":{longitude}}}"#
            ),
            json!({"source.geo.location": expected, "cloudflare.ClientLatitude": kept}),
        )]);
    }
    for (place, expected) in [
        (
            "US/NV/Las Vegas",
            json!({"country_iso_code": "US", "country_name": "United States", "region_iso_code": "US-NV", "city_name": "Las Vegas"}),
        ),
        (
            "FR//Paris",
            json!({"country_iso_code": "FR", "country_name": "France", "city_name": "Paris"}),
        ),
        (
            "FR",
            json!({"country_iso_code": "FR", "country_name": "France"}),
        ),
        (
            "fr/idf",
            json!({"country_iso_code": "FR", "country_name": "France", "region_iso_code": "FR-IDF"}),
        ),
        ("Las Vegas", Value::Null),
        ("XX/1/2", Value::Null),
    ] {
        check(&[(
            "email_security_alerts",
            &format!(r#"{{"Timestamp":1,"SMTPHeloServerIPGeo":"{place}"}}"#),
            json!({"source.geo": expected, "cloudflare.SMTPHeloServerIPGeo": place}),
        )]);
    }
    check(&[(
        "dex_application_tests",
        r#"{"Timestamp":1,"HTTPClientIPCountryISO":"US","HTTPClientIPStateISO":"US-CA"}"#,
        json!({"source.geo.region_iso_code": "US-CA"}),
    )]);
}

#[test]
#[wasm]
fn what_a_dataset_says_in_its_own_way_is_understood() {
    for (name, extension) in [
        ("invoice.pdf.exe", json!("exe")),
        ("README", Value::Null),
        (".bashrc", Value::Null),
        ("a.", Value::Null),
        ("a.b c", Value::Null),
    ] {
        let file = match &extension {
            Value::Null => json!({"name": name}),
            extension => json!({"name": name, "extension": extension}),
        };
        check(&[(
            "email_security_alerts",
            &format!(r#"{{"Timestamp":1,"Attachments":[{{"Name":"{name}"}}]}}"#),
            json!({"email.attachments": [{"file": file}]}),
        )]);
    }
    check(&[
        (
            "mnm_flow_logs",
            r#"{"Timestamp":1,"Bits":80000}"#,
            json!({"network.bytes": 10000, "cloudflare.Bits": 80000}),
        ),
        (
            "mnm_flow_logs",
            r#"{"Timestamp":1,"Bits":-8}"#,
            json!({"network": null, "cloudflare.Bits": -8}),
        ),
        (
            "ssh_logs",
            r#"{"Datetime":1,"Error":"permission denied"}"#,
            json!({"event.outcome": "failure"}),
        ),
        (
            "ssh_logs",
            r#"{"Datetime":1,"Error":""}"#,
            json!({"event.outcome": null}),
        ),
        (
            "gateway_http",
            r#"{"Datetime":1,"BlockedFileReason":"avscan"}"#,
            json!({"event.reason": "avscan"}),
        ),
        (
            "gateway_http",
            r#"{"Datetime":1,"BlockedFileReason":"unknown"}"#,
            json!({"event.reason": null, "cloudflare.BlockedFileReason": "unknown"}),
        ),
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1,"FirewallMatchesActions":["simulate","block"]}"#,
            json!({"event.type": ["denied", "access"], "cloudflare.SecurityActions": ["simulate", "block"]}),
        ),
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1,"SecurityActions":["log","challenge"]}"#,
            json!({"event.type": ["access"]}),
        ),
    ]);
}
