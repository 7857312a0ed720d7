//! `access_requests`: a login to, or logout from, an application behind Cloudflare Access.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    CountryCode, CountryName, Domain, Host, Ip, Keep, Text, Texts, Timestamp, Words,
};
use crate::mapping::words::SUCCEEDED;
use crate::mapping::{Dataset, Native, NativeTime, kept, row};

pub(super) static ACCESS_REQUESTS: Dataset = Dataset {
    name: "access_requests",
    constants: &[
        ("ecs.version", One("9.4.0")),
        // `network` is what `allowed` and `denied` belong to.
        ("event.category", List(&["authentication", "network"])),
        // With an underscore, as SEKOIA.IO's parser and rules have it.
        ("event.dataset", One("access_requests")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("observer.type", One("proxy")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("Action",                       &[Text("event.action"), Words("event.type", ACTION_TYPES)]),
        row("Allowed",                      &[Words("event.outcome", SUCCEEDED), Words("event.type", DECISIONS), Keep("Allowed")]),
        row("AppDomain",                    &[Text("destination.address"), Domain("destination.domain"), Domain("url.domain"),
                                              Host("related.hosts")]),
        kept("AppUUID"),
        kept("Connection"),
        row("Country",                      &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name"),
                                              CountryCode("client.geo.country_iso_code"), CountryName("client.geo.country_name")]),
        row("CreatedAt",                    &[Timestamp("@timestamp")]),
        row("Email",                        &[Text("user.email"), Text("related.user")]),
        // Both sides, as SEKOIA.IO (client and source) and Elastic (client) have it.
        row("IPAddress",                    &[Ip("source.ip"), Ip("source.address"), Ip("client.ip"), Ip("client.address"), Ip("related.ip")]),
        kept("PurposeJustificationPrompt"),
        kept("PurposeJustificationResponse"),
        row("RayID",                        &[Text("http.request.id"), Keep("RayID")]),
        row("TemporaryAccessApprovers",     &[Texts("related.user"), Keep("TemporaryAccessApprovers")]),
        // Cloudflare names no unit, and 0 is no temporary access.
        kept("TemporaryAccessDuration"),
        row("UserUID",                      &[Text("user.id"), Text("related.user")]),
    ],
    renamed: &[],
    joined: &[],
    native: Some(Native {
        times: &[("CreatedAt", NativeTime::Rfc3339)],
        aliases: &[("ActionType", "Action")],
        joined_alias: None,
        drop_empty: &[],
        drop_dot: &[],
        paths: &[],
    }),
};

const ACTION_TYPES: crate::mapping::Words = &[("login", "start"), ("logout", "end"), ("*", "info")];

const DECISIONS: crate::mapping::Words = &[("true", "allowed"), ("false", "denied")];
