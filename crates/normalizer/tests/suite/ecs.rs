//! The part of ECS that the tables use, and a check of documents against it.
//!
//! Field names, types and allowed values are those of the Elastic Common Schema, version 9.4.0.
//! ECS is Copyright Elasticsearch B.V., licensed under the Apache License 2.0; the selection and
//! the form are ours.

use core::net::IpAddr;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Date,
    Ip,
    Long,
    /// keyword, wildcard or match_only_text.
    Text,
    /// Any number of texts, each under a name of its own.
    Labels,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    One,
    List,
}

use Count::{List, One};

#[rustfmt::skip]
pub(crate) const FIELDS: &[(&str, Type, Count)] = &[
    ("@timestamp",                    Type::Date,   One),
    ("destination.address",           Type::Text,   One),
    ("destination.domain",            Type::Text,   One),
    ("destination.port",              Type::Long,   One),
    ("destination.registered_domain", Type::Text,   One),
    ("destination.subdomain",         Type::Text,   One),
    ("destination.top_level_domain",  Type::Text,   One),
    ("ecs.version",                   Type::Text,   One),
    ("error.message",                 Type::Text,   One),
    ("event.action",                  Type::Text,   One),
    ("event.category",                Type::Text,   List),
    ("event.dataset",                 Type::Text,   One),
    ("event.id",                      Type::Text,   One),
    ("event.kind",                    Type::Text,   One),
    ("event.module",                  Type::Text,   One),
    ("event.original",                Type::Text,   One),
    ("event.type",                    Type::Text,   List),
    ("http.request.bytes",            Type::Long,   One),
    ("http.request.id",               Type::Text,   One),
    ("http.request.method",           Type::Text,   One),
    ("http.request.referrer",         Type::Text,   One),
    ("http.response.status_code",     Type::Long,   One),
    ("http.version",                  Type::Text,   One),
    ("labels",                        Type::Labels, One),
    ("network.protocol",              Type::Text,   One),
    ("observer.type",                 Type::Text,   One),
    ("observer.vendor",               Type::Text,   One),
    ("related.hosts",                 Type::Text,   List),
    ("related.ip",                    Type::Ip,     List),
    ("rule.description",              Type::Text,   One),
    ("rule.id",                       Type::Text,   One),
    ("rule.reference",                Type::Text,   One),
    ("rule.ruleset",                  Type::Text,   One),
    ("source.address",                Type::Text,   One),
    ("source.as.number",              Type::Long,   One),
    ("source.as.organization.name",   Type::Text,   One),
    ("source.geo.country_iso_code",   Type::Text,   One),
    ("source.geo.country_name",       Type::Text,   One),
    ("source.ip",                     Type::Ip,     One),
    ("source.port",                   Type::Long,   One),
    ("tags",                          Type::Text,   List),
    ("tls.cipher",                    Type::Text,   One),
    ("tls.version",                   Type::Text,   One),
    ("tls.version_protocol",          Type::Text,   One),
    ("url.domain",                    Type::Text,   One),
    ("url.path",                      Type::Text,   One),
    ("url.port",                      Type::Long,   One),
    ("url.query",                     Type::Text,   One),
    ("url.registered_domain",         Type::Text,   One),
    ("url.scheme",                    Type::Text,   One),
    ("url.subdomain",                 Type::Text,   One),
    ("url.top_level_domain",          Type::Text,   One),
    ("user_agent.original",           Type::Text,   One),
];

/// The values that ECS allows.
const KINDS: &[&str] = &[
    "alert",
    "asset",
    "enrichment",
    "event",
    "metric",
    "state",
    "pipeline_error",
    "signal",
];

/// The categories that the tables use, with the types that ECS expects of each.
const CATEGORIES: &[(&str, &[&str])] = &[(
    "network",
    &[
        "access",
        "allowed",
        "connection",
        "denied",
        "end",
        "info",
        "protocol",
        "start",
    ],
)];

/// Whether `document` is valid ECS, beside what it has under `cloudflare`.
pub(crate) fn check(document: &Value) -> Result<(), String> {
    let members = document.as_object().ok_or("not an object")?;
    walk("", members)?;
    for required in ["@timestamp", "ecs", "event"] {
        if !members.contains_key(required) {
            return Err(format!("{required} is missing"));
        }
    }
    values(&document["event"])
}

fn walk(path: &str, members: &Map<String, Value>) -> Result<(), String> {
    if members.is_empty() {
        return Err(format!("{path} is empty"));
    }
    for (name, value) in members {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        if path == "cloudflare" {
            if value.as_object().is_none_or(Map::is_empty) {
                return Err("cloudflare is empty, or no object".to_owned());
            }
            continue;
        }
        match (FIELDS.iter().find(|field| field.0 == path), value) {
            (Some((_, kind, count)), value) => leaf(*kind, *count, value)
                .ok_or_else(|| format!("{path} is no {kind:?} ({count:?}): {value}"))?,
            (None, Value::Object(members)) => walk(&path, members)?,
            (None, _) => return Err(format!("{path} is no field of ECS that the tables use")),
        }
    }
    Ok(())
}

fn leaf(kind: Type, count: Count, value: &Value) -> Option<()> {
    match count {
        One => is(kind, value).then_some(()),
        List => {
            let values = value.as_array()?;
            let different: BTreeSet<String> = values.iter().map(Value::to_string).collect();
            (!values.is_empty()
                && different.len() == values.len()
                && values.iter().all(|value| is(kind, value)))
            .then_some(())
        }
    }
}

fn is(kind: Type, value: &Value) -> bool {
    match kind {
        Type::Long => value.is_i64(),
        Type::Text => value.as_str().is_some_and(|text| !text.is_empty()),
        Type::Date => value.as_str().is_some_and(is_date),
        Type::Ip => value
            .as_str()
            .is_some_and(|text| text.parse::<IpAddr>().is_ok()),
        Type::Labels => value.as_object().is_some_and(|labels| {
            !labels.is_empty() && labels.values().all(|label| is(Type::Text, label))
        }),
    }
}

/// RFC 3339 in UTC, with six or nine decimals.
fn is_date(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|character| {
            if character.is_ascii_digit() {
                '0'
            } else {
                character
            }
        })
        .collect();
    let number = |from: usize, to: usize| text[from..to].parse::<u32>().unwrap();
    (shape == "0000-00-00T00:00:00.000000Z" || shape == "0000-00-00T00:00:00.000000000Z")
        && (1..=12).contains(&number(5, 7))
        && (1..=31).contains(&number(8, 10))
        && number(11, 13) < 24
        && number(14, 16) < 60
        && number(17, 19) < 60
}

fn values(event: &Value) -> Result<(), String> {
    let kind = event["kind"].as_str().ok_or("event.kind is missing")?;
    if !KINDS.contains(&kind) {
        return Err(format!("event.kind {kind} is not allowed"));
    }
    let id = event["id"].as_str().ok_or("event.id is missing")?;
    if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(format!("event.id {id} is no 128 bits"));
    }
    let mut expected = Vec::new();
    for category in event["category"].as_array().into_iter().flatten() {
        let (_, types) = CATEGORIES
            .iter()
            .find(|(name, _)| category == name)
            .ok_or_else(|| format!("event.category {category} is not allowed"))?;
        expected.extend_from_slice(types);
    }
    for kind in event["type"].as_array().into_iter().flatten() {
        if !expected.iter().any(|name| kind == name) {
            return Err(format!("event.type {kind} is not expected of the category"));
        }
    }
    Ok(())
}
