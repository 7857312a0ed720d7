use crate::mapping::prelude::*;

pub(super) static MNM_FLOW_LOGS: Dataset = Dataset {
    name: "mnm_flow_logs",
    about: for_pages(
        "A flow that a router or a cloud of the customer reported to Magic Network Monitoring.",
    ),
    constants: &[
        ("event.kind", Text("event")),
        ("event.action", Text("network-flow")),
        ("event.category", List(&["network"])),
        ("event.dataset", Text("mnm_flow_logs")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["connection"])),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("AWSVPCFlowJSON"),
        row("Bits",                               &[bits("network.bytes"), keep("Bits")])
            .why("Cloudflare does not say whether it has scaled them by SampleRate: network.bytes has an eighth of the number as it came."),
        row("DestinationAS",                      &[as_number("destination.as.number")]),
        row("DestinationAddress",                 &[ip("destination.ip"), ip("destination.address"), ip("related.ip")]),
        row("DestinationPort",                    &[port_number("destination.port")]),
        kept("DeviceID"),
        kept("EgressBits"),
        kept("EgressPackets"),
        row("Ethertype",                          &[lookup_if("network.type", &[("2048", "ipv4"), ("34525", "ipv6"), ("2054", "arp")]), keep("Ethertype")]),
        kept("FlowProtocol"),
        kept("FlowTimestamp")
            .why("Cloudflare does not say whether the flow began or ended then: no event.start, no event.end."),
        kept("NumFlows"),
        kept("PacketID"),
        row("Packets",                            &[count("network.packets")]),
        row("Protocol",                           &[text("network.iana_number"), lookup_if("network.transport", TRANSPORTS)]),
        kept("RuleIDs")
            .why("Several in one text, separated by commas: rule.id holds one."),
        kept("SampleRate"),
        kept("SampleRateType"),
        row("SamplerAddress",                     &[ip("observer.ip"), ip("related.ip")]),
        row("SourceAS",                           &[as_number("source.as.number")]),
        row("SourceAddress",                      &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("SourcePort",                         &[port_number("source.port")]),
        kept("TcpFlags"),
        row("Timestamp",                          &[timestamp("@timestamp")]),
    ],
    ..Dataset::BASE
};
