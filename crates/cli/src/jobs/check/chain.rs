//! The chain from Cloudflare's API to the Worker. Each link is tested on its own.

use chrono::{DateTime, TimeDelta, Utc};
use ureq::http::Uri;

use crate::clock;
use crate::jobs::check::destination;
use crate::jobs::check::intake::{self, Ledgers};
use crate::jobs::check::link::{Link, Mark, rough};
use crate::jobs::cloudflare::destination::Destination;
use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::explain;
use crate::jobs::cloudflare::fields;
use crate::jobs::cloudflare::job::Job;
use crate::jobs::cloudflare::scope::Scope;
use crate::jobs::session::Session;
use crate::worker_client::target::{self, Headers};
use crate::worker_client::uploads::Upload;
use crate::worker_client::worker::{Refusal, Worker};

/// The age of a last delivery that is worth a warning: most zones have something to log within an hour.
const QUIET: TimeDelta = TimeDelta::hours(1);

/// Tests every link of one job's chain. `worker` is the URL of the Worker that reads the bucket, for a
/// job that writes to one.
pub(crate) fn walk(
    session: &Session,
    scope: &Scope,
    job: &Job,
    worker: Option<&str>,
    ledgers: &Ledgers,
) -> Vec<Link> {
    let update = format!("`logpush-ecs jobs update {} {}", job.id(), scope.option());
    let mut links = vec![
        enabled(job, scope),
        offered(session, scope, job, &update),
        format(job),
        limits(job, &update),
        last_error(job),
        last_delivery(job),
    ];
    let destination = job.destination();
    let url = match destination.is_worker() {
        true => {
            links.extend(at_worker(session, job));
            destination.url()
        }
        false => bucket(job, worker, &mut links),
    };
    links.push(from_cloudflare(session, scope, job));
    let is_there = |link: &Link| link.name == "worker" && link.mark == Mark::Ok;
    let is_reached = links.iter().any(is_there);
    links.extend(match url.filter(|_| is_reached) {
        Some(url) => {
            let mut links = ledgers.links(&url, job.dataset());
            links.extend(match session.dry_run {
                true => vec![Link::skip(
                    destination::NAME,
                    "a dry run asks no destination",
                )],
                false => ledgers.checks(&url, job.dataset()),
            });
            links
        }
        None => vec![
            Link::skip(intake::NAME, "the Worker is not reached"),
            Link::skip(destination::NAME, "the Worker is not reached"),
        ],
    });
    links
}

/// Makes Cloudflare test a destination. If that fails, the test is repeated from here, because
/// Cloudflare passes on little of the Worker's answer.
pub(crate) fn test(
    session: &Session,
    scope: &Scope,
    dataset: &str,
    destination: &Destination,
) -> Result<(), JobsError> {
    let Err(words) = session.validate(scope, dataset, &destination.text())? else {
        return Ok(());
    };
    let hint = match try_upload(destination) {
        Some(Err(refusal)) => format!("tried from here: {}", words_of(&refusal)),
        _ => explain::destination(&words).to_owned(),
    };
    Err(JobsError::Destination {
        destination: destination.shown(),
        words,
        hint,
    })
}

fn enabled(job: &Job, scope: &Scope) -> Link {
    match job.is_enabled() {
        true => Link::ok("enabled", "the job is enabled"),
        false => Link::fail(
            "enabled",
            "the job is disabled: it delivers nothing, and what happens now is lost",
            format!(
                "`logpush-ecs jobs enable {} {}`; Cloudflare disables a job whose uploads fail for long, so mend what is broken below first",
                job.id(),
                scope.option()
            ),
        ),
    }
}

fn offered(session: &Session, scope: &Scope, job: &Job, update: &str) -> Link {
    let hint = || format!("{update} --fields all`");
    let has = job.fields();
    if has.is_empty() {
        return Link::fail("fields", "the job sends no field", hint());
    }
    let offered = match fields::offered(&session.api, scope, job.dataset()) {
        Ok(offered) => offered,
        Err(error) => {
            return Link::warn(
                "fields",
                error.to_string(),
                error.hint().unwrap_or_default(),
            );
        }
    };
    let missing: Vec<_> = offered
        .iter()
        .filter(|name| !has.contains(name))
        .map(String::as_str)
        .collect();
    match missing.is_empty() {
        true => Link::ok("fields", format!("all {} that are offered", has.len())),
        false => Link::warn(
            "fields",
            format!(
                "{} of {} that are offered; not sent: {}",
                has.len(),
                offered.len(),
                missing.join(" ")
            ),
            hint(),
        ),
    }
}

