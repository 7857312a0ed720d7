//! Reading rules, and all that is wrong with them.

use serde_json::{Map, Value as Json};

use crate::mapping::Dataset;
use crate::mapping::datasets::DATASETS;
use crate::rules::class::CLASSES;
use crate::rules::condition::Condition;
use crate::rules::field::Field;
use crate::rules::nearest::perhaps;
use crate::rules::problem::Problems;
use crate::rules::query::Query;
use crate::rules::rule::{Action, Rule};
use crate::rules::target::{rows_of_target, targets};
use crate::rules::treatment::{NAMES, Treatment};

/// Rules of a destination: each is looked at for every record.
const RULES_MAX: usize = 100;

/// Characters of a name, which is in log lines and metrics.
const NAME_MAX: usize = 48;

const MEMBERS: [&str; 11] = [
    "name",
    "datasets",
    "where",
    "action",
    "rate",
    "by",
    "sample_security",
    "fields",
    "mask_query",
    "ipv4_bits",
    "ipv6_bits",
];

/// Bits of an address that `truncate` leaves.
const BITS_V4: u32 = 24;
const BITS_V6: u32 = 48;

/// Reads a list of rules.
pub(crate) fn read(json: &Json, problems: &mut Problems) -> Vec<Rule> {
    problems.rule = "rules".to_owned();
    let Some(list) = json.as_array() else {
        problems.error("rules are a list of tables: [[vars.DESTINATIONS.<name>.rules]]");
        return Vec::new();
    };
    if list.len() > RULES_MAX {
        problems.error(format!("{} rules are more than {RULES_MAX}", list.len()));
    }
    let mut rules: Vec<Rule> = Vec::new();
    for (place, json) in list.iter().enumerate() {
        problems.rule = format!("rule {}", place + 1);
        let Json::Object(members) = json else {
            problems.error("a rule is a table");
            continue;
        };
        let rule = read_rule(members, problems);
        if !rule.name.is_empty() && rules.iter().any(|other| other.name == rule.name) {
            problems.error("another rule has the same name: each has one of its own");
        }
        rules.push(rule);
    }
    rules
}

fn read_rule(members: &Map<String, Json>, problems: &mut Problems) -> Rule {
    let name = read_name(members, problems);
    for member in members.keys() {
        if !MEMBERS.contains(&member.as_str()) {
            let near = perhaps(member, MEMBERS.into_iter());
            problems.error(format!("`{member}` is no part of a rule{near}"));
        }
    }
    let rule = Rule {
        name,
        datasets: read_datasets(members.get("datasets"), problems),
        condition: members
            .get("where")
            .and_then(|json| Condition::read(json, problems)),
        action: read_action(members, problems),
        fields: read_fields(members, problems),
        query: read_query(members.get("mask_query"), problems),
    };
    let has_any = ["action", "fields", "mask_query"]
        .iter()
        .any(|member| members.contains_key(*member));
    if !has_any {
        problems
            .error("a rule needs an `action`, `fields` or `mask_query`: without, it does nothing");
    }
    check_names(&rule, problems);
    rule
}

fn read_name(members: &Map<String, Json>, problems: &mut Problems) -> String {
    let name = members.get("name").and_then(Json::as_str);
    let is_plain = |name: &str| {
        (1..=NAME_MAX).contains(&name.len())
            && name
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    };
    match name.filter(|name| is_plain(name)) {
        Some(name) => {
            problems.rule = format!("rule `{name}`");
            name.to_owned()
        }
        None => {
            problems.error(format!(
                "a rule needs a `name` of 1 to {NAME_MAX} of a-z, 0-9, - and _"
            ));
            String::new()
        }
    }
}

fn read_datasets(json: Option<&Json>, problems: &mut Problems) -> Vec<&'static Dataset> {
    let Some(json) = json else {
        return Vec::new();
    };
    let names = texts(json);
    if names.is_none() {
        problems.error("`datasets` is a list of names of datasets, at least one");
    }
    let mut datasets = Vec::new();
    for name in names.unwrap_or_default() {
        match DATASETS.iter().find(|dataset| dataset.name == name) {
            Some(dataset) => datasets.push(*dataset),
            None => {
                let near = perhaps(&name, DATASETS.iter().map(|dataset| dataset.name));
                problems.error(format!("`{name}` is no dataset{near}"));
            }
        }
    }
    datasets
}

fn read_action(members: &Map<String, Json>, problems: &mut Problems) -> Option<Action> {
    let action = members.get("action");
    let is_sample = action.and_then(Json::as_str) == Some("sample");
    for member in ["rate", "by", "sample_security"] {
        if members.contains_key(member) && !is_sample {
            problems.error(format!("`{member}` belongs to `action = \"sample\"`"));
        }
    }
    match action?.as_str() {
        Some("keep") => Some(Action::Keep),
        Some("drop") => Some(Action::Drop),
        Some("sample") => read_sample(members, problems),
        _ => {
            let given = action.and_then(Json::as_str).unwrap_or_default();
            let near = perhaps(given, ["keep", "drop", "sample"].into_iter());
            problems.error(format!("`action` is keep, drop or sample{near}"));
            None
        }
    }
}

