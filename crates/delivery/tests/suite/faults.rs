//! What becomes of documents when the SEKOIA.IO intake misbehaves: which arrived, how often, after
//! how many requests, and what is said of the rest.

use std::collections::BTreeMap;
use std::io::Read as _;

use logpush_delivery::Millis;
use logpush_delivery::destination::{Destination, kind};
use logpush_delivery::machine::{Delivery, End, Limits, Machine, Outcome, Refusal, Shared};
use logpush_delivery::request::Reply;
use logpush_delivery::setting::Given;

use crate::driver::drive;
use crate::simulation;

use self::Answer::{Fine, Lost, Partial, Reset, Says, Status, StatusAfter};

/// How many documents there are.
const COUNT: u64 = 10;

const LIMITS: Limits = Limits {
    base: 500,
    budget: 25_000,
    after_max: 3_600_000,
    requests: 2_000,
    refused: 256,
};

/// What the intake answers to a request.
#[derive(Clone, Copy)]
enum Answer {
    /// It takes all.
    Fine,
    /// The connection breaks before anything is stored.
    Reset,
    /// The connection breaks when all is stored.
    Lost,
    /// A status, with nothing stored.
    Status(u16),
    /// The same with `Retry-After`.
    StatusAfter(u16, &'static str),
    /// A status and a text, with nothing stored.
    Says(u16, &'static str),
    /// It takes what is not refused, and gives ids for that alone.
    Partial,
}

/// Decides by the number of the request, from 0, and the documents in it.
type Intake<'a> = &'a dyn Fn(usize, &[String]) -> Answer;

/// What came of a delivery.
struct Course {
    outcome: Outcome,
    /// How often each text arrived.
    arrived: BTreeMap<String, u32>,
    requests: usize,
    /// What was waited for, one by one.
    waits: Vec<Millis>,
}

fn deliver(intake: Intake<'_>, refuses: &dyn Fn(&str) -> bool, limits: Limits) -> Course {
    let destination = open();
    let placeholder = |refusal: &Refusal<'_>| {
        let of = String::from_utf8_lossy(if refusal.with_text {
            refusal.document.text
        } else {
            b""
        });
        format!("placeholder of {of}: {}", refusal.reason).into_bytes()
    };
    let delivery = Delivery {
        destination: &*destination,
        upload: "u",
        limits,
        placeholder: &placeholder,
        shared: &Shared::default(),
    };
    let texts: Vec<_> = (0..COUNT).map(text).collect();
    let machine = Machine::new(&delivery, simulation::batch(&texts, 1), 1);
    let (mut arrived, mut requests) = (BTreeMap::new(), 0);
    let (outcome, waits) = drive(machine, |_, body| {
        let mut plain = String::new();
        flate2::read::GzDecoder::new(body)
            .read_to_string(&mut plain)
            .unwrap();
        let texts: Vec<String> = plain.split('\n').map(str::to_owned).collect();
        let answer = intake(requests, &texts);
        requests += 1;
        let is_poison = texts.iter().any(|text| refuses(text));
        let stored: Vec<_> = texts
            .iter()
            .filter(|text| match answer {
                Fine | Lost => !is_poison,
                Partial => !refuses(text),
                _ => false,
            })
            .collect();
        for &text in &stored {
            *arrived.entry(text.clone()).or_default() += 1;
        }
        let ids = || format!("{{\"event_ids\":{:?}}}", vec!["id"; stored.len()]);
        let (status, after, body) = match answer {
            Reset | Lost => return Err("the connection failed"),
            Fine if is_poison => (400, None, "one of them is poison".to_owned()),
            Fine | Partial => (200, None, ids()),
            Status(status) => (status, None, String::new()),
            StatusAfter(status, after) => (status, Some(after), String::new()),
            Says(status, text) => (status, None, text.to_owned()),
        };
        let headers = after.map(|after| ("retry-after".to_owned(), after.to_owned()));
        Ok(Reply {
            status,
            headers: headers.into_iter().collect(),
            body: body.into_bytes(),
        })
    });
    Course {
        outcome,
        arrived,
        requests,
        waits,
    }
}

fn open() -> Box<dyn Destination> {
    let read =
        |name: &str| (name == "SEKOIA_INTAKE_KEY").then(|| Given::Text("the-key".to_owned()));
    kind("sekoia").unwrap().open(None, &read).unwrap()
}

fn text(record: u64) -> String {
    format!("{{\"n\":{record}}}")
}

fn nothing(_: &str) -> bool {
    false
}

/// Refuses the documents of these records, and nothing that is said of them.
fn refuses(records: &[u64]) -> impl Fn(&str) -> bool {
    let texts: Vec<_> = records.iter().copied().map(text).collect();
    move |document| texts.iter().any(|text| text == document)
}

impl Course {
    /// Every document is with the intake, or its placeholder is.
    fn assert_complete(&self, name: &str, refused: &[u64]) {
        assert_eq!(self.outcome.end, End::Complete, "{name}");
        assert_eq!(self.outcome.owed, 0, "{name}");
        let records: Vec<_> = self
            .outcome
            .refused
            .iter()
            .map(|refused| refused.record)
            .collect();
        assert_eq!(records, refused, "{name}");
        for record in 0..COUNT {
            let is_refused = refused.contains(&record);
            assert_eq!(
                self.arrived.contains_key(&text(record)),
                !is_refused,
                "{name}: {record}"
            );
        }
        let placeholders = self
            .arrived
            .keys()
            .filter(|text| text.starts_with("placeholder"));
        assert_eq!(placeholders.count(), refused.len(), "{name}");
        for refused in &self.outcome.refused {
            assert_eq!(refused.document, text(refused.record).as_bytes(), "{name}");
        }
    }

