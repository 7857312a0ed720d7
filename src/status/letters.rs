//! The page's part about dead letters, and the pages of each.

use maud::{Markup, html};
use worker::{Bucket, Request};

use crate::answer::Answer;
use crate::durable::bindings::Bindings;
use crate::durable::dead_letter::Kind;
use crate::letters::{self, Inspected, Page, Replay};
use crate::query::Query;
use crate::status::format::{bytes, count};
use crate::status::page::{self, NOTHING, Notice, moment};
use crate::status::session::Session;

/// What is known of dead letters.
#[derive(Default)]
pub(crate) struct Listed {
    page: Page,
    /// R2 does not answer.
    is_unknown: bool,
}

/// Documents of one dead letter on its page.
const DOCUMENTS: usize = 20;

/// What of a document or a message is shown, in characters.
const TEXT_MAX: usize = 4_000;

pub(crate) async fn list(bucket: &Bucket, cursor: Option<String>) -> Listed {
    match letters::list(bucket, None, cursor).await {
        Ok(page) => Listed {
            page,
            is_unknown: false,
        },
        Err(_) => Listed {
            page: Page::default(),
            is_unknown: true,
        },
    }
}

/// `GET /dead-letters`: all of them by the hundred, or the one with an `id`.
pub(crate) async fn pages(request: &Request, bindings: &Bindings, session: &Session) -> Answer {
    let query = Query::of(request);
    let Some(id) = query.value("id") else {
        let listed = list(&bindings.uploads, query.value("cursor")).await;
        return page::below("Dead letters", &section(&listed, session));
    };
    match letters::inspect(&bindings.uploads, &id).await {
        Ok(Some(inspected)) => page::below("A dead letter", &one(&inspected, session)),
        Ok(None) => Notice::Gone.lead(),
        Err(_) => Notice::Failed.lead(),
    }
}

/// `POST /dead-letters/replay`.
pub(crate) async fn replay(bindings: &Bindings, id: &str) -> Answer {
    let notice = match letters::replay(bindings, id).await {
        Ok(Replay::Sent) => Notice::Replayed,
        Ok(Replay::NotThere) => Notice::Gone,
        Ok(Replay::IsMessage) => Notice::NotReplayed,
        Ok(Replay::QueueFails) | Err(_) => Notice::Failed,
    };
    notice.lead()
}

/// `POST /dead-letters/delete`.
pub(crate) async fn delete(bindings: &Bindings, id: &str) -> Answer {
    let notice = match letters::delete(bindings, id).await {
        Ok(true) => Notice::Deleted,
        Ok(false) => Notice::Gone,
        Err(_) => Notice::Failed,
    };
    notice.lead()
}

/// The list.
pub(crate) fn section(listed: &Listed, session: &Session) -> Markup {
    let letters = &listed.page.dead_letters;
    html! {
        @if listed.is_unknown {
            section aria-labelledby="letters" {
                h2 #letters { "Dead letters" }
                p.problem { "R2 does not answer: what dead letters there are is not known." }
            }
        } @else if !letters.is_empty() {
            section aria-labelledby="letters" {
                h2 #letters { "Dead letters" }
                p { "What could not be delivered for good, until you replay or delete it. Put right what the reason names first." }
                div.scroll tabindex="0" role="region" aria-labelledby="letters" {
                    table.rows {
                        thead {
                            tr {
                                th scope="col" { "Written" }
                                th.wide scope="col" { "Dataset" }
                                th.number.wide scope="col" { "Records" }
                                th.number.wide scope="col" { "Size" }
                                th scope="col" { "What to do" }
                            }
                        }
                        @for letter in letters { (row(letter, session)) }
                    }
                }
                @if let Some(cursor) = &listed.page.cursor {
                    p { a href=(address(&[("cursor", cursor)])) { "More dead letters" } }
                }
            }
        }
    }
}

