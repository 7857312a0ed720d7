//! Writes the operator's pages in every state to a folder, as files that a browser opens:
//! tests/operator/states.test.mjs looks at them.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

use core::time::Duration;
use std::env;
use std::fs;
use std::path::Path;

use logpush_delivery::dead_letter::{About, Contents, DeadLetter, Inspected, List, Refused};
use logpush_status::destination::Destination;
use logpush_status::health::{self, AlertLimits, Problem};
use logpush_status::model::Status;
use logpush_status::overview::Overview;
use logpush_status::page::dead_letters::{self, Frame};
use logpush_status::page::{self, Notice};
use serde_json::{Value, json};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
const NOW: u64 = 500_000 * HOUR + 30 * 60_000;
const TOKEN: &str = "token-of-the-session";

const NAMES: [&str; 6] = [
    "http_requests",
    "firewall_events",
    "gateway_dns",
    "zero_trust_network_sessions",
    "magic_ids_detections",
    "audit_logs_v2",
];

const HOSTILE: &str = "<script>alert(1)</script> \"a\" & b";

fn main() {
    let folder = env::args()
        .nth(1)
        .unwrap_or_else(|| panic!("which folder?"));
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).unwrap();
    for (name, text) in pages() {
        fs::write(folder.join(format!("{name}.html")), text).unwrap();
    }
    for (path, text) in [
        (page::STYLE_PATH, page::STYLE),
        (page::SCRIPT_PATH, page::SCRIPT),
        (page::ICON_PATH, page::ICON),
    ] {
        fs::write(folder.join(path.trim_start_matches('/')), text).unwrap();
    }
}

fn pages() -> Vec<(&'static str, String)> {
    let none = List::default();
    let letters = letters();
    let frame = Frame {
        token: TOKEN,
        now: NOW,
    };
    let well = status(overview(NAMES.len()), Vec::new());
    vec![
        ("login", page::log_in(None)),
        (
            "login-wrong",
            page::log_in(Some("This is not the operator's secret.")),
        ),
        ("closed", page::closed("OPERATOR_SECRET is not set")),
        ("refused", page::refused()),
        ("nothing-stored", page::nothing_stored()),
        ("direct", home(&Status::direct(Vec::new(), NOW), &none)),
        (
            "misconfigured",
            home(
                &Status::direct(
                    vec![health::misconfigured(&[
                        "SHAPE is neither ecs nor native".to_owned()
                    ])],
                    NOW,
                ),
                &none,
            ),
        ),
        (
            "empty",
            home(
                &status(json!({ "datasets": {}, "notes": {} }), Vec::new()),
                &none,
            ),
        ),
        ("well", home(&well, &none)),
        ("many", home(&status(overview(37), Vec::new()), &none)),
        ("failing", home(&status(failing(), found()), &letters)),
        ("worst", home(&status(worst(), found()), &letters)),
        (
            "notice",
            page::home(
                &well,
                Some(&none),
                Some((Notice::AllReplayed, Some(12))),
                TOKEN,
            ),
        ),
        ("r2-silent", page::home(&well, None, None, TOKEN)),
        (
            "ledger-silent",
            page::home(
                &Status::durable(None, &LIMITS, Vec::new(), NOW),
                Some(&none),
                None,
                TOKEN,
            ),
        ),
        (
            "letters",
            dead_letters::list(Some(&letters), Some("siem"), frame),
        ),
        ("letter", dead_letters::inspect(&inspected(), TOKEN)),
    ]
}

const LIMITS: AlertLimits = AlertLimits {
    silent: Duration::from_secs(24 * 3600),
    lag: Duration::from_secs(1800),
    backlog: 1000,
};

fn home(status: &Status, letters: &List) -> String {
    page::home(status, Some(letters), None, TOKEN)
}

fn status(overview: Value, found: Vec<Problem>) -> Status {
    let overview: Overview = serde_json::from_value(overview).unwrap();
    let destinations = [
        ("archive", Some(("http", "ecs"))),
        ("lake", Some(("elasticsearch", "ecs"))),
        ("siem", Some(("sekoia", "ecs"))),
        ("soc-of-another-team", Some(("splunk", "native"))),
        ("wrong", None),
    ];
    let destinations = destinations.map(|(name, setup)| Destination::new(name, setup));
    Status::durable(Some(overview), &LIMITS, found, NOW)
        .with_destinations(Some(destinations.into()))
}

