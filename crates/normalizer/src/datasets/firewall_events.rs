//! `firewall_events`: what Cloudflare's security products did to a request.

use crate::table::Constant::{List, Text as One};
use crate::table::Target::{
    ActionType, CountryCode, CountryName, Domain, Host, HttpProtocol, HttpVersion, Integer, Ip,
    Keep, Module, Port, Query, Text, Timestamp, TlsProtocol, TlsVersion,
};
use crate::table::{Dataset, Native, NativeTimes, Referrer, row};

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
        row("AISecurityCustomTopicCategories",    &[Keep("AISecurityCustomTopicCategories")]),
        row("AISecurityInjectionScore",           &[Keep("AISecurityInjectionScore")]),
        row("AISecurityPIICategories",            &[Keep("AISecurityPIICategories")]),
        row("AISecurityTokenCount",               &[Keep("AISecurityTokenCount")]),
        row("AISecurityUnsafeTopicCategories",    &[Keep("AISecurityUnsafeTopicCategories")]),
        row("Action",                             &[Text("event.action"), ActionType("event.type")]),
        row("ClientASN",                          &[Integer("source.as.number")]),
        row("ClientASNDescription",               &[Text("source.as.organization.name"), Keep("clientASNDescription")]),
        row("ClientCountry",                      &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        row("ClientIP",                           &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("ClientIPClass",                      &[Keep("ClientIPClass")]),
        row("ClientRefererHost",                  &[Keep("ClientRefererHost")]),
        row("ClientRefererPath",                  &[Keep("ClientRefererPath")]),
        row("ClientRefererQuery",                 &[Keep("ClientRefererQuery")]),
        row("ClientRefererScheme",                &[Keep("ClientRefererScheme")]),
        row("ClientRequestHost",                  &[Text("destination.address"), Domain("destination.domain"), Port("destination.port"),
                                                    Domain("url.domain"), Port("url.port"), Host("related.hosts")]),
        row("ClientRequestMethod",                &[Text("http.request.method")]),
        row("ClientRequestPath",                  &[Text("url.path")]),
        row("ClientRequestProtocol",              &[HttpVersion("http.version"), HttpProtocol("network.protocol")]),
        row("ClientRequestQuery",                 &[Query("url.query")]),
        row("ClientRequestScheme",                &[Text("url.scheme")]),
        row("ClientRequestUserAgent",             &[Text("user_agent.original")]),
        row("ContentScanObjResults",              &[Keep("ContentScanObjResults")]),
        row("ContentScanObjSizes",                &[Keep("ContentScanObjSizes")]),
        row("ContentScanObjTypes",                &[Keep("ContentScanObjTypes")]),
        row("Datetime",                           &[Timestamp("@timestamp")]),
        row("Description",                        &[Text("rule.description")]),
        row("EdgeColoCode",                       &[Keep("EdgeColoCode")]),
        row("EdgeResponseStatus",                 &[Integer("http.response.status_code"), Keep("EdgeResponseStatus")]),
        row("FirewallForAIInjectionScore",        &[Keep("FirewallForAIInjectionScore")]),
        row("FirewallForAIPIICategories",         &[Keep("FirewallForAIPIICategories")]),
        row("FirewallForAITokenCount",            &[Keep("FirewallForAITokenCount")]),
        row("FirewallForAIUnsafeTopicCategories", &[Keep("FirewallForAIUnsafeTopicCategories")]),
        row("FraudUserID",                        &[Keep("FraudUserID")]),
        row("Kind",                               &[Keep("Kind")]),
        row("LeakedCredentialCheckResult",        &[Keep("LeakedCredentialCheckResult")]),
        row("MatchIndex",                         &[Keep("matchIndex")]),
        row("Metadata",                           &[Keep("metadata")]),
        row("OriginResponseStatus",               &[Keep("OriginResponseStatus")]),
        row("OriginatorRayID",                    &[Keep("OriginatorRayID")]),
        row("RayID",                              &[Text("http.request.id"), Keep("RayID")]),
        row("Ref",                                &[Text("rule.reference")]),
        row("RuleID",                             &[Text("rule.id")]),
        row("Source",                             &[Module("event.module"), Keep("source")]),
        row("WAFRequestSignatureCategories",      &[Keep("WAFRequestSignatureCategories")]),
        row("WAFRequestSignatureRefs",            &[Keep("WAFRequestSignatureRefs")]),
        row("ZoneName",                           &[Keep("ZoneName")]),

        // Not in Cloudflare's list of this dataset, but read by SEKOIA.IO's parser of it:
        // a record that carries them (a Transformer can add them) is understood.
        row("ClientRequestBytes",                 &[Integer("http.request.bytes")]),
        row("ClientRequestReferer",               &[Text("http.request.referrer")]),
        row("ClientSSLCipher",                    &[Text("tls.cipher")]),
        row("ClientSSLProtocol",                  &[TlsProtocol("tls.version_protocol"), TlsVersion("tls.version")]),
        row("ClientSrcPort",                      &[Integer("source.port")]),
        row("RulesetID",                          &[Text("rule.ruleset")]),
    ],
    referrer: Some(Referrer {
        target: "http.request.referrer",
        scheme: "ClientRefererScheme",
        host: "ClientRefererHost",
        path: "ClientRefererPath",
        query: "ClientRefererQuery",
    }),
    native: Native {
        // Its parser divides `Datetime` by 10^9: any other form lands in 1970.
        times: NativeTimes::UnixNano,
        aliases: &[
            ("RuleId", "RuleID"),
            ("clientASNDescription", "ClientASNDescription"),
            ("matchIndex", "MatchIndex"),
            ("metadata", "Metadata"),
        ],
        referrer_alias: Some("ClientRequestReferer"),
        // Else event.module becomes "cloudflare." with nothing behind it.
        drop_empty: &["Source"],
    },
};
