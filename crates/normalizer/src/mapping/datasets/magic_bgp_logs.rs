use crate::mapping::prelude::*;

pub(super) static MAGIC_BGP_LOGS: Dataset = Dataset {
    name: "magic_bgp_logs",
    about: for_pages(
        "A message or a change of a BGP session over a Magic WAN or Magic Transit tunnel.",
    ),
    constants: &[
        ("event.kind", Text("event")),
        ("event.category", List(&["network"])),
        ("event.dataset", Text("magic_bgp_logs")),
        ("event.module", Text("cloudflare")),
        ("network.protocol", Text("bgp")),
        ("network.transport", Text("tcp")),
        ("observer.type", Text("router")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("Direction",                          &[lookup("network.direction", &[("to_cloudflare", "ingress"), ("from_cloudflare", "egress")]), keep("Direction")])
            .why("What Cloudflare's router receives is ingress, what it sends is egress."),
        row("EventData",                          &[
            inside("src", &ip("source.ip")),
            inside("src", &ip("source.address")),
            inside("src", &ip("related.ip")),
            inside("dst", &ip("destination.ip")),
            inside("dst", &ip("destination.address")),
            inside("dst", &ip("related.ip")),
            inside("code", &text("event.code")),
            inside("reason", &text("event.reason")),
            inside("message", &text("error.message")),
            keep("EventData"),
        ])
            .why("Its members depend on EventKind. A failed handshake has two ends and a message, a notification its code (RFC 4271, 4.5); both have a reason."),
        row("EventKind",                          &[text("event.action"), lookup("event.type", TYPES), lookup_if("event.category", CONFIGURATION),
                                                    lookup_if("event.outcome", &[("tcp_handshake_failed", "failure")])]),
        row("EventTimestamp",                     &[timestamp("@timestamp")]),
        kept("TunnelID"),
        kept("TunnelName"),
    ],
    ..Dataset::BASE
};

/// A notification ends its session (RFC 4271, 6).
#[rustfmt::skip]
const TYPES: Words = &[
    ("open_message", "start"),
    ("update_message", "protocol"),
    ("notification_message", "end"),
    ("route_refresh_message", "protocol"),
    ("bgp_state_transition", "info"),
    ("tcp_handshake_failed", "info"),
    ("stale_path_timer_expired", "info"),
    ("session_config_changed", "change"),
    ("filter_config_changed", "change"),
    ("redistribute_config_changed", "change"),
    ("*", "info"),
];

/// ECS expects the type `change` below this category, not below `network`.
#[rustfmt::skip]
const CONFIGURATION: Words = &[
    ("session_config_changed", "configuration"),
    ("filter_config_changed", "configuration"),
    ("redistribute_config_changed", "configuration"),
];
