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
    Float,
    /// keyword, wildcard or match_only_text.
    Text,
    /// Any number of texts, each under a name of its own.
    Labels,
    /// What a DNS record says: `class`, `data`, `name`, `ttl` and `type`.
    Answer,
    /// What is known of an attachment: below `file` its `extension`, `hash`, `mime_type` and `name`.
    Attachment,
    /// geo_point, as `lat` and `lon`.
    Point,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    One,
    List,
}

use Count::{List, One};

#[rustfmt::skip]
pub(crate) const FIELDS: &[(&str, Type, Count)] = &[
    ("@timestamp",                       Type::Date,    One),
    ("agent.type",                       Type::Text,    One),
    ("agent.version",                    Type::Text,    One),
    ("client.address",                   Type::Text,    One),
    ("client.geo.country_iso_code",      Type::Text,    One),
    ("client.geo.country_name",          Type::Text,    One),
    ("client.ip",                        Type::Ip,      One),
    ("cloud.account.id",                 Type::Text,    One),
    ("cloud.account.name",               Type::Text,    One),
    ("destination.address",              Type::Text,    One),
    ("destination.as.number",            Type::Long,    One),
    ("destination.as.organization.name", Type::Text,    One),
    ("destination.bytes",                Type::Long,    One),
    ("destination.domain",               Type::Text,    One),
    ("destination.geo.city_name",        Type::Text,    One),
    ("destination.geo.continent_code",   Type::Text,    One),
    ("destination.geo.country_iso_code", Type::Text,    One),
    ("destination.geo.country_name",     Type::Text,    One),
    ("destination.geo.postal_code",      Type::Text,    One),
    ("destination.geo.region_iso_code",  Type::Text,    One),
    ("destination.ip",                   Type::Ip,      One),
    ("destination.nat.ip",               Type::Ip,      One),
    ("destination.port",                 Type::Long,    One),
    ("destination.registered_domain",    Type::Text,    One),
    ("destination.subdomain",            Type::Text,    One),
    ("destination.top_level_domain",     Type::Text,    One),
    ("destination.user.name",            Type::Text,    One),
    ("device.id",                        Type::Text,    One),
    ("device.manufacturer",              Type::Text,    One),
    ("device.model.name",                Type::Text,    One),
    ("device.serial_number",             Type::Text,    One),
    ("dns.answers",                      Type::Answer,  List),
    ("dns.header_flags",                 Type::Text,    List),
    ("dns.question.name",                Type::Text,    One),
    ("dns.question.registered_domain",   Type::Text,    One),
    ("dns.question.subdomain",           Type::Text,    One),
    ("dns.question.top_level_domain",    Type::Text,    One),
    ("dns.question.type",                Type::Text,    One),
    ("dns.resolved_ip",                  Type::Ip,      List),
    ("dns.response_code",                Type::Text,    One),
    ("dns.type",                         Type::Text,    One),
    ("ecs.version",                      Type::Text,    One),
    ("email.attachments",                Type::Attachment, List),
    ("email.bcc.address",                Type::Text,    List),
    ("email.cc.address",                 Type::Text,    List),
    ("email.direction",                  Type::Text,    One),
    ("email.from.address",               Type::Text,    List),
    ("email.local_id",                   Type::Text,    One),
    ("email.message_id",                 Type::Text,    One),
    ("email.origination_timestamp",      Type::Date,    One),
    ("email.reply_to.address",           Type::Text,    List),
    ("email.sender.address",             Type::Text,    One),
    ("email.subject",                    Type::Text,    One),
    ("email.to.address",                 Type::Text,    List),
    ("entity.display_name",              Type::Text,    One),
    ("entity.id",                        Type::Text,    One),
    ("entity.reference",                 Type::Text,    One),
    ("entity.target.id",                 Type::Text,    One),
    ("entity.target.sub_type",           Type::Text,    One),
    ("error.message",                    Type::Text,    One),
    ("error.stack_trace",                Type::Text,    One),
    ("error.type",                       Type::Text,    One),
    ("event.action",                     Type::Text,    One),
    ("event.category",                   Type::Text,    List),
    ("event.code",                       Type::Text,    One),
    ("event.dataset",                    Type::Text,    One),
    ("event.duration",                   Type::Long,    One),
    ("event.end",                        Type::Date,    One),
    ("event.id",                         Type::Text,    One),
    ("event.kind",                       Type::Text,    One),
    ("event.module",                     Type::Text,    One),
    ("event.original",                   Type::Text,    One),
    ("event.outcome",                    Type::Text,    One),
    ("event.provider",                   Type::Text,    One),
    ("event.reason",                     Type::Text,    One),
    ("event.severity",                   Type::Long,    One),
    ("event.start",                      Type::Date,    One),
    ("event.type",                       Type::Text,    List),
    ("faas.name",                        Type::Text,    One),
    ("faas.trigger.type",                Type::Text,    One),
    ("faas.version",                     Type::Text,    One),
    ("file.extension",                   Type::Text,    One),
    ("file.hash.md5",                    Type::Text,    One),
    ("file.hash.sha1",                   Type::Text,    One),
    ("file.hash.sha256",                 Type::Text,    One),
    ("file.mime_type",                   Type::Text,    One),
    ("file.name",                        Type::Text,    One),
    ("file.size",                        Type::Long,    One),
    ("gen_ai.operation.name",            Type::Text,    One),
    ("gen_ai.tool.name",                 Type::Text,    One),
    ("host.cpu.usage",                   Type::Float,   One),
    ("host.hostname",                    Type::Text,    One),
    ("host.id",                          Type::Text,    One),
    ("host.ip",                          Type::Ip,      List),
    ("host.name",                        Type::Text,    One),
    ("host.os.platform",                 Type::Text,    One),
    ("host.os.type",                     Type::Text,    One),
    ("host.os.version",                  Type::Text,    One),
    ("host.target.id",                   Type::Text,    One),
    ("http.request.body.bytes",          Type::Long,    One),
    ("http.request.body.content",        Type::Text,    One),
    ("http.request.bytes",               Type::Long,    One),
    ("http.request.id",                  Type::Text,    One),
    ("http.request.method",              Type::Text,    One),
    ("http.request.referrer",            Type::Text,    One),
    ("http.response.body.bytes",         Type::Long,    One),
    ("http.response.body.content",       Type::Text,    One),
    ("http.response.bytes",              Type::Long,    One),
    ("http.response.status_code",        Type::Long,    One),
    ("http.version",                     Type::Text,    One),
    ("labels",                           Type::Labels,  One),
    ("log.level",                        Type::Text,    One),
    ("message",                          Type::Text,    One),
    ("network.application",              Type::Text,    One),
    ("network.bytes",                    Type::Long,    One),
    ("network.direction",                Type::Text,    One),
    ("network.iana_number",              Type::Text,    One),
    ("network.name",                     Type::Text,    One),
    ("network.packets",                  Type::Long,    One),
    ("network.protocol",                 Type::Text,    One),
    ("network.transport",                Type::Text,    One),
    ("network.type",                     Type::Text,    One),
    ("observer.egress.zone",             Type::Text,    One),
    ("observer.geo.city_name",           Type::Text,    One),
    ("observer.geo.country_iso_code",    Type::Text,    One),
    ("observer.geo.country_name",        Type::Text,    One),
    ("observer.geo.name",                Type::Text,    One),
    ("observer.ingress.zone",            Type::Text,    One),
    ("observer.ip",                      Type::Ip,      List),
    ("observer.type",                    Type::Text,    One),
    ("observer.vendor",                  Type::Text,    One),
    ("organization.id",                  Type::Text,    One),
    ("related.hash",                     Type::Text,    List),
    ("related.hosts",                    Type::Text,    List),
    ("related.ip",                       Type::Ip,      List),
    ("related.user",                     Type::Text,    List),
    ("rule.category",                    Type::Text,    One),
    ("rule.description",                 Type::Text,    One),
    ("rule.id",                          Type::Text,    One),
    ("rule.name",                        Type::Text,    One),
    ("rule.reference",                   Type::Text,    One),
    ("rule.ruleset",                     Type::Text,    One),
    ("rule.version",                     Type::Text,    One),
    ("source.address",                   Type::Text,    One),
    ("source.as.number",                 Type::Long,    One),
    ("source.as.organization.name",      Type::Text,    One),
    ("source.bytes",                     Type::Long,    One),
    ("source.domain",                    Type::Text,    One),
    ("source.geo.city_name",             Type::Text,    One),
    ("source.geo.continent_code",        Type::Text,    One),
    ("source.geo.country_iso_code",      Type::Text,    One),
    ("source.geo.country_name",          Type::Text,    One),
    ("source.geo.location",              Type::Point,   One),
    ("source.geo.name",                  Type::Text,    One),
    ("source.geo.postal_code",           Type::Text,    One),
    ("source.geo.region_iso_code",       Type::Text,    One),
    ("source.ip",                        Type::Ip,      One),
    ("source.nat.ip",                    Type::Ip,      One),
    ("source.nat.port",                  Type::Long,    One),
    ("source.port",                      Type::Long,    One),
    ("source.registered_domain",         Type::Text,    One),
    ("source.subdomain",                 Type::Text,    One),
    ("source.top_level_domain",          Type::Text,    One),
    ("tags",                             Type::Text,    List),
    ("threat.feed.name",                 Type::Text,    One),
    ("tls.cipher",                       Type::Text,    One),
    ("tls.client.hash.md5",              Type::Text,    One),
    ("tls.client.hash.sha1",             Type::Text,    One),
    ("tls.client.hash.sha256",           Type::Text,    One),
    ("tls.client.ja3",                   Type::Text,    One),
    ("tls.client.server_name",           Type::Text,    One),
    ("tls.curve",                        Type::Text,    One),
    ("tls.server.hash.md5",              Type::Text,    One),
    ("tls.server.hash.sha1",             Type::Text,    One),
    ("tls.server.hash.sha256",           Type::Text,    One),
    ("tls.server.issuer",                Type::Text,    One),
    ("tls.server.x509.issuer.common_name", Type::Text, List),
    ("tls.version",                      Type::Text,    One),
    ("tls.version_protocol",             Type::Text,    One),
    ("url.domain",                       Type::Text,    One),
    ("url.extension",                    Type::Text,    One),
    ("url.fragment",                     Type::Text,    One),
    ("url.full",                         Type::Text,    One),
    ("url.original",                     Type::Text,    One),
    ("url.path",                         Type::Text,    One),
    ("url.port",                         Type::Long,    One),
    ("url.query",                        Type::Text,    One),
    ("url.registered_domain",            Type::Text,    One),
    ("url.scheme",                       Type::Text,    One),
    ("url.subdomain",                    Type::Text,    One),
    ("url.top_level_domain",             Type::Text,    One),
    ("user.email",                       Type::Text,    One),
    ("user.id",                          Type::Text,    One),
    ("user.name",                        Type::Text,    One),
    ("user.target.email",                Type::Text,    One),
    ("user_agent.name",                  Type::Text,    One),
    ("user_agent.original",              Type::Text,    One),
    ("user_agent.os.name",               Type::Text,    One),
    ("user_agent.os.version",            Type::Text,    One),
    ("user_agent.version",               Type::Text,    One),
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

/// The categories of ECS, with the types that it expects of each.
#[rustfmt::skip]
const CATEGORIES: &[(&str, &[&str])] = &[
    ("api", &["access", "admin", "allowed", "change", "creation", "deletion", "denied", "end", "info", "start", "user"]),
    ("authentication", &["end", "info", "start"]),
    ("configuration", &["access", "change", "creation", "deletion", "info"]),
    ("database", &["access", "change", "error", "info"]),
    ("driver", &["change", "end", "info", "start"]),
    ("email", &["info"]),
    ("file", &["access", "change", "creation", "deletion", "info"]),
    ("host", &["access", "change", "end", "info", "start"]),
    ("iam", &["admin", "change", "creation", "deletion", "group", "info", "user"]),
    ("intrusion_detection", &["allowed", "denied", "info"]),
    ("library", &["start"]),
    ("malware", &["info"]),
    ("network", &["access", "allowed", "connection", "denied", "end", "info", "protocol", "start"]),
    ("package", &["access", "change", "deletion", "info", "installation", "start"]),
    ("process", &["access", "change", "end", "info", "start"]),
    ("registry", &["access", "change", "creation", "deletion"]),
    ("session", &["end", "info", "start"]),
    ("threat", &["indicator"]),
    ("vulnerability", &["info"]),
    ("web", &["access", "error", "info"]),
];

/// The directions of ECS.
const DIRECTIONS: &[&str] = &[
    "ingress", "egress", "inbound", "outbound", "internal", "external", "unknown",
];

/// Whether `document` is valid ECS, beside what it has under `cloudflare`.
pub(crate) fn check(document: &Value) -> Result<(), String> {
    let members = document.as_object().ok_or("not an object")?;
    walk("", members)?;
    for required in ["@timestamp", "ecs", "event"] {
        if !members.contains_key(required) {
            return Err(format!("{required} is missing"));
        }
    }
    if let Some(direction) = document.pointer("/network/direction")
        && !DIRECTIONS.iter().any(|known| direction == known)
    {
        return Err(format!("network.direction {direction} is not allowed"));
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
                && (matches!(kind, Type::Answer | Type::Attachment)
                    || different.len() == values.len())
                && values.iter().all(|value| is(kind, value)))
            .then_some(())
        }
    }
}

