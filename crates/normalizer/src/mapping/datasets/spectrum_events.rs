use crate::mapping::prelude::*;

pub(super) static SPECTRUM_EVENTS: Dataset = Dataset {
    name: "spectrum_events",
    about: for_pages("A step in the life of a TCP or UDP connection through Spectrum."),
    constants: &[
        ("event.kind", Text("event")),
        ("event.category", List(&["network"])),
        ("event.dataset", Text("spectrum_events")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["connection"])),
        ("observer.type", Text("proxy")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("Application"),
        row("ClientAsn",                      &[as_number("source.as.number")]),
        row("ClientBytes",                    &[count("source.bytes"), sum("network.bytes")]),
        row("ClientCountry",                  &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name")]),
        row("ClientIP",                       &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("ClientMatchedIpFirewall",        &[lookup("event.type", FIREWALL_TYPES), keep("ClientMatchedIpFirewall")]),
        row("ClientPort",                     &[port_number("source.port")]),
        row("ClientProto",                    &[lower("network.transport")]),
        kept("ClientTcpRtt"),
        row("ClientTlsCipher",                &[known("tls.cipher")]),
        row("ClientTlsClientHelloServerName", &[text("tls.client.server_name"), domain("destination.domain"), host("related.hosts")]),
        row("ClientTlsProtocol",              &[tls_protocol("tls.version_protocol"), tls_version("tls.version")]),
        kept("ClientTlsStatus"),
        kept("ColoCode"),
        row("ConnectTimestamp",               &[timestamp("event.start")]),
        row("DisconnectTimestamp",            &[timestamp("event.end"), since("event.duration", "ConnectTimestamp"), keep("DisconnectTimestamp")]),
        row("Event",                          &[text("event.action"), lookup("event.type", EVENT_TYPES)]),
        kept("IpFirewall"),
        row("OriginBytes",                    &[count("destination.bytes"), sum("network.bytes")]),
        row("OriginIP",                       &[ip("destination.ip"), ip("destination.address"), ip("related.ip")]),
        row("OriginPort",                     &[port_number("destination.port")]),
        kept("OriginProto"),
        kept("OriginTcpRtt"),
        kept("OriginTlsCipher")
            .why("tls.cipher and tls.version tell of the client's connection, not of the one to the origin."),
        row("OriginTlsFingerprint",           &[hash("tls.server.hash")]),
        kept("OriginTlsMode"),
        kept("OriginTlsProtocol"),
        kept("OriginTlsStatus"),
        kept("ProxyProtocol"),
        row("Status",                         &[text("event.code"), lookup("event.outcome", STATUS_OUTCOMES), lookup_if("event.reason", STATUS_REASONS)])
            .why("Spectrum's own codes, not HTTP's."),
        row("Timestamp",                      &[timestamp("@timestamp")]),
    ],
    ..Dataset::BASE
};

#[rustfmt::skip]
const EVENT_TYPES: Words = &[
    ("connect", "start"),
    ("disconnect", "end"),
    ("clientFiltered", "denied"),
    ("tlsError", "info"), ("resolveOrigin", "info"), ("originError", "info"),
    ("*", "info"),
];

/// `UNKNOWN`: no rule matched, or no rules asked.
#[rustfmt::skip]
const FIREWALL_TYPES: Words = &[
    ("UNKNOWN", ""),
    ("ALLOW", "allowed"),
    ("WHITELIST_IP", "allowed"), ("WHITELIST_COUNTRY", "allowed"), ("WHITELIST_ASN", "allowed"),
    ("BLOCK_IP", "denied"),      ("BLOCK_COUNTRY", "denied"),      ("BLOCK_ASN", "denied"),
    ("BLOCK_ERROR", "denied"),
];

/// The codes of https://developers.cloudflare.com/spectrum/reference/logs/.
#[rustfmt::skip]
const STATUS_OUTCOMES: Words = &[
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
const STATUS_REASONS: Words = &[
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
