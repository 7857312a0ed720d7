//! `page_shield_events`: a visitor's browser met a script or connection that a content security policy does not allow.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Domain, Host, Hosts, Keep, Port, Text, Timestamp, Url, Words};
use crate::mapping::{Dataset, kept, row};

pub(super) static PAGE_SHIELD_EVENTS: Dataset = Dataset {
    name: "page_shield_events",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        // `network` beside `web`: ECS has `denied` for network only.
        ("event.category", List(&["web", "network"])),
        ("event.dataset", One("page-shield-events")),
        ("event.module", One("cloudflare")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        // `allow` is the name of a policy that allows what it lists and blocks the rest: what it
        // reports was blocked (https://developers.cloudflare.com/page-shield/policies/).
        row("Action",    &[Text("event.action"), Words("event.type", &[("log", "info"), ("allow", "denied"), ("*", "info")])]),
        kept("CSPDirective"),
        row("Host",      &[Host("related.hosts"), Keep("Host")]),
        // The page asked for the resource, as a referrer does.
        row("PageURL",   &[Text("http.request.referrer")]),
        row("PolicyID",  &[Text("rule.id")]),
        kept("ResourceType"),
        row("Timestamp", &[Timestamp("@timestamp")]),
        // The resource that the policy does not allow, not the page.
        row("URL",       &[Url("url"), Hosts("related.hosts")]),
        kept("URLContainsCDNCGIPath"),
        row("URLHost",   &[Text("destination.address"), Domain("destination.domain"), Port("destination.port"),
                           Domain("url.domain"), Port("url.port"), Host("related.hosts")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
