//! The intake format for SEKOIA.IO as it is committed, held against the events of all samples.

use logpush_intake_format::{Datasets, declare, fields, parser};

use crate::sources::Sources;

/// The generated files of the format, from its own folder.
pub(crate) fn files(sources: &Sources, datasets: Datasets<'_>) -> [(&'static str, String); 2] {
    [
        ("ingest/parser.yml", parser(datasets)),
        ("_meta/fields.yml", fields(&sources.listed, datasets)),
    ]
}

/// The list of the fields to declare, of a format of some datasets.
pub(crate) fn list(sources: &Sources, datasets: Datasets<'_>) -> (&'static str, String) {
    ("DECLARE.md", declare(&sources.listed, datasets))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::{Path, PathBuf};

    use logpush_intake_format::{
        Declared, NEEDED, WHOLE, all_ecs_fields, declared, is_below, is_left_out, set_fields,
    };
    use logpush_normalizer::datasets::{DATASETS, by_name};
    use serde_json::Value;

    use super::*;
    use crate::example::normalised;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn by_names(declared: Vec<Declared>) -> BTreeMap<String, Declared> {
        let named = declared
            .into_iter()
            .map(|field| (field.name.clone(), field));
        named.collect()
    }

    #[test]
    fn the_format_s_page_names_all_that_is_left_out() {
        let page = fs::read_to_string(root().join("sekoia/README.md")).unwrap();
        let (_, section) = page.split_once("## What the parser leaves out").unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let named: BTreeSet<String> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            .flat_map(|line| {
                let cell = line.split('|').next().unwrap();
                cell.split('`')
                    .step_by(2)
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .filter(|field| !field.trim().is_empty())
            .collect();
        let mut left_out = all_ecs_fields(DATASETS);
        left_out.retain(|field| is_left_out(field));
        assert_eq!(named, left_out);
    }

    #[test]
    fn every_field_of_every_sample_s_event_is_set_or_left_out() {
        let sources = Sources::read(&root()).unwrap();
        let set = set_fields(DATASETS);
        let names = by_names(declared(&sources.listed, DATASETS));
        for source in &sources.datasets {
            let event = normalised(source.dataset, &source.sample).unwrap();
            for (path, value) in leaves(&event) {
                let known = match path.strip_prefix("cloudflare.") {
                    Some(name) => names.contains_key(name),
                    None => {
                        set.contains(&path)
                            || is_left_out(&path)
                            || WHOLE.iter().any(|whole| is_below(&path, whole))
                    }
                };
                assert!(known, "{}: {path}: {value}", source.dataset.name);
            }
        }
    }

    #[test]
    fn every_value_of_every_sample_s_event_has_its_declared_type() {
        let sources = Sources::read(&root()).unwrap();
        for source in &sources.datasets {
            // For one dataset alone, since datasets may disagree.
            let names = by_names(declared(&sources.listed, &[source.dataset]));
            let event = normalised(source.dataset, &source.sample).unwrap();
            for (path, value) in leaves(&event) {
                let Some(field) = path.strip_prefix("cloudflare.").map(|name| &names[name]) else {
                    continue;
                };
                let fits = match field.kind {
                    "dict" => value.is_object(),
                    "array" => value.is_array(),
                    "long" => value.is_i64() || value.is_u64(),
                    "float" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    _ => !value.is_object() && !value.is_array(),
                };
                assert!(
                    fits || !field.is_kept,
                    "{}: {path}: {value}",
                    source.dataset.name
                );
            }
        }
    }

    #[test]
    fn what_the_rules_of_the_repository_use_is_among_what_is_needed() {
        let sources = Sources::read(&root()).unwrap();
        let datasets = ["audit_logs", "audit_logs_v2", "access_requests"].map(by_name);
        let datasets = datasets.map(Option::unwrap);
        let kept = by_names(declared(&sources.listed, &datasets));
        let mut used = BTreeSet::new();
        for rule in fs::read_dir(root().join("detections/rules")).unwrap() {
            let text = fs::read_to_string(rule.unwrap().path()).unwrap();
            if !text.contains("product: cloudflare") {
                continue;
            }
            let words = text.split(|c: char| !c.is_ascii_alphanumeric());
            let words = words.filter(|word| kept.get(*word).is_some_and(|field| field.is_kept));
            used.extend(words.map(str::to_owned));
        }
        assert!(used.contains("ResourceProduct"), "{used:?}");
        for name in used {
            assert!(NEEDED.contains(&name.as_str()), "{name}");
        }
    }

    /// The values of an event; below `cloudflare` and in a list, objects are values.
    fn leaves(event: &Value) -> Vec<(String, &Value)> {
        let mut leaves = Vec::new();
        let mut open = vec![(String::new(), event)];
        while let Some((path, value)) = open.pop() {
            match value {
                Value::Object(members) if !path.starts_with("cloudflare.") => {
                    let below = |name: &str| match path.as_str() {
                        "" => name.to_owned(),
                        path => format!("{path}.{name}"),
                    };
                    open.extend(members.iter().map(|(name, value)| (below(name), value)));
                }
                _ => leaves.push((path, value)),
            }
        }
        leaves
    }
}
