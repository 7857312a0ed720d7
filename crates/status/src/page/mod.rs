//! The status page: the verdict, the problems, and what is put together from its parts.

mod chart;
mod datasets;
pub mod dead_letters;
mod destinations;
mod layout;
mod login;
mod problem;
mod rules;

use logpush_delivery::dead_letter::List;
use maud::{Markup, html};

use crate::format::count;
use crate::health::ProblemKind;
use crate::model::{OverallVerdict, Route, Status};
use crate::page::layout::{Live, ago, page, subpage};

pub use layout::{ICON, ICON_PATH, POLICY, SCRIPT, SCRIPT_PATH, STYLE, STYLE_PATH};
pub use login::{closed, log_in, refused};

/// The outcome of a form, which the next page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    Replayed,
    Deleted,
    /// Of so many dead letters with one reason.
    AllReplayed,
    AllDeleted,
    Gone,
    NotReplayed,
    Retrying,
    Failed,
}

impl Notice {
    const ALL: [Self; 8] = [
        Self::Replayed,
        Self::Deleted,
        Self::AllReplayed,
        Self::AllDeleted,
        Self::Gone,
        Self::NotReplayed,
        Self::Retrying,
        Self::Failed,
    ];

    /// The notice with this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.name() == name)
    }

    /// The name that stands in the URL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Replayed => "replayed",
            Self::Deleted => "deleted",
            Self::AllReplayed => "all-replayed",
            Self::AllDeleted => "all-deleted",
            Self::Gone => "gone",
            Self::NotReplayed => "not-replayed",
            Self::Retrying => "retrying",
            Self::Failed => "failed",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Replayed => {
                "The dead letter is on its way to the intake again. It disappears from this list when it is delivered."
            }
            Self::Deleted => "The dead letter was deleted.",
            Self::AllReplayed => {
                "They are on their way to the destination again. Each disappears from this list when it is delivered."
            }
            Self::AllDeleted => "They were deleted.",
            Self::Gone => "This dead letter no longer exists.",
            Self::NotReplayed => {
                "A message cannot be replayed, because it names no upload. You can delete it."
            }
            Self::Retrying => {
                "Everything that waits is on its way to the destination. What it still does not take is reported here again."
            }
            Self::Failed => "R2 or the queue failed. Please try again.",
        }
    }
}

/// The page at `/`. `dead_letters`: nothing where R2 did not answer. `notice`: what a form has done, and
/// with how many dead letters, where that is not one.
pub fn home(
    status: &Status,
    dead_letters: Option<&List>,
    notice: Option<(Notice, Option<u64>)>,
    token: &str,
) -> String {
    let frame = dead_letters::Frame {
        token,
        now: status.at,
    };
    let content = html! {
        @if let Some((notice, number)) = notice {
            p.notice role="status" {
                @match number {
                    Some(1) => { "1 dead letter. " }
                    Some(number) => { (count(number)) " dead letters. " }
                    None => {}
                }
                (notice.text())
            }
        }
        (verdict(status, token))
        (destinations::all(status))
        @match status.route {
            Route::Direct => (direct()),
            Route::Durable => {
                (datasets::all(status))
                (dead_letters::summary(dead_letters, frame))
                (datasets::uploads(status))
                (rules::all(status))
                (datasets::unknown_fields(status))
                (datasets::jobs(status))
            }
        }
    };
    let live = Live {
        at: status.at,
        token: token.to_owned(),
        footer: footer(status),
    };
    page(headline(status).0, Some(&live), &content)
}

/// The page of dead letters on the direct route, which stores none.
pub fn nothing_stored() -> String {
    subpage("Dead letters", &direct())
}

/// The status in a few words, with its sign and the class of its colour.
fn headline(status: &Status) -> (&'static str, &'static str, &'static str) {
    match status.verdict {
        OverallVerdict::Ok if status.route == Route::Durable && status.datasets.is_empty() => {
            ("Ready: nothing has arrived yet", "\u{2713}", "ok")
        }
        OverallVerdict::Ok => ("All is well", "\u{2713}", "ok"),
        OverallVerdict::Warning => ("Something needs attention", "!", "warning"),
        OverallVerdict::Error => ("Something is wrong", "\u{2715}", "error"),
    }
}

