//! What holds whatever a destination answers. A case that once failed becomes a row of a table.

use proptest::prelude::*;

use crate::simulation;

/// `PROPTEST_CASES` in the environment asks for more cases than a usual run has time for.
fn settings(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: asked.and_then(|cases| cases.parse().ok()).unwrap_or(cases),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(settings(5_000))]

    #[test]
    fn every_document_ends_in_one_place(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        simulation::delivery(&bytes);
    }
}
