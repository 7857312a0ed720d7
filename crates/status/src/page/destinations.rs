//! The page's section about destinations.

use maud::{Markup, html};

use crate::model::{Destination, Status};

/// One line for each; what goes with its shape when it is opened.
pub(super) fn all(status: &Status) -> Markup {
    html! {
        @if !status.destinations.is_empty() {
            section.list aria-labelledby="destinations" {
                h2 #destinations { "Destinations" }
                @for destination in &status.destinations {
                    details.dataset #(format!("destination-{}", destination.name)) {
                        summary { h3 { (destination.name) } (tags(status, destination)) }
                        (details(destination))
                    }
                }
            }
        }
    }
}

fn tags(status: &Status, destination: &Destination) -> Markup {
    let is_named = |subject: &Option<String>| subject.as_ref() == Some(&destination.name);
    // Wrong settings are a problem that names it, or one of all.
    let has_problem =
        destination.kind.is_none() || status.problems.iter().any(|of| is_named(&of.subject));
    html! {
        span.tags {
            @if has_problem { span.tag.warning { "see above" } }
            @else { span.tag.ok { "well" } }
            span.last {
                @if let Some(kind) = destination.kind { (kind) }
                @if let Some(shape) = destination.shape { ", " (shape) }
            }
        }
    }
}

fn details(destination: &Destination) -> Markup {
    html! {
        dl {
            @if let Some(kind) = destination.kind { dt { "Kind" } dd { (kind) } }
            @if let Some(shape) = destination.shape { dt { "Shape" } dd { code { (shape) } } }
            @if let Some(format) = destination.intake_format {
                dt { "Format of the intake" } dd { (format.needed) }
                dt { "A wrong one" } dd { (format.if_wrong) }
            }
        }
    }
}
