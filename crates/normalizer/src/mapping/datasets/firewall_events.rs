use crate::mapping::prelude::*;

pub(super) static FIREWALL_EVENTS: Dataset = Dataset {
    name: "firewall_events",
    about: for_pages("What Cloudflare's security products did to a request."),
    constants: &[
        ("event.kind", Text("event")),
        ("event.category", List(&["network"])),
        // With a hyphen, as SEKOIA.IO's parser and rules have it.
        ("event.dataset", Text("firewall-events")),
        ("observer.type", Text("firewall")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("AISecurityCustomTopicCategories")
            .about("Topics of your own that AI Security found in the prompt, with a score each, 1 for the closest match."),
        kept("AISecurityInjectionScore")
            .about("How likely the prompt is an injection, by AI Security."),
        kept("AISecurityPIICategories")
            .about("Kinds of personal data that AI Security found in the prompt."),
        kept("AISecurityTokenCount")
            .about("Length of the prompt in tokens, by AI Security."),
        kept("AISecurityUnsafeTopicCategories")
            .about("Unsafe topics that AI Security found in the prompt."),
        row("Action",                             &[text("event.action"), action_type("event.type")]),
        row("ClientASN",                          &[as_number("source.as.number")]),
        row("ClientASNDescription",               &[text("source.as.organization.name"), keep("clientASNDescription")])
            .about("Name of the visitor's network."),
        row("ClientCountry",                      &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name")]),
        row("ClientIP",                           &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        kept("ClientIPClass")
            .about("What Cloudflare knows of the visitor's address, such as tor, badHost or searchEngine."),
        kept("ClientRefererHost")
            .about("Host of the Referer header."),
        kept("ClientRefererPath")
            .about("Path of the Referer header."),
        kept("ClientRefererQuery")
            .about("Query string of the Referer header."),
        kept("ClientRefererScheme")
            .about("Scheme of the Referer header."),
        row("ClientRequestHost",                  &[text("destination.address"), domain("destination.domain"), port("destination.port"),
                                                    authority("url"), host("related.hosts")]),
        row("ClientRequestMethod",                &[text("http.request.method")]),
        row("ClientRequestPath",                  &[path("url")]),
        row("ClientRequestProtocol",              &[http_version("http.version"), http_protocol("network.protocol")]),
        row("ClientRequestQuery",                 &[query("url")]),
        row("ClientRequestScheme",                &[scheme("url")]),
        row("ClientRequestUserAgent",             &[text("user_agent.original")]),
        kept("ContentScanObjResults")
            .about("Results of scanning the uploaded files, one for each."),
        kept("ContentScanObjSizes")
            .about("Sizes of the uploaded files, in bytes."),
        kept("ContentScanObjTypes")
            .about("Media types of the uploaded files."),
        row("Datetime",                           &[timestamp("@timestamp")]),
        row("Description",                        &[text("rule.description")]),
        kept("EdgeColoCode")
            .about("Cloudflare data center that took the request, by its airport's code."),
        row("EdgeResponseStatus",                 &[status("http.response.status_code"), keep("EdgeResponseStatus")])
            .about("Status that Cloudflare answered to the visitor."),
        kept("FirewallForAIInjectionScore")
            .about("Older name of AISecurityInjectionScore."),
        kept("FirewallForAIPIICategories")
            .about("Older name of AISecurityPIICategories."),
        kept("FirewallForAITokenCount")
            .about("Older name of AISecurityTokenCount."),
        kept("FirewallForAIUnsafeTopicCategories")
            .about("Older name of AISecurityUnsafeTopicCategories."),
        row("FraudUserID",                        &[text("user.id"), text("related.user")])
            .why("The UserID of account_abuse_protection_events."),
        kept("Kind")
            .about("Kind of event, always firewall so far."),
        kept("LeakedCredentialCheckResult")
            .about("Whether the credentials in the request are known to have leaked."),
        row("MatchIndex",                         &[keep("matchIndex")])
            .about("Place among the rules that matched the request, 0 for the last of them."),
        row("Metadata",                           &[keep("metadata")])
            .about("What the security product adds, names and values of its own."),
        kept("OriginResponseStatus")
            .about("Status that the origin answered, 0 if it was not asked."),
        kept("OriginatorRayID")
            .about("Ray ID of the request that was answered with the challenge, 00 if there was none."),
        row("RayID",                              &[text("http.request.id"), keep("RayID")])
            .about("Ray ID of the request."),
        row("Ref",                                &[text("rule.reference")]),
        row("RuleID",                             &[text("rule.id")]),
        row("Source",                             &[module("event.module"), keep("source")])
            .about("Cloudflare security product that acted, such as firewallcustom, firewallmanaged or ratelimit."),
        kept("WAFRequestSignatureCategories")
            .about("Categories of the attack signatures that matched."),
        kept("WAFRequestSignatureRefs")
            .about("Identifiers of the attack signatures that matched."),
        kept("ZoneName")
            .about("Zone of the request."),

        row("ClientRequestBytes",                 &[count("http.request.bytes")])
            .theme("Not in Cloudflare's list of this dataset, but read by SEKOIA.IO's parser of it: a record that carries them (a Transformer can add them) is understood."),
        row("ClientRequestReferer",               &[text("http.request.referrer")]),
        row("ClientSSLCipher",                    &[known("tls.cipher")]),
        row("ClientSSLProtocol",                  &[tls_protocol("tls.version_protocol"), tls_version("tls.version"), tls_scheme("url")]),
        row("ClientSrcPort",                      &[port_number("source.port")]),
        row("RulesetID",                          &[text("rule.ruleset")]),
    ],
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
    traces: Traces {
        addresses: &["ClientRequestPath"],
        workers: &[],
    },
    encrypted: Some(Encrypted {
        field: "Metadata",
        member: "encrypted_matched_data",
        decrypted: "matched_data",
    }),
    ..Dataset::BASE
};