fn format(job: &Job) -> Link {
    let options = job.output_options();
    let text = |name: &str| {
        let value = options.get(name).and_then(serde_json::Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    if text("output_type") == "csv" || !text("record_template").is_empty() {
        return Link::fail(
            "format",
            "the job sends CSV or a template, of which every line becomes an error event",
            "create the job anew: `logpush-ecs jobs delete`, then `logpush-ecs jobs create`",
        );
    }
    let rate = options
        .get("sample_rate")
        .and_then(serde_json::Value::as_f64);
    if let Some(rate) = rate.filter(|rate| *rate < 1.0) {
        return Link::warn(
            "format",
            format!("only a part of the records is sent: sample_rate {rate}"),
            "`logpush-ecs jobs update JOB --sample 1` sends all",
        );
    }
    let filter = match job.text("filter") {
        "" => String::new(),
        filter => format!(", filter {filter}"),
    };
    match job.timestamps().as_str() {
        times @ ("unix" | "rfc3339") => Link::warn(
            "format",
            format!("times are cut to the second: {times}{filter}"),
            "`logpush-ecs jobs update JOB --timestamps rfc3339ns`",
        ),
        times => Link::ok("format", format!("NDJSON, times as {times}{filter}")),
    }
}

fn limits(job: &Job, update: &str) -> Link {
    let number = |name: &str| {
        let value = job.0.get(name).and_then(serde_json::Value::as_f64);
        value.filter(|value| *value > 0.0)
    };
    match (number("max_upload_bytes"), number("max_upload_records")) {
        (Some(bytes), records) => Link::ok(
            "limits",
            match records {
                Some(records) => format!("uploads of at most {bytes} bytes, {records} records"),
                None => format!("uploads of at most {bytes} bytes"),
            },
        ),
        _ => Link::warn(
            "limits",
            "uploads have no limit in bytes: one that fails is sent again whole",
            format!("{update} --max-upload-bytes 5000000`"),
        ),
    }
}

fn last_error(job: &Job) -> Link {
    let (at, words) = (job.text("last_error"), job.text("error_message"));
    match (at, words) {
        ("", "") => Link::ok("last error", "none"),
        _ => Link::fail(
            "last error",
            format!("{at}: {words}"),
            explain::destination(words),
        ),
    }
}

fn last_delivery(job: &Job) -> Link {
    const NAME: &str = "last delivery";
    let at = job.text("last_complete");
    let Ok(time) = DateTime::parse_from_rfc3339(at) else {
        return Link::warn(
            NAME,
            "none yet",
            "the first takes some minutes, on a busy zone hours; look again later",
        );
    };
    let age = clock::utc().signed_duration_since(time.with_timezone(&Utc));
    match age > QUIET {
        true => Link::warn(
            NAME,
            format!("{at}, {} ago", rough(age)),
            "either nothing happened that this dataset logs, or the job is stuck: look at the links around this one",
        ),
        false => Link::ok(NAME, format!("{at}, {} ago", rough(age))),
    }
}

/// Tests whether a job writes to the bucket where the Worker reads, and whether that Worker is there.
/// Returns the Worker's URL.
fn bucket(job: &Job, worker: Option<&str>, links: &mut Vec<Link>) -> Option<Uri> {
    const NAME: &str = "worker";
    if !job.destination().is_read_as(job.dataset()) {
        links.push(Link::fail(
            NAME,
            "the job does not write to where a Worker reads: r2://<bucket>/logpush/<dataset>/",
            "create the job anew: `logpush-ecs jobs delete`, then `logpush-ecs jobs create --via r2`",
        ));
        return None;
    }
    let Some(url) = worker else {
        links.push(Link::skip(
            NAME,
            "the job writes to a bucket: name the Worker that reads it with --worker",
        ));
        return None;
    };
    match target::url("--worker", url, None) {
        Ok(url) => {
            links.push(reachable(&Worker::new(url.clone(), Headers::default())));
            Some(url)
        }
        Err(problem) => {
            links.push(Link::fail(NAME, problem, "correct --worker"));
            None
        }
    }
}

/// Whether the Worker is there, knows the job's secret, is configured, and knows the dataset.
fn at_worker(session: &Session, job: &Job) -> Vec<Link> {
    let destination = job.destination();
    let Some(client) = client(&destination) else {
        return vec![Link::fail(
            "worker",
            "the destination is no URL, or has headers that HTTP cannot carry",
            "`logpush-ecs jobs update JOB --worker URL`",
        )];
    };
    let mut links = vec![reachable(&client)];
    if links.iter().any(|link| link.mark == Mark::Fail) {
        links.push(Link::skip("secret", "the Worker is not reached"));
        links.push(Link::skip("configuration", "the Worker is not reached"));
        return links;
    }
    if session.dry_run {
        links.push(Link::skip("secret", "a dry run sends no test upload"));
        links.push(Link::skip(
            "configuration",
            "a dry run sends no test upload",
        ));
        return links;
    }
    links.extend(match try_upload(&destination) {
        Some(Ok(text)) => accepted(job, &text),
        Some(Err(refusal)) => refused(&refusal),
        None => vec![Link::skip("secret", "no test upload could be made")],
    });
    links
}

fn reachable(worker: &Worker) -> Link {
    const NAME: &str = "worker";
    const DEPLOY: &str =
        "`npm run deploy` deploys it, and prints its address; is the job's URL that one?";
    match worker.health() {
        Ok(answer) if answer.text.contains("\"status\"") => Link::ok(NAME, "reached from here"),
        Ok(_) => Link::fail(NAME, "something else answers at this address", DEPLOY),
        // The Worker is there, though not configured.
        Err(refusal) if refusal.status() == Some(503) && refusal.to_string().contains("status") => {
            Link::ok(NAME, "reached from here")
        }
        Err(refusal) => Link::fail(NAME, words_of(&refusal), DEPLOY),
    }
}

fn accepted(job: &Job, text: &str) -> Vec<Link> {
    if !text.contains("\"destination_test\":true") {
        return vec![Link::fail(
            "secret",
            "something took the test upload that is not this Worker",
            "check the job's destination: `logpush-ecs jobs show JOB`",
        )];
    }
    let secret = match job.destination().header("X-Logpush-Secret") {
        Some(_) => "the Worker knows the job's secret",
        None => "the Worker knows the job's credentials",
    };
    vec![
        Link::ok("secret", secret),
        Link::ok("configuration", "sound, for this dataset"),
    ]
}

/// The links that a refusal decides. The Worker checks the secret first, then its configuration, then
/// the dataset.
fn refused(refusal: &Refusal) -> Vec<Link> {
    let (words, hint) = (refusal.to_string(), refusal.hint().unwrap_or_default());
    let ok = || Link::ok("secret", "the Worker knows the job's secret");
    let skip = |name| Link::skip(name, "not reached");
    match refusal.status() {
        Some(401) => vec![
            Link::fail("secret", words, explain::destination("status:401")),
            skip("configuration"),
        ],
        Some(503) if words.contains("LOGPUSH_SECRET") => {
            vec![skip("secret"), Link::fail("configuration", words, hint)]
        }
        Some(503) => vec![ok(), Link::fail("configuration", words, hint)],
        Some(404) => vec![
            ok(),
            Link::ok("configuration", "sound"),
            Link::fail("dataset", words, hint),
        ],
        _ => vec![Link::fail("secret", words, hint), skip("configuration")],
    }
}

fn from_cloudflare(session: &Session, scope: &Scope, job: &Job) -> Link {
    const NAME: &str = "cloudflare";
    if session.dry_run {
        return Link::skip(NAME, "a dry run makes Cloudflare send no test upload");
    }
    match session.validate(scope, job.dataset(), job.text("destination_conf")) {
        Ok(Ok(())) => Link::ok(NAME, "Cloudflare's test upload arrives"),
        Ok(Err(words)) => Link::fail(NAME, words.clone(), explain::destination(&words)),
        Err(error) => Link::fail(NAME, error.to_string(), error.hint().unwrap_or_default()),
    }
}

/// Sends Cloudflare's test upload with the headers of the job. Returns the Worker's answer; none, if
/// the test cannot be made.
pub(crate) fn try_upload(destination: &Destination) -> Option<Result<String, Refusal>> {
    let client = destination.is_worker().then(|| client(destination))??;
    let upload = Upload::destination_test().ok()?;
    Some(client.send(&upload.body).map(|answer| answer.text))
}

fn client(destination: &Destination) -> Option<Worker> {
    let mut headers = Headers::default();
    for (name, value) in destination.headers() {
        // The client sets these two itself.
        let is_own = ["content-type", "content-encoding"]
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own));
        if !is_own && !headers.add(name, &value) {
            return None;
        }
    }
    Some(Worker::new(destination.url()?, headers))
}

