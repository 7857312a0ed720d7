use crate::mapping::prelude::*;

pub(super) static MAGIC_IDS_DETECTIONS: Dataset = Dataset {
    name: "magic_ids_detections",
    about: for_pages("A packet that matched a signature of Cloudflare's intrusion detection."),
    constants: &[
        ("event.kind", Text("alert")),
        ("event.category", List(&["network", "intrusion_detection"])),
        ("event.dataset", Text("magic_ids_detections")),
        ("event.module", Text("cloudflare")),
        ("observer.type", Text("ids")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("Action",                             &[text("event.action"), lookup("event.type", &[("pass", "allowed"), ("block", "denied"), ("*", "info")])]),
        row("ColoCity",                           &[text("observer.geo.city_name")]),
        row("ColoCode",                           &[text("observer.geo.name")]),
        row("DestinationIP",                      &[ip("destination.ip"), ip("destination.address"), ip("related.ip")]),
        row("DestinationPort",                    &[positive_port("destination.port")])
            .why("Cloudflare sends port 0 where Protocol is \"any\": that is no port."),
        row("Protocol",                           &[lookup("network.transport", &[("tcp", "tcp"), ("udp", "udp"), ("any", "")]), keep("Protocol")]),
        row("SignatureID",                        &[text("rule.id")]),
        row("SignatureMessage",                   &[text("rule.name"), text("message")]),
        row("SignatureRevision",                  &[text("rule.version")]),
        row("SourceIP",                           &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("SourcePort",                         &[positive_port("source.port")])
            .why("As DestinationPort."),
        row("Timestamp",                          &[timestamp("@timestamp")]),
    ],
    ..Dataset::BASE
};
