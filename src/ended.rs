//! The end of an upload that the ledger did not take: a note beside the upload, until it does.

use std::collections::HashMap;

use logpush_delivery::key;
use logpush_delivery::owed::Owed;
use logpush_delivery::state::State;
use serde::{Deserialize, Serialize};
use worker::{Bucket, Include, Object};

use crate::ledger::Ledger;
use crate::ledger::protocol::Finish;

/// What the object beside an upload says at last.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Ended {
    #[serde(flatten)]
    pub(crate) state: State,
    /// What the ledger has not counted yet, as it is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) finish: Option<Finish>,
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

    /// Reports the end; whether the ledger has taken it.
    pub(crate) async fn report(self, ledger: &Ledger, dataset: &str) -> bool {
        let Some(finish) = self.finish else {
            debug_assert!(false, "a note of an end says which");
            return false;
        };
        let shard = Ledger::shard(dataset, &finish.id);
        ledger.ask(&shard, finish).await.is_some()
    }
}

/// Whether notes beside an upload say that all destinations of it have come to the end.
pub(crate) async fn are_all_noted(
    bucket: &Bucket,
    dataset: &str,
    id: &str,
    owed: &Owed,
) -> worker::Result<bool> {
    let below = key::progress_below(dataset, id);
    let list = bucket.list().prefix(below);
    let page = list
        .include(vec![Include::CustomMetadata])
        .execute()
        .await?;
    let noted: Vec<String> = page
        .objects()
        .iter()
        .filter(|object| is_end(object))
        .map(Object::key)
        .collect();
    let is_noted = |to: &String| noted.contains(&key::progress(dataset, id, to));
    Ok(owed.iter().all(is_noted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::protocol::End;

    #[test]
    fn a_note_is_read_as_it_is_written_and_as_a_state() {
        let mut state = State::arrived("uploads/x", 5, 1, 2);
        state.finish(9, None);
        let finish = Finish {
            id: "x".to_owned(),
            key: "uploads/x".to_owned(),
            to: "siem".to_owned(),
            owed: Owed::new(["siem", "lake"]),
            known: state.known(),
            end: End::Replayed,
        };
        let ended = Ended {
            state: state.clone(),
            finish: Some(finish),
        };
        let text = serde_json::to_string(&ended).unwrap();
        let read: Ended = serde_json::from_str(&text).unwrap();
        assert_eq!(read.state, state);
        assert_eq!(read.finish.unwrap().to, "siem");
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
        // Positions of an attempt that has not ended.
        let positions = serde_json::to_string(&State::arrived("uploads/x", 5, 1, 2)).unwrap();
        let read: Ended = serde_json::from_str(&positions).unwrap();
        assert!(read.state.finished.is_none() && read.finish.is_none());
    }
}
