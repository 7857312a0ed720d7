//! The processing pipeline for Sigma rules: the names that rules use become fields of our events.

use std::collections::{BTreeMap, BTreeSet};

use logpush_intake_format::WHOLE;
use logpush_intake_format::written::{ecs_fields, is_masked, kept_name};
use logpush_normalizer::datasets::by_name;
use logpush_normalizer::{Constant, Dataset, Row};

use crate::error::Error;
use crate::sources::{Source, Sources};

/// A name of Sigma, and the fields that have its value: a rule fires if one of them matches. `null`
/// stands for keywords, which rules search for in the whole line of a log.
type Name = (&'static str, &'static [&'static str]);

/// A name of Sigma that our events do not have, and what a rule's author can do.
type Missing = (&'static str, &'static str);

/// A log source of Sigma, and the datasets that are one.
struct LogSource {
    id: &'static str,
    /// The attributes of the log source in a rule.
    selector: &'static [(&'static str, &'static str)],
    datasets: &'static [&'static str],
    names: Names,
    missing: &'static [Missing],
}

enum Names {
    Sigma(&'static [&'static [Name]]),
    /// Sigma has no names for the product, so rules use the product's own.
    Cloudflare,
}

/// The log sources, by Sigma's taxonomy (SigmaHQ/sigma-specification, sigma-appendix-taxonomy.md,
/// version 2.1.0). It has none for Cloudflare: these follow its form for the audit logs of others.
const LOG_SOURCES: &[LogSource] = &[
    LogSource {
        id: "webserver",
        selector: &[("category", "webserver")],
        datasets: &["http_requests", "firewall_events"],
        names: Names::Sigma(&[WEB, CONNECTION]),
        missing: WEB_MISSING,
    },
    LogSource {
        id: "proxy",
        selector: &[("category", "proxy")],
        // A sinkhole has what an infected machine asks of its master, as a proxy would.
        datasets: &["gateway_http", "sinkhole_http_logs"],
        names: Names::Sigma(&[WEB, CONNECTION]),
        missing: WEB_MISSING,
    },
    LogSource {
        id: "dns",
        selector: &[("category", "dns")],
        datasets: &["gateway_dns", "dns_firewall_logs", "dns_logs"],
        names: Names::Sigma(&[DNS, CONNECTION]),
        missing: &[],
    },
    LogSource {
        id: "network_dns",
        selector: &[("category", "network"), ("service", "dns")],
        datasets: &["gateway_dns", "dns_firewall_logs", "dns_logs"],
        names: Names::Sigma(&[NETWORK_DNS]),
        missing: NETWORK_DNS_MISSING,
    },
    LogSource {
        id: "cloudflare_audit",
        selector: &[("product", "cloudflare"), ("service", "audit")],
        datasets: &["audit_logs", "audit_logs_v2"],
        names: Names::Cloudflare,
        missing: &[],
    },
    LogSource {
        id: "cloudflare_access",
        selector: &[("product", "cloudflare"), ("service", "access")],
        datasets: &["access_requests"],
        names: Names::Cloudflare,
        missing: &[],
    },
];

/// Names of the categories `webserver` and `proxy`. Public rules use those of one in the other, put the
/// path into `*-uri-query`, which stands for the whole request target too, and compare `*-uri` with a
/// path alone, where a proxy has a whole address.
const WEB: &[Name] = &[
    ("c-ip", &["source.ip"]),
    ("c-uri", &["url.full", "url.original", "url.path"]),
    ("c-uri-extension", &["url.extension"]),
    ("c-uri-query", &["url.query", "url.original"]),
    ("c-uri-stem", &["url.path"]),
    ("c-useragent", &["user_agent.original"]),
    // `cs` is from client to server: W3C's meaning, which the taxonomy has the other way round.
    ("cs-bytes", &["http.request.bytes"]),
    ("cs-host", &["url.domain", "destination.domain"]),
    ("cs-method", &["http.request.method"]),
    ("cs-referer", &["http.request.referrer"]),
    ("cs-referrer", &["http.request.referrer"]),
    ("cs-uri", &["url.full", "url.original", "url.path"]),
    ("cs-uri-query", &["url.query", "url.original"]),
    ("cs-uri-stem", &["url.path"]),
    ("cs-user-agent", &["user_agent.original"]),
    ("cs-username", &["user.email", "user.name"]),
    (
        "null",
        &[
            "url.original",
            "url.full",
            "user_agent.original",
            "http.request.referrer",
        ],
    ),
    ("r-dns", &["url.domain", "destination.domain"]),
    ("s-ip", &["destination.ip"]),
    ("s-port", &["destination.port"]),
    ("sc-bytes", &["http.response.bytes"]),
    ("sc-status", &["http.response.status_code"]),
];

