//! The status page, without its parts about datasets and dead letters. Everything that comes from
//! outside is text, which maud escapes; nothing of it becomes a script or a style.

mod chart;
mod datasets;
pub mod dead_letters;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::format::{duration, machine_time, time};
use crate::health::{Problem, Severity};
use crate::model::{Route, Status, Verdict};
use crate::page::dead_letters::Listed;

pub const STYLE: &str = include_str!("page.css");
pub const SCRIPT: &str = include_str!("page.js");
pub const ICON: &str = include_str!("icon.svg");

/// Where these three are.
pub const STYLE_PATH: &str = "/status.css";
pub const SCRIPT_PATH: &str = "/status.js";
pub const ICON_PATH: &str = "/status.svg";

/// Scripts, styles and pictures of this origin alone: the three files; nobody may frame it.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a form has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    Replayed,
    Deleted,
    Gone,
    NotReplayed,
    Failed,
}

impl Notice {
    const ALL: [(Self, &str, &str); 5] = [
        (
            Self::Replayed,
            "replayed",
            "The dead letter is on its way to the intake again. When it is delivered, it is gone from here.",
        ),
        (Self::Deleted, "deleted", "The dead letter was deleted."),
        (Self::Gone, "gone", "There is no such dead letter any more."),
        (
            Self::NotReplayed,
            "not-replayed",
            "A message cannot be replayed, since it names no upload. It can be deleted.",
        ),
        (
            Self::Failed,
            "failed",
            "R2 or the queue failed: please try again.",
        ),
    ];

    /// The notice of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, other, _)| *other == name)?;
        Some(found.0)
    }

    /// Its name, in an address.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(notice, ..)| *notice == self);
        found.map_or("", |(_, name, _)| name)
    }

    fn text(self) -> &'static str {
        let found = Self::ALL.iter().find(|(notice, ..)| *notice == self);
        found.map_or("", |(.., text)| text)
    }
}

/// The page at `/`.
pub fn home(status: &Status, letters: &Listed, notice: Option<Notice>, token: &str) -> String {
    let content = html! {
        @if let Some(notice) = notice {
            p.notice role="status" { (notice.text()) }
        }
        (verdict(status))
        @match status.route {
            Route::Direct => (direct()),
            Route::Durable => {
                (datasets::all(status))
                (dead_letters::section(letters, token))
                (datasets::uploads(status))
                (datasets::unknown_fields(status))
                (datasets::jobs(status))
            }
        }
    };
    page("Status", Some((status, token)), &content)
}

/// A page of a session below `/`.
pub(crate) fn below(title: &str, content: &Markup) -> String {
    let content = html! {
        p { a href="/" { "Back to the status page" } }
        (content)
    };
    page(title, None, &content)
}

/// The form for the secret; `problem`: why it was not taken.
pub fn log_in(problem: Option<&str>) -> String {
    let content = html! {
        section.narrow {
            h2 { "Log in" }
            form method="post" action="/login" {
                label for="secret" { "Operator's secret" }
                input #secret type="password" name="secret" required autofocus autocomplete="current-password"
                    aria-invalid=[problem.map(|_| "true")] aria-describedby=[problem.map(|_| "problem")];
                @if let Some(problem) = problem {
                    p #problem.problem role="alert" { (problem) }
                }
                button.primary type="submit" { "Log in" }
            }
            p.aside { "The value of " code { "OPERATOR_SECRET" } ". You stay logged in for 12 hours." }
        }
    };
    page("Log in", None, &content)
}

/// Nobody is let in without a secret.
pub fn closed(problem: &str) -> String {
    let content = html! {
        section.narrow {
            h2 { "The status page is closed" }
            p { (problem) "." }
            p { "Make up a secret, and store it:" }
            pre { "openssl rand -hex 32\nnpx wrangler secret put OPERATOR_SECRET" }
            p { "Then load this page again, and log in with it." }
        }
    };
    page("Closed", None, &content)
}

/// A form that is not of a page of the session, or from another site.
pub fn refused() -> String {
    let content = html! {
        section.narrow {
            h2 { "Nothing was done" }
            p { "The form was not one of your session. If you have just logged in again, load the page anew and repeat it." }
            p { a href="/" { "Back to the status page" } }
        }
    };
    page("Nothing was done", None, &content)
}

/// What there is not on the direct route.
pub fn nothing_stored() -> String {
    below("Dead letters", &direct())
}

