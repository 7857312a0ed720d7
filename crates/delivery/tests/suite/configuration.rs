//! Destinations by name: what tables, flat variables and secrets together say, and what is wrong with
//! them.

use logpush_delivery::configuration::setup::shape_word;
use logpush_delivery::configuration::{self, Configuration, Entry};
use logpush_delivery::destination::KINDS;
use logpush_delivery::setting::{Given, Lookup};
use logpush_normalizer::{Shape, datasets};
use serde_json::{Value, json};

const SECRET: (&str, &str) = ("LOGPUSH_SECRET", "0123456789abcdef");

fn read(tables: &Value, texts: &[(&str, &str)]) -> Configuration {
    configuration::read(&lookup(tables, texts))
}

/// Variables and secrets, `DESTINATIONS` as an object among them.
fn lookup(tables: &Value, texts: &[(&str, &str)]) -> Box<Lookup<'static>> {
    let tables = tables.clone();
    let texts: Vec<(String, String)> = texts
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    Box::new(move |name| match name {
        "DESTINATIONS" if !tables.is_null() => Some(Given::Object(tables.to_string())),
        _ => {
            let found = texts.iter().find(|(other, _)| other == name);
            found.map(|(_, text)| match text.as_bytes() {
                [b'[', ..] => Given::Object(text.clone()),
                _ => Given::Text(text.clone()),
            })
        }
    })
}

fn names(configuration: &Configuration) -> Vec<&str> {
    let entries = configuration.destinations.as_ref().unwrap();
    entries.iter().map(|entry| &*entry.name).collect()
}

fn problems(entry: &Entry) -> Vec<String> {
    let problems = entry.setup.as_ref().err();
    problems
        .into_iter()
        .flatten()
        .map(ToString::to_string)
        .collect()
}

/// The problems of the destination `siem` alone, whose table has these members.
fn problems_of(members: Value, texts: &[(&str, &str)]) -> String {
    let configuration = read(&json!({ "siem": members }), texts);
    problems(configuration.destination("siem").unwrap()).join("; ")
}

#[test]
fn flat_names_are_the_destination_default() {
    let key = ("SEKOIA_INTAKE_KEY", "key");
    let siem = json!({ "siem": { "kind": "http", "url": "https://siem.example" } });
    for (tables, texts, expected) in [
        (Value::Null, vec![], vec!["default"]),
        (json!({}), vec![], vec!["default"]),
        (Value::Null, vec![key], vec!["default"]),
        (siem.clone(), vec![SECRET], vec!["siem"]),
        (siem.clone(), vec![key], vec!["default", "siem"]),
        (
            siem.clone(),
            vec![("SHAPE", "ecs")],
            vec!["default", "siem"],
        ),
        (siem.clone(), vec![("SHAPE", " ")], vec!["siem"]),
        (
            siem.clone(),
            vec![("UPLOAD_MAX_BYTES", "2000")],
            vec!["siem"],
        ),
        (
            siem.clone(),
            vec![("RETRY_DAYS", "2")],
            vec!["default", "siem"],
        ),
        (siem.clone(), vec![("RULES", "[]")], vec!["default", "siem"]),
        (
            siem.clone(),
            vec![("SEKOIA_INTAKE_KEY_DNS_LOGS", "key")],
            vec!["default", "siem"],
        ),
    ] {
        assert_eq!(
            names(&read(&tables, &texts)),
            expected,
            "{tables} {texts:?}"
        );
    }
    for (texts, expected) in [
        (vec![("RULES", "[]")], Some("RULES")),
        (vec![("RULES_DEFAULT", "[]")], Some("RULES_DEFAULT")),
        (vec![("RULES", "[]"), ("RULES_DEFAULT", "[]")], None),
    ] {
        let texts = [&[("SEKOIA_INTAKE_KEY", "key")], &texts[..]].concat();
        let configuration = read(&Value::Null, &texts);
        let setup = configuration.destination("default").unwrap().setup.as_ref();
        let rules = setup.ok().and_then(|setup| setup.rules.as_ref());
        assert_eq!(rules.map(|rules| &*rules.name), expected);
    }
    // A table of that name may have its rules beside it.
    let table = json!({ "default": { "kind": "http", "url": "https://siem.example" } });
    let beside = read(&table, &[("RULES_DEFAULT", "[]")]);
    assert!(beside.destination("default").unwrap().setup.is_ok());
    // Who forgot a variable is told which one.
    let beside = read(&siem, &[("RETRY_DAYS", "2")]);
    let default = beside.destination("default").unwrap();
    assert_eq!(default.because.as_deref(), Some("RETRY_DAYS"));
    assert!(
        problems(default)
            .concat()
            .contains("RETRY_DAYS makes the destination `default` stand beside")
    );
    assert!(beside.destination("siem").unwrap().setup.is_ok());
}

