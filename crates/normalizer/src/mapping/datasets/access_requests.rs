use crate::mapping::prelude::*;

pub(super) static ACCESS_REQUESTS: Dataset = Dataset {
    name: "access_requests",
    about: for_pages("A login to, or logout from, an application behind Cloudflare Access."),
    constants: &[
        // `network` is what `allowed` and `denied` belong to.
        ("event.category", List(&["authentication", "network"])),
        ("event.dataset", Text("access_requests")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("observer.type", Text("proxy")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("Action",                       &[text("event.action"), lookup("event.type", ACTION_TYPES)]),
        row("Allowed",                      &[lookup("event.outcome", SUCCEEDED), lookup("event.type", DECISIONS), keep("Allowed")]),
        row("AppDomain",                    &[text("destination.address"), domain("destination.domain"), authority("url"),
                                              host("related.hosts")]),
        kept("AppUUID"),
        kept("Connection"),
        row("Country",                      &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name"),
                                              country_code("client.geo.country_iso_code"), country_name("client.geo.country_name")]),
        row("CreatedAt",                    &[timestamp("@timestamp")]),
        row("Email",                        &[text("user.email"), text("related.user")]),
        row("IPAddress",                    &[ip("source.ip"), ip("source.address"), ip("client.ip"), ip("client.address"), ip("related.ip")])
            .why("Both sides, as SEKOIA.IO (client and source) and Elastic (client) have it."),
        kept("PurposeJustificationPrompt"),
        kept("PurposeJustificationResponse"),
        row("RayID",                        &[text("http.request.id"), keep("RayID")]),
        row("TemporaryAccessApprovers",     &[texts("related.user"), keep("TemporaryAccessApprovers")]),
        kept("TemporaryAccessDuration")
            .why("Cloudflare names no unit, and 0 is no temporary access."),
        row("UserUID",                      &[text("user.id"), text("related.user")]),
    ],
    native: Some(Native {
        times: &[("CreatedAt", NativeTime::Rfc3339)],
        aliases: &[("ActionType", "Action")],
        joined_alias: None,
        drop_empty: &[],
        drop_dot: &[],
        paths: &[],
    }),
    ..Dataset::BASE
};

const ACTION_TYPES: Words = &[("login", "start"), ("logout", "end"), ("*", "info")];

const DECISIONS: Words = &[("true", "allowed"), ("false", "denied")];
