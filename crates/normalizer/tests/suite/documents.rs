//! A full and a sparse record of every dataset (`tests/samples/`) become the documents of
//! `tests/documents/`, in both shapes where SEKOIA.IO has a parser of the dataset.

use std::collections::BTreeSet;

use logpush_normalizer::datasets::DATASETS;
use logpush_normalizer::{Config, Dataset, Shape};
use serde_json::Value;

use crate::common::{config, flat, only, outcome};
use crate::every_dataset::documented;

#[test]
fn the_samples_of_every_dataset_become_their_documents() {
    for dataset in DATASETS {
        let samples = read("samples", dataset);
        let documents = read("documents", dataset);
        let mut shapes = vec![(Shape::Ecs, "ecs")];
        if dataset.native.is_some() {
            shapes.push((Shape::Native, "native"));
        }
        for (shape, shape_name) in shapes {
            for name in ["full", "sparse"] {
                let config = Config {
                    dataset: Some(dataset),
                    ..config(shape)
                };
                // Checks documents of the shape `ecs` against ECS.
                let outcome = outcome(config, samples[name].to_string().as_bytes());
                let summary = &outcome.summary;
                let what = format!("{}, {shape_name}, {name}", dataset.name);
                let file = format!("tests/documents/{}.json", dataset.name);
                let expected = &documents[shape_name][name];
                let wrong = differences(&only(outcome.documents), expected);
                assert!(
                    wrong.is_empty(),
                    "{what}: the document differs from {file}. Correct the table, or write there what it \
                     gives now:\n{wrong}"
                );
                assert_eq!(summary.errors, 0, "{what}");
                assert_eq!(summary.times_from_arrival, 0, "{what}");
                assert!(summary.unknown_fields.is_empty(), "{what}");
            }
        }
    }
}

/// Whoever adds a field is told what else it needs.
#[test]
fn every_documented_field_has_a_row_and_a_sample() {
    let mut missing = String::new();
    for dataset in DATASETS {
        let name = dataset.name;
        let samples = read("samples", dataset);
        for field in documented()[name].keys() {
            if !dataset.rows.iter().any(|row| row.field == field) {
                missing += &format!(
                    "\n{field} has no row in src/mapping/datasets/{name}.rs: add `kept(\"{field}\")` or a mapping"
                );
            }
            if samples["full"].get(field).is_none() {
                missing += &format!(
                    "\n{field} has no value in `full` of tests/samples/{name}.json: add one, and what becomes of \
                     it to tests/documents/{name}.json"
                );
            }
        }
    }
    assert!(missing.is_empty(), "{missing}");
}

/// The places where two documents differ, a line each.
fn differences(found: &Value, expected: &Value) -> String {
    let (found, expected) = (flat(found), flat(expected));
    let paths: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let shown =
        |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    paths
        .into_iter()
        .filter(|path| found.get(*path) != expected.get(*path))
        .map(|path| {
            let (found, expected) = (shown(found.get(path)), shown(expected.get(path)));
            format!("    {path}: {found}, where the file has {expected}\n")
        })
        .collect()
}

/// A shape that says no more than the record itself leaves it as it is.
#[test]
fn native_is_the_record_itself_where_there_is_no_parser() {
    for dataset in DATASETS.iter().filter(|of| of.native.is_none()) {
        let samples = read("samples", dataset);
        for name in ["full", "sparse"] {
            let config = Config {
                dataset: Some(dataset),
                unmask: true,
                ..config(Shape::Native)
            };
            let record = samples[name].to_string();
            assert_eq!(
                outcome(config, record.as_bytes()).lines,
                [record],
                "{}",
                dataset.name
            );
        }
    }
}

fn read(folder: &str, dataset: &Dataset) -> Value {
    let path = format!(
        "{}/tests/{folder}/{}.json",
        env!("CARGO_MANIFEST_DIR"),
        dataset.name
    );
    serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap()
}
