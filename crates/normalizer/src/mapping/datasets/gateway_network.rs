use crate::mapping::prelude::*;

pub(super) static GATEWAY_NETWORK: Dataset = Dataset {
    name: "gateway_network",
    about: for_pages("A network session that Cloudflare Gateway let through or blocked."),
    constants: &[
        ("event.category", List(&["network"])),
        ("event.dataset", Text("gateway_network")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["connection"])),
        ("observer.type", Text("proxy")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[text("cloud.account.id")]),
        row("Action",                             &[text("event.action"), lookup("event.type", GATEWAY_ACTIONS)]),
        kept("ApplicationIDs"),
        kept("ApplicationNames"),
        kept("CategoryIDs"),
        kept("CategoryNames"),
        row("Datetime",                           &[timestamp("@timestamp")]),
        row("DestinationIP",                      &[ip("destination.ip"), ip("destination.address"), ip("related.ip")]),
        row("DestinationIPContinentCode",         &[text("destination.geo.continent_code")]),
        row("DestinationIPCountryCode",           &[country_code("destination.geo.country_iso_code"), country_name("destination.geo.country_name")]),
        row("DestinationPort",                    &[port_number("destination.port")]),
        row("DetectedProtocol",                   &[lower("network.protocol")]),
        row("DeviceID",                           &[text("device.id"), text("host.id")]),
        row("DeviceName",                         &[text("host.hostname"), text("host.name"), name("related.hosts")]),
        row("Email",                              &[text("user.email"), text("related.user")]),
        row("OverrideIP",                         &[ip("destination.nat.ip"), ip("related.ip")])
            .why("Where an override policy sent the session instead."),
        kept("OverridePort")
            .why("0 without an override."),
        row("PolicyID",                           &[text("rule.id")]),
        row("PolicyName",                         &[text("rule.name")]),
        kept("ProxyEndpoint"),
        kept("RegistrationID"),
        row("SNI",                                &[text("tls.client.server_name"), domain("destination.domain"), host("related.hosts")]),
        kept("SessionID"),
        row("SourceIP",                           &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("SourceIPContinentCode",              &[text("source.geo.continent_code")]),
        row("SourceIPCountryCode",                &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name")]),
        row("SourceInternalIP",                   &[ip("host.ip"), ip("related.ip")])
            .why("The device's own address, behind SourceIP."),
        row("SourcePort",                         &[port_number("source.port")]),
        kept("TenantID"),
        row("TransportProtocol",                  &[lookup("network.transport", TRANSPORT), lookup_if("network.protocol", QUIC), keep("TransportProtocol")]),
        row("Transport",                          &[lookup("network.transport", TRANSPORT), lookup_if("network.protocol", QUIC), keep("Transport")])
            .why("The older name of TransportProtocol."),
        row("UserID",                             &[text("user.id"), text("related.user")]),
        kept("VirtualNetworkID")
            .why("Not a VLAN: no network.vlan."),
        row("VirtualNetworkName",                 &[text("network.name")]),
    ],
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
    ..Dataset::BASE
};

/// QUIC is a protocol over UDP.
const TRANSPORT: Words = &[("tcp", "tcp"), ("udp", "udp"), ("quic", "udp")];

const QUIC: Words = &[("quic", "quic")];
