//! `http_requests`: one HTTP request that a visitor (or a Worker) made to a site behind Cloudflare.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    ActionType, CountryCode, CountryName, Domain, Host, HttpOutcome, HttpProtocol, HttpVersion,
    Integer, Ip, Keep, Lower, Masked, Port, Since, Sum, Text, Timestamp, TlsProtocol, TlsVersion,
    Uri, When,
};
use crate::mapping::{Dataset, Joined, Native, NativeTime, kept, row};

pub(super) static HTTP_REQUESTS: Dataset = Dataset {
    name: "http_requests",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        // `network` beside `web`: ECS has `allowed`, `denied` and `end` for network only.
        ("event.category", List(&["web", "network"])),
        // With an underscore, as SEKOIA.IO's parser and rules have it.
        ("event.dataset", One("http_requests")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["access"])),
        ("observer.type", One("proxy")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("AISecurityCustomTopicCategories"),
        kept("AISecurityInjectionScore"),
        kept("AISecurityPIICategories"),
        kept("AISecurityTokenCount"),
        kept("AISecurityUnsafeTopicCategories"),
        kept("BotDetectionIDs"),
        kept("BotDetectionTags"),
        kept("BotScore"),
        kept("BotScoreSrc"),
        kept("BotTags"),
        kept("CacheCacheStatus"),
        kept("CacheLockWaitedMs"),
        kept("CacheReserveUsed"),
        kept("CacheResponseBytes"),
        kept("CacheResponseStatus"),
        kept("CacheTieredFill"),
        row("ClientASN",                     &[Integer("source.as.number")]),
        row("ClientCity",                    &[Text("source.geo.city_name")]),
        row("ClientCountry",                 &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        kept("ClientDeviceType"),
        row("ClientIP",                      &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        kept("ClientIPClass"),
        // source.geo.location takes both numbers in one object.
        kept("ClientLatitude"),
        kept("ClientLongitude"),
        row("ClientMTLSAuthCertFingerprint", &[Text("tls.client.hash.sha256"), Text("related.hash")]),
        kept("ClientMTLSAuthStatus"),
        // `TX`, where source.geo.region_iso_code is `US-TX`.
        kept("ClientRegionCode"),
        row("ClientRequestBytes",            &[Integer("http.request.bytes"), Integer("source.bytes"), Sum("network.bytes")]),
        row("ClientRequestHost",             &[Text("destination.address"), Domain("destination.domain"), Port("destination.port"),
                                               Domain("url.domain"), Port("url.port"), Host("related.hosts")]),
        row("ClientRequestMethod",           &[Text("http.request.method")]),
        row("ClientRequestPath",             &[Text("url.path")]),
        row("ClientRequestProtocol",         &[HttpVersion("http.version"), HttpProtocol("network.protocol"), When("network.transport", HTTP_TRANSPORTS)]),
        row("ClientRequestReferer",          &[Text("http.request.referrer")]),
        row("ClientRequestScheme",           &[Text("url.scheme")]),
        kept("ClientRequestSource"),
        row("ClientRequestURI",              &[Uri("url")]),
        row("ClientRequestUserAgent",        &[Text("user_agent.original")]),
        row("ClientSSLCipher",               &[Text("tls.cipher")]),
        row("ClientSSLProtocol",             &[TlsProtocol("tls.version_protocol"), TlsVersion("tls.version")]),
        row("ClientSrcPort",                 &[Integer("source.port")]),
        kept("ClientTCPRTTMs"),
        row("ClientTLSKeyExchangeGroup",     &[When("tls.curve", TLS_GROUPS), Keep("ClientTLSKeyExchangeGroup")]),
        kept("ClientXRequestedWith"),
        kept("ContentScanObjResults"),
        kept("ContentScanObjSizes"),
        kept("ContentScanObjTypes"),
        // A session cookie is as good as a password.
        row("Cookies",                       &[Masked("Cookies")]),
        kept("EdgeCFConnectingO2O"),
        kept("EdgeColoCode"),
        kept("EdgeColoID"),
        row("EdgeEndTimestamp",              &[Timestamp("event.end"), Since("event.duration", "EdgeStartTimestamp")]),
        kept("EdgePathingOp"),
        kept("EdgePathingSrc"),
        kept("EdgePathingStatus"),
        row("EdgeRequestHost",               &[Host("related.hosts"), Keep("EdgeRequestHost")]),
        row("EdgeResponseBodyBytes",         &[Integer("http.response.body.bytes")]),
        row("EdgeResponseBytes",             &[Integer("http.response.bytes"), Integer("destination.bytes"), Sum("network.bytes")]),
        kept("EdgeResponseCompressionRatio"),
        // Not http.response.mime_type: ECS wants that from the body, never from the header.
        kept("EdgeResponseContentType"),
        row("EdgeResponseStatus",            &[Integer("http.response.status_code"), HttpOutcome("event.outcome")]),
        row("EdgeServerIP",                  &[Ip("observer.ip"), Ip("related.ip")]),
        row("EdgeStartTimestamp",            &[Timestamp("@timestamp"), Timestamp("event.start")]),
        kept("EdgeTimeToFirstByteMs"),
        kept("FirewallForAIInjectionScore"),
        kept("FirewallForAIPIICategories"),
        kept("FirewallForAITokenCount"),
        kept("FirewallForAIUnsafeTopicCategories"),
        kept("FraudAttack"),
        kept("FraudDetectionIDs"),
        kept("FraudDetectionTags"),
        kept("FraudEmailRisk"),
        // The UserID of account_abuse_protection_events.
        row("FraudUserID",                   &[Text("user.id"), Text("related.user")]),
        row("JA3Hash",                       &[Text("tls.client.ja3"), Text("related.hash")]),
        // ECS 9.4 has no field for JA4.
        kept("JA4"),
        kept("JA4Signals"),
        kept("JSDetectionPassed"),
        kept("LeakedCredentialCheckResult"),
        kept("MatchedRules"),
        kept("OriginDNSResponseTimeMs"),
        row("OriginIP",                      &[Ip("destination.ip"), Ip("related.ip")]),
        kept("OriginRequestHeaderSendDurationMs"),
        kept("OriginResponseBytes"),
        kept("OriginResponseDurationMs"),
        kept("OriginResponseHTTPExpires"),
        kept("OriginResponseHTTPLastModified"),
        kept("OriginResponseHeaderReceiveDurationMs"),
        kept("OriginResponseStatus"),
        kept("OriginResponseTime"),
        // tls.* tells of the visitor's connection, not of the one to the origin.
        kept("OriginSSLProtocol"),
        kept("OriginTCPHandshakeDurationMs"),
        kept("OriginTLSHandshakeDurationMs"),
        kept("ParentRayID"),
        kept("PayPerCrawlStatus"),
        row("RayID",                         &[Text("http.request.id"), Keep("RayID")]),
        // Kept whole: only headers that the customer named in the zone's custom fields are sent,
        // and analysts need them. Whoever names `authorization` or `cookie` there should mask it here.
        kept("RequestHeaders"),
        kept("ResponseHeaders"),
        // In lower case, as firewall_events has the same words: one rule reads both.
        row("SecurityAction",                &[Lower("event.action"), ActionType("event.type"), Keep("SecurityAction")]),
        // All rules that matched; event.action and rule.* are of the one that ended the request.
        kept("SecurityActions"),
        row("SecurityRuleDescription",       &[Text("rule.description")]),
        row("SecurityRuleID",                &[Text("rule.id")]),
        kept("SecurityRuleIDs"),
        kept("SecuritySources"),
        kept("SmartRouteColoID"),
        kept("Subrequests"),
        kept("UpperTierColoID"),
        kept("VerifiedBotCategory"),
        kept("WAFAttackScore"),
        kept("WAFFlags"),
        kept("WAFMatchedVar"),
        kept("WAFRCEAttackScore"),
        kept("WAFRequestSignatureCategories"),
        kept("WAFRequestSignatureRefs"),
        kept("WAFSQLiAttackScore"),
        kept("WAFXSSAttackScore"),
        kept("WebAssetsLabelsManaged"),
        kept("WebAssetsOperationID"),
        kept("WorkerCPUTime"),
        kept("WorkerScriptName"),
        kept("WorkerStatus"),
        kept("WorkerSubrequest"),
        kept("WorkerSubrequestCount"),
        kept("WorkerWallTimeUs"),
        kept("ZoneName"),

        // Gone from Cloudflare's list, but records of old archives have them, and SEKOIA.IO's
        // taxonomy of this dataset still names them.
        kept("EdgeRateLimitAction"),
        kept("EdgeRateLimitID"),
        kept("SecurityLevel"),
        kept("WAFAction"),
        kept("WAFProfile"),
        row("WAFRuleID",                     &[Text("rule.id")]),
        row("WAFRuleMessage",                &[Text("rule.description")]),
        kept("ZoneID"),
    ],
    renamed: &[
        ("FirewallMatchesActions", "SecurityActions"),
        ("FirewallMatchesRuleIDs", "SecurityRuleIDs"),
        ("FirewallMatchesSources", "SecuritySources"),
    ],
    joined: &[Joined {
        target: "url.full",
        scheme: "ClientRequestScheme",
        host: "ClientRequestHost",
        path: "ClientRequestURI",
        query: "",
    }],
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
};

/// HTTP/3 runs over QUIC, which is UDP; what came before it, over TCP.
#[rustfmt::skip]
const HTTP_TRANSPORTS: crate::mapping::Words = &[
    ("HTTP/1.0", "tcp"), ("HTTP/1.1", "tcp"), ("HTTP/2", "tcp"), ("HTTP/2.0", "tcp"),
    ("HTTP/3", "udp"),   ("HTTP/3.0", "udp"),
];

/// Key exchange groups by their IANA names. `NONE` (no TLS) and `UNK` (not known) are none.
#[rustfmt::skip]
const TLS_GROUPS: crate::mapping::Words = &[
    ("P-256", "secp256r1"), ("P-384", "secp384r1"), ("P-521", "secp521r1"),
    ("X25519", "x25519"),   ("X448", "x448"),
    ("X25519MLKEM768", "X25519MLKEM768"),
    ("X25519Kyber768Draft00", "X25519Kyber768Draft00"),
];
