//! `ssh_logs`: a program (shell, command, tunnel) that a user ran over SSH through Access for Infrastructure.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Ip, Since, Text, Timestamp, When};
use crate::mapping::{Dataset, kept, row};

pub(super) static SSH_LOGS: Dataset = Dataset {
    name: "ssh_logs",
    constants: &[
        ("ecs.version", One("9.4.0")),
        // And `process`, where the program is a shell or a command.
        ("event.category", List(&["network", "session"])),
        ("event.dataset", One("ssh-logs")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["info"])),
        ("network.protocol", One("ssh")),
        ("network.transport", One("tcp")),
        ("observer.type", One("proxy")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                &[Text("cloud.account.id")]),
        row("ClientAddress",            &[Ip("source.ip"), Text("source.address"), Ip("related.ip")]),
        row("Datetime",                 &[Timestamp("@timestamp")]),
        row("Error",                    &[Text("error.message")]),
        kept("PTY"),
        // What was typed and shown, secrets too: but it is the only field that tells what was done.
        // Leave it out of the job's fields if nobody may read it. Cloudflare does not encrypt it here:
        // https://developers.cloudflare.com/cloudflare-one/insights/logs/dashboard-logs/ssh-command-logs/
        kept("Payload"),
        row("ProgramFinishDatetime",    &[Timestamp("event.end"), Since("event.duration", "ProgramStartDatetime")]),
        kept("ProgramID"),
        row("ProgramStartDatetime",     &[Timestamp("event.start")]),
        row("ProgramType",              &[Text("event.action"), When("event.category", CATEGORIES), When("event.type", TYPES)]),
        row("ServerAddress",            &[Ip("destination.ip"), Text("destination.address"), Ip("related.ip")]),
        kept("SessionFinishDatetime"),
        kept("SessionID"),
        kept("SessionStartDatetime"),
        row("TargetID",                 &[Text("host.target.id")]),
        row("UserEmail",                &[Text("user.email"), Text("related.user")]),
        row("UserID",                   &[Text("user.id"), Text("related.user")]),
        // The account on the server (`root`), not the person.
        row("Username",                 &[Text("destination.user.name"), Text("related.user")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};

const CATEGORIES: crate::mapping::Words = &[("shell", "process"), ("exec", "process")];

#[rustfmt::skip]
const TYPES: crate::mapping::Words = &[
    ("direct-tcpip",    "connection"),
    ("forwarded-tcpip", "connection"),
];
