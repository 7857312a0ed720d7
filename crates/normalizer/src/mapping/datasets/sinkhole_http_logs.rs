use crate::mapping::prelude::*;

pub(super) static SINKHOLE_HTTP_LOGS: Dataset = Dataset {
    name: "sinkhole_http_logs",
    about: for_pages(
        "An HTTP request that reached a sinkhole, where the traffic of malicious hosts is led.",
    ),
    constants: &[
        ("event.kind", Text("event")),
        ("event.category", List(&["network", "web"])),
        ("event.dataset", Text("sinkhole_http_logs")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["access"])),
        ("network.protocol", Text("http")),
        ("observer.type", Text("sinkhole")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[text("cloud.account.id")]),
        row("Body",                               &[text("http.request.body.content")])
            .why("The body (its first 256 bytes) and the headers tell one malware from another. Cookies and tokens in these texts were meant for the malicious host, so they stay readable; in headers that come as an object or a list, credentials are masked as everywhere.")
            .sensitive(),
        row("BodyLength",                         &[count("http.request.body.bytes")]),
        row("DestAddr",                           &[ip("destination.ip"), otherwise_ip("destination.address"), ip("related.ip")]),
        kept("Headers").sensitive(),
        row("Method",                             &[text("http.request.method")]),
        row("Password",                           &[masked("Password")])
            .why("It may be a real person's password."),
        kept("R2Path"),
        row("Referrer",                           &[text("http.request.referrer")]),
        kept("SinkholeID"),
        row("SrcAddr",                            &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("Timestamp",                          &[timestamp("@timestamp")]),
        row("URL",                                &[url("url")])
            .why("The whole address comes before its parts."),
        row("URI",                                &[uri("url")]),
        row("Host",                               &[text("destination.address"), domain("destination.domain"), port("destination.port"),
                                                    authority("url"), host("related.hosts")]),
        row("UserAgent",                          &[text("user_agent.original")]),
        row("Username",                           &[text("user.name"), text("related.user")]),
    ],
    ..Dataset::BASE
};
