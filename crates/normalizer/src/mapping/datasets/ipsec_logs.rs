//! `ipsec_logs`: a line of log about an IPsec tunnel, as Cloudflare's end of it saw it.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Integer, Ip, Lower, Text, Timestamp};
use crate::mapping::{Dataset, row};

pub(super) static IPSEC_LOGS: Dataset = Dataset {
    name: "ipsec_logs",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        ("event.category", List(&["network"])),
        ("event.dataset", One("ipsec-logs")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["info"])),
        ("observer.type", One("vpn")),
        ("observer.vendor", One("Cloudflare")),
    ],
    // The remote end is the source: Cloudflare only answers key exchanges, it never starts one
    // (Cloudflare's "GRE and IPsec tunnels" page: "only operates as an IKE responder").
    #[rustfmt::skip]
    rows: &[
        row("Level",                              &[Lower("log.level")]),
        row("LocalIP",                            &[Ip("destination.ip"), Ip("destination.address"), Ip("related.ip")]),
        row("LocalPort",                          &[Integer("destination.port")]),
        row("Message",                            &[Text("message")]),
        row("RemoteIP",                           &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("RemotePort",                         &[Integer("source.port")]),
        row("Timestamp",                          &[Timestamp("@timestamp")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
