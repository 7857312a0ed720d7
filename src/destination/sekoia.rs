//! SEKOIA.IO's HTTPS intake: `POST /plain/batch`, one event a line.

use serde::Deserialize;
use serde::de::IgnoredAny;
use worker::{Headers, Result};

use crate::destination::{Outgoing, Reply, Verdict};

/// An intake of SEKOIA.IO.
#[derive(Clone)]
pub(crate) struct Sekoia {
    url: String,
    key: String,
}

/// The answer to a batch. Its shape for a partial failure is not documented: a missing or null id
/// is an event that was not taken.
#[derive(Deserialize)]
struct Answer {
    event_ids: Option<Vec<Option<IgnoredAny>>>,
}

impl Sekoia {
    /// `base` is the region's URL; the key decides which intake and format take the events.
    pub(crate) fn new(base: &str, key: &str) -> Self {
        Self {
            url: format!("{base}/plain/batch"),
            key: key.to_owned(),
        }
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn outgoing(&self) -> Result<Outgoing<'_>> {
        let headers = Headers::new();
        // In a header, since URLs get logged.
        headers.set("X-SEKOIAIO-INTAKE-KEY", &self.key)?;
        headers.set("Content-Encoding", "gzip")?;
        Ok(Outgoing {
            url: &self.url,
            headers,
        })
    }
}

/// Reads a 2xx: how many of the events have an id. Nothing where it is no answer of an intake, but
/// a login page or a proxy's: whoever says that does not have the events.
pub(crate) fn read(reply: &Reply, sent: usize) -> Option<Verdict> {
    match serde_json::from_slice::<Answer>(&reply.body) {
        Ok(Answer {
            event_ids: Some(ids),
        }) => {
            let accepted = ids.iter().flatten().count();
            Some(if accepted >= sent {
                Verdict::Accepted
            } else {
                Verdict::Partly(accepted)
            })
        }
        // Which 2xx come without ids is not documented: any is a yes.
        Ok(Answer { event_ids: None }) => Some(Verdict::Accepted),
        Err(_) if reply.body.trim_ascii().is_empty() => Some(Verdict::Accepted),
        Err(_) => None,
    }
}

impl core::fmt::Debug for Sekoia {
    /// Without the key.
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Sekoia")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
