//! `mnm_flow_logs`: a flow that a router or a cloud of the customer reported to Magic Network Monitoring.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Integer, Ip, Keep, Positive, Text, Timestamp, When};
use crate::mapping::words::TRANSPORTS;
use crate::mapping::{Dataset, kept, row};

pub(super) static MNM_FLOW_LOGS: Dataset = Dataset {
    name: "mnm_flow_logs",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        ("event.action", One("network-flow")),
        ("event.category", List(&["network"])),
        ("event.dataset", One("mnm-flow-logs")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["connection"])),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("AWSVPCFlowJSON"),
        // Bits, where network.bytes wants bytes.
        kept("Bits"),
        row("DestinationAS",                      &[Positive("destination.as.number")]),
        row("DestinationAddress",                 &[Ip("destination.ip"), Ip("destination.address"), Ip("related.ip")]),
        row("DestinationPort",                    &[Integer("destination.port")]),
        kept("DeviceID"),
        kept("EgressBits"),
        kept("EgressPackets"),
        row("Ethertype",                          &[When("network.type", &[("2048", "ipv4"), ("34525", "ipv6"), ("2054", "arp")]), Keep("Ethertype")]),
        kept("FlowProtocol"),
        // Cloudflare does not say whether the flow began or ended then: no event.start, no event.end.
        kept("FlowTimestamp"),
        kept("NumFlows"),
        kept("PacketID"),
        row("Packets",                            &[Integer("network.packets")]),
        row("Protocol",                           &[Text("network.iana_number"), When("network.transport", TRANSPORTS)]),
        // Several in one text, separated by commas: rule.id holds one.
        kept("RuleIDs"),
        kept("SampleRate"),
        kept("SampleRateType"),
        row("SamplerAddress",                     &[Ip("observer.ip"), Ip("related.ip")]),
        row("SourceAS",                           &[Positive("source.as.number")]),
        row("SourceAddress",                      &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("SourcePort",                         &[Integer("source.port")]),
        kept("TcpFlags"),
        row("Timestamp",                          &[Timestamp("@timestamp")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
