//! The session that all commands share: the API, the mask, and how changes are made.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::jobs::cloudflare::api::{Api, Call, Method};
use crate::jobs::cloudflare::destination::{R2Keys, Substitution, substitution};
use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::job::Job;
use crate::jobs::cloudflare::scope::Scope;
use crate::jobs::curl::curl;
use crate::mask::Mask;
use crate::terminal::printable;
use crate::worker_client::target::Secret;

pub(crate) struct Session {
    pub(crate) api: Api,
    pub(crate) mask: Rc<Mask>,
    pub(crate) dry_run: bool,
    /// The Worker's secret, if it does not come from the environment.
    secret: Option<Secret>,
}

/// The outcome of a command: its output and whether it succeeded.
#[derive(Default)]
pub(crate) struct CommandOutcome {
    pub(crate) text: String,
    pub(crate) json: Value,
    /// Whether everything was done; if not, the exit code is 1.
    pub(crate) is_done: bool,
}

impl CommandOutcome {
    /// Whether the command failed for a zone or an account.
    pub(crate) fn has_error(&self) -> bool {
        let is_error = |one: &Value| one.get("error").is_some();
        is_error(&self.json)
            || self
                .json
                .as_array()
                .is_some_and(|all| all.iter().any(is_error))
    }
}

/// A call that changes something.
pub(crate) struct Change<'a> {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) dataset: &'a str,
    pub(crate) body: Option<Value>,
    pub(crate) secrets: &'a [Substitution],
}

impl Session {
    pub(crate) fn new(base: &str, dry_run: bool, mask: &Rc<Mask>) -> Result<Self, JobsError> {
        Ok(Self {
            api: Api::from_environment(base, mask)?,
            mask: Rc::clone(mask),
            dry_run,
            secret: None,
        })
    }

    /// Sets the secret that jobs get from now on.
    pub(crate) fn set_secret(&mut self, secret: Secret) {
        self.secret = Some(secret);
    }

    pub(crate) fn secret(&self) -> Result<Secret, JobsError> {
        let secret = match &self.secret {
            Some(secret) => secret.clone(),
            None => Secret::from_environment().map_err(JobsError::Usage)?,
        };
        for part in secret.parts() {
            self.mask.add(part);
        }
        Ok(secret)
    }

    pub(crate) fn r2_keys(&self) -> Result<R2Keys, JobsError> {
        let keys = R2Keys::from_environment().map_err(JobsError::Usage)?;
        for (encoded, _) in keys.substitutions() {
            self.mask.add(&encoded);
        }
        Ok(keys)
    }

    /// The jobs of a zone or an account, or only those of a dataset.
    pub(crate) fn jobs(&self, scope: &Scope, dataset: Option<&str>) -> Result<Vec<Job>, JobsError> {
        let path = match dataset {
            Some(dataset) => format!("{}/logpush/datasets/{dataset}/jobs", scope.path()),
            None => format!("{}/logpush/jobs", scope.path()),
        };
        // The API may answer null instead of an empty list.
        let jobs: Option<Vec<Job>> = self.api.get(&Call::about(path, dataset))?;
        let jobs = jobs.unwrap_or_default();
        for job in &jobs {
            job.hide(&self.mask);
        }
        Ok(jobs)
    }

    pub(crate) fn job(&self, scope: &Scope, id: u64) -> Result<Job, JobsError> {
        let job: Job = self.api.get(&Call::new(job_path(scope, id)))?;
        job.hide(&self.mask);
        Ok(job)
    }

    /// Makes the change and returns the changed job; nothing in a dry run.
    pub(crate) fn change(&self, change: &Change<'_>) -> Result<Option<Job>, JobsError> {
        if self.dry_run {
            return Ok(None);
        }
        let call = Call::about(change.path.clone(), Some(change.dataset));
        let answer = self.api.send(change.method, &call, change.body.as_ref())?;
        // An answer without a job is that of a deletion.
        let job: Job = serde_json::from_value(answer).unwrap_or_default();
        job.hide(&self.mask);
        Ok(Some(job))
    }

    pub(crate) fn curl(&self, change: &Change<'_>) -> String {
        curl(
            change.method,
            &self.api.url(&change.path),
            change.body.as_ref(),
            change.secrets,
        )
    }

    /// Makes Cloudflare test a destination.
    pub(crate) fn validate(
        &self,
        scope: &Scope,
        dataset: &str,
        destination: &str,
    ) -> Result<Result<(), String>, JobsError> {
        let call = Call::about(
            format!("{}/logpush/validate/destination", scope.path()),
            Some(dataset),
        );
        let body = json!({ "destination_conf": destination });
        match self.api.send(Method::Post, &call, Some(&body)) {
            Ok(answer) => {
                let is_valid = answer.get("valid").and_then(Value::as_bool) == Some(true);
                let words = answer.get("message").and_then(Value::as_str);
                Ok(match is_valid {
                    true => Ok(()),
                    false => Err(printable(words.unwrap_or("without a word"))),
                })
            }
            // A bad destination is a bad request as well.
            Err(JobsError::Refused {
                status: 400, words, ..
            }) => Ok(Err(words)),
            Err(error) => Err(error),
        }
    }
}

pub(crate) fn job_path(scope: &Scope, id: u64) -> String {
    format!("{}/logpush/jobs/{id}", scope.path())
}

/// The shell expressions for the secrets, in the same environment.
pub(crate) fn substitutions(secret: Option<&Secret>, keys: Option<&R2Keys>) -> Vec<Substitution> {
    let mut all: Vec<_> = secret.map(substitution).into_iter().collect();
    all.extend(keys.map(R2Keys::substitutions).into_iter().flatten());
    all
}
