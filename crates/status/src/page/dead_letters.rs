//! Dead letters: their list, as a part of the status page and as a page, and a page for each.

use logpush_delivery::dead_letter::{Contents, DeadLetter, Inspected, List};
use maud::{Markup, html};

use crate::format::{bytes, count};
use crate::page::layout::{NO_VALUE, ago, moment, subpage};

/// Documents that the page of a dead letter shows.
const DOCUMENTS_SHOWN: usize = 20;

/// Characters of a document or a message that are shown.
const TEXT_MAX: usize = 4_000;

/// Dead letters that the status page lists by themselves; the list has all.
const ROWS_SHOWN: usize = 12;

/// Causes that the status page lists.
const CAUSES_SHOWN: usize = 10;

/// What the forms of dead letters need.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The session's token.
    pub token: &'a str,
    /// Milliseconds since 1970.
    pub now: u64,
}

/// Dead letters of one dataset for one destination with one reason, among those that are listed.
struct Cause<'a> {
    destination: &'a str,
    dataset: &'a str,
    reason: &'a str,
    number: u64,
    records: u64,
    /// When the first of them was written.
    since: u64,
    can_replay: bool,
}

/// The page of the list.
///
/// `list`: nothing where R2 did not answer. `destination`: only its dead letters are listed.
pub fn list(list: Option<&List>, destination: Option<&str>, frame: Frame<'_>) -> String {
    let list = html! {
        @if let Some(destination) = destination {
            p { "Those of the destination " (destination) ". " a href="/dead-letters" { "Show all" } }
        }
        (section(list, usize::MAX, frame))
        @if list.is_some_and(|list| list.dead_letters.is_empty()) { p { "There are no dead letters here." } }
    };
    subpage("Dead letters", &list)
}

/// The page of one dead letter.
pub fn inspect(inspected: &Inspected, token: &str) -> String {
    subpage("A dead letter", &one(inspected, token))
}

/// The list as a section of the status page; nothing, if there are no dead letters.
pub(super) fn summary(list: Option<&List>, frame: Frame<'_>) -> Markup {
    section(list, ROWS_SHOWN, frame)
}

fn section(list: Option<&List>, rows: usize, frame: Frame<'_>) -> Markup {
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
                (causes(dead_letters, cursor.is_some(), frame))
                div.scroll tabindex="0" role="group" aria-label="The table of dead letters" {
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
                        @for letter in dead_letters.iter().take(rows) { (row(letter, frame)) }
                    }
                }
                @if dead_letters.len() > rows {
                    p { a href="/dead-letters" { "All dead letters" } }
                } @else if let Some(cursor) = cursor {
                    p { a href=(address(&[("cursor", cursor)])) { "More dead letters" } }
                }
            }
        }
    }
}

/// The causes that several dead letters share, with forms for all of one.
fn causes(dead_letters: &[DeadLetter], are_more: bool, frame: Frame<'_>) -> Markup {
    let causes: Vec<Cause<'_>> = causes_of(dead_letters)
        .into_iter()
        .filter(|cause| cause.number > 1)
        .take(CAUSES_SHOWN)
        .collect();
    html! {
        @if !causes.is_empty() {
            ul.causes aria-label="Causes" {
                @for cause in &causes {
                    li {
                        p {
                            b { @if are_more { "At least " } (count(cause.number)) " of " (cause.dataset) @if !cause.destination.is_empty() { " for " a href=(of(cause.destination)) { (cause.destination) } } } ", the first " (ago(cause.since, frame.now))
                            @if cause.records > 0 { ", " (count(cause.records)) " records" }
                        }
                        p { (reason(cause.reason)) }
                        div.actions { (forms_for_all(cause, frame.token)) }
                    }
                }
            }
        }
    }
}

fn causes_of(dead_letters: &[DeadLetter]) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for letter in dead_letters {
        let (dataset, reason) = (dataset_of(letter), letter.about.reason.as_str());
        let destination = letter.about.destination.as_str();
        let is_message = letter.about.contents == Contents::Message;
        let found = causes
            .iter_mut()
            .find(|of| (of.destination, of.dataset, of.reason) == (destination, dataset, reason));
        match found {
            Some(cause) => {
                cause.number += 1;
                cause.records += letter.about.records.unwrap_or(0);
                cause.since = cause.since.min(letter.about.at);
                cause.can_replay |= !is_message;
            }
            None => causes.push(Cause {
                destination,
                dataset,
                reason,
                number: 1,
                records: letter.about.records.unwrap_or(0),
                since: letter.about.at,
                can_replay: !is_message,
            }),
        }
    }
    causes.sort_by_key(|cause| core::cmp::Reverse(cause.number));
    causes
}

