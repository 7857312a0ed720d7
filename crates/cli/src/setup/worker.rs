//! The deployed Worker: where it is, and whether it is ready.

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

/// A Worker that is deployed.
pub(crate) struct Target {
    /// `https://host`.
    pub(crate) url: String,
    dataset: &'static Dataset,
    wait: Duration,
}

const NAME: &str = "worker";

/// A new secret is there within seconds, a new name within minutes.
const POLL: Duration = Duration::from_secs(1);

impl Target {
    /// `dataset`: one that it is to take, to ask it with.
    pub(crate) fn new(url: String, dataset: &'static Dataset, wait: Duration) -> Self {
        Self { url, dataset, wait }
    }

    /// Waits until the Worker answers, configured or not.
    pub(crate) fn wait_until_there(&self, report: &Report) -> Result<(), SetupError> {
        let worker = Worker::new(self.uri()?, Headers::default());
        self.wait_for(report, || match worker.health() {
            Ok(answer) if answer.text.contains("\"status\"") => Ok(()),
            Ok(_) => Err("something else answers there".to_owned()),
            Err(refusal) if refusal.to_string().contains("\"status\"") => Ok(()),
            Err(refusal) => Err(words(&refusal)),
        })
    }

    /// Waits until the Worker is configured, and takes the test that Cloudflare will send.
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
                // It says what is wrong to those only who have the secret.
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
            // It looks at the secret first: whatever else is wrong, this one is right.
            Some(Err(refusal)) if refusal.status().is_some() => Ok(refusal.status() != Some(401)),
            Some(Err(refusal)) => Err(SetupError::NotReady {
                url: self.url.clone(),
                waited: Duration::ZERO,
                words: words(&refusal),
            }),
            None => Ok(false),
        }
    }

    /// Whether a job delivers to it.
    pub(crate) fn is_of(&self, job: &Job) -> bool {
        let destination = job.destination();
        let authority = |uri: Uri| uri.authority().map(ToString::to_string);
        destination.is_worker()
            && destination.url().and_then(authority) == self.url.parse().ok().and_then(authority)
    }

    fn uri(&self) -> Result<Uri, SetupError> {
        target::url("--worker", &self.url, None).map_err(SetupError::Usage)
    }

    /// Asks until it is so, or the time is up; says why it is not yet, each reason once.
    fn wait_for(
        &self,
        report: &Report,
        mut is_so: impl FnMut() -> Result<(), String>,
    ) -> Result<(), SetupError> {
        let end = clock::now() + self.wait;
        let mut told = String::new();
        loop {
            let Err(words) = is_so() else {
                return Ok(());
            };
            if clock::now() >= end {
                return Err(SetupError::NotReady {
                    url: self.url.clone(),
                    waited: self.wait,
                    words,
                });
            }
            if told != words {
                report.wait(NAME, &words)?;
                told = words;
            }
            thread::sleep(POLL);
        }
    }
}

/// The address to deliver to, of those that wrangler names after a deployment.
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