fn verdict(status: &Status, token: &str) -> Markup {
    let (words, sign, class) = headline(status);
    html! {
        section.verdict.(class) aria-labelledby="verdict" {
            h2 #verdict { span.sign aria-hidden="true" { (sign) } " " (words) }
            @if status.problems.is_empty() {
                p { (calm(status)) }
            } @else {
                ul.problems {
                    @for problems in problem::alike(&status.problems) { (problem::line(status, &problems)) }
                }
                @if status.problems.iter().any(|problem| problem.kind == ProblemKind::Held) {
                    form method="post" action="/destinations/retry" {
                        input type="hidden" name="token" value=(token);
                        button type="submit" { "Try again now" }
                    }
                }
            }
        }
    }
}

/// The line below the headline when there is no problem.
fn calm(status: &Status) -> Markup {
    let last = status
        .datasets
        .iter()
        .filter_map(|dataset| dataset.last_delivery)
        .max();
    html! {
        @match (status.route, last) {
            (Route::Direct, _) => { "The configuration is valid." }
            (Route::Durable, Some(last)) => {
                "The last upload was delivered " (ago(last, status.at)) ". Nothing is stuck, and there are no dead letters."
            }
            (Route::Durable, None) => {
                "The configuration is valid. The first upload of a new Logpush job can take some minutes; "
                code { "logpush-ecs jobs check" } " says whether the job is set up correctly."
            }
        }
    }
}

fn direct() -> Markup {
    html! {
        section aria-labelledby="direct" {
            h2 #direct { "The direct route" }
            p {
                "Without the bindings " code { "UPLOADS" } ", " code { "WORK" } " and " code { "LEDGER" }
                " this Worker delivers while Logpush waits, and stores nothing: there are no counters, no backlog and no dead letters to show. "
                "Each upload has a line in the Worker's log; " code { "npx wrangler tail" } " shows it live."
            }
            p { "For a status of every dataset, add the three bindings to " code { "wrangler.toml" } "." }
        }
    }
}

fn footer(status: &Status) -> Markup {
    html! {
        footer {
            p {
                "Version " (status.version) ". Counters are at most a minute old. "
                "Lag is the time from the newest event of an upload to the end of its delivery, or from its arrival if no event has a readable time. "
                "Day and week are counted in whole hours, including the current one."
            }
            p {
                "For programs: " a href="/api/status" { "/api/status" } ", " a href="/metrics" { "/metrics" } "."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health;

    #[test]
    fn every_notice_is_found_by_its_name() {
        for notice in Notice::ALL {
            assert_eq!(Notice::of(notice.name()), Some(notice));
        }
        assert_eq!(Notice::of("unheard-of"), None);
    }

    #[test]
    fn the_page_shows_the_verdict_and_every_problem() {
        for (problems, headline) in [
            (vec![], "All is well"),
            (
                vec![health::alerts_misconfigured(&["one".to_owned()])],
                "Something needs attention",
            ),
            (
                vec![
                    health::misconfigured(&["two".to_owned()]),
                    health::alerts_misconfigured(&["one".to_owned()]),
                ],
                "Something is wrong",
            ),
        ] {
            let status = Status::direct(problems, 1_000);
            let page = home(
                &status,
                Some(&List::default()),
                Some((Notice::Gone, None)),
                "token",
            );
            assert!(page.contains(headline), "{page}");
            assert!(page.contains(Notice::Gone.text()), "{page}");
            for problem in &status.problems {
                assert!(page.contains(&problem.text), "{page}");
                assert!(page.contains(&problem.hint), "{page}");
                assert!(page.contains(problem.kind.cost()), "{page}");
            }
        }
    }
}
