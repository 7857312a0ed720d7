//! An upload arrives: who sends it, whether it is acceptable, and how it is answered.

mod inspect;
mod memory;
mod multipart;
mod store;

use core::convert::Infallible;
use core::time::Duration;

use logpush_normalizer::{Dataset, Normalizer, UploadError, datasets};
use serde_json::json;
use worker::{Env, Headers, Request};

use crate::bindings::{self, Bindings, Route};
use crate::body::{Announced, BodyError};
use crate::clock::now_millis;
use crate::config::{self, Config, Target, Variables};
use crate::encoding;
use crate::http::answer::Answer;
use crate::http::method::Method;
use crate::ingest::store::{Store, StoreError};
use crate::log::{self, Stored};
use crate::pipeline::{self, Deliveries, NoJournal, Pipeline, PipelineError};
use crate::send::{Delivery, DeliveryError, Upload};

/// `Retry-After` for an upload that could not be stored, in seconds.
const COME_BACK: &str = "10";

/// When Logpush may come back where the destination took nothing, and named no time.
const COME_BACK_TO_THE_DESTINATION: Duration = Duration::from_secs(30);

/// The direct route has one destination, whatever its name.
const DIRECT: &str = "";

const SEND_AGAIN: &str =
    "send the upload again later; nothing is lost as long as one of the tries succeeds";

/// Handles `POST /logpush` (the records show the dataset) and `POST /logpush/{dataset}`.
pub(crate) async fn receive(
    request: Request,
    env: &Env,
    variables: &Variables,
    dataset: Option<String>,
) -> Answer {
    if Method::of(&request) != Method::Post {
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
    if let Some(dataset) = dataset
        && config
            .owed(Some(dataset))
            .is_some_and(|owed| owed.is_empty())
    {
        return unrouted(dataset.name);
    }
    let content_encoding = request.headers().get("Content-Encoding").ok().flatten();
    if let Err(error) = encoding::check_header(content_encoding.as_deref().unwrap_or_default()) {
        return not_taken(&error.into());
    }
    let announced = Announced {
        bytes: content_length(request.headers()),
        limit: config.ingest.upload_bytes,
    };
    if let Some(bytes) = announced.bytes
        && let Err(error) = announced.check_limit(bytes)
    {
        return not_taken(&error);
    }
    match route {
        Route::Direct => match config.only_target() {
            Ok(target) => deliver(&request, &target, dataset, announced).await,
            Err(problem) => misconfigured(&problem),
        },
        Route::Durable(bindings) => store(&request, &config, dataset, announced, &bindings).await,
    }
}

/// The durable route: stores the upload.
async fn store(
    request: &Request,
    config: &Config,
    dataset: Option<&'static Dataset>,
    announced: Announced,
    bindings: &Bindings,
) -> Answer {
    let started = now_millis();
    let mut stored = Stored::default();
    let store = Store {
        config,
        bindings,
        dataset,
        announced,
    };
    let result = store.store(request.inner().body(), &mut stored).await;
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
        Err(StoreError::Body(error)) => not_taken(&error),
        Err(StoreError::Unrouted { dataset }) => unrouted(dataset),
        Err(error) => {
            Answer::error(503, &error.to_string(), SEND_AGAIN).with_header("Retry-After", COME_BACK)
        }
    };
    let took = Duration::from_millis(now_millis().saturating_sub(started));
    log::write_stored(&stored, &answer, took);
    answer
}

/// The direct route: delivers the upload while Logpush waits.
async fn deliver(
    request: &Request,
    target: &Target<'_>,
    dataset: Option<&'static Dataset>,
    announced: Announced,
) -> Answer {
    // A missing setting is reported before the first byte, so that creating a job fails on it.
    if let Some(dataset) = dataset
        && let Err(problem) = target.open(Some(dataset))
    {
        return misconfigured(&problem);
    }
    let started = now_millis();
    let mut normalizer = pipeline::normalizer(target, dataset, started);
    let deliveries = Deliveries::new(|dataset| {
        let upload = Upload {
            destination: DIRECT,
            // Nothing is remembered of it.
            id: "",
            dataset,
            arrival: pipeline::arrival(started),
        };
        Delivery::open(target, upload, None, None)
    });
    let pipeline = Pipeline {
        announced,
        normalizer: &mut normalizer,
        in_flight: target.setup.deliveries_in_flight,
        deliveries: &deliveries,
        journal: &NoJournal,
    };
    let result = pipeline.run(request.inner().body()).await;
    let answer = match &result {
        Ok(()) => accepted(&normalizer, &deliveries),
        Err(error) => not_delivered(error),
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
            "events": summary.records - summary.dropped,
            "dropped": summary.dropped,
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

/// What Logpush sent is at fault.
fn not_taken(error: &BodyError) -> Answer {
    let text = error.to_string();
    match error {
        BodyError::Upload(UploadError::TooLarge { .. }) | BodyError::TooLarge { .. } => {
            Answer::error(
                413,
                &text,
                "set max_upload_bytes in the job to 5000000, or raise UPLOAD_MAX_BYTES and UPLOAD_MAX_PLAIN_BYTES",
            )
        }
        BodyError::Upload(UploadError::UnknownDataset | UploadError::AmbiguousDataset { .. }) => {
            let hint = format!(
                "name it in the job's destination: /logpush/{{dataset}} with one of {}",
                dataset_names()
            );
            Answer::error(400, &text, &hint)
        }
        BodyError::Encoding(_) => Answer::error(
            415,
            &text,
            "send gzip or plain NDJSON, as Logpush does; nothing of the upload is stored",
        ),
        BodyError::Upload(_) | BodyError::Aborted | BodyError::Short { .. } => Answer::error(
            400,
            &text,
            "nothing of the upload counts as delivered: send it again, whole",
        ),
    }
}

/// The direct route alone: the durable one answers before it delivers.
fn not_delivered(error: &PipelineError<Infallible>) -> Answer {
    let text = error.to_string();
    match error {
        PipelineError::Body(error) => not_taken(error),
        PipelineError::Delivery(error) => match error {
            DeliveryError::NotConfigured(problem) => misconfigured(problem),
            DeliveryError::Held { hint, .. } => Answer::error(502, &text, hint),
            DeliveryError::Unavailable { after, .. } => try_later(&text, *after),
            DeliveryError::HandedOver => try_later(&text, None),
        },
        PipelineError::Journal(never) => match *never {},
    }
}

fn try_later(text: &str, after: Option<Duration>) -> Answer {
    // Rounded up: a second too late, never too early.
    let seconds = after
        .unwrap_or(COME_BACK_TO_THE_DESTINATION)
        .as_millis()
        .div_ceil(1000)
        .max(1);
    Answer::error(503, text, SEND_AGAIN).with_header("Retry-After", &seconds.to_string())
}

fn misconfigured(problems: &str) -> Answer {
    Answer::error(
        503,
        &format!("the Worker is not configured: {problems}"),
        "set variables in wrangler.toml and secrets with `npx wrangler secret put NAME`, then deploy again",
    )
}

fn unrouted(dataset: &str) -> Answer {
    misconfigured(&format!(
        "no destination takes {dataset}: add it to the datasets of one"
    ))
}

fn unknown_dataset(name: &str) -> Answer {
    let shown: String = name.chars().take(64).collect();
    Answer::error(
        404,
        &format!("there is no dataset {shown}"),
        &format!("use one of {}", dataset_names()),
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
