//! `casb_findings`: a weak setting or an exposed asset that Cloudflare CASB found in a SaaS or cloud account.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Hosts, Keep, Numbers, Text, Timestamp, Url};
use crate::mapping::{Dataset, kept, row};

pub(super) static CASB_FINDINGS: Dataset = Dataset {
    name: "casb_findings",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.action", One("casb-finding")),
        ("event.category", List(&["configuration"])),
        ("event.dataset", One("casb-findings")),
        ("event.kind", One("alert")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["info"])),
        ("observer.type", One("casb")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        // An asset may be a file, a user, an application, a bucket: ECS's entity is any of them.
        row("AssetDisplayName",         &[Text("entity.display_name")]),
        row("AssetExternalID",          &[Text("entity.id")]),
        row("AssetLink",                &[Text("entity.reference"), Url("url"), Hosts("related.hosts")]),
        kept("AssetMetadata"),
        row("DetectedTimestamp",        &[Timestamp("@timestamp")]),
        row("FindingTypeDisplayName",   &[Text("rule.name")]),
        row("FindingTypeID",            &[Text("rule.id")]),
        row("FindingTypeSeverity",      &[Numbers("event.severity", SEVERITIES), Keep("FindingTypeSeverity")]),
        kept("InstanceID"),
        kept("IntegrationDisplayName"),
        kept("IntegrationID"),
        kept("IntegrationPolicyVendor"),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};

/// The numbers that Elastic's integration gives them.
#[rustfmt::skip]
const SEVERITIES: crate::mapping::Words = &[
    ("Low",      "1"),
    ("Medium",   "2"),
    ("High",     "3"),
    ("Critical", "4"),
];
