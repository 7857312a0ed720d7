use crate::mapping::prelude::*;

pub(super) static GATEWAY_DNS: Dataset = Dataset {
    name: "gateway_dns",
    about: for_pages(
        "A DNS query that Cloudflare Gateway resolved, blocked or answered in its own way.",
    ),
    constants: &[
        // One record is written for query and answer together.
        ("dns.type", Text("answer")),
        ("event.category", List(&["network"])),
        ("event.dataset", Text("gateway_dns")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["protocol"])),
        ("network.protocol", Text("dns")),
        ("observer.type", Text("dns")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[text("cloud.account.id")]),
        kept("ApplicationID"),
        row("ApplicationName",                    &[lower("network.application"), keep("ApplicationName")])
            .why("ECS wants network.application in lower case."),
        kept("AppliedMaxTTL"),
        row("AuthoritativeNameServerIPs",         &[ips("related.ip"), keep("AuthoritativeNameServerIPs")]),
        kept("CNAMECategoryIDs"),
        kept("CNAMECategoryNames"),
        row("CNAMEs",                             &[names("related.hosts"), keep("CNAMEs")]),
        kept("CNAMEsReversed"), kept("ColoCode"), kept("ColoID"),
        row("Datetime",                           &[timestamp("@timestamp")]),
        row("DeviceID",                           &[text("device.id"), text("host.id")]),
        row("DeviceName",                         &[text("host.hostname"), text("host.name"), name("related.hosts")]),
        kept("DoHSubdomain"),
        kept("DoTSubdomain"),
        row("DstIP",                              &[ip("destination.ip"), ip("destination.address"), ip("related.ip")]),
        row("DstPort",                            &[port_number("destination.port")]),
        kept("EDEErrors"),
        row("Email",                              &[text("user.email"), text("related.user")]),
        kept("InitialCategoryIDs"),
        kept("InitialCategoryNames"),
        row("InitialResolvedIPs",                 &[ips("related.ip"), keep("InitialResolvedIPs")]),
        kept("IsResponseCached"),
        row("Location",                           &[text("source.geo.name")])
            .why("The customer's own name of the place, such as `Office NYC`."),
        kept("LocationID"), kept("MatchedCategoryIDs"), kept("MatchedCategoryNames"), kept("MatchedIndicatorFeedIDs"),
        row("MatchedIndicatorFeedNames",          &[first("threat.feed.name"), keep("MatchedIndicatorFeedNames")]),
        row("PolicyID",                           &[text("rule.id")]),
        row("PolicyName",                         &[text("rule.name")]),
        row("Policy",                             &[text("rule.name")])
            .why("The older name of PolicyName."),
        row("Protocol",                           &[lookup_if("network.transport", &[("udp", "udp"), ("tcp", "tcp"), ("tls", "tcp")]), keep("Protocol")])
            .why("DNS over TLS runs over TCP; DNS over HTTPS runs over TCP or, with HTTP/3, over UDP."),
        kept("QueryApplicationIDs"), kept("QueryApplicationNames"), kept("QueryCategoryIDs"),
        kept("QueryCategoryNames"), kept("QueryID"), kept("QueryIndicatorFeedIDs"),
        row("QueryIndicatorFeedNames",            &[first("threat.feed.name"), keep("QueryIndicatorFeedNames")]),
        row("QueryName",                          &[dns_name("dns.question.name"), name("related.hosts"), keep("QueryName")]),
        kept("QueryNameReversed"),
        row("QuerySize",                          &[count("source.bytes")]),
        row("QueryType",                          &[code_if("dns.question.type", DNS_TYPES), keep("QueryType")])
            .why("When: clients may ask for any number, and one without a name is no news."),
        row("QueryTypeName",                      &[text("dns.question.type")]),
        row("RCode",                              &[code("dns.response_code", DNS_RESPONSES), lookup("event.outcome", DNS_OUTCOMES),
                                                    keep("RCode")]),
        kept("RedirectTargetURI"), kept("RegistrationID"), kept("RequestContextCategoryIDs"),
        kept("RequestContextCategoryNames"), kept("ResolvedIPCategoryIDs"), kept("ResolvedIPCategoryNames"),
        kept("ResolvedIPContinentCodes"), kept("ResolvedIPCountryCodes"),
        row("ResolvedIPs",                        &[ips("dns.resolved_ip"), ips("related.ip")]),
        row("ResolverDecision",                   &[text("event.action"), lookup("event.type", DECISIONS)]),
        row("ResourceRecordsJSON",                &[answers("dns.answers", DNS_TYPES)])
            .why("The same records three times: as texts, in wire format, and under the older name of those."),
        row("ResourceRecords",                    &[answers("dns.answers", DNS_TYPES)]),
        row("RData",                              &[answers("dns.answers", DNS_TYPES)]),
        row("ResponseTimeMs",                     &[milliseconds("event.duration")]),
        row("SrcIP",                              &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("SrcIPContinentCode",                 &[text("source.geo.continent_code")]),
        row("SrcIPCountryCode",                   &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name")]),
        row("SrcPort",                            &[port_number("source.port")]),
        kept("TenantID"),
        kept("TimeZone")
            .why("The zone of the rule's schedule, not of the record's time: no event.timezone."),
        kept("TimeZoneInferredMethod"),
        kept("UpstreamRecordTTLs"),
        row("UserID",                             &[text("user.id"), text("related.user")]),

        kept("CustomResolveDurationMs")
            .theme("How the name was resolved: by a resolver of the customer or by the internal DNS. The policies here choose the resolver; rule.* is the policy that allowed or blocked."),
        kept("CustomResolverAddress"), kept("CustomResolverPolicyID"), kept("CustomResolverPolicyName"),
        kept("CustomResolverResponse"), kept("InternalDNSDurationMs"), kept("InternalDNSFallbackStrategy"),
        kept("InternalDNSRCode"), kept("InternalDNSViewID"), kept("InternalDNSZoneID"), kept("ResolverPolicyID"),
        kept("ResolverPolicyName"),
    ],
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
    ..Dataset::BASE
};

/// `event.type` by decision. The list of Cloudflare's documentation, and the two of its GraphQL
/// schema that are older. An answer that was replaced is neither allowed nor denied.
#[rustfmt::skip]
const DECISIONS: Words = &[
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
