//! The page's part about dead letters, and the pages of each.

use maud::{Markup, html};

use crate::format::{bytes, count};
use crate::page::{self, NOTHING, moment};

/// Dead letters, as far as they are known.
#[derive(Default)]
pub struct Listed {
    pub letters: Vec<Letter>,
    /// Where the next part of the list begins.
    pub cursor: Option<String>,
    /// R2 does not answer.
    pub is_unknown: bool,
}

/// What is known of a dead letter.
pub struct Letter {
    pub id: String,
    pub kind: Kind,
    pub dataset: String,
    pub reason: String,
    /// The key of the upload that it is of.
    pub upload: String,
    /// Times are milliseconds since 1970.
    pub arrived: u64,
    pub at: u64,
    pub bytes: u64,
    pub records: Option<u64>,
    /// Records that were delivered before.
    pub done: u64,
}

/// What the object of a dead letter holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Documents,
    Upload,
    Message,
}

/// What a dead letter holds.
#[derive(Default)]
pub struct Content {
    pub documents: Vec<Document>,
    pub message: Option<String>,
}

/// A refused document.
pub struct Document {
    pub record: u64,
    pub reason: String,
    pub text: String,
}

/// Documents of one dead letter on its page.
const DOCUMENTS: usize = 20;

/// What of a document or a message is shown, in characters.
const TEXT_MAX: usize = 4_000;

/// The page of the list.
pub fn list(listed: &Listed, token: &str) -> String {
    page::below("Dead letters", &section(listed, token))
}

/// The page of one dead letter.
pub fn inspect(letter: &Letter, content: &Content, token: &str) -> String {
    page::below("A dead letter", &one(letter, content, token))
}

/// The list.
pub(crate) fn section(listed: &Listed, token: &str) -> Markup {
    let letters = &listed.letters;
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
                        @for letter in letters { (row(letter, token)) }
                    }
                }
                @if let Some(cursor) = &listed.cursor {
                    p { a href=(address(&[("cursor", cursor)])) { "More dead letters" } }
                }
            }
        }
    }
}

fn row(letter: &Letter, token: &str) -> Markup {
    html! {
        tbody {
            tr {
                th scope="row" { (moment(letter.at)) }
                td.wide { (dataset_of(letter)) }
                td.number.wide { @match letter.records { Some(records) => { (count(records)) } None => { (NOTHING) } } }
                td.number.wide { (bytes(letter.bytes)) }
                td.actions {
                    a href=(address(&[("id", &letter.id)])) aria-label=(format!("Inspect {}", letter.id)) { "Inspect" }
                    (forms(letter, token))
                }
            }
            tr.more {
                td colspan="5" {
                    (what(letter.kind)) ": " (reason(&letter.reason))
                    br;
                    code { (letter.id) }
                }
            }
        }
    }
}

fn one(letter: &Letter, content: &Content, token: &str) -> Markup {
    html! {
        section aria-labelledby="letter" {
            h2 #letter { "A dead letter" }
            p.problem { (reason(&letter.reason)) }
            dl {
                dt { "What" } dd { (what(letter.kind)) }
                dt { "Dataset" } dd { (dataset_of(letter)) }
                dt { "Written" } dd { (moment(letter.at)) }
                dt { "Arrived" } dd { (moment(letter.arrived)) }
                @if let Some(records) = letter.records { dt { "Records" } dd { (count(records)) } }
                @if letter.done > 0 { dt { "Delivered before" } dd { (count(letter.done)) " records" } }
                dt { "Size" } dd { (bytes(letter.bytes)) }
                dt { "Upload" } dd { code { (letter.upload) } }
                dt { "Key" } dd { code { "dead/" (letter.id) } }
            }
            div.actions { (forms(letter, token)) }
        }
        @if !content.documents.is_empty() {
            section aria-labelledby="documents" {
                h2 #documents { "Documents" }
                @for document in content.documents.iter().take(DOCUMENTS) {
                    h3 { "Record " (document.record) }
                    p { (reason(&document.reason)) }
                    pre tabindex="0" { (beginning(&document.text)) }
                }
                @if letter.records.unwrap_or_default() > DOCUMENTS as u64 {
                    p { "The first " (DOCUMENTS) " of " (count(letter.records.unwrap_or_default())) " are shown." }
                }
            }
        }
        @if let Some(message) = &content.message {
            section aria-labelledby="message" {
                h2 #message { "Message" }
                pre tabindex="0" { (beginning(message)) }
            }
        }
        @if letter.kind == Kind::Upload {
            p { "The upload as received: " code { "npx wrangler r2 object get logpush-ecs/dead/" (letter.id) } }
        }
    }
}

/// To replay, and to delete in two steps.
fn forms(letter: &Letter, token: &str) -> Markup {
    let hidden = html! {
        input type="hidden" name="token" value=(token);
        input type="hidden" name="id" value=(letter.id);
    };
    html! {
        @if letter.kind != Kind::Message {
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
fn dataset_of(letter: &Letter) -> &str {
    match letter.dataset.as_str() {
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
