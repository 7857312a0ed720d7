//! The tables hold against ECS, and the check of documents against it finds what is wrong.

use std::collections::BTreeSet;

use logpush_normalizer::datasets::DATASETS;
use logpush_normalizer::{Shape, Target};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{config, documents, flat};
use crate::ecs::{FIELDS, check};
use crate::fields::EVERY_FIELD;

/// The ECS fields that a target writes.
fn paths(target: Target) -> Vec<String> {
    match target {
        Target::Keep(_) => Vec::new(),
        Target::Domain(path) => {
            let group = path.strip_suffix("domain").unwrap();
            [
                "domain",
                "registered_domain",
                "subdomain",
                "top_level_domain",
            ]
            .map(|name| format!("{group}{name}"))
            .into()
        }
        Target::Text(path)
        | Target::Integer(path)
        | Target::Ip(path)
        | Target::Timestamp(path)
        | Target::Host(path)
        | Target::Port(path)
        | Target::Query(path)
        | Target::HttpVersion(path)
        | Target::HttpProtocol(path)
        | Target::TlsProtocol(path)
        | Target::TlsVersion(path)
        | Target::CountryCode(path)
        | Target::CountryName(path)
        | Target::ActionType(path)
        | Target::Module(path) => vec![path.to_owned()],
    }
}

#[test]
#[wasm]
fn every_target_of_every_table_is_a_field_of_ecs() {
    for dataset in DATASETS {
        let constants = dataset.constants.iter().map(|(path, _)| (*path).to_owned());
        let targets = dataset.rows.iter().flat_map(|row| row.targets);
        for path in constants.chain(targets.flat_map(|target| paths(*target))) {
            assert!(
                FIELDS.iter().any(|(name, ..)| *name == path),
                "{}: {path}",
                dataset.name
            );
        }
    }
}

#[test]
#[wasm]
fn every_field_listed_here_is_written_by_some_record() {
    let mut config = config(Shape::Ecs);
    config.keep_original = true;
    config.limits.document_bytes = 8 * 1024;
    let long = format!(r#"{{"Description":"{}"}}"#, "long ".repeat(2000));
    let upload = format!("{EVERY_FIELD}\n{long}");
    let written: BTreeSet<String> = documents(config, upload.as_bytes())
        .iter()
        .flat_map(|document| flat(document).into_keys())
        .filter(|path| !path.starts_with("cloudflare."))
        .map(|path| path.replace("labels.truncated", "labels"))
        .collect();
    let listed: BTreeSet<String> = FIELDS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(written, listed);
}

#[test]
#[wasm]
fn the_check_refuses_what_is_not_ecs() {
    let valid = json!({
        "@timestamp": "2022-07-12T12:57:06.219000Z",
        "ecs": {"version": "9.4.0"},
        "event": {
            "category": ["network"],
            "id": "7301221ebb04b3bc3c9e1de64a486aa8",
            "kind": "event",
            "type": ["denied"],
        },
        "related": {"ip": ["192.0.2.1"]},
        "source": {"ip": "192.0.2.1", "port": 443},
    });
    check(&valid).unwrap();
    for (path, value) in [
        ("/@timestamp", json!(1_657_630_626)),
        ("/@timestamp", json!("2022-07-12T12:57:06Z")),
        ("/@timestamp", json!("2022-13-12T12:57:06.219000Z")),
        ("/ecs", json!({})),
        ("/event/category", json!("network")),
        ("/event/category", json!(["firewall"])),
        ("/event/id", json!("1")),
        ("/event/kind", json!("alarm")),
        ("/event/type", json!(["error"])),
        ("/event/type", json!([])),
        ("/related/ip", json!(["192.0.2.1", "192.0.2.1"])),
        ("/related/ip", json!(["not an address"])),
        ("/source/ip", json!("192.0.2.256")),
        ("/source/ip", json!(["192.0.2.1"])),
        ("/source/port", json!("443")),
        ("/source/port", json!(443.0)),
        ("/source/port", json!(true)),
        ("/source", json!({"address_": "x"})),
        ("/source", json!({"address": ""})),
    ] {
        let mut document = valid.clone();
        *document.pointer_mut(path).unwrap() = value.clone();
        assert!(check(&document).is_err(), "{path}: {value}");
    }
}
