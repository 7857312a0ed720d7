use crate::mapping::prelude::*;

pub(super) static NEL_REPORTS: Dataset = Dataset {
    name: "nel_reports",
    about: for_pages(
        "A visitor's browser reports how a connection to a site went wrong (Network Error Logging).",
    ),
    constants: &[
        ("event.kind", Text("event")),
        ("event.category", List(&["network"])),
        ("event.dataset", Text("nel_reports")),
        ("event.module", Text("cloudflare")),
        ("event.outcome", Text("failure")),
        ("event.type", List(&["info"])),
    ],
    #[rustfmt::skip]
    rows: &[
        row("ClientIPASN",            &[as_number("source.as.number")]),
        row("ClientIPASNDescription", &[text("source.as.organization.name")]),
        row("ClientIPCountry",        &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name")]),
        kept("LastKnownGoodColoCode"),
        kept("Phase"),
        row("Timestamp",              &[timestamp("@timestamp")]),
        row("Type",                   &[text("error.type"), lookup_if("event.outcome", &[("ok", "success")])])
            .why("Browsers send a share of what went well too; its type is `ok` (https://www.w3.org/TR/network-error-logging/)."),
    ],
    ..Dataset::BASE
};
