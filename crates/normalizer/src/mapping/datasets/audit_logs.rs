//! `audit_logs`: what somebody did to the configuration of a Cloudflare account (first version).

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Ip, Keep, Text, Timestamp, When, Words};
use crate::mapping::words::SUCCEEDED;
use crate::mapping::{Dataset, Native, NativeTime, kept, row};

pub(super) static AUDIT_LOGS: Dataset = Dataset {
    name: "audit_logs",
    constants: &[
        ("ecs.version", One("9.4.0")),
        // SEKOIA.IO's parser says `network` and Elastic's `authentication` of every record.
        ("event.category", List(&["configuration"])),
        // With an underscore, as SEKOIA.IO's parser and rules have it.
        ("event.dataset", One("audit_logs")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        // Missing is no failure: nothing is said then.
        row("ActionResult",     &[Words("event.outcome", SUCCEEDED), Keep("ActionResult")]),
        row("ActionType",       &[Text("event.action"), When("event.category", CATEGORIES), When("event.type", TYPES)]),
        row("ActorEmail",       &[Text("user.email"), Text("related.user")]),
        row("ActorID",          &[Text("user.id"), Text("related.user")]),
        row("ActorIP",          &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        kept("ActorType"),
        kept("ID"),
        row("Interface",        &[Text("event.provider")]),
        // These three tell what was changed: without them an analyst has only the name of the action.
        kept("Metadata"),
        kept("NewValue"),
        kept("OldValue"),
        // Cloudflare's text speaks of a user, but real records have the account's id here: as SEKOIA.IO.
        row("OwnerID",          &[Text("cloud.account.id")]),
        // What was changed: a zone's setting, a DNS record, a member, a token.
        row("ResourceID",       &[Text("entity.target.id"), Keep("ResourceID")]),
        row("ResourceType",     &[Text("entity.target.sub_type"), Keep("ResourceType")]),
        row("When",             &[Timestamp("@timestamp")]),
    ],
    renamed: &[],
    joined: &[],
    native: Some(Native {
        times: &[("When", NativeTime::Rfc3339)],
        aliases: &[],
        joined_alias: None,
        drop_empty: &[],
        drop_dot: &[],
        paths: &[],
    }),
};

#[rustfmt::skip]
const CATEGORIES: crate::mapping::Words = &[
    ("login",  "authentication"),
    ("logout", "authentication"),
];

/// Cloudflare has no list of its action types: these are the known ones. Add yours.
#[rustfmt::skip]
const TYPES: crate::mapping::Words = &[
    ("login",          "start"),
    ("logout",         "end"),
    ("add",            "creation"),
    ("create",         "creation"),
    ("gateway_create", "creation"),
    ("rec_add",        "creation"),
    ("token_create",   "creation"),
    ("change_setting", "change"),
    ("disable",        "change"),
    ("enable",         "change"),
    ("gateway_update", "change"),
    ("rec_set",        "change"),
    ("set",            "change"),
    ("token_roll",     "change"),
    ("update",         "change"),
    ("delete",         "deletion"),
    ("gateway_delete", "deletion"),
    ("rec_del",        "deletion"),
    ("remove",         "deletion"),
    ("token_revoke",   "deletion"),
];