/// The forms for all dead letters of a cause, each in two steps.
fn forms_for_all(cause: &Cause<'_>, token: &str) -> Markup {
    let hidden = html! {
        input type="hidden" name="token" value=(token);
        input type="hidden" name="destination" value=(cause.destination);
        input type="hidden" name="dataset" value=(cause.dataset);
        input type="hidden" name="reason" value=(cause.reason);
    };
    html! {
        @if cause.can_replay {
            details.confirm {
                summary { "Replay all\u{2026}" }
                form method="post" action="/dead-letters/replay-all" {
                    (hidden)
                    button type="submit" { "Replay all of " (cause.dataset) " with this reason" }
                }
            }
        }
        details.confirm {
            summary { "Delete all\u{2026}" }
            form method="post" action="/dead-letters/delete-all" {
                (hidden)
                button.danger type="submit" { "Delete all of " (cause.dataset) " with this reason, for good" }
            }
        }
    }
}

fn row(letter: &DeadLetter, frame: Frame<'_>) -> Markup {
    let about = &letter.about;
    html! {
        tbody {
            tr {
                th scope="row" { (ago(about.at, frame.now)) }
                td.wide { (dataset_of(letter)) }
                td.number.wide { @match about.records { Some(records) => { (count(records)) } None => { (NO_VALUE) } } }
                td.number.wide { (bytes(letter.bytes)) }
                td.actions {
                    a href=(address(&[("id", &letter.id)])) aria-label=(format!("Inspect {}", letter.id)) { "Inspect" }
                    (forms(letter, frame.token))
                }
            }
            tr.more {
                td colspan="5" {
                    (what(about.contents)) @if !about.destination.is_empty() { " for " (about.destination) } ": " (reason(&about.reason))
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
                @if !about.destination.is_empty() { dt { "Destination" } dd { (about.destination) } }
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
                button.danger type="submit" aria-label=(format!("Delete for good: {}", letter.id)) { "Delete for good" }
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

/// The address of the list of a destination's.
pub(super) fn of(destination: &str) -> String {
    address(&[("destination", destination)])
}

fn address(query: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    format!("/dead-letters?{query}")
}

#[cfg(test)]
mod tests {
    use logpush_delivery::dead_letter::About;

    use super::*;

    fn letter(dataset: &str, reason: &str, contents: Contents, at: u64) -> DeadLetter {
        DeadLetter {
            id: format!("{dataset}/{at}"),
            bytes: 1,
            about: About {
                contents,
                dataset: dataset.to_owned(),
                reason: reason.to_owned(),
                at,
                records: Some(2),
                ..About::default()
            },
        }
    }

    #[test]
    fn dead_letters_with_one_reason_are_one_cause_and_the_largest_comes_first() {
        let letters = [
            letter("dns_logs", "no", Contents::Documents, 9),
            letter("dns_logs", "why", Contents::Message, 8),
            letter("http_requests", "no", Contents::Documents, 7),
            letter("dns_logs", "no", Contents::Documents, 6),
        ];
        let causes: Vec<_> = causes_of(&letters)
            .iter()
            .map(|cause| {
                let Cause {
                    destination: _,
                    dataset,
                    reason,
                    number,
                    records,
                    since,
                    can_replay,
                } = *cause;
                (dataset, reason, number, records, since, can_replay)
            })
            .collect();
        assert_eq!(
            causes,
            [
                ("dns_logs", "no", 2, 4, 6, true),
                ("dns_logs", "why", 1, 2, 8, false),
                ("http_requests", "no", 1, 2, 7, true),
            ]
        );
    }

    #[test]
    fn all_of_a_cause_are_replayed_or_deleted_in_two_steps() {
        let letters: Vec<DeadLetter> = (0..30)
            .map(|at| letter("dns_logs", "<no>", Contents::Documents, at))
            .collect();
        let list = List {
            dead_letters: letters,
            cursor: None,
        };
        let frame = Frame {
            token: "t",
            now: 60_000,
        };
        let text = summary(Some(&list), frame).into_string();
        assert_eq!(text.matches("aria-label=\"Inspect ").count(), ROWS_SHOWN);
        for action in ["replay", "delete"] {
            let form = format!("<form method=\"post\" action=\"/dead-letters/{action}-all\">");
            let (before, _) = text.split_once(&form).unwrap();
            assert!(before.ends_with("</summary>"), "in two steps: {before}");
        }
        assert!(
            text.contains("name=\"reason\" value=\"&lt;no&gt;\""),
            "{text}"
        );
        assert!(text.contains("href=\"/dead-letters\""), "{text}");
    }

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
