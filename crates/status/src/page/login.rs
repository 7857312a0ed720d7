//! The pages before a session, and that of a form which no session sent.

use maud::html;

use crate::page::layout::page;

/// The form for the secret; `problem` says why the last one was not accepted.
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

/// The page of a Worker without an operator's secret, which lets nobody in.
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

/// The answer to a form that does not belong to the session, such as one from another site.
pub fn refused() -> String {
    let content = html! {
        section.narrow {
            h2 { "Nothing was done" }
            p { "The form does not belong to your session. If you have just logged in again, reload the page and try once more." }
            p { a href="/" { "Back to the status page" } }
        }
    };
    page("Nothing was done", None, &content)
}
