//! An upload arrives: who sends it, is it acceptable, and what is it told in the end.

mod store;

use core::time::Duration;

use logpush_normalizer::{
    Config as NormalizerConfig, Dataset, Normalizer, Time, UploadError, datasets,
};
use serde_json::json;
use worker::{Env, Headers, Method, Request};

use crate::bindings::{self, Bindings, Route};
use crate::body::Body;
use crate::clock::now_millis;
use crate::config::{self, Config, Variables};
use crate::http::answer::Answer;
use crate::ingest::store::SpoolError;
use crate::log::{self, Stored};
use crate::pipeline::{self, Announced, Deliveries, NoJournal, PipeError};
use crate::rate_limit::Pace;
use crate::send::{Delivery, DeliveryError};

/// When Logpush may come back to an upload that could not be stored, in seconds.
const COME_BACK: &str = "10";

/// Handles `POST /logpush` (the dataset is told from the records) and `POST /logpush/{dataset}`.
pub(crate) async fn receive(
    request: Request,
    env: &Env,
    variables: &Variables,
    dataset: Option<String>,
) -> Answer {
    if request.method() != Method::Post {
        return Answer::method_not_allowed("POST");
    }
    if let Err(answer) = authenticate(request.headers(), variables) {
        return answer;
    }
    let config = match config::read(variables) {
        Ok(config) => config,
        Err(problems) => return misconfigured(&problems.join("; ")),
    };
    let route = match bindings::route(env) {
        Ok(route) => route,
        Err(problem) => return misconfigured(&problem),
    };
    let dataset = match dataset
        .as_deref()
        .map(|name| datasets::by_name(name).ok_or(name))
    {
        None => None,
        Some(Ok(dataset)) => Some(dataset),
        Some(Err(name)) => return unknown_dataset(name),
    };
    // What is missing must be told before the first byte, so that creating a job fails on it.
    if let Some(dataset) = dataset
        && let Err(problem) = config.destination(Some(dataset))
    {
        return misconfigured(&problem);
    }
    let announced = Announced {
        bytes: content_length(request.headers()),
        limit: config.upload_max,
    };
    if let Some(bytes) = announced.bytes
        && bytes > announced.limit
    {
        return too_large(&PipeError::TooLarge {
            limit: announced.limit,
        });
    }
    match route {
        Route::Direct => deliver(&request, &config, dataset, &announced).await,
        Route::Durable(bindings) => store(&request, &config, dataset, &announced, &bindings).await,
    }
}

/// The durable route: stores the upload.
async fn store(
    request: &Request,
    config: &Config,
    dataset: Option<&'static Dataset>,
    announced: &Announced,
    bindings: &Bindings,
) -> Answer {
    let started = now_millis();
    let mut stored = Stored::default();
    let result = store::store(request, config, dataset, announced, bindings, &mut stored).await;
    let answer = match result {
        Ok(()) if stored.destination_test => destination_test(stored.dataset),
        Ok(()) => Answer::json(
            200,
            &json!({
                "dataset": stored.dataset,
                "stored": true,
                "duplicate": stored.duplicate,
                "lines": stored.lines,
                "bytes": stored.bytes_received,
            }),
        ),
        Err(SpoolError::Upload(error)) => refused(&error),
        Err(error) => Answer::error(
            503,
            &error.to_string(),
            "send the upload again later; nothing is lost as long as one of the tries succeeds",
        )
        .with_header("Retry-After", COME_BACK),
    };
    let took = Duration::from_millis(now_millis().saturating_sub(started));
    log::write_stored(&stored, &answer, took);
    answer
}

/// The direct route: delivers the upload while Logpush waits.
async fn deliver(
    request: &Request,
    config: &Config,
    dataset: Option<&'static Dataset>,
    announced: &Announced,
) -> Answer {
    let started = now_millis();
    // Milliseconds since 1970 are far from the limits of 64 bits.
    let arrival = Time::from_unix_millis(started as i64);
    let mut normalizer = Normalizer::new(NormalizerConfig {
        dataset,
        shape: config.shape,
        arrival,
        keep_original: config.keep_original,
        shows_secrets: config.shows_secrets,
        limits: config.limits,
    });
    let deliveries = Deliveries::new(|dataset| {
        let destination = config.destination(dataset)?;
        Ok(Delivery::new(
            destination,
            dataset,
            config.shape,
            arrival,
            config.retry,
            Pace::new(config.intake_requests_per_second, None),
        ))
    });
    let result = match Body::new(request.inner().body()) {
        Ok(mut body) => {
            let result = pipeline::run(
                &mut body,
                announced,
                &mut normalizer,
                config.deliveries_in_flight,
                &deliveries,
                &NoJournal,
            )
            .await;
            if result.is_err() {
                body.cancel();
            }
            result
        }
        Err(_) => Err(PipeError::Aborted),
    };
    let answer = match &result {
        Ok(()) => accepted(&normalizer, &deliveries),
        Err(error) => refused(error),
    };
    let took = Duration::from_millis(now_millis().saturating_sub(started));
    log::write_upload(&normalizer, deliveries.counters(), &answer, took);
    answer
}

