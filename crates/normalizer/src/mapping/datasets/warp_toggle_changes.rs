use crate::mapping::prelude::*;

pub(super) static WARP_TOGGLE_CHANGES: Dataset = Dataset {
    name: "warp_toggle_changes",
    about: for_pages("A device whose WARP client was switched on or off."),
    constants: &[
        ("agent.type", Text("warp")),
        ("event.kind", Text("event")),
        ("event.action", Text("warp-toggle-change")),
        ("event.category", List(&["configuration"])),
        ("event.dataset", Text("warp_toggle_changes")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["change"])),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[text("cloud.account.id")]),
        row("AccountName",                        &[text("cloud.account.name")]),
        row("DeviceID",                           &[text("device.id"), text("host.id")]),
        kept("DeviceRegistrationID"),
        row("Hostname",                           &[text("host.hostname"), text("host.name"), name("related.hosts")])
            .why("A device's name may be any text, so it is not cut as a host name of the DNS."),
        row("SerialNumber",                       &[text("device.serial_number")]),
        row("Timestamp",                          &[timestamp("@timestamp")]),
        kept("Toggled")
            .why("Cloudflare does not say which of true and false is \"switched on\", so event.action names neither."),
        row("UserEmail",                          &[text("user.email"), text("related.user")]),
    ],
    ..Dataset::BASE
};
