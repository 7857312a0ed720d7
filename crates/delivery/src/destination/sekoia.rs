//! SEKOIA.IO's HTTPS intake: `POST /plain/batch`, one event a line, gzip.

use core::fmt;

use logpush_gzip::gzip;
use logpush_normalizer::Shape;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::Millis;
use crate::destination::check::{Finding, Heard, Inquiry, Standing, without_events};
use crate::destination::kind::{Destination, Kind, PartLimits, Step, Turn, one_request};
use crate::framing::lines;
use crate::part::Part;
use crate::request::{Body, Reply, Request};
use crate::session::{Conversation, Session};
use crate::setting::{Accepts, Problem, Setting, Values};
use crate::verdict::Verdict;
use crate::words;

pub(super) const KIND: Kind = Kind {
    name: "sekoia",
    settings: &[
        Setting::new(
            INTAKE_URL,
            Accepts::Url {
                default: Some("https://intake.sekoia.io"),
            },
            "base URL of your region, such as `https://intake.fra2.sekoia.io/api/v1/intake-http`; `/plain/batch` is added",
        )
        .key("url"),
        Setting::new(
            INTAKE_KEY,
            Accepts::HeaderValue,
            "the intake's key, which decides the intake and the format that take the events",
        )
        .required()
        .secret()
        .by_dataset(),
    ],
    shapes: &[Shape::Ecs, Shape::Native, Shape::Raw],
    needs_json: |_| false,
    limits: PartLimits {
        // 10 MiB, taken before compression.
        bytes: 10 * 1024 * 1024,
        documents: 100_000,
    },
    open,
    when_held: "check the intake key: it is wrong, revoked, or of another region",
};

/// An intake of SEKOIA.IO.
struct Sekoia {
    url: String,
    key: String,
}

/// The answer to a batch. What it looks like for a partial failure is not documented: a missing or
/// null id is an event that was not taken.
#[derive(Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "is_there")]
    event_ids: Option<Option<Vec<Option<IgnoredAny>>>>,
    error: Option<IgnoredAny>,
    message: Option<IgnoredAny>,
}

const INTAKE_URL: &str = "SEKOIA_INTAKE_URL";
const INTAKE_KEY: &str = "SEKOIA_INTAKE_KEY";

fn open(values: &Values, _: Option<&str>, _: &mut Vec<Problem>) -> Option<Box<dyn Destination>> {
    let base = values.text(INTAKE_URL)?.trim_end_matches('/');
    Some(Box::new(Sekoia {
        url: format!("{base}/plain/batch"),
        key: values.text(INTAKE_KEY)?.to_owned(),
    }))
}

impl Destination for Sekoia {
    fn title(&self) -> &'static str {
        "the SEKOIA.IO intake"
    }

    fn encode(&self, part: &Part<'_>, _now: Millis) -> Vec<u8> {
        gzip(&lines(part, ""))
    }

    fn step(&self, turn: &Turn<'_>, _: &mut Conversation, _: &mut Session) -> Step {
        let request = || {
            self.request(Body::Payload(0..turn.payload.len()))
                .header("Content-Encoding", "gzip")
        };
        one_request(turn, &self.secrets(), request, |reply| {
            self.read(reply, turn)
        })
    }

    fn inquire(&self, heard: &[Heard]) -> Inquiry {
        let Some(answer) = heard.first() else {
            return Inquiry::Ask(self.request(Body::Empty));
        };
        Inquiry::Found(match answer {
            // No events, and the key was looked at.
            Ok(reply) if reply.is_success() || matches!(reply.status, 400 | 413 | 422) => {
                Finding::new(Standing::Ready, "the intake knows the key")
            }
            _ => without_events(answer, &self.secrets()),
        })
    }

    fn secrets(&self) -> Vec<&str> {
        vec![&self.key]
    }
}

