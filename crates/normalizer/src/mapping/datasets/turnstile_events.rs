use crate::mapping::prelude::*;

pub(super) static TURNSTILE_EVENTS: Dataset = Dataset {
    name: "turnstile_events",
    about: for_pages(
        "Turnstile challenges a visitor, or a site asks whether a visitor's token is good.",
    ),
    constants: &[
        ("event.kind", Text("event")),
        // `network` beside `web`: ECS has `allowed` and `denied` for network only.
        ("event.category", List(&["web", "network"])),
        ("event.dataset", Text("turnstile_events")),
        ("event.module", Text("cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("ASN",          &[as_number("source.as.number")]),
        kept("Action")
            .why("The customer's own name of the form (`login`, `signup`), not what happened."),
        row("BrowserMajor", &[text("user_agent.version")]),
        row("BrowserName",  &[text("user_agent.name")]),
        row("ClientIP",     &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("CountryCode",  &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name")]),
        row("EventType",    &[text("event.action"), lookup("event.type", TYPES), lookup("event.outcome", OUTCOMES)]),
        row("Hostname",     &[text("destination.address"), domain("destination.domain"), port("destination.port"),
                              authority("url"), host("related.hosts")]),
        row("OSMajor",      &[text("user_agent.os.version")]),
        row("OSName",       &[text("user_agent.os.name")]),
        kept("Sitekey")
            .why("Public: every visitor of the page can read it."),
        row("Timestamp",    &[timestamp("@timestamp")]),
        row("UserAgent",    &[text("user_agent.original")]),
    ],
    ..Dataset::BASE
};

/// What an event means, in the words that firewall_events has for its challenges.
#[rustfmt::skip]
const TYPES: Words = &[
    ("challenge_issued", "info"),
    ("challenge_non_interactive_solved", "allowed"),
    ("challenge_interactive_solved", "allowed"),
    ("challenge_non_interactive_siteverify_solved", "allowed"),
    ("challenge_interactive_siteverify_solved", "allowed"),
    ("challenge_clearance_siteverify_solved", "allowed"),
    ("challenge_siteverify_failed_double_redemption", "denied"),
    ("challenge_siteverify_failed_invalid_token", "denied"),
    ("challenge_siteverify_failed_other", "denied"),
    ("challenge_siteverify_ratelimited", "denied"),
    ("*", "info"),
];

/// An issued challenge has no outcome yet.
#[rustfmt::skip]
const OUTCOMES: Words = &[
    ("challenge_issued", ""),
    ("challenge_non_interactive_solved", "success"),
    ("challenge_interactive_solved", "success"),
    ("challenge_non_interactive_siteverify_solved", "success"),
    ("challenge_interactive_siteverify_solved", "success"),
    ("challenge_clearance_siteverify_solved", "success"),
    ("challenge_siteverify_failed_double_redemption", "failure"),
    ("challenge_siteverify_failed_invalid_token", "failure"),
    ("challenge_siteverify_failed_other", "failure"),
    ("challenge_siteverify_ratelimited", "failure"),
];
