//! `zero_trust_network_sessions`: a session through Cloudflare Gateway, from its start to its end.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    Domain, Host, Integer, Ip, Keep, Lower, Since, Sum, Text, Timestamp, TlsProtocol, TlsVersion,
    When, Words,
};
use crate::mapping::{Dataset, Native, NativeTime, Words as Pairs, kept, row};

use crate::mapping::words::TRANSPORTS;

pub(super) static ZERO_TRUST_NETWORK_SESSIONS: Dataset = Dataset {
    name: "zero_trust_network_sessions",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.action", One("network-session")),
        ("event.category", List(&["network"])),
        ("event.dataset", One("zero_trust_network_sessions")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["connection", "end"])),
        ("observer.type", One("proxy")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[Text("cloud.account.id")]),
        row("BytesReceived",                      &[Integer("destination.bytes"), Sum("network.bytes")]),
        row("BytesSent",                          &[Integer("source.bytes"), Sum("network.bytes")]),
        kept("ClientTCPHandshakeDurationMs"),
        row("ClientTLSCipher",                    &[Text("tls.cipher")]),
        kept("ClientTLSHandshakeDurationMs"),
        row("ClientTLSVersion",                   &[TlsProtocol("tls.version_protocol"), TlsVersion("tls.version")]),
        row("ConnectionCloseReason",              &[Text("event.reason"), Words("event.outcome", OUTCOMES), When("event.type", LIMITS)]),
        kept("ConnectionReuse"),
        kept("DestinationTunnelID"),
        row("DetectedProtocol",                   &[Lower("network.protocol")]),
        row("DeviceID",                           &[Text("device.id"), Text("host.id")]),
        row("DeviceName",                         &[Text("host.hostname"), Text("host.name"), Text("related.hosts")]),
        kept("EgressColoName"),
        // The source address and port that the origin sees.
        row("EgressIP",                           &[Ip("source.nat.ip"), Ip("related.ip")]),
        row("EgressPort",                         &[Integer("source.nat.port")]),
        row("EgressRuleID",                       &[Text("rule.id")]),
        row("EgressRuleName",                     &[Text("rule.name")]),
        row("Email",                              &[Text("user.email"), Text("related.user")]),
        kept("IngressColoName"),
        // A stand-in that Gateway gave out for a name, or 0.0.0.0: no address of anybody.
        kept("InitialOriginIP"),
        row("Offramp",                            &[Text("observer.egress.zone"), Words("network.direction", DIRECTIONS)]),
        row("OriginIP",                           &[Ip("destination.ip"), Ip("destination.address"), Ip("related.ip")]),
        row("OriginPort",                         &[Integer("destination.port")]),
        row("OriginTLSCertificateIssuer",         &[Text("tls.server.issuer"), Text("tls.server.x509.issuer.common_name")]),
        kept("OriginTLSCertificateValidationResult"),
        // tls.* is the client's connection to Cloudflare, not this one.
        kept("OriginTLSCipher"),
        kept("OriginTLSHandshakeDurationMs"),
        kept("OriginTLSVersion"),
        row("Protocol",                           &[Words("network.transport", TRANSPORTS), Keep("Protocol")]),
        kept("RegistrationID"),
        row("ResolvedFQDN",                       &[Domain("destination.domain"), Host("related.hosts"), Keep("ResolvedFQDN")]),
        kept("RuleEvaluationDurationMs"),
        row("SNI",                                &[Text("tls.client.server_name"), Domain("destination.domain"), Host("related.hosts")]),
        // The record is written when the session has ended.
        row("SessionEndTime",                     &[Timestamp("@timestamp"), Timestamp("event.end"), Since("event.duration", "SessionStartTime")]),
        kept("SessionID"),
        row("SessionStartTime",                   &[Timestamp("event.start")]),
        row("SourceIP",                           &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        // The device's own address, behind SourceIP.
        row("SourceInternalIP",                   &[Ip("host.ip"), Ip("related.ip")]),
        row("SourcePort",                         &[Integer("source.port")]),
        kept("TenantID"),
        row("UserID",                             &[Text("user.id"), Text("related.user")]),
        // Not a VLAN: no network.vlan.
        kept("VirtualNetworkID"),

        // In Cloudflare's list since September 2026.
        kept("DestinationReplicaID"),
        row("OnrampType",                         &[Text("observer.ingress.zone")]),
        kept("SourceID"),
        kept("SourceName"),
    ],
    renamed: &[],
    joined: &[],
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
};

/// Whether a session ended as it should: `event.outcome` by reason. The reason is given for TCP only.
#[rustfmt::skip]
const OUTCOMES: Pairs = &[
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
const LIMITS: Pairs = &[
    ("TOO_MANY_ACTIVE_SESSIONS_FOR_ACCOUNT", "denied"),
    ("TOO_MANY_ACTIVE_SESSIONS_FOR_USER",    "denied"),
    ("TOO_MANY_NEW_SESSIONS_FOR_ACCOUNT",    "denied"),
    ("TOO_MANY_NEW_SESSIONS_FOR_USER",       "denied"),
];

/// Out to the Internet, or within the customer's own network; `WARP` is the older DEVICE_CLIENT.
#[rustfmt::skip]
const DIRECTIONS: Pairs = &[
    ("INTERNET",      "outbound"),
    ("CFD_TUNNEL",    "internal"),
    ("DEVICE_CLIENT", "internal"),
    ("MAGIC",         "internal"),
    ("MESH",          "internal"),
    ("WARP",          "internal"),
];
