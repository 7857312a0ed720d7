//! `gateway_http`: an HTTP request of a user or a device that went through Cloudflare Gateway.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    CountryCode, CountryName, Domain, Host, Hosts, HttpOutcome, HttpProtocol, HttpVersion, Integer,
    Ip, Positive, Text, Timestamp, Url, When, Words,
};
use crate::mapping::{Dataset, Native, NativeTime, kept, row};

use crate::mapping::words::GATEWAY_ACTIONS;

pub(super) static GATEWAY_HTTP: Dataset = Dataset {
    name: "gateway_http",
    constants: &[
        ("ecs.version", One("9.4.0")),
        // `web` has `access`, but no `allowed` and `denied`: those belong to `network`.
        ("event.category", List(&["network", "web"])),
        ("event.dataset", One("gateway_http")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["access"])),
        ("network.protocol", One("http")),
        ("observer.type", One("proxy")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[Text("cloud.account.id")]),
        row("Action",                             &[Text("event.action"), Words("event.type", GATEWAY_ACTIONS)]),
        kept("AddedHeaders"),
        kept("AppControlInfo"),
        kept("ApplicationIDs"),
        kept("ApplicationNames"),
        kept("ApplicationStatuses"),
        // SHA-256: SEKOIA.IO's parser reads it so.
        row("BlockedFileHash",                    &[Text("file.hash.sha256"), Text("related.hash")]),
        row("BlockedFileName",                    &[Text("file.name")]),
        // `unknown` where no file was blocked.
        kept("BlockedFileReason"),
        // 0 where no file was blocked.
        row("BlockedFileSize",                    &[Positive("file.size")]),
        // Such as `exe`; ECS' file.type is file, directory or link.
        row("BlockedFileType",                    &[Text("file.extension")]),
        kept("CategoryIDs"),
        kept("CategoryNames"),
        row("Datetime",                           &[Timestamp("@timestamp")]),
        kept("DeletedHeaders"),
        row("DestinationIP",                      &[Ip("destination.ip"), Ip("related.ip")]),
        row("DestinationIPContinentCode",         &[Text("destination.geo.continent_code")]),
        row("DestinationIPCountryCode",           &[CountryCode("destination.geo.country_iso_code"), CountryName("destination.geo.country_name")]),
        row("DestinationPort",                    &[Integer("destination.port")]),
        row("DeviceID",                           &[Text("device.id"), Text("host.id")]),
        row("DeviceName",                         &[Text("host.hostname"), Text("host.name"), Text("related.hosts")]),
        // Names of profiles and entries, not the data that matched.
        kept("DownloadMatchedDlpProfileEntries"),
        kept("DownloadMatchedDlpProfiles"),
        // May be `<unknown file name>`.
        kept("DownloadedFileNames"),
        row("Email",                              &[Text("user.email"), Text("related.user")]),
        kept("ExperimentalFeatures"),
        kept("FileInfo"),
        kept("ForensicCopyStatus"),
        // Before HTTPHost, which has no more than the host.
        row("URL",                                &[Url("url"), Hosts("related.hosts")]),
        row("HTTPHost",                           &[Text("destination.address"), Domain("destination.domain"), Domain("url.domain"), Host("related.hosts")]),
        row("HTTPMethod",                         &[Text("http.request.method")]),
        // 0: nothing was returned, for example because the client had gone.
        row("HTTPStatusCode",                     &[Positive("http.response.status_code"), When("event.outcome", &[("0", "unknown")]), HttpOutcome("event.outcome")]),
        row("HTTPVersion",                        &[HttpVersion("http.version"), HttpProtocol("network.protocol")]),
        kept("IsIsolated"),
        kept("PackageInfo"),
        row("PolicyID",                           &[Text("rule.id")]),
        row("PolicyName",                         &[Text("rule.name")]),
        kept("PrivateAppAUD"),
        kept("ProxyEndpoint"),
        kept("Quarantined"),
        kept("RedirectTargetURI"),
        row("Referer",                            &[Text("http.request.referrer")]),
        kept("RegistrationID"),
        row("RequestID",                          &[Text("http.request.id")]),
        kept("SessionID"),
        kept("SetHeaders"),
        row("SourceIP",                           &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("SourceIPContinentCode",              &[Text("source.geo.continent_code")]),
        row("SourceIPCountryCode",                &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        // The device's own address, behind SourceIP.
        row("SourceInternalIP",                   &[Ip("host.ip"), Ip("related.ip")]),
        row("SourcePort",                         &[Integer("source.port")]),
        kept("TenantID"),
        kept("UntrustedCertificateAction"),
        kept("UploadMatchedDlpProfileEntries"),
        kept("UploadMatchedDlpProfiles"),
        kept("UploadedFileNames"),
        row("UserAgent",                          &[Text("user_agent.original")]),
        row("UserID",                             &[Text("user.id"), Text("related.user")]),
        // Not a VLAN: no network.vlan.
        kept("VirtualNetworkID"),
        row("VirtualNetworkName",                 &[Text("network.name")]),
        kept("Warnings"),
    ],
    renamed: &[],
    joined: &[],
    native: Some(Native {
        // Its parser takes `Datetime` as it stands, and expects RFC 3339.
        times: &[("Datetime", NativeTime::Rfc3339)],
        aliases: &[("InternalSourceIP", "SourceInternalIP")],
        joined_alias: None,
        drop_empty: &[],
        drop_dot: &[],
        paths: &[],
    }),
};
