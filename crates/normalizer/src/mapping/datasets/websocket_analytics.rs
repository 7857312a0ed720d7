use crate::mapping::prelude::*;

pub(super) static WEBSOCKET_ANALYTICS: Dataset = Dataset {
    name: "websocket_analytics",
    about: for_pages("One WebSocket connection through Cloudflare, told when it has closed."),
    constants: &[
        ("event.kind", Text("event")),
        ("event.category", List(&["network"])),
        ("event.dataset", Text("websocket_analytics")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["connection", "end"])),
        ("network.protocol", Text("websocket")),
        ("observer.type", Text("proxy")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("BytesReceivedClient",    &[count("source.bytes"), sum("network.bytes")])
            .why("Bytes as the client sees them; those between Cloudflare and the origin stay apart."),
        kept("BytesReceivedOrigin"),
        row("BytesSentClient",        &[count("destination.bytes"), sum("network.bytes")]),
        kept("BytesSentOrigin"),
        row("ClientASN",              &[as_number("source.as.number")]),
        row("ClientIP",               &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("ClientRequestHost",      &[text("destination.address"), domain("destination.domain"), port("destination.port"),
                                        authority("url"), host("related.hosts")]),
        row("ClientRequestPath",      &[path("url")]),
        row("ClientRequestUserAgent", &[text("user_agent.original")]),
        kept("ColoCode"),
        row("ConnectionCloseReason",  &[lookup("event.reason", CLOSE_REASONS), lookup_if("event.outcome", CLOSE_OUTCOMES), keep("ConnectionCloseReason")]),
        kept("ConnectionCloseSource"),
        kept("ConnectionID"),
        kept("ConnectionTransportCloseCode"),
        row("EdgeEndTimestamp",       &[timestamp("event.end"), since("event.duration", "EdgeStartTimestamp")]),
        row("EdgeStartTimestamp",     &[timestamp("@timestamp"), timestamp("event.start")]),
        row("RayID",                  &[text("http.request.id"), keep("RayID")]),
    ],
    ..Dataset::BASE
};

/// As Cloudflare has them, but for `none`, which is no reason.
#[rustfmt::skip]
const CLOSE_REASONS: Words = &[
    ("none", ""),
    ("unspecifiedError", "unspecifiedError"),
    ("timedOut", "timedOut"),
    ("peerReset", "peerReset"),
    ("upstreamReset", "upstreamReset"),
    ("protocolViolation", "protocolViolation"),
    ("peerNoError", "peerNoError"),
];

#[rustfmt::skip]
const CLOSE_OUTCOMES: Words = &[
    ("none", "success"),             ("peerNoError", "success"),
    ("unspecifiedError", "failure"), ("timedOut", "failure"),
    ("peerReset", "failure"),        ("upstreamReset", "failure"),
    ("protocolViolation", "failure"),
];
