//! A Logpush job, as Cloudflare tells of it.

use serde::{Deserialize, Serialize};

use crate::health::{Kind, Problem, Severity};

/// A Logpush job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub id: u64,
    pub dataset: String,
    pub enabled: bool,
    /// Cloudflare's words on the last failure; cleared when a later upload succeeds.
    pub error: Option<String>,
}

impl Job {
    /// What is not well with it.
    pub fn problem(&self) -> Option<Problem> {
        let job = format!("{} (job {})", self.dataset, self.id);
        let (kind, text, hint) = if !self.enabled {
            (
                Kind::JobDisabled,
                format!("{job}: the Logpush job is disabled, and its events are lost"),
                format!(
                    "logpush-ecs jobs check says why; logpush-ecs jobs enable {} starts it again.",
                    self.id
                ),
            )
        } else {
            let error = self.error.as_deref()?;
            (
                Kind::JobFailing,
                format!("{job}: the Logpush job fails: {error}"),
                "Cloudflare gives an upload up after some five minutes, and disables a job that fails for long: logpush-ecs jobs check names the broken link.".to_owned(),
            )
        };
        Some(Problem {
            kind,
            subject: Some(job),
            severity: Severity::Error,
            text,
            hint,
        })
    }
}
