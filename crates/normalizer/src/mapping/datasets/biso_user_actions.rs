//! `biso_user_actions`: what a user did in an isolated browser: copy, paste, download, upload, print.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{ActionType, Domain, Host, Hosts, Keep, Text, Timestamp, Url};
use crate::mapping::{Dataset, kept, row};

pub(super) static BISO_USER_ACTIONS: Dataset = Dataset {
    name: "biso_user_actions",
    constants: &[
        ("ecs.version", One("9.4.0")),
        // `network` is what `allowed` and `denied` belong to.
        ("event.category", List(&["network", "web"])),
        ("event.dataset", One("biso-user-actions")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("observer.type", One("proxy")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",    &[Text("cloud.account.id")]),
        row("Decision",     &[ActionType("event.type"), Keep("Decision")]),
        // Before DomainName: it has more of the address.
        row("URL",          &[Url("url"), Hosts("related.hosts")]),
        row("DomainName",   &[Text("destination.address"), Domain("destination.domain"), Domain("url.domain"), Host("related.hosts")]),
        // JSON as a text; what is in it depends on Type.
        kept("Metadata"),
        row("Timestamp",    &[Timestamp("@timestamp")]),
        row("Type",         &[Text("event.action")]),
        row("UserEmail",    &[Text("user.email"), Text("related.user")]),
        row("UserID",       &[Text("user.id"), Text("related.user")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