fn row(letter: &letters::Listed, session: &Session) -> Markup {
    let about = &letter.about;
    html! {
        tbody {
            tr {
                th scope="row" { (moment(about.at)) }
                td.wide { (dataset_of(letter)) }
                td.number.wide { @match about.records { Some(records) => { (count(records)) } None => { (NOTHING) } } }
                td.number.wide { (bytes(letter.bytes)) }
                td.actions {
                    a href=(address(&[("id", &letter.id)])) aria-label=(format!("Inspect {}", letter.id)) { "Inspect" }
                    (forms(letter, session))
                }
            }
            tr.more {
                td colspan="5" {
                    (what(about.kind)) ": " (reason(&about.reason))
                    br;
                    code { (letter.id) }
                }
            }
        }
    }
}

fn one(inspected: &Inspected, session: &Session) -> Markup {
    let letter = &inspected.listed;
    let about = &letter.about;
    html! {
        section aria-labelledby="letter" {
            h2 #letter { "A dead letter" }
            p.problem { (reason(&about.reason)) }
            dl {
                dt { "What" } dd { (what(about.kind)) }
                dt { "Dataset" } dd { (dataset_of(letter)) }
                dt { "Written" } dd { (moment(about.at)) }
                dt { "Arrived" } dd { (moment(about.arrived)) }
                @if let Some(records) = about.records { dt { "Records" } dd { (count(records)) } }
                @if !about.done.is_empty() { dt { "Delivered before" } dd { (count(about.done.count())) " records" } }
                dt { "Size" } dd { (bytes(letter.bytes)) }
                dt { "Upload" } dd { code { (about.upload) } }
                dt { "Key" } dd { code { "dead/" (letter.id) } }
            }
            div.actions { (forms(letter, session)) }
        }
        @if let Some(documents) = &inspected.documents {
            section aria-labelledby="documents" {
                h2 #documents { "Documents" }
                @for document in documents.iter().take(DOCUMENTS) {
                    h3 { "Record " (document.record) }
                    p { (reason(&document.reason)) }
                    pre tabindex="0" { (beginning(document.document.get())) }
                }
                @if about.records.unwrap_or_default() > DOCUMENTS as u64 {
                    p { "The first " (DOCUMENTS) " of " (count(about.records.unwrap_or_default())) " are shown." }
                }
            }
        }
        @if let Some(message) = &inspected.message {
            section aria-labelledby="message" {
                h2 #message { "Message" }
                pre tabindex="0" { (beginning(message)) }
            }
        }
        @if about.kind == Kind::Upload {
            p { "The upload as received: " code { "npx wrangler r2 object get logpush-ecs/dead/" (letter.id) } }
        }
    }
}

/// To replay, and to delete in two steps.
fn forms(letter: &letters::Listed, session: &Session) -> Markup {
    let hidden = html! {
        input type="hidden" name="token" value=(session.token());
        input type="hidden" name="id" value=(letter.id);
    };
    html! {
        @if letter.about.kind != Kind::Message {
            form method="post" action="/dead-letters/replay" {
                (hidden)
                button type="submit" aria-label=(format!("Replay {}", letter.id)) { "Replay" }
            }
        }
        details.confirm {
            summary { "Delete\u{2026}" }
            form method="post" action="/dead-letters/delete" {
                (hidden)
                button.danger type="submit" aria-label=(format!("Delete {} for good", letter.id)) { "Delete for good" }
            }
        }
    }
}

/// Of one that somebody else wrote the key says it.
fn dataset_of(letter: &letters::Listed) -> &str {
    match letter.about.dataset.as_str() {
        "" => letter.id.split('/').next().unwrap_or_default(),
        dataset => dataset,
    }
}

fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Documents => "Refused documents",
        Kind::Upload => "The whole upload",
        Kind::Message => "A message of the queue",
    }
}

fn reason(reason: &str) -> &str {
    if reason.is_empty() {
        "no reason is known"
    } else {
        reason
    }
}

fn beginning(text: &str) -> String {
    let mut shown: String = text.chars().take(TEXT_MAX).collect();
    if shown.len() < text.len() {
        shown.push('\u{2026}');
    }
    shown
}

fn address(query: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    format!("/dead-letters?{query}")
}
