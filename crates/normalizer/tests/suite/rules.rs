//! What leaves, how much of it, and what nobody may see.

use std::collections::BTreeSet;

use logpush_normalizer::{Batch, Config, RuleCount, Rules, Shape, Summary, datasets};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{CHUNKS, at, config, fewer, run};

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";

/// The rules, which have no problem.
pub(crate) fn rules(json: &Value) -> Rules {
    let read = Rules::read(json);
    assert_eq!(read.errors, [], "{json}");
    read.rules.with_key(KEY).unwrap()
}

struct Outcome {
    documents: Vec<Value>,
    batches: Vec<Batch>,
    summary: Summary,
}

/// What becomes of an upload, in whatever pieces it comes.
fn ruled(config: &Config, upload: &str) -> Outcome {
    let whole = run(config.clone(), upload.as_bytes(), upload.len()).unwrap();
    if upload.len() < 64 * 1024 {
        for &chunk in CHUNKS {
            let other = run(config.clone(), upload.as_bytes(), chunk).unwrap();
            assert!(other == whole, "in chunks of {chunk}");
        }
    }
    let (batches, summary) = whole;
    let documents = batches.iter().flat_map(Batch::documents);
    let documents = documents.map(|document| serde_json::from_slice(document.text).unwrap());
    Outcome {
        documents: documents.collect(),
        batches,
        summary,
    }
}

fn of(dataset: &str, shape: Shape, json: &Value) -> Config {
    Config {
        dataset: datasets::by_name(dataset),
        rules: rules(json),
        ..config(shape)
    }
}

/// Whether a record fits a comparison.
fn fits(key: &str, operator: &str, value: &Value, record: &str) -> bool {
    let drop = json!([{
        "name": "r",
        "where": {"key": key, "operator": operator, "value": value},
        "action": "drop",
    }]);
    let outcome = ruled(&of("firewall_events", Shape::Ecs, &drop), record);
    assert_eq!(outcome.summary.records, 1, "{record}");
    assert_eq!(outcome.summary.dropped, outcome.summary.rules[0].fits);
    outcome.documents.is_empty()
}

