//! The operator's routes for programs: how everything stands, and dead letters.

use serde_json::json;
use worker::{Env, Request};

use crate::bindings::{self, Bindings, Route};
use crate::config::Variables;
use crate::dead_letters::{self, Of, Replay};
use crate::http::answer::Answer;
use crate::http::method::Method;
use crate::http::query::Query;
use crate::operator::dead_letters::log_one;
use crate::operator::status::status;
use crate::operator::{access, check, destination};

/// Handles what is below `/api/`.
pub(crate) async fn handle(
    request: &Request,
    env: &Env,
    variables: &Variables,
    path: &str,
) -> Answer {
    if let Err(answer) = access::program(request, variables) {
        return answer;
    }
    let below = |name: &str| {
        path.strip_prefix(name)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if let Some("" | "/") = below("status") {
        return match Method::of(request).is_read() {
            true => Answer::json(200, &status(env, variables).await),
            false => Answer::method_not_allowed("GET, HEAD"),
        };
    }
    let checked =
        below("destinations").and_then(|rest| rest.strip_prefix('/')?.strip_suffix("/check"));
    if let Some(name) = checked.filter(|name| !name.contains('/')) {
        return match Method::of(request) {
            Method::Post => check::answer(request, env, variables, name).await,
            _ => Answer::method_not_allowed("POST"),
        };
    }
    let resource = match (below("dead-letters"), below("destinations")) {
        (Some(rest), _) => Resource::DeadLetters(rest),
        (None, Some(rest)) => Resource::Destinations(rest),
        (None, None) => return Answer::not_found(&format!("/api/{path}")),
    };
    match bindings::route(env) {
        Ok(Route::Durable(bindings)) => match resource {
            Resource::DeadLetters(rest) => dead_letters(request, &bindings, rest).await,
            Resource::Destinations(rest) => destinations(request, variables, &bindings, rest).await,
        },
        Ok(Route::Direct) => Answer::error(
            404,
            "nothing is stored on the direct route",
            "add the bindings UPLOADS, WORK and LEDGER to wrangler.toml",
        ),
        Err(problem) => Answer::error(503, &problem, "see wrangler.toml"),
    }
}

/// What is stored on the durable route alone, and the path below it.
enum Resource<'a> {
    DeadLetters(&'a str),
    Destinations(&'a str),
}

/// `POST /api/destinations/{name}/retry`: what waits for the destination is tried at once.
/// `DELETE /api/destinations/{name}`: what is owed to it is dropped.
async fn destinations(
    request: &Request,
    variables: &Variables,
    bindings: &Bindings,
    path: &str,
) -> Answer {
    let method = Method::of(request);
    let name = path.strip_prefix('/').unwrap_or_default();
    if let Some(name) = name.strip_suffix("/retry") {
        return match method {
            Method::Post => destination::answer_retry(variables, bindings, name).await,
            _ => Answer::method_not_allowed("POST"),
        };
    }
    if name.is_empty() || name.contains('/') {
        return Answer::not_found(&format!("/api/destinations{path}"));
    }
    match method {
        Method::Delete => destination::answer_drop(variables, bindings, name).await,
        _ => Answer::method_not_allowed("DELETE"),
    }
}

async fn dead_letters(request: &Request, bindings: &Bindings, path: &str) -> Answer {
    let answer = match path.trim_start_matches('/') {
        "" if Method::of(request).is_read() => list(request, bindings).await,
        "" => return Answer::method_not_allowed("GET, HEAD"),
        id => one(Method::of(request), id, bindings).await,
    };
    answer.unwrap_or_else(|error| {
        Answer::error(503, &format!("R2 fails: {error}"), "try again later")
    })
}

async fn list(request: &Request, bindings: &Bindings) -> worker::Result<Answer> {
    let query = Query::of(request);
    let dataset = query.value("dataset");
    let destination = query.value("destination");
    let cursor = query.value("cursor");
    let of = Of {
        dataset: dataset.as_deref(),
        destination: destination.as_deref(),
    };
    let page = dead_letters::list(&bindings.uploads, of, cursor).await?;
    Ok(Answer::json(200, &page))
}

async fn one(method: Method, id: &str, bindings: &Bindings) -> worker::Result<Answer> {
    let (id, is_replay) = match id.strip_suffix("/replay") {
        Some(id) => (id, true),
        None => (id, false),
    };
    Ok(match (method, is_replay) {
        (Method::Get | Method::Head, false) => {
            match dead_letters::inspect(&bindings.uploads, id).await? {
                Some(inspected) => Answer::json(200, &inspected),
                None => not_found(),
            }
        }
        (Method::Post, true) => match dead_letters::replay(bindings, id).await? {
            Replay::Sent => {
                log_one("replay", id);
                Answer::json(202, &json!({ "id": id, "replaying": true }))
            }
            Replay::NotThere => not_found(),
            Replay::IsMessage => Answer::error(
                409,
                "a message cannot be replayed: it names no upload",
                "send a work item or delete the dead letter",
            ),
            Replay::QueueFails => {
                Answer::error(503, "the queue takes no work item", "try again later")
            }
        },
        (Method::Delete, false) => match dead_letters::delete(bindings, id).await? {
            true => {
                log_one("delete", id);
                Answer::json(200, &json!({ "id": id, "deleted": true }))
            }
            false => not_found(),
        },
        (_, true) => Answer::method_not_allowed("POST"),
        (_, false) => Answer::method_not_allowed("GET, HEAD, DELETE"),
    })
}

fn not_found() -> Answer {
    Answer::error(
        404,
        "there is no such dead letter",
        "GET /api/dead-letters lists them",
    )
}
