//! What becomes of documents when Splunk's event collector misbehaves: a collector that indexes what
//! is before an error, as the real one does, and knows what each event was.

use std::collections::BTreeMap;
use std::io::Read as _;

use logpush_delivery::Millis;
use logpush_delivery::destination::{Destination, kind};
use logpush_delivery::machine::{Delivery, End, Limits, Machine, Outcome, Refusal, Shared};
use logpush_delivery::request::{Reply, Request};
use logpush_delivery::setting::Given;
use serde_json::Value;

use crate::driver::drive;
use crate::simulation;

use self::Answer::{Fine, Full, Lost, NotYet, Of, Poison, Reset};

const COUNT: u64 = 10;

const LIMITS: Limits = Limits {
    base: 500,
    budget: 25_000,
    after_max: 3_600_000,
    requests: 500,
    refused: 256,
};

const TOKEN: &str = "the-token";

/// What the collector answers to a request.
#[derive(Clone, Copy)]
enum Answer {
    /// It indexes all, or answers to a question that it has.
    Fine,
    /// The connection breaks before anything is indexed.
    Reset,
    /// The connection breaks when all is indexed.
    Lost,
    /// A status and a body, with nothing indexed.
    Of(u16, &'static str),
    /// The event of this record is at fault, with this code.
    Poison(u64, u32),
    /// More events than these are too many, which it says as Splunk Cloud does.
    Full(usize),
    /// To a question: it is not indexed yet.
    NotYet,
}

/// Decides by the number of the request, from 0, and its path.
type Collector<'a> = &'a dyn Fn(usize, &str) -> Answer;

struct Course {
    outcome: Outcome,
    /// How often the event of each record was indexed; placeholders under their own texts.
    indexed: BTreeMap<String, u32>,
    /// The paths of the requests, with how many events each had.
    requests: Vec<(String, usize)>,
    waits: Vec<Millis>,
}

fn deliver(collector: Collector<'_>, values: &[(&str, &str)]) -> Course {
    let destination = open(values);
    let placeholder = |refusal: &Refusal<'_>| {
        let text = String::from_utf8_lossy(refusal.document.text);
        format!("{{\"placeholder\":{:?}}}", text).into_bytes()
    };
    let delivery = Delivery {
        destination: &*destination,
        upload: "u",
        limits: LIMITS,
        placeholder: &placeholder,
        shared: &Shared::default(),
    };
    let texts: Vec<_> = (0..COUNT).map(text).collect();
    let machine = Machine::new(&delivery, simulation::batch(&texts, 1), 1);
    let (mut indexed, mut requests) = (BTreeMap::new(), Vec::new());
    let (outcome, waits) = drive(machine, |request, body| {
        let path = request.url.strip_prefix("https://splunk.example").unwrap();
        check(request, values);
        let events = match path {
            "/services/collector/ack" => {
                assert_eq!(body, br#"{"acks":[7]}"#);
                Vec::new()
            }
            _ => events(body),
        };
        let answer = collector(requests.len(), path);
        requests.push((path.to_owned(), events.len()));
        let fault = |poisoned: u64| events.iter().position(|event| *event == text(poisoned));
        let (taken, reply) = match answer {
            Reset | Lost => (
                if matches!(answer, Lost) {
                    events.len()
                } else {
                    0
                },
                None,
            ),
            Of(status, body) => (0, Some((status, body.to_owned()))),
            NotYet => (0, Some((200, r#"{"acks":{"7":false}}"#.to_owned()))),
            Full(most) if events.len() > most => (0, Some((400, error(6, Some(0))))),
            // Code 7 names the event behind.
            Poison(record, 7) if fault(record).is_some() => {
                let place = fault(record).unwrap();
                (place, Some((400, error(7, Some(place + 1)))))
            }
            Poison(record, code) if fault(record).is_some() => {
                let place = fault(record).unwrap();
                (place, Some((400, error(code, Some(place)))))
            }
            _ if path.ends_with("/ack") => (0, Some((200, r#"{"acks":{"7":true}}"#.to_owned()))),
            _ => {
                let body = r#"{"text":"Success","code":0,"ackId":7}"#;
                (events.len(), Some((200, body.to_owned())))
            }
        };
        for event in &events[..taken] {
            *indexed.entry(event.clone()).or_default() += 1;
        }
        let (status, body) = reply.ok_or("the connection failed")?;
        Ok(Reply {
            status,
            headers: vec![("set-cookie".to_owned(), "peer=3; Path=/".to_owned())],
            body: body.into_bytes(),
        })
    });
    Course {
        outcome,
        indexed,
        requests,
        waits,
    }
}

fn open(values: &[(&str, &str)]) -> Box<dyn Destination> {
    let fixed = [
        ("SPLUNK_URL", "https://splunk.example"),
        ("SPLUNK_TOKEN", TOKEN),
    ];
    let read = |name: &str| {
        let mut all = fixed.iter().chain(values);
        let value = all.find(|(other, _)| *other == name);
        value.map(|(_, value)| Given::Text((*value).to_owned()))
    };
    kind("splunk").unwrap().open(None, &read).unwrap()
}

/// Every request is signed and has a channel; a question goes to the indexer that took the events.
fn check(request: &Request, values: &[(&str, &str)]) {
    let header = |name: &str| {
        let header = request.headers.iter().find(|(other, _)| other == name);
        header.map(|(_, value)| value.as_str())
    };
    let is_set = |name, value| values.contains(&(name, value));
    let scheme = match is_set("SPLUNK_AUTHORIZATION", "bearer") {
        true => "Bearer the-token",
        false => "Splunk the-token",
    };
    assert_eq!(header("Authorization"), Some(scheme));
    assert_eq!(header("X-Splunk-Request-Channel").map(str::len), Some(36));
    let is_question = request.url.ends_with("/ack");
    assert_eq!(header("Cookie"), is_question.then_some("peer=3"));
    let is_compressed = !is_question && !is_set("SPLUNK_GZIP", "false");
    assert_eq!(header("Content-Encoding"), is_compressed.then_some("gzip"));
}

/// The events of a body. The collector drops what follows on a key that it does not know.
fn events(body: &[u8]) -> Vec<String> {
    let mut plain = String::new();
    match body.starts_with(&[0x1f, 0x8b]) {
        true => flate2::read::GzDecoder::new(body).read_to_string(&mut plain),
        false => { body }.read_to_string(&mut plain),
    }
    .unwrap();
    let envelopes = serde_json::Deserializer::from_str(&plain).into_iter::<Value>();
    envelopes
        .map(|envelope| {
            let envelope = envelope.unwrap();
            for key in envelope.as_object().unwrap().keys() {
                let known = [
                    "time",
                    "host",
                    "source",
                    "sourcetype",
                    "index",
                    "fields",
                    "event",
                ];
                assert!(known.contains(&key.as_str()), "{key}");
            }
            envelope["event"].to_string()
        })
        .collect()
}

fn error(code: u32, place: Option<usize>) -> String {
    let place = place.map(|place| format!(",\"invalid-event-number\":{place}"));
    format!(
        "{{\"text\":\"no\",\"code\":{code}{}}}",
        place.unwrap_or_default()
    )
}

fn text(record: u64) -> String {
    format!("{{\"n\":{record}}}")
}

impl Course {
    /// Every document is indexed, or its placeholder is, and what is indexed twice is counted.
    fn assert_complete(&self, name: &str, refused: &[u64], repeated: usize) {
        assert_eq!(self.outcome.end, End::Complete, "{name}");
        let records: Vec<_> = self
            .outcome
            .refused
            .iter()
            .map(|refused| refused.record)
            .collect();
        assert_eq!(records, refused, "{name}");
        for record in 0..COUNT {
            let is_indexed = self.indexed.contains_key(&text(record));
            assert_eq!(is_indexed, !refused.contains(&record), "{name}: {record}");
        }
        assert_eq!(self.indexed.len() as u64, COUNT, "{name}");
        let twice = self.indexed.values().filter(|&&times| times > 1).count();
        assert_eq!(twice, repeated, "{name}");
    }
}

#[test]
fn faults_that_pass_leave_nothing_owed() {
    let page = "<!doctype html>";
    for (name, answer, requests, repeated) in [
        ("no fault", Fine, 1, 0),
        ("a reset", Reset, 2, 0),
        ("a lost answer", Lost, 2, 10),
        (
            "8: internal error",
            Of(500, r#"{"text":"Internal","code":8}"#),
            2,
            0,
        ),
        (
            "9: busy",
            Of(503, r#"{"text":"Server is busy","code":9}"#),
            2,
            0,
        ),
        (
            "18: unhealthy",
            Of(503, r#"{"text":"unhealthy","code":18}"#),
            2,
            0,
        ),
        (
            "23: shutting down",
            Of(503, r#"{"text":"shutting down","code":23}"#),
            2,
            0,
        ),
        (
            "26: queue full",
            Of(429, r#"{"text":"full","code":26}"#),
            2,
            0,
        ),
        (
            "27: channel full",
            Of(429, r#"{"text":"full","code":27}"#),
            2,
            0,
        ),
        ("408", Of(408, ""), 2, 0),
        ("429 of a proxy", Of(429, page), 2, 0),
        ("504", Of(504, page), 2, 0),
        (
            "busy with 200",
            Of(200, r#"{"text":"Server is busy","code":9}"#),
            2,
            0,
        ),
        (
            "healthy is no yes",
            Of(200, r#"{"text":"HEC is healthy","code":17}"#),
            2,
            0,
        ),
        ("a page with 200", Of(200, page), 2, 0),
        ("an empty 200", Of(200, ""), 2, 0),
        (
            "no word of success",
            Of(200, r#"{"text":"Received"}"#),
            2,
            0,
        ),
        ("an empty object", Of(200, "{}"), 2, 0),
        (
            "6 without a place",
            Of(400, r#"{"text":"no","code":6}"#),
            3,
            0,
        ),
        ("413", Of(413, ""), 3, 0),
        (
            "a place that is none",
            Of(400, r#"{"text":"no","code":6,"invalid-event-number":10}"#),
            2,
            0,
        ),
    ] {
        let course = deliver(&|number, _| if number == 0 { answer } else { Fine }, &[]);
        course.assert_complete(name, &[], repeated);
        assert_eq!(course.requests.len(), requests, "{name}");
    }
}

#[test]
fn an_answer_near_capacity_is_a_yes() {
    for body in [
        r#"{"text":"near","code":24}"#,
        r#"{"text":"near","code":25}"#,
    ] {
        let course = deliver(&|_, _| Of(200, body), &[]);
        assert_eq!(
            (course.outcome.end, course.requests.len()),
            (End::Complete, 1)
        );
    }
}

#[test]
fn receivers_of_another_make_say_yes_in_other_words() {
    let any = ("SPLUNK_ACCEPT", "any");
    let bearer = ("SPLUNK_AUTHORIZATION", "bearer");
    for (body, values) in [
        (r#"{"text":"Success","code":"0"}"#, vec![]),
        (r#"{"text":"Success","code":0,"eventId":"a"}"#, vec![]),
        (r#"{"text":"Success","code":0,"ackId":"7"}"#, vec![]),
        (r#"{"text":"Success"}"#, vec![]),
        ("{}", vec![bearer]),
        (r#"{"eventId":"a"}"#, vec![bearer]),
        ("", vec![any]),
        ("OK", vec![any]),
        ("{}", vec![any, ("SPLUNK_GZIP", "false")]),
    ] {
        let course = deliver(&|_, _| Of(200, body), &values);
        assert_eq!(
            (course.outcome.end, course.requests.len()),
            (End::Complete, 1),
            "{body}"
        );
    }
    // An error is none, whatever is taken for a yes.
    let course = deliver(
        &|_, _| Of(200, r#"{"text":"Invalid token","code":4}"#),
        &[any],
    );
    assert!(matches!(course.outcome.end, End::Held { .. }));
}

#[test]
fn what_is_before_a_bad_event_is_not_sent_again() {
    for code in [6, 12, 13, 15] {
        for record in [0, 4, 9] {
            let name = format!("{code} at {record}");
            let course = deliver(&|_, _| Poison(record, code), &[]);
            course.assert_complete(&name, &[record], 0);
            // All, the bad one alone, its placeholder, those behind.
            let expected = [10, 1, 1, COUNT as usize - 1 - record as usize];
            let sizes = course.requests.iter().map(|(_, events)| *events);
            let expected = expected.into_iter().filter(|&events| events > 0);
            assert_eq!(
                sizes.collect::<Vec<_>>(),
                expected.collect::<Vec<_>>(),
                "{name}"
            );
        }
    }
}

/// A sum that is too large looks like a bad first event.
#[test]
fn a_sum_that_is_too_large_refuses_nothing() {
    for most in [1, 5, 9] {
        let course = deliver(&|_, _| Full(most), &[]);
        course.assert_complete(&format!("{most}"), &[], 0);
    }
}

#[test]
fn what_is_about_the_set_up_holds_at_once() {
    let one = r#"{"text":"the-token","code":1}"#;
    for (status, body) in [
        (403, one),
        (401, r#"{"text":"the-token","code":2}"#),
        (401, r#"{"text":"the-token","code":3}"#),
        (403, r#"{"text":"the-token","code":4}"#),
        (400, r#"{"text":"the-token","code":5}"#),
        (
            400,
            r#"{"text":"the-token","code":7,"invalid-event-number":1}"#,
        ),
        (
            400,
            r#"{"text":"the-token","code":7,"invalid-event-number":0}"#,
        ),
        (400, r#"{"text":"the-token","code":7}"#),
        (400, r#"{"text":"the-token","code":10}"#),
        (400, r#"{"text":"the-token","code":11}"#),
        (400, r#"{"text":"the-token","code":14}"#),
        (400, r#"{"text":"the-token","code":16}"#),
        (400, r#"{"text":"the-token","code":21}"#),
        (400, r#"{"text":"the-token","code":22}"#),
        (400, r#"{"text":"the-token","code":28}"#),
        (200, one),
        (404, "the-token"),
        (302, "the-token"),
        (406, "the-token"),
        (415, "the-token"),
        (501, "the-token"),
    ] {
        let course = deliver(&|_, _| Of(status, body), &[]);
        let End::Held {
            status: told,
            words,
        } = course.outcome.end
        else {
            panic!("{body}: {:?}", course.outcome.end);
        };
        assert_eq!((told, course.outcome.owed), (Some(status), COUNT), "{body}");
        assert_eq!(course.requests.len(), 1, "{body}");
        assert!(words.contains("***") && !words.contains(TOKEN), "{words}");
        assert_eq!(
            words.contains("SPLUNK_GZIP=false"),
            status == 415,
            "{words}"
        );
    }
}

/// The code names the event behind the one whose index is forbidden.
#[test]
fn an_index_that_is_forbidden_on_the_way_holds_and_repeats_nothing() {
    let course = deliver(&|_, _| Poison(4, 7), &[]);
    assert!(
        matches!(course.outcome.end, End::Held { .. }),
        "{:?}",
        course.outcome.end
    );
    assert_eq!((course.outcome.taken, course.outcome.owed), (vec![0..4], 6));
    assert!(course.indexed.values().all(|&times| times == 1));
}

#[test]
fn an_answer_that_is_none_holds_in_the_end() {
    let course = deliver(&|_, _| Of(200, "<!doctype html>"), &[]);
    let End::Held { status, words } = course.outcome.end else {
        panic!("{:?}", course.outcome.end);
    };
    assert_eq!((status, course.requests.len()), (Some(200), 2));
    assert!(
        words.contains("<!doctype html>") && words.contains("SPLUNK_ACCEPT"),
        "{words}"
    );
}

const WITH_ACK: &[(&str, &str)] = &[("SPLUNK_ACK", "true")];

#[test]
fn an_acknowledgement_is_asked_for_until_it_is_there() {
    for (name, faults, requests) in [
        ("at once", vec![], 2),
        ("later", vec![NotYet, NotYet], 4),
        ("a lost question", vec![Reset], 3),
        ("busy", vec![Of(503, r#"{"text":"busy","code":9}"#)], 3),
        ("a page", vec![Of(200, "<!doctype html>")], 3),
    ] {
        let collector = |number: usize, path: &str| {
            let question = path.ends_with("/ack").then(|| number - 1);
            question
                .and_then(|number| faults.get(number))
                .copied()
                .unwrap_or(Fine)
        };
        let course = deliver(&collector, WITH_ACK);
        course.assert_complete(name, &[], 0);
        assert_eq!(course.requests.len(), requests, "{name}");
        assert!(course.waits.is_sorted(), "{name}: {:?}", course.waits);
    }
}

#[test]
fn an_acknowledgement_that_does_not_come_leaves_all_owed() {
    let collector = |_: usize, path: &str| if path.ends_with("/ack") { NotYet } else { Fine };
    let course = deliver(&collector, WITH_ACK);
    assert!(
        matches!(course.outcome.end, End::Unavailable { .. }),
        "{:?}",
        course.outcome.end
    );
    assert_eq!(course.outcome.owed, COUNT);
    assert!(course.waits.iter().sum::<Millis>() <= LIMITS.budget);
    let sent = course
        .requests
        .iter()
        .filter(|(path, _)| path.ends_with("/event"));
    assert_eq!(sent.count(), 1);
}

#[test]
fn acknowledgements_that_are_switched_off_hold() {
    let collectors: [Collector<'_>; 2] = [
        &|_, _| Of(200, r#"{"text":"Success","code":0}"#),
        &|_, path| match path.ends_with("/ack") {
            true => Of(400, r#"{"text":"ACK is disabled","code":14}"#),
            false => Fine,
        },
    ];
    for collector in collectors {
        let course = deliver(collector, WITH_ACK);
        assert!(
            matches!(course.outcome.end, End::Held { .. }),
            "{:?}",
            course.outcome.end
        );
        assert_eq!(course.outcome.owed, COUNT);
    }
}
