//! Records of the Worker itself: of its own requests and runs, which a job can send back to it.
//!
//! Such a job feeds on itself: each upload makes a record, and each record an upload. The records
//! are delivered like any other, and counted, so that the log can say that the job needs a filter.

use crate::mapping::Dataset;
use crate::mapping::datasets::by_name;
use crate::plan::Plan;
use crate::plan::error::TableError;
use crate::record::{Record, RowId, Span, ValueKind};

/// The path of every upload, before the dataset's name.
const UPLOADS: &[u8] = b"/logpush/";

/// The values of a record that tell whether it is of the Worker itself.
#[derive(Debug)]
pub(crate) struct FeedbackLoop {
    addresses: Vec<RowId>,
    workers: Vec<RowId>,
}

impl FeedbackLoop {
    pub(crate) fn new(dataset: &Dataset, plan: &Plan) -> Result<Self, TableError> {
        let rows = |fields: &[&'static str]| -> Result<Vec<RowId>, TableError> {
            let row = |field: &&'static str| {
                plan.number(dataset, field).ok_or(TableError::NoRow {
                    dataset: dataset.name,
                    place: "traces",
                    field,
                })
            };
            fields.iter().map(row).collect()
        };
        Ok(Self {
            addresses: rows(dataset.traces.addresses)?,
            workers: rows(dataset.traces.workers)?,
        })
    }

    /// Whether the record is of the Worker of this name.
    pub(crate) fn has(&self, record: &Record, text: &[u8], worker: &str) -> bool {
        let value = |row: &RowId| {
            let value = record.value(*row);
            match value.kind {
                ValueKind::Text => value.span,
                _ => Span::default(),
            }
        };
        self.addresses
            .iter()
            .any(|row| is_upload(value(row).of(text)))
            || self
                .workers
                .iter()
                .any(|row| value(row).of(text) == worker.as_bytes())
    }
}

/// Whether a path or a whole address is that of uploads of a dataset.
fn is_upload(address: &[u8]) -> bool {
    // `https://` or `http://`, and a host.
    let may_be = address.starts_with(UPLOADS) || address.starts_with(b"http");
    may_be && is_upload_address(address)
}

#[cold]
fn is_upload_address(address: &[u8]) -> bool {
    let path = match address.windows(3).position(|three| three == b"://") {
        Some(colon) => {
            let rest = address.get(colon + 3..).unwrap_or_default();
            let slash = rest.iter().position(|&byte| byte == b'/');
            slash
                .and_then(|slash| rest.get(slash..))
                .unwrap_or_default()
        }
        None => address,
    };
    let name = path.strip_prefix(UPLOADS).unwrap_or_default();
    let end = name.iter().position(|byte| matches!(byte, b'?' | b'/'));
    let name = name.get(..end.unwrap_or(name.len())).unwrap_or_default();
    core::str::from_utf8(name).is_ok_and(|name| by_name(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::datasets::DATASETS;

    #[test]
    fn the_paths_of_uploads_are_known() {
        for (address, expected) in [
            ("/logpush/http_requests", true),
            ("/logpush/http_requests?x=1", true),
            ("https://logs.example.com/logpush/dns_logs", true),
            ("http://logs.example.com/logpush/dns_logs/", true),
            ("/logpush/unheard_of", false),
            ("/logpush/", false),
            ("/logpush", false),
            ("/a/logpush/http_requests", false),
            ("https://logs.example.com", false),
            ("https://logs.example.com/x?/logpush/http_requests", false),
            ("", false),
        ] {
            assert_eq!(is_upload(address.as_bytes()), expected, "{address}");
        }
    }

    #[test]
    fn every_field_that_traces_a_worker_is_in_its_table() {
        for dataset in DATASETS {
            let plan = Plan::new(dataset).unwrap();
            let error = FeedbackLoop::new(dataset, &plan).err();
            assert_eq!(error, None, "{}", dataset.name);
        }
    }
}
