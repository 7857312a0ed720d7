//! Which fields of a dataset a rule means by an ECS field or by a class.

use crate::convert::target::Target;
use crate::mapping::{Dataset, Row};
use crate::record::RowId;
use crate::rules::class::Class;
use crate::rules::field::{Field, Place};

/// The fields that give an ECS field, or a part of it.
pub(crate) fn rows_of_target(dataset: &Dataset, path: &str) -> Vec<Field> {
    let mut found: Vec<Field> = Vec::new();
    for (index, row) in dataset.rows.iter().enumerate() {
        let kept = row.targets.is_empty() && path.strip_prefix("cloudflare.") == Some(row.field);
        if kept {
            found.push(field(index, ""));
        }
        for target in row.targets {
            if target.fields().iter().any(|field| field == path) {
                found.push(field(index, member_of(target)));
            }
        }
    }
    for joined in dataset.joined.iter().filter(|joined| joined.target == path) {
        for name in [joined.scheme, joined.host, joined.path, joined.query] {
            if let Some(row) = dataset.row_id(name) {
                found.push(field(row.index(), ""));
            }
        }
    }
    found.dedup();
    found
}

/// All ECS fields that a dataset's table writes.
pub(crate) fn targets(dataset: &Dataset) -> Vec<String> {
    let rows = dataset.rows.iter();
    let targets = rows.flat_map(|row| row.targets).flat_map(Target::fields);
    targets
        .filter(|path| !path.starts_with("cloudflare."))
        .collect()
}

/// The fields of a class, by the conversions of the dataset's table.
pub(crate) fn rows_of_class(dataset: &Dataset, class: Class) -> Vec<Field> {
    let is_of_class = |target: &Target| {
        let target = target.member().map_or(target, |(_, inner)| inner);
        let path = target.path;
        match class {
            Class::Ip => {
                matches!(target.conversion.name, "ip" | "ips" | "otherwise_ip")
                    || path.ends_with(".ip")
            }
            Class::Email => {
                path.ends_with(".email")
                    || (path.starts_with("email.") && path.ends_with(".address"))
            }
        }
    };
    let mut found = Vec::new();
    for (index, row) in dataset.rows.iter().enumerate() {
        for target in row.targets.iter().filter(|target| is_of_class(target)) {
            found.push(field(index, member_of(target)));
        }
    }
    found.dedup();
    found
}

/// The sides (`source`, `client`) whose address a row gives.
pub(crate) fn sides(row: &Row) -> Vec<&'static str> {
    let paths = row.targets.iter().map(|target| target.path);
    paths
        .filter_map(|path| path.strip_suffix(".ip"))
        .filter(|side| SIDES.contains(side))
        .collect()
}

/// The objects of ECS that have an `.address` beside their `.ip`.
const SIDES: [&str; 4] = ["client", "destination", "server", "source"];

fn member_of(target: &Target) -> &'static str {
    target.member().map_or("", |(path, _)| path)
}

fn field(index: usize, path: &str) -> Field {
    Field {
        place: Place::Row(RowId::new(index)),
        path: match path {
            "" => Vec::new(),
            path => path.split('.').map(str::to_owned).collect(),
        },
    }
}
