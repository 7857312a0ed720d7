use crate::mapping::prelude::*;

pub(super) static WARP_CONFIG_CHANGES: Dataset = Dataset {
    name: "warp_config_changes",
    about: for_pages("A device whose WARP client switched to another configuration or account."),
    constants: &[
        ("agent.type", Text("warp")),
        ("event.kind", Text("event")),
        ("event.action", Text("warp-config-change")),
        ("event.category", List(&["configuration"])),
        ("event.dataset", Text("warp_config_changes")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["change"])),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("AccountIDFrom")
            .why("Before and after: cloud.account.id would tell only one of them."),
        kept("AccountIDTo"),
        kept("AccountNameFrom"),
        kept("AccountNameTo"),
        kept("ConfigNameFrom"),
        kept("ConfigNameTo"),
        row("DeviceID",                           &[text("device.id"), text("host.id")]),
        kept("DeviceRegistrationID"),
        row("Hostname",                           &[text("host.hostname"), text("host.name"), name("related.hosts")])
            .why("A device's name may be any text, so it is not cut as a host name of the DNS."),
        row("SerialNumber",                       &[text("device.serial_number")]),
        row("Timestamp",                          &[timestamp("@timestamp")]),
        row("UserEmail",                          &[text("user.email"), text("related.user")]),
    ],
    ..Dataset::BASE
};
