//! `websocket_analytics`: one WebSocket connection through Cloudflare, told when it has closed.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    Domain, Host, Integer, Ip, Keep, Port, Positive, Since, Sum, Text, Timestamp, When, Words,
};
use crate::mapping::{Dataset, kept, row};

pub(super) static WEBSOCKET_ANALYTICS: Dataset = Dataset {
    name: "websocket_analytics",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        ("event.category", List(&["network"])),
        ("event.dataset", One("websocket-analytics")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["connection", "end"])),
        ("network.protocol", One("websocket")),
        ("observer.type", One("proxy")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        // Bytes as the client sees them; those between Cloudflare and the origin stay apart.
        row("BytesReceivedClient",    &[Integer("source.bytes"), Sum("network.bytes")]),
        kept("BytesReceivedOrigin"),
        row("BytesSentClient",        &[Integer("destination.bytes"), Sum("network.bytes")]),
        kept("BytesSentOrigin"),
        row("ClientASN",              &[Positive("source.as.number")]),
        row("ClientIP",               &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("ClientRequestHost",      &[Text("destination.address"), Domain("destination.domain"), Port("destination.port"),
                                        Domain("url.domain"), Port("url.port"), Host("related.hosts")]),
        row("ClientRequestPath",      &[Text("url.path")]),
        row("ClientRequestUserAgent", &[Text("user_agent.original")]),
        kept("ColoCode"),
        row("ConnectionCloseReason",  &[Words("event.reason", CLOSE_REASONS), When("event.outcome", CLOSE_OUTCOMES), Keep("ConnectionCloseReason")]),
        kept("ConnectionCloseSource"),
        kept("ConnectionID"),
        kept("ConnectionTransportCloseCode"),
        row("EdgeEndTimestamp",       &[Timestamp("event.end"), Since("event.duration", "EdgeStartTimestamp")]),
        row("EdgeStartTimestamp",     &[Timestamp("@timestamp"), Timestamp("event.start")]),
        row("RayID",                  &[Text("http.request.id"), Keep("RayID")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};

/// As Cloudflare has them, but for `none`, which is no reason.
#[rustfmt::skip]
const CLOSE_REASONS: crate::mapping::Words = &[
    ("none", ""),
    ("unspecifiedError", "unspecifiedError"),
    ("timedOut", "timedOut"),
    ("peerReset", "peerReset"),
    ("upstreamReset", "upstreamReset"),
    ("protocolViolation", "protocolViolation"),
    ("peerNoError", "peerNoError"),
];

#[rustfmt::skip]
const CLOSE_OUTCOMES: crate::mapping::Words = &[
    ("none", "success"),             ("peerNoError", "success"),
    ("unspecifiedError", "failure"), ("timedOut", "failure"),
    ("peerReset", "failure"),        ("upstreamReset", "failure"),
    ("protocolViolation", "failure"),
];