impl Sekoia {
    fn request(&self, body: Body) -> Request {
        let request = Request::post(&self.url, 0);
        // In a header, since URLs get logged.
        let request = request.header("X-SEKOIAIO-INTAKE-KEY", &self.key);
        Request { body, ..request }
    }

    /// Reads an answer of success: how many of the events have an id.
    fn read(&self, reply: &Reply, turn: &Turn<'_>) -> Verdict {
        let sent = turn.part.len();
        match serde_json::from_slice::<Answer>(&reply.body) {
            Ok(Answer {
                event_ids: Some(Some(ids)),
                ..
            }) => match ids.iter().flatten().count() {
                taken if taken >= sent => Verdict::Accepted,
                taken => Verdict::SomeUnknown(taken),
            },
            // Which 2xx come without ids is not documented: one that complains of nothing is a yes.
            Ok(Answer {
                event_ids: None,
                error: None,
                message: None,
            }) => Verdict::Accepted,
            Err(_) if reply.body.trim_ascii().is_empty() => Verdict::Accepted,
            // A login page or a proxy's: whoever says that does not have the events.
            _ => Verdict::Retry {
                after: reply.retry_after(turn.now),
                reason: format!(
                    "an answer that is not the intake's: {}",
                    words::quote(reply, &self.secrets())
                ),
            },
        }
    }
}

impl fmt::Debug for Sekoia {
    /// Without the key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sekoia")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Reads a member that is there, null or not.
fn is_there<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::kind::{Last, Opened};
    use crate::sample::batch;
    use crate::setting::Given;

    fn opened(values: &[(&str, &str)]) -> Opened {
        KIND.open(Some("dns_logs"), &|name| {
            let value = values.iter().find(|(other, _)| *other == name);
            value.map(|(_, value)| Given::Text((*value).to_owned()))
        })
    }

