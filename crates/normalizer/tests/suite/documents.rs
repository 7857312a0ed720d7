//! A full and a sparse record of every dataset (`tests/samples/`) become the documents of
//! `tests/documents/`, in both shapes where SEKOIA.IO has a parser of the dataset.

use logpush_normalizer::datasets::DATASETS;
use logpush_normalizer::{Config, Dataset, Shape};
use serde_json::Value;

use crate::common::{config, outcome};

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
                assert_eq!(
                    outcome.documents,
                    [documents[shape_name][name].clone()],
                    "{what}"
                );
                assert_eq!(summary.errors, 0, "{what}");
                assert_eq!(summary.times_from_arrival, 0, "{what}");
                assert!(summary.unknown_fields.is_empty(), "{what}");
            }
        }
    }
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
