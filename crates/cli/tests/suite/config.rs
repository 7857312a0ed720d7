//! `logpush-ecs config`, and documents as a destination of a configuration gets them.

use serde_json::Value;

use crate::common::{Run, file, records, run};

/// A project with several destinations and no secret.
const SOUND: &str = r#"
name = "logs"

[[r2_buckets]]
binding = "UPLOADS"
bucket_name = "logs"
[[queues.producers]]
binding = "WORK"
queue = "logs"
[[durable_objects.bindings]]
name = "LEDGER"
class_name = "Ledger"

[vars]
UPLOAD_MAX_BYTES = 5000000

[vars.DESTINATIONS.siem]
kind = "sekoia"
datasets = ["firewall_events", "http_requests"]

[vars.DESTINATIONS.lake]
kind = "http"
url = "https://lake.example/in"
shape = "native"
framing = "array"
batch_max_records = 2

[vars.DESTINATIONS.search]
kind = "elasticsearch"
url = "https://es.example:9243"
username = "logs"
datasets = ["firewall_events"]

[[vars.DESTINATIONS.search.rules]]
name = "one"
where = { key = "RayID", operator = "eq", value = "ray1" }
action = "drop"

[env.direct.vars]
SEKOIA_INTAKE_URL = "https://intake.example"

[env.wrong.vars]
SHAPE = "ecs"
"#;

/// Every line of its variables is wrong in another way.
const WRONG: &str = r#"
name = "logs"

[[r2_buckets]]
binding = "UPLOADS"
bucket_name = "logs"

[vars]
LOGPUSH_SECRET = "0123456789abcdef"
ALERT_LAG_MINUTES = 0
UPLOAD_MAX_BYTES = "many"
SHAEP = "ecs"
SIEM_INTAKE_KEY = "s3cret-of-the-siem"
RULES_LAKE = []
MINE = "x"

[vars.DESTINATIONS.siem]
kind = "sekoia"
intake_key = "s3cret-of-the-siem"
datasets = ["firewall_event"]

[vars.DESTINATIONS.search]
kind = "elasticsearch"
ulr = "https://es.example"
shape = "native"
"#;

fn check(text: &str, name: &str, args: &[&str]) -> Run {
    let config = file(name, text.as_bytes());
    run(
        &[&["config", "check", "--config", &config], args].concat(),
        b"",
    )
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
}

/// The members of objects in a list.
fn all<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|value| value[member].as_str().unwrap())
        .collect()
}

#[test]
fn a_sound_configuration_tells_what_goes_where() {
    let text = check(SOUND, "sound.toml", &[]);
    assert_eq!(text.code, Some(0), "{}{}", text.stdout, text.stderr);
    for words in [
        "lake: http, gets all datasets",
        "siem: sekoia, gets firewall_events, http_requests",
        "shape native; rules: 0",
        "SIEM_INTAKE_KEY (needed, or SIEM_INTAKE_KEY_<DATASET> for each): the intake's key",
        "SEARCH_PASSWORD (needed)",
        "SEARCH_API_KEY (optional)",
        "Nothing is wrong.",
    ] {
        assert!(text.stdout.contains(words), "{words}\n{}", text.stdout);
    }
    let run = check(SOUND, "sound.toml", &["--json"]);
    assert_eq!(run.code, Some(0), "{}", run.stdout);
    let report = report(&run);
    assert_eq!(
        (&report["ok"], &report["route"]),
        (&true.into(), &"durable".into())
    );
    assert_eq!(
        all(&report["destinations"], "name"),
        ["lake", "search", "siem"]
    );
    let search = &report["destinations"][1];
    assert_eq!(search["settings"]["rules"], 1);
    assert_eq!(search["datasets"][0], "firewall_events");
    assert!(report["destinations"][0]["datasets"].is_null());
    assert!(report["variables"]["DESTINATIONS"].as_u64() > Some(100));
}

