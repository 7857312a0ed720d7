//! The page's section about destinations.

use maud::{Markup, html};

use crate::destination::Destination;
use crate::format::{bytes, count, duration};
use crate::model::Status;
use crate::page::dead_letters;
use crate::page::layout::ago;

/// A line for each; its numbers, and what goes with its shape, when it is opened. One with a problem is
/// open, where there are several: which of them it is is the first question.
pub(super) fn all(status: &Status) -> Markup {
    let is_open = |of| status.destinations.len() > 1 && has_problem(status, of);
    html! {
        @if !status.destinations.is_empty() {
            section.list aria-labelledby="destinations" {
                h2 #destinations { "Destinations" }
                @for destination in &status.destinations {
                    details.destination #(format!("destination-{}", destination.name)) open[is_open(destination)] {
                        summary { h3 { (destination.name) } (tags(status, destination)) }
                        (details(destination, status.at))
                    }
                }
            }
        }
    }
}

/// Whether a problem names it, or its uploads wait for a repair or after a failure.
fn has_problem(status: &Status, destination: &Destination) -> bool {
    let is_named = |subject: Option<&String>| subject == Some(&destination.name);
    let waiting = &destination.waiting;
    !destination.is_configured
        || waiting.held
        || waiting.error.is_some()
        || status
            .problems
            .iter()
            .any(|problem| is_named(problem.subject.as_ref()))
}

fn tags(status: &Status, destination: &Destination) -> Markup {
    let waiting = &destination.waiting;
    html! {
        span.tags {
            @if waiting.uploads > 0 { span.tag.warning { (count(waiting.uploads)) " waiting" } }
            @if !destination.is_configured { span.tag.error { "not configured" } }
            @else if waiting.held { span.tag.error { "held" } }
            @else if waiting.error.is_some() { span.tag.warning { "failing" } }
            @else if has_problem(status, destination) { span.tag.warning { "see above" } }
            @else { span.tag.ok { "well" } }
            span.last {
                @if let Some(kind) = destination.kind { (kind) ", " }
                @if let Some(shape) = destination.shape { (shape) ", " }
                @match destination.last_delivery {
                    Some(last) => { "last delivery " (ago(last, status.at)) }
                    None => { "nothing delivered yet" }
                }
            }
        }
    }
}

fn details(destination: &Destination, now: u64) -> Markup {
    let Destination { sum, waiting, .. } = destination;
    html! {
        dl {
            @if waiting.uploads > 0 {
                dt { "Waiting" }
                dd {
                    (count(waiting.uploads)) @if waiting.uploads == 1 { " upload" } @else { " uploads" }
                    @if waiting.bytes > 0 { ", " (bytes(waiting.bytes)) }
                    @if let Some(oldest) = waiting.oldest_arrival { ", the oldest arrived " (ago(oldest, now)) }
                    @if let Some(next) = waiting.next_attempt.filter(|next| *next > now) { ", next attempt " (ago(next, now)) }
                }
            }
            @if let Some(since) = destination.held_since { dt { "Held" } dd { "uploads wait for a repair, the first arrived " (ago(since, now)) } }
            @if let Some(error) = &waiting.error { dt { "Last error" } dd { (error) } }
            dt { "Delivered" } dd { (count(sum.delivered)) " records" @if destination.lag_ms_mean > 0 { ", after " (duration(destination.lag_ms_mean)) " on average" } }
            @for (name, number) in [
                ("Refused", sum.refused),
                ("Unknown", sum.unknown),
                ("Dropped", sum.dropped),
                ("Lost", sum.lost),
                ("It had before", destination.duplicates),
                ("Failed attempts", destination.failed_attempts),
            ] {
                @if number > 0 { dt { (name) } dd { (count(number)) } }
            }
            @if destination.dead_letters_written > 0 {
                dt { "Dead letters" }
                dd { (count(destination.dead_letters_written)) " written, " a href=(dead_letters::of(&destination.name)) { "those that are left" } }
            }
            @if let Some(kind) = destination.kind { dt { "Kind" } dd { (kind) } }
            @if let Some(shape) = destination.shape { dt { "Shape" } dd { code { (shape) } } }
            @if let Some(format) = destination.intake_format {
                dt { "Format of the intake" } dd { (format.needed) }
                dt { "A wrong one" } dd { (format.if_wrong) }
            }
        }
    }
}
