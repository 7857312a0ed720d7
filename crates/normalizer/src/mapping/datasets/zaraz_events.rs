//! `zaraz_events`: a step of Zaraz, Cloudflare's tag manager, while it handles a visitor's request.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Hosts, Ip, Masked, Text, Timestamp, Url, When};
use crate::mapping::{Dataset, kept, row};

pub(super) static ZARAZ_EVENTS: Dataset = Dataset {
    name: "zaraz_events",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        ("event.category", List(&["web"])),
        ("event.dataset", One("zaraz-events")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["info"])),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        // What the page tells its tags: personal data perhaps, but it shows what leaves the site.
        kept("Body"),
        kept("EventDetails"),
        // server_request, server_response, action_triggered, ecommerce_triggered, client_request,
        // component_error (https://developers.cloudflare.com/zaraz/advanced/logpush/).
        row("EventType",      &[Text("event.action"), When("event.type", &[("component_error", "error")]), When("event.outcome", &[("component_error", "failure")])]),
        row("IP",             &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        // All headers, hence the session cookies of the site, since Zaraz runs on its own host name.
        row("RequestHeaders", &[Masked("RequestHeaders")]),
        row("TimestampStart", &[Timestamp("@timestamp")]),
        row("URL",            &[Url("url"), Hosts("related.hosts")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
