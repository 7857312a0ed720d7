//! The Worker: routes, nothing else.

mod bindings;
mod body;
mod clock;
mod config;
mod consumer;
mod cron;
mod dead_letters;
mod encoding;
mod ended;
mod http;
mod in_flight;
mod ingest;
mod ledger;
mod log;
mod operator;
mod passage;
mod pipeline;
mod queue;
mod random;
mod rate_limit;
mod send;
mod sessions;
mod waiting;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::worker_sys::MessageBatch;
use worker::{Context, Env, Request, Response, Result, ScheduleContext, ScheduledEvent, event};

use crate::bindings::Route;
use crate::config::Variables;
use crate::http::answer::Answer;
use crate::http::method::Method;
use crate::log::Level;

/// Answers every request; errors are answers, since Logpush shows them to its customer.
#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> Result<Response> {
    let variables = Variables::new(&env);
    let path = request.path();
    let answer = match path.strip_prefix("/logpush") {
        Some("" | "/") => ingest::receive(request, &env, &variables, None).await,
        Some(rest) if rest.starts_with('/') => {
            let dataset = rest.trim_matches('/').to_owned();
            ingest::receive(request, &env, &variables, Some(dataset)).await
        }
        _ if path == "/health" => health(Method::of(&request), &env, &variables),
        _ => operator::handle(&mut request, &env, &variables, &path)
            .await
            .unwrap_or_else(|| Answer::not_found(&path)),
    };
    answer.into_response()
}

/// Takes messages of the queue. Not by `#[event(queue)]`, whose messages do not say how often they
/// were delivered, and which turns an error into a panic.
#[wasm_bindgen]
pub async fn queue(batch: MessageBatch, env: Env, _context: JsValue) {
    match bindings::route(&env) {
        Ok(Route::Durable(bindings)) => {
            consumer::consume(&batch, &Variables::new(&env), &bindings).await;
        }
        route => {
            let missing = "the bindings UPLOADS, WORK and LEDGER are missing".to_owned();
            let problem = route.err().unwrap_or(missing);
            let problem = format!("messages of the queue wait for the durable route: {problem}");
            log::write_problem(Level::Error, "consumer", &problem);
            let _ = batch.retry_all(JsValue::UNDEFINED);
        }
    }
}

/// Sweeps, and raises alerts.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    match bindings::route(&env) {
        Ok(Route::Durable(bindings)) => {
            let variables = Variables::new(&env);
            cron::run(&variables, &bindings).await;
        }
        Ok(Route::Direct) => {}
        Err(problem) => log::write_problem(Level::Error, "sweep", &problem),
    }
}

/// Says to anyone whether the configuration is sound, and no more.
fn health(method: Method, env: &Env, variables: &Variables) -> Answer {
    if !method.is_read() {
        return Answer::method_not_allowed("GET, HEAD");
    }
    let is_sound = match (config::read(variables), bindings::route(env)) {
        (Ok(config), Ok(Route::Direct)) => config.only_target().is_ok(),
        (Ok(config), Ok(Route::Durable(_))) => config.wrong_destinations().is_empty(),
        _ => false,
    };
    match is_sound {
        true => Answer::json(200, &serde_json::json!({ "status": "ok" })),
        false => Answer::json(503, &serde_json::json!({ "status": "misconfigured" })),
    }
}