/// A point in time.
pub(crate) fn moment(millis: u64) -> Markup {
    let text = time(millis);
    let (date, clock) = text.split_once(' ').unwrap_or((&text, ""));
    // Two pieces, which a narrow screen puts one below the other.
    html! { time datetime=(machine_time(millis)) { span { (date) } " " span { (clock) } } }
}

fn page(title: &str, of: Option<(&Status, &str)>, content: &Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { @if let Some((status, _)) = of { (headline(status).0) " · " } @else { (title) " · " } "logpush-ecs" }
                link rel="stylesheet" href=(STYLE_PATH);
                link rel="icon" type="image/svg+xml" href=(ICON_PATH);
                @if of.is_some() { script src=(SCRIPT_PATH) defer {} }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    h1 { "logpush-ecs" }
                    @if let Some((status, token)) = of {
                        p.updated { "As of " span #at { (moment(status.at)) } }
                        form method="post" action="/logout" {
                            input type="hidden" name="token" value=(token);
                            button type="submit" { "Log out" }
                        }
                    }
                }
                p #live.unseen role="status" {}
                main #content { (content) }
                @if let Some((status, _)) = of { (footer(status)) }
            }
        }
    };
    markup.into_string()
}

/// All in a few words, the sign for it, and the class of its colour.
fn headline(status: &Status) -> (&'static str, &'static str, &'static str) {
    match status.verdict {
        Verdict::Ok if status.route == Route::Durable && status.datasets.is_empty() => {
            ("Ready: nothing has arrived yet", "\u{2713}", "ok")
        }
        Verdict::Ok => ("All is well", "\u{2713}", "ok"),
        Verdict::Warning => ("Something wants a look", "!", "warning"),
        Verdict::Error => ("Something is wrong", "\u{2715}", "error"),
    }
}

fn verdict(status: &Status) -> Markup {
    let (words, sign, class) = headline(status);
    html! {
        section.verdict.(class) aria-labelledby="verdict" {
            h2 #verdict { span.sign aria-hidden="true" { (sign) } " " (words) }
            @if status.problems.is_empty() {
                p { (calm(status)) }
            } @else {
                ul.problems {
                    @for problem in &status.problems { (problem_line(problem, since(status, problem), status.at)) }
                }
            }
        }
    }
}

fn problem_line(problem: &Problem, since: Option<u64>, now: u64) -> Markup {
    let (class, level) = match problem.severity {
        Severity::Warning => ("warning", "Warning"),
        Severity::Error => ("error", "Error"),
    };
    html! {
        li.(class) {
            p.what { span.tag.(class) { (level) } " " (problem.text) }
            @if let Some(since) = since {
                p.since { "for " (duration(now.saturating_sub(since))) ", since " (moment(since)) }
            }
            p.todo { (problem.hint) }
        }
    }
}

/// Since when the cron knows of a problem.
fn since(status: &Status, problem: &Problem) -> Option<u64> {
    status
        .incidents
        .iter()
        .find(|told| told.problem.kind == problem.kind && told.problem.subject == problem.subject)
        .map(|told| told.since)
}

/// What there is to say when nothing is wrong.
fn calm(status: &Status) -> Markup {
    let last = status
        .datasets
        .iter()
        .filter_map(|of| of.last_delivery)
        .max();
    html! {
        @match (status.route, last) {
            (Route::Direct, _) => { "The configuration is sound." }
            (Route::Durable, Some(last)) => {
                "The last upload was delivered " (duration(status.at.saturating_sub(last))) " ago. Nothing is stuck, and there are no dead letters."
            }
            (Route::Durable, None) => {
                "The configuration is sound. The first upload of a new Logpush job can take some minutes; "
                code { "logpush-ecs jobs check" } " says whether the job is."
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
                "Version " (status.version) ". Counters reach the board within a minute. "
                "Lag is the time from the newest event of an upload to the end of its delivery, or from its arrival where no event has a readable time. "
                "A day and a week are whole hours with the one that has begun."
            }
            p {
                "For programs: " a href="/api/status" { "/api/status" } ", " a href="/metrics" { "/metrics" } "."
            }
        }
    }
}

/// For a table's cell of nothing.
pub(crate) const NOTHING: PreEscaped<&str> = PreEscaped("<span class=\"none\">\u{2013}</span>");
