//! Rules for `http_requests`, whose price is measured.

use logpush_normalizer::Rules;

/// None; ten of conditions, of which no record fits one that drops; the same, two of which change the
/// fields of each record; one that drops all.
const SETS: [&str; 4] = [
    "[]",
    TEN,
    TEN_WITH_FIELDS,
    r#"[{"name": "all", "action": "drop"}]"#,
];

const KEY: &str = "a key for nothing but the benchmark";

/// The rules of a number.
pub(crate) fn set(number: usize) -> Rules {
    let json = SETS.get(number).copied().unwrap_or("[]");
    let read = Rules::read(&serde_json::from_str(json).unwrap_or_default());
    debug_assert!(
        read.errors.is_empty() && read.warnings.is_empty(),
        "{read:?}"
    );
    let rules = read.rules;
    rules.clone().with_key(KEY).unwrap_or(rules)
}

const TEN: &str = r#"[
  {"name": "health", "where": {"and": [{"key": "ClientRequestURI", "operator": "eq", "value": "/healthz"}, {"key": "EdgeResponseStatus", "operator": "eq", "value": 200}]}, "action": "drop"},
  {"name": "probes", "where": {"key": "ClientRequestUserAgent", "operator": "startsWith", "value": "kube-probe/"}, "action": "drop"},
  {"name": "monitors", "where": {"key": "ClientIP", "operator": "in", "value": ["192.0.2.1", "192.0.2.2", "192.0.2.3"]}, "action": "drop"},
  {"name": "static", "where": {"and": [{"key": "CacheCacheStatus", "operator": "eq", "value": "revalidated-twice"}, {"key": "ClientRequestPath", "operator": "endsWith", "value": ".js"}]}, "action": "drop"},
  {"name": "zones", "where": {"key": "ZoneName", "operator": "in", "value": ["a.example.org", "b.example.org"]}, "action": "drop"},
  {"name": "bots", "where": {"and": [{"key": "BotScore", "operator": "gt", "value": 1000}, {"key": "VerifiedBotCategory", "operator": "!eq", "value": ""}]}, "action": "drop"},
  {"name": "workers", "where": {"key": "WorkerScriptName", "operator": "eq", "value": "canary"}, "action": "drop"},
  {"name": "teapots", "where": {"key": "EdgeResponseStatus", "operator": "eq", "value": 418}, "action": "drop"},
  {"name": "slow", "where": {"key": "OriginResponseDurationMs", "operator": "gt", "value": 1000000}, "action": "keep"},
  {"name": "rest", "where": {"key": "EdgeResponseStatus", "operator": "lt", "value": 400}, "action": "keep"}
]"#;

const TEN_WITH_FIELDS: &str = r#"[
  {"name": "health", "where": {"and": [{"key": "ClientRequestURI", "operator": "eq", "value": "/healthz"}, {"key": "EdgeResponseStatus", "operator": "eq", "value": 200}]}, "action": "drop"},
  {"name": "probes", "where": {"key": "ClientRequestUserAgent", "operator": "startsWith", "value": "kube-probe/"}, "action": "drop"},
  {"name": "monitors", "where": {"key": "ClientIP", "operator": "in", "value": ["192.0.2.1", "192.0.2.2", "192.0.2.3"]}, "action": "drop"},
  {"name": "static", "where": {"and": [{"key": "CacheCacheStatus", "operator": "eq", "value": "revalidated-twice"}, {"key": "ClientRequestPath", "operator": "endsWith", "value": ".js"}]}, "action": "drop"},
  {"name": "zones", "where": {"key": "ZoneName", "operator": "in", "value": ["a.example.org", "b.example.org"]}, "action": "drop"},
  {"name": "bots", "where": {"and": [{"key": "BotScore", "operator": "gt", "value": 1000}, {"key": "VerifiedBotCategory", "operator": "!eq", "value": ""}]}, "action": "drop"},
  {"name": "teapots", "where": {"key": "EdgeResponseStatus", "operator": "eq", "value": 418}, "action": "drop"},
  {"name": "rest", "where": {"key": "EdgeResponseStatus", "operator": "lt", "value": 400}, "action": "keep"},
  {"name": "addresses", "fields": {"ClientIP": "truncate"}},
  {"name": "tokens", "mask_query": ["token", "sig"]}
]"#;
