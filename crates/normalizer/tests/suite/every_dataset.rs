//! Records of every dataset, generated from the types of its fields: nothing is lost, and what comes
//! out is ECS.

use std::collections::BTreeMap;

use logpush_normalizer::datasets::DATASETS;
use logpush_normalizer::{Config, Dataset, Shape};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::carried::{is_carried, is_kept_natively, last_of_each, mended};
use crate::common::{both_paths, config};
use crate::generate::{Members, value, write};
use crate::properties::settings;

/// Cloudflare's fields and their types, by dataset.
pub(crate) fn documented() -> BTreeMap<String, BTreeMap<String, String>> {
    serde_json::from_str(include_str!("../documented.json")).unwrap()
}

/// A record of any of the datasets.
fn record() -> impl Strategy<Value = (&'static Dataset, Members)> {
    let documented = documented();
    select(DATASETS).prop_flat_map(move |dataset| {
        let members: Vec<_> = documented[dataset.name]
            .iter()
            .map(|(field, kind)| {
                let field = field.clone();
                member(dataset, &field, kind).prop_map(move |value| (field.clone(), value))
            })
            .collect();
        (Just(dataset), members)
            .prop_flat_map(|(dataset, members)| (Just(dataset), Just(members).prop_shuffle()))
    })
}

/// A value of a field: mostly one of its type, sometimes none, seldom anything.
fn member(dataset: &Dataset, field: &str, kind: &str) -> impl Strategy<Value = Value> + use<> {
    let mut words = vec!["unheard of"];
    for target in dataset
        .rows
        .iter()
        .filter(|row| row.field == field)
        .flat_map(|row| row.targets)
    {
        if let Some((known, _)) = target.words() {
            words.extend(
                known
                    .iter()
                    .map(|(theirs, _)| *theirs)
                    .filter(|word| *word != "*"),
            );
        }
    }
    prop_oneof![
        8 => typed(kind, words),
        2 => Just(Value::Null),
        1 => value(),
    ]
}

/// A value of one of Cloudflare's types.
fn typed(kind: &str, words: Vec<&'static str>) -> BoxedStrategy<Value> {
    match kind {
        "int" => integer().boxed(),
        "float" => (0_u32..100_000)
            .prop_map(|number| json!(f64::from(number) / 64.0))
            .boxed(),
        "bool" => any::<bool>().prop_map(Value::from).boxed(),
        "int or string" => prop_oneof![time(), integer()].boxed(),
        "array[string]" => prop::collection::vec(text(words), 0..4)
            .prop_map(Value::from)
            .boxed(),
        "array[int]" => prop::collection::vec(integer(), 0..4)
            .prop_map(Value::from)
            .boxed(),
        "object" => object().boxed(),
        "array[object]" => prop::collection::vec(object(), 0..3)
            .prop_map(Value::from)
            .boxed(),
        "string" => text(words).boxed(),
        other => panic!("the type {other} is not known here"),
    }
}

fn integer() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(vec![0_u64, 1, 6, 17, 200, 404, 443, 13335]),
        0_u64..1 << 40,
    ]
    .prop_map(Value::from)
}

fn time() -> impl Strategy<Value = Value> {
    (1_600_000_000_u64..1_900_000_000, 0_u32..1_000_000_000).prop_flat_map(|(seconds, nanos)| {
        select(vec![
            json!(seconds),
            json!(seconds * 1_000_000_000 + u64::from(nanos)),
            json!("2026-09-14T10:15:09.331Z"),
            json!("2026-09-14 12:15:09.331000001+02:00"),
        ])
    })
}

fn text(words: Vec<&'static str>) -> impl Strategy<Value = Value> {
    const KNOWN: &[&str] = &[
        "",
        "192.0.2.7",
        "2001:db8::7",
        "www.shop.example.co.uk",
        "api.example.com.",
        "example.com:8443",
        "https://www.example.com:8443/a/b?x=1#top",
        "/a/b?x=1",
        "user@example.com",
        "HTTP/2",
        "TLSv1.3",
        "none",
        "FR",
        "XX",
        "GET",
        "8f3b54e0aa1c4d27",
        "quoted \"text\"",
        "línea\n",
    ];
    prop_oneof![
        3 => select(KNOWN).prop_map(Value::from),
        2 => select(words).prop_map(Value::from),
        1 => time(),
        1 => "[ -~]{0,12}".prop_map(Value::from),
    ]
}

fn object() -> impl Strategy<Value = Value> {
    const NAMES: &[&str] = &[
        "Request", "URL", "Method", "Status", "uri", "type", "data", "rdata", "name", "class",
        "ttl",
    ];
    let scalar = prop_oneof![integer(), text(vec!["A", "CNAME"])];
    let members = prop::collection::vec((select(NAMES), scalar), 0..4);
    members.prop_map(|members| json!(members.into_iter().collect::<BTreeMap<_, _>>()))
}

proptest! {
    #![proptest_config(settings(2000))]

    #[test]
    fn nothing_is_lost_and_everything_is_ecs((dataset, members) in record(), style in any::<u64>()) {
        let config = Config { dataset: Some(dataset), ..config(Shape::Ecs) };
        // What both paths need is a name that comes right behind the brace.
        let text = write(&members, style).replacen('{', "{\"Unknown\":0,", 1);
        let document = both_paths(&config, &text);
        for (name, value) in last_of_each(&members) {
            prop_assert!(
                is_carried(dataset, &name, &value, &document),
                "{}: {name}: {value} of {text} in {document}", dataset.name
            );
        }
    }

    #[test]
    fn a_native_record_keeps_its_values((dataset, members) in record(), style in any::<u64>()) {
        let config = Config { dataset: Some(dataset), ..config(Shape::Native) };
        // What both paths need is a name that comes right behind the brace.
        let text = write(&members, style).replacen('{', "{\"Unknown\":0,", 1);
        let document = both_paths(&config, &text);
        for (name, value) in &mended(&members) {
            prop_assert!(
                is_kept_natively(dataset, name, value, &document),
                "{}: {name}: {value} of {text} in {document}", dataset.name
            );
        }
    }
}