#[test]
#[wasm]
#[rustfmt::skip]
fn a_comparison_is_logpushs() {
    for (field, operator, value, expected) in [
        // Texts.
        (r#""block""#,  "eq",         json!("block"),   true),
        (r#""Block""#,  "eq",         json!("block"),   false),
        (r#""bl\u006fck""#, "eq",     json!("block"),   true),
        (r#""block""#,  "startsWith", json!("bl"),      true),
        (r#""block""#,  "startsWith", json!("ock"),     false),
        (r#""block""#,  "endsWith",   json!("ock"),     true),
        (r#""block""#,  "endsWith",   json!("bl"),      false),
        (r#""block""#,  "contains",   json!("loc"),     true),
        (r#""block""#,  "contains",   json!("lock2"),   false),
        (r#""block""#,  "in",         json!(["a", "block"]), true),
        (r#""block""#,  "in",         json!(["a", 1]),  false),
        (r#""block""#,  "lt",         json!(5),         false),
        (r#""block""#,  "geq",        json!(5),         false),
        // Numbers, and texts that are numbers.
        ("30",          "eq",         json!(30),        true),
        ("30",          "eq",         json!("30"),      true),
        ("30.0",        "eq",         json!(30),        true),
        (r#""30""#,     "eq",         json!(30),        true),
        ("30",          "lt",         json!(31),        true),
        ("30",          "lt",         json!(30),        false),
        ("30",          "lt",         json!("31"),      true),
        (r#""9""#,      "lt",         json!(30),        true),
        ("30",          "leq",        json!(30),        true),
        ("30",          "gt",         json!(29.5),      true),
        ("30",          "gt",         json!(30),        false),
        ("30",          "geq",        json!(30),        true),
        ("-1",          "lt",         json!(0),         true),
        ("1657630626219000001", "gt", json!(1_657_630_626_219_000_000_u64), true),
        ("200",         "in",         json!([200, 201]), true),
        ("200",         "in",         json!(["200"]),   true),
        ("204",         "in",         json!([200, 201]), false),
        ("200",         "startsWith", json!("20"),      true),
        // Booleans.
        ("true",        "eq",         json!(true),      true),
        ("true",        "eq",         json!(false),     false),
        (r#""true""#,   "eq",         json!(true),      true),
        ("true",        "in",         json!([true]),    true),
        // What is missing, null or empty is as an empty text.
        ("null",        "eq",         json!(""),        true),
        (r#""""#,       "eq",         json!(""),        true),
        ("[]",          "eq",         json!(""),        true),
        ("null",        "eq",         json!("a"),       false),
        ("null",        "lt",         json!(1),         false),
        ("null",        "startsWith", json!("a"),       false),
        ("null",        "contains",   json!("a"),       false),
        ("null",        "in",         json!(["", "a"]), true),
        // Lists: any element.
        (r#"["a","b"]"#, "eq",        json!("b"),       true),
        (r#"["a","b"]"#, "eq",        json!("c"),       false),
        (r#"["ab","c"]"#, "contains", json!("b"),       true),
        ("[1,20]",      "gt",         json!(10),        true),
        ("[1,[20]]",    "gt",         json!(10),        true),
        (r#"["a"]"#,    "in",         json!(["a"]),     true),
        // An object is nothing that compares.
        (r#"{"a":1}"#,  "eq",         json!(""),        false),
        (r#"{"a":1}"#,  "contains",   json!("a"),       false),
    ] {
        let negated = format!("!{operator}");
        // A field that the table does not have, one that it has, a member, and one in a list of objects.
        for (key, record) in [
            ("New", format!(r#"{{"New":{field}}}"#)),
            ("Source", format!(r#"{{"Source":{field}}}"#)),
            ("Metadata.x.y", format!(r#"{{"Metadata":{{"x":{{"y":{field}}}}}}}"#)),
            ("New.x", format!(r#"{{"New":{{"x":{field}}}}}"#)),
            ("Metadata.y", format!(r#"{{"Metadata":[{{"y":{field}}},{{"z":1}}]}}"#)),
        ] {
            assert_eq!(fits(key, operator, &value, &record), expected, "{key} {operator} {value}: {record}");
            assert_eq!(fits(key, &negated, &value, &record), !expected, "{key} {negated} {value}: {record}");
        }
    }
    for key in ["Action", "New", "Metadata.x", "New.x"] {
        assert!(fits(key, "eq", &json!(""), "{}"), "{key}");
        assert!(fits(key, "!eq", &json!("a"), "{}"), "{key}");
        assert!(!fits(key, "gt", &json!(0), "{}"), "{key}");
    }
    // Another name of the field, and another case.
    assert!(fits("Metadata.X", "eq", &json!(1), r#"{"metadata":{"x":1}}"#));
    assert!(fits("action", "eq", &json!("a"), r#"{"Action":"a"}"#));
}

#[test]
#[wasm]
fn conditions_are_joined() {
    let a = json!({"key": "A", "operator": "eq", "value": 1});
    let b = json!({"key": "B", "operator": "eq", "value": 1});
    let c = json!({"key": "C", "operator": "eq", "value": 1});
    for (condition, expected) in [
        (json!({"and": [a, b, c]}), vec!["ABC"]),
        (
            json!({"or": [a, b]}),
            vec!["A", "B", "AB", "AC", "BC", "ABC"],
        ),
        (json!({"and": [a, {"or": [b, c]}]}), vec!["AB", "AC", "ABC"]),
        (
            json!({"or": [{"and": [a, b]}, c]}),
            vec!["C", "AB", "AC", "BC", "ABC"],
        ),
    ] {
        let json = json!([{"name": "r", "where": condition, "action": "drop"}]);
        let config = of("firewall_events", Shape::Raw, &json);
        for names in ["", "A", "B", "C", "AB", "AC", "BC", "ABC"] {
            let members: Vec<_> = names.chars().map(|name| format!("\"{name}\":1")).collect();
            let record = format!("{{{}}}", members.join(","));
            let is_dropped = ruled(&config, &record).documents.is_empty();
            assert_eq!(
                is_dropped,
                expected.contains(&names),
                "{condition}: {names}"
            );
        }
    }
}

#[test]
#[wasm]
fn the_first_action_that_fits_decides() {
    let is = |value: &str| json!({"key": "Action", "operator": "eq", "value": value});
    let json = json!([
        {"name": "other", "datasets": ["dns_logs"], "action": "drop"},
        {"name": "keep", "where": is("block"), "action": "keep"},
        {"name": "drop", "where": {"key": "Action", "operator": "startsWith", "value": "b"}, "action": "drop"},
        {"name": "late", "where": is("bypass"), "action": "keep"},
    ]);
    let upload = "{\"Action\":\"block\"}\n{\"Action\":\"bypass\"}\n{\"Action\":\"allow\"}\noops";
    let outcome = ruled(&of("firewall_events", Shape::Ecs, &json), upload);
    assert_eq!(outcome.documents.len(), 3);
    assert_eq!((outcome.summary.records, outcome.summary.dropped), (4, 1));
    let count = |name: &str, fits, dropped| RuleCount {
        name: name.to_owned(),
        fits,
        dropped,
    };
    assert_eq!(
        outcome.summary.rules,
        [
            count("other", 0, 0),
            count("keep", 1, 0),
            count("drop", 1, 1),
            count("late", 0, 0)
        ]
    );
}

/// Every record is in the range of one batch, and each document has its own number.
#[test]
#[wasm]
fn batches_answer_for_what_was_dropped() {
    let json = json!([{
        "name": "odd",
        "where": {"key": "Keep", "operator": "!eq", "value": true},
        "action": "drop",
    }]);
    for (kept, len) in [
        (vec![], 10),
        (vec![0], 10),
        (vec![9], 10),
        (vec![2, 3, 7], 10),
        (vec![1, 4, 5], 6),
        // More than a range covers.
        (vec![], 250_000),
        (vec![120_000, 249_999], 250_000),
    ] {
        for batch_records in [1, 2, 1000] {
            let mut config = of("firewall_events", Shape::Raw, &json);
            config.limits.batch_records = batch_records;
            let upload: String = (0..len)
                .map(|number| match kept.contains(&number) {
                    true => format!("{{\"n\":{number},\"Keep\":true}}\n"),
                    false => format!("{{\"n\":{number}}}\n"),
                })
                .collect();
            let outcome = ruled(&config, &upload);
            let mut next = 0;
            for batch in &outcome.batches {
                for (place, range) in batch.records.iter().enumerate() {
                    assert_eq!(range.start, next);
                    assert!(range.end - range.start <= 100_001);
                    next = range.end;
                    if let Some(document) = batch.get(place) {
                        let document: Value = serde_json::from_slice(document.text).unwrap();
                        assert_eq!(document["n"], range.end - 1);
                    }
                }
            }
            assert_eq!(next, len);
            assert_eq!(outcome.documents.len(), kept.len());
        }
    }
}

fn requests(count: usize) -> String {
    (0..count)
        .map(|number| format!("{{\"RayID\":\"{number:016x}\",\"EdgeResponseStatus\":200}}\n"))
        .collect()
}

fn kept_rays(outcome: &Outcome) -> BTreeSet<String> {
    let rays = outcome.documents.iter().map(|document| &document["RayID"]);
    rays.map(Value::to_string).collect()
}

#[test]
#[wasm]
fn a_sample_has_its_rate_and_is_the_same_every_time() {
    let count = fewer(20_000);
    let upload = requests(count);
    for rate in [0.5_f64, 0.1, 0.01] {
        let json = json!([{"name": "s", "action": "sample", "rate": rate}]);
        let config = of("http_requests", Shape::Raw, &json);
        let outcome = ruled(&config, &upload);
        let kept = kept_rays(&outcome);
        let expected = count as f64 * rate;
        let sigma = (expected * (1.0 - rate)).sqrt();
        let distance = (kept.len() as f64 - expected).abs();
        assert!(distance < 3.0 * sigma, "{} of {expected}", kept.len());
        assert_eq!(kept_rays(&ruled(&config, &upload)), kept);
        // All events of a request, whatever their dataset.
        let config = of("firewall_events", Shape::Raw, &json);
        assert_eq!(kept_rays(&ruled(&config, &upload)), kept);
        // Without the key it is another sample: a client could compute it.
        let without = Config {
            rules: Rules::read(&json).rules,
            ..config
        };
        assert_ne!(kept_rays(&ruled(&without, &upload)), kept);
        assert_eq!(
            outcome.documents[0]["labels"]["sample_rate"],
            rate.to_string()
        );
    }
    let json = json!([{"name": "s", "action": "sample", "rate": 1}]);
    let outcome = ruled(&of("http_requests", Shape::Ecs, &json), &requests(10));
    assert_eq!(outcome.documents.len(), 10);
    assert_eq!(at(&outcome.documents[0], "labels.sample_rate"), "1");
}

#[test]
#[wasm]
fn what_was_blocked_or_challenged_is_no_part_of_a_sample() {
    let tiny = |security: bool| json!([{"name": "s", "action": "sample", "rate": 1e-9, "sample_security": security}]);
    for (dataset, members, is_security) in [
        ("firewall_events", r#""Action":"block""#, true),
        ("firewall_events", r#""Action":"managedChallenge""#, true),
        ("firewall_events", r#""Action":"log""#, false),
        ("firewall_events", r#""Action":"allow""#, false),
        ("http_requests", r#""SecurityAction":"jschallenge""#, true),
        (
            "http_requests",
            r#""SecurityActions":["log","block"]"#,
            true,
        ),
        (
            "http_requests",
            r#""FirewallMatchesActions":["block"]"#,
            true,
        ),
        (
            "http_requests",
            r#""SecurityAction":"","SecurityActions":[]"#,
            false,
        ),
        ("gateway_http", r#""Action":"block""#, true),
    ] {
        let record = format!("{{\"RayID\":\"1\",{members}}}");
        let kept = |security| {
            let config = of(dataset, Shape::Ecs, &tiny(security));
            ruled(&config, &record).documents
        };
        assert_eq!(kept(false).len(), usize::from(is_security), "{record}");
        assert!(kept(true).is_empty(), "{record}");
        for document in kept(false) {
            assert_eq!(at(&document, "labels.sample_rate"), &Value::Null);
        }
    }
}

#[test]
#[wasm]
fn fields_are_treated_wherever_they_go() {
    let record = r#"{"ClientIP":"203.0.113.77","ClientRequestUserAgent":"curl","EdgeServerIP":"2001:db8:1:2::3","RayID":"r","FraudUserID":"u","RequestHeaders":{"a":"x","b":["y"]},"New":"n"}"#;
    let treated = |fields: Value| {
        let json = json!([{"name": "f", "fields": fields}]);
        [Shape::Ecs, Shape::Raw].map(|shape| {
            let outcome = ruled(&of("http_requests", shape, &json), record);
            assert_eq!(outcome.summary.rules[0].fits, 1);
            assert_eq!(outcome.summary.invalid_values, 0, "{fields}");
            outcome.documents[0].clone()
        })
    };
    let [ecs, raw] = treated(json!({"ClientIP": "truncate", "EdgeServerIP": "truncate"}));
    assert_eq!(at(&ecs, "source.ip"), "203.0.113.0");
    assert_eq!(at(&ecs, "source.address"), "203.0.113.0");
    assert_eq!(at(&ecs, "observer.ip"), &json!(["2001:db8:1::"]));
    assert_eq!(
        at(&ecs, "related.ip"),
        &json!(["203.0.113.0", "2001:db8:1::"])
    );
    assert_eq!(raw["ClientIP"], "203.0.113.0");
    assert_eq!(raw["labels"], Value::Null);

    let [ecs, raw] = treated(json!({"ip": "hash"}));
    let pseudonym = at(&ecs, "source.address").clone();
    assert_eq!(pseudonym.as_str().unwrap().len(), 64);
    assert_eq!(at(&ecs, "source.ip"), &Value::Null);
    assert_eq!(at(&ecs, "related.ip"), &Value::Null);
    assert_eq!(at(&ecs, "cloudflare.ClientIP"), &Value::Null);
    assert_eq!(raw["ClientIP"], pseudonym);
    let server = at(&ecs, "cloudflare.EdgeServerIP").clone();
    assert_eq!(at(&ecs, "related.hash"), &json!([pseudonym, server]));
    assert_eq!(raw["EdgeServerIP"], server);
    let key = at(&ecs, "labels.pseudonym_key");
    assert_eq!(key.as_str().unwrap().len(), 8);
    assert_eq!(&raw["labels"]["pseudonym_key"], key);

    let [ecs, raw] = treated(json!({"source.ip": "mask", "ClientRequestUserAgent": "remove"}));
    assert_eq!(at(&ecs, "source"), &Value::Null);
    assert_eq!(at(&ecs, "cloudflare.ClientIP"), "[masked]");
    assert_eq!(at(&ecs, "user_agent"), &Value::Null);
    assert_eq!(raw["ClientIP"], "[masked]");
    assert!(raw.get("ClientRequestUserAgent").is_none());

    let [ecs, raw] = treated(
        json!({"user.id": "hash", "New": "mask", "RequestHeaders.a": "mask", "RequestHeaders.b": "remove"}),
    );
    assert_eq!(at(&ecs, "user"), &Value::Null);
    assert_eq!(at(&ecs, "related.hash"), &json!([raw["FraudUserID"]]));
    assert_eq!(at(&ecs, "cloudflare.FraudUserID"), &raw["FraudUserID"]);
    assert_eq!(at(&ecs, "cloudflare.New"), "[masked]");
    for headers in [
        &raw["RequestHeaders"],
        at(&ecs, "cloudflare.RequestHeaders"),
    ] {
        assert_eq!(headers, &json!({"a": "[masked]", "b": [null]}));
    }
}

#[test]
#[wasm]
fn members_are_taken_out_with_their_commas() {
    let record = r#"{"A":1,"Action":"a","B":2,"C":"x","Source":"s"}"#;
    let names = ["A", "Action", "B", "C", "Source"];
    for set in 1_u32..32 {
        let removed: Vec<&str> = (0..5)
            .filter(|bit| set >> bit & 1 == 1)
            .map(|bit| names[bit])
            .collect();
        let fields: Value = removed
            .iter()
            .map(|name| (name.to_owned().to_owned(), json!("remove")))
            .collect();
        let json = json!([{"name": "f", "fields": fields}]);
        for shape in [Shape::Raw, Shape::Native, Shape::Ecs] {
            let outcome = ruled(&of("firewall_events", shape, &json), record);
            let document = &outcome.documents[0];
            for name in names {
                let has = match shape {
                    Shape::Raw | Shape::RawJson | Shape::Native => document.get(name).is_some(),
                    Shape::Ecs if name == "Action" => at(document, "event.action").is_string(),
                    Shape::Ecs if name == "Source" => at(document, "event.module").is_string(),
                    Shape::Ecs => !at(document, &format!("cloudflare.{name}")).is_null(),
                };
                assert_eq!(has, !removed.contains(&name), "{removed:?} {document}");
            }
        }
    }
}

#[test]
#[wasm]
fn queries_are_masked_in_every_copy() {
    let json = json!([{"name": "q", "mask_query": ["token"]}]);
    let record = r#"{"ClientRequestHost":"example.com","ClientRequestPath":"/a","ClientRequestScheme":"https","ClientRequestURI":"/a?token=secret\u0026b=c","ClientRequestReferer":"https://example.com/?x=1&TOKEN=secret","RequestHeaders":{"referer":["https://example.com/?token=secret"]},"New":"token=secret"}"#;
    for shape in [Shape::Ecs, Shape::Native, Shape::Raw] {
        let config = Config {
            keep_original: true,
            ..of("http_requests", shape, &json)
        };
        let outcome = ruled(&config, record);
        let text = outcome.documents[0].to_string();
        assert!(!text.contains("secret"), "{text}");
        if shape == Shape::Ecs {
            let document = &outcome.documents[0];
            assert_eq!(at(document, "url.query"), "token=[masked]&b=c");
            assert_eq!(
                at(document, "http.request.referrer"),
                "https://example.com/?x=1&TOKEN=[masked]"
            );
        }
    }
}

#[test]
#[wasm]
fn the_id_of_a_changed_event_is_keyed() {
    let ids = |json: &Value, dataset: &str, upload: &str| -> Vec<[u8; 16]> {
        let outcome = ruled(&of(dataset, Shape::Ecs, json), upload);
        outcome
            .batches
            .into_iter()
            .flat_map(|batch| batch.ids)
            .collect()
    };
    let cut = json!([{"name": "f", "datasets": ["http_requests"], "fields": {"ip": "truncate"}}]);
    let upload = "{\"ClientIP\":\"203.0.113.7\"}\n{\"RayID\":\"a\"}\n{\"RayID\":\"a\"}\noops";
    let keyed = ids(&cut, "http_requests", upload);
    let plain = ids(&json!([]), "http_requests", upload);
    let different: BTreeSet<_> = keyed.iter().chain(&plain).collect();
    assert_eq!(different.len(), 8);
    assert_eq!(keyed, ids(&cut, "http_requests", upload));
    // Where no rule changes fields, ids are those of other destinations.
    assert_eq!(
        ids(&cut, "firewall_events", upload),
        ids(&json!([]), "firewall_events", upload)
    );
}

#[test]
#[wasm]
fn later_rules_see_what_earlier_ones_left() {
    let json = json!([
        {"name": "cut", "fields": {"ClientIP": "truncate"}},
        // A condition is of the record as it came.
        {"name": "hash", "where": {"key": "ClientIP", "operator": "eq", "value": "203.0.113.7"}, "fields": {"ClientIP": "hash"}},
    ]);
    let pseudonym = |ip: &str| {
        let upload = format!("{{\"ClientIP\":\"{ip}\"}}");
        let outcome = ruled(&of("http_requests", Shape::Raw, &json), &upload);
        outcome.documents[0]["ClientIP"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(pseudonym("203.0.113.8"), "203.0.113.0");
    let hashed = json!([{"name": "hash", "fields": {"ClientIP": "hash"}}]);
    let outcome = ruled(
        &of("http_requests", Shape::Raw, &hashed),
        "{\"ClientIP\":\"203.0.113.0\"}",
    );
    assert_eq!(pseudonym("203.0.113.7"), outcome.documents[0]["ClientIP"]);
}

#[test]
#[wasm]
#[rustfmt::skip]
fn problems_are_told_with_the_nearest_names() {
    let where_ = |key: &str, operator: &str, value: Value| json!({"key": key, "operator": operator, "value": value});
    let drop = |condition: Value| json!([{"name": "r", "datasets": ["http_requests"], "where": condition, "action": "drop"}]);
    for (json, error, warning) in [
        (json!({}), "rules: rules are a list of tables", ""),
        (json!([1]), "rule 1: a rule is a table", ""),
        (json!([{"action": "drop"}]), "rule 1: a rule needs a `name`", ""),
        (json!([{"name": "A b", "action": "drop"}]), "rule 1: a rule needs a `name`", ""),
        (json!([{"name": "r", "action": "drop"}, {"name": "r", "action": "keep"}]), "rule `r`: another rule has the same name", ""),
        (json!([{"name": "r"}]), "rule `r`: a rule needs an `action`, `fields` or `mask_query`", ""),
        (json!([{"name": "r", "acton": "drop"}]), "rule `r`: `acton` is no part of a rule, perhaps `action`", ""),
        (json!([{"name": "r", "action": "dorp"}]), "rule `r`: `action` is keep, drop or sample, perhaps `drop`", ""),
        (json!([{"name": "r", "action": "drop", "datasets": ["http_request"]}]), "rule `r`: `http_request` is no dataset, perhaps `http_requests`", ""),
        (json!([{"name": "r", "action": "drop", "datasets": []}]), "rule `r`: `datasets` is a list", ""),
        (json!([{"name": "r", "action": "drop", "rate": 0.1}]), "rule `r`: `rate` belongs to", ""),
        (json!([{"name": "r", "action": "sample"}]), "rule `r`: `sample` needs a `rate`", ""),
        (json!([{"name": "r", "action": "sample", "rate": 0}]), "rule `r`: `sample` needs a `rate`", ""),
        (json!([{"name": "r", "action": "sample", "rate": 1.1}]), "rule `r`: `sample` needs a `rate`", ""),
        (json!([{"name": "r", "action": "sample", "rate": 0.1, "by": "RayId2"}]), "", "rule `r`: `RayId2` is no field of any dataset that is known, perhaps `RayID`"),
        (json!([{"name": "r", "fields": {"ip": "hide"}}]), "rule `r`: `ip` can be remove, mask, hash or truncate", ""),
        (json!([{"name": "r", "fields": {"ip": "hsh"}}]), "rule `r`: `ip` can be remove, mask, hash or truncate, perhaps `hash`", ""),
        (json!([{"name": "r", "fields": {}}]), "rule `r`: `fields` is a table", ""),
        (json!([{"name": "r", "fields": {"ip": "truncate"}, "ipv4_bits": 33}]), "rule `r`: `ipv4_bits` is a number from 0 to 31", ""),
        (json!([{"name": "r", "mask_query": "token"}]), "rule `r`: `mask_query` is a list", ""),
        (json!([{"name": "r", "datasets": ["dns_logs"], "fields": {"ClientIP": "mask"}}]), "", "rule `r`: `ClientIP` is no field of dns_logs that is known"),
        (json!([{"name": "r", "fields": {"source.ipp": "mask"}}]), "", "perhaps `source.ip`"),
        (drop(where_("EdgeResponseStatus", "lessThan", json!(1))), "rule `r`: `lessThan` is no operator", ""),
        (drop(where_("EdgeResponseStatus", "lte", json!(1))), "perhaps `lt`", ""),
        (drop(where_("EdgeResponseStatus", "lt", json!("many"))), "rule `r`: `lt` compares `EdgeResponseStatus` with a number, and never fits \"many\"", ""),
        (drop(where_("EdgeResponseStatus", "in", json!(200))), "`in` compares `EdgeResponseStatus` with a list", ""),
        (drop(where_("EdgeResponseStatus", "in", json!([]))), "`in` compares `EdgeResponseStatus` with a list", ""),
        (drop(where_("ClientRequestHost", "startsWith", json!(true))), "with a text that is not empty", ""),
        (drop(where_("ClientRequestHost", "eq", json!({}))), "with a text, a number or a boolean", ""),
        (drop(json!({"and": []})), "`and` is a list of conditions", ""),
        (drop(json!({"and": [], "or": []})), "`where` has `and`", ""),
        (drop(json!("x")), "`where` is a table", ""),
        (drop(json!({"operator": "eq", "value": 1})), "`where` needs `key`", ""),
        (drop(json!({"key": "RayID", "value": 1})), "needs an `operator`", ""),
        (drop(json!({"key": "RayID", "operator": "eq"})), "needs a `value`", ""),
        (drop(where_("ClientIp2", "eq", json!(1))), "", "rule `r`: `ClientIp2` is no field of http_requests that is known, perhaps `ClientIP`"),
    ] {
        let read = Rules::read(&json);
        for (found, expected) in [(&read.errors, error), (&read.warnings, warning)] {
            let text: Vec<_> = found.iter().map(ToString::to_string).collect();
            let text = text.join("\n");
            assert!(text.contains(expected), "{json}: {text}");
            assert_eq!(text.is_empty(), expected.is_empty(), "{json}: {text}");
        }
    }
    let deep = (0..20).fold(where_("RayID", "eq", json!(1)), |inner, _| json!({"and": [inner]}));
    assert!(Rules::read(&drop(deep)).errors[0].what.contains("deeper"));
    assert!(Rules::default().with_key("short").is_err());
}
