use crate::mapping::prelude::*;

pub(super) static EMAIL_SECURITY_ALERTS: Dataset = Dataset {
    name: "email_security_alerts",
    about: for_pages(
        "A message that Cloudflare Email Security found malicious, suspicious, spoofed, spam or bulk.",
    ),
    constants: &[
        ("event.action", Text("email-security-alert")),
        ("event.category", List(&["email"])),
        ("event.dataset", Text("email_security_alerts")),
        // But for a message that got no disposition.
        ("event.kind", Text("alert")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["info"])),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("AlertID"),
        row("AlertReasons",             &[first("event.reason"), keep("AlertReasons")])
            .why("All of them say why; event.reason holds one."),
        row("Attachments",              &[attachments("email.attachments"), keep("Attachments")]),
        row("BCC",                      &[texts("email.bcc.address"), texts("related.user"), hosts("related.hosts")]),
        row("CC",                       &[texts("email.cc.address"), texts("related.user"), hosts("related.hosts")]),
        kept("CCName")
            .why("Names are free text of the sender, often somebody else's: not in related.user."),
        kept("DKIMResult"),
        kept("DMARCPolicy"),
        kept("DMARCResult"),
        row("FinalDisposition",         &[lookup_if("event.kind", &[("unset", "event")]), keep("FinalDisposition")]),
        row("From",                     &[text("email.from.address"), text("related.user"), hosts("related.hosts")]),
        kept("FromName"),
        row("Links",                    &[hosts("related.hosts"), keep("Links")])
            .why("Of links and addresses the domains are what a rule looks for."),
        kept("MessageDeliveryMode"),
        row("MessageID",                &[text("email.message_id")]),
        row("Origin",                   &[lookup("email.direction", DIRECTIONS), keep("Origin")]),
        row("OriginalSender",           &[text("email.sender.address"), text("related.user"), hosts("related.hosts")]),
        row("ReplyTo",                  &[text("email.reply_to.address"), text("related.user"), hosts("related.hosts")]),
        kept("ReplyToName"),
        row("SMTPEnvelopeFrom",         &[text("related.user"), hosts("related.hosts"), keep("SMTPEnvelopeFrom")])
            .why("Always kept: a rule may compare it with email.from.address."),
        row("SMTPEnvelopeTo",           &[texts("related.user"), hosts("related.hosts"), keep("SMTPEnvelopeTo")]),
        row("SMTPHeloServerIP",         &[ip("source.ip"), ip("source.address"), ip("related.ip")])
            .why("The server that said HELO is the one that sent the message: the source."),
        row("SMTPHeloServerIPAsName",   &[text("source.as.organization.name")]),
        row("SMTPHeloServerIPAsNumber", &[as_number("source.as.number")]),
        row("SMTPHeloServerIPGeo",      &[place("source.geo"), keep("SMTPHeloServerIPGeo")]),
        row("SMTPHeloServerName",       &[domain("source.domain"), host("related.hosts"), keep("SMTPHeloServerName")]),
        kept("SPFResult"),
        row("Subject",                  &[text("email.subject")]),
        kept("ThreatCategories"),
        row("Timestamp",                &[timestamp("@timestamp")]),
        row("To",                       &[texts("email.to.address"), texts("related.user"), hosts("related.hosts")]),
        kept("ToName"),
    ],
    ..Dataset::BASE
};

/// By the domains of sender and recipient, as ECS wants it.
#[rustfmt::skip]
const DIRECTIONS: Words = &[
    ("external",            "inbound"),
    ("outbound",            "outbound"),
    ("internal",            "internal"),
    ("secondPartyInternal", "internal"),
    ("thirdPartyInternal",  "internal"),
    ("unset",               ""),
];
