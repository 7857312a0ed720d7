use crate::mapping::prelude::*;

pub(super) static ZERO_TRUST_NETWORK_SESSIONS: Dataset = Dataset {
    name: "zero_trust_network_sessions",
    about: for_pages("A session through Cloudflare Gateway, from its start to its end."),
    constants: &[
        ("event.action", Text("network-session")),
        ("event.category", List(&["network"])),
        ("event.dataset", Text("zero_trust_network_sessions")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["connection", "end"])),
        ("observer.type", Text("proxy")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[text("cloud.account.id")]),
        row("BytesReceived",                      &[count("destination.bytes"), sum("network.bytes")]),
        row("BytesSent",                          &[count("source.bytes"), sum("network.bytes")]),
        kept("ClientTCPHandshakeDurationMs"),
        row("ClientTLSCipher",                    &[known("tls.cipher")]),
        kept("ClientTLSHandshakeDurationMs"),
        row("ClientTLSVersion",                   &[tls_protocol("tls.version_protocol"), tls_version("tls.version")]),
        row("ConnectionCloseReason",              &[text("event.reason"), lookup("event.outcome", OUTCOMES), lookup_if("event.type", LIMITS)]),
        kept("ConnectionReuse"),
        kept("DestinationTunnelID"),
        row("DetectedProtocol",                   &[lower("network.protocol")]),
        row("DeviceID",                           &[text("device.id"), text("host.id")]),
        row("DeviceName",                         &[text("host.hostname"), text("host.name"), name("related.hosts")]),
        kept("EgressColoName"),
        row("EgressIP",                           &[ip("source.nat.ip"), ip("related.ip")])
            .why("The source address and port that the origin sees."),
        row("EgressPort",                         &[port_number("source.nat.port")]),
        row("EgressRuleID",                       &[text("rule.id")]),
        row("EgressRuleName",                     &[text("rule.name")]),
        row("Email",                              &[text("user.email"), text("related.user")]),
        kept("IngressColoName"),
        kept("InitialOriginIP")
            .why("A stand-in that Gateway gave out for a name, or 0.0.0.0: no address of anybody."),
        row("Offramp",                            &[text("observer.egress.zone"), lookup("network.direction", DIRECTIONS)]),
        row("OriginIP",                           &[ip("destination.ip"), ip("destination.address"), ip("related.ip")]),
        row("OriginPort",                         &[port_number("destination.port")]),
        row("OriginTLSCertificateIssuer",         &[text("tls.server.issuer"), text("tls.server.x509.issuer.common_name")]),
        kept("OriginTLSCertificateValidationResult"),
        kept("OriginTLSCipher")
            .why("tls.* is the client's connection to Cloudflare, not this one."),
        kept("OriginTLSHandshakeDurationMs"),
        kept("OriginTLSVersion"),
        row("Protocol",                           &[lookup("network.transport", TRANSPORTS), keep("Protocol")]),
        kept("RegistrationID"),
        row("ResolvedFQDN",                       &[domain("destination.domain"), host("related.hosts"), keep("ResolvedFQDN")]),
        kept("RuleEvaluationDurationMs"),
        row("SNI",                                &[text("tls.client.server_name"), domain("destination.domain"), host("related.hosts")]),
        row("SessionEndTime",                     &[timestamp("@timestamp"), timestamp("event.end"), since("event.duration", "SessionStartTime")])
            .why("The record is written when the session has ended."),
        kept("SessionID"),
        row("SessionStartTime",                   &[timestamp("event.start")]),
        row("SourceIP",                           &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("SourceInternalIP",                   &[ip("host.ip"), ip("related.ip")])
            .why("The device's own address, behind SourceIP."),
        row("SourcePort",                         &[port_number("source.port")]),
        kept("TenantID"),
        row("UserID",                             &[text("user.id"), text("related.user")]),
        kept("VirtualNetworkID")
            .why("Not a VLAN: no network.vlan."),

        kept("DestinationReplicaID")
            .theme("In Cloudflare's list since September 2026."),
        row("OnrampType",                         &[text("observer.ingress.zone")]),
        kept("SourceID"),
        kept("SourceName"),
    ],
    native: Some(Native {
        times: &[
            ("SessionEndTime", NativeTime::Rfc3339),
            ("SessionStartTime", NativeTime::Rfc3339),
        ],
        aliases: &[],
        joined_alias: None,
        drop_empty: &[],
        drop_dot: &[],
        paths: &[],
    }),
    ..Dataset::BASE
};

/// Whether a session ended as it should: `event.outcome` by reason. The reason is given for TCP only.
#[rustfmt::skip]
const OUTCOMES: Words = &[
    ("CLIENT_CLOSED",                        "success"),
    ("CLIENT_IDLE_TIMEOUT",                  "success"),
    ("ORIGIN_CLOSED",                        "success"),
    ("CLIENT_ERROR",                         "failure"),
    ("CLIENT_TLS_ERROR",                     "failure"),
    ("EGRESS_PORT_ALLOCATION_ERROR",         "failure"),
    ("MISMATCHED_IP_VERSIONS",               "failure"),
    ("ORIGIN_ERROR",                         "failure"),
    ("ORIGIN_TLS_ERROR",                     "failure"),
    ("ORIGIN_UNREACHABLE",                   "failure"),
    ("ORIGIN_UNROUTABLE",                    "failure"),
    ("PROXY_CONN_REFUSED",                   "failure"),
    ("TOO_MANY_ACTIVE_SESSIONS_FOR_ACCOUNT", "failure"),
    ("TOO_MANY_ACTIVE_SESSIONS_FOR_USER",    "failure"),
    ("TOO_MANY_NEW_SESSIONS_FOR_ACCOUNT",    "failure"),
    ("TOO_MANY_NEW_SESSIONS_FOR_USER",       "failure"),
    ("UNKNOWN",                              "unknown"),
    ("*",                                    "unknown"),
];

/// Sessions that Cloudflare turned away because there were too many.
#[rustfmt::skip]
const LIMITS: Words = &[
    ("TOO_MANY_ACTIVE_SESSIONS_FOR_ACCOUNT", "denied"),
    ("TOO_MANY_ACTIVE_SESSIONS_FOR_USER",    "denied"),
    ("TOO_MANY_NEW_SESSIONS_FOR_ACCOUNT",    "denied"),
    ("TOO_MANY_NEW_SESSIONS_FOR_USER",       "denied"),
];

/// Out to the Internet, or within the customer's own network; `WARP` is the older DEVICE_CLIENT.
#[rustfmt::skip]
const DIRECTIONS: Words = &[
    ("INTERNET",      "outbound"),
    ("CFD_TUNNEL",    "internal"),
    ("DEVICE_CLIENT", "internal"),
    ("MAGIC",         "internal"),
    ("MESH",          "internal"),
    ("WARP",          "internal"),
];
