//! `dlp_forensic_copies`: the copy of an HTTP request or response that matched a data loss prevention rule.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{Masked, Text, Timestamp};
use crate::mapping::{Dataset, kept, row};

pub(super) static DLP_FORENSIC_COPIES: Dataset = Dataset {
    name: "dlp_forensic_copies",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.action", One("dlp-forensic-copy")),
        ("event.category", List(&["network", "web"])),
        ("event.dataset", One("dlp-forensic-copies")),
        ("event.kind", One("alert")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["info"])),
        ("observer.type", One("proxy")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",        &[Text("cloud.account.id")]),
        row("Datetime",         &[Timestamp("@timestamp")]),
        kept("ForensicCopyID"),
        // The RequestID of the same request in gateway_http.
        row("GatewayRequestID", &[Text("http.request.id")]),
        // Cloudflare's selection; an analyst needs them to know what the payload was.
        kept("Headers"),
        // The very data that must not leave, in base64, and often larger than a SIEM takes.
        row("Payload",          &[Masked("Payload")]),
        kept("Phase"),
        row("TriggeredRuleID",  &[Text("rule.id")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
