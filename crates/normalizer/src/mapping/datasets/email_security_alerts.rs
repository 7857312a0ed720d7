//! `email_security_alerts`: a message that Cloudflare Email Security found malicious, suspicious, spoofed, spam or bulk.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    Attachments, Domain, First, Host, Hosts, Ip, Keep, Positive, Text, Texts, Timestamp, When,
    Words,
};
use crate::mapping::{Dataset, kept, row};

pub(super) static EMAIL_SECURITY_ALERTS: Dataset = Dataset {
    name: "email_security_alerts",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.action", One("email-security-alert")),
        ("event.category", List(&["email"])),
        ("event.dataset", One("email-security-alerts")),
        // But for a message that got no disposition.
        ("event.kind", One("alert")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["info"])),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("AlertID"),
        // All of them say why; event.reason holds one.
        row("AlertReasons",             &[First("event.reason"), Keep("AlertReasons")]),
        row("Attachments",              &[Attachments("email.attachments"), Keep("Attachments")]),
        row("BCC",                      &[Texts("email.bcc.address"), Texts("related.user"), Hosts("related.hosts")]),
        row("CC",                       &[Texts("email.cc.address"), Texts("related.user"), Hosts("related.hosts")]),
        // Names are free text of the sender, often somebody else's: not in related.user.
        kept("CCName"),
        kept("DKIMResult"),
        kept("DMARCPolicy"),
        kept("DMARCResult"),
        row("FinalDisposition",         &[When("event.kind", &[("unset", "event")]), Keep("FinalDisposition")]),
        row("From",                     &[Text("email.from.address"), Text("related.user"), Hosts("related.hosts")]),
        kept("FromName"),
        // Of links and addresses the domains are what a rule looks for.
        row("Links",                    &[Hosts("related.hosts"), Keep("Links")]),
        kept("MessageDeliveryMode"),
        row("MessageID",                &[Text("email.message_id")]),
        row("Origin",                   &[Words("email.direction", DIRECTIONS), Keep("Origin")]),
        row("OriginalSender",           &[Text("email.sender.address"), Text("related.user"), Hosts("related.hosts")]),
        row("ReplyTo",                  &[Text("email.reply_to.address"), Text("related.user"), Hosts("related.hosts")]),
        kept("ReplyToName"),
        // Always kept: a rule may compare it with email.from.address.
        row("SMTPEnvelopeFrom",         &[Text("related.user"), Hosts("related.hosts"), Keep("SMTPEnvelopeFrom")]),
        row("SMTPEnvelopeTo",           &[Texts("related.user"), Hosts("related.hosts"), Keep("SMTPEnvelopeTo")]),
        // The server that said HELO is the one that sent the message: the source.
        row("SMTPHeloServerIP",         &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("SMTPHeloServerIPAsName",   &[Text("source.as.organization.name")]),
        row("SMTPHeloServerIPAsNumber", &[Positive("source.as.number")]),
        kept("SMTPHeloServerIPGeo"),
        row("SMTPHeloServerName",       &[Domain("source.domain"), Host("related.hosts"), Keep("SMTPHeloServerName")]),
        kept("SPFResult"),
        row("Subject",                  &[Text("email.subject")]),
        kept("ThreatCategories"),
        row("Timestamp",                &[Timestamp("@timestamp")]),
        row("To",                       &[Texts("email.to.address"), Texts("related.user"), Hosts("related.hosts")]),
        kept("ToName"),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};

/// By the domains of sender and recipient, as ECS wants it.
#[rustfmt::skip]
const DIRECTIONS: crate::mapping::Words = &[
    ("external",            "inbound"),
    ("outbound",            "outbound"),
    ("internal",            "internal"),
    ("secondPartyInternal", "internal"),
    ("thirdPartyInternal",  "internal"),
    ("unset",               ""),
];