/// Problems that the overview does not know of.
fn found() -> Vec<Problem> {
    vec![
        health::destination_misconfigured(Some("wrong"), &["url is missing".to_owned()]),
        health::alerts_misconfigured(&["ALERT_LAG_MINUTES is not an integer: \"soon\"".to_owned()]),
    ]
}

/// So many datasets that are well, with a week of traffic.
fn overview(number: usize) -> Value {
    let datasets: serde_json::Map<String, Value> = (0..number)
        .map(|place| {
            let name = NAMES
                .get(place)
                .map_or_else(|| format!("dataset_{place:02}"), |name| (*name).to_owned());
            let dataset = dataset(&name, 10_u64.pow(place as u32 % 7));
            (name, dataset)
        })
        .collect();
    json!({ "datasets": datasets, "notes": { "cron": (NOW - 120_000).to_string() } })
}

/// A dataset with traffic that goes up and down.
fn dataset(name: &str, scale: u64) -> Value {
    let counters = |n: u64| {
        let records = scale * (1_000 + 731 * (n % 24) + 97 * (n % 7));
        json!({ "c": [9, records, 250 * records, 0, 0, 9, 0, 0, 0, 0, 9 * (20_000 + 1_000 * (n % 24))], "w": 30_000 + 4_000 * (n % 24) })
    };
    let buckets = |last: u64, number: u64| -> Value {
        let all = (0..number).map(|n| ((last - n).to_string(), counters(last - n)));
        Value::Object(all.collect())
    };
    let latest: Vec<Value> = (0..4_u64)
        .map(|n| {
            json!({
                "key": format!("uploads/{name}/2027/01/15/08/20270115T083000219Z-{}.gz", n.to_string().repeat(32)),
                "outcome": "delivered", "arrived": NOW - 60_000 * n - 9_000, "at": NOW - 60_000 * n, "bytes": 1_234_567,
                "records": 4_200, "attempts": 1, "lag_ms": 42_000,
            })
        })
        .collect();
    let destinations = ["archive", "lake", "siem", "soc-of-another-team"].map(|to| {
        let delivered = 168 * 9_000 * scale;
        let stats = json!({
            "totals": [1_512, delivered, 0, 0, 7, 0, 0, 3, 0, 0, 1_512 * 42_000, 0, delivered - 7],
            "last_delivery": NOW - 1_000,
        });
        (to.to_owned(), stats)
    });
    let destinations = destinations.into_iter().collect();
    json!({
        "totals": [1_512, 168 * 9_000 * scale, 168 * 2_000_000 * scale, 0, 0, 1_512, 0, 0, 0, 0, 0, 0, 168 * 9_000 * scale],
        "minutes": buckets(NOW / 60_000, 60),
        "hours": buckets(NOW / HOUR, 168),
        "shards": { "0": { "created_at": NOW - 30 * DAY, "latest": latest } },
        "last_arrival": NOW - 9_000,
        "last_delivery": NOW - 1_000,
        "destinations": Value::Object(destinations),
    })
}

/// Every problem that datasets can have.
fn failing() -> Value {
    let mut overview = overview(NAMES.len());
    let waiting = |to: &str, error: &str, held: bool| {
        json!({ to: {
            "uploads": 1_234, "bytes": 987_654_321, "records": 4_200_000,
            "oldest": [{ "key": "uploads/x", "arrived": NOW - 3 * HOUR, "attempts": 7, "error": error, "held": held, "next_attempt": NOW + 300_000 }],
        } })
    };
    let datasets = &mut overview["datasets"];
    datasets["http_requests"]["shards"]["0"]["backlog"] =
        waiting("siem", "status 503: try again later", false);
    datasets["firewall_events"]["shards"]["0"]["backlog"] =
        waiting("lake", &format!("status 401: {HOSTILE}"), true);
    datasets["firewall_events"]["shards"]["0"]["latest"][0]["outcome"] = json!("waiting");
    datasets["firewall_events"]["shards"]["0"]["latest"][0]["error"] = json!(HOSTILE);
    datasets["gateway_dns"]["last_arrival"] = json!(NOW - 3 * DAY);
    datasets["magic_ids_detections"]["dead_letters"] = json!(31);
    datasets["magic_ids_detections"]["hours"][(NOW / HOUR).to_string()]["c"] =
        json!([9, 1_000, 9, 12, 31, 9, 3, 4, 31, 0, 9, 1]);
    datasets["audit_logs_v2"]["unknown_fields"] =
        json!({ HOSTILE: { "first": NOW - HOUR, "last": NOW - 1_000 } });
    overview["notes"] = json!({
        "cron": (NOW - HOUR).to_string(),
        "jobs": json!([
            { "id": 7, "dataset": "dns_logs", "enabled": false, "error": null },
            { "id": 8, "dataset": "http_requests", "enabled": true, "error": "error 503: error pushing" },
            { "id": 9, "dataset": "gateway_dns", "enabled": true, "error": null },
        ]).to_string(),
    });
    overview
}

