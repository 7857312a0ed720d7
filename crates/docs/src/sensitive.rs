//! Fields that may hold what not everybody should read, each with its default.

use logpush_intake_format::written::is_masked;

use crate::markdown::{Table, codes, prose};
use crate::sources::{Source, Sources};

/// The table of all of them.
pub(crate) fn table(sources: &Sources) -> String {
    let mut table = Table::new(&["Dataset", "Field", "Default", "Why"]);
    for source in &sources.datasets {
        let name = source.dataset.name;
        for fields in groups(source) {
            let first = fields.first().copied().unwrap_or_default();
            let why = source.why(first);
            let default = if masked(source, first) {
                "masked"
            } else {
                "readable"
            };
            table.row(&[
                format!("[{name}]({name}.md)"),
                codes(fields),
                default.to_owned(),
                prose(why),
            ]);
        }
    }
    table.finish()
}

/// The sensitive fields of a dataset, together where they share a reason.
fn groups(source: &Source) -> Vec<Vec<&'static str>> {
    let mut groups: Vec<Vec<&str>> = Vec::new();
    for row in source.dataset.rows {
        if !row.is_sensitive && !is_masked(row) {
            continue;
        }
        match groups.last_mut() {
            Some(group) if row.why.is_empty() => group.push(row.field),
            _ => groups.push(vec![row.field]),
        }
    }
    groups
}

fn masked(source: &Source, field: &str) -> bool {
    source
        .dataset
        .rows
        .iter()
        .any(|row| row.field == field && is_masked(row))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_default_is_one_and_has_its_reason() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let sources = Sources::read(&root).unwrap();
        for source in &sources.datasets {
            let name = source.dataset.name;
            for fields in groups(source) {
                let first = fields.first().unwrap();
                let reason = source.why(first);
                assert!(
                    !reason.is_empty(),
                    "{name}: {first} has no reason in its table"
                );
                for field in &fields {
                    assert_eq!(
                        masked(source, field),
                        masked(source, first),
                        "{name}: {field}"
                    );
                }
            }
        }
    }
}
