//! The fields to declare in SEKOIA.IO's fields manager, by hand and one by one: the few that rules and
//! searches need come first.

use core::fmt::Write as _;

use crate::documented::Documented;
use crate::format::{Datasets, Declared, declared};

/// The names under `cloudflare` that the rules in `detections/rules` use, and those that lead from one
/// event to another: a request's `RayID`, the zone's name. Fields of ECS are declared by the platform.
pub const NEEDED: &[&str] = &[
    "ActionResult",
    "ActionType",
    "Allowed",
    "RayID",
    "ResourceProduct",
    "ResourceRequest",
    "ResourceType",
    "ZoneName",
];

/// The page that lists them.
#[must_use]
pub fn declare(documented: &Documented, datasets: Datasets<'_>) -> String {
    let names: Vec<&str> = datasets.iter().map(|dataset| dataset.name).collect();
    let (kept, unconverted): (Vec<Declared>, Vec<Declared>) = declared(documented, datasets)
        .into_iter()
        .partition(|field| field.is_kept);
    let (needed, others): (Vec<Declared>, Vec<Declared>) = kept
        .into_iter()
        .partition(|field| NEEDED.contains(&field.name.as_str()));
    let mut page = format!(
        "# Fields to declare at SEKOIA.IO\n\n\
         For an intake of {}. The platform knows the fields of ECS; those under `cloudflare` are declared by hand \
         (Intakes, the format, Fields manager, + Custom field). What is not declared stays readable in `message`, \
         and cannot be searched by its name. Leave out of `ingest/parser.yml` the lines of fields that you do not declare.\n",
        names.join(", ")
    );
    for (title, fields) in [
        ("What rules and searches need", needed),
        ("What else every event keeps", others),
        (
            "What appears only where a value does not fit its field of ECS",
            unconverted,
        ),
    ] {
        if fields.is_empty() {
            continue;
        }
        let _ = write!(
            page,
            "\n## {title}: {}\n\n| Name | Type | Description |\n|---|---|---|\n",
            fields.len()
        );
        for Declared {
            name,
            kind,
            description,
            ..
        } in fields
        {
            let description = description.replace('|', "\\|");
            let _ = writeln!(page, "| `cloudflare.{name}` | {kind} | {description} |");
        }
    }
    page
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use logpush_normalizer::datasets::{DATASETS, by_name};

    use super::*;

    #[test]
    fn what_is_needed_comes_first_and_every_field_once() {
        let documented = Documented::read().unwrap();
        let audit = [by_name("audit_logs_v2").unwrap()];
        let page = declare(&documented, &audit);
        let (first, rest) = page.split_once("\n## What else").unwrap();
        assert!(
            first.contains("| `cloudflare.ResourceProduct` | keyword |"),
            "{first}"
        );
        assert!(!first.contains("`cloudflare.ResourceResponse`"), "{first}");
        assert!(
            rest.contains("| `cloudflare.ResourceResponse` | dict |"),
            "{rest}"
        );
        for datasets in [&audit[..], DATASETS] {
            let page = declare(&documented, datasets);
            let rows = page.matches("| `cloudflare.").count();
            assert_eq!(rows, declared(&documented, datasets).len());
        }
    }
}
