//! `warp_toggle_changes`: a device whose WARP client was switched on or off.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Text, Timestamp};
use crate::mapping::{Dataset, kept, row};

pub(super) static WARP_TOGGLE_CHANGES: Dataset = Dataset {
    name: "warp_toggle_changes",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("agent.type", One("warp")),
        ("event.kind", One("event")),
        ("event.action", One("warp-toggle-change")),
        ("event.category", List(&["configuration"])),
        ("event.dataset", One("warp-toggle-changes")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["change"])),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",                          &[Text("cloud.account.id")]),
        row("AccountName",                        &[Text("cloud.account.name")]),
        row("DeviceID",                           &[Text("device.id"), Text("host.id")]),
        kept("DeviceRegistrationID"),
        // A device's name may be any text, so it is not cut as a host name of the DNS.
        row("Hostname",                           &[Text("host.hostname"), Text("host.name"), Text("related.hosts")]),
        row("SerialNumber",                       &[Text("device.serial_number")]),
        row("Timestamp",                          &[Timestamp("@timestamp")]),
        // Cloudflare does not say which of true and false is "switched on", so event.action names neither.
        kept("Toggled"),
        row("UserEmail",                          &[Text("user.email"), Text("related.user")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
