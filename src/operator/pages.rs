//! The operator's pages and `/metrics`.

use logpush_delivery::dead_letter::List;
use logpush_status::metrics;
use logpush_status::page::{self, Notice};
use worker::{Env, Request};

use crate::bindings::{self, Route};
use crate::config::{self, Variables};
use crate::http::answer::Answer;
use crate::http::method::Method;
use crate::http::query::Query;
use crate::http::secrets::Secrets;
use crate::operator::session::Session;
use crate::operator::status::status;
use crate::operator::{access, dead_letters, destination};

/// Handles the page, its forms, and `/metrics`; nothing where the path is of none of them.
pub(crate) async fn handle(
    request: &mut Request,
    env: &Env,
    variables: &Variables,
    path: &str,
) -> Option<Answer> {
    let allowed = methods_of(path)?;
    if !is_allowed(Method::of(request), allowed) {
        return Some(Answer::method_not_allowed(allowed));
    }
    Some(match path {
        page::STYLE_PATH => asset("text/css; charset=utf-8", page::STYLE),
        page::SCRIPT_PATH => asset("text/javascript; charset=utf-8", page::SCRIPT),
        page::ICON_PATH => asset("image/svg+xml", page::ICON),
        "/metrics" => match access::program(request, variables) {
            Ok(()) => scraped(env, variables).await,
            Err(answer) => answer,
        },
        _ => match config::operator_secrets(variables) {
            Ok(secrets) => person(request, env, variables, path, &secrets)
                .await
                .unwrap_or_else(|answer| answer),
            Err(problem) => access::html(503, page::closed(&problem)),
        },
    })
}

async fn scraped(env: &Env, variables: &Variables) -> Answer {
    let status = status(env, variables).await;
    Answer::text(200, metrics::CONTENT_TYPE, metrics::text(&status))
}

fn asset(content_type: &'static str, text: &str) -> Answer {
    Answer::text(200, content_type, text.to_owned())
}

/// The pages for a person who has logged in.
async fn person(
    request: &mut Request,
    env: &Env,
    variables: &Variables,
    path: &str,
    secrets: &Secrets,
) -> Result<Answer, Answer> {
    let bindings = match bindings::route(env) {
        Ok(Route::Durable(bindings)) => Some(bindings),
        _ => None,
    };
    if path == "/login" {
        return Ok(access::log_in(request, secrets).await);
    }
    let session = access::person(request, secrets)?;
    if path == "/" {
        let status = status(env, variables).await;
        let dead_letters = match &bindings {
            // A list costs as much as thirty questions to the overview.
            Some(bindings) if status.datasets.iter().any(|of| of.dead_letters > 0) => {
                dead_letters::list(&bindings.uploads, None).await
            }
            _ => Some(List::default()),
        };
        let query = Query::of(request);
        let number = query.value("number").and_then(|number| number.parse().ok());
        let notice = query.value("done").and_then(|name| Notice::of(&name));
        let notice = notice.map(|notice| (notice, number));
        let page = page::home(&status, dead_letters.as_ref(), notice, &session.token());
        // A person who came with Basic has a session from now on: forms need one.
        return Ok(access::html(200, page).with_header("Set-Cookie", &session.cookie()));
    }
    let form = match path {
        "/dead-letters" => None,
        _ => Some(access::form(request, &session).await?),
    };
    if path == "/logout" {
        return Ok(access::redirect("/").with_header("Set-Cookie", &Session::no_cookie()));
    }
    let Some(bindings) = bindings else {
        return Ok(access::html(200, page::nothing_stored()));
    };
    Ok(match (path, form) {
        ("/destinations/retry", _) => {
            let notice = match destination::retry(variables, &bindings, None).await {
                Ok(_) => Notice::Retrying,
                Err(_) => Notice::Failed,
            };
            access::redirect(&format!("/?done={}", notice.name()))
        }
        ("/dead-letters/replay", Some(form)) => {
            dead_letters::replay(&bindings, form.field("id")).await
        }
        ("/dead-letters/delete", Some(form)) => {
            dead_letters::delete(&bindings, form.field("id")).await
        }
        ("/dead-letters/replay-all", Some(form)) => {
            dead_letters::replay_all(&bindings, &form).await
        }
        ("/dead-letters/delete-all", Some(form)) => {
            dead_letters::delete_all(&bindings, &form).await
        }
        _ => dead_letters::pages(request, &bindings, &session).await,
    })
}

const READ: &str = "GET, HEAD";
const WRITE: &str = "POST";

/// The methods of a path; nothing where there is no page.
fn methods_of(path: &str) -> Option<&'static str> {
    match path {
        "/"
        | "/dead-letters"
        | "/metrics"
        | page::STYLE_PATH
        | page::SCRIPT_PATH
        | page::ICON_PATH => Some(READ),
        "/login"
        | "/logout"
        | "/dead-letters/replay"
        | "/dead-letters/delete"
        | "/dead-letters/replay-all"
        | "/dead-letters/delete-all"
        | "/destinations/retry" => Some(WRITE),
        _ => None,
    }
}

fn is_allowed(method: Method, allowed: &str) -> bool {
    match method {
        Method::Get | Method::Head => allowed == READ,
        Method::Post => allowed == WRITE,
        Method::Delete | Method::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_and_forms_are_posted() {
        for (path, method, expected) in [
            ("/", Method::Get, Some(true)),
            ("/", Method::Head, Some(true)),
            ("/", Method::Post, Some(false)),
            ("/metrics", Method::Get, Some(true)),
            ("/metrics", Method::Delete, Some(false)),
            (page::STYLE_PATH, Method::Get, Some(true)),
            ("/login", Method::Post, Some(true)),
            ("/login", Method::Get, Some(false)),
            ("/", Method::Other, Some(false)),
            ("/dead-letters/delete", Method::Other, Some(false)),
            ("/destinations/retry", Method::Post, Some(true)),
            ("/dead-letters/", Method::Get, None),
            ("/other", Method::Get, None),
        ] {
            let allowed = methods_of(path).map(|allowed| is_allowed(method, allowed));
            assert_eq!(allowed, expected, "{method:?} {path}");
        }
    }
}
