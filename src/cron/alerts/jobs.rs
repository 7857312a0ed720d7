//! The Logpush jobs that send to this Worker, as Cloudflare's API lists them: an optional check.

use core::time::Duration;

use logpush_status::logpush_job::LogpushJob;
use serde::Deserialize;
use worker::{Headers, Method, Request, RequestInit, RequestRedirect};

use crate::config::Cloudflare;
use crate::http::client::{Bounds, exchange};

/// Cloudflare's answer.
#[derive(Deserialize)]
struct Answer {
    result: Option<Vec<Listed>>,
}

#[derive(Deserialize)]
struct Listed {
    id: u64,
    #[serde(default)]
    dataset: String,
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    destination_conf: String,
    error_message: Option<String>,
}

/// A list of an account's Logpush jobs is some 10 kB.
const BOUNDS: Bounds = Bounds {
    timeout: Duration::from_secs(10),
    body_max: 1024 * 1024,
};

/// Characters of a job's error message that are kept.
const ERROR_MAX: usize = 300;

/// Asks Cloudflare for the jobs that send to a Worker like this.
///
/// # Errors
///
/// Says what failed, without the token.
pub(crate) async fn ask(cloudflare: &Cloudflare) -> Result<Vec<LogpushJob>, String> {
    let mut jobs = Vec::new();
    for place in &cloudflare.places {
        let answer = ask_one(cloudflare, place)
            .await
            .map_err(|problem| format!("Cloudflare's API, {place}/logpush/jobs: {problem}"))?;
        jobs.extend(answer.into_iter().filter(is_ours).map(|listed| {
            LogpushJob {
                id: listed.id,
                dataset: listed.dataset,
                enabled: listed.enabled,
                error: listed
                    .error_message
                    .filter(|error| !error.is_empty())
                    .map(|error| error.chars().take(ERROR_MAX).collect()),
            }
        }));
    }
    Ok(jobs)
}

async fn ask_one(cloudflare: &Cloudflare, place: &str) -> Result<Vec<Listed>, String> {
    let headers = Headers::new();
    let bearer = format!("Bearer {}", cloudflare.token);
    let _ = headers.set("Authorization", &bearer);
    let mut init = RequestInit::new();
    init.with_method(Method::Get)
        .with_headers(headers)
        // A redirect would take the token somewhere else.
        .with_redirect(RequestRedirect::Manual);
    let url = format!("{}/{place}/logpush/jobs", cloudflare.url);
    let request = Request::new_with_init(&url, &init)
        .map_err(|_| "CLOUDFLARE_API_BASE_URL is not a valid URL")?;
    let reply = exchange(request, BOUNDS).await?;
    if reply.status != 200 {
        return Err(format!(
            "status {}: does the token have the permission Logs Edit?",
            reply.status
        ));
    }
    if reply.is_cut {
        return Err("the answer is longer than 1 MiB".to_owned());
    }
    let answer: Answer =
        serde_json::from_slice(&reply.body).map_err(|_| "the answer is not a list of jobs")?;
    Ok(answer.result.unwrap_or_default())
}

/// Jobs to the Worker have its path in their destination, those through R2 the prefix of the bucket.
fn is_ours(listed: &Listed) -> bool {
    let (place, _) = listed
        .destination_conf
        .split_once('?')
        .unwrap_or((&listed.destination_conf, ""));
    place.contains("/logpush/") || place.ends_with("/logpush")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_jobs_to_a_worker_like_this_are_looked_at() {
        for (destination_conf, expected) in [
            (
                "https://w.example.workers.dev/logpush/dns_logs?header_X-Logpush-Secret=x",
                true,
            ),
            (
                "https://w.example.workers.dev/logpush?header_X-Logpush-Secret=x",
                true,
            ),
            (
                "r2://logpush-ecs/logpush/dns_logs/{DATE}?account-id=x",
                true,
            ),
            ("https://other.example/in?path=/logpush/", false),
            ("s3://bucket/logs?region=x", false),
        ] {
            let listed = Listed {
                id: 1,
                dataset: "dns_logs".to_owned(),
                enabled: true,
                destination_conf: destination_conf.to_owned(),
                error_message: None,
            };
            assert_eq!(is_ours(&listed), expected, "{destination_conf}");
        }
    }
}