#[test]
fn a_table_has_all_settings_of_its_destination() {
    let tables = json!({
        "lake": {
            "kind": "http", "url": "https://lake.example/in", "framing": "array", "gzip": false,
            "content_type": "application/x-lake", "accept": "any",
            "shape": "native", "keep_original": true, "sensitive_values": "shown",
            "document_max_bytes": 9000, "batch_max_bytes": 20_000, "batch_max_records": "7",
            "deliveries_in_flight": 2, "intake_timeout_ms": 11, "intake_max_requests_per_second": 12,
            "retry_base_ms": 13, "retry_budget_ms": 14, "retry_days": 15,
            "redelivery_base_seconds": 16, "redelivery_max_seconds": 17,
            "datasets": ["dns_logs", "http_requests"],
            "rules": [{ "name": "one", "action": "drop" }],
        },
        "siem-2": { "kind": "sekoia", "url": "https://intake.example" },
    });
    let texts = [
        SECRET,
        ("LAKE_HEADERS", "{\"a\":\"b\"}"),
        ("SIEM_2_INTAKE_KEY_DNS_LOGS", "key"),
    ];
    let lookup = lookup(&tables, &texts);
    let configuration = configuration::read(&lookup);
    assert_eq!(names(&configuration), ["lake", "siem-2"]);
    let lake = configuration.destination("lake").unwrap();
    let setup = lake.setup.as_ref().unwrap();
    assert_eq!((setup.kind.name, setup.shape), ("http", Shape::Native));
    assert!(setup.keep_original && setup.unmask);
    assert_eq!(
        (setup.document_bytes, setup.batch_bytes, setup.batch_records),
        (9000, 20_000, 7)
    );
    assert_eq!(
        (setup.deliveries_in_flight, setup.requests_per_second),
        (2, 12)
    );
    let retry = setup.retry;
    let millis = [retry.timeout, retry.base, retry.budget].map(|time| time.as_millis());
    assert_eq!(millis, [11, 13, 14]);
    let seconds =
        [retry.redelivery_base, retry.redelivery_max, retry.retry_for].map(|time| time.as_secs());
    assert_eq!(seconds, [16, 17, 15 * 86_400]);
    let rules = setup.rules.as_ref().unwrap();
    assert_eq!(rules.name, "DESTINATIONS.lake.rules");
    assert_eq!(rules.json, r#"[{"action":"drop","name":"one"}]"#);
    let has = |name: &str| lake.datasets.have(datasets::by_name(name));
    assert!(has("dns_logs") && has("http_requests") && !has("firewall_events"));
    assert!(lake.datasets.have(None));
    assert!(
        setup
            .open(Some("dns_logs"), &lookup)
            .unwrap()
            .secrets()
            .contains(&"b")
    );

    let siem = configuration
        .destination("siem-2")
        .unwrap()
        .setup
        .as_ref()
        .unwrap();
    assert!(siem.open(Some("dns_logs"), &lookup).is_ok());
    let wrong = siem.open(Some("http_requests"), &lookup).unwrap_err();
    assert_eq!(
        wrong[0].to_string(),
        "SIEM_2_INTAKE_KEY is not set, and SIEM_2_INTAKE_KEY_HTTP_REQUESTS is not either"
    );
    // Nothing shows what a table or a secret has.
    let shown = format!("{configuration:?}");
    assert!(
        !shown.contains("lake.example") && !shown.contains("\"key\""),
        "{shown}"
    );
}

/// Where a destination takes JSON alone, a raw line that is no record is a text of it.
#[test]
fn raw_lines_are_as_the_destination_takes_them() {
    let url = "https://siem.example";
    for (members, expected) in [
        (json!({ "kind": "http", "url": url }), Shape::Raw),
        (
            json!({ "kind": "http", "url": url, "framing": "array" }),
            Shape::RawJson,
        ),
        (json!({ "kind": "splunk", "url": url }), Shape::RawJson),
        (json!({ "kind": "sekoia" }), Shape::Raw),
    ] {
        let mut members = members;
        members["shape"] = json!("raw");
        let secrets = [("SIEM_TOKEN", "t"), ("SIEM_INTAKE_KEY", "k"), SECRET];
        let configuration = read(&json!({ "siem": members }), &secrets);
        let setup = configuration
            .destination("siem")
            .unwrap()
            .setup
            .as_ref()
            .unwrap();
        assert_eq!(setup.shape, expected, "{members}");
        assert_eq!(shape_word(setup.shape), "raw");
    }
}

#[test]
fn what_is_wrong_with_a_table_is_named() {
    let key = ("SIEM_INTAKE_KEY", "key");
    let url = "https://siem.example";
    for (members, texts, expected) in [
        (json!({ "kind": "sekoia" }), vec![key], ""),
        (
            json!({ "kind": "sekoia" }),
            vec![],
            "SIEM_INTAKE_KEY is not set",
        ),
        (
            json!({}),
            vec![],
            "DESTINATIONS.siem.kind is not set: it is one of {KINDS}",
        ),
        (
            json!({ "kind": "htpp" }),
            vec![],
            "DESTINATIONS.siem.kind is none of {KINDS}: do you mean http?",
        ),
        (
            json!({ "kind": ["http"] }),
            vec![],
            "DESTINATIONS.siem.kind is a table, a list or a binding, where a text belongs",
        ),
        (
            json!({ "kind": "http" }),
            vec![],
            "DESTINATIONS.siem.url is not set",
        ),
        (json!({ "kind": "http", "url": url }), vec![], ""),
        (
            json!({ "kind": "http", "url": "siem.example" }),
            vec![],
            "DESTINATIONS.siem.url is not an https:// URL",
        ),
        (
            json!({ "kind": "http", "url": url, "ulr": url }),
            vec![],
            "DESTINATIONS.siem.ulr is no setting of a destination of kind http: do you mean url?",
        ),
        (
            json!({ "kind": "http", "url": url, "HTTP_GZIP": true }),
            vec![],
            "DESTINATIONS.siem.HTTP_GZIP is no setting of a destination of kind http: do you mean gzip?",
        ),
        (
            json!({ "kind": "http", "url": url, "intake_url": url }),
            vec![],
            "DESTINATIONS.siem.intake_url is no setting of a destination of kind http: do you mean url?",
        ),
        (
            json!({ "kind": "http", "url": url, "upload_max_bytes": 5000 }),
            vec![],
            "DESTINATIONS.siem.upload_max_bytes is no setting of a destination of kind http",
        ),
        (
            json!({ "kind": "http", "url": url, "gzip": "sometimes" }),
            vec![],
            "DESTINATIONS.siem.gzip is neither true nor false",
        ),
        (
            json!({ "kind": "http", "url": url, "batch_max_records": 1.5 }),
            vec![],
            "DESTINATIONS.siem.batch_max_records is not an integer from 1 to 100000",
        ),
        (
            json!({ "kind": "http", "url": url, "document_max_bytes": 5_000_000 }),
            vec![],
            "DESTINATIONS.siem.document_max_bytes is larger than DESTINATIONS.siem.batch_max_bytes",
        ),
        (
            json!({ "kind": "http", "url": url, "headers": "{}" }),
            vec![],
            "DESTINATIONS.siem.headers is a secret, which does not belong in a file: take it out, and set it with `npx wrangler secret put SIEM_HEADERS`",
        ),
        (
            json!({ "kind": "http", "url": url }),
            vec![("SIEM_HEADERS", "x")],
            "SIEM_HEADERS is not a JSON object of header names and texts",
        ),
        (
            json!({ "kind": "http", "url": url, "datasets": "dns_logs" }),
            vec![],
            "DESTINATIONS.siem.datasets is no list of datasets, as [\"firewall_events\"]: leave it out, and the destination gets all",
        ),
        (
            json!({ "kind": "http", "url": url, "datasets": [] }),
            vec![],
            "DESTINATIONS.siem.datasets is no list of datasets",
        ),
        (
            json!({ "kind": "http", "url": url, "datasets": ["dns_log"] }),
            vec![],
            "DESTINATIONS.siem.datasets has \"dns_log\", which is no dataset: do you mean dns_logs?",
        ),
        (
            json!({ "kind": "http", "url": url, "rules": {} }),
            vec![],
            "DESTINATIONS.siem.rules is no list of tables",
        ),
        (
            json!({ "kind": "http", "url": url }),
            vec![("RULES_SIEM", "[1]")],
            "RULES_SIEM is no list of tables",
        ),
        (
            json!({ "kind": "http", "url": url, "rules": [] }),
            vec![("RULES_SIEM", "[]")],
            "DESTINATIONS.siem.rules stand in RULES_SIEM too: put all of them into one place",
        ),
        (json!("sekoia"), vec![], "DESTINATIONS.siem is no table"),
        (
            json!({ "kind": "elasticsearch", "url": url, "shape": "native" }),
            vec![],
            "DESTINATIONS.siem.shape is native, and a destination of kind elasticsearch takes ecs only",
        ),
        (
            json!({ "kind": "elasticsearch", "url": url, "batch_max_records": 5001 }),
            vec![],
            "DESTINATIONS.siem.batch_max_records is more than a destination of kind elasticsearch takes, 5000",
        ),
        (
            json!({ "kind": "elasticsearch", "url": url, "username": "u" }),
            vec![],
            "SIEM_PASSWORD is not set, and DESTINATIONS.siem.username is",
        ),
        (
            json!({ "kind": "http", "url": "x", "gzip": 2, "shape": "ECS" }),
            vec![],
            "DESTINATIONS.siem.shape is none of ecs, native, raw; DESTINATIONS.siem.url is not an https:// URL; DESTINATIONS.siem.gzip is neither true nor false",
        ),
    ] {
        let found = problems_of(members.clone(), &texts);
        let kinds: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
        let expected = &expected.replace("{KINDS}", &kinds.join(", "));
        assert!(
            if expected.is_empty() {
                found.is_empty()
            } else {
                found.starts_with(expected)
            },
            "{members}\n{found}"
        );
        assert!(found.matches("DESTINATIONS.siem").count() <= 3, "{found}");
    }
}

#[test]
fn a_wrong_destination_stops_no_other_and_keeps_its_uploads() {
    let tables = json!({
        "lake": { "kind": "http", "url": "https://lake.example" },
        "My SIEM": { "kind": "http", "url": "https://siem.example", "datasets": ["dns_logs"] },
        "other": { "kind": "http", "url": "ftp://x", "datasets": ["dns_logs", "nonsense"] },
    });
    let configuration = read(&tables, &[SECRET]);
    assert!(configuration.ingest.is_ok());
    assert_eq!(names(&configuration), ["lake", "my-siem", "other"]);
    assert!(configuration.destination("lake").unwrap().setup.is_ok());
    let siem = configuration.destination("my-siem").unwrap();
    assert!(
        problems(siem)
            .concat()
            .starts_with("DESTINATIONS.My SIEM is no name of a destination")
    );
    assert!(problems(siem).concat().ends_with("such as `my-siem`"));
    for entry in ["my-siem", "other"].map(|name| configuration.destination(name).unwrap()) {
        assert!(entry.datasets.have(datasets::by_name("dns_logs")));
        assert!(!entry.datasets.have(datasets::by_name("http_requests")));
    }
    // What takes uploads in is wrong: that stops uploads, and no destination.
    let unsafe_ = read(&tables, &[]);
    assert_eq!(
        unsafe_.ingest.unwrap_err()[0].to_string(),
        "LOGPUSH_SECRET is not set"
    );
    assert!(unsafe_.destinations.is_ok());
}

#[test]
fn tables_that_nobody_can_tell_apart_are_no_configuration() {
    let many: serde_json::Map<_, _> = (0..17).map(|n| (format!("a{n}"), json!({}))).collect();
    for (tables, expected) in [
        (json!([]), "DESTINATIONS is no object of tables"),
        (json!("text"), "DESTINATIONS is no object of tables"),
        (
            Value::Object(many),
            "DESTINATIONS has 17 tables, and 16 are the most",
        ),
        (
            json!({ "x": "y".repeat(70_000) }),
            "DESTINATIONS is larger than any variable",
        ),
        (
            json!({ "SIEM": {}, "siem": {} }),
            "DESTINATIONS.SIEM is no name",
        ),
    ] {
        let configuration = read(&tables, &[SECRET, ("SEKOIA_INTAKE_KEY", "key")]);
        let problems = configuration.destinations.unwrap_err();
        assert!(
            problems[0].to_string().starts_with(expected),
            "{problems:?}"
        );
        assert!(configuration.ingest.is_ok());
    }
    // It may arrive as text, too.
    let text = r#"{"siem":{"kind":"http","url":"https://siem.example"}}"#;
    assert_eq!(
        names(&read(&Value::Null, &[("DESTINATIONS", text)])),
        ["siem"]
    );
}

#[test]
fn names_that_collide_are_named() {
    let http = json!({ "kind": "http", "url": "https://siem.example" });
    let sekoia = json!({ "kind": "sekoia" });
    let rename = "rename the table, as";
    for (tables, wrong, expected) in [
        (
            json!({ "sekoia": sekoia }),
            vec!["sekoia"],
            format!(
                "DESTINATIONS.sekoia needs SEKOIA_INTAKE_KEY, which is a setting of the Worker: {rename} sekoia-1"
            ),
        ),
        (
            json!({ "http": http }),
            vec!["http"],
            format!(
                "DESTINATIONS.http needs HTTP_HEADERS, which is a setting of the Worker: {rename} http-1"
            ),
        ),
        (
            json!({ "sekoia": http, "http": sekoia }),
            vec![],
            String::new(),
        ),
        (
            json!({ "rules": sekoia, "intake-key": http }),
            vec!["intake-key", "rules"],
            "needs RULES_INTAKE_KEY, and DESTINATIONS.".to_owned(),
        ),
        (
            json!({ "a": sekoia, "a-intake-key-dns-logs": http, "b": http }),
            vec![],
            String::new(),
        ),
    ] {
        let configuration = read(&tables, &[]);
        let entries = configuration.destinations.unwrap();
        let collide = |entry: &&Entry| problems(entry).concat().contains(" needs ");
        let found: Vec<_> = entries.iter().filter(collide).collect();
        let names: Vec<_> = found.iter().map(|entry| &*entry.name).collect();
        assert_eq!(names, wrong, "{tables}");
        assert!(
            found
                .iter()
                .all(|entry| problems(entry)[0].contains(&expected)),
            "{found:?}"
        );
    }
    let configuration = read(&json!({ "default": http }), &[("SHAPE", "ecs")]);
    assert_eq!(names(&configuration), ["default"]);
    assert!(
        problems(configuration.destination("default").unwrap())[0]
            .starts_with("DESTINATIONS.default is what flat variables configure too")
    );
    assert!(
        read(&json!({ "default": http }), &[])
            .destination("default")
            .unwrap()
            .setup
            .is_ok()
    );
}

#[test]
fn a_sentence_has_the_names_of_the_destination_that_it_is_about() {
    let tables = json!({ "siem": { "kind": "http", "url": "https://siem.example" } });
    let configuration = read(
        &tables,
        &[("DESTINATION", "http"), ("HTTP_URL", "https://x.example")],
    );
    let sentence = "set HTTP_ACCEPT, HTTP_HEADERS or SHAPE; not HTTP_ACCEPTS";
    let of = |name| {
        configuration
            .destination(name)
            .unwrap()
            .setup
            .as_ref()
            .unwrap()
            .translate(sentence)
    };
    assert_eq!(
        of("siem"),
        "set DESTINATIONS.siem.accept, SIEM_HEADERS or DESTINATIONS.siem.shape; not HTTP_ACCEPTS"
    );
    assert_eq!(of("default"), sentence);
}
