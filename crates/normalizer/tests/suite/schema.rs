//! The tables hold against ECS, and the check of documents against it finds what is wrong.

use std::collections::BTreeSet;

use logpush_normalizer::datasets::DATASETS;
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::ecs::{FIELDS, check};

#[test]
#[wasm]
fn every_target_of_every_table_is_a_field_of_ecs() {
    for dataset in DATASETS {
        let constants = dataset.every_constant().map(|(path, _)| path.to_owned());
        let targets = dataset.rows.iter().flat_map(|row| row.targets);
        for path in constants.chain(targets.flat_map(|target| target.fields())) {
            assert!(
                path.starts_with("cloudflare.") || FIELDS.iter().any(|(name, ..)| *name == path),
                "the table of {} writes `{path}`, which is not in FIELDS of tests/suite/ecs.rs: correct the \
                 name, or add it there with its type as ECS has it",
                dataset.name
            );
        }
    }
}

#[test]
#[wasm]
fn every_field_listed_here_is_some_table_s() {
    let mut written: BTreeSet<String> = [
        "error.message",
        "event.id",
        "event.original",
        "labels",
        "tags",
    ]
    .map(str::to_owned)
    .into();
    for dataset in DATASETS {
        written.extend(dataset.every_constant().map(|(path, _)| path.to_owned()));
        written.extend(dataset.joined.iter().map(|joined| joined.target.to_owned()));
        let targets = dataset.rows.iter().flat_map(|row| row.targets);
        written.extend(targets.flat_map(|target| target.fields()));
    }
    written.retain(|path| !path.starts_with("cloudflare."));
    let listed: BTreeSet<String> = FIELDS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let unused: Vec<_> = listed.difference(&written).collect();
    assert!(
        unused.is_empty(),
        "FIELDS of tests/suite/ecs.rs has what no table writes: {unused:?}"
    );
    let unlisted: Vec<_> = written.difference(&listed).collect();
    assert!(
        unlisted.is_empty(),
        "FIELDS of tests/suite/ecs.rs lacks {unlisted:?}"
    );
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
