//! What every field of the dataset becomes: all of them, a few of them, each alone.

use logpush_normalizer::Shape;
use logpush_normalizer::datasets::by_name;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, both_paths, config, document, golden};

/// Cloudflare's list of the dataset's fields.
#[rustfmt::skip]
const NAMES: [&str; 47] = [
    "AISecurityCustomTopicCategories", "AISecurityInjectionScore", "AISecurityPIICategories",
    "AISecurityTokenCount", "AISecurityUnsafeTopicCategories", "Action", "ClientASN",
    "ClientASNDescription", "ClientCountry", "ClientIP", "ClientIPClass", "ClientRefererHost",
    "ClientRefererPath", "ClientRefererQuery", "ClientRefererScheme", "ClientRequestHost",
    "ClientRequestMethod", "ClientRequestPath", "ClientRequestProtocol", "ClientRequestQuery",
    "ClientRequestScheme", "ClientRequestUserAgent", "ContentScanObjResults", "ContentScanObjSizes",
    "ContentScanObjTypes", "Datetime", "Description", "EdgeColoCode", "EdgeResponseStatus",
    "FirewallForAIInjectionScore", "FirewallForAIPIICategories", "FirewallForAITokenCount",
    "FirewallForAIUnsafeTopicCategories", "FraudUserID", "Kind", "LeakedCredentialCheckResult",
    "MatchIndex", "Metadata", "OriginResponseStatus", "OriginatorRayID", "RayID", "Ref", "RuleID",
    "Source", "WAFRequestSignatureCategories", "WAFRequestSignatureRefs", "ZoneName",
];

/// A record of all 47 fields.
pub(crate) const FULL: &str = r#"{"AISecurityCustomTopicCategories":{"weapons":12,"finance":87},"AISecurityInjectionScore":23,"AISecurityPIICategories":["EMAIL_ADDRESS","PHONE_NUMBER"],"AISecurityTokenCount":412,"AISecurityUnsafeTopicCategories":["S1","S10"],"Action":"block","ClientASN":64500,"ClientASNDescription":"EXAMPLE-AS Example Net","ClientCountry":"fr","ClientIP":"2001:db8::7","ClientIPClass":"noRecord","ClientRefererHost":"www.example.org","ClientRefererPath":"/from/here","ClientRefererQuery":"?a=1","ClientRefererScheme":"https","ClientRequestHost":"shop.example.co.uk","ClientRequestMethod":"POST","ClientRequestPath":"/cart/add","ClientRequestProtocol":"HTTP/2","ClientRequestQuery":"?item=1\u0026n=2","ClientRequestScheme":"https","ClientRequestUserAgent":"Mozilla/5.0 (X11; Linux x86_64)","ContentScanObjResults":["clean","infected"],"ContentScanObjSizes":[120,4096],"ContentScanObjTypes":["text/plain","application/zip"],"Datetime":1790000000123456789,"Description":"Block the carts","EdgeColoCode":"CDG","EdgeResponseStatus":403,"FirewallForAIInjectionScore":24,"FirewallForAIPIICategories":["PERSON"],"FirewallForAITokenCount":413,"FirewallForAIUnsafeTopicCategories":["S2"],"FraudUserID":"user-1","Kind":"firewall","LeakedCredentialCheckResult":"clean","MatchIndex":0,"Metadata":{"ruleset_version":"7","type":"customer","nested":{"list":[1,2.50,null,true]}},"OriginResponseStatus":0,"OriginatorRayID":"00","RayID":"9a1b2c3d4e5f6071","Ref":"ref-42","RuleID":"0123456789abcdef","Source":"firewallcustom","WAFRequestSignatureCategories":["sqli"],"WAFRequestSignatureRefs":["r1","r2"],"ZoneName":"example.co.uk"}"#;