fn is(kind: Type, value: &Value) -> bool {
    match kind {
        // Elasticsearch's long is signed.
        Type::Long => value.is_i64(),
        Type::Float => value.is_number(),
        Type::Text => value.as_str().is_some_and(|text| !text.is_empty()),
        Type::Date => value.as_str().is_some_and(is_date),
        Type::Ip => value
            .as_str()
            .is_some_and(|text| text.parse::<IpAddr>().is_ok()),
        Type::Answer => value.as_object().is_some_and(|answer| {
            !answer.is_empty()
                && answer.iter().all(|(name, value)| match name.as_str() {
                    "class" | "data" | "name" | "type" => is(Type::Text, value),
                    "ttl" => is(Type::Long, value),
                    _ => false,
                })
        }),
        Type::Attachment => value.as_object().is_some_and(|attachment| {
            let file = attachment.get("file").and_then(Value::as_object);
            attachment.len() == 1
                && file.is_some_and(|file| {
                    !file.is_empty()
                        && file.iter().all(|(name, value)| match name.as_str() {
                            "extension" | "mime_type" | "name" => is(Type::Text, value),
                            "hash" => value.as_object().is_some_and(|hashes| {
                                !hashes.is_empty()
                                    && hashes.iter().all(|(name, hash)| {
                                        ["md5", "sha1", "sha256", "ssdeep"].contains(&name.as_str())
                                            && is(Type::Text, hash)
                                    })
                            }),
                            _ => false,
                        })
                })
        }),
        Type::Point => value.as_object().is_some_and(|point| {
            let is_within = |name: &str, max: f64| {
                let degrees = point.get(name).and_then(Value::as_f64);
                degrees.is_some_and(|degrees| degrees.abs() <= max)
            };
            point.len() == 2 && is_within("lat", 90.0) && is_within("lon", 180.0)
        }),
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
    if let Some(outcome) = event.get("outcome")
        && !["failure", "success", "unknown"]
            .iter()
            .any(|known| outcome == known)
    {
        return Err(format!("event.outcome {outcome} is not allowed"));
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
