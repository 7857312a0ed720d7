use crate::mapping::prelude::*;

pub(super) static HTTP_REQUESTS: Dataset = Dataset {
    name: "http_requests",
    about: for_pages(
        "One HTTP request that a visitor (or a Worker) made to a site behind Cloudflare.",
    ),
    constants: &[
        ("event.kind", Text("event")),
        // `network` beside `web`: ECS has `allowed`, `denied` and `end` for network only.
        ("event.category", List(&["web", "network"])),
        ("event.dataset", Text("http_requests")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["access"])),
        ("observer.type", Text("proxy")),
    ],
    #[rustfmt::skip]
    rows: &[
        // Which request, and when.
        row("EdgeStartTimestamp",            &[timestamp("@timestamp"), timestamp("event.start")]),
        row("EdgeEndTimestamp",              &[timestamp("event.end"), since("event.duration", "EdgeStartTimestamp")]),
        row("RayID",                         &[text("http.request.id"), keep("RayID")]),
        kept("ParentRayID"), kept("ZoneName"),

        // The visitor.
        row("ClientIP",                      &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("ClientSrcPort",                 &[port_number("source.port")]),
        row("ClientASN",                     &[as_number("source.as.number")]),
        row("ClientCity",                    &[text("source.geo.city_name")]),
        row("ClientCountry",                 &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name")]),
        row("ClientLatitude",                &[location("source.geo.location", "ClientLongitude"), keep("ClientLatitude")]),
        kept("ClientLongitude"),
        row("ClientRegionCode",              &[region("source.geo.region_iso_code", "ClientCountry"), keep("ClientRegionCode")]),
        kept("ClientDeviceType"), kept("ClientIPClass"), kept("ClientTCPRTTMs"),

        // The request.
        row("ClientRequestMethod",           &[text("http.request.method")]),
        row("ClientRequestHost",             &[text("destination.address"), domain("destination.domain"), port("destination.port"),
                                               authority("url"), host("related.hosts")]),
        row("ClientRequestPath",             &[path("url")]),
        row("ClientRequestProtocol",         &[http_version("http.version"), http_protocol("network.protocol"), lookup_if("network.transport", HTTP_TRANSPORTS)]),
        row("ClientRequestReferer",          &[text("http.request.referrer")]),
        row("ClientRequestScheme",           &[scheme("url")]),
        row("ClientRequestURI",              &[uri("url")]),
        row("ClientRequestUserAgent",        &[text("user_agent.original")]),
        row("ClientRequestBytes",            &[count("http.request.bytes"), count("source.bytes"), sum("network.bytes")]),
        row("EdgeRequestHost",               &[host("related.hosts"), keep("EdgeRequestHost")]),
        row("Cookies",                       &[masked("Cookies")])
            .why("A session cookie is as good as a password."),
        kept("RequestHeaders")
            .why("Kept whole: only headers that the customer named in the zone's custom fields are sent, and analysts need them. Whoever names `authorization` or `cookie` there should mask it here.")
            .sensitive(),
        kept("ClientRequestSource"), kept("ClientXRequestedWith"),

        // The visitor's TLS.
        row("ClientSSLCipher",               &[known("tls.cipher")]),
        row("ClientSSLProtocol",             &[tls_protocol("tls.version_protocol"), tls_version("tls.version"), tls_scheme("url")]),
        row("ClientTLSKeyExchangeGroup",     &[lookup_if("tls.curve", TLS_GROUPS), keep("ClientTLSKeyExchangeGroup")]),
        row("ClientMTLSAuthCertFingerprint", &[hash("tls.client.hash")]),
        row("JA3Hash",                       &[ja3("tls.client.ja3")]),
        kept("JA4")
            .why("ECS 9.4 has no field for JA4."),
        kept("JA4Signals"), kept("ClientMTLSAuthStatus"),

        // The answer, and the place that gave it.
        row("EdgeResponseStatus",            &[status("http.response.status_code"), http_outcome("event.outcome")]),
        row("EdgeResponseBytes",             &[count("http.response.bytes"), count("destination.bytes"), sum("network.bytes")]),
        row("EdgeResponseBodyBytes",         &[count("http.response.body.bytes")]),
        row("EdgeServerIP",                  &[ip("observer.ip"), ip("related.ip")]),
        kept("EdgeResponseContentType")
            .why("Not http.response.mime_type: ECS wants that from the body, never from the header."),
        kept("ResponseHeaders").sensitive(),
        kept("EdgeCFConnectingO2O"), kept("EdgeColoCode"), kept("EdgeColoID"),
        kept("EdgePathingOp"), kept("EdgePathingSrc"), kept("EdgePathingStatus"), kept("EdgeResponseCompressionRatio"),
        kept("EdgeTimeToFirstByteMs"), kept("SmartRouteColoID"), kept("UpperTierColoID"),

        // The cache.
        kept("CacheCacheStatus"), kept("CacheLockWaitedMs"), kept("CacheReserveUsed"), kept("CacheResponseBytes"),
        kept("CacheResponseStatus"), kept("CacheTieredFill"),

        // The origin.
        row("OriginIP",                      &[ip("destination.ip"), otherwise_ip("destination.address"), ip("related.ip")]),
        kept("OriginSSLProtocol")
            .why("tls.* tells of the visitor's connection, not of the one to the origin."),
        kept("OriginDNSResponseTimeMs"), kept("OriginRequestHeaderSendDurationMs"), kept("OriginResponseBytes"),
        kept("OriginResponseDurationMs"), kept("OriginResponseHTTPExpires"), kept("OriginResponseHTTPLastModified"),
        kept("OriginResponseHeaderReceiveDurationMs"), kept("OriginResponseStatus"), kept("OriginResponseTime"),
        kept("OriginTCPHandshakeDurationMs"), kept("OriginTLSHandshakeDurationMs"),

        // What security rules did.
        row("SecurityAction",                &[lower("event.action"), action_type("event.type"), keep("SecurityAction")])
            .why("In lower case, as firewall_events has the same words: one rule reads both."),
        row("SecurityActions",               &[denied("event.type"), keep("SecurityActions")])
            .why("All rules that matched; event.action and rule.* are of the one that ended the request."),
        row("SecurityRuleDescription",       &[text("rule.description")]),
        row("SecurityRuleID",                &[text("rule.id")]),
        kept("SecurityRuleIDs"), kept("SecuritySources"), kept("MatchedRules"), kept("WAFAttackScore"),
        kept("WAFFlags"), kept("WAFMatchedVar"), kept("WAFRCEAttackScore"), kept("WAFRequestSignatureCategories"),
        kept("WAFRequestSignatureRefs"), kept("WAFSQLiAttackScore"), kept("WAFXSSAttackScore"),
        kept("WebAssetsLabelsManaged"), kept("WebAssetsOperationID"),

        // What was read in contents: by content scanning and by the firewall for AI.
        kept("AISecurityCustomTopicCategories"), kept("AISecurityInjectionScore"), kept("AISecurityPIICategories"),
        kept("AISecurityTokenCount"), kept("AISecurityUnsafeTopicCategories"), kept("ContentScanObjResults"),
        kept("ContentScanObjSizes"), kept("ContentScanObjTypes"), kept("FirewallForAIInjectionScore"),
        kept("FirewallForAIPIICategories"), kept("FirewallForAITokenCount"), kept("FirewallForAIUnsafeTopicCategories"),

        // Bots, and fraud.
        row("FraudUserID",                   &[text("user.id"), text("related.user")])
            .why("The UserID of account_abuse_protection_events."),
        kept("BotDetectionIDs"), kept("BotDetectionTags"), kept("BotScore"), kept("BotScoreSrc"), kept("BotTags"),
        kept("FraudAttack"), kept("FraudDetectionIDs"), kept("FraudDetectionTags"), kept("FraudEmailRisk"),
        kept("JSDetectionPassed"), kept("LeakedCredentialCheckResult"), kept("PayPerCrawlStatus"),
        kept("VerifiedBotCategory"),

        // Workers.
        kept("Subrequests"), kept("WorkerCPUTime"), kept("WorkerScriptName"), kept("WorkerStatus"),
        kept("WorkerSubrequest"), kept("WorkerSubrequestCount"), kept("WorkerWallTimeUs"),

        kept("EdgeRateLimitAction")
            .theme("Gone from Cloudflare's list, but records of old archives have them, and SEKOIA.IO's taxonomy of this dataset still names them."),
        kept("EdgeRateLimitID"), kept("SecurityLevel"), kept("WAFAction"), kept("WAFProfile"), kept("ZoneID"),
        row("WAFRuleID",                     &[text("rule.id")]),
        row("WAFRuleMessage",                &[text("rule.description")]),
    ],
    renamed: &[
        ("FirewallMatchesActions", "SecurityActions"),
        ("FirewallMatchesRuleIDs", "SecurityRuleIDs"),
        ("FirewallMatchesSources", "SecuritySources"),
    ],
    joined: &[],
    native: Some(Native {
        times: &[
            // Its parser divides these by 10^9: any other form lands in 1970.
            ("EdgeStartTimestamp", NativeTime::UnixNano),
            ("EdgeEndTimestamp", NativeTime::UnixNano),
            // But it reads its own `datetime` as text.
            ("datetime", NativeTime::Rfc3339),
        ],
        aliases: &[
            // Without it the event gets the time of its reception.
            ("datetime", "EdgeStartTimestamp"),
            ("action", "SecurityAction"),
            ("ruleId", "SecurityRuleID"),
        ],
        joined_alias: None,
        drop_empty: &[],
        drop_dot: &[],
        paths: &[("ClientRequestPath", "ClientRequestURI")],
    }),
    traces: Traces {
        addresses: &["ClientRequestPath", "ClientRequestURI"],
        workers: &["WorkerScriptName"],
    },
    ..Dataset::BASE
};

/// HTTP/3 runs over QUIC, which is UDP; what came before it, over TCP.
#[rustfmt::skip]
const HTTP_TRANSPORTS: Words = &[
    ("HTTP/1.0", "tcp"), ("HTTP/1.1", "tcp"), ("HTTP/2", "tcp"), ("HTTP/2.0", "tcp"),
    ("HTTP/3", "udp"),   ("HTTP/3.0", "udp"),
    ("HTTP 1.0", "tcp"), ("HTTP 1.1", "tcp"), ("HTTP 2", "tcp"), ("HTTP 2.0", "tcp"),
    ("HTTP 3", "udp"),   ("HTTP 3.0", "udp"),
];

/// Key exchange groups by their IANA names. `NONE` (no TLS) and `UNK` (not known) are none.
#[rustfmt::skip]
const TLS_GROUPS: Words = &[
    ("P-256", "secp256r1"), ("P-384", "secp384r1"), ("P-521", "secp521r1"),
    ("X25519", "x25519"),   ("X448", "x448"),
    ("X25519MLKEM768", "X25519MLKEM768"),
    ("X25519Kyber768Draft00", "X25519Kyber768Draft00"),
];
