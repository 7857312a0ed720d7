use crate::mapping::prelude::*;

pub(super) static BISO_USER_ACTIONS: Dataset = Dataset {
    name: "biso_user_actions",
    about: for_pages(
        "What a user did in an isolated browser: copy, paste, download, upload, print.",
    ),
    constants: &[
        // `network` is what `allowed` and `denied` belong to.
        ("event.category", List(&["network", "web"])),
        ("event.dataset", Text("biso_user_actions")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("observer.type", Text("proxy")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",    &[text("cloud.account.id")]),
        row("Decision",     &[action_type("event.type"), keep("Decision")]),
        row("URL",          &[url("url")])
            .why("Before DomainName: it has more of the address."),
        row("DomainName",   &[text("destination.address"), domain("destination.domain"), authority("url"), host("related.hosts")]),
        kept("Metadata")
            .why("JSON as a text; what is in it depends on Type."),
        row("Timestamp",    &[timestamp("@timestamp")]),
        row("Type",         &[text("event.action")]),
        row("UserEmail",    &[text("user.email"), text("related.user")]),
        row("UserID",       &[text("user.id"), text("related.user")]),
    ],
    ..Dataset::BASE
};
