//! `magic_bgp_logs`: a message or a change of a BGP session over a Magic WAN or Magic Transit tunnel.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Inside, Ip, Keep, Text, Timestamp, When, Words as Ours};
use crate::mapping::{Dataset, Words, kept, row};

pub(super) static MAGIC_BGP_LOGS: Dataset = Dataset {
    name: "magic_bgp_logs",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        ("event.category", List(&["network"])),
        ("event.dataset", One("magic-bgp-logs")),
        ("event.module", One("cloudflare")),
        ("network.protocol", One("bgp")),
        ("network.transport", One("tcp")),
        ("observer.type", One("router")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        // What Cloudflare's router receives is ingress, what it sends is egress.
        row("Direction",                          &[Ours("network.direction", &[("to_cloudflare", "ingress"), ("from_cloudflare", "egress")]), Keep("Direction")]),
        // Its members depend on EventKind. A failed handshake has two ends and a message, a
        // notification its code (RFC 4271, 4.5); both have a reason.
        row("EventData",                          &[
            Inside("src", &Ip("source.ip")),
            Inside("src", &Ip("source.address")),
            Inside("src", &Ip("related.ip")),
            Inside("dst", &Ip("destination.ip")),
            Inside("dst", &Ip("destination.address")),
            Inside("dst", &Ip("related.ip")),
            Inside("code", &Text("event.code")),
            Inside("reason", &Text("event.reason")),
            Inside("message", &Text("error.message")),
            Keep("EventData"),
        ]),
        row("EventKind",                          &[Text("event.action"), Ours("event.type", TYPES), When("event.category", CONFIGURATION),
                                                    When("event.outcome", &[("tcp_handshake_failed", "failure")])]),
        row("EventTimestamp",                     &[Timestamp("@timestamp")]),
        kept("TunnelID"),
        kept("TunnelName"),
    ],
    renamed: &[],
    joined: &[],
    native: None,
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
