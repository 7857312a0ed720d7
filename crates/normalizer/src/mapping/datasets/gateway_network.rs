//! `gateway_network`: a network session that Cloudflare Gateway let through or blocked.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    CountryCode, CountryName, Domain, Host, Integer, Ip, Keep, Lower, Text, Timestamp, When, Words,
};
use crate::mapping::{Dataset, Native, NativeTime, Words as Pairs, kept, row};

use crate::mapping::words::GATEWAY_ACTIONS;

pub(super) static GATEWAY_NETWORK: Dataset = Dataset {
    name: "gateway_network",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.category", List(&["network"])),
        ("event.dataset", One("gateway_network")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["connection"])),
        ("observer.type", One("proxy")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[Text("cloud.account.id")]),
        row("Action",                             &[Text("event.action"), Words("event.type", GATEWAY_ACTIONS)]),
        kept("ApplicationIDs"),
        kept("ApplicationNames"),
        kept("CategoryIDs"),
        kept("CategoryNames"),
        row("Datetime",                           &[Timestamp("@timestamp")]),
        row("DestinationIP",                      &[Ip("destination.ip"), Ip("destination.address"), Ip("related.ip")]),
        row("DestinationIPContinentCode",         &[Text("destination.geo.continent_code")]),
        row("DestinationIPCountryCode",           &[CountryCode("destination.geo.country_iso_code"), CountryName("destination.geo.country_name")]),
        row("DestinationPort",                    &[Integer("destination.port")]),
        row("DetectedProtocol",                   &[Lower("network.protocol")]),
        row("DeviceID",                           &[Text("device.id"), Text("host.id")]),
        row("DeviceName",                         &[Text("host.hostname"), Text("host.name"), Text("related.hosts")]),
        row("Email",                              &[Text("user.email"), Text("related.user")]),
        // Where an override policy sent the session instead.
        row("OverrideIP",                         &[Ip("destination.nat.ip"), Ip("related.ip")]),
        // 0 without an override.
        kept("OverridePort"),
        row("PolicyID",                           &[Text("rule.id")]),
        row("PolicyName",                         &[Text("rule.name")]),
        kept("ProxyEndpoint"),
        kept("RegistrationID"),
        row("SNI",                                &[Text("tls.client.server_name"), Domain("destination.domain"), Host("related.hosts")]),
        kept("SessionID"),
        row("SourceIP",                           &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("SourceIPContinentCode",              &[Text("source.geo.continent_code")]),
        row("SourceIPCountryCode",                &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        // The device's own address, behind SourceIP.
        row("SourceInternalIP",                   &[Ip("host.ip"), Ip("related.ip")]),
        row("SourcePort",                         &[Integer("source.port")]),
        kept("TenantID"),
        row("TransportProtocol",                  &[Words("network.transport", TRANSPORT), When("network.protocol", QUIC), Keep("TransportProtocol")]),
        // The older name of TransportProtocol.
        row("Transport",                          &[Words("network.transport", TRANSPORT), When("network.protocol", QUIC), Keep("Transport")]),
        row("UserID",                             &[Text("user.id"), Text("related.user")]),
        // Not a VLAN: no network.vlan.
        kept("VirtualNetworkID"),
        row("VirtualNetworkName",                 &[Text("network.name")]),
    ],
    renamed: &[],
    joined: &[],
    native: Some(Native {
        // Its parser takes `Datetime` as it stands, and expects RFC 3339.
        times: &[("Datetime", NativeTime::Rfc3339)],
        aliases: &[
            ("InternalSourceIP", "SourceInternalIP"),
            ("Transport", "TransportProtocol"),
        ],
        joined_alias: None,
        drop_empty: &[],
        drop_dot: &[],
        paths: &[],
    }),
};

/// QUIC is a protocol over UDP.
const TRANSPORT: Pairs = &[("tcp", "tcp"), ("udp", "udp"), ("quic", "udp")];

const QUIC: Pairs = &[("quic", "quic")];