const WEB_MISSING: &[Missing] = &[
    ("c-win32-status", "Cloudflare logs no status of Windows"),
    (
        "cs-content-type",
        "Cloudflare logs it as a custom field only: compare cloudflare.RequestHeaders.content-type",
    ),
    ("cs-cookie", "the events show no cookies"),
    (
        "cs-version",
        "the events have 1.1 where rules have HTTP/1.1: compare http.version",
    ),
    ("date", "compare @timestamp"),
    (
        "s-computername",
        "the events have no name of the server: compare url.domain",
    ),
    (
        "s-sitename",
        "the events have no name of the site: compare url.domain",
    ),
    ("time", "compare @timestamp"),
    (
        "time-taken",
        "the events have nanoseconds where rules have milliseconds: compare event.duration",
    ),
];

const CONNECTION: &[Name] = &[
    ("dst_ip", &["destination.ip"]),
    ("dst_port", &["destination.port"]),
    ("src_ip", &["source.ip"]),
    ("src_port", &["source.port"]),
];

/// The last two are names of Windows and Zeek, which public rules of the category use too.
const DNS: &[Name] = &[
    ("answer", &["dns.answers.data"]),
    ("null", &["dns.question.name", "dns.answers.data"]),
    ("parent_domain", &["dns.question.registered_domain"]),
    ("query", &["dns.question.name"]),
    ("record_type", &["dns.question.type"]),
    ("QueryName", &["dns.question.name"]),
    ("qtype_name", &["dns.question.type"]),
];

/// The others are ECS's names in the taxonomy too.
const NETWORK_DNS: &[Name] = &[
    ("dns.header.flags", &["dns.header_flags"]),
    ("dns.response.code", &["dns.response_code"]),
];

const NETWORK_DNS_MISSING: &[Missing] = &[
    ("dns.id", "Cloudflare logs no transaction's id"),
    (
        "dns.question.class",
        "Cloudflare logs no class of the question",
    ),
    ("network.community_id", "the events have no Community ID"),
];

/// A rule that compares with an empty text, or with the dash of W3C's format, means that there is none:
/// the events do not have the field then.
const EMPTY: &str = "    value: null
    detection_item_conditions:
      - type: match_string
        cond: all
        pattern: -?$
";

const HEAD: &str = "\
# Maps the field names of Sigma rules to the events of logpush-ecs; README.md says how to use it.
# Generated by `npm run docs` from the tables of the datasets.
name: logpush-ecs
# Before the pipelines of the backends, which have 50 and more.
priority: 20
transformations:
";

/// `detections/logpush-ecs.yml`.
pub(crate) fn pipeline(sources: &Sources) -> Result<String, Error> {
    let mut pipeline = HEAD.to_owned();
    for source in LOG_SOURCES {
        pipeline.push_str(&source.items(sources)?);
    }
    Ok(pipeline)
}

impl LogSource {
    /// Its items of the pipeline.
    fn items(&self, sources: &Sources) -> Result<String, Error> {
        let datasets = self.datasets()?;
        let Mapping { names, missing } = self.mapping(&datasets);
        let mut items = String::new();
        for (name, reason) in missing {
            let id = format!("without_{name}");
            items.push_str(&self.item(&id, "detection_item_failure", &failure(name, &reason)));
        }

        let values: Vec<&str> = datasets.iter().filter_map(|of| event_dataset(of)).collect();
        debug_assert_eq!(values.len(), datasets.len(), "{}", self.id);
        let condition = format!("    conditions:\n{}", entry("event.dataset", &values));
        items.push_str(&self.item("datasets", "add_condition", &condition));

        if matches!(self.names, Names::Sigma(_)) {
            items.push_str(&self.item("empty", "set_value", EMPTY));
        }

        let fields: String = names.iter().map(|(name, to)| entry(name, to)).collect();
        let mapping = format!("    mapping:\n{fields}");
        items.push_str(&self.item("fields", "field_name_mapping", &mapping));

        let members: String = self
            .objects(sources)
            .iter()
            .map(|name| entry(&format!("{name}."), &[format!("cloudflare.{name}.")]))
            .collect();
        if !members.is_empty() {
            let mapping = format!("    mapping:\n{members}");
            items.push_str(&self.item("members", "field_name_prefix_mapping", &mapping));
        }
        Ok(items)
    }