    fn repeated(&self) -> usize {
        self.arrived.values().filter(|&&times| times > 1).count()
    }
}

#[test]
fn faults_that_pass_leave_nothing_owed() {
    let page = "<!doctype html><title>Sign in</title>";
    /// The answer to the first requests; what follows is fine.
    type Row = (&'static str, Answer, usize, usize, usize);
    let rows: &[Row] = &[
        ("no fault", Fine, 0, 1, 0),
        ("a reset", Reset, 1, 2, 0),
        ("four resets", Reset, 4, 5, 0),
        ("a reset after storing", Lost, 1, 2, 10),
        ("429", Status(429), 1, 2, 0),
        ("429, three times", Status(429), 3, 4, 0),
        ("429 with Retry-After: 0", StatusAfter(429, "0"), 1, 2, 0),
        (
            "429 with a Retry-After that is none",
            StatusAfter(429, "soon"),
            1,
            2,
            0,
        ),
        ("408", Status(408), 1, 2, 0),
        ("425", Status(425), 1, 2, 0),
        ("500", Status(500), 1, 2, 0),
        ("502", Status(502), 1, 2, 0),
        ("503", Status(503), 1, 2, 0),
        ("504", Status(504), 1, 2, 0),
        ("a page for an answer", Says(200, page), 1, 2, 0),
        ("a text for an answer", Says(200, "queued"), 1, 2, 0),
        ("JSON cut short", Says(200, "{\"event_ids\":[\""), 1, 2, 0),
        (
            "an error for an answer",
            Says(200, "{\"error\":\"no\"}"),
            1,
            2,
            0,
        ),
        ("413 once", Status(413), 1, 3, 0),
        ("no ids once", Says(200, "{\"event_ids\":[]}"), 1, 3, 0),
    ];
    for &(name, answer, times, requests, repeated) in rows {
        let intake = |number: usize, _: &[String]| if number < times { answer } else { Fine };
        let course = deliver(&intake, &nothing, LIMITS);
        course.assert_complete(name, &[]);
        assert_eq!(course.requests, requests, "{name}");
        assert_eq!(course.repeated(), repeated, "{name}");
        assert_eq!(course.outcome.taken, [0..COUNT], "{name}");
    }
}

#[test]
fn an_answer_of_success_without_ids_is_a_yes() {
    for status in [200, 202, 204] {
        let course = deliver(&|_, _| Says(status, ""), &nothing, LIMITS);
        assert_eq!(course.outcome.end, End::Complete, "{status}");
        assert_eq!(course.requests, 1, "{status}");
    }
}

#[test]
fn what_is_too_large_is_halved_until_it_is_not() {
    for (most, requests) in [(10, 1), (5, 3), (2, 11), (1, 19)] {
        let intake = |_: usize, texts: &[String]| {
            if texts.len() > most {
                Status(413)
            } else {
                Fine
            }
        };
        let course = deliver(&intake, &nothing, LIMITS);
        course.assert_complete(&format!("at most {most}"), &[]);
        assert_eq!(
            (course.requests, course.repeated()),
            (requests, 0),
            "{most}"
        );
    }
}

#[test]
fn a_time_that_the_intake_names_is_waited_for_within_bounds() {
    let minute = Limits {
        budget: 60_000,
        ..LIMITS
    };
    for (after, limits, expected) in [
        ("7", LIMITS, Some(7_000)),
        ("Fri, 02 Jan 2026 03:04:20 GMT", LIMITS, Some(14_980)),
        ("0", LIMITS, None),
        ("59", minute, Some(59_000)),
    ] {
        let intake = |number: usize, _: &[String]| {
            if number == 0 {
                StatusAfter(429, after)
            } else {
                Fine
            }
        };
        let course = deliver(&intake, &nothing, limits);
        course.assert_complete(after, &[]);
        match expected {
            Some(wait) => assert_eq!(course.waits, [wait], "{after}"),
            None => assert!(course.waits[0] <= 500, "{:?}", course.waits),
        }
    }
    for (after, expected) in [
        ("77", 77_000),
        ("1767323045", 3_600_000),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3_600_000),
        ("99999999999999999999", 3_600_000),
    ] {
        let course = deliver(&|_, _| StatusAfter(429, after), &nothing, LIMITS);
        let End::Unavailable { after: told, .. } = course.outcome.end else {
            panic!("{after}: {:?}", course.outcome.end);
        };
        assert_eq!((told, course.requests), (Some(expected), 1), "{after}");
    }
}

#[test]
fn faults_that_last_leave_the_documents_owed() {
    let page = "<!doctype html>";
    for (name, answer, words, repeats) in [
        ("resets", Reset, "the connection failed", true),
        ("429", Status(429), "status 429", false),
        ("500", Status(500), "status 500", true),
        ("503", Status(503), "status 503", false),
        (
            "a page",
            Says(200, page),
            "an answer that is not the intake's: status 200: <!doctype html>",
            false,
        ),
    ] {
        let course = deliver(&|_, _| answer, &nothing, LIMITS);
        let expected = End::Unavailable {
            reason: words.to_owned(),
            after: None,
        };
        assert_eq!(course.outcome.end, expected, "{name}");
        assert_eq!(course.outcome.owed, COUNT, "{name}");
        assert!(
            course.waits.iter().sum::<Millis>() <= LIMITS.budget,
            "{name}"
        );
        assert!(
            (5..=10).contains(&course.requests),
            "{name}: {}",
            course.requests
        );
        assert_eq!(
            course.outcome.counts.perhaps_repeated > 0,
            repeats,
            "{name}"
        );
    }
}

#[test]
fn what_is_about_the_set_up_holds_at_once() {
    for status in [301, 302, 307, 401, 403, 404, 405, 410, 415] {
        let course = deliver(&|_, _| Says(status, "not for the-key"), &nothing, LIMITS);
        let expected = End::Held {
            status: Some(status),
            words: format!("status {status}: not for ***"),
        };
        assert_eq!(course.outcome.end, expected);
        assert_eq!((course.outcome.owed, course.requests), (COUNT, 1));
    }
}

#[test]
fn the_words_of_an_answer_are_short_and_without_the_key() {
    let long: &'static str =
        Box::leak(format!("the-key is not welcome {}", "blah ".repeat(2_000)).into_boxed_str());
    for status in [200, 400, 403, 422, 500, 503] {
        let course = deliver(&|_, _| Says(status, long), &nothing, LIMITS);
        let words = match course.outcome.end {
            End::Held { words, .. } => words,
            End::Unavailable { reason, .. } => reason,
            other => panic!("{status}: {other:?}"),
        };
        assert!(words.contains("*** is not welcome"), "{status}: {words}");
        assert!(words.len() < 400, "{status}: {} bytes", words.len());
    }
}

#[test]
fn an_intake_that_refuses_everything_is_found_out_soon() {
    for answer in [
        Says(400, "cannot parse"),
        Status(413),
        Status(422),
        Says(200, "{\"event_ids\":[]}"),
    ] {
        let course = deliver(&|_, _| answer, &nothing, LIMITS);
        let End::Held {
            status: None,
            words,
        } = course.outcome.end
        else {
            panic!("{:?}", course.outcome.end);
        };
        assert!(!words.is_empty());
        assert_eq!(course.outcome.owed, COUNT);
        assert!(course.requests <= 10, "{}", course.requests);
    }
}

#[test]
fn refused_documents_are_replaced_and_the_others_arrive() {
    let all: Vec<u64> = (0..COUNT).collect();
    for records in [vec![0], vec![7], vec![7, 8], vec![0, 4, 9], all] {
        for answer in [Fine, Partial] {
            let course = deliver(&|_, _| answer, &refuses(&records), LIMITS);
            course.assert_complete(&format!("{records:?}"), &records);
            // A status for the whole says that nothing of it was stored: nothing is sent twice.
            if matches!(answer, Fine) {
                assert_eq!(course.repeated(), 0, "{records:?}");
            }
        }
    }
}

#[test]
fn a_refused_document_and_a_fault_that_passes() {
    let intake = |number: usize, _: &[String]| if number < 3 { Status(503) } else { Fine };
    let course = deliver(&intake, &refuses(&[3]), LIMITS);
    course.assert_complete("3", &[3]);
    assert_eq!(course.repeated(), 0);
}

/// What an intake says of one half is no proof for the other: it need not refuse the same twice.
#[test]
fn a_missing_document_is_found_though_the_other_half_was_refused_for_once() {
    let left = |texts: &[String]| texts.len() == 5 && texts[0] == text(0);
    for once in [Status(400), Says(200, "{\"event_ids\":[1,2,3,4]}")] {
        let intake = |_: usize, texts: &[String]| if left(texts) { once } else { Partial };
        let course = deliver(&intake, &refuses(&[7]), LIMITS);
        course.assert_complete("7", &[7]);
    }
}

#[test]
fn what_offends_in_a_document_offends_in_its_placeholder_too() {
    let offends = |document: &str| document.contains("\"n\":3");
    let course = deliver(&|_, _| Fine, &offends, LIMITS);
    course.assert_complete("3", &[3]);
    let placeholder = course
        .arrived
        .keys()
        .find(|text| text.starts_with("placeholder"))
        .unwrap();
    assert_eq!(placeholder, "placeholder of : its text is refused as well");
    assert_eq!(
        course.outcome.refused[0].reason,
        "status 400: one of them is poison"
    );
}

#[test]
fn limits_end_a_delivery_with_what_it_did() {
    let few = Limits {
        refused: 2,
        ..LIMITS
    };
    let course = deliver(&|_, _| Fine, &refuses(&[1, 3, 5]), few);
    let End::Held {
        status: None,
        words,
    } = course.outcome.end
    else {
        panic!("{:?}", course.outcome.end);
    };
    assert!(
        words.starts_with("more than 2 documents of an upload"),
        "{words}"
    );
    assert_eq!(course.outcome.refused.len(), 2);
    assert_eq!(course.outcome.taken, [0..1, 2..3, 4..5]);

    let short = Limits {
        requests: 7,
        ..LIMITS
    };
    let intake = |_: usize, texts: &[String]| if texts.len() > 1 { Status(413) } else { Fine };
    let course = deliver(&intake, &nothing, short);
    assert_eq!(course.outcome.end, End::HandedOver);
    assert_eq!((course.requests, course.outcome.taken), (7, vec![0..3]));
    assert_eq!(course.outcome.owed, 7);

    let hasty = Limits {
        budget: 0,
        ..LIMITS
    };
    let course = deliver(&|_, _| Reset, &nothing, hasty);
    assert_eq!((course.requests, course.waits.len()), (1, 0));
}