fn read_sample(members: &Map<String, Json>, problems: &mut Problems) -> Option<Action> {
    let rate = members.get("rate").and_then(Json::as_f64);
    let rate = rate.filter(|rate| *rate > 0.0 && *rate <= 1.0);
    if rate.is_none() {
        problems.error("`sample` needs a `rate` above 0 and up to 1, such as 0.1");
    }
    let by = members.get("by").map(Json::as_str);
    if by == Some(None) || by == Some(Some("")) {
        problems.error("`by` is the name of a field");
    }
    let samples_security = members.get("sample_security").map(Json::as_bool);
    if samples_security == Some(None) {
        problems.error("`sample_security` is true or false");
    }
    Some(Action::Sample {
        rate: rate?,
        by: by.flatten().map(str::to_owned),
        samples_security: samples_security.flatten().unwrap_or_default(),
    })
}

fn read_fields(members: &Map<String, Json>, problems: &mut Problems) -> Vec<(String, Treatment)> {
    let bits = |name: &str, default: u32, max: u32, problems: &mut Problems| {
        let Some(json) = members.get(name) else {
            return default;
        };
        let bits = json.as_u64().and_then(|bits| u32::try_from(bits).ok());
        let bits = bits.filter(|bits| *bits < max);
        if bits.is_none() {
            problems.error(format!("`{name}` is a number from 0 to {}", max - 1));
        }
        bits.unwrap_or(default)
    };
    let bits_v4 = bits("ipv4_bits", BITS_V4, 32, problems);
    let bits_v6 = bits("ipv6_bits", BITS_V6, 128, problems);
    let Some(json) = members.get("fields") else {
        return Vec::new();
    };
    let Some(fields) = json.as_object().filter(|fields| !fields.is_empty()) else {
        problems.error(
            "`fields` is a table of fields and what becomes of them: { ClientIP = \"truncate\" }",
        );
        return Vec::new();
    };
    let mut read = Vec::new();
    for (field, treatment) in fields {
        let treatment = match treatment.as_str() {
            Some("remove") => Treatment::Remove,
            Some("mask") => Treatment::Mask,
            Some("hash") => Treatment::Hash,
            Some("truncate") => Treatment::Truncate { bits_v4, bits_v6 },
            given => {
                let near = perhaps(given.unwrap_or_default(), NAMES.into_iter());
                problems.error(format!(
                    "`{field}` can be remove, mask, hash or truncate{near}"
                ));
                continue;
            }
        };
        read.push((field.clone(), treatment));
    }
    read
}

fn read_query(json: Option<&Json>, problems: &mut Problems) -> Option<Query> {
    let names = texts(json?).filter(|names| names.iter().all(|name| name.len() <= 256));
    if names.is_none() {
        problems.error("`mask_query` is a list of names of parameters, at least one: [\"token\"]");
    }
    names.map(Query::new)
}

/// Warns of fields that no dataset of the rule has: Cloudflare adds fields all the time.
fn check_names(rule: &Rule, problems: &mut Problems) {
    let datasets: Vec<&'static Dataset> = DATASETS
        .iter()
        .copied()
        .filter(|dataset| rule.is_for(dataset))
        .collect();
    let of = match rule.datasets.as_slice() {
        [] => "any dataset".to_owned(),
        [dataset] => dataset.name.to_owned(),
        _ => "its datasets".to_owned(),
    };
    let is_field = |name: &str| {
        datasets
            .iter()
            .any(|dataset| Field::new(dataset, name).is_known())
    };
    let is_target = |name: &str| {
        datasets
            .iter()
            .any(|dataset| !rows_of_target(dataset, name).is_empty())
    };
    let near_field = |name: &str| {
        let names = datasets.iter().flat_map(|dataset| dataset.field_names());
        perhaps(name, names)
    };
    let mut keys = Vec::new();
    if let Some(condition) = &rule.condition {
        condition.keys(&mut keys);
    }
    if let Some(Action::Sample { by: Some(by), .. }) = &rule.action {
        keys.push(by);
    }
    keys.sort_unstable();
    keys.dedup();
    for key in keys.into_iter().filter(|key| !is_field(key)) {
        let near = near_field(key);
        problems.warning(format!(
            "`{key}` is no field of {of} that is known{near}: until it comes, it is as if empty"
        ));
    }
    for (field, _) in &rule.fields {
        let is_member = field.split_once('.').is_none_or(|(head, _)| {
            let mut names = datasets.iter().flat_map(|dataset| dataset.field_names());
            names.any(|name| name == head)
        });
        let is_class = CLASSES.iter().any(|(name, _)| name == field);
        if is_class || is_target(field) || (is_member && is_field(field)) {
            continue;
        }
        let near = match field.contains('.') {
            true => {
                let known: Vec<String> = datasets.iter().flat_map(|of| targets(of)).collect();
                perhaps(field, known.iter().map(String::as_str))
            }
            false => near_field(field),
        };
        problems.warning(format!(
            "`{field}` is no field of {of} that is known, no ECS field that it writes, and no class (ip, email){near}"
        ));
    }
}

/// A list of texts that are not empty, at least one.
fn texts(json: &Json) -> Option<Vec<String>> {
    let list = json.as_array().filter(|list| !list.is_empty())?;
    list.iter()
        .map(|json| json.as_str().filter(|text| !text.is_empty()))
        .map(|text| text.map(str::to_owned))
        .collect()
}
