//! Dead letters on the operator's pages.

use logpush_delivery::dead_letter::List;
use logpush_status::page::Notice;
use logpush_status::page::dead_letters as view;
use worker::{Bucket, Request};

use crate::bindings::Bindings;
use crate::dead_letters::{self, Of, Replay};
use crate::http::answer::Answer;
use crate::http::query::Query;
use crate::operator::access::{html, redirect};
use crate::operator::session::Session;

/// A part of the list; nothing where R2 does not answer.
pub(crate) async fn list(bucket: &Bucket, cursor: Option<String>) -> Option<List> {
    dead_letters::list(bucket, Of::default(), cursor).await.ok()
}

/// `GET /dead-letters`: all of them by the hundred, or the one with an `id`.
pub(crate) async fn pages(request: &Request, bindings: &Bindings, session: &Session) -> Answer {
    let query = Query::of(request);
    let Some(id) = query.value("id") else {
        let list = list(&bindings.uploads, query.value("cursor")).await;
        return html(200, view::list(list.as_ref(), &session.token()));
    };
    match dead_letters::inspect(&bindings.uploads, &id).await {
        Ok(Some(inspected)) => html(200, view::inspect(&inspected, &session.token())),
        Ok(None) => lead(Notice::Gone),
        Err(_) => lead(Notice::Failed),
    }
}

/// `POST /dead-letters/replay`.
pub(crate) async fn replay(bindings: &Bindings, id: &str) -> Answer {
    lead(match dead_letters::replay(bindings, id).await {
        Ok(Replay::Sent) => Notice::Replayed,
        Ok(Replay::NotThere) => Notice::Gone,
        Ok(Replay::IsMessage) => Notice::NotReplayed,
        Ok(Replay::QueueFails) | Err(_) => Notice::Failed,
    })
}

/// `POST /dead-letters/delete`.
pub(crate) async fn delete(bindings: &Bindings, id: &str) -> Answer {
    lead(match dead_letters::delete(bindings, id).await {
        Ok(true) => Notice::Deleted,
        Ok(false) => Notice::Gone,
        Err(_) => Notice::Failed,
    })
}

/// Redirects to the page, which says what a form has done.
fn lead(notice: Notice) -> Answer {
    redirect(&format!("/?done={}", notice.name()))
}
