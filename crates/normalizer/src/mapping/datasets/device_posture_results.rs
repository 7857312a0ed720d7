//! `device_posture_results`: whether a device passed a posture check.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Keep, Text, Timestamp, When, Words};
use crate::mapping::words::{OS_TYPES, SUCCEEDED};
use crate::mapping::{Dataset, kept, row};

pub(super) static DEVICE_POSTURE_RESULTS: Dataset = Dataset {
    name: "device_posture_results",
    constants: &[
        ("agent.type", One("warp")),
        ("ecs.version", One("9.4.0")),
        ("event.action", One("device-posture-check")),
        ("event.category", List(&["host"])),
        ("event.dataset", One("device-posture-results")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["info"])),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        // Of the WARP client, which measures on the device: ECS's agent (no user agent).
        row("ClientVersion",            &[Text("agent.version")]),
        row("DeviceID",                 &[Text("device.id"), Text("host.id")]),
        row("DeviceManufacturer",       &[Text("device.manufacturer")]),
        row("DeviceModel",              &[Text("device.model.name")]),
        row("DeviceName",               &[Text("host.hostname"), Text("host.name"), Text("related.hosts")]),
        row("DeviceSerialNumber",       &[Text("device.serial_number")]),
        row("DeviceType",               &[Text("host.os.platform"), When("host.os.type", OS_TYPES)]),
        row("Email",                    &[Text("user.email"), Text("related.user")]),
        row("OSVersion",                &[Text("host.os.version")]),
        row("PolicyID",                 &[Text("rule.id")]),
        row("PostureCheckName",         &[Text("rule.name")]),
        row("PostureCheckType",         &[Text("rule.category")]),
        row("PostureEvaluatedResult",   &[Words("event.outcome", SUCCEEDED), Keep("PostureEvaluatedResult")]),
        kept("PostureExpectedJSON"),
        kept("PostureReceivedJSON"),
        kept("RegistrationID"),
        row("Timestamp",                &[Timestamp("@timestamp")]),
        row("UserUID",                  &[Text("user.id"), Text("related.user")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