fn words_of(refusal: &Refusal) -> String {
    let mut words = match refusal.status() {
        Some(status) => format!("{status} {refusal}"),
        None => format!("no answer: {refusal}"),
    };
    if let Some(hint) = refusal.hint() {
        words += &format!("; {hint}");
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(value: Value) -> Job {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_format_is_judged() {
        for (options, mark) in [
            (json!({"timestamp_format": "rfc3339ns"}), Mark::Ok),
            (json!({}), Mark::Ok),
            (json!({"timestamp_format": "unix"}), Mark::Warn),
            (json!({"sample_rate": 0.5}), Mark::Warn),
            (json!({"sample_rate": 1}), Mark::Ok),
            (json!({"output_type": "csv"}), Mark::Fail),
            (json!({"record_template": "{{.RayID}}"}), Mark::Fail),
        ] {
            let link = format(&job(json!({ "output_options": options })));
            assert_eq!(link.mark, mark, "{options}");
        }
    }

    #[test]
    fn a_delivery_ages() {
        let old = job(json!({ "last_complete": "2020-01-01T00:00:00Z" }));
        assert_eq!(last_delivery(&old).mark, Mark::Warn);
        assert_eq!(last_delivery(&job(json!({}))).mark, Mark::Warn);
        let now = json!({ "last_complete": clock::utc().to_rfc3339() });
        assert_eq!(last_delivery(&job(now)).mark, Mark::Ok);
    }
}
