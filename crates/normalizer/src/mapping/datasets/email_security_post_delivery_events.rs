//! `email_security_post_delivery_events`: what was done to a message after its delivery: moved, submitted, released.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{First, Hosts, Keep, Since, Text, Texts, Timestamp, Words};
use crate::mapping::words::SUCCEEDED;
use crate::mapping::{Dataset, kept, row};

pub(super) static EMAIL_SECURITY_POST_DELIVERY_EVENTS: Dataset = Dataset {
    name: "email_security_post_delivery_events",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.category", List(&["email"])),
        ("event.dataset", One("email-security-post-delivery-events")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["info"])),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("AlertID"),
        row("CompletedAt",          &[Timestamp("@timestamp"), Timestamp("event.end"), Since("event.duration", "RequestedAt")]),
        kept("Destination"),
        kept("FinalDisposition"),
        kept("Folder"),
        row("From",                 &[Text("email.from.address"), Text("related.user"), Hosts("related.hosts")]),
        kept("FromName"),
        row("MessageID",            &[Text("email.message_id")]),
        row("MessageTimestamp",     &[Timestamp("email.origination_timestamp")]),
        row("MicrosoftTenantID",    &[Text("organization.id")]),
        row("Operation",            &[Text("event.action")]),
        row("PostfixID",            &[Text("email.local_id")]),
        // All of them say why; event.reason holds one.
        row("Reasons",              &[First("event.reason"), Keep("Reasons")]),
        // Whose mailbox it was done to.
        row("Recipient",            &[Text("user.target.email"), Text("related.user"), Hosts("related.hosts")]),
        row("RequestedAt",          &[Timestamp("event.start")]),
        // Who asked for it.
        row("RequestedBy",          &[Text("user.email"), Text("related.user")]),
        kept("RequestedDisposition"),
        kept("Status"),
        row("Subject",              &[Text("email.subject")]),
        row("Success",              &[Words("event.outcome", SUCCEEDED), Keep("Success")]),
        row("To",                   &[Texts("email.to.address"), Texts("related.user"), Hosts("related.hosts")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
