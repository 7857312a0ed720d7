//! Any URL that takes gzipped NDJSON.

use std::collections::BTreeMap;

use worker::{Headers, Result};

use crate::destination::Outgoing;

/// An HTTP endpoint, with the headers that it asks for.
#[derive(Clone)]
pub(crate) struct Http {
    url: String,
    headers: BTreeMap<String, String>,
}

impl Http {
    pub(crate) fn new(url: String, headers: BTreeMap<String, String>) -> Self {
        Self { url, headers }
    }

    /// What must not be shown: the headers' values, and the URL, which may carry a token.
    pub(crate) fn secrets(&self) -> Vec<&str> {
        self.headers
            .values()
            .chain([&self.url])
            .map(String::as_str)
            .collect()
    }

    pub(crate) fn outgoing(&self) -> Result<Outgoing<'_>> {
        let headers = Headers::new();
        headers.set("Content-Type", "application/x-ndjson")?;
        for (name, value) in &self.headers {
            headers.set(name, value)?;
        }
        headers.set("Content-Encoding", "gzip")?;
        Ok(Outgoing {
            url: &self.url,
            headers,
        })
    }
}

impl core::fmt::Debug for Http {
    /// Without what may be secret.
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Http").finish_non_exhaustive()
    }
}
