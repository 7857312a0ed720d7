//! `sinkhole_http_logs`: an HTTP request that reached a sinkhole, where the traffic of malicious hosts is led.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    Domain, Host, Hosts, Integer, Ip, Masked, Port, Text, Timestamp, Uri, Url,
};
use crate::mapping::{Dataset, kept, row};

pub(super) static SINKHOLE_HTTP_LOGS: Dataset = Dataset {
    name: "sinkhole_http_logs",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        ("event.category", List(&["network", "web"])),
        ("event.dataset", One("sinkhole-http-logs")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["access"])),
        ("network.protocol", One("http")),
        ("observer.type", One("sinkhole")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[Text("cloud.account.id")]),
        // The body (its first 256 bytes) and the headers tell one malware from another. Cookies and
        // tokens in them were meant for the malicious host, so they stay readable.
        row("Body",                               &[Text("http.request.body.content")]),
        row("BodyLength",                         &[Integer("http.request.body.bytes")]),
        row("DestAddr",                           &[Ip("destination.ip"), Ip("related.ip")]),
        kept("Headers"),
        row("Method",                             &[Text("http.request.method")]),
        // It may be a real person's password.
        row("Password",                           &[Masked("Password")]),
        kept("R2Path"),
        row("Referrer",                           &[Text("http.request.referrer")]),
        kept("SinkholeID"),
        row("SrcAddr",                            &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("Timestamp",                          &[Timestamp("@timestamp")]),
        // The whole address comes before its parts.
        row("URL",                                &[Url("url"), Hosts("related.hosts")]),
        row("URI",                                &[Uri("url")]),
        row("Host",                               &[Text("destination.address"), Domain("destination.domain"), Port("destination.port"),
                                                    Domain("url.domain"), Port("url.port"), Host("related.hosts")]),
        row("UserAgent",                          &[Text("user_agent.original")]),
        row("Username",                           &[Text("user.name"), Text("related.user")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
