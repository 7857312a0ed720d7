//! What the operator sees and does: pages for people, JSON and metrics for programs.

mod access;
mod api;
mod check;
mod dead_letters;
mod destination;
mod pages;
mod session;
mod status;
mod wrong_secrets;

use worker::{Env, Request};

use crate::config::Variables;
use crate::http::answer::Answer;

/// Handles a request to a page, its forms, `/metrics` or `/api/`; nothing where the path is of none of
/// them.
pub(crate) async fn handle(
    request: &mut Request,
    env: &Env,
    variables: &Variables,
    path: &str,
) -> Option<Answer> {
    match path.strip_prefix("/api/") {
        Some(rest) => Some(api::handle(request, env, variables, rest).await),
        None => pages::handle(request, env, variables, path).await,
    }
}
