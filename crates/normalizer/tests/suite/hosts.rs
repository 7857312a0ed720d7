//! Host names: their parts and their ports.

use logpush_normalizer::Shape;
use serde_json::{Map, Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, config, documents, golden, limited, only};

/// A host, and what comes of it: name, port, subdomain, registered domain, top-level domain.
#[rustfmt::skip]
const HOSTS: &[(&str, [&str; 5])] = &[
    ("example.com",             ["example.com", "", "", "example.com", "com"]),
    ("www.example.com",         ["www.example.com", "", "www", "example.com", "com"]),
    ("a.b.c.example.co.uk",     ["a.b.c.example.co.uk", "", "a.b.c", "example.co.uk", "co.uk"]),
    ("WWW.Example.CO.UK",       ["www.example.co.uk", "", "www", "example.co.uk", "co.uk"]),
    ("example.com.",            ["example.com", "", "", "example.com", "com"]),
    // A port.
    ("example.com:8443",        ["example.com", "8443", "", "example.com", "com"]),
    ("www.example.com:1",       ["www.example.com", "1", "www", "example.com", "com"]),
    ("localhost:3000",          ["localhost", "3000", "", "", ""]),
    ("example.com.:443",        ["example.com", "443", "", "example.com", "com"]),
    // No port that counts, as browsers read it.
    ("example.com:",            ["example.com", "", "", "example.com", "com"]),
    ("example.com:0443",        ["example.com", "443", "", "example.com", "com"]),
    ("example.com:0",           ["example.com", "", "", "example.com", "com"]),
    ("example.com:443443",      ["example.com", "", "", "example.com", "com"]),
    ("example.com:http",        ["example.com:http", "", "", "", ""]),
    (":443",                    [":443", "", "", "", ""]),
    // No registered domain.
    ("localhost",               ["localhost", "", "", "", ""]),
    ("server.internal",         ["server.internal", "", "", "", ""]),
    ("server.invalidtld",       ["server.invalidtld", "", "", "", ""]),
    ("com",                     ["com", "", "", "", ""]),
    ("co.uk",                   ["co.uk", "", "", "", ""]),
    ("..",                      ["..", "", "", "", ""]),
    ("a..example.com",          ["a..example.com", "", "", "", ""]),
    ("a b.example.com",         ["a b.example.com", "", "", "", ""]),
    // The private part of the list does not count.
    ("project.github.io",       ["project.github.io", "", "project", "github.io", "io"]),
    ("app.workers.dev",         ["app.workers.dev", "", "app", "workers.dev", "dev"]),
    ("b.s3.amazonaws.com",      ["b.s3.amazonaws.com", "", "b.s3", "amazonaws.com", "com"]),
    // Wildcards and exceptions of the list.
    ("www.city.kobe.jp",        ["www.city.kobe.jp", "", "www", "city.kobe.jp", "kobe.jp"]),
    ("www.a.b.kobe.jp",         ["www.a.b.kobe.jp", "", "www", "a.b.kobe.jp", "b.kobe.jp"]),
    // Other alphabets, in either form.
    ("www.xn--fiqs8s",          ["www.xn--fiqs8s", "", "", "www.xn--fiqs8s", "xn--fiqs8s"]),
    ("www.bücher.de",           ["www.bücher.de", "", "www", "bücher.de", "de"]),
    ("www.xn--bcher-kva.de",    ["www.xn--bcher-kva.de", "", "www", "xn--bcher-kva.de", "de"]),
    ("a.食狮.公司.cn",            ["a.食狮.公司.cn", "", "a", "食狮.公司.cn", "公司.cn"]),
    // Odd, and valid for the list.
    ("_dmarc.example.com",      ["_dmarc.example.com", "", "_dmarc", "example.com", "com"]),
    ("*.example.com",           ["*.example.com", "", "*", "example.com", "com"]),
];

fn expected(host: &str, [name, port, subdomain, registered, top]: [&str; 5]) -> Value {
    let mut expected = Map::new();
    expected.insert("destination.address".to_owned(), json!(host));
    expected.insert("related.hosts".to_owned(), json!([name]));
    for group in ["destination", "url"] {
        expected.insert(format!("{group}.domain"), json!(name));
        for (field, value) in [
            ("subdomain", subdomain),
            ("registered_domain", registered),
            ("top_level_domain", top),
        ] {
            if !value.is_empty() {
                expected.insert(format!("{group}.{field}"), json!(value));
            }
        }
        if let Ok(port) = port.parse::<u16>() {
            expected.insert(format!("{group}.port"), json!(port));
        }
    }
    Value::Object(expected)
}

