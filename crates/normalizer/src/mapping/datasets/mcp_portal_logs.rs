//! `mcp_portal_logs`: a request of an AI client to an MCP server behind a Cloudflare MCP portal.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    CountryCode, CountryName, Hosts, Ip, Keep, Text, Timestamp, Url, When, Words,
};
use crate::mapping::words::SUCCEEDED;
use crate::mapping::{Dataset, kept, row};

pub(super) static MCP_PORTAL_LOGS: Dataset = Dataset {
    name: "mcp_portal_logs",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.category", List(&["api"])),
        ("event.dataset", One("mcp-portal-logs")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["access"])),
        ("observer.type", One("proxy")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("ClientCountry",            &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        row("ClientIP",                 &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        kept("ColoCode"),
        row("Datetime",                 &[Timestamp("@timestamp")]),
        row("Error",                    &[Text("error.message")]),
        // The method of JSON-RPC, no method of HTTP.
        row("Method",                   &[Text("event.action"), When("gen_ai.operation.name", &[("tools/call", "execute_tool")])]),
        kept("PortalAUD"),
        kept("PortalID"),
        kept("PromptGetName"),
        // Names a resource of the server, often no address on the network: not url.*.
        kept("ResourceReadURI"),
        kept("ServerAUD"),
        kept("ServerID"),
        // Only a part of the time the request took: no event.duration.
        kept("ServerResponseDurationMs"),
        row("ServerURL",                &[Url("url"), Hosts("related.hosts")]),
        kept("SessionID"),
        row("Success",                  &[Words("event.outcome", SUCCEEDED), Keep("Success")]),
        row("ToolCallName",             &[Text("gen_ai.tool.name")]),
        row("UserEmail",                &[Text("user.email"), Text("related.user")]),
        row("UserID",                   &[Text("user.id"), Text("related.user")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
