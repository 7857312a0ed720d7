//! The state of a Logpush job as Cloudflare reports it.

use serde::{Deserialize, Serialize};

use crate::health::{Problem, ProblemKind, Severity};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogpushJob {
    pub id: u64,
    pub dataset: String,
    pub enabled: bool,
    /// Cloudflare's words on the last failure. They are cleared when a later upload succeeds.
    pub error: Option<String>,
}

impl LogpushJob {
    /// The problem with this job, if it is disabled or failing.
    pub fn problem(&self) -> Option<Problem> {
        let job = format!("{} (job {})", self.dataset, self.id);
        let (kind, text, hint) = if !self.enabled {
            (
                ProblemKind::JobDisabled,
                format!("{job}: the Logpush job is disabled, and its events are lost"),
                format!(
                    "logpush-ecs jobs check says why; logpush-ecs jobs enable {} starts it again.",
                    self.id
                ),
            )
        } else {
            let error = self.error.as_deref()?;
            (
                ProblemKind::JobFailing,
                format!("{job}: the Logpush job fails: {error}"),
                "Cloudflare repeats a failed upload for some minutes, then drops it, and disables a job that keeps failing: logpush-ecs jobs check names the broken link.".to_owned(),
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
