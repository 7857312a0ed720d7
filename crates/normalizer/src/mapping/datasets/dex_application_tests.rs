use crate::mapping::prelude::*;

pub(super) static DEX_APPLICATION_TESTS: Dataset = Dataset {
    name: "dex_application_tests",
    about: for_pages("The result of an HTTP or traceroute test that a device's WARP client ran."),
    constants: &[
        ("agent.type", Text("warp")),
        ("event.kind", Text("metric")),
        ("event.category", List(&["network"])),
        ("event.dataset", Text("dex_application_tests")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["info"])),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[text("cloud.account.id")]),
        row("ClientPlatform",                     &[text("host.os.platform"), lookup_if("host.os.type", OS_TYPES)]),
        row("ClientVersion",                      &[text("agent.version")]),
        kept("ColoCode"),
        row("DeviceID",                           &[text("device.id"), text("host.id")]),
        kept("DeviceRegistrationID"),
        kept("ExecutionContext"),
        kept("TestID"),
        row("TestType",                           &[text("event.action"), lookup_if("network.protocol", &[("http", "http")])]),
        row("Timestamp",                          &[timestamp("@timestamp"), timestamp("event.start")]),
        kept("TunnelType"),
        row("UserEmail",                          &[text("user.email"), text("related.user")]),
        row("UserID",                             &[text("user.id"), text("related.user")]),

        row("TracerouteStatus",                   &[lookup("event.outcome", OUTCOMES), keep("TracerouteStatus")])
            .theme("Traceroute tests. They come before the HTTP tests, whose outcome reads a number that may be 0 here."),
        row("TracerouteDestinationHostname",      &[text("destination.address"), domain("destination.domain"), host("related.hosts")]),
        row("TracerouteDestinationIPASN",         &[as_number("destination.as.number")]),
        row("TracerouteDestinationIPASO",         &[text("destination.as.organization.name")]),
        row("TracerouteDestinationIPAddress",     &[ip("destination.ip"), ip("destination.address"), ip("related.ip")]),
        row("TracerouteDestinationIPCity",        &[text("destination.geo.city_name")]),
        row("TracerouteDestinationIPCountryISO",  &[country_code("destination.geo.country_iso_code"), country_name("destination.geo.country_name")]),
        kept("TracerouteDestinationIPNetmask"),
        row("TracerouteDestinationIPStateISO",    &[region("destination.geo.region_iso_code", "TracerouteDestinationIPCountryISO"), keep("TracerouteDestinationIPStateISO")]),
        row("TracerouteDestinationIPVersion",     &[lookup_if("network.type", IP_VERSIONS), keep("TracerouteDestinationIPVersion")]),
        row("TracerouteDestinationIPZip",         &[text("destination.geo.postal_code")]),
        kept("TracerouteDurationMs"),
        kept("TracerouteHops"),
        kept("TracerouteMaxTTL"),
        row("TracerouteProtocol",                 &[lookup("network.transport", TRANSPORTS), keep("TracerouteProtocol")]),
        kept("TracerouteSize"),
        row("TracerouteSourceIPASN",              &[as_number("source.as.number")]),
        row("TracerouteSourceIPASO",              &[text("source.as.organization.name")]),
        row("TracerouteSourceIPAddress",          &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("TracerouteSourceIPCity",             &[text("source.geo.city_name")]),
        row("TracerouteSourceIPCountryISO",       &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name")]),
        kept("TracerouteSourceIPNetmask"),
        row("TracerouteSourceIPStateISO",         &[region("source.geo.region_iso_code", "TracerouteSourceIPCountryISO"), keep("TracerouteSourceIPStateISO")]),
        kept("TracerouteSourceIPVersion"),
        row("TracerouteSourceIPZip",              &[text("source.geo.postal_code")]),
        row("TracerouteTimeEnd",                  &[timestamp("event.end"), since("event.duration", "Timestamp")]),
        kept("TracerouteVersion"),

        row("HTTPClientIPASN",                    &[as_number("source.as.number")])
            .theme("HTTP tests."),
        row("HTTPClientIPASO",                    &[text("source.as.organization.name")]),
        row("HTTPClientIPAddress",                &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("HTTPClientIPCity",                   &[text("source.geo.city_name")]),
        row("HTTPClientIPCountryISO",             &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name")]),
        kept("HTTPClientIPNetmask"),
        row("HTTPClientIPStateISO",               &[region("source.geo.region_iso_code", "HTTPClientIPCountryISO"), keep("HTTPClientIPStateISO")]),
        kept("HTTPClientIPVersion"),
        row("HTTPClientIPZip",                    &[text("source.geo.postal_code")]),
        kept("HTTPConnectEndMs"),
        kept("HTTPConnectStartMs"),
        kept("HTTPDomainLookupEndMs"),
        kept("HTTPDomainLookupStartMs"),
        row("HTTPErrorMessage",                   &[text("error.message")]),
        row("HTTPMethod",                         &[text("http.request.method")]),
        kept("HTTPRedirectEndMs"),
        kept("HTTPRedirectStartMs"),
        kept("HTTPRequestStartMs"),
        row("HTTPResponseBody",                   &[text("http.response.body.content")])
            .why("Body and headers answer a test request, which no user's session is part of: they stay readable.")
            .sensitive(),
        row("HTTPResponseBodyBytes",              &[count("http.response.body.bytes")]),
        kept("HTTPResponseEndMs"),
        kept("HTTPResponseHeaderBytes"),
        kept("HTTPResponseHeaders").sensitive(),
        kept("HTTPResponseStartMs"),
        kept("HTTPSecureConnectionStartMs"),
        row("HTTPServerIPASN",                    &[as_number("destination.as.number")]),
        row("HTTPServerIPASO",                    &[text("destination.as.organization.name")]),
        row("HTTPServerIPAddress",                &[ip("destination.ip"), ip("destination.address"), ip("related.ip")]),
        row("HTTPServerIPCity",                   &[text("destination.geo.city_name")]),
        row("HTTPServerIPCountryISO",             &[country_code("destination.geo.country_iso_code"), country_name("destination.geo.country_name")]),
        kept("HTTPServerIPNetmask"),
        row("HTTPServerIPStateISO",               &[region("destination.geo.region_iso_code", "HTTPServerIPCountryISO"), keep("HTTPServerIPStateISO")]),
        row("HTTPServerIPVersion",                &[lookup_if("network.type", IP_VERSIONS), keep("HTTPServerIPVersion")]),
        row("HTTPServerIPZip",                    &[text("destination.geo.postal_code")]),
        row("HTTPStatusCode",                     &[status("http.response.status_code"), http_outcome("event.outcome")]),
        row("HTTPURL",                            &[url("url")]),
    ],
    ..Dataset::BASE
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
