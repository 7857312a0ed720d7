//! Dead letters: their list, as a part of the status page and as a page, and a page for each.

use maud::{Markup, html};

use crate::format::{bytes, count};
use crate::page::layout::{NO_VALUE, moment, subpage};

/// A part of the list of dead letters.
#[derive(Default)]
pub struct Listed {
    pub letters: Vec<Letter>,
    /// Where the next part of the list begins.
    pub cursor: Option<String>,
    /// Whether R2 did not answer.
    pub is_unknown: bool,
}

/// What is known of a dead letter.
pub struct Letter {
    pub id: String,
    pub kind: Kind,
    pub dataset: String,
    pub reason: String,
    /// The key of the upload that it comes from.
    pub upload: String,
    /// Times are milliseconds since 1970.
    pub arrived: u64,
    pub at: u64,
    pub bytes: u64,
    pub records: Option<u64>,
    /// Records of the upload that had been delivered before.
    pub done: u64,
}

/// What kind of content a dead letter holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Documents,
    Upload,
    Message,
}

/// The content of a dead letter.
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

/// Documents that the page of a dead letter shows.
const DOCUMENTS_SHOWN: usize = 20;

/// Characters of a document or a message that are shown.
const TEXT_MAX: usize = 4_000;

/// The page of the list.
pub fn list(listed: &Listed, token: &str) -> String {
    subpage("Dead letters", &section(listed, token))
}

/// The page of one dead letter.
pub fn inspect(letter: &Letter, content: &Content, token: &str) -> String {
    subpage("A dead letter", &one(letter, content, token))
}

/// The list as a section of a page; nothing, if there are no dead letters.
pub(super) fn section(listed: &Listed, token: &str) -> Markup {
    let letters = &listed.letters;
    html! {
        @if listed.is_unknown {
            section aria-labelledby="letters" {
                h2 #letters { "Dead letters" }
                p.problem { "R2 does not answer, so the dead letters are not known." }
            }
        } @else if !letters.is_empty() {
            section aria-labelledby="letters" {
                h2 #letters { "Dead letters" }
                p { "Data that could not be delivered is kept here until you replay or delete it. Fix the cause that the reason names first." }
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
                td.number.wide { @match letter.records { Some(records) => { (count(records)) } None => { (NO_VALUE) } } }
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
                @for document in content.documents.iter().take(DOCUMENTS_SHOWN) {
                    h3 { "Record " (document.record) }
                    p { (reason(&document.reason)) }
                    pre tabindex="0" { (excerpt(&document.text)) }
                }
                @if let Some(records) = letter.records.filter(|records| *records > DOCUMENTS_SHOWN as u64) {
                    p { "The first " (DOCUMENTS_SHOWN) " of " (count(records)) " are shown." }
                }
            }
        }
        @if let Some(message) = &content.message {
            section aria-labelledby="message" {
                h2 #message { "Message" }
                pre tabindex="0" { (excerpt(message)) }
            }
        }
        @if letter.kind == Kind::Upload {
            p { "The upload as received: " code { "npx wrangler r2 object get logpush-ecs/dead/" (letter.id) } }
        }
    }
}

/// The forms to replay the dead letter, and to delete it in two steps.
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

/// The dataset; for an object that was put there by hand, the one that its key names.
fn dataset_of(letter: &Letter) -> &str {
    match letter.dataset.as_str() {
        "" => letter.id.split('/').next().unwrap_or(""),
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
        "The reason is not known"
    } else {
        reason
    }
}

fn excerpt(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "\u{e9}".repeat(TEXT_MAX);
        for (text, expected) in [
            ("short".to_owned(), "short".to_owned()),
            (long.clone(), long.clone()),
            (format!("{long}x"), format!("{long}\u{2026}")),
        ] {
            assert_eq!(excerpt(&text), expected);
        }
    }

    #[test]
    fn a_query_is_encoded() {
        assert_eq!(
            address(&[("id", "dns_logs/a&b=c")]),
            "/dead-letters?id=dns_logs%2Fa%26b%3Dc"
        );
    }
}
