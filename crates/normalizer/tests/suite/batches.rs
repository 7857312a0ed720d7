//! How documents are joined to batches.

use logpush_normalizer::{Batch, Shape};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{config, limited, outcome};

fn lines(count: usize) -> String {
    (0..count)
        .map(|number| {
            format!(
                "{{\"RuleID\":\"{number}\",\"Description\":\"{}\"}}\n",
                "d".repeat(number % 97)
            )
        })
        .collect()
}

fn shape(batches: &[Batch]) -> Vec<(u64, usize)> {
    batches
        .iter()
        .map(|batch| (batch.records[0].start, batch.len()))
        .collect()
}

#[test]
#[wasm]
fn a_batch_has_a_number_of_records_at_most() {
    for (max, count, expected) in [
        (1000, 2500, vec![(0, 1000), (1000, 1000), (2000, 500)]),
        (1000, 1000, vec![(0, 1000)]),
        (1000, 1001, vec![(0, 1000), (1000, 1)]),
        (1000, 1, vec![(0, 1)]),
        (3, 6, vec![(0, 3), (3, 3)]),
        (1, 3, vec![(0, 1), (1, 1), (2, 1)]),
        (0, 2, vec![(0, 1), (1, 1)]),
    ] {
        let config = limited(|limits| limits.batch_records = max);
        let outcome = outcome(config, lines(count).as_bytes());
        assert_eq!(shape(&outcome.batches), expected);
    }
}

#[test]
#[wasm]
fn a_batch_has_a_number_of_bytes_at_most_and_no_less_than_fits() {
    for max in [1, 500, 1000, 4096, 100_000] {
        let config = limited(|limits| limits.batch_bytes = max);
        let outcome = outcome(config, lines(300).as_bytes());
        let mut next = 0;
        for (index, batch) in outcome.batches.iter().enumerate() {
            assert_eq!(batch.records[0].start, next);
            next += batch.len() as u64;
            assert!(batch.body.len() <= max || batch.len() == 1);
            if let Some(line) = outcome.lines.get(next as usize) {
                assert!(batch.body.len() + 1 + line.len() > max, "batch {index}");
            }
        }
        assert_eq!(next, 300);
        // The documents are the same, and in the order of the records.
        let joined: Vec<&[u8]> = outcome
            .batches
            .iter()
            .map(|batch| batch.body.as_slice())
            .collect();
        assert_eq!(joined.join(&b'\n'), outcome.lines.join("\n").into_bytes());
    }
}

#[test]
#[wasm]
fn the_bytes_between_documents_count() {
    let upload = lines(3);
    let lengths: Vec<usize> = outcome(config(Shape::Ecs), upload.as_bytes())
        .lines
        .iter()
        .map(String::len)
        .collect();
    let (two, three) = (
        lengths[0] + 1 + lengths[1],
        lengths.iter().sum::<usize>() + 2,
    );
    for (max, first) in [(two - 1, 1), (two, 2), (three - 1, 2), (three, 3)] {
        let config = limited(|limits| limits.batch_bytes = max);
        let outcome = outcome(config, upload.as_bytes());
        assert_eq!(outcome.batches[0].len(), first, "{max}");
    }
}

#[test]
#[wasm]
fn records_that_are_none_count_as_well() {
    let config = limited(|limits| {
        limits.batch_records = 2;
        limits.line_bytes = 1000;
    });
    let upload = format!(
        "oops\n\n{{}}\n{}\n{{}}\n{{\"content\":\"x\"}}",
        "x".repeat(2000)
    );
    let outcome = outcome(config, upload.as_bytes());
    assert_eq!(shape(&outcome.batches), [(0, 2), (2, 2), (4, 1)]);
    assert_eq!((outcome.summary.records, outcome.summary.errors), (5, 2));
}

#[test]
#[wasm]
fn the_order_is_that_of_the_upload() {
    let upload: String = (0..3000)
        .map(|number| format!("{{\"RuleID\":\"{number}\"}}\n"))
        .collect();
    let outcome = outcome(config(Shape::Ecs), upload.as_bytes());
    for (number, document) in outcome.documents.iter().enumerate() {
        assert_eq!(document["rule"]["id"], number.to_string());
    }
}
