use crate::mapping::prelude::*;

pub(super) static CASB_FINDINGS: Dataset = Dataset {
    name: "casb_findings",
    about: for_pages(
        "A weak setting or an exposed asset that Cloudflare CASB found in a SaaS or cloud account.",
    ),
    constants: &[
        ("event.action", Text("casb-finding")),
        ("event.category", List(&["configuration"])),
        ("event.dataset", Text("casb_findings")),
        ("event.kind", Text("alert")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["info"])),
        ("observer.type", Text("casb")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AssetDisplayName",         &[text("entity.display_name")])
            .why("An asset may be a file, a user, an application, a bucket: ECS's entity is any of them."),
        row("AssetExternalID",          &[text("entity.id")]),
        row("AssetLink",                &[text("entity.reference"), url("url")]),
        kept("AssetMetadata"),
        row("DetectedTimestamp",        &[timestamp("@timestamp")]),
        row("FindingTypeDisplayName",   &[text("rule.name")]),
        row("FindingTypeID",            &[text("rule.id")]),
        row("FindingTypeSeverity",      &[lookup_number("event.severity", SEVERITIES), keep("FindingTypeSeverity")]),
        kept("InstanceID"),
        kept("IntegrationDisplayName"),
        kept("IntegrationID"),
        kept("IntegrationPolicyVendor"),
    ],
    ..Dataset::BASE
};

/// The numbers that Elastic's integration gives them.
#[rustfmt::skip]
const SEVERITIES: Words = &[
    ("Low",      "1"),
    ("Medium",   "2"),
    ("High",     "3"),
    ("Critical", "4"),
];