    /// An item for the rules of this log source.
    fn item(&self, id: &str, kind: &str, body: &str) -> String {
        let selector: String = self
            .selector
            .iter()
            .map(|(attribute, value)| format!("        {attribute}: {value}\n"))
            .collect();
        format!(
            "  - id: {}_{id}\n    type: {kind}\n{body}    rule_conditions:\n      - type: logsource\n{selector}",
            self.id
        )
    }

    fn datasets(&self) -> Result<Vec<&'static Dataset>, Error> {
        let find = |name: &&str| by_name(name).ok_or_else(|| Error::Dataset((*name).to_owned()));
        self.datasets.iter().map(find).collect()
    }

    /// What the names become in events of these datasets.
    fn mapping(&self, datasets: &[&'static Dataset]) -> Mapping {
        let mut mapping = match self.names {
            Names::Sigma(tables) => sigma_mapping(tables, datasets),
            Names::Cloudflare => cloudflare_mapping(datasets),
        };
        for (name, reason) in self.missing {
            mapping.missing.insert(name, (*reason).to_owned());
        }
        mapping
    }

    /// Objects that are kept as they came: rules name their members.
    fn objects(&self, sources: &Sources) -> BTreeSet<&'static str> {
        if matches!(self.names, Names::Sigma(_)) {
            return BTreeSet::new();
        }
        let is_object = |source: &Source, row: &Row| {
            let documented = source.documented.get(row.field);
            !is_masked(row) && documented.is_some_and(|kind| kind == "object")
        };
        sources
            .datasets
            .iter()
            .filter(|source| self.datasets.contains(&source.dataset.name))
            .flat_map(|source| source.dataset.rows.iter().map(move |row| (source, row)))
            .filter(|(source, row)| is_object(source, row))
            .filter_map(|(_, row)| kept_name(row))
            .collect()
    }
}

#[derive(Default)]
struct Mapping {
    names: BTreeMap<&'static str, Vec<String>>,
    /// Each with the reason.
    missing: BTreeMap<&'static str, String>,
}

