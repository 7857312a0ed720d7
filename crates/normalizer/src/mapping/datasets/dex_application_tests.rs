//! `dex_application_tests`: the result of an HTTP or traceroute test that a device's WARP client ran.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    CountryCode, CountryName, Domain, Host, Hosts, HttpOutcome, Integer, Ip, Keep, Positive, Since,
    Text, Timestamp, Url, When, Words as Ours,
};
use crate::mapping::words::{OS_TYPES, TRANSPORTS};
use crate::mapping::{Dataset, Words, kept, row};

pub(super) static DEX_APPLICATION_TESTS: Dataset = Dataset {
    name: "dex_application_tests",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("agent.type", One("warp")),
        ("event.kind", One("metric")),
        ("event.category", List(&["network"])),
        ("event.dataset", One("dex-application-tests")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["info"])),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[Text("cloud.account.id")]),
        row("ClientPlatform",                     &[Text("host.os.platform"), When("host.os.type", OS_TYPES)]),
        row("ClientVersion",                      &[Text("agent.version")]),
        kept("ColoCode"),
        row("DeviceID",                           &[Text("device.id"), Text("host.id")]),
        kept("DeviceRegistrationID"),
        kept("ExecutionContext"),
        kept("TestID"),
        row("TestType",                           &[Text("event.action"), When("network.protocol", &[("http", "http")])]),
        row("Timestamp",                          &[Timestamp("@timestamp"), Timestamp("event.start")]),
        kept("TunnelType"),
        row("UserEmail",                          &[Text("user.email"), Text("related.user")]),
        row("UserID",                             &[Text("user.id"), Text("related.user")]),

        // Traceroute tests. They come before the HTTP tests, whose outcome reads a number that may be 0 here.
        row("TracerouteStatus",                   &[Ours("event.outcome", OUTCOMES), Keep("TracerouteStatus")]),
        row("TracerouteDestinationHostname",      &[Text("destination.address"), Domain("destination.domain"), Host("related.hosts")]),
        row("TracerouteDestinationIPASN",         &[Positive("destination.as.number")]),
        row("TracerouteDestinationIPASO",         &[Text("destination.as.organization.name")]),
        row("TracerouteDestinationIPAddress",     &[Ip("destination.ip"), Ip("destination.address"), Ip("related.ip")]),
        row("TracerouteDestinationIPCity",        &[Text("destination.geo.city_name")]),
        row("TracerouteDestinationIPCountryISO",  &[CountryCode("destination.geo.country_iso_code"), CountryName("destination.geo.country_name")]),
        kept("TracerouteDestinationIPNetmask"),
        kept("TracerouteDestinationIPStateISO"),
        row("TracerouteDestinationIPVersion",     &[When("network.type", IP_VERSIONS), Keep("TracerouteDestinationIPVersion")]),
        row("TracerouteDestinationIPZip",         &[Text("destination.geo.postal_code")]),
        kept("TracerouteDurationMs"),
        kept("TracerouteHops"),
        kept("TracerouteMaxTTL"),
        row("TracerouteProtocol",                 &[Ours("network.transport", TRANSPORTS), Keep("TracerouteProtocol")]),
        kept("TracerouteSize"),
        row("TracerouteSourceIPASN",              &[Positive("source.as.number")]),
        row("TracerouteSourceIPASO",              &[Text("source.as.organization.name")]),
        row("TracerouteSourceIPAddress",          &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("TracerouteSourceIPCity",             &[Text("source.geo.city_name")]),
        row("TracerouteSourceIPCountryISO",       &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        kept("TracerouteSourceIPNetmask"),
        kept("TracerouteSourceIPStateISO"),
        kept("TracerouteSourceIPVersion"),
        row("TracerouteSourceIPZip",              &[Text("source.geo.postal_code")]),
        row("TracerouteTimeEnd",                  &[Timestamp("event.end"), Since("event.duration", "Timestamp")]),
        kept("TracerouteVersion"),

        // HTTP tests.
        row("HTTPClientIPASN",                    &[Positive("source.as.number")]),
        row("HTTPClientIPASO",                    &[Text("source.as.organization.name")]),
        row("HTTPClientIPAddress",                &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("HTTPClientIPCity",                   &[Text("source.geo.city_name")]),
        row("HTTPClientIPCountryISO",             &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        kept("HTTPClientIPNetmask"),
        kept("HTTPClientIPStateISO"),
        kept("HTTPClientIPVersion"),
        row("HTTPClientIPZip",                    &[Text("source.geo.postal_code")]),
        kept("HTTPConnectEndMs"),
        kept("HTTPConnectStartMs"),
        kept("HTTPDomainLookupEndMs"),
        kept("HTTPDomainLookupStartMs"),
        row("HTTPErrorMessage",                   &[Text("error.message")]),
        row("HTTPMethod",                         &[Text("http.request.method")]),
        kept("HTTPRedirectEndMs"),
        kept("HTTPRedirectStartMs"),
        kept("HTTPRequestStartMs"),
        // Body and headers answer a test request, which no user's session is part of: they stay readable.
        row("HTTPResponseBody",                   &[Text("http.response.body.content")]),
        row("HTTPResponseBodyBytes",              &[Integer("http.response.body.bytes")]),
        kept("HTTPResponseEndMs"),
        kept("HTTPResponseHeaderBytes"),
        kept("HTTPResponseHeaders"),
        kept("HTTPResponseStartMs"),
        kept("HTTPSecureConnectionStartMs"),
        row("HTTPServerIPASN",                    &[Positive("destination.as.number")]),
        row("HTTPServerIPASO",                    &[Text("destination.as.organization.name")]),
        row("HTTPServerIPAddress",                &[Ip("destination.ip"), Ip("destination.address"), Ip("related.ip")]),
        row("HTTPServerIPCity",                   &[Text("destination.geo.city_name")]),
        row("HTTPServerIPCountryISO",             &[CountryCode("destination.geo.country_iso_code"), CountryName("destination.geo.country_name")]),
        kept("HTTPServerIPNetmask"),
        kept("HTTPServerIPStateISO"),
        row("HTTPServerIPVersion",                &[When("network.type", IP_VERSIONS), Keep("HTTPServerIPVersion")]),
        row("HTTPServerIPZip",                    &[Text("destination.geo.postal_code")]),
        row("HTTPStatusCode",                     &[Positive("http.response.status_code"), HttpOutcome("event.outcome")]),
        row("HTTPURL",                            &[Url("url"), Hosts("related.hosts")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};

#[rustfmt::skip]
const OUTCOMES: Words = &[
    ("destinationReached", "success"),
    ("lastHopFailed", "failure"),
    ("maxHopsExhausted", "failure"),
    ("*", "unknown"),
];

/// Cloudflare documents no form of it.
#[rustfmt::skip]
const IP_VERSIONS: Words = &[
    ("4", "ipv4"), ("v4", "ipv4"), ("ipv4", "ipv4"),
    ("6", "ipv6"), ("v6", "ipv6"), ("ipv6", "ipv6"),
];
