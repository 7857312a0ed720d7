use crate::mapping::prelude::*;

pub(super) static AUDIT_LOGS: Dataset = Dataset {
    name: "audit_logs",
    about: for_pages(
        "What somebody did to the configuration of a Cloudflare account (first version).",
    ),
    constants: &[
        // SEKOIA.IO's parser says `network` and Elastic's `authentication` of every record.
        ("event.category", List(&["configuration"])),
        ("event.dataset", Text("audit_logs")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("ActionResult",     &[lookup("event.outcome", SUCCEEDED), keep("ActionResult")])
            .why("Missing is no failure: nothing is said then."),
        row("ActionType",       &[text("event.action"), lookup_if("event.category", CATEGORIES), identity("event.category"), verb("event.type")]),
        row("ActorEmail",       &[text("user.email"), text("related.user")]),
        row("ActorID",          &[text("user.id"), text("related.user")]),
        row("ActorIP",          &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        kept("ActorType"),
        kept("ID"),
        row("Interface",        &[text("event.provider")]),
        kept("Metadata")
            .why("These three tell what was changed: without them an analyst has only the name of the action.")
            .sensitive(),
        kept("NewValue").sensitive(),
        kept("OldValue").sensitive(),
        row("OwnerID",          &[text("cloud.account.id")])
            .why("Cloudflare's text speaks of a user, but real records have the account's id here: as SEKOIA.IO."),
        row("ResourceID",       &[text("entity.target.id"), keep("ResourceID")])
            .why("What was changed: a zone's setting, a DNS record, a member, a token."),
        row("ResourceType",     &[text("entity.target.sub_type"), identity("event.category"), keep("ResourceType")]),
        row("When",             &[timestamp("@timestamp")]),
    ],
    native: Some(Native {
        times: &[("When", NativeTime::Rfc3339)],
        aliases: &[],
        joined_alias: None,
        drop_empty: &[],
        drop_dot: &[],
        paths: &[],
    }),
    ..Dataset::BASE
};

#[rustfmt::skip]
const CATEGORIES: Words = &[
    ("login",  "authentication"),
    ("logout", "authentication"),
];
