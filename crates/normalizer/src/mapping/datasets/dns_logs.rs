use crate::mapping::prelude::*;

pub(super) static DNS_LOGS: Dataset = Dataset {
    name: "dns_logs",
    about: for_pages("A DNS query to a zone that Cloudflare answers for."),
    constants: &[
        // One record is written for query and answer together.
        ("dns.type", Text("answer")),
        ("event.action", Text("dns-query")),
        ("event.category", List(&["network"])),
        ("event.dataset", Text("dns_logs")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["info", "protocol"])),
        ("network.protocol", Text("dns")),
        ("observer.type", Text("dns")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("ColoCode"),
        kept("EDNSSubnet")
            .why("The address of a network, cut to EDNSSubnetLength bits: no host's, so not in related.ip."),
        kept("EDNSSubnetLength"),
        row("QueryName",                          &[dns_name("dns.question.name"), name("related.hosts"), keep("QueryName")]),
        row("QueryType",                          &[code_if("dns.question.type", DNS_TYPES), keep("QueryType")])
            .why("When: clients may ask for any number, and one without a name is no news."),
        kept("ResponseCached"),
        row("ResponseCode",                       &[code("dns.response_code", DNS_RESPONSES), lookup("event.outcome", DNS_OUTCOMES),
                                                    keep("ResponseCode")]),
        row("SourceIP",                           &[ip("source.ip"), ip("source.address"), ip("related.ip")])
            .why("The resolver that asked, not the user behind it."),
        row("Timestamp",                          &[timestamp("@timestamp")]),
    ],
    native: Some(Native {
        // Its parser divides `Timestamp` by 10^9: any other form lands in 1970.
        times: &[("Timestamp", NativeTime::UnixNano)],
        aliases: &[],
        joined_alias: None,
        drop_empty: &[],
        drop_dot: &[],
        paths: &[],
    }),
    ..Dataset::BASE
};
