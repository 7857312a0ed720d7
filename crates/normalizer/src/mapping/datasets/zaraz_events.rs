use crate::mapping::prelude::*;

pub(super) static ZARAZ_EVENTS: Dataset = Dataset {
    name: "zaraz_events",
    about: for_pages(
        "A step of Zaraz, Cloudflare's tag manager, while it handles a visitor's request.",
    ),
    constants: &[
        ("event.kind", Text("event")),
        ("event.category", List(&["web"])),
        ("event.dataset", Text("zaraz_events")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["info"])),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("Body")
            .why("What the page tells its tags: personal data perhaps, but it shows what leaves the site.")
            .sensitive(),
        kept("EventDetails"),
        row("EventType",      &[text("event.action"), lookup_if("event.type", &[("component_error", "error")]), lookup_if("event.outcome", &[("component_error", "failure")])])
            .why("server_request, server_response, action_triggered, ecommerce_triggered, client_request, component_error (https://developers.cloudflare.com/zaraz/advanced/logpush/)."),
        row("IP",             &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("RequestHeaders", &[masked("RequestHeaders")])
            .why("All headers, hence the session cookies of the site, since Zaraz runs on its own host name."),
        row("TimestampStart", &[timestamp("@timestamp")]),
        row("URL",            &[url("url"), hosts("related.hosts")]),
    ],
    ..Dataset::BASE
};
