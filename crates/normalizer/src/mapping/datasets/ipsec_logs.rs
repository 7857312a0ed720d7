use crate::mapping::prelude::*;

pub(super) static IPSEC_LOGS: Dataset = Dataset {
    name: "ipsec_logs",
    about: for_pages("A line of log about an IPsec tunnel, as Cloudflare's end of it saw it."),
    constants: &[
        ("event.kind", Text("event")),
        ("event.category", List(&["network"])),
        ("event.dataset", Text("ipsec_logs")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["info"])),
        ("observer.type", Text("vpn")),
    ],
    // The remote end is the source: Cloudflare only answers key exchanges, it never starts one
    // (Cloudflare's "GRE and IPsec tunnels" page: "only operates as an IKE responder").
    #[rustfmt::skip]
    rows: &[
        row("Level",                              &[lower("log.level")]),
        row("LocalIP",                            &[ip("destination.ip"), ip("destination.address"), ip("related.ip")]),
        row("LocalPort",                          &[port_number("destination.port")]),
        row("Message",                            &[text("message")]),
        row("RemoteIP",                           &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("RemotePort",                         &[port_number("source.port")]),
        row("Timestamp",                          &[timestamp("@timestamp")]),
    ],
    ..Dataset::BASE
};
