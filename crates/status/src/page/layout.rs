//! The frame of every page, and what its parts share. Everything that comes from outside is text, which
//! maud escapes; nothing of it becomes a script or a style.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::format::{duration, machine_time, time};

pub const STYLE: &str = include_str!("page.css");
pub const SCRIPT: &str = include_str!("page.js");
pub const ICON: &str = include_str!("icon.svg");

/// The paths at which these three files are served.
pub const STYLE_PATH: &str = "/status.css";
pub const SCRIPT_PATH: &str = "/status.js";
pub const ICON_PATH: &str = "/status.svg";

/// The content security policy: scripts, styles and images from this origin alone, and no framing.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a page has beyond its content if it shows the live status.
pub(super) struct Live {
    /// When the status was read, in milliseconds since 1970.
    pub(super) at: u64,
    /// The session's token, for the form that logs out.
    pub(super) token: String,
    pub(super) footer: Markup,
}

/// A whole page. A live one is refreshed by the script.
pub(super) fn page(title: &str, live: Option<&Live>, content: &Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · logpush-ecs" }
                link rel="stylesheet" href=(STYLE_PATH);
                link rel="icon" type="image/svg+xml" href=(ICON_PATH);
                @if live.is_some() { script src=(SCRIPT_PATH) defer {} }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    h1 { "logpush-ecs" }
                    @if let Some(live) = live {
                        p.updated { "As of " span #at { (moment(live.at)) } }
                        form method="post" action="/logout" {
                            input type="hidden" name="token" value=(live.token);
                            button type="submit" { "Log out" }
                        }
                    }
                }
                p #live.unseen role="status" {}
                main #content { (content) }
                @if let Some(live) = live { (live.footer) }
            }
        }
    };
    markup.into_string()
}

/// A page of a session that leads back to the status page.
pub(super) fn subpage(title: &str, content: &Markup) -> String {
    let content = html! {
        p { a href="/" { "Back to the status page" } }
        (content)
    };
    page(title, None, &content)
}

/// A point in time.
pub(super) fn moment(millis: u64) -> Markup {
    let text = time(millis);
    let (date, clock) = text.split_once(' ').unwrap_or((&text, ""));
    // Two pieces, which a narrow screen puts one below the other.
    html! { time datetime=(machine_time(millis)) { span { (date) } " " span { (clock) } } }
}

/// A point in time as it is from now, with the clock's time as its tooltip.
pub(super) fn ago(millis: u64, now: u64) -> Markup {
    html! {
        time datetime=(machine_time(millis)) title=(time(millis)) {
            @match now.checked_sub(millis) {
                Some(0..1_000) => { "just now" }
                Some(since @ 1_000..60_000) => { (since / 1_000) " s ago" }
                Some(since) => { (duration(since)) " ago" }
                None => { "in " (duration(millis - now)) }
            }
        }
    }
}

/// What follows the first `shown` rows of a long list: how many more there are, and where.
pub(super) fn and_more(all: usize, shown: usize) -> Markup {
    html! {
        @if all > shown { p { "And " (all - shown) " more: see " a href="/api/status" { "/api/status" } "." } }
    }
}

/// The content of a table's cell without a value.
pub(super) const NO_VALUE: PreEscaped<&str> = PreEscaped("<span class=\"none\">\u{2013}</span>");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_escaped_and_only_a_live_page_has_the_script() {
        let hostile = "<script>\"&";
        let content = html! { p { (hostile) } };
        let live = Live {
            at: 0,
            token: hostile.to_owned(),
            footer: html! { footer { "end" } },
        };
        for (live, scripts) in [(None, 0), (Some(&live), 1)] {
            let page = page(hostile, live, &content);
            assert_eq!(page.matches("<script").count(), scripts, "{page}");
            assert!(page.contains("<title>&lt;script&gt;"), "{page}");
            assert_eq!(page.contains("<footer>"), scripts == 1, "{page}");
        }
    }

    #[test]
    fn how_long_ago_something_was_has_no_milliseconds() {
        for (then, expected) in [
            (100_000, "just now"),
            (95_000, "5 s ago"),
            (220_000, "in 2 min"),
        ] {
            let text = ago(then, 100_000).into_string();
            assert!(text.contains(&format!(">{expected}</time>")), "{text}");
        }
    }

    #[test]
    fn a_moment_is_for_people_and_for_programs() {
        assert_eq!(
            moment(1_657_630_626_999).into_string(),
            "<time datetime=\"2022-07-12T12:57:06Z\"><span>2022-07-12</span> <span>12:57:06 UTC</span></time>"
        );
    }
}
