//! `turnstile_events`: Turnstile challenges a visitor, or a site asks whether a visitor's token is good.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    CountryCode, CountryName, Domain, Host, Ip, Port, Positive, Text, Timestamp, Words,
};
use crate::mapping::{Dataset, kept, row};

pub(super) static TURNSTILE_EVENTS: Dataset = Dataset {
    name: "turnstile_events",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        // `network` beside `web`: ECS has `allowed` and `denied` for network only.
        ("event.category", List(&["web", "network"])),
        ("event.dataset", One("turnstile-events")),
        ("event.module", One("cloudflare")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("ASN",          &[Positive("source.as.number")]),
        // The customer's own name of the form (`login`, `signup`), not what happened.
        kept("Action"),
        row("BrowserMajor", &[Text("user_agent.version")]),
        row("BrowserName",  &[Text("user_agent.name")]),
        row("ClientIP",     &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("CountryCode",  &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        row("EventType",    &[Text("event.action"), Words("event.type", TYPES), Words("event.outcome", OUTCOMES)]),
        row("Hostname",     &[Text("destination.address"), Domain("destination.domain"), Port("destination.port"),
                              Domain("url.domain"), Port("url.port"), Host("related.hosts")]),
        row("OSMajor",      &[Text("user_agent.os.version")]),
        row("OSName",       &[Text("user_agent.os.name")]),
        // Public: every visitor of the page can read it.
        kept("Sitekey"),
        row("Timestamp",    &[Timestamp("@timestamp")]),
        row("UserAgent",    &[Text("user_agent.original")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};

/// What an event means, in the words that firewall_events has for its challenges.
#[rustfmt::skip]
const TYPES: crate::mapping::Words = &[
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
const OUTCOMES: crate::mapping::Words = &[
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
