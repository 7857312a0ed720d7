//! `audit_logs_v2`: a request by a user, a token or Cloudflare itself to read or change a Cloudflare account.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Inside, Ip, Keep, Positive, Text, Timestamp, Uri, When, Words};
use crate::mapping::{Dataset, kept, row};

pub(super) static AUDIT_LOGS_V2: Dataset = Dataset {
    name: "audit_logs_v2",
    constants: &[
        ("ecs.version", One("9.4.0")),
        // And `authentication` or `iam`, by ActionDescription and ResourceProduct.
        ("event.category", List(&["configuration"])),
        ("event.dataset", One("audit-logs-v2")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",            &[Text("cloud.account.id")]),
        row("AccountName",          &[Text("cloud.account.name")]),
        // `Add Member`, `SSO_LOGIN`: the action itself; ActionType has only four values.
        row("ActionDescription",    &[Text("event.action"), When("event.category", LOGIN_CATEGORIES), When("event.type", LOGIN_TYPES)]),
        row("ActionResult",         &[Words("event.outcome", OUTCOMES), Keep("ActionResult")]),
        row("ActionTimestamp",      &[Timestamp("@timestamp")]),
        row("ActionType",           &[Words("event.type", TYPES), Text("event.action"), Keep("ActionType")]),
        kept("ActorContext"),
        row("ActorEmail",           &[Text("user.email"), Text("related.user")]),
        row("ActorID",              &[Text("user.id"), Text("related.user")]),
        row("ActorIPAddress",       &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        // Id and name of the token, not the token.
        kept("ActorTokenDetails"),
        kept("ActorType"),
        kept("AuditLogID"),
        // Method, URI, status, RayID and user agent of the request.
        row("Raw",                  &[
            Inside("method", &Text("http.request.method")),
            Inside("status_code", &Positive("http.response.status_code")),
            Inside("uri", &Uri("url")),
            Inside("user_agent", &Text("user_agent.original")),
            Inside("cf_ray_id", &Text("http.request.id")),
            Keep("Raw"),
        ]),
        // What was read or changed.
        row("ResourceID",           &[Text("entity.target.id")]),
        row("ResourceProduct",      &[When("event.category", PRODUCT_CATEGORIES), When("event.type", PRODUCT_TYPES), Keep("ResourceProduct")]),
        // These two tell what was changed. Cloudflare takes secrets out before it writes them:
        // https://blog.cloudflare.com/introducing-automatic-audit-logs/
        kept("ResourceRequest"),
        kept("ResourceResponse"),
        kept("ResourceScope"),
        row("ResourceType",         &[Text("entity.target.sub_type")]),
        kept("ResourceValue"),
        kept("ZoneID"),
        kept("ZoneName"),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};

const OUTCOMES: crate::mapping::Words = &[
    ("success", "success"),
    ("failure", "failure"),
    ("*", "unknown"),
];

/// The values that the filter `action_type` of Cloudflare's API knows.
#[rustfmt::skip]
const TYPES: crate::mapping::Words = &[
    ("create", "creation"),
    ("delete", "deletion"),
    ("update", "change"),
    ("view",   "access"),
    ("*",      "info"),
];

#[rustfmt::skip]
const LOGIN_CATEGORIES: crate::mapping::Words = &[
    ("login",     "authentication"),
    ("sso_login", "authentication"),
    ("logout",    "authentication"),
];

#[rustfmt::skip]
const LOGIN_TYPES: crate::mapping::Words = &[
    ("login",     "start"),
    ("sso_login", "start"),
    ("logout",    "end"),
];

const PRODUCT_CATEGORIES: crate::mapping::Words = &[("members", "iam")];

const PRODUCT_TYPES: crate::mapping::Words = &[("members", "user")];
