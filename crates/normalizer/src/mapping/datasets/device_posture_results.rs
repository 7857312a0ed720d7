use crate::mapping::prelude::*;

pub(super) static DEVICE_POSTURE_RESULTS: Dataset = Dataset {
    name: "device_posture_results",
    about: for_pages("Whether a device passed a posture check."),
    constants: &[
        ("agent.type", Text("warp")),
        ("event.action", Text("device-posture-check")),
        ("event.category", List(&["host"])),
        ("event.dataset", Text("device_posture_results")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["info"])),
    ],
    #[rustfmt::skip]
    rows: &[
        row("ClientVersion",            &[text("agent.version")])
            .why("Of the WARP client, which measures on the device: ECS's agent (no user agent)."),
        row("DeviceID",                 &[text("device.id"), text("host.id")]),
        row("DeviceManufacturer",       &[text("device.manufacturer")]),
        row("DeviceModel",              &[text("device.model.name")]),
        row("DeviceName",               &[text("host.hostname"), text("host.name"), name("related.hosts")]),
        row("DeviceSerialNumber",       &[text("device.serial_number")]),
        row("DeviceType",               &[text("host.os.platform"), lookup_if("host.os.type", OS_TYPES)]),
        row("Email",                    &[text("user.email"), text("related.user")]),
        row("OSVersion",                &[text("host.os.version")]),
        row("PolicyID",                 &[text("rule.id")]),
        row("PostureCheckName",         &[text("rule.name")]),
        row("PostureCheckType",         &[text("rule.category")]),
        row("PostureEvaluatedResult",   &[lookup("event.outcome", SUCCEEDED), keep("PostureEvaluatedResult")]),
        kept("PostureExpectedJSON"),
        kept("PostureReceivedJSON"),
        kept("RegistrationID"),
        row("Timestamp",                &[timestamp("@timestamp")]),
        row("UserUID",                  &[text("user.id"), text("related.user")]),
    ],
    ..Dataset::BASE
};
