//! `warp_config_changes`: a device whose WARP client switched to another configuration or account.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Text, Timestamp};
use crate::mapping::{Dataset, kept, row};

pub(super) static WARP_CONFIG_CHANGES: Dataset = Dataset {
    name: "warp_config_changes",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("agent.type", One("warp")),
        ("event.kind", One("event")),
        ("event.action", One("warp-config-change")),
        ("event.category", List(&["configuration"])),
        ("event.dataset", One("warp-config-changes")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["change"])),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        // Before and after: cloud.account.id would tell only one of them.
        kept("AccountIDFrom"),
        kept("AccountIDTo"),
        kept("AccountNameFrom"),
        kept("AccountNameTo"),
        kept("ConfigNameFrom"),
        kept("ConfigNameTo"),
        row("DeviceID",                           &[Text("device.id"), Text("host.id")]),
        kept("DeviceRegistrationID"),
        // A device's name may be any text, so it is not cut as a host name of the DNS.
        row("Hostname",                           &[Text("host.hostname"), Text("host.name"), Text("related.hosts")]),
        row("SerialNumber",                       &[Text("device.serial_number")]),
        row("Timestamp",                          &[Timestamp("@timestamp")]),
        row("UserEmail",                          &[Text("user.email"), Text("related.user")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
