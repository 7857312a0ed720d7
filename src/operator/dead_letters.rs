//! Dead letters on the operator's pages.

use logpush_delivery::dead_letter;
use logpush_status::page::Notice;
use logpush_status::page::dead_letters::{self as view, Content, Kind, Letter};
use worker::{Bucket, Request};

use crate::bindings::Bindings;
use crate::dead_letters::{self, Replay};
use crate::http::answer::Answer;
use crate::http::query::Query;
use crate::operator::access::{html, redirect};
use crate::operator::session::Session;

pub(crate) async fn list(bucket: &Bucket, cursor: Option<String>) -> view::Listed {
    match dead_letters::list(bucket, None, cursor).await {
        Ok(page) => view::Listed {
            letters: page.dead_letters.into_iter().map(shown).collect(),
            cursor: page.cursor,
            is_unknown: false,
        },
        Err(_) => view::Listed {
            is_unknown: true,
            ..view::Listed::default()
        },
    }
}

/// `GET /dead-letters`: all of them by the hundred, or the one with an `id`.
pub(crate) async fn pages(request: &Request, bindings: &Bindings, session: &Session) -> Answer {
    let query = Query::of(request);
    let Some(id) = query.value("id") else {
        let listed = list(&bindings.uploads, query.value("cursor")).await;
        return html(200, view::list(&listed, &session.token()));
    };
    match dead_letters::inspect(&bindings.uploads, &id).await {
        Ok(Some(inspected)) => {
            let documents = inspected.documents.unwrap_or_default().into_iter();
            let content = Content {
                documents: documents
                    .map(|letter| view::Document {
                        record: letter.record,
                        reason: letter.reason,
                        text: letter.document.get().to_owned(),
                    })
                    .collect(),
                message: inspected.message,
            };
            let letter = shown(inspected.listed);
            html(200, view::inspect(&letter, &content, &session.token()))
        }
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

/// To the page that tells what a form has done.
fn lead(notice: Notice) -> Answer {
    redirect(&format!("/?done={}", notice.name()))
}

fn shown(listed: dead_letters::Listed) -> Letter {
    let about = listed.about;
    Letter {
        id: listed.id,
        kind: match about.kind {
            dead_letter::Kind::Documents => Kind::Documents,
            dead_letter::Kind::Upload => Kind::Upload,
            dead_letter::Kind::Message => Kind::Message,
        },
        dataset: about.dataset,
        reason: about.reason,
        upload: about.upload,
        arrived: about.arrived,
        at: about.at,
        bytes: listed.bytes,
        records: about.records,
        done: about.done.count(),
    }
}
