//! `magic_ids_detections`: a packet that matched a signature of Cloudflare's intrusion detection.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Ip, Keep, Positive, Text, Timestamp, Words};
use crate::mapping::{Dataset, row};

pub(super) static MAGIC_IDS_DETECTIONS: Dataset = Dataset {
    name: "magic_ids_detections",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("alert")),
        ("event.category", List(&["network", "intrusion_detection"])),
        ("event.dataset", One("magic-ids-detections")),
        ("event.module", One("cloudflare")),
        ("observer.type", One("ids")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("Action",                             &[Text("event.action"), Words("event.type", &[("pass", "allowed"), ("block", "denied"), ("*", "info")])]),
        row("ColoCity",                           &[Text("observer.geo.city_name")]),
        row("ColoCode",                           &[Text("observer.geo.name")]),
        row("DestinationIP",                      &[Ip("destination.ip"), Ip("destination.address"), Ip("related.ip")]),
        // Cloudflare sends port 0 where Protocol is "any": that is no port.
        row("DestinationPort",                    &[Positive("destination.port")]),
        row("Protocol",                           &[Words("network.transport", &[("tcp", "tcp"), ("udp", "udp"), ("any", "")]), Keep("Protocol")]),
        row("SignatureID",                        &[Text("rule.id")]),
        row("SignatureMessage",                   &[Text("rule.name"), Text("message")]),
        row("SignatureRevision",                  &[Text("rule.version")]),
        row("SourceIP",                           &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        // As DestinationPort.
        row("SourcePort",                         &[Positive("source.port")]),
        row("Timestamp",                          &[Timestamp("@timestamp")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
