use crate::mapping::prelude::*;

pub(super) static AUDIT_LOGS_V2: Dataset = Dataset {
    name: "audit_logs_v2",
    about: for_pages(
        "A request by a user, a token or Cloudflare itself to read or change a Cloudflare account.",
    ),
    constants: &[
        // And `authentication` or `iam`, by ActionDescription, ResourceProduct and ResourceType.
        ("event.category", List(&["configuration"])),
        ("event.dataset", Text("audit_logs_v2")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",            &[text("cloud.account.id")]),
        row("AccountName",          &[text("cloud.account.name")]),
        row("ActionDescription",    &[text("event.action"), lookup_if("event.category", LOGIN_CATEGORIES), identity("event.category"), lookup_if("event.type", LOGIN_TYPES)])
            .why("`Add Member`, `SSO_LOGIN`: the action itself; ActionType has only four values."),
        row("ActionResult",         &[lookup("event.outcome", OUTCOMES), keep("ActionResult")]),
        row("ActionTimestamp",      &[timestamp("@timestamp")]),
        row("ActionType",           &[verb("event.type"), text("event.action"), keep("ActionType")]),
        kept("ActorContext"),
        row("ActorEmail",           &[text("user.email"), text("related.user")]),
        row("ActorID",              &[text("user.id"), text("related.user")]),
        row("ActorIPAddress",       &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        kept("ActorTokenDetails")
            .why("Id and name of the token, not the token.")
            .sensitive(),
        kept("ActorType"),
        kept("AuditLogID"),
        row("Raw",                  &[
            inside("method", &text("http.request.method")),
            inside("status_code", &status("http.response.status_code")),
            inside("uri", &uri("url")),
            inside("user_agent", &text("user_agent.original")),
            inside("cf_ray_id", &text("http.request.id")),
            keep("Raw"),
        ])
            .why("Method, URI, status, RayID and user agent of the request."),
        row("ResourceID",           &[text("entity.target.id")])
            .why("What was read or changed."),
        row("ResourceProduct",      &[identity("event.category"), lookup_if("event.type", PRODUCT_TYPES), keep("ResourceProduct")]),
        kept("ResourceRequest")
            .why("These two tell what was changed. Cloudflare takes secrets out before it writes them: https://blog.cloudflare.com/introducing-automatic-audit-logs/")
            .sensitive(),
        kept("ResourceResponse").sensitive(),
        kept("ResourceScope"),
        row("ResourceType",         &[text("entity.target.sub_type"), identity("event.category")]),
        kept("ResourceValue"),
        kept("ZoneID"),
        kept("ZoneName"),
    ],
    ..Dataset::BASE
};

const OUTCOMES: Words = &[
    ("success", "success"),
    ("failure", "failure"),
    ("*", "unknown"),
];

#[rustfmt::skip]
const LOGIN_CATEGORIES: Words = &[
    ("login",     "authentication"),
    ("sso_login", "authentication"),
    ("logout",    "authentication"),
];

#[rustfmt::skip]
const LOGIN_TYPES: Words = &[
    ("login",     "start"),
    ("sso_login", "start"),
    ("logout",    "end"),
];

const PRODUCT_TYPES: Words = &[("members", "user")];
