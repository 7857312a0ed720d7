//! Records that are odd as a whole, or in another spelling: requests, hosts and addresses, names inside
//! objects, audited actions, places.

use logpush_normalizer::Shape;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, config, only, outcome};
use crate::odd_values::{check, invalid_values};

const NONE: Value = Value::Null;

#[test]
#[wasm]
fn a_time_of_nothing_gives_no_duration() {
    for zero in [
        "1970-01-01T00:00:00.000Z",
        "0001-01-01 00:00:00",
        "1970-01-01T01:00:00+01:00",
    ] {
        check(&[
            (
                "http_requests",
                &format!(r#"{{"EdgeStartTimestamp":1767322800,"EdgeEndTimestamp":"{zero}"}}"#),
                json!({"event.end": NONE, "event.duration": NONE, "tags": NONE, "cloudflare.EdgeEndTimestamp": zero}),
            ),
            (
                "http_requests",
                &format!(r#"{{"EdgeStartTimestamp":"{zero}","EdgeEndTimestamp":1767322800}}"#),
                json!({"event.start": NONE, "event.duration": NONE, "tags": ["time_from_arrival"]}),
            ),
            (
                "audit_logs",
                &format!(r#"{{"When":"{zero}","ActionType":"login"}}"#),
                json!({"tags": ["time_from_arrival"], "cloudflare.When": zero}),
            ),
        ]);
    }
}

#[test]
#[wasm]
fn a_request_is_of_the_host_that_its_target_names() {
    let record = |members: &str| {
        format!(
            r#"{{"EdgeStartTimestamp":1,"ClientRequestHost":"shop.example","ClientRequestScheme":"https",{members}}}"#
        )
    };
    check(&[
        (
            "http_requests",
            &record(r#""ClientRequestURI":"http://Other.example:8080/a.php?b=1""#),
            json!({"url.full": "http://Other.example:8080/a.php?b=1", "url.domain": "other.example", "url.port": 8080, "url.path": "/a.php", "url.extension": "php", "url.query": "b=1", "url.original": "http://Other.example:8080/a.php?b=1"}),
        ),
        (
            "http_requests",
            &record(r#""ClientRequestMethod":"OPTIONS","ClientRequestURI":"*""#),
            json!({"url.full": NONE, "url.path": NONE, "url.original": "*"}),
        ),
        (
            "http_requests",
            &record(r#""ClientRequestMethod":"CONNECT","ClientRequestURI":"example.org:443""#),
            json!({"url.full": NONE, "url.path": NONE, "url.domain": "example.org", "url.port": 443}),
        ),
        (
            "http_requests",
            &record(r#""ClientRequestURI":"//evil.example/a""#),
            json!({"url.full": "https://shop.example//evil.example/a", "url.domain": "shop.example", "url.path": "//evil.example/a"}),
        ),
        (
            "http_requests",
            &record(r#""ClientRequestURI":"/?""#),
            json!({"url.path": "/", "url.query": NONE, "url.original": "/?"}),
        ),
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1,"ClientRequestHost":"shop.example","ClientRequestURI":"/a","ClientSSLProtocol":"none"}"#,
            json!({"url.full": "http://shop.example/a", "url.scheme": "http", "tls": NONE}),
        ),
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1,"ClientRequestHost":"shop.example","ClientRequestURI":"/a"}"#,
            json!({"url.full": NONE, "url.scheme": NONE, "url.path": "/a", "url.domain": "shop.example"}),
        ),
        (
            "access_requests",
            r#"{"CreatedAt":1,"AppDomain":"Team.Example.com:8443/warp?x=1"}"#,
            json!({"url.domain": "team.example.com", "url.port": 8443, "url.path": "/warp", "url.query": "x=1", "destination.domain": "team.example.com", "destination.registered_domain": "example.com", "related.hosts": ["team.example.com"]}),
        ),
        (
            "access_requests",
            r#"{"CreatedAt":1,"AppDomain":"203.0.113.9/admin"}"#,
            json!({"url.domain": "203.0.113.9", "url.path": "/admin", "destination.ip": "203.0.113.9", "destination.domain": NONE, "related.ip": ["203.0.113.9"], "related.hosts": NONE}),
        ),
    ]);
}

#[test]
#[wasm]
fn an_address_is_read_as_browsers_do() {
    for (url, expected) in [
        (
            "https://user:pw@Example.com:8443/a",
            json!({"url.domain": "example.com", "url.port": 8443, "url.path": "/a"}),
        ),
        (
            "HTTPS://Example.COM:/x",
            json!({"url.domain": "example.com", "url.port": NONE, "url.path": "/x", "related.hosts": ["example.com"]}),
        ),
        (
            "https://example.com:99999/x",
            json!({"url.port": NONE, "url.original": "https://example.com:99999/x"}),
        ),
        (
            "https://203.0.113.5./x",
            json!({"url.domain": "203.0.113.5", "related.ip": ["203.0.113.5"]}),
        ),
        (
            r"https://a.example\\@b.example/",
            json!({"url.domain": "a.example", "related.hosts": ["a.example"]}),
        ),
        (
            "https://example.com",
            json!({"url.domain": "example.com", "url.path": NONE}),
        ),
        (
            "https://example.com?q=/x.exe",
            json!({"url.domain": "example.com", "url.path": NONE, "url.extension": NONE, "url.query": "q=/x.exe"}),
        ),
        (
            "https://example.com/a/.htaccess",
            json!({"url.path": "/a/.htaccess"}),
        ),
        ("https://example.com/a.b/c", json!({"url.extension": NONE})),
        (
            "https://example.com/a.tar.GZ#top",
            json!({"url.extension": "GZ", "url.fragment": "top"}),
        ),
    ] {
        check(&[(
            "gateway_http",
            &format!(r#"{{"Datetime":1,"URL":"{url}"}}"#),
            expected,
        )]);
    }
}

#[test]
#[wasm]
fn an_address_literal_is_no_domain() {
    check(&[
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1,"ClientRequestHost":"203.0.113.5:8080"}"#,
            json!({"destination.ip": "203.0.113.5", "destination.port": 8080, "destination.domain": NONE, "url.domain": "203.0.113.5", "related": {"ip": ["203.0.113.5"]}}),
        ),
        (
            "firewall_events",
            r#"{"Datetime":1,"ClientRequestHost":"[2001:db8::5]:443"}"#,
            json!({"destination.ip": "2001:db8::5", "destination.port": 443, "destination.domain": NONE, "related": {"ip": ["2001:db8::5"]}}),
        ),
        (
            "gateway_network",
            r#"{"Datetime":1,"SNI":"203.0.113.7","DestinationIP":"198.51.100.9"}"#,
            json!({"destination.ip": "198.51.100.9", "destination.domain": NONE, "related.hosts": NONE}),
        ),
        (
            "ssh_logs",
            r#"{"Datetime":1,"ClientAddress":"[2001:db8::1]:22","ServerAddress":"2001:db8::2"}"#,
            json!({"source.ip": "2001:db8::1", "source.port": 22, "destination.ip": "2001:db8::2", "destination.port": NONE}),
        ),
        (
            "email_security_alerts",
            r#"{"Timestamp":1,"Links":["http://[2001:db8::5]:8080/x","https://A.example/",null,7]}"#,
            json!({"related": {"hosts": ["a.example"], "ip": ["2001:db8::5"]}}),
        ),
        (
            "gateway_dns",
            r#"{"Datetime":1,"ResolvedIPs":["198.51.100.1","","x",null,"::FFFF:203.0.113.5","0:0:0:0:0:ffff:c000:201"]}"#,
            json!({"dns.resolved_ip": ["198.51.100.1", "203.0.113.5", "192.0.2.1"]}),
        ),
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1,"ClientIP":"::ffff:c000:0201"}"#,
            json!({"source.ip": "192.0.2.1", "related.ip": ["192.0.2.1"]}),
        ),
    ]);
}

#[test]
#[wasm]
fn names_of_dns_keep_what_they_say() {
    for (name, expected) in [
        (
            "_dmarc.Example.co.uk.",
            json!({"dns.question.name": "_dmarc.example.co.uk", "dns.question.registered_domain": "example.co.uk", "dns.question.subdomain": "_dmarc"}),
        ),
        (
            r"a\\.b.example.com",
            json!({"dns.question.name": r"a\.b.example.com", "dns.question.registered_domain": "example.com"}),
        ),
        (
            r"a\u0000b.example.com",
            json!({"dns.question.name": r"a\000b.example.com", "dns.question.registered_domain": "example.com"}),
        ),
        (
            r"a\r\nb.example.com",
            json!({"dns.question.name": r"a\r\nb.example.com"}),
        ),
        (".", json!({"dns.question.name": "."})),
        (
            "com",
            json!({"dns.question.name": "com", "dns.question.registered_domain": NONE}),
        ),
        (
            "*.Example.com",
            json!({"dns.question.name": "*.example.com", "dns.question.registered_domain": "example.com"}),
        ),
    ] {
        check(&[(
            "dns_logs",
            &format!(r#"{{"Timestamp":1,"QueryName":"{name}"}}"#),
            expected,
        )]);
    }
    check(&[(
        "dns_logs",
        r#"{"Timestamp":1,"QueryType":"aaaa","ResponseCode":"nxdomain"}"#,
        json!({"dns.question.type": "AAAA", "dns.response_code": "NXDOMAIN", "event.outcome": "failure"}),
    )]);
}

#[test]
#[wasm]
fn hashes_protocols_and_numbers_have_other_forms() {
    let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    let nil = "00000000-0000-0000-0000-000000000000";
    check(&[
        (
            "spectrum_events",
            &format!(r#"{{"Timestamp":1,"OriginTlsFingerprint":"{sha1}"}}"#),
            json!({"tls.server.hash": {"sha1": sha1}, "related.hash": [sha1]}),
        ),
        (
            "spectrum_events",
            r#"{"Timestamp":1,"ClientTlsProtocol":"unknown","ClientTlsCipher":"UNK"}"#,
            json!({"tls": NONE, "cloudflare.ClientTlsProtocol": "unknown", "cloudflare.ClientTlsCipher": "UNK"}),
        ),
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1,"ClientRequestProtocol":"HTTP 2","ClientSSLProtocol":"TLS 1.2"}"#,
            json!({"http.version": "2", "tls.version": "1.2", "tls.version_protocol": "tls"}),
        ),
        (
            "access_requests",
            &format!(r#"{{"CreatedAt":1,"UserUID":"{nil}"}}"#),
            json!({"user": NONE, "related": NONE, "cloudflare.UserUID": nil}),
        ),
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1,"ClientCountry":"xx","ClientRegionCode":"TX"}"#,
            json!({"source.geo": NONE, "cloudflare.ClientCountry": "xx", "cloudflare.ClientRegionCode": "TX"}),
        ),
        (
            "mnm_flow_logs",
            r#"{"Timestamp":1,"Bits":"80000"}"#,
            json!({"network.bytes": 10_000}),
        ),
        (
            "mnm_flow_logs",
            r#"{"Timestamp":1,"Bits":-8}"#,
            json!({"network": NONE, "cloudflare.Bits": -8}),
        ),
        (
            "gateway_network",
            r#"{"Datetime":1,"SourcePort":"65536"}"#,
            json!({"source": NONE, "cloudflare.SourcePort": "65536"}),
        ),
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1,"EdgeResponseBytes":-5}"#,
            json!({"http": NONE, "network.bytes": NONE, "cloudflare.EdgeResponseBytes": -5}),
        ),
    ]);
    assert_eq!(
        invalid_values("gateway_network", r#"{"Datetime":1,"SourcePort":"65536"}"#),
        1
    );
    assert_eq!(
        invalid_values("mnm_flow_logs", r#"{"Timestamp":1,"Bits":-8}"#),
        1
    );
}

#[test]
#[wasm]
fn names_inside_objects_are_fit_for_receivers() {
    for (given, expected) in [
        (r#"{"a..b":1}"#, json!({"a._.b": 1})),
        (r#"{".":1,"..":2}"#, json!({"_._": 1, "_._._": 2})),
        (r#"{"A":1,"a":2}"#, json!({"A": 1, "a": 2})),
        (
            r#"{"n":1e999,"m":[-1e400,1e308]}"#,
            json!({"n": "1e999", "m": ["-1e400", 1e308]}),
        ),
        (
            r#"{"a":{"b":1,"b":{"c":1,"c":2}}}"#,
            json!({"a": {"b": {"c": 2}}}),
        ),
        (r#"[{"":[{"":null}]}]"#, json!([{"_": [{"_": null}]}])),
        (r#"{"\u0020":1,"_":2}"#, json!({"__": 1, "_": 2})),
    ] {
        check(&[(
            "audit_logs_v2",
            &format!(r#"{{"ActionTimestamp":1,"ResourceRequest":{given}}}"#),
            json!({"cloudflare.ResourceRequest": expected}),
        )]);
    }
    check(&[(
        "workers_trace_events",
        r#"{"EventTimestampMs":1,"Event":{"REQUEST":{"Url":"https://H.example/p","METHOD":"GET"}}}"#,
        json!({"http.request.method": "GET", "url.domain": "h.example"}),
    )]);
}

#[test]
#[wasm]
fn actions_on_identities_say_so() {
    for (action, category, kind) in [
        ("token_create", json!(["iam", "configuration"]), "creation"),
        ("role_remove", json!(["iam", "configuration"]), "deletion"),
        (
            "Rotate_Global_API_Key",
            json!(["iam", "configuration"]),
            "change",
        ),
        ("member_add", json!(["iam", "configuration"]), "creation"),
        ("zone_settings_read", json!(["configuration"]), "access"),
        ("purge_cache", json!(["configuration"]), "info"),
    ] {
        check(&[(
            "audit_logs",
            &format!(r#"{{"When":1,"ActionType":"{action}"}}"#),
            json!({"event.category": category, "event.type": [kind]}),
        )]);
    }
    check(&[(
        "audit_logs_v2",
        r#"{"ActionTimestamp":1,"ActionType":"delete","ResourceType":"member"}"#,
        json!({"event.category": ["iam", "configuration"], "event.type": ["deletion"]}),
    )]);
    check(&[(
        "http_requests",
        r#"{"EdgeStartTimestamp":1,"SecurityActions":["log","Block"]}"#,
        json!({"event.type": ["denied", "access"]}),
    )]);
}

#[test]
#[wasm]
fn places_come_in_several_forms() {
    for (given, expected) in [
        (
            "US",
            json!({"country_iso_code": "US", "country_name": "United States"}),
        ),
        (
            "US//Las Vegas",
            json!({"country_iso_code": "US", "country_name": "United States", "city_name": "Las Vegas"}),
        ),
    ] {
        check(&[(
            "email_security_alerts",
            &format!(r#"{{"Timestamp":1,"SMTPHeloServerIPGeo":"{given}"}}"#),
            json!({"source.geo": expected}),
        )]);
    }
    for (members, expected) in [
        (
            r#""ClientCountry":"us","ClientRegionCode":"US-TX""#,
            json!({"source.geo.region_iso_code": "US-TX"}),
        ),
        (
            r#""ClientLatitude":"91","ClientLongitude":"1""#,
            json!({"source": NONE, "cloudflare.ClientLatitude": "91"}),
        ),
        (
            r#""ClientLatitude":"45.5""#,
            json!({"source": NONE, "cloudflare.ClientLatitude": "45.5"}),
        ),
        (
            r#""ClientLatitude":-45.5,"ClientLongitude":"180""#,
            json!({"source.geo.location": {"lat": -45.5, "lon": 180}}),
        ),
    ] {
        check(&[(
            "http_requests",
            &format!(r#"{{"EdgeStartTimestamp":1,{members}}}"#),
            expected,
        )]);
    }
    check(&[(
        "email_security_alerts",
        r#"{"Timestamp":1,"Attachments":[null,{"Name":"README"},3,{"Name":"a.tar.gz"},{"Name":"x."}]}"#,
        json!({"email.attachments": [{"file": {"name": "README"}}, {"file": {"extension": "gz", "name": "a.tar.gz"}}, {"file": {"name": "x."}}]}),
    )]);
}

/// A native record with names of ours, of whatever kind, gets none twice.
#[test]
#[wasm]
fn a_native_record_keeps_its_own_names() {
    for (record, path, expected) in [
        (
            r#"{"tags":"mine"}"#,
            "tags",
            json!(["mine", "time_from_arrival"]),
        ),
        (
            r#"{"error":{"message":"boom"}}"#,
            "error.message",
            json!("boom; Datetime is missing: the upload's arrival stands in"),
        ),
    ] {
        let config = logpush_normalizer::Config {
            dataset: logpush_normalizer::datasets::by_name("ssh_logs"),
            ..config(Shape::Native)
        };
        let document = only(outcome(config, record.as_bytes()).documents);
        assert_eq!(at(&document, path), &expected, "{record}");
    }
}
