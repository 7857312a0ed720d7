//! The end of an upload that the ledger did not take: a note beside the upload, until it does.

use std::collections::HashMap;

use logpush_delivery::state::State;
use logpush_status::shard::UploadCounts;
use serde::{Deserialize, Serialize};
use worker::{Bucket, Object};

use crate::ledger::Ledger;
use crate::ledger::protocol::Finish;

/// What the object beside an upload says at last.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Ended {
    #[serde(flatten)]
    pub(crate) state: State,
    /// What the ledger has not counted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) counts: Option<UploadCounts>,
}

/// The metadata of a note: a list tells it from positions by that.
const ENDED: &str = "ended";

/// Whether a listed object is a note of an end.
pub(crate) fn is_end(object: &Object) -> bool {
    object
        .custom_metadata()
        .is_ok_and(|metadata| metadata.contains_key(ENDED))
}

impl Ended {
    /// Writes the note beside the upload.
    pub(crate) async fn write(&self, bucket: &Bucket, progress: &str) -> worker::Result<()> {
        let put = bucket.put(progress, serde_json::to_string(self)?);
        let metadata = HashMap::from([(ENDED.to_owned(), String::from("true"))]);
        put.custom_metadata(metadata).execute().await?;
        Ok(())
    }

    /// Reports the end of the upload `id`; whether the ledger has taken it.
    pub(crate) async fn report(self, ledger: &Ledger, dataset: &str, id: &str) -> bool {
        let finish = Finish {
            id: id.to_owned(),
            key: self.state.key,
            counts: self.counts,
        };
        let shard = Ledger::shard(dataset, id);
        ledger.ask(&shard, finish).await.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_is_written_and_as_a_state() {
        let mut state = State::arrived("uploads/x", 5, 1, 2);
        state.finish(9, None);
        let ended = Ended {
            state: state.clone(),
            counts: Some(UploadCounts {
                records: 7,
                ..UploadCounts::default()
            }),
        };
        let text = serde_json::to_string(&ended).unwrap();
        let read: Ended = serde_json::from_str(&text).unwrap();
        assert_eq!(read.state, state);
        assert_eq!(read.counts.unwrap().records, 7);
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
        // Positions of an attempt that has not ended.
        let positions = serde_json::to_string(&State::arrived("uploads/x", 5, 1, 2)).unwrap();
        let read: Ended = serde_json::from_str(&positions).unwrap();
        assert!(read.state.finished.is_none() && read.counts.is_none());
    }
}