/// Every dataset fails at every destination in every way that there is, with texts of full length.
fn worst() -> Value {
    let mut overview = overview(37);
    let error = |to: &str| format!("status 401: {to}: {HOSTILE} {}", "x".repeat(260));
    let datasets = overview["datasets"].as_object_mut().unwrap();
    let names: Vec<String> = datasets.keys().cloned().collect();
    for (dataset, entry) in datasets.iter_mut() {
        for to in ["archive", "lake", "siem", "soc-of-another-team"] {
            entry["shards"]["0"]["backlog"][to] = json!({
                "uploads": 1_234, "bytes": 987_654_321, "records": 4_200_000,
                "oldest": [{ "key": "uploads/x", "arrived": NOW - 3 * HOUR, "attempts": 7, "error": error(to), "held": true, "next_attempt": NOW + 300_000 }],
            });
            entry["destinations"][to]["rules"] = (0..5)
                .map(|n| {
                    (
                        format!("rule-{n}-of-{dataset}"),
                        json!({ "fits": 2_000 + n, "dropped": 1_000 + n }),
                    )
                })
                .collect::<serde_json::Map<_, _>>()
                .into();
        }
        entry["shards"]["0"]["latest"] = (0..4)
            .map(|n| {
                json!({
                    "key": format!("uploads/{dataset}/2027/01/15/08/20270115T083000219Z-{}.gz", n.to_string().repeat(32)),
                    "outcome": "waiting", "arrived": NOW - 9_000, "at": NOW, "bytes": 1_234_567, "attempts": 7, "error": error("siem"),
                })
            })
            .collect();
        entry["last_arrival"] = json!(NOW - 3 * DAY);
        entry["dead_letters"] = json!(31);
        for (at, hour) in entry["hours"].as_object_mut().unwrap() {
            let failed = at.parse::<u64>().unwrap() % 23;
            hour["c"] = json!([9, 1_000, 9, 12, failed, 9, 3, 4, failed, 0, 9, 1]);
        }
        entry["unknown_fields"] = (0..100)
            .map(|n| {
                let name = format!("A{n}FieldThatCloudflareHasAddedToThisDataset");
                (name, json!({ "first": NOW - HOUR, "last": NOW - 1_000 }))
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
    }
    let jobs: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(id, dataset)| json!({ "id": id, "dataset": dataset, "enabled": false, "error": error("job") }))
        .collect();
    overview["notes"] = json!({
        "cron": (NOW - HOUR).to_string(),
        "jobs": serde_json::to_string(&jobs).unwrap(),
    });
    overview
}

fn letters() -> List {
    let letter = |n: u64| DeadLetter {
        id: format!("magic_ids_detections/20270115T083000219Z-{n:032}-0000000000.ndjson"),
        bytes: 12_345,
        about: About {
            contents: match n {
                0 => Contents::Message,
                1 => Contents::Upload,
                _ => Contents::Documents,
            },
            dataset: "magic_ids_detections".to_owned(),
            destination: "siem".to_owned(),
            reason: match n % 3 {
                0 => format!("status 400: {HOSTILE}"),
                _ => "status 400: mapper_parsing_exception: failed to parse field [source.port]"
                    .to_owned(),
            },
            upload: "uploads/magic_ids_detections/x.gz".to_owned(),
            arrived: NOW - 2 * HOUR,
            at: NOW - HOUR - n * 60_000,
            records: Some(n),
            ..About::default()
        },
    };
    List {
        dead_letters: (0..31).map(letter).collect(),
        cursor: None,
    }
}

fn inspected() -> Inspected {
    let dead_letter = letters().dead_letters.swap_remove(5);
    let refused = |record| Refused {
        record,
        reason: format!("status 400: {HOSTILE}"),
        document: format!(
            "{{\"event\":{{\"kind\":\"event\"}},\"message\":{}}}",
            json!(HOSTILE)
        )
        .into_bytes(),
    };
    Inspected {
        dead_letter,
        documents: Some((0..3).map(refused).collect()),
        message: Some(HOSTILE.to_owned()),
    }
}
