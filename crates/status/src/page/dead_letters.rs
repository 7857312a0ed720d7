//! Dead letters: their list, as a part of the status page and as a page, and a page for each.

use logpush_delivery::dead_letter::{Contents, DeadLetter, Inspected, List};
use maud::{Markup, html};

use crate::format::{bytes, count};
use crate::page::layout::{NO_VALUE, moment, subpage};

/// Documents that the page of a dead letter shows.
const DOCUMENTS_SHOWN: usize = 20;

/// Characters of a document or a message that are shown.
const TEXT_MAX: usize = 4_000;

/// The page of the list.
///
/// `list`: nothing where R2 did not answer.
pub fn list(list: Option<&List>, token: &str) -> String {
    subpage("Dead letters", &section(list, token))
}

/// The page of one dead letter.
pub fn inspect(inspected: &Inspected, token: &str) -> String {
    subpage("A dead letter", &one(inspected, token))
}

/// The list as a section of a page; nothing, if there are no dead letters.
pub(super) fn section(list: Option<&List>, token: &str) -> Markup {
    let Some(List {
        dead_letters,
        cursor,
    }) = list
    else {
        return html! {
            section aria-labelledby="letters" {
                h2 #letters { "Dead letters" }
                p.problem { "R2 does not answer, so the dead letters are not known." }
            }
        };
    };
    html! {
        @if !dead_letters.is_empty() {
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
                        @for letter in dead_letters { (row(letter, token)) }
                    }
                }
                @if let Some(cursor) = cursor {
                    p { a href=(address(&[("cursor", cursor)])) { "More dead letters" } }
                }
            }
        }
    }
}

fn row(letter: &DeadLetter, token: &str) -> Markup {
    let about = &letter.about;
    html! {
        tbody {
            tr {
                th scope="row" { (moment(about.at)) }
                td.wide { (dataset_of(letter)) }
                td.number.wide { @match about.records { Some(records) => { (count(records)) } None => { (NO_VALUE) } } }
                td.number.wide { (bytes(letter.bytes)) }
                td.actions {
                    a href=(address(&[("id", &letter.id)])) aria-label=(format!("Inspect {}", letter.id)) { "Inspect" }
                    (forms(letter, token))
                }
            }
            tr.more {
                td colspan="5" {
                    (what(about.contents)) ": " (reason(&about.reason))
                    br;
                    code { (letter.id) }
                }
            }
        }
    }
}

fn one(inspected: &Inspected, token: &str) -> Markup {
    let letter = &inspected.dead_letter;
    let about = &letter.about;
    let documents = inspected.documents.as_deref().unwrap_or_default();
    html! {
        section aria-labelledby="letter" {
            h2 #letter { "A dead letter" }
            p.problem { (reason(&about.reason)) }
            dl {
                dt { "What" } dd { (what(about.contents)) }
                dt { "Dataset" } dd { (dataset_of(letter)) }
                dt { "Written" } dd { (moment(about.at)) }
                dt { "Arrived" } dd { (moment(about.arrived)) }
                @if let Some(records) = about.records { dt { "Records" } dd { (count(records)) } }
                @if !about.done.is_empty() { dt { "Delivered before" } dd { (count(about.done.count())) " records" } }
                dt { "Size" } dd { (bytes(letter.bytes)) }
                dt { "Upload" } dd { code { (about.upload) } }
                dt { "Key" } dd { code { "dead/" (letter.id) } }
            }
            div.actions { (forms(letter, token)) }
        }
        @if !documents.is_empty() {
            section aria-labelledby="documents" {
                h2 #documents { "Documents" }
                @for document in documents.iter().take(DOCUMENTS_SHOWN) {
                    h3 { "Record " (document.record) }
                    p { (reason(&document.reason)) }
                    pre tabindex="0" { (excerpt(&String::from_utf8_lossy(&document.document))) }
                }
                @if let Some(records) = about.records.filter(|records| *records > DOCUMENTS_SHOWN as u64) {
                    p { "The first " (DOCUMENTS_SHOWN) " of " (count(records)) " are shown." }
                }
            }
        }
        @if let Some(message) = &inspected.message {
            section aria-labelledby="message" {
                h2 #message { "Message" }
                pre tabindex="0" { (excerpt(message)) }
            }
        }
        @if about.contents == Contents::Upload {
            p { "The upload as received: " code { "npx wrangler r2 object get logpush-ecs/dead/" (letter.id) } }
        }
    }
}

/// The forms to replay the dead letter, and to delete it in two steps.
fn forms(letter: &DeadLetter, token: &str) -> Markup {
    let hidden = html! {
        input type="hidden" name="token" value=(token);
        input type="hidden" name="id" value=(letter.id);
    };
    html! {
        @if letter.about.contents != Contents::Message {
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
fn dataset_of(letter: &DeadLetter) -> &str {
    match letter.about.dataset.as_str() {
        "" => letter.id.split('/').next().unwrap_or(""),
        dataset => dataset,
    }
}

fn what(contents: Contents) -> &'static str {
    match contents {
        Contents::Documents => "Refused documents",
        Contents::Upload => "The whole upload",
        Contents::Message => "A message of the queue",
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
