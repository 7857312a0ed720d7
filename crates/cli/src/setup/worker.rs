//! The deployed Worker: its address, and whether it is ready.

use core::time::Duration;
use std::thread;

use logpush_normalizer::Dataset;
use ureq::http::Uri;

use crate::clock;
use crate::jobs::check::chain::try_upload;
use crate::jobs::cloudflare::destination::Destination;
use crate::jobs::cloudflare::job::Job;
use crate::setup::error::SetupError;
use crate::setup::report::Report;
use crate::worker_client::target::{self, Headers, Secret};
use crate::worker_client::worker::{Refusal, Worker};

/// A deployed Worker.
pub(crate) struct DeployedWorker {
    /// `https://host`.
    pub(crate) url: String,
    dataset: &'static Dataset,
    wait: Duration,
}

const NAME: &str = "worker";

/// The interval between two attempts. A new secret takes seconds to arrive, a new name minutes.
const POLL: Duration = Duration::from_secs(1);

impl DeployedWorker {
    /// `dataset` is one of the Worker's, with which it is asked.
    pub(crate) fn new(url: String, dataset: &'static Dataset, wait: Duration) -> Self {
        Self { url, dataset, wait }
    }

    /// Waits until the Worker answers, whether it is configured or not.
    pub(crate) fn wait_until_there(&self, report: &Report) -> Result<(), SetupError> {
        let worker = Worker::new(self.uri()?, Headers::default());
        self.wait_for(report, || match worker.health() {
            Ok(answer) if answer.text.contains("\"status\"") => Ok(()),
            Ok(_) => Err("something else answers there".to_owned()),
            Err(refusal) if refusal.to_string().contains("\"status\"") => Ok(()),
            Err(refusal) => Err(words(&refusal)),
        })
    }

    /// Waits until the Worker is configured and accepts the test upload that Cloudflare will send.
    pub(crate) fn wait_until_ready(
        &self,
        report: &Report,
        secret: &Secret,
        datasets: &[&'static Dataset],
    ) -> Result<(), SetupError> {
        let worker = Worker::new(self.uri()?, Headers::default());
        for dataset in datasets {
            let destination =
                Destination::worker(&self.url, dataset, secret).map_err(SetupError::Usage)?;
            self.wait_for(report, || {
                // Only who has the secret is told what is wrong.
                match try_upload(&destination) {
                    Some(Ok(_)) => {}
                    Some(Err(refusal)) => return Err(words(&refusal)),
                    None => return Err("no test upload could be made".to_owned()),
                }
                worker.health().map(drop).map_err(|refusal| words(&refusal))
            })?;
        }
        Ok(())
    }

    /// Whether the Worker knows this secret.
    pub(crate) fn accepts(&self, secret: &str) -> Result<bool, SetupError> {
        let Some(secret) =
            Secret::parse("LOGPUSH_SECRET", secret.to_owned()).map_err(SetupError::Usage)?
        else {
            return Ok(false);
        };
        let destination =
            Destination::worker(&self.url, self.dataset, &secret).map_err(SetupError::Usage)?;
        match try_upload(&destination) {
            Some(Ok(_)) => Ok(true),
            // The Worker checks the secret first, so that any other refusal means it is right.
            Some(Err(refusal)) if refusal.status().is_some() => Ok(refusal.status() != Some(401)),
            Some(Err(refusal)) => Err(SetupError::NotReady {
                url: self.url.clone(),
                waited: Duration::ZERO,
                words: words(&refusal),
            }),
            None => Ok(false),
        }
    }

    /// Whether a job delivers to this Worker.
    pub(crate) fn is_of(&self, job: &Job) -> bool {
        let destination = job.destination();
        let authority = |uri: Uri| uri.authority().map(ToString::to_string);
        destination.is_worker()
            && destination.url().and_then(authority) == self.url.parse().ok().and_then(authority)
    }

    fn uri(&self) -> Result<Uri, SetupError> {
        target::url("--worker", &self.url, None).map_err(SetupError::Usage)
    }

    /// Tries until it succeeds or the time is up. Reports each new reason for a failure once.
    fn wait_for(
        &self,
        report: &Report,
        mut is_ready: impl FnMut() -> Result<(), String>,
    ) -> Result<(), SetupError> {
        let end = clock::now() + self.wait;
        let mut reported = String::new();
        loop {
            let Err(words) = is_ready() else {
                return Ok(());
            };
            if clock::now() >= end {
                return Err(SetupError::NotReady {
                    url: self.url.clone(),
                    waited: self.wait,
                    words,
                });
            }
            if reported != words {
                report.wait(NAME, &words)?;
                reported = words;
            }
            thread::sleep(POLL);
        }
    }
}

/// The address to deliver to, among the targets that wrangler lists after a deployment.
pub(crate) fn address(targets: &[String]) -> Option<String> {
    let is_url = |target: &&String| target.starts_with("https://") || target.starts_with("http://");
    if let Some(url) = targets.iter().find(is_url) {
        return Some(url.clone());
    }
    // "logs.example.com (custom domain)", "logs.example.com/*"; not "*.example.com/*", nor
    // "schedule: */5 * * * *".
    targets.iter().find_map(|target| {
        let host = target.split(['/', ' ']).next()?;
        let is_host = host.contains('.')
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        is_host.then(|| format!("https://{host}"))
    })
}

fn words(refusal: &Refusal) -> String {
    match refusal.status() {
        Some(status) => format!("{status} {refusal}"),
        None => format!("no answer: {refusal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_among_what_wrangler_names() {
        let others = [
            "schedule: */5 * * * *",
            "Producer for logpush-ecs",
            "Consumer for logpush-ecs",
        ];
        for (target, address_of) in [
            (
                "https://logpush-ecs.me.workers.dev",
                Some("https://logpush-ecs.me.workers.dev"),
            ),
            (
                "logs.example.com (custom domain)",
                Some("https://logs.example.com"),
            ),
            ("logs.example.com/*", Some("https://logs.example.com")),
            ("*.example.com/*", None),
        ] {
            let mut targets: Vec<_> = others.map(str::to_owned).to_vec();
            targets.push(target.to_owned());
            assert_eq!(address(&targets).as_deref(), address_of, "{target}");
        }
    }
}
