//! `dns_firewall_logs`: a DNS query that DNS Firewall took for the name servers behind it.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Domain, Host, Integer, Ip, Keep, Text, Timestamp, When, Words};
use crate::mapping::{Dataset, Words as Pairs, kept, row};

use crate::mapping::words::{DNS_OUTCOMES, DNS_RESPONSES, DNS_TYPES};

pub(super) static DNS_FIREWALL_LOGS: Dataset = Dataset {
    name: "dns_firewall_logs",
    constants: &[
        // One record is written for query and answer together.
        ("dns.type", One("answer")),
        ("ecs.version", One("9.4.0")),
        ("event.action", One("dns-query")),
        ("event.category", List(&["network"])),
        ("event.dataset", One("dns-firewall-logs")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["protocol"])),
        ("network.protocol", One("dns")),
        ("observer.type", One("dns")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        // What the client was told; UpstreamResponseCode may be another.
        row("ClientResponseCode",                 &[Words("dns.response_code", DNS_RESPONSES), Words("event.outcome", DNS_OUTCOMES),
                                                    Keep("ClientResponseCode")]),
        kept("ClusterID"),
        kept("ColoCode"),
        // The address of a network, cut to EDNSSubnetLength bits: no host's, so not in related.ip.
        kept("EDNSSubnet"),
        kept("EDNSSubnetLength"),
        row("QueryDO",                            &[When("dns.header_flags", &[("true", "DO")]), Keep("QueryDO")]),
        row("QueryName",                          &[Domain("dns.question.name"), Host("related.hosts"), Keep("QueryName")]),
        row("QueryRD",                            &[When("dns.header_flags", &[("true", "RD")]), Keep("QueryRD")]),
        row("QuerySize",                          &[Integer("source.bytes")]),
        row("QueryTCP",                           &[Words("network.transport", &[("true", "tcp"), ("false", "udp")]), Keep("QueryTCP")]),
        // When: clients may ask for any number, and one without a name is no news.
        row("QueryType",                          &[When("dns.question.type", DNS_TYPES), Keep("QueryType")]),
        kept("ResponseCached"),
        kept("ResponseCachedStale"),
        row("ResponseReason",                     &[Text("event.reason"), Words("event.type", REASONS)]),
        row("SourceIP",                           &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("Timestamp",                          &[Timestamp("@timestamp")]),
        // The name server behind DNS Firewall: the client never talks to it, so it is no destination.
        row("UpstreamIP",                         &[Ip("related.ip"), Keep("UpstreamIP")]),
        kept("UpstreamResponseCode"),
        // Only a part of the time the query took: no event.duration.
        kept("UpstreamResponseTimeMs"),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};

/// `event.type` by reason: developers.cloudflare.com/dns/dns-firewall/analytics/#response-reasons
#[rustfmt::skip]
const REASONS: Pairs = &[
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
