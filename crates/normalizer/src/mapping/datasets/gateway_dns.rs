//! `gateway_dns`: a DNS query that Cloudflare Gateway resolved, blocked or answered in its own way.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    Answers, CountryCode, CountryName, Domain, First, Host, Integer, Ip, Ips, Keep, Lower,
    Milliseconds, Text, Texts, Timestamp, When, Words,
};
use crate::mapping::{Dataset, Native, NativeTime, Words as Pairs, kept, row};

use crate::mapping::words::{DNS_OUTCOMES, DNS_RESPONSES, DNS_TYPES};

pub(super) static GATEWAY_DNS: Dataset = Dataset {
    name: "gateway_dns",
    constants: &[
        // One record is written for query and answer together.
        ("dns.type", One("answer")),
        ("ecs.version", One("9.4.0")),
        ("event.category", List(&["network"])),
        ("event.dataset", One("gateway_dns")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["protocol"])),
        ("network.protocol", One("dns")),
        ("observer.type", One("dns")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[Text("cloud.account.id")]),
        kept("ApplicationID"),
        // ECS wants network.application in lower case.
        row("ApplicationName",                    &[Lower("network.application"), Keep("ApplicationName")]),
        kept("AppliedMaxTTL"),
        row("AuthoritativeNameServerIPs",         &[Ips("related.ip"), Keep("AuthoritativeNameServerIPs")]),
        kept("CNAMECategoryIDs"),
        kept("CNAMECategoryNames"),
        row("CNAMEs",                             &[Texts("related.hosts"), Keep("CNAMEs")]),
        kept("CNAMEsReversed"),
        kept("ColoCode"),
        kept("ColoID"),
        row("Datetime",                           &[Timestamp("@timestamp")]),
        row("DeviceID",                           &[Text("device.id"), Text("host.id")]),
        row("DeviceName",                         &[Text("host.hostname"), Text("host.name"), Text("related.hosts")]),
        kept("DoHSubdomain"),
        kept("DoTSubdomain"),
        row("DstIP",                              &[Ip("destination.ip"), Ip("destination.address"), Ip("related.ip")]),
        row("DstPort",                            &[Integer("destination.port")]),
        kept("EDEErrors"),
        row("Email",                              &[Text("user.email"), Text("related.user")]),
        kept("InitialCategoryIDs"),
        kept("InitialCategoryNames"),
        row("InitialResolvedIPs",                 &[Ips("related.ip"), Keep("InitialResolvedIPs")]),
        kept("IsResponseCached"),
        // The customer's own name of the place, such as `Office NYC`.
        row("Location",                           &[Text("source.geo.name")]),
        kept("LocationID"),
        kept("MatchedCategoryIDs"),
        kept("MatchedCategoryNames"),
        kept("MatchedIndicatorFeedIDs"),
        row("MatchedIndicatorFeedNames",          &[First("threat.feed.name"), Keep("MatchedIndicatorFeedNames")]),
        row("PolicyID",                           &[Text("rule.id")]),
        row("PolicyName",                         &[Text("rule.name")]),
        // The older name of PolicyName.
        row("Policy",                             &[Text("rule.name")]),
        // DNS over TLS runs over TCP; DNS over HTTPS runs over TCP or, with HTTP/3, over UDP.
        row("Protocol",                           &[When("network.transport", &[("udp", "udp"), ("tcp", "tcp"), ("tls", "tcp")]), Keep("Protocol")]),
        kept("QueryApplicationIDs"),
        kept("QueryApplicationNames"),
        kept("QueryCategoryIDs"),
        kept("QueryCategoryNames"),
        kept("QueryID"),
        kept("QueryIndicatorFeedIDs"),
        row("QueryIndicatorFeedNames",            &[First("threat.feed.name"), Keep("QueryIndicatorFeedNames")]),
        row("QueryName",                          &[Domain("dns.question.name"), Host("related.hosts"), Keep("QueryName")]),
        kept("QueryNameReversed"),
        row("QuerySize",                          &[Integer("source.bytes")]),
        // When: clients may ask for any number, and one without a name is no news.
        row("QueryType",                          &[When("dns.question.type", DNS_TYPES), Keep("QueryType")]),
        row("QueryTypeName",                      &[Text("dns.question.type")]),
        row("RCode",                              &[Words("dns.response_code", DNS_RESPONSES), Words("event.outcome", DNS_OUTCOMES),
                                                    Keep("RCode")]),
        kept("RedirectTargetURI"),
        kept("RegistrationID"),
        kept("RequestContextCategoryIDs"),
        kept("RequestContextCategoryNames"),
        kept("ResolvedIPCategoryIDs"),
        kept("ResolvedIPCategoryNames"),
        kept("ResolvedIPContinentCodes"),
        kept("ResolvedIPCountryCodes"),
        row("ResolvedIPs",                        &[Ips("dns.resolved_ip"), Ips("related.ip")]),
        row("ResolverDecision",                   &[Text("event.action"), Words("event.type", DECISIONS)]),
        // The same records three times: as texts, in wire format, and under the older name of those.
        row("ResourceRecordsJSON",                &[Answers("dns.answers", DNS_TYPES)]),
        row("ResourceRecords",                    &[Answers("dns.answers", DNS_TYPES)]),
        row("RData",                              &[Answers("dns.answers", DNS_TYPES)]),
        row("ResponseTimeMs",                     &[Milliseconds("event.duration")]),
        row("SrcIP",                              &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("SrcIPContinentCode",                 &[Text("source.geo.continent_code")]),
        row("SrcIPCountryCode",                   &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        row("SrcPort",                            &[Integer("source.port")]),
        kept("TenantID"),
        // The zone of the rule's schedule, not of the record's time: no event.timezone.
        kept("TimeZone"),
        kept("TimeZoneInferredMethod"),
        kept("UpstreamRecordTTLs"),
        row("UserID",                             &[Text("user.id"), Text("related.user")]),

        // How the name was resolved: by a resolver of the customer or by the internal DNS. The
        // policies here choose the resolver; rule.* is the policy that allowed or blocked.
        kept("CustomResolveDurationMs"),
        kept("CustomResolverAddress"),
        kept("CustomResolverPolicyID"),
        kept("CustomResolverPolicyName"),
        kept("CustomResolverResponse"),
        kept("InternalDNSDurationMs"),
        kept("InternalDNSFallbackStrategy"),
        kept("InternalDNSRCode"),
        kept("InternalDNSViewID"),
        kept("InternalDNSZoneID"),
        kept("ResolverPolicyID"),
        kept("ResolverPolicyName"),
    ],
    renamed: &[],
    joined: &[],
    native: Some(Native {
        // Its parser takes `Datetime` as it stands, and expects RFC 3339.
        times: &[("Datetime", NativeTime::Rfc3339)],
        aliases: &[("Policy", "PolicyName"), ("RData", "ResourceRecords")],
        joined_alias: None,
        // Its parser reads `QueryType` only where this key is missing altogether.
        drop_empty: &["QueryTypeName"],
        drop_dot: &["QueryName"],
        paths: &[],
    }),
};

/// `event.type` by decision. The list of Cloudflare's documentation, and the two of its GraphQL
/// schema that are older. An answer that was replaced is neither allowed nor denied.
#[rustfmt::skip]
const DECISIONS: Pairs = &[
    ("allowedByQueryName",     "allowed"),
    ("allowedOnNoLocation",    "allowed"),
    ("allowedOnNoPolicyMatch", "allowed"),
    ("allowedRule",            "allowed"),
    ("blockedAlwaysCategory",  "denied"),
    ("blockedByCategory",      "denied"),
    ("blockedByQueryName",     "denied"),
    ("blockedRule",            "denied"),
    ("overrideApplied",        "info"),
    ("overrideForSafeSearch",  "info"),
    ("unknown",                "info"),
    ("*",                      "info"),
];
