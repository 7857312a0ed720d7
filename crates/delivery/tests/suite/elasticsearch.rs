//! What becomes of documents when Elasticsearch misbehaves: what is stored in the end, how often it was
//! asked, and what is said of the rest.

use std::collections::BTreeMap;

use logpush_delivery::destination::kind;
use logpush_delivery::machine::{Delivery, End, Limits, Machine, Outcome, Refusal, Shared};
use logpush_delivery::request::Reply;
use logpush_delivery::setting::Given;
use serde_json::{Value, json};

use crate::driver::drive;
use crate::simulation;

/// How many documents there are.
const COUNT: u64 = 8;

const LIMITS: Limits = Limits {
    base: 500,
    budget: 25_000,
    after_max: 3_600_000,
    requests: 200,
    refused: 256,
};

/// What the server does with a request.
#[derive(Clone, Copy)]
enum Course {
    /// It stores what it can, by the rule for items.
    Works,
    /// The connection breaks before anything is stored, or behind it.
    Reset,
    ResetAfterStoring,
    /// A status for the whole, nothing stored.
    Status(u16),
    /// A body with status 200, nothing stored.
    Says(&'static str),
}

use Course::{Reset, ResetAfterStoring, Says, Status, Works};

/// The status of an item, by the number of the request and of the document; 201 is 409 where it is there.
type Rule = fn(usize, u64) -> u16;

struct Story {
    outcome: Outcome,
    stored: BTreeMap<String, String>,
    /// The documents of each request, by number; placeholders are `-`.
    sent: Vec<String>,
}

fn deliver(course: &dyn Fn(usize, usize) -> Course, rule: Rule, there: &[u64]) -> Story {
    let values = [
        ("ELASTICSEARCH_URL", "https://es.example"),
        ("ELASTICSEARCH_GZIP", "false"),
    ];
    let read = |name: &str| {
        let value = values.iter().find(|(other, _)| *other == name);
        value.map(|(_, value)| Given::Text((*value).to_owned()))
    };
    let destination = kind("elasticsearch")
        .unwrap()
        .open(Some("dns_logs"), &read)
        .unwrap();
    let placeholder =
        |refusal: &Refusal<'_>| format!("{{\"p\":{:?}}}", refusal.reason).into_bytes();
    let delivery = Delivery {
        destination: &*destination,
        upload: "u",
        limits: LIMITS,
        placeholder: &placeholder,
        shared: &Shared::default(),
    };
    let texts: Vec<_> = (0..COUNT).map(|n| format!("{{\"n\":{n}}}")).collect();
    let machine = Machine::new(&delivery, simulation::batch(&texts, 1), 1);
    let there = there.iter().map(|n| (format!("{n:032x}"), String::new()));
    let (mut stored, mut sent) = (there.collect(), Vec::<String>::new());
    let (outcome, _) = drive(machine, |_, body| {
        let body = String::from_utf8(body.to_vec()).unwrap();
        let documents = documents_of(&body);
        let number = sent.len();
        sent.push(documents.iter().map(|(_, text)| name_of(text)).collect());
        let (status, body) = match course(number, documents.len()) {
            Works => (
                200,
                index(&documents, &mut stored, |n| rule(number, n)).to_string(),
            ),
            Reset => return Err("the connection failed"),
            ResetAfterStoring => {
                index(&documents, &mut stored, |n| rule(number, n));
                return Err("the connection failed");
            }
            Status(status) => {
                let failure = json!({ "error": { "type": "of_the_whole" }, "status": status });
                (status, failure.to_string())
            }
            Says(text) => (200, text.to_owned()),
        };
        Ok(Reply {
            status,
            body: body.into_bytes(),
            ..Reply::default()
        })
    });
    Story {
        outcome,
        stored,
        sent,
    }
}

/// The ids and texts of a body, which has the form that the server demands.
fn documents_of(body: &str) -> Vec<(String, &str)> {
    assert!(body.ends_with('\n'), "{body}");
    let lines: Vec<&str> = body.lines().collect();
    assert!(lines.len().is_multiple_of(2), "{body}");
    lines
        .chunks(2)
        .map(|pair| {
            let action: Value = serde_json::from_str(pair[0]).unwrap();
            let create = action["create"].as_object().unwrap();
            assert_eq!(create["_index"], "logs-cloudflare.dns_logs-default");
            (create["_id"].as_str().unwrap().to_owned(), pair[1])
        })
        .collect()
}

fn name_of(text: &str) -> String {
    let document: Value = serde_json::from_str(text).unwrap();
    document["n"]
        .as_u64()
        .map_or_else(|| "-".to_owned(), |n| n.to_string())
}

fn index(
    documents: &[(String, &str)],
    stored: &mut BTreeMap<String, String>,
    rule: impl Fn(u64) -> u16,
) -> Value {
    let items: Vec<Value> = documents
        .iter()
        .map(|(id, text)| {
            let n = name_of(text).parse().ok();
            let status = match n.map_or(201, &rule) {
                201 if stored.contains_key(id) => 409,
                status => status,
            };
            let kind = match status {
                201 => {
                    stored.insert(id.clone(), (*text).to_owned());
                    return json!({ "create": { "status": 201 } });
                }
                409 => "version_conflict_engine_exception",
                429 => "es_rejected_execution_exception",
                400 => "document_parsing_exception",
                403 => "cluster_block_exception",
                404 => "index_not_found_exception",
                _ => "some_exception",
            };
            json!({ "create": { "status": status, "error": { "type": kind, "reason": "why" } } })
        })
        .collect();
    let errors = items.iter().any(|item| item["create"]["status"] != 201);
    json!({ "errors": errors, "items": items })
}

/// Everything is stored once, and the refused are replaced.
fn assert_complete(story: &Story, name: &str, refused: &[u64]) {
    assert_eq!(story.outcome.end, End::Complete, "{name}: {:?}", story.sent);
    let records: Vec<_> = story.outcome.refused.iter().map(|of| of.record).collect();
    assert_eq!(records, refused, "{name}");
    for n in 0..COUNT {
        let is_stored = story.stored.contains_key(&format!("{n:032x}"));
        assert_eq!(is_stored, !refused.contains(&n), "{name}: {n}");
    }
    assert_eq!(story.stored.len() as u64, COUNT, "{name}");
}

fn all_fine(_: usize, _: u64) -> u16 {
    201
}

#[test]
fn every_fault_that_passes_leaves_each_document_stored_once() {
    let page = "<!doctype html><title>Sign in</title>";
    for (name, first, requests, repeated) in [
        ("no fault", Works, 1, false),
        ("a reset", Reset, 2, true),
        ("a reset after storing", ResetAfterStoring, 2, true),
        ("429 of the whole", Status(429), 2, false),
        ("503 of the whole", Status(503), 2, false),
        ("502 of the whole", Status(502), 2, true),
        ("413 of the whole", Status(413), 3, false),
        ("a page", Says(page), 2, true),
        ("a yes without items", Says(r#"{"errors":false}"#), 2, true),
        (
            "a yes for one",
            Says(r#"{"errors":false,"items":[{"create":{"status":201}}]}"#),
            2,
            true,
        ),
    ] {
        let course = |number: usize, _: usize| if number == 0 { first } else { Works };
        let story = deliver(&course, all_fine, &[]);
        assert_complete(&story, name, &[]);
        assert_eq!(story.sent.len(), requests, "{name}");
        let counts = story.outcome.counts;
        assert_eq!(counts.perhaps_repeated > 0, repeated, "{name}");
        // What this delivery has sent before is no surprise.
        assert_eq!(counts.already_there, 0, "{name}");
    }
}

#[test]
fn items_are_followed_to_the_letter() {
    /// The rule, what is there before, what is sent in each request, what is refused.
    type Row<'a> = (&'a str, Rule, &'a [u64], &'a [&'a str], &'a [u64]);
    let rows: &[Row<'_>] = &[
        ("all at once", all_fine, &[], &["01234567"], &[]),
        ("some were there", all_fine, &[2, 3], &["01234567"], &[]),
        (
            "429 of items",
            |request, n| if request == 0 && n % 2 == 1 { 429 } else { 201 },
            &[],
            &["01234567", "1357"],
            &[],
        ),
        (
            "5xx of an item, twice",
            |request, n| if request < 2 && n == 4 { 503 } else { 201 },
            &[],
            &["01234567", "4", "4"],
            &[],
        ),
        (
            "429 of all",
            |request, _| if request == 0 { 429 } else { 201 },
            &[],
            &["01234567", "01234567"],
            &[],
        ),
        (
            "a document that does not parse",
            |_, n| if n == 5 { 400 } else { 201 },
            &[],
            &["01234567", "-"],
            &[5],
        ),
        (
            "one refused, one later",
            |request, n| match (request, n) {
                (_, 5) => 400,
                (0, 6) => 429,
                _ => 201,
            },
            &[],
            &["01234567", "6", "-"],
            &[5],
        ),
    ];
    for (name, rule, there, sent, refused) in rows {
        let story = deliver(&|_, _| Works, *rule, there);
        assert_eq!(story.sent, *sent, "{name}");
        assert_complete(&story, name, refused);
        assert_eq!(
            story.outcome.counts.already_there,
            there.len() as u64,
            "{name}"
        );
        for refused in &story.outcome.refused {
            assert_eq!(
                refused.reason,
                "status 400: document_parsing_exception: why"
            );
        }
        if let Some((_, expected)) = [
            (
                "429 of items",
                "status 429: es_rejected_execution_exception: why",
            ),
            (
                "429 of all",
                "status 429: es_rejected_execution_exception: why",
            ),
            ("5xx of an item, twice", "status 503: some_exception: why"),
        ]
        .iter()
        .find(|(row, _)| row == name)
        {
            assert_eq!(story.outcome.last_reason.as_deref(), Some(*expected));
        }
    }
}

#[test]
fn what_is_the_servers_own_fault_holds_it_and_loses_nothing() {
    for (status, all) in [
        (403, false),
        (404, false),
        (403, true),
        (404, true),
        (401, true),
        // Of the form of the whole, which is no document's fault.
        (400, true),
        (405, true),
        (406, true),
        (415, true),
        (501, true),
    ] {
        let rule: Rule = match (status, all) {
            (403, false) => |_, n| if n == 2 { 403 } else { 201 },
            (404, false) => |_, n| if n == 2 { 404 } else { 201 },
            _ => all_fine,
        };
        let course = |_: usize, _: usize| if all { Status(status) } else { Works };
        let story = deliver(&course, rule, &[]);
        let End::Held {
            status: Some(found),
            ..
        } = story.outcome.end
        else {
            panic!("{:?}", story.outcome.end);
        };
        assert_eq!((found, story.sent.len()), (status, 1));
        assert_eq!(story.outcome.owed, if all { COUNT } else { 1 });
        assert_eq!(story.outcome.refused, []);
    }
}

#[test]
fn a_body_that_is_too_large_is_halved_until_it_fits() {
    for (most, requests) in [(8, 1), (4, 3), (2, 7), (1, 15)] {
        let course = |_: usize, count: usize| if count > most { Status(413) } else { Works };
        let story = deliver(&course, all_fine, &[]);
        assert_complete(&story, "413", &[]);
        assert_eq!(story.sent.len(), requests, "{most}");
    }
}

#[test]
fn an_answer_that_is_never_a_yes_leaves_all_owed() {
    for body in [
        "<html>",
        r#"{"errors":false,"items":[]}"#,
        r#"{"errors":false}"#,
        "{}",
        "ok",
        "",
    ] {
        let story = deliver(&|_, _| Says(body), all_fine, &[]);
        let End::Held { status, .. } = story.outcome.end else {
            panic!("{body}: {:?}", story.outcome.end);
        };
        // Asked for once more, then it is the operator's.
        assert_eq!((status, story.sent.len()), (Some(200), 2), "{body}");
        assert_eq!(story.outcome.owed, COUNT, "{body}");
    }
}
