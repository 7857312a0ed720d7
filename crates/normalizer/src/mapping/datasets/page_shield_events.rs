use crate::mapping::prelude::*;

pub(super) static PAGE_SHIELD_EVENTS: Dataset = Dataset {
    name: "page_shield_events",
    about: for_pages(
        "A visitor's browser met a script or connection that a content security policy does not allow.",
    ),
    constants: &[
        ("event.kind", Text("event")),
        // `network` beside `web`: ECS has `denied` for network only.
        ("event.category", List(&["web", "network"])),
        ("event.dataset", Text("page_shield_events")),
        ("event.module", Text("cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("Action",    &[text("event.action"), lookup("event.type", &[("log", "info"), ("allow", "denied"), ("*", "info")])])
            .why("`allow` is the name of a policy that allows what it lists and blocks the rest: what it reports was blocked (https://developers.cloudflare.com/page-shield/policies/)."),
        kept("CSPDirective"),
        row("Host",      &[host("related.hosts"), keep("Host")]),
        row("PageURL",   &[text("http.request.referrer")])
            .why("The page asked for the resource, as a referrer does."),
        row("PolicyID",  &[text("rule.id")]),
        kept("ResourceType"),
        row("Timestamp", &[timestamp("@timestamp")]),
        row("URL",       &[url("url")])
            .why("The resource that the policy does not allow, not the page."),
        kept("URLContainsCDNCGIPath"),
        row("URLHost",   &[text("destination.address"), domain("destination.domain"), port("destination.port"),
                           authority("url"), host("related.hosts")]),
    ],
    ..Dataset::BASE
};
