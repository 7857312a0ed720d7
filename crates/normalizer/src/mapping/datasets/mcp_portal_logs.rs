use crate::mapping::prelude::*;

pub(super) static MCP_PORTAL_LOGS: Dataset = Dataset {
    name: "mcp_portal_logs",
    about: for_pages("A request of an AI client to an MCP server behind a Cloudflare MCP portal."),
    constants: &[
        ("event.category", List(&["api"])),
        ("event.dataset", Text("mcp_portal_logs")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["access"])),
        ("observer.type", Text("proxy")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("ClientCountry",            &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name")]),
        row("ClientIP",                 &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        kept("ColoCode"),
        row("Datetime",                 &[timestamp("@timestamp")]),
        row("Error",                    &[text("error.message")]),
        row("Method",                   &[text("event.action"), lookup_if("gen_ai.operation.name", &[("tools/call", "execute_tool")])])
            .why("The method of JSON-RPC, no method of HTTP."),
        kept("PortalAUD"),
        kept("PortalID"),
        kept("PromptGetName"),
        kept("ResourceReadURI")
            .why("Names a resource of the server, often no address on the network: not url.*."),
        kept("ServerAUD"),
        kept("ServerID"),
        kept("ServerResponseDurationMs")
            .why("Only a part of the time the request took: no event.duration."),
        row("ServerURL",                &[url("url")]),
        kept("SessionID"),
        row("Success",                  &[lookup("event.outcome", SUCCEEDED), keep("Success")]),
        row("ToolCallName",             &[text("gen_ai.tool.name")]),
        row("UserEmail",                &[text("user.email"), text("related.user")]),
        row("UserID",                   &[text("user.id"), text("related.user")]),
    ],
    ..Dataset::BASE
};
