//! `spectrum_events`: a step in the life of a TCP or UDP connection through Spectrum.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    CountryCode, CountryName, Domain, Host, Integer, Ip, Keep, Lower, Positive, Since, Sum, Text,
    Timestamp, TlsProtocol, TlsVersion, When, Words,
};
use crate::mapping::{Dataset, kept, row};

pub(super) static SPECTRUM_EVENTS: Dataset = Dataset {
    name: "spectrum_events",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        ("event.category", List(&["network"])),
        ("event.dataset", One("spectrum-events")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["connection"])),
        ("observer.type", One("proxy")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("Application"),
        row("ClientAsn",                      &[Positive("source.as.number")]),
        row("ClientBytes",                    &[Integer("source.bytes"), Sum("network.bytes")]),
        row("ClientCountry",                  &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        row("ClientIP",                       &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("ClientMatchedIpFirewall",        &[Words("event.type", FIREWALL_TYPES), Keep("ClientMatchedIpFirewall")]),
        row("ClientPort",                     &[Integer("source.port")]),
        row("ClientProto",                    &[Lower("network.transport")]),
        kept("ClientTcpRtt"),
        row("ClientTlsCipher",                &[Text("tls.cipher")]),
        row("ClientTlsClientHelloServerName", &[Text("tls.client.server_name"), Domain("destination.domain"), Host("related.hosts")]),
        row("ClientTlsProtocol",              &[TlsProtocol("tls.version_protocol"), TlsVersion("tls.version")]),
        kept("ClientTlsStatus"),
        kept("ColoCode"),
        row("ConnectTimestamp",               &[Timestamp("event.start")]),
        row("DisconnectTimestamp",            &[Timestamp("event.end"), Since("event.duration", "ConnectTimestamp")]),
        row("Event",                          &[Text("event.action"), Words("event.type", EVENT_TYPES)]),
        kept("IpFirewall"),
        row("OriginBytes",                    &[Integer("destination.bytes"), Sum("network.bytes")]),
        row("OriginIP",                       &[Ip("destination.ip"), Ip("destination.address"), Ip("related.ip")]),
        row("OriginPort",                     &[Integer("destination.port")]),
        kept("OriginProto"),
        kept("OriginTcpRtt"),
        // tls.cipher and tls.version tell of the client's connection, not of the one to the origin.
        kept("OriginTlsCipher"),
        row("OriginTlsFingerprint",           &[Text("tls.server.hash.sha256"), Text("related.hash")]),
        kept("OriginTlsMode"),
        kept("OriginTlsProtocol"),
        kept("OriginTlsStatus"),
        kept("ProxyProtocol"),
        // Spectrum's own codes, not HTTP's.
        row("Status",                         &[Text("event.code"), Words("event.outcome", STATUS_OUTCOMES), When("event.reason", STATUS_REASONS)]),
        row("Timestamp",                      &[Timestamp("@timestamp")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};

#[rustfmt::skip]
const EVENT_TYPES: crate::mapping::Words = &[
    ("connect", "start"),
    ("disconnect", "end"),
    ("clientFiltered", "denied"),
    ("tlsError", "info"), ("resolveOrigin", "info"), ("originError", "info"),
    ("*", "info"),
];

/// `UNKNOWN`: no rule matched, or no rules asked.
#[rustfmt::skip]
const FIREWALL_TYPES: crate::mapping::Words = &[
    ("UNKNOWN", ""),
    ("ALLOW", "allowed"),
    ("WHITELIST_IP", "allowed"), ("WHITELIST_COUNTRY", "allowed"), ("WHITELIST_ASN", "allowed"),
    ("BLOCK_IP", "denied"),      ("BLOCK_COUNTRY", "denied"),      ("BLOCK_ASN", "denied"),
    ("BLOCK_ERROR", "denied"),
];

/// The codes of https://developers.cloudflare.com/spectrum/reference/logs/.
#[rustfmt::skip]
const STATUS_OUTCOMES: crate::mapping::Words = &[
    ("0", "success"),   ("200", "success"),
    ("400", "failure"), ("403", "failure"), ("443", "failure"), ("444", "failure"), ("445", "failure"),
    ("446", "failure"), ("447", "failure"), ("448", "failure"), ("490", "failure"), ("495", "failure"),
    ("496", "failure"), ("497", "failure"), ("498", "failure"), ("499", "failure"), ("500", "failure"),
    ("503", "failure"), ("520", "failure"), ("521", "failure"), ("522", "failure"), ("523", "failure"),
    ("524", "failure"), ("530", "failure"), ("531", "failure"), ("532", "failure"), ("533", "failure"),
    ("540", "failure"), ("999", "failure"),
    ("*", "unknown"),
];

#[rustfmt::skip]
const STATUS_REASONS: crate::mapping::Words = &[
    ("200", "closed normally"),
    ("400", "invalid SNI in the client's TLS hello"),
    ("403", "client IP denied by a firewall rule"),
    ("443", "TLS handshake with the client failed"),
    ("444", "origin reset the connection"),
    ("445", "connection to the origin timed out"),
    ("446", "origin no longer reachable"),
    ("447", "error on the connection to the origin"),
    ("448", "origin's end of the connection is gone"),
    ("490", "TLS error on the client's connection"),
    ("495", "error on the client's connection"),
    ("496", "client not reachable"),
    ("497", "client's connection timed out"),
    ("498", "client's end of the connection is gone"),
    ("499", "client reset the connection"),
    ("500", "internal error at Cloudflare"),
    ("503", "TLS handshake with keyless SSL failed"),
    ("520", "unknown error on connecting to the origin"),
    ("521", "origin refused the connection"),
    ("522", "connecting to the origin timed out"),
    ("523", "origin's network not reachable"),
    ("524", "internal error on connecting to the origin"),
    ("530", "internal error on resolving the origin"),
    ("531", "origin could not be resolved"),
    ("532", "origin IP is blocked"),
    ("533", "internal error on resolving the origin"),
    ("540", "TLS handshake with the client failed for a wrong configuration"),
    ("999", "unknown error"),
];
