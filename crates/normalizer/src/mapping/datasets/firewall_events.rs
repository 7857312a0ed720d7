//! `firewall_events`: what Cloudflare's security products did to a request.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    ActionType, CountryCode, CountryName, Domain, Host, HttpProtocol, HttpVersion, Integer, Ip,
    Keep, Module, Port, Query, Text, Timestamp, TlsProtocol, TlsVersion,
};
use crate::mapping::{Dataset, Joined, Native, NativeTime, kept, row};

pub(super) static FIREWALL_EVENTS: Dataset = Dataset {
    name: "firewall_events",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        ("event.category", List(&["network"])),
        // With a hyphen, as SEKOIA.IO's parser and rules have it.
        ("event.dataset", One("firewall-events")),
        ("observer.type", One("firewall")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("AISecurityCustomTopicCategories"),
        kept("AISecurityInjectionScore"),
        kept("AISecurityPIICategories"),
        kept("AISecurityTokenCount"),
        kept("AISecurityUnsafeTopicCategories"),
        row("Action",                             &[Text("event.action"), ActionType("event.type")]),
        row("ClientASN",                          &[Integer("source.as.number")]),
        row("ClientASNDescription",               &[Text("source.as.organization.name"), Keep("clientASNDescription")]),
        row("ClientCountry",                      &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        row("ClientIP",                           &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        kept("ClientIPClass"),
        kept("ClientRefererHost"),
        kept("ClientRefererPath"),
        kept("ClientRefererQuery"),
        kept("ClientRefererScheme"),
        row("ClientRequestHost",                  &[Text("destination.address"), Domain("destination.domain"), Port("destination.port"),
                                                    Domain("url.domain"), Port("url.port"), Host("related.hosts")]),
        row("ClientRequestMethod",                &[Text("http.request.method")]),
        row("ClientRequestPath",                  &[Text("url.path")]),
        row("ClientRequestProtocol",              &[HttpVersion("http.version"), HttpProtocol("network.protocol")]),
        row("ClientRequestQuery",                 &[Query("url.query")]),
        row("ClientRequestScheme",                &[Text("url.scheme")]),
        row("ClientRequestUserAgent",             &[Text("user_agent.original")]),
        kept("ContentScanObjResults"),
        kept("ContentScanObjSizes"),
        kept("ContentScanObjTypes"),
        row("Datetime",                           &[Timestamp("@timestamp")]),
        row("Description",                        &[Text("rule.description")]),
        kept("EdgeColoCode"),
        row("EdgeResponseStatus",                 &[Integer("http.response.status_code"), Keep("EdgeResponseStatus")]),
        kept("FirewallForAIInjectionScore"),
        kept("FirewallForAIPIICategories"),
        kept("FirewallForAITokenCount"),
        kept("FirewallForAIUnsafeTopicCategories"),
        // The UserID of account_abuse_protection_events.
        row("FraudUserID",                        &[Text("user.id"), Text("related.user")]),
        kept("Kind"),
        kept("LeakedCredentialCheckResult"),
        row("MatchIndex",                         &[Keep("matchIndex")]),
        row("Metadata",                           &[Keep("metadata")]),
        kept("OriginResponseStatus"),
        kept("OriginatorRayID"),
        row("RayID",                              &[Text("http.request.id"), Keep("RayID")]),
        row("Ref",                                &[Text("rule.reference")]),
        row("RuleID",                             &[Text("rule.id")]),
        row("Source",                             &[Module("event.module"), Keep("source")]),
        kept("WAFRequestSignatureCategories"),
        kept("WAFRequestSignatureRefs"),
        kept("ZoneName"),

        // Not in Cloudflare's list of this dataset, but read by SEKOIA.IO's parser of it:
        // a record that carries them (a Transformer can add them) is understood.
        row("ClientRequestBytes",                 &[Integer("http.request.bytes")]),
        row("ClientRequestReferer",               &[Text("http.request.referrer")]),
        row("ClientSSLCipher",                    &[Text("tls.cipher")]),
        row("ClientSSLProtocol",                  &[TlsProtocol("tls.version_protocol"), TlsVersion("tls.version")]),
        row("ClientSrcPort",                      &[Integer("source.port")]),
        row("RulesetID",                          &[Text("rule.ruleset")]),
    ],
    renamed: &[],
    joined: &[Joined {
        target: "http.request.referrer",
        scheme: "ClientRefererScheme",
        host: "ClientRefererHost",
        path: "ClientRefererPath",
        query: "ClientRefererQuery",
    }],
    native: Some(Native {
        // Its parser divides `Datetime` by 10^9: any other form lands in 1970.
        times: &[("Datetime", NativeTime::UnixNano)],
        aliases: &[
            ("RuleId", "RuleID"),
            ("clientASNDescription", "ClientASNDescription"),
            ("matchIndex", "MatchIndex"),
            ("metadata", "Metadata"),
        ],
        joined_alias: Some("ClientRequestReferer"),
        // Else event.module becomes "cloudflare." with nothing behind it.
        drop_empty: &["Source"],
        drop_dot: &[],
        paths: &[],
    }),
};