/// The same fields and those that only SEKOIA.IO's parser knows, so that no ECS field is missing.
pub(crate) const EVERY_FIELD: &str = r#"{"Action":"block","ClientASN":64500,"ClientASNDescription":"EXAMPLE-AS Example Net","ClientCountry":"FR","ClientIP":"192.0.2.9","ClientIPClass":"tor","ClientRefererHost":"www.example.org","ClientRefererPath":"/from","ClientRefererQuery":"a=1","ClientRefererScheme":"https","ClientRequestBytes":1530,"ClientRequestHost":"shop.example.co.uk:8443","ClientRequestMethod":"POST","ClientRequestPath":"/cart","ClientRequestProtocol":"HTTP/1.1","ClientRequestQuery":"?item=1","ClientRequestScheme":"https","ClientRequestUserAgent":"curl/8.0","ClientSSLCipher":"AEAD-AES128-GCM-SHA256","ClientSSLProtocol":"TLSv1.3","ClientSrcPort":50123,"Datetime":"2026-09-21T13:33:20Z","Description":"A rule","EdgeColoCode":"CDG","EdgeResponseStatus":403,"Kind":"firewall","MatchIndex":1,"Metadata":{"type":"customer"},"OriginResponseStatus":200,"OriginatorRayID":"9a1b2c3d4e5f6070","RayID":"9a1b2c3d4e5f6071","Ref":"ref-42","RuleID":"0123456789abcdef","RulesetID":"fedcba9876543210","Source":"waf"}"#;

#[test]
#[wasm]
fn a_record_of_all_fields_has_this_document() {
    assert_eq!(
        both_paths(&config(Shape::Ecs), FULL),
        json!({
            "@timestamp": "2026-09-21T14:13:20.123456789Z",
            "cloudflare": {
                "AISecurityCustomTopicCategories": {"weapons": 12, "finance": 87},
                "AISecurityInjectionScore": 23,
                "AISecurityPIICategories": ["EMAIL_ADDRESS", "PHONE_NUMBER"],
                "AISecurityTokenCount": 412,
                "AISecurityUnsafeTopicCategories": ["S1", "S10"],
                "ClientIPClass": "noRecord",
                "ClientRefererHost": "www.example.org",
                "ClientRefererPath": "/from/here",
                "ClientRefererQuery": "?a=1",
                "ClientRefererScheme": "https",
                "ContentScanObjResults": ["clean", "infected"],
                "ContentScanObjSizes": [120, 4096],
                "ContentScanObjTypes": ["text/plain", "application/zip"],
                "EdgeColoCode": "CDG",
                "EdgeResponseStatus": 403,
                "FirewallForAIInjectionScore": 24,
                "FirewallForAIPIICategories": ["PERSON"],
                "FirewallForAITokenCount": 413,
                "FirewallForAIUnsafeTopicCategories": ["S2"],
                "Kind": "firewall",
                "LeakedCredentialCheckResult": "clean",
                "OriginResponseStatus": 0,
                "OriginatorRayID": "00",
                "RayID": "9a1b2c3d4e5f6071",
                "WAFRequestSignatureCategories": ["sqli"],
                "WAFRequestSignatureRefs": ["r1", "r2"],
                "ZoneName": "example.co.uk",
                "clientASNDescription": "EXAMPLE-AS Example Net",
                "matchIndex": 0,
                "metadata": {
                    "ruleset_version": "7",
                    "type": "customer",
                    "nested": {"list": [1, 2.50, null, true]},
                },
                "source": "firewallcustom",
            },
            "destination": {
                "address": "shop.example.co.uk",
                "domain": "shop.example.co.uk",
                "registered_domain": "example.co.uk",
                "subdomain": "shop",
                "top_level_domain": "co.uk",
            },
            "ecs": {"version": "9.4.0"},
            "event": {
                "action": "block",
                "category": ["network"],
                "dataset": "firewall-events",
                "kind": "event",
                "module": "cloudflare.firewallcustom",
                "type": ["denied"],
            },
            "http": {
                "request": {
                    "id": "9a1b2c3d4e5f6071",
                    "method": "POST",
                    "referrer": "https://www.example.org/from/here?a=1",
                },
                "response": {"status_code": 403},
                "version": "2",
            },
            "network": {"protocol": "http"},
            "observer": {"type": "firewall", "vendor": "Cloudflare"},
            "related": {"hosts": ["shop.example.co.uk"], "ip": ["2001:db8::7"], "user": ["user-1"]},
            "rule": {
                "description": "Block the carts",
                "id": "0123456789abcdef",
                "reference": "ref-42",
            },
            "source": {
                "address": "2001:db8::7",
                "as": {"number": 64500, "organization": {"name": "EXAMPLE-AS Example Net"}},
                "geo": {"country_iso_code": "FR", "country_name": "France"},
                "ip": "2001:db8::7",
            },
            "url": {
                "domain": "shop.example.co.uk",
                "full": "https://shop.example.co.uk/cart/add?item=1&n=2",
                "original": "/cart/add?item=1&n=2",
                "path": "/cart/add",
                "query": "item=1&n=2",
                "registered_domain": "example.co.uk",
                "scheme": "https",
                "subdomain": "shop",
                "top_level_domain": "co.uk",
            },
            "user": {"id": "user-1"},
            "user_agent": {"original": "Mozilla/5.0 (X11; Linux x86_64)"},
        })
    );
}

