//! Dead letters on the operator's pages.

use logpush_delivery::dead_letter::List;
use logpush_status::page::Notice;
use logpush_status::page::dead_letters::{self as view, Frame};
use serde_json::json;
use worker::{Bucket, Request};

use crate::bindings::Bindings;
use crate::clock::now_millis;
use crate::dead_letters::{self, Of, Replay};
use crate::http::answer::Answer;
use crate::http::query::Query;
use crate::log::{self, Level};
use crate::operator::access::{Form, html, redirect};
use crate::operator::session::Session;

/// A part of the list; nothing where R2 does not answer.
pub(crate) async fn list(bucket: &Bucket, cursor: Option<String>) -> Option<List> {
    dead_letters::list(bucket, Of::default(), cursor).await.ok()
}

/// `GET /dead-letters`: all of them by the hundred, or the one with an `id`.
pub(crate) async fn pages(request: &Request, bindings: &Bindings, session: &Session) -> Answer {
    let query = Query::of(request);
    let Some(id) = query.value("id") else {
        let (dataset, destination) = (query.value("dataset"), query.value("destination"));
        let of = Of {
            dataset: dataset.as_deref(),
            destination: destination.as_deref(),
        };
        let list = dead_letters::list(&bindings.uploads, of, query.value("cursor")).await;
        let frame = Frame {
            token: &session.token(),
            now: now_millis(),
        };
        return html(200, view::list(list.ok().as_ref(), of.destination, frame));
    };
    match dead_letters::inspect(&bindings.uploads, &id).await {
        Ok(Some(inspected)) => html(200, view::inspect(&inspected, &session.token())),
        Ok(None) => lead(Notice::Gone),
        Err(_) => lead(Notice::Failed),
    }
}

/// `POST /dead-letters/replay-all`.
pub(crate) async fn replay_all(bindings: &Bindings, form: &Form) -> Answer {
    let (of, reason) = cause(form);
    match dead_letters::replay_all(bindings, of, reason).await {
        Ok(number) => {
            log_all("replay", of, reason, number);
            lead_with(Notice::AllReplayed, number)
        }
        Err(_) => lead(Notice::Failed),
    }
}

/// `POST /dead-letters/delete-all`.
pub(crate) async fn delete_all(bindings: &Bindings, form: &Form) -> Answer {
    let (of, reason) = cause(form);
    match dead_letters::delete_all(bindings, of, reason).await {
        Ok(number) => {
            log_all("delete", of, reason, number);
            lead_with(Notice::AllDeleted, number)
        }
        Err(_) => lead(Notice::Failed),
    }
}

/// The dead letters and the reason that a form names.
fn cause(form: &Form) -> (Of<'_>, &str) {
    let of = Of {
        dataset: Some(form.field("dataset")),
        destination: Some(form.field("destination")),
    };
    (of, form.field("reason"))
}

/// Writes what the operator did with one dead letter.
pub(super) fn log_one(action: &str, id: &str) {
    let fields = json!({ "action": action, "dead_letter": id, "dead_letters": 1 });
    log::write(Level::Info, "operator", fields);
}

/// The same of all dead letters with one reason.
fn log_all(action: &str, of: Of<'_>, reason: &str, number: u64) {
    let fields = json!({
        "action": action,
        "dataset": of.dataset,
        "destination": of.destination,
        "reason": reason,
        "dead_letters": number,
    });
    log::write(Level::Info, "operator", fields);
}

/// `POST /dead-letters/replay`.
pub(crate) async fn replay(bindings: &Bindings, id: &str) -> Answer {
    lead(match dead_letters::replay(bindings, id).await {
        Ok(Replay::Sent) => {
            log_one("replay", id);
            Notice::Replayed
        }
        Ok(Replay::NotThere) => Notice::Gone,
        Ok(Replay::IsMessage) => Notice::NotReplayed,
        Ok(Replay::QueueFails) | Err(_) => Notice::Failed,
    })
}

/// `POST /dead-letters/delete`.
pub(crate) async fn delete(bindings: &Bindings, id: &str) -> Answer {
    lead(match dead_letters::delete(bindings, id).await {
        Ok(true) => {
            log_one("delete", id);
            Notice::Deleted
        }
        Ok(false) => Notice::Gone,
        Err(_) => Notice::Failed,
    })
}

/// Redirects to the page, which says what a form has done.
fn lead(notice: Notice) -> Answer {
    redirect(&format!("/?done={}", notice.name()))
}

fn lead_with(notice: Notice, number: u64) -> Answer {
    redirect(&format!("/?done={}&number={number}", notice.name()))
}
