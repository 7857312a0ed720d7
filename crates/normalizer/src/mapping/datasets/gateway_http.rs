use crate::mapping::prelude::*;

pub(super) static GATEWAY_HTTP: Dataset = Dataset {
    name: "gateway_http",
    about: for_pages("An HTTP request of a user or a device that went through Cloudflare Gateway."),
    constants: &[
        // `web` has `access`, but no `allowed` and `denied`: those belong to `network`.
        ("event.category", List(&["network", "web"])),
        ("event.dataset", Text("gateway_http")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["access"])),
        ("network.protocol", Text("http")),
        ("observer.type", Text("proxy")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[text("cloud.account.id")]),
        row("Action",                             &[text("event.action"), lookup("event.type", GATEWAY_ACTIONS)]),
        kept("AddedHeaders"),
        kept("AppControlInfo"),
        kept("ApplicationIDs"),
        kept("ApplicationNames"),
        kept("ApplicationStatuses"),
        row("BlockedFileHash",                    &[hash("file.hash")])
            .why("Told by its length; SEKOIA.IO's parser reads every hash as SHA-256."),
        row("BlockedFileName",                    &[text("file.name")]),
        row("BlockedFileReason",                  &[known("event.reason"), keep("BlockedFileReason")])
            .why("`unknown` where no file was blocked."),
        row("BlockedFileSize",                    &[positive("file.size")])
            .why("0 where no file was blocked."),
        row("BlockedFileType",                    &[text("file.extension")])
            .why("Such as `exe`; ECS' file.type is file, directory or link."),
        kept("CategoryIDs"),
        kept("CategoryNames"),
        row("Datetime",                           &[timestamp("@timestamp")]),
        kept("DeletedHeaders"),
        row("DestinationIP",                      &[ip("destination.ip"), otherwise_ip("destination.address"), ip("related.ip")]),
        row("DestinationIPContinentCode",         &[text("destination.geo.continent_code")]),
        row("DestinationIPCountryCode",           &[country_code("destination.geo.country_iso_code"), country_name("destination.geo.country_name")]),
        row("DestinationPort",                    &[port_number("destination.port")]),
        row("DeviceID",                           &[text("device.id"), text("host.id")]),
        row("DeviceName",                         &[text("host.hostname"), text("host.name"), name("related.hosts")]),
        kept("DownloadMatchedDlpProfileEntries")
            .why("Names of profiles and entries, not the data that matched.")
            .sensitive(),
        kept("DownloadMatchedDlpProfiles"),
        row("FileInfo",                           &[
            inside("files.only.name", &known("file.name")),
            inside("files.only.size", &positive("file.size")),
            inside("files.only.type", &text("file.extension")),
            inside("files.only.content_type", &text("file.mime_type")),
            inside("files.only.hash", &hash("file.hash")),
            keep("FileInfo"),
        ])
            .why("Of a request with one file, which is the event's; of several, none is. Before the lists of names, which have no more than the name."),
        row("DownloadedFileNames",                &[inside("only", &known("file.name")), keep("DownloadedFileNames")])
            .why("The name of the only file; it may be `<unknown file name>`."),
        row("Email",                              &[text("user.email"), text("related.user")]),
        kept("ExperimentalFeatures"),
        kept("ForensicCopyStatus"),
        row("URL",                                &[url("url")])
            .why("Before HTTPHost, which has no more than the host."),
        row("HTTPHost",                           &[text("destination.address"), domain("destination.domain"), authority("url"), host("related.hosts")]),
        row("HTTPMethod",                         &[text("http.request.method")]),
        row("HTTPStatusCode",                     &[status("http.response.status_code"), lookup_if("event.outcome", &[("0", "unknown")]), http_outcome("event.outcome")])
            .why("0: nothing was returned, for example because the client had gone."),
        row("HTTPVersion",                        &[http_version("http.version"), http_protocol("network.protocol")]),
        kept("IsIsolated"),
        kept("PackageInfo"),
        row("PolicyID",                           &[text("rule.id")]),
        row("PolicyName",                         &[text("rule.name")]),
        kept("PrivateAppAUD"),
        kept("ProxyEndpoint"),
        kept("Quarantined"),
        kept("RedirectTargetURI"),
        row("Referer",                            &[text("http.request.referrer")]),
        kept("RegistrationID"),
        row("RequestID",                          &[text("http.request.id")]),
        kept("SessionID"),
        kept("SetHeaders"),
        row("SourceIP",                           &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("SourceIPContinentCode",              &[text("source.geo.continent_code")]),
        row("SourceIPCountryCode",                &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name")]),
        row("SourceInternalIP",                   &[ip("host.ip"), ip("related.ip")])
            .why("The device's own address, behind SourceIP."),
        row("SourcePort",                         &[port_number("source.port")]),
        kept("TenantID"),
        kept("UntrustedCertificateAction"),
        kept("UploadMatchedDlpProfileEntries").sensitive(),
        kept("UploadMatchedDlpProfiles"),
        row("UploadedFileNames",                  &[inside("only", &known("file.name")), keep("UploadedFileNames")]),
        row("UserAgent",                          &[text("user_agent.original")]),
        row("UserID",                             &[text("user.id"), text("related.user")]),
        kept("VirtualNetworkID")
            .why("Not a VLAN: no network.vlan."),
        row("VirtualNetworkName",                 &[text("network.name")]),
        kept("Warnings"),
    ],
    native: Some(Native {
        // Its parser takes `Datetime` as it stands, and expects RFC 3339.
        times: &[("Datetime", NativeTime::Rfc3339)],
        aliases: &[("InternalSourceIP", "SourceInternalIP")],
        joined_alias: None,
        drop_empty: &[],
        drop_dot: &[],
        paths: &[],
    }),
    ..Dataset::BASE
};