fn sigma_mapping(tables: &[&[Name]], datasets: &[&'static Dataset]) -> Mapping {
    let produced = produced(datasets);
    let mut mapping = Mapping::default();
    for (name, fields) in tables.iter().copied().flatten() {
        let fields: Vec<String> = fields
            .iter()
            .filter(|field| is_produced(&produced, field))
            .map(|field| (*field).to_owned())
            .collect();
        if fields.is_empty() {
            let reason = "these events do not have it".to_owned();
            mapping.missing.insert(name, reason);
        } else {
            mapping.names.insert(name, fields);
        }
    }
    mapping
}

/// The value as it came, where the event keeps it; else the first field that it is converted to.
fn cloudflare_mapping(datasets: &[&'static Dataset]) -> Mapping {
    let mut mapping = Mapping::default();
    for row in datasets.iter().flat_map(|dataset| dataset.rows) {
        if is_masked(row) {
            let reason = "it is masked in the events".to_owned();
            mapping.missing.insert(row.field, reason);
            continue;
        }
        let kept = kept_name(row).map(|name| format!("cloudflare.{name}"));
        let first = || row.targets.first()?.fields().into_iter().next();
        let fields = mapping.names.entry(row.field).or_default();
        fields.extend(kept.or_else(first).filter(|field| !fields.contains(field)));
    }
    mapping
}

/// What makes the conversion of a rule fail that has the name.
fn failure(name: &str, reason: &str) -> String {
    format!(
        "    message: \"{name} cannot be searched: {reason}\"\n    field_name_conditions:\n      \
         - type: include_fields\n        fields:\n          - {name}\n"
    )
}

/// A line of a mapping; a list where there are several.
fn entry(name: &str, values: &[impl AsRef<str>]) -> String {
    if let [value] = values {
        return format!("      {name}: {}\n", scalar(value.as_ref()));
    }
    let values: String = values
        .iter()
        .map(|value| format!("        - {}\n", scalar(value.as_ref())))
        .collect();
    format!("      {name}:\n{values}")
}

/// YAML reserves the `@` at the beginning of a plain scalar.
fn scalar(value: &str) -> String {
    if value.starts_with('@') {
        format!("\"{value}\"")
    } else {
        value.to_owned()
    }
}

fn event_dataset(dataset: &'static Dataset) -> Option<&'static str> {
    dataset
        .constants
        .iter()
        .find_map(|(path, value)| match value {
            Constant::Text(text) if *path == "event.dataset" => Some(*text),
            _ => None,
        })
}

fn produced(datasets: &[&'static Dataset]) -> BTreeSet<String> {
    datasets
        .iter()
        .flat_map(|dataset| ecs_fields(dataset))
        .collect()
}

/// Whether the events have the field, or the list of objects that it is a member of.
fn is_produced(produced: &BTreeSet<String>, field: &str) -> bool {
    let whole = field.rsplit_once('.').map_or("", |(whole, _)| whole);
    produced.contains(field) || (WHOLE.contains(&whole) && produced.contains(whole))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::path::Path;

    use logpush_normalizer::datasets::DATASETS;
    use serde_json::Value;

    use super::*;
    use crate::example::normalised;

    fn sources() -> Sources {
        Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
    }

    #[test]
    fn every_field_of_the_tables_is_one_that_a_dataset_of_a_log_source_produces() {
        let mut unknown = BTreeSet::new();
        for source in LOG_SOURCES {
            let Names::Sigma(tables) = source.names else {
                continue;
            };
            for (name, fields) in tables.iter().copied().flatten() {
                for field in *fields {
                    let has = |source: &LogSource| {
                        is_produced(&produced(&source.datasets().unwrap()), field)
                    };
                    if !LOG_SOURCES.iter().any(has) {
                        unknown.insert(format!("{name}: {field}"));
                    }
                }
            }
        }
        assert_eq!(unknown, BTreeSet::<String>::new());
    }

    #[test]
    fn every_name_leads_to_a_field_that_an_event_of_a_sample_has() {
        let sources = sources();
        let mut without = BTreeSet::new();
        for source in LOG_SOURCES {
            let datasets = source.datasets().unwrap();
            let events: Vec<Value> = sources
                .datasets
                .iter()
                .filter(|of| source.datasets.contains(&of.dataset.name))
                .map(|of| normalised(of.dataset, &of.sample).unwrap())
                .collect();
            for (name, fields) in source.mapping(&datasets).names {
                for field in fields {
                    if !events.iter().any(|event| has(event, &field)) {
                        without.insert(format!("{}: {name}: {field}", source.id));
                    }
                }
            }
        }
        assert_eq!(without, BTreeSet::new());
    }

    /// Whether the event has the field, in an object of a list too.
    fn has(event: &Value, field: &str) -> bool {
        let (first, rest) = field.split_once('.').unwrap_or((field, ""));
        match event {
            Value::Array(values) => values.iter().any(|value| has(value, field)),
            _ if rest.is_empty() => event.get(first).is_some(),
            _ => event.get(first).is_some_and(|event| has(event, rest)),
        }
    }

    #[test]
    fn a_name_is_mapped_or_missing() {
        for source in LOG_SOURCES {
            let Mapping { names, missing } = source.mapping(&source.datasets().unwrap());
            for name in missing.keys() {
                assert!(!names.contains_key(name), "{}: {name}", source.id);
            }
        }
    }

    #[test]
    fn every_dataset_has_an_event_dataset_of_its_own() {
        let values: BTreeSet<&str> = DATASETS
            .iter()
            .map(|of| event_dataset(of).unwrap())
            .collect();
        assert_eq!(values.len(), DATASETS.len());
    }

    #[test]
    fn the_page_names_every_log_source_and_the_names_that_are_missing() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let page = fs::read_to_string(root.join("detections/README.md")).unwrap();
        for source in LOG_SOURCES {
            for (attribute, value) in source.selector {
                let selector = format!("`{attribute}: {value}`");
                assert!(page.contains(&selector), "{}: {selector}", source.id);
            }
            for dataset in source.datasets {
                assert!(page.contains(&format!("`{dataset}`")), "{dataset}");
            }
        }
        let (_, table) = page.split_once("\n| Name | Instead |\n").unwrap();
        let named: BTreeSet<&str> = table
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split('|').next())
            .flat_map(|cell| cell.split('`').skip(1).step_by(2))
            .collect();
        let missing: BTreeSet<&str> = LOG_SOURCES
            .iter()
            .flat_map(|source| source.mapping(&source.datasets().unwrap()).missing)
            .map(|(name, _)| name)
            .collect();
        assert_eq!(named, missing);
    }
}
