//! Fields that may hold what not everybody should read, each with its default.

use crate::markdown::{Table, codes, prose};
use crate::sources::{Source, Sources};
use crate::written::is_masked;

/// Fields beside those that are masked anyway. The table's comment at the first of a group says
/// why its default is what it is.
const GROUPS: &[(&str, &[&str])] = &[
    ("audit_logs", &["Metadata", "NewValue", "OldValue"]),
    ("audit_logs_v2", &["ActorTokenDetails"]),
    ("audit_logs_v2", &["ResourceRequest", "ResourceResponse"]),
    (
        "dex_application_tests",
        &["HTTPResponseBody", "HTTPResponseHeaders"],
    ),
    ("dlp_forensic_copies", &["Headers"]),
    (
        "gateway_http",
        &[
            "DownloadMatchedDlpProfileEntries",
            "UploadMatchedDlpProfileEntries",
        ],
    ),
    ("http_requests", &["RequestHeaders", "ResponseHeaders"]),
    ("sinkhole_http_logs", &["Body", "Headers"]),
    ("ssh_logs", &["Payload"]),
    ("workers_trace_events", &["Logs"]),
    ("zaraz_events", &["Body"]),
];

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

fn groups(source: &Source) -> Vec<Vec<&'static str>> {
    let mut groups: Vec<Vec<&str>> = GROUPS
        .iter()
        .filter(|(dataset, _)| *dataset == source.dataset.name)
        .map(|(_, fields)| fields.to_vec())
        .collect();
    for row in source.dataset.rows.iter().filter(|row| is_masked(row)) {
        if !groups.iter().flatten().any(|field| *field == row.field) {
            groups.push(vec![row.field]);
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
        for (name, _) in GROUPS {
            assert!(
                sources
                    .datasets
                    .iter()
                    .any(|source| source.dataset.name == *name),
                "{name}"
            );
        }
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
                    assert!(
                        source.dataset.rows.iter().any(|row| row.field == *field),
                        "{name}: {field}"
                    );
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