#[test]
fn an_environment_has_its_own_variables_and_bindings_only() {
    let direct = report(&check(SOUND, "env.toml", &["--env", "direct", "--json"]));
    assert_eq!(
        (&direct["route"], &direct["worker"]),
        (&"direct".into(), &"logs-direct".into())
    );
    assert_eq!(all(&direct["destinations"], "name"), ["default"]);
    let several = format!("{SOUND}\n[env.wrong.vars.DESTINATIONS.a]\nkind = 'sekoia'\n");
    let run = check(&several, "several.toml", &["--env", "wrong", "--json"]);
    assert_eq!(run.code, Some(1));
    let report = report(&run);
    assert_eq!(all(&report["problems"], "name"), ["UPLOADS, WORK, LEDGER"]);
    assert!(
        report["warnings"][0]["text"]
            .as_str()
            .unwrap()
            .contains("`default` stand beside")
    );
    let missing = check(SOUND, "env.toml", &["--env", "dierct", "--json"]);
    assert_eq!(missing.code, Some(1));
    let told: Value = serde_json::from_str(&missing.stdout).unwrap();
    assert!(told["ok"] == false && all(&told["problems"], "text")[0].contains("no environment"));
    let missing = check(SOUND, "env.toml", &["--env", "dierct"]);
    assert_eq!(missing.code, Some(1));
    assert!(
        missing
            .stderr
            .contains("has no environment dierct: do you mean direct?"),
        "{}",
        missing.stderr
    );
}

#[test]
fn every_problem_is_told_at_once_and_no_secret() {
    let run = check(WRONG, "wrong.toml", &["--json"]);
    assert_eq!(run.code, Some(1));
    assert!(
        !run.stdout.contains("s3cret") && !run.stdout.contains("0123456789abcdef"),
        "{}",
        run.stdout
    );
    let report = report(&run);
    let found: Vec<String> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| {
            format!(
                "{} {}",
                problem["name"].as_str().unwrap(),
                problem["text"].as_str().unwrap()
            )
        })
        .collect();
    for expected in [
        "WORK is missing",
        "LEDGER is missing",
        "UPLOAD_MAX_BYTES is not an integer",
        "ALERT_LAG_MINUTES is not an integer",
        "LOGPUSH_SECRET is a secret, which does not belong in a file",
        "SIEM_INTAKE_KEY is a secret, which does not belong in a file",
        "SHAEP is no setting: do you mean SHAPE?",
        "RULES_LAKE has the rules of a destination that is not there",
        "DESTINATIONS.siem.intake_key is a secret",
        "DESTINATIONS.siem.datasets has \"firewall_event\", which is no dataset: do you mean firewall_events?",
        "DESTINATIONS.search.ulr is no setting of a destination of kind elasticsearch: do you mean url?",
        "DESTINATIONS.search.url is not set",
        "DESTINATIONS.search.shape is native, and a destination of kind elasticsearch takes ecs only",
    ] {
        assert!(
            found.iter().any(|problem| problem.starts_with(expected)),
            "{expected}\n{found:#?}"
        );
    }
    assert_eq!(found.len(), 13, "{found:#?}");
    assert!(all(&report["warnings"], "name").contains(&"MINE"));
}

#[test]
fn a_name_that_collides_brings_no_other_destination_about() {
    let tables = "name = \"logs\"\n[vars.DESTINATIONS.splunk]\nkind = \"splunk\"\nurl = \"https://x.example\"";
    let run = check(tables, "collides.toml", &["--json"]);
    assert_eq!(run.code, Some(1));
    let report = report(&run);
    assert_eq!(all(&report["destinations"], "name"), ["splunk"]);
    assert!(
        all(&report["problems"], "text")[0]
            .starts_with("needs SPLUNK_TOKEN, which is a setting of the Worker"),
        "{report}"
    );
}

#[test]
fn kinds_are_listed_with_their_settings() {
    let run = run(&["config", "kinds", "--json"], b"");
    let kinds: Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(all(&kinds, "name").starts_with(&["sekoia", "http"]));
    let settings = all(&kinds[1]["settings"], "name");
    assert!(
        settings.contains(&"url") && settings.contains(&"batch_max_bytes"),
        "{settings:?}"
    );
    assert!(
        kinds[1]["settings"][0]["about"]
            .as_str()
            .unwrap()
            .contains("POST")
    );
    let text = crate::common::run(&["config", "kinds"], b"").stdout;
    assert!(
        text.contains("intake_key, SEKOIA_INTAKE_KEY (secret, required, by dataset too)"),
        "{text}"
    );
}