#[test]
#[wasm]
fn a_record_of_few_fields_has_little_more() {
    golden(&[
        ("no other field", "", json!({})),
        (
            "empty and null fields are absent",
            r#""Action":"","ClientASN":null,"ClientCountry":"","ClientIP":"","ClientRefererHost":"","ClientRequestHost":"","ClientRequestProtocol":"","ClientRequestQuery":"","EdgeResponseStatus":null,"Kind":"","Metadata":null,"Source":"","Unknown":"","Other":null"#,
            json!({}),
        ),
        (
            "0, false, an empty list and an empty object are values",
            r#""ClientASN":0,"EdgeResponseStatus":0,"MatchIndex":0,"Kind":false,"ContentScanObjSizes":[],"Metadata":{},"Unknown":0"#,
            json!({
                "cloudflare.ClientASN": 0,
                "cloudflare.ContentScanObjSizes": [],
                "cloudflare.EdgeResponseStatus": 0,
                "cloudflare.Kind": false,
                "cloudflare.Unknown": 0,
                "cloudflare.matchIndex": 0,
                "cloudflare.metadata": {},
            }),
        ),
    ]);
}

#[test]
#[wasm]
fn each_field_alone_has_its_own_place() {
    let kept = [
        ("AISecurityCustomTopicCategories", r#"{"a":1}"#),
        ("AISecurityInjectionScore", "7"),
        ("AISecurityPIICategories", r#"["A","B"]"#),
        ("AISecurityTokenCount", "7"),
        ("AISecurityUnsafeTopicCategories", r#"["S1"]"#),
        ("ClientIPClass", r#""searchEngine""#),
        ("ClientRefererPath", r#""/x""#),
        ("ClientRefererQuery", r#""?x""#),
        ("ClientRefererScheme", r#""https""#),
        ("ContentScanObjResults", r#"["clean"]"#),
        ("ContentScanObjSizes", "[1,2]"),
        ("ContentScanObjTypes", r#"["text/html"]"#),
        ("EdgeColoCode", r#""AMS""#),
        ("FirewallForAIInjectionScore", "7"),
        ("FirewallForAIPIICategories", r#"["A"]"#),
        ("FirewallForAITokenCount", "7"),
        ("FirewallForAIUnsafeTopicCategories", r#"["S1"]"#),
        ("Kind", r#""firewall""#),
        ("LeakedCredentialCheckResult", r#""password_leaked""#),
        ("OriginResponseStatus", "502"),
        ("OriginatorRayID", r#""00""#),
        ("WAFRequestSignatureCategories", r#"["xss"]"#),
        ("WAFRequestSignatureRefs", r#"["r"]"#),
        ("ZoneName", r#""example.com""#),
    ];
    for (name, value) in kept {
        let path = format!("cloudflare.{name}");
        let parsed: Value = serde_json::from_str(value).unwrap();
        let member = format!("\"{name}\":{value}");
        golden(&[(name, &member, json!({ path: parsed }))]);
    }
    golden(&[
        (
            "Action",
            r#""Action":"log""#,
            json!({"event.action": "log", "event.type": ["info"]}),
        ),
        (
            "ClientASN",
            r#""ClientASN":64500"#,
            json!({"source.as.number": 64500}),
        ),
        (
            "ClientASNDescription",
            r#""ClientASNDescription":"NET""#,
            json!({"source.as.organization.name": "NET", "cloudflare.clientASNDescription": "NET"}),
        ),
        (
            "ClientCountry",
            r#""ClientCountry":"de""#,
            json!({"source.geo.country_iso_code": "DE", "source.geo.country_name": "Germany"}),
        ),
        (
            "ClientIP",
            r#""ClientIP":"192.0.2.1""#,
            json!({"source.ip": "192.0.2.1", "source.address": "192.0.2.1", "related.ip": ["192.0.2.1"]}),
        ),
        (
            "ClientRefererHost",
            r#""ClientRefererHost":"example.org""#,
            json!({"cloudflare.ClientRefererHost": "example.org"}),
        ),
        (
            "ClientRequestHost",
            r#""ClientRequestHost":"example.com""#,
            json!({
                "destination.address": "example.com",
                "destination.domain": "example.com",
                "destination.registered_domain": "example.com",
                "destination.top_level_domain": "com",
                "related.hosts": ["example.com"],
                "url.domain": "example.com",
                "url.registered_domain": "example.com",
                "url.top_level_domain": "com",
            }),
        ),
        (
            "ClientRequestMethod",
            r#""ClientRequestMethod":"PURGE""#,
            json!({"http.request.method": "PURGE"}),
        ),
        (
            "ClientRequestPath",
            r#""ClientRequestPath":"/a b""#,
            json!({"url.original": "/a b", "url.path": "/a b"}),
        ),
        (
            "ClientRequestProtocol",
            r#""ClientRequestProtocol":"HTTP/3""#,
            json!({"http.version": "3", "network.protocol": "http"}),
        ),
        (
            "ClientRequestQuery",
            r#""ClientRequestQuery":"?a""#,
            json!({"url.query": "a"}),
        ),
        (
            "ClientRequestScheme",
            r#""ClientRequestScheme":"http""#,
            json!({"url.scheme": "http"}),
        ),
        (
            "ClientRequestUserAgent",
            r#""ClientRequestUserAgent":"curl""#,
            json!({"user_agent.original": "curl"}),
        ),
        (
            "Description",
            r#""Description":"d""#,
            json!({"rule.description": "d"}),
        ),
        (
            "EdgeResponseStatus",
            r#""EdgeResponseStatus":429"#,
            json!({"http.response.status_code": 429, "cloudflare.EdgeResponseStatus": 429}),
        ),
        (
            "FraudUserID",
            r#""FraudUserID":"f""#,
            json!({"user.id": "f", "related.user": ["f"]}),
        ),
        (
            "MatchIndex",
            r#""MatchIndex":2"#,
            json!({"cloudflare.matchIndex": 2}),
        ),
        (
            "Metadata",
            r#""Metadata":{"k":"v"}"#,
            json!({"cloudflare.metadata": {"k": "v"}}),
        ),
        (
            "RayID",
            r#""RayID":"7299""#,
            json!({"cloudflare.RayID": "7299", "http.request.id": "7299"}),
        ),
        ("Ref", r#""Ref":"r""#, json!({"rule.reference": "r"})),
        ("RuleID", r#""RuleID":"i""#, json!({"rule.id": "i"})),
        (
            "Source",
            r#""Source":"waf""#,
            json!({"cloudflare.source": "waf", "event.module": "cloudflare.waf"}),
        ),
        (
            "ClientRequestBytes",
            r#""ClientRequestBytes":9"#,
            json!({"http.request.bytes": 9}),
        ),
        (
            "ClientRequestReferer",
            r#""ClientRequestReferer":"https://a/""#,
            json!({"http.request.referrer": "https://a/"}),
        ),
        (
            "ClientSSLCipher",
            r#""ClientSSLCipher":"AES""#,
            json!({"tls.cipher": "AES"}),
        ),
        (
            "ClientSSLProtocol",
            r#""ClientSSLProtocol":"TLSv1.2""#,
            json!({"tls.version": "1.2", "tls.version_protocol": "tls"}),
        ),
        (
            "ClientSrcPort",
            r#""ClientSrcPort":443"#,
            json!({"source.port": 443}),
        ),
        (
            "RulesetID",
            r#""RulesetID":"s""#,
            json!({"rule.ruleset": "s"}),
        ),
    ]);
}

#[test]
#[wasm]
fn every_field_of_cloudflares_list_has_a_row() {
    let rows = by_name("firewall_events").unwrap().rows;
    for name in NAMES {
        let found = rows.iter().filter(|row| row.field == name).count();
        assert_eq!(found, 1, "{name}");
        assert!(FULL.contains(&format!("\"{name}\":")), "{name}");
    }
    for row in rows {
        let fields = rows.iter().filter(|other| other.field == row.field);
        assert_eq!(fields.count(), 1, "{}", row.field);
    }
}

#[test]
#[wasm]
fn every_field_that_was_asked_for_is_filled() {
    let document = document(EVERY_FIELD);
    for (path, expected) in [
        ("@timestamp", json!("2026-09-21T13:33:20.000000Z")),
        ("cloudflare.ClientIPClass", json!("tor")),
        ("cloudflare.ClientRefererHost", json!("www.example.org")),
        ("cloudflare.ClientRefererPath", json!("/from")),
        ("cloudflare.ClientRefererQuery", json!("a=1")),
        ("cloudflare.ClientRefererScheme", json!("https")),
        ("cloudflare.EdgeColoCode", json!("CDG")),
        ("cloudflare.EdgeResponseStatus", json!(403)),
        ("cloudflare.Kind", json!("firewall")),
        ("cloudflare.OriginResponseStatus", json!(200)),
        ("cloudflare.OriginatorRayID", json!("9a1b2c3d4e5f6070")),
        ("cloudflare.RayID", json!("9a1b2c3d4e5f6071")),
        (
            "cloudflare.clientASNDescription",
            json!("EXAMPLE-AS Example Net"),
        ),
        ("cloudflare.matchIndex", json!(1)),
        ("cloudflare.metadata", json!({"type": "customer"})),
        ("cloudflare.source", json!("waf")),
        ("destination.domain", json!("shop.example.co.uk")),
        ("event.action", json!("block")),
        ("event.category", json!(["network"])),
        ("event.dataset", json!("firewall-events")),
        ("event.kind", json!("event")),
        ("http.request.bytes", json!(1530)),
        ("http.request.method", json!("POST")),
        (
            "http.request.referrer",
            json!("https://www.example.org/from?a=1"),
        ),
        ("http.response.status_code", json!(403)),
        ("http.version", json!("1.1")),
        ("network.protocol", json!("http")),
        ("rule.id", json!("0123456789abcdef")),
        ("rule.ruleset", json!("fedcba9876543210")),
        ("source.as.number", json!(64500)),
        ("source.geo.country_name", json!("France")),
        ("source.ip", json!("192.0.2.9")),
        ("source.port", json!(50123)),
        ("tls.cipher", json!("AEAD-AES128-GCM-SHA256")),
        ("tls.version_protocol", json!("tls")),
        ("url.domain", json!("shop.example.co.uk")),
        ("url.path", json!("/cart")),
        ("url.query", json!("item=1")),
        ("url.scheme", json!("https")),
        ("user_agent.original", json!("curl/8.0")),
    ] {
        assert_eq!(at(&document, path), &expected, "{path}");
    }
}
