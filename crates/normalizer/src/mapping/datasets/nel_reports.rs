//! `nel_reports`: a visitor's browser reports how a connection to a site went wrong (Network Error Logging).

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{CountryCode, CountryName, Positive, Text, Timestamp, When};
use crate::mapping::{Dataset, kept, row};

pub(super) static NEL_REPORTS: Dataset = Dataset {
    name: "nel_reports",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        ("event.category", List(&["network"])),
        ("event.dataset", One("nel-reports")),
        ("event.module", One("cloudflare")),
        ("event.outcome", One("failure")),
        ("event.type", List(&["info"])),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        row("ClientIPASN",            &[Positive("source.as.number")]),
        row("ClientIPASNDescription", &[Text("source.as.organization.name")]),
        row("ClientIPCountry",        &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        kept("LastKnownGoodColoCode"),
        kept("Phase"),
        row("Timestamp",              &[Timestamp("@timestamp")]),
        // Browsers send a share of what went well too; its type is `ok`
        // (https://www.w3.org/TR/network-error-logging/).
        row("Type",                   &[Text("error.type"), When("event.outcome", &[("ok", "success")])]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};