#[test]
fn documents_and_bodies_are_those_that_a_destination_gets() {
    let config = file("normalize.toml", SOUND.as_bytes());
    let upload = file("three.ndjson", records(0..3).as_bytes());
    let normalize = |destination: &str, args: &[&str]| {
        let head = [
            "normalize",
            "--config",
            &config,
            "--destination",
            destination,
        ];
        run(
            &[&head, args, &["--dataset", "firewall_events", &upload]].concat(),
            b"",
        )
    };
    let native = normalize("lake", &[]);
    assert_eq!(native.code, Some(0), "{}", native.stderr);
    assert_eq!(native.documents()[2]["RayID"], "ray2");

    let wire = normalize("lake", &["--wire"]);
    let bodies: Vec<Value> = wire.documents();
    let sizes: Vec<_> = bodies
        .iter()
        .map(|body| body.as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [2, 1], "{}", wire.stdout);

    let wire = normalize("search", &["--wire"]).documents();
    // A rule drops the second.
    assert_eq!(wire.len(), 4);
    assert_eq!(
        wire[0]["create"]["_index"],
        "logs-cloudflare.firewall_events-default"
    );
    assert_eq!(wire[0]["create"]["_id"], wire[1]["event"]["id"]);
    let explained = normalize("search", &["--explain"]);
    let lines: Vec<_> = explained.stdout.lines().collect();
    let expected = ["1\tkept\t-", "2\tdropped\tone", "3\tkept\t-"];
    assert_eq!(lines.len(), 3, "{}", explained.stdout);
    for (line, end) in lines.iter().zip(expected) {
        assert!(line.ends_with(&format!(":{end}")), "{line}");
    }
    assert!(explained.stderr.contains("one:"), "{}", explained.stderr);
    assert!(
        explained.stderr.contains("fits 1, drops 1"),
        "{}",
        explained.stderr
    );
    let wire = normalize("siem", &["--wire"]);
    assert_eq!(wire.stdout, normalize("siem", &[]).stdout);

    // What goes elsewhere is told, whether its dataset is named or recognised.
    let dns = file(
        "dns.ndjson",
        b"{\"QueryName\":\"a.example\",\"QueryType\":1,\"Timestamp\":\"2026-01-01T00:00:00Z\"}\n",
    );
    let elsewhere = run(
        &[
            "normalize",
            "--config",
            &config,
            "--destination",
            "siem",
            "--dataset",
            "dns_logs",
            &dns,
        ],
        b"",
    );
    assert_eq!((elsewhere.code, &*elsewhere.stdout), (Some(0), ""));
    assert!(
        elsewhere.stderr.contains("dns_logs does not go to siem"),
        "{}",
        elsewhere.stderr
    );

    for (args, code, expected) in [
        (
            vec!["--config", &*config],
            1,
            "there are several destinations, lake, search, siem",
        ),
        (
            vec!["--config", &*config, "--destination", "seim"],
            1,
            "there is no destination seim; there are lake, search, siem",
        ),
        (vec!["--destination", "siem"], 2, "--config"),
        (
            vec!["--config", &*config, "--shape", "ecs"],
            2,
            "cannot be used with",
        ),
        (
            vec!["--config", "nowhere.toml"],
            1,
            "cannot read nowhere.toml",
        ),
    ] {
        let run = run(&[&["normalize"], &*args, &[&*upload]].concat(), b"");
        assert_eq!(run.code, Some(code), "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
    }
}

/// The examples of configurations in the documents.
#[test]
fn what_the_documents_show_is_a_sound_configuration() {
    let documents = [
        (
            "destinations.md",
            include_str!("../../../../docs/destinations.md"),
        ),
        (
            "elasticsearch.md",
            include_str!("../../../../docs/elasticsearch.md"),
        ),
    ];
    let bindings = SOUND.split("[vars]").next().unwrap();
    for (name, text) in documents {
        let blocks = text.split("```toml\n").skip(1);
        let examples: Vec<&str> = blocks
            .filter_map(|block| block.split("```").next())
            .filter(|block| block.contains("DESTINATIONS"))
            .collect();
        assert!(!examples.is_empty(), "{name} has no example");
        for example in examples {
            let run = check(&format!("{bindings}{example}"), "documents.toml", &[]);
            assert_eq!(run.code, Some(0), "{name}: {}{}", run.stdout, run.stderr);
        }
    }
}
