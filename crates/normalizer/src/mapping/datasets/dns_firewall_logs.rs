use crate::mapping::prelude::*;

pub(super) static DNS_FIREWALL_LOGS: Dataset = Dataset {
    name: "dns_firewall_logs",
    about: for_pages("A DNS query that DNS Firewall took for the name servers behind it."),
    constants: &[
        // One record is written for query and answer together.
        ("dns.type", Text("answer")),
        ("event.action", Text("dns-query")),
        ("event.category", List(&["network"])),
        ("event.dataset", Text("dns_firewall_logs")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["protocol"])),
        ("network.protocol", Text("dns")),
        ("observer.type", Text("dns")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("ClientResponseCode",                 &[code("dns.response_code", DNS_RESPONSES), lookup("event.outcome", DNS_OUTCOMES),
                                                    keep("ClientResponseCode")])
            .why("What the client was told; UpstreamResponseCode may be another."),
        kept("ClusterID"),
        kept("ColoCode"),
        kept("EDNSSubnet")
            .why("The address of a network, cut to EDNSSubnetLength bits: no host's, so not in related.ip."),
        kept("EDNSSubnetLength"),
        row("QueryDO",                            &[lookup_if("dns.header_flags", &[("true", "DO")]), keep("QueryDO")]),
        row("QueryName",                          &[dns_name("dns.question.name"), name("related.hosts"), keep("QueryName")]),
        row("QueryRD",                            &[lookup_if("dns.header_flags", &[("true", "RD")]), keep("QueryRD")]),
        row("QuerySize",                          &[count("source.bytes")]),
        row("QueryTCP",                           &[lookup("network.transport", &[("true", "tcp"), ("false", "udp")]), keep("QueryTCP")]),
        row("QueryType",                          &[code_if("dns.question.type", DNS_TYPES), keep("QueryType")])
            .why("When: clients may ask for any number, and one without a name is no news."),
        kept("ResponseCached"),
        kept("ResponseCachedStale"),
        row("ResponseReason",                     &[text("event.reason"), lookup("event.type", REASONS)]),
        row("SourceIP",                           &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("Timestamp",                          &[timestamp("@timestamp")]),
        row("UpstreamIP",                         &[ip("related.ip"), keep("UpstreamIP")])
            .why("The name server behind DNS Firewall: the client never talks to it, so it is no destination."),
        kept("UpstreamResponseCode"),
        kept("UpstreamResponseTimeMs")
            .why("Only a part of the time the query took: no event.duration."),
    ],
    ..Dataset::BASE
};

/// `event.type` by reason: developers.cloudflare.com/dns/dns-firewall/analytics/#response-reasons
#[rustfmt::skip]
const REASONS: Words = &[
    ("success",                 "allowed"),
    ("chaos_success",           "allowed"),
    ("any_type_blocked",        "denied"),
    ("attack_mitigation_block", "denied"),
    ("rate_limit",              "denied"),
    ("invalid_query",           "info"),
    ("upstream_failure",        "info"),
    ("upstream_servfail",       "info"),
    ("unknown",                 "info"),
    ("*",                       "info"),
];
