//! A full and a sparse record of every dataset (`tests/samples/`) become documents of ECS.

use logpush_normalizer::datasets::DATASETS;
use logpush_normalizer::{Config, Shape};
use serde_json::Value;

use crate::common::{config, outcome};
use crate::ecs::check;

#[test]
fn the_samples_of_every_dataset_become_valid_documents() {
    for dataset in DATASETS.iter().filter(|of| of.name != "firewall_events") {
        let path = format!(
            "{}/tests/samples/{}.json",
            env!("CARGO_MANIFEST_DIR"),
            dataset.name
        );
        let samples: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for name in ["full", "sparse"] {
            let config = Config {
                dataset: Some(dataset),
                ..config(Shape::Ecs)
            };
            let outcome = outcome(config, samples[name].to_string().as_bytes());
            let document = &outcome.documents[0];
            check(document).unwrap_or_else(|error| panic!("{}: {error}", dataset.name));
            assert_eq!(outcome.summary.errors, 0, "{}", dataset.name);
            assert_eq!(outcome.summary.times_from_arrival, 0, "{}", dataset.name);
            assert!(
                outcome.summary.unknown_fields.is_empty(),
                "{}",
                dataset.name
            );
        }
    }
}
