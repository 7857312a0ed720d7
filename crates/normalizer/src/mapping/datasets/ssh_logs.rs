use crate::mapping::prelude::*;

pub(super) static SSH_LOGS: Dataset = Dataset {
    name: "ssh_logs",
    about: for_pages(
        "A program (shell, command, tunnel) that a user ran over SSH through Access for Infrastructure.",
    ),
    constants: &[
        // And `process`, where the program is a shell or a command.
        ("event.category", List(&["network", "session"])),
        ("event.dataset", Text("ssh_logs")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["info"])),
        ("network.protocol", Text("ssh")),
        ("network.transport", Text("tcp")),
        ("observer.type", Text("proxy")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                &[text("cloud.account.id")]),
        row("ClientAddress",            &[text("source.address"), domain("source.domain"), port("source.port"), host("related.hosts")]),
        row("Datetime",                 &[timestamp("@timestamp")]),
        row("Error",                    &[text("error.message"), lookup_if("event.outcome", &[("*", "failure")])]),
        kept("PTY"),
        kept("Payload")
            .why("What was typed and shown, secrets too: but it is the only field that tells what was done. Leave it out of the job's fields if nobody may read it. Cloudflare does not encrypt it here: https://developers.cloudflare.com/cloudflare-one/insights/logs/dashboard-logs/ssh-command-logs/")
            .sensitive(),
        row("ProgramFinishDatetime",    &[timestamp("event.end"), since("event.duration", "ProgramStartDatetime")]),
        kept("ProgramID"),
        row("ProgramStartDatetime",     &[timestamp("event.start")]),
        row("ProgramType",              &[text("event.action"), lookup_if("event.category", CATEGORIES), lookup_if("event.type", TYPES)]),
        row("ServerAddress",            &[text("destination.address"), domain("destination.domain"), port("destination.port"), host("related.hosts")]),
        kept("SessionFinishDatetime"),
        kept("SessionID"),
        kept("SessionStartDatetime"),
        row("TargetID",                 &[text("host.target.id")]),
        row("UserEmail",                &[text("user.email"), text("related.user")]),
        row("UserID",                   &[text("user.id"), text("related.user")]),
        row("Username",                 &[text("destination.user.name"), text("related.user")])
            .why("The account on the server (`root`), not the person."),
    ],
    ..Dataset::BASE
};

const CATEGORIES: Words = &[("shell", "process"), ("exec", "process")];

#[rustfmt::skip]
const TYPES: Words = &[
    ("direct-tcpip",    "connection"),
    ("forwarded-tcpip", "connection"),
];