    /// What an answer to two events means.
    fn read(status: u16, body: &str) -> Verdict {
        let destination = opened(&[("SEKOIA_INTAKE_KEY", "the-key")]).unwrap();
        let batch = batch(&["{}", "{}"]);
        let part = Part::new(&batch, &[0..2], "u");
        let reply = Reply {
            status,
            body: body.into(),
            ..Reply::default()
        };
        let turn = Turn {
            part: &part,
            payload: b"",
            last: Last::Reply(&reply),
            now: 0,
        };
        let step = destination.step(&turn, &mut Conversation::default(), &mut Session::default());
        match step {
            Step::End(verdict) => verdict,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn answers_are_read_by_status_and_by_what_they_count() {
        let rejected = |words: &str| Verdict::Rejected(words.to_owned());
        let retry = |reason: &str| Verdict::Retry {
            after: None,
            reason: reason.to_owned(),
        };
        let unknown = |reason: &str| Verdict::Unknown {
            after: None,
            reason: reason.to_owned(),
        };
        let no_intake = |words: &str| {
            retry(&format!(
                "an answer that is not the intake's: status 200: {words}"
            ))
        };
        let held = |status, words: &str| Verdict::Held {
            status: Some(status),
            words: words.to_owned(),
        };
        for (status, body, expected) in [
            (200, r#"{"event_ids":["a","b"]}"#, Verdict::Accepted),
            (202, r#"{"event_ids":["a","b"]}"#, Verdict::Accepted),
            (200, r#"{"event_ids":["a"]}"#, Verdict::SomeUnknown(1)),
            (200, r#"{"event_ids":["a",null]}"#, Verdict::SomeUnknown(1)),
            (200, r#"{"event_ids":[]}"#, Verdict::SomeUnknown(0)),
            (
                200,
                r#"{"event_ids":["a"],"error":"b is too long"}"#,
                Verdict::SomeUnknown(1),
            ),
            (
                200,
                r#"{"event_ids":["a","b"],"message":"thanks"}"#,
                Verdict::Accepted,
            ),
            (200, "", Verdict::Accepted),
            (204, "", Verdict::Accepted),
            (200, r#"{"status":"ok"}"#, Verdict::Accepted),
            (200, r#"{"error":null,"message":null}"#, Verdict::Accepted),
            (
                200,
                r#"{"event_ids":null}"#,
                no_intake(r#"{"event_ids":null}"#),
            ),
            (200, r#"{"error":"no"}"#, no_intake(r#"{"error":"no"}"#)),
            (200, r#"{"message":"no"}"#, no_intake(r#"{"message":"no"}"#)),
            (200, "<html>", no_intake("<html>")),
            (200, "[]", no_intake("[]")),
            (200, "null", no_intake("null")),
            (200, r#"{"event_ids":[""#, no_intake(r#"{"event_ids":[""#)),
            (408, "", unknown("status 408")),
            (429, "slow down", retry("status 429: slow down")),
            (500, "", unknown("status 500")),
            (502, "", unknown("status 502")),
            (503, "", retry("status 503")),
            (413, "too large", rejected("status 413: too large")),
            (400, "", rejected("status 400")),
            (422, "", rejected("status 422")),
            (
                401,
                "the-key is\nwrong",
                held(401, "status 401: *** is wrong"),
            ),
            (404, "", held(404, "status 404")),
            (302, "", held(302, "status 302")),
        ] {
            assert_eq!(read(status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_check_asks_without_events() {
        use Standing::{Down, Ready, Unavailable, WrongKey, WrongUrl};
        let destination = opened(&[("SEKOIA_INTAKE_KEY", "the-key")]).unwrap();
        let Inquiry::Ask(request) = destination.inquire(&[]) else {
            panic!("no question");
        };
        assert_eq!(request.url, "https://intake.sekoia.io/plain/batch");
        assert_eq!(request.body, Body::Empty);
        for (status, expected) in [
            (200, Ready),
            (400, Ready),
            (401, WrongKey),
            (403, WrongKey),
            (404, WrongUrl),
            (302, WrongUrl),
            (429, Unavailable),
            (503, Unavailable),
            (0, Down),
        ] {
            let heard = match status {
                0 => Err("the connection failed".to_owned()),
                status => Ok(Reply {
                    status,
                    body: b"the-key".to_vec(),
                    ..Reply::default()
                }),
            };
            let Inquiry::Found(found) = destination.inquire(&[heard]) else {
                panic!("{status}: another question");
            };
            assert_eq!(found.standing, expected, "{status}");
            assert!(!found.words.contains("the-key"), "{}", found.words);
        }
    }

    #[test]
    fn settings_that_do_not_do_are_named() {
        let missing = "SEKOIA_INTAKE_KEY is not set, and SEKOIA_INTAKE_KEY_DNS_LOGS is not either";
        let key = ("SEKOIA_INTAKE_KEY", "k");
        for (values, expected) in [
            (vec![key], String::new()),
            (vec![("SEKOIA_INTAKE_KEY_DNS_LOGS", "k")], String::new()),
            (
                vec![("SEKOIA_INTAKE_KEY_HTTP_REQUESTS", "k")],
                missing.to_owned(),
            ),
            (vec![], missing.to_owned()),
            (
                vec![("SEKOIA_INTAKE_KEY", "a\nb")],
                "SEKOIA_INTAKE_KEY has a character that a header cannot carry".to_owned(),
            ),
            (
                vec![("SEKOIA_INTAKE_URL", "ftp://x")],
                format!("SEKOIA_INTAKE_URL is not an https:// URL; {missing}"),
            ),
            (
                vec![key, ("SEKOIA_INTAKE_URL", "https://intake.example/@x/")],
                String::new(),
            ),
            (
                vec![key, ("SEKOIA_INTAKE_URL", "https://intake.example:65536")],
                "SEKOIA_INTAKE_URL has no host, or a port that is none".to_owned(),
            ),
        ] {
            let problems = opened(&values).err().unwrap_or_default();
            let words: Vec<_> = problems.iter().map(ToString::to_string).collect();
            assert_eq!(words.join("; "), expected, "{values:?}");
        }
    }
}
