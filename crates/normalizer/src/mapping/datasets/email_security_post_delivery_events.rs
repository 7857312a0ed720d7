use crate::mapping::prelude::*;

pub(super) static EMAIL_SECURITY_POST_DELIVERY_EVENTS: Dataset = Dataset {
    name: "email_security_post_delivery_events",
    about: for_pages("What was done to a message after its delivery: moved, submitted, released."),
    constants: &[
        ("event.category", List(&["email"])),
        ("event.dataset", Text("email_security_post_delivery_events")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["info"])),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("AlertID"),
        row("CompletedAt",          &[timestamp("@timestamp"), timestamp("event.end"), since("event.duration", "RequestedAt")]),
        kept("Destination"),
        kept("FinalDisposition"),
        kept("Folder"),
        row("From",                 &[text("email.from.address"), text("related.user"), hosts("related.hosts")]),
        kept("FromName"),
        row("MessageID",            &[text("email.message_id")]),
        row("MessageTimestamp",     &[timestamp("email.origination_timestamp")]),
        row("MicrosoftTenantID",    &[text("organization.id")]),
        row("Operation",            &[text("event.action")]),
        row("PostfixID",            &[text("email.local_id")]),
        row("Reasons",              &[first("event.reason"), keep("Reasons")])
            .why("All of them say why; event.reason holds one."),
        row("Recipient",            &[text("user.target.email"), text("related.user"), hosts("related.hosts")])
            .why("Whose mailbox it was done to."),
        row("RequestedAt",          &[timestamp("event.start")]),
        row("RequestedBy",          &[text("user.email"), text("related.user")])
            .why("Who asked for it."),
        kept("RequestedDisposition"),
        kept("Status"),
        row("Subject",              &[text("email.subject")]),
        row("Success",              &[lookup("event.outcome", SUCCEEDED), keep("Success")]),
        row("To",                   &[texts("email.to.address"), texts("related.user"), hosts("related.hosts")]),
    ],
    ..Dataset::BASE
};
