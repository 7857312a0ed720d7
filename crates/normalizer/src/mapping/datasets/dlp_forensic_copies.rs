use crate::mapping::prelude::*;

pub(super) static DLP_FORENSIC_COPIES: Dataset = Dataset {
    name: "dlp_forensic_copies",
    about: for_pages(
        "The copy of an HTTP request or response that matched a data loss prevention rule.",
    ),
    constants: &[
        ("event.action", Text("dlp-forensic-copy")),
        ("event.category", List(&["network", "web"])),
        ("event.dataset", Text("dlp_forensic_copies")),
        // The copy is evidence; the alert is the event of gateway_http that names the rule.
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["info"])),
        ("observer.type", Text("proxy")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("AccountID",        &[text("cloud.account.id")]),
        row("Datetime",         &[timestamp("@timestamp")]),
        kept("ForensicCopyID"),
        row("GatewayRequestID", &[text("http.request.id")])
            .why("The RequestID of the same request in gateway_http."),
        kept("Headers")
            .why("Cloudflare's selection; an analyst needs them to know what the payload was.")
            .sensitive(),
        row("Payload",          &[masked("Payload")])
            .why("The very data that must not leave, in base64, and often larger than a SIEM takes."),
        kept("Phase"),
        row("TriggeredRuleID",  &[text("rule.id")]),
    ],
    ..Dataset::BASE
};
