//! A test event: one record, normalised and delivered to a destination as the Worker would do it.

use core::time::Duration;
use std::io::Read as _;
use std::thread;

use logpush_delivery::configuration::setup::{Ingest, Setup};
use logpush_delivery::destination::Destination;
use logpush_delivery::machine::{Action, Delivery, End, Limits, Machine, Refusal, Shared};
use logpush_delivery::request::{Body, Method, Reply, Request};
use logpush_delivery::session::Session;
use logpush_normalizer::{Batch, Config, Dataset, Normalizer, Rules, refusal};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::request::Builder;

use crate::clock;
use crate::worker_client::target::is_loopback;

/// What becomes of it.
pub(crate) enum Sent {
    /// The destination has it; its `event.id`.
    Taken(String),
    /// Why not, in the destination's words.
    NotTaken(String),
}

/// How long the destination may take nothing, in milliseconds.
const BUDGET: u64 = 10_000;

/// Requests that one event may need: a token, the event, acknowledgements.
const REQUESTS_MAX: u32 = 50;

const REPLY_MAX: u64 = 1024 * 1024;

/// Sends it.
pub(crate) fn send(
    setup: &Setup,
    ingest: &Ingest,
    destination: &dyn Destination,
    dataset: &'static Dataset,
) -> Sent {
    let Some(batch) = batch(setup, ingest, dataset) else {
        return Sent::NotTaken("the test record became no event".to_owned());
    };
    let id = batch.get(0).map(|document| id(document.text));
    let placeholder = |refused: &Refusal<'_>| {
        let (reason, with_text) = (refused.reason, refused.with_text);
        let (shape, arrival) = (setup.shape, clock::arrival());
        refusal(
            refused.document,
            reason,
            with_text,
            Some(dataset),
            shape,
            arrival,
        )
    };
    let delivery = Delivery {
        destination,
        upload: "test",
        limits: Limits {
            base: millis(setup.retry.base),
            budget: BUDGET,
            after_max: BUDGET,
            requests: REQUESTS_MAX,
            // What is refused is told, and no placeholder is sent.
            refused: 0,
        },
        placeholder: &placeholder,
        shared: &Shared::default(),
    };
    let mut machine = Machine::new(&delivery, batch, now());
    let mut session = Session::default();
    loop {
        match machine.next(&mut session, now()) {
            Action::Wait(wait) => thread::sleep(Duration::from_millis(wait)),
            Action::Send(request) => {
                match exchange(&request, machine.body_of(&request), setup.retry.timeout) {
                    Ok(reply) => machine.answered(&reply, &mut session, now()),
                    Err(reason) => machine.failed(&reason, &mut session, now()),
                }
            }
            Action::Done(outcome) => {
                return match outcome.end {
                    End::Complete if outcome.refused.is_empty() && outcome.unknown.is_empty() => {
                        Sent::Taken(id.unwrap_or_default())
                    }
                    End::Complete => {
                        let reason = outcome.last_reason.unwrap_or_default();
                        Sent::NotTaken(format!("{} refused it: {reason}", destination.title()))
                    }
                    End::Held { words, .. } => {
                        Sent::NotTaken(format!("{}: {words}", destination.title()))
                    }
                    End::Unavailable { reason, .. } => {
                        Sent::NotTaken(format!("{}: {reason}", destination.title()))
                    }
                    End::HandedOver => Sent::NotTaken("it takes too many requests".to_owned()),
                };
            }
        }
    }
}

/// The one record as the destination gets it.
fn batch(setup: &Setup, ingest: &Ingest, dataset: &'static Dataset) -> Option<Batch> {
    let record = json!({
        "Datetime": clock::utc().to_rfc3339(),
        "Action": "log",
        "ClientIP": "192.0.2.1",
        "ClientRequestHost": "test.invalid",
        "Description": "a test event of `logpush-ecs setup`",
    });
    let text = format!("{record}\n");
    let mut normalizer = Normalizer::new(Config {
        dataset: Some(dataset),
        shape: setup.shape,
        arrival: clock::arrival(),
        keep_original: setup.keep_original,
        private_keys: Default::default(),
        worker_name: "logpush-ecs",
        unmask: setup.unmask,
        // Some would drop it.
        rules: Rules::default(),
        limits: setup.limits(ingest),
    });
    let mut rest = text.as_bytes();
    let batch = normalizer.feed(&mut rest).ok()?;
    batch.or_else(|| normalizer.finish().ok()?)
}

/// What to look for: the event's id, or what stands in its place.
fn id(document: &[u8]) -> String {
    let document: Value = serde_json::from_slice(document).unwrap_or_default();
    let id = document.pointer("/event/id").and_then(Value::as_str);
    id.map_or_else(
        || "ClientRequestHost test.invalid".to_owned(),
        |id| format!("event.id {id}"),
    )
}

/// Sends a request. What goes wrong is told without the URL and the headers, which may be secret.
fn exchange(request: &Request, body: &[u8], timeout: Duration) -> Result<Reply, String> {
    let config = Agent::config_builder()
        .user_agent(concat!("logpush-ecs/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        // A redirect would take the key somewhere else.
        .max_redirects(0)
        .timeout_global(Some(timeout));
    let host = ureq::http::Uri::try_from(&request.url).ok();
    let config = match host
        .as_ref()
        .and_then(|uri| uri.host())
        .is_some_and(is_loopback)
    {
        true => config.proxy(None),
        false => config,
    };
    let agent: Agent = config.build().into();
    let method = match request.method {
        Method::Get => ureq::http::Method::GET,
        Method::Post => ureq::http::Method::POST,
        Method::Put => ureq::http::Method::PUT,
        Method::Delete => ureq::http::Method::DELETE,
    };
    let builder: Builder = ureq::http::Request::builder()
        .method(method)
        .uri(&request.url);
    let builder = request
        .headers
        .iter()
        .fold(builder, |builder, (name, value)| {
            builder.header(name, value)
        });
    let answered = match request.body {
        Body::Empty => agent.run(builder.body(()).map_err(|_| unfit())?),
        Body::Payload(_) | Body::Own(_) => agent.run(builder.body(body).map_err(|_| unfit())?),
    };
    let mut response = answered.map_err(|error| match error {
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::HostNotFound => "the host is not found".to_owned(),
        ureq::Error::Timeout(_) => format!("no answer within {} s", timeout.as_secs()),
        _ => "the request failed".to_owned(),
    })?;
    let headers = response.headers().iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    let headers = headers.collect();
    let status = response.status().as_u16();
    let mut body = Vec::new();
    let mut reader = response.body_mut().as_reader().take(REPLY_MAX);
    reader
        .read_to_end(&mut body)
        .map_err(|_| "the answer broke off".to_owned())?;
    Ok(Reply {
        status,
        headers,
        body,
    })
}

fn unfit() -> String {
    "the URL or a header cannot be sent".to_owned()
}

fn now() -> u64 {
    clock::utc().timestamp_millis().unsigned_abs()
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}