fn authenticate(headers: &Headers, variables: &Variables) -> Result<(), Answer> {
    let secrets = config::secrets(variables).map_err(|problem| misconfigured(&problem))?;
    let header = |name| headers.get(name).ok().flatten();
    let secret = header("X-Logpush-Secret");
    let authorization = header("Authorization");
    if secrets.allow(secret.as_deref(), authorization.as_deref()) {
        return Ok(());
    }
    let given = secret.is_some() || authorization.is_some();
    Err(Answer::error(
        401,
        if given {
            "the secret is wrong"
        } else {
            "the secret is missing"
        },
        "set header_X-Logpush-Secret in the job's destination to the value of LOGPUSH_SECRET",
    )
    .with_header("WWW-Authenticate", "Bearer realm=\"logpush-ecs\""))
}

fn accepted(normalizer: &Normalizer, deliveries: &Deliveries<'_>) -> Answer {
    let summary = normalizer.summary();
    let dataset = normalizer.dataset().map(|dataset| dataset.name);
    if summary.is_destination_test {
        return destination_test(dataset);
    }
    let counters = deliveries.counters();
    Answer::json(
        200,
        &json!({
            "dataset": dataset,
            "records": summary.records,
            "events": summary.records,
            "errors": summary.errors,
            "refused": counters.map_or(0, |counters| counters.refused.get()),
            "batches": counters.map_or(0, |counters| counters.batches.get()),
        }),
    )
}

fn destination_test(dataset: Option<&str>) -> Answer {
    Answer::json(
        200,
        &json!({ "dataset": dataset, "destination_test": true }),
    )
}

fn refused(error: &PipeError) -> Answer {
    let text = error.to_string();
    match error {
        PipeError::Upload(UploadError::TooLarge { .. }) | PipeError::TooLarge { .. } => {
            too_large(error)
        }
        PipeError::Upload(UploadError::UnknownDataset | UploadError::AmbiguousDataset { .. }) => {
            Answer::error(
                400,
                &text,
                &format!(
                    "name it in the job's destination: /logpush/{{dataset}} with one of {}",
                    dataset_names()
                ),
            )
        }
        PipeError::Upload(_) | PipeError::Aborted | PipeError::Short { .. } => Answer::error(
            400,
            &text,
            "nothing of the upload is taken for delivered: send it again, whole",
        ),
        PipeError::NoDestination(problem) => misconfigured(problem),
        // Of the durable route alone, which tells Logpush nothing of them.
        PipeError::Journal(_) | PipeError::TakenOver | PipeError::HandedOver => {
            Answer::error(503, &text, "send the upload again later")
        }
        PipeError::Delivery(DeliveryError::Unavailable { after, .. }) => Answer::error(
            503,
            &text,
            "send the upload again later; nothing is lost as long as one of the tries succeeds",
        )
        // Rounded up: a second too late, never too early.
        .with_header(
            "Retry-After",
            &after.as_millis().div_ceil(1000).max(1).to_string(),
        ),
        PipeError::Delivery(DeliveryError::Denied { status, .. }) => Answer::error(
            502,
            &text,
            match status {
                Some(401 | 403) => {
                    "check the intake key: it is wrong, revoked, or of another region"
                }
                Some(_) => "check the intake's URL and key",
                None => "check that the intake's format is that of SHAPE",
            },
        ),
    }
}

fn misconfigured(problems: &str) -> Answer {
    Answer::error(
        503,
        &format!("the Worker is not configured: {problems}"),
        "set variables in wrangler.toml and secrets with `npx wrangler secret put NAME`, then deploy again",
    )
}

fn unknown_dataset(name: &str) -> Answer {
    let shown: String = name.chars().take(64).collect();
    Answer::error(
        404,
        &format!("there is no dataset {shown}"),
        &format!("use one of {}", dataset_names()),
    )
}

fn too_large(error: &PipeError) -> Answer {
    Answer::error(
        413,
        &error.to_string(),
        "set max_upload_bytes in the job to 5000000, or raise UPLOAD_MAX_BYTES and UPLOAD_MAX_PLAIN_BYTES",
    )
}

fn dataset_names() -> String {
    let names: Vec<_> = datasets::DATASETS
        .iter()
        .map(|dataset| dataset.name)
        .collect();
    names.join(", ")
}

fn content_length(headers: &Headers) -> Option<u64> {
    headers.get("Content-Length").ok().flatten()?.parse().ok()
}
