//! The errors of the jobs at Cloudflare: what happened, to what, and what to do.

use serde_json::{Value, json};
use thiserror::Error;

/// Why a command failed.
#[derive(Debug, Error)]
pub(crate) enum JobsError {
    /// Cloudflare's API refused the call.
    #[error("{call}: {status} {words}")]
    Refused {
        call: String,
        status: u16,
        code: Option<i64>,
        words: String,
        hint: Option<String>,
    },
    #[error("{call}: no answer: {source}")]
    NoAnswer { call: String, source: ureq::Error },
    #[error("{call}: {status}, and the answer is not one of Cloudflare's API: {text}")]
    NotTheApi {
        call: String,
        status: u16,
        text: String,
    },
    #[error("{call}: the answer has another shape than Cloudflare documents: {source}")]
    Shape {
        call: String,
        source: serde_json::Error,
    },
    /// Cloudflare's test upload, or its check of the URL, failed.
    #[error("Cloudflare cannot deliver to {destination}: {words}")]
    Destination {
        destination: String,
        words: String,
        hint: String,
    },
    #[error("there is no zone {name} among those that the token may read")]
    NoZone { name: String },
    #[error("the token may read no active zone")]
    NoZones,
    #[error("no field of {dataset} is offered")]
    NoFields { dataset: String },
    /// Wrong usage that clap cannot detect.
    #[error("{0}")]
    Usage(String),
}

impl JobsError {
    pub(crate) fn hint(&self) -> Option<&str> {
        match self {
            Self::Refused { hint, .. } => hint.as_deref(),
            Self::Destination { hint, .. } => Some(hint),
            // A read, and the test of a destination, leave everything as it was.
            Self::NoAnswer { call, .. }
                if call.starts_with("GET ") || call.ends_with("/validate/destination") =>
            {
                Some(
                    "is the network up, and --api right? Nothing was changed: it is safe to repeat",
                )
            }
            Self::NoAnswer { .. } => Some(
                "is the network up, and --api right? What was asked may have been done all the same: `logpush-ecs jobs list` tells",
            ),
            Self::NotTheApi { .. } | Self::Shape { .. } => {
                Some("check --api and CLOUDFLARE_API_BASE_URL; is there a proxy in between?")
            }
            Self::NoZone { .. } => Some(
                "check the name, or give the zone's ID; to read names the token needs Zone > Zone > Read for this zone",
            ),
            Self::NoZones => Some(
                "add Zone > Zone > Read for all zones to the token at dash.cloudflare.com/profile/api-tokens",
            ),
            Self::NoFields { .. } => {
                Some("the plan or subscription may not have this dataset: ask Cloudflare")
            }
            Self::Usage(_) => None,
        }
    }

    /// The error as `--json` prints it.
    pub(crate) fn json(&self) -> Value {
        let (status, code) = match self {
            Self::Refused { status, code, .. } => (Some(*status), *code),
            Self::NotTheApi { status, .. } => (Some(*status), None),
            _ => (None, None),
        };
        json!({
            "message": self.to_string(),
            "hint": self.hint(),
            "status": status,
            "code": code,
        })
    }

    /// The error and its hint as text.
    pub(crate) fn text(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{self}\n  hint: {hint}"),
            None => self.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_may_have_been_made_without_an_answer() {
        for (call, expected) in [
            ("GET zones/z/logpush/jobs", "Nothing was changed"),
            (
                "POST zones/z/logpush/validate/destination",
                "Nothing was changed",
            ),
            ("POST zones/z/logpush/jobs", "may have been done"),
            ("PUT zones/z/logpush/jobs/7", "may have been done"),
            ("DELETE zones/z/logpush/jobs/7", "may have been done"),
        ] {
            let error = JobsError::NoAnswer {
                call: call.to_owned(),
                source: ureq::Error::HostNotFound,
            };
            assert!(error.hint().unwrap().contains(expected), "{call}");
        }
    }
}
