//! `dns_logs`: a DNS query to a zone that Cloudflare answers for.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Domain, Host, Ip, Keep, Timestamp, When, Words};
use crate::mapping::{Dataset, Native, NativeTime, kept, row};

use crate::mapping::words::{DNS_OUTCOMES, DNS_RESPONSES, DNS_TYPES};

pub(super) static DNS_LOGS: Dataset = Dataset {
    name: "dns_logs",
    constants: &[
        // One record is written for query and answer together.
        ("dns.type", One("answer")),
        ("ecs.version", One("9.4.0")),
        ("event.action", One("dns-query")),
        ("event.category", List(&["network"])),
        ("event.dataset", One("dns_logs")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["info", "protocol"])),
        ("network.protocol", One("dns")),
        ("observer.type", One("dns")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("ColoCode"),
        // The address of a network, cut to EDNSSubnetLength bits: no host's, so not in related.ip.
        kept("EDNSSubnet"),
        kept("EDNSSubnetLength"),
        row("QueryName",                          &[Domain("dns.question.name"), Host("related.hosts"), Keep("QueryName")]),
        // When: clients may ask for any number, and one without a name is no news.
        row("QueryType",                          &[When("dns.question.type", DNS_TYPES), Keep("QueryType")]),
        kept("ResponseCached"),
        row("ResponseCode",                       &[Words("dns.response_code", DNS_RESPONSES), Words("event.outcome", DNS_OUTCOMES),
                                                    Keep("ResponseCode")]),
        // The resolver that asked, not the user behind it.
        row("SourceIP",                           &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("Timestamp",                          &[Timestamp("@timestamp")]),
    ],
    renamed: &[],
    joined: &[],
    native: Some(Native {
        // Its parser divides `Timestamp` by 10^9: any other form lands in 1970.
        times: &[("Timestamp", NativeTime::UnixNano)],
        aliases: &[],
        joined_alias: None,
        drop_empty: &[],
        drop_dot: &[],
        paths: &[],
    }),
};