#[test]
#[wasm]
fn a_host_has_these_parts() {
    for (host, parts) in HOSTS {
        let member = format!("\"ClientRequestHost\":\"{host}\"");
        golden(&[(host, &member, expected(host, *parts))]);
    }
}

/// An address literal is no domain but that of the URL, as ECS has it.
#[test]
#[wasm]
fn an_address_literal_goes_to_the_fields_of_addresses() {
    for (host, domain, ip, port) in [
        ("192.0.2.1", "192.0.2.1", "192.0.2.1", None),
        ("192.0.2.1:80", "192.0.2.1", "192.0.2.1", Some(80)),
        (
            "[2001:db8::1]:443",
            "[2001:db8::1]",
            "2001:db8::1",
            Some(443),
        ),
        ("[2001:db8::1]", "[2001:db8::1]", "2001:db8::1", None),
        ("2001:db8::1", "2001:db8::1", "2001:db8::1", None),
        (
            "[::ffff:192.0.2.1]",
            "[::ffff:192.0.2.1]",
            "192.0.2.1",
            None,
        ),
    ] {
        let mut expected = json!({
            "destination.address": host,
            "destination.ip": ip,
            "related.ip": [ip],
            "url.domain": domain,
        });
        if let Some(port) = port {
            expected["destination.port"] = json!(port);
            expected["url.port"] = json!(port);
        }
        let member = format!("\"ClientRequestHost\":\"{host}\"");
        golden(&[(host, &member, expected)]);
    }
}

#[test]
#[wasm]
fn an_escaped_host_is_the_host() {
    for (written, host, parts) in [
        (
            r"www\u002eexample.com",
            "www.example.com",
            ["www.example.com", "", "www", "example.com", "com"],
        ),
        (
            r"example.com\u003a80",
            "example.com:80",
            ["example.com", "80", "", "example.com", "com"],
        ),
        (
            r#"a\"b.example.com"#,
            "a\"b.example.com",
            ["a\"b.example.com", "", "", "", ""],
        ),
        (
            r"b\u00fccher.de",
            "bücher.de",
            ["bücher.de", "", "", "bücher.de", "de"],
        ),
    ] {
        let member = format!("\"ClientRequestHost\":\"{written}\"");
        golden(&[(host, &member, expected(host, parts))]);
    }
}

/// A name has 253 bytes at most. What is longer is no name, but stays whole.
#[test]
#[wasm]
fn a_host_of_any_length_stays_whole() {
    let config = limited(|limits| limits.document_bytes = 500_000);
    for length in [240, 252, 253, 259, 260, 261, 65_533, 65_534, 65_535, 65_536] {
        for end in ["", "é", "\\\"", "\\\"é"] {
            let written = format!("{}{end}{}", "h".repeat(length), "t".repeat(9));
            let host: Value = serde_json::from_str(&format!("\"{written}\"")).unwrap();
            let record = format!("{{\"ClientRequestHost\":\"{written}\"}}");
            let document = only(documents(config.clone(), record.as_bytes()));
            for path in ["destination.address", "destination.domain", "url.domain"] {
                assert!(at(&document, path) == &host, "{path}: {length} {end}");
            }
            assert!(
                at(&document, "related.hosts") == &json!([host]),
                "{length} {end}"
            );
        }
    }
    // The longest that is split.
    let label = "l".repeat(60);
    let host = format!("{label}.{label}.{label}.{label}.example.com");
    let sub = format!("{label}.{label}.{label}.{label}");
    let member = format!("\"ClientRequestHost\":\"{host}\"");
    golden(&[(
        "long",
        &member,
        expected(&host, [&host, "", &sub, "example.com", "com"]),
    )]);
}

#[test]
#[wasm]
fn many_hosts_of_one_upload_keep_their_parts_apart() {
    let hosts: Vec<String> = (0..3000)
        .map(|number| {
            format!(
                "h{}.example{}.co.uk:{}",
                number % 1700,
                number % 13,
                1 + number % 3
            )
        })
        .collect();
    let upload: String = hosts
        .iter()
        .map(|host| format!("{{\"ClientRequestHost\":\"{host}\"}}\n"))
        .collect();
    let documents = documents(config(Shape::Ecs), upload.as_bytes());
    for (host, document) in hosts.iter().zip(&documents) {
        let (name, port) = host.split_once(':').unwrap();
        let (sub, registered) = name.split_once('.').unwrap();
        assert_eq!(at(document, "url.domain"), name);
        assert_eq!(at(document, "url.port").to_string(), port);
        assert_eq!(at(document, "url.subdomain"), sub);
        assert_eq!(at(document, "url.registered_domain"), registered);
        assert_eq!(at(document, "url.top_level_domain"), "co.uk");
    }
}
