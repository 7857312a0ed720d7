//! The Worker: routes, nothing else.

mod answer;
mod auth;
mod body;
mod config;
mod deliver;
mod pipe;
mod receive;
mod upload_log;

use worker::{Context, Env, Method, Request, Response, Result, event};

use crate::answer::Answer;
use crate::config::Variables;

/// Answers every request; errors are answers, since Logpush shows them to its customer.
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let variables = Variables::new(&env);
    let path = request.path();
    let answer = match path.strip_prefix("/logpush") {
        Some("" | "/") => receive::receive(request, &variables, None).await,
        Some(rest) if rest.starts_with('/') => {
            let dataset = rest.trim_matches('/').to_owned();
            receive::receive(request, &variables, Some(dataset)).await
        }
        _ if path == "/health" => health(request.method(), &variables),
        _ => Answer::not_found(&path),
    };
    answer.into_response()
}

/// Tells anyone whether the configuration is sound, and no more.
fn health(method: Method, variables: &Variables) -> Answer {
    if !matches!(method, Method::Get | Method::Head) {
        return Answer::method_not_allowed("GET, HEAD");
    }
    match config::read(variables) {
        Ok(_) => Answer::json(200, &serde_json::json!({ "status": "ok" })),
        Err(_) => Answer::json(503, &serde_json::json!({ "status": "misconfigured" })),
    }
}
