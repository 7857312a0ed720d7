//! Any URL that takes documents as lines or as an array of JSON, in one request.

mod accept;
mod secrets;

use core::fmt;
use std::collections::BTreeMap;

use logpush_gzip::gzip;
use logpush_normalizer::Shape;

use crate::Millis;
use crate::destination::check::{Finding, Heard, Inquiry, Standing, without_events};
use crate::destination::http::accept::Accept;
use crate::destination::kind::{
    Destination, Kind, PartLimits, Step, Turn, is_a_yes, no_yes, one_request,
};
use crate::framing::{array, lines};
use crate::part::Part;
use crate::request::{Body, Reply, Request};
use crate::session::{Conversation, Session};
use crate::setting::{Accepts, Problem, Setting, Values};
use crate::url;
use crate::verdict::Verdict;

pub(super) const KIND: Kind = Kind {
    name: "http",
    settings: &[
        Setting::new(
            URL,
            Accepts::Url { default: None },
            "takes documents by POST, and answers 2xx",
        )
        .required(),
        Setting::new(
            HEADERS,
            Accepts::Headers,
            "headers of every request, such as `{\"Authorization\":\"Bearer ...\"}`",
        )
        .secret(),
        Setting::new(
            FRAMING,
            Accepts::OneOf(&["lines", ARRAY]),
            "one document a line, or an array of documents",
        ),
        Setting::new(
            CONTENT_TYPE,
            Accepts::HeaderValue,
            "`Content-Type` of every request; if not set, `application/x-ndjson` for lines and `application/json` for an array",
        ),
        Setting::new(
            GZIP,
            Accepts::Flag { default: true },
            "whether bodies are compressed",
        ),
        Setting::new(
            ACCEPT,
            Accepts::Text,
            "what a yes is: a JSON pointer and a value, as `/status=\"ok\"`, or `any` for any 2xx; if not set, a 2xx without a complaint",
        ),
    ],
    shapes: &[Shape::Ecs, Shape::Native, Shape::Raw],
    needs_json: |values| values.word(FRAMING) == ARRAY,
    limits: PartLimits {
        bytes: 10 * 1024 * 1024,
        documents: 100_000,
    },
    open,
    when_held: "check the URL and the headers; where the answer is a yes, say so with HTTP_ACCEPT",
};

/// An HTTP endpoint, with the headers that it asks for.
struct Http {
    url: String,
    headers: BTreeMap<String, String>,
    framing: Framing,
    content_type: Option<String>,
    is_compressed: bool,
    accept: Accept,
    secrets: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Lines,
    Array,
}

/// Endpoints that take lines of another form and answer 200 all the same.
const OTHER_PROTOCOLS: &[(&str, &str)] = &[
    (
        "/_bulk",
        "is Elasticsearch's _bulk, which wants an action before each document and answers 200 to what it refuses: DESTINATION = \"elasticsearch\" is for that, with ELASTICSEARCH_URL",
    ),
    (
        "/services/collector",
        "is Splunk's event endpoint, which wants an envelope around each document: DESTINATION=splunk makes them",
    ),
];

/// A value of [`FRAMING`].
const ARRAY: &str = "array";

const URL: &str = "HTTP_URL";
const HEADERS: &str = "HTTP_HEADERS";
const FRAMING: &str = "HTTP_FRAMING";
const CONTENT_TYPE: &str = "HTTP_CONTENT_TYPE";
const GZIP: &str = "HTTP_GZIP";
const ACCEPT: &str = "HTTP_ACCEPT";

fn open(
    values: &Values,
    _: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Option<Box<dyn Destination>> {
    let accept = match values.text(ACCEPT).map(Accept::read) {
        None => Some(Accept::NoComplaint),
        Some(Some(accept)) => Some(accept),
        Some(None) => {
            problems.push(Problem::new(
                ACCEPT,
                "is neither any nor a JSON pointer and a value, as /status=\"ok\"",
            ));
            None
        }
    };
    let url = values.text(URL)?;
    if let Some((_, words)) = other_protocol(url) {
        problems.push(Problem::new(URL, *words));
    }
    let headers = values.headers(HEADERS);
    Some(Box::new(Http {
        url: url.to_owned(),
        secrets: secrets::of(url, &headers),
        headers,
        framing: match values.word(FRAMING) {
            ARRAY => Framing::Array,
            _ => Framing::Lines,
        },
        content_type: values.text(CONTENT_TYPE).map(str::to_owned),
        is_compressed: values.flag(GZIP),
        accept: accept?,
    }))
}

impl Destination for Http {
    fn title(&self) -> &'static str {
        "the HTTP destination"
    }

    fn encode(&self, part: &Part<'_>, _now: Millis) -> Vec<u8> {
        match (self.framing, self.is_compressed) {
            (Framing::Lines, true) => gzip(&lines(part, "\n")),
            (Framing::Lines, false) => lines(part, "\n").concat(),
            (Framing::Array, true) => gzip(&[&array(part)]),
            (Framing::Array, false) => array(part),
        }
    }

    fn step(&self, turn: &Turn<'_>, _: &mut Conversation, session: &mut Session) -> Step {
        one_request(
            turn,
            &self.secrets(),
            || self.request(turn.payload.len(), self.is_compressed),
            |reply| self.read(reply, session, turn.now),
        )
    }

    fn inquire(&self, heard: &[Heard]) -> Inquiry {
        match heard.first() {
            None => Inquiry::Ask(Request {
                body: match self.framing {
                    Framing::Lines => Body::Empty,
                    Framing::Array => Body::Own(b"[]".to_vec()),
                },
                ..self.request(0, false)
            }),
            Some(Ok(reply)) if reply.is_success() && self.accept.agrees(reply) => {
                let words = format!("it takes a request without events: status {}", reply.status);
                Inquiry::Found(Finding::new(Standing::Ready, words))
            }
            Some(answer) => Inquiry::Found(without_events(answer, &self.secrets())),
        }
    }

    fn secrets(&self) -> Vec<&str> {
        self.secrets.iter().map(String::as_str).collect()
    }
}

impl Http {
    fn request(&self, bytes: usize, is_compressed: bool) -> Request {
        let content_type = match self.framing {
            Framing::Lines => "application/x-ndjson",
            Framing::Array => "application/json",
        };
        let mut request = Request::post(&self.url, bytes).header("Content-Type", content_type);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(content_type) = &self.content_type {
            request = request.header("Content-Type", content_type);
        }
        if is_compressed {
            request = request.header("Content-Encoding", "gzip");
        }
        request
    }

    /// Reads an answer of success.
    fn read(&self, reply: &Reply, session: &mut Session, now: Millis) -> Verdict {
        if self.accept.agrees(reply) {
            is_a_yes(session);
            return Verdict::Accepted;
        }
        no_yes(reply, session, &self.secrets(), now)
            .with_hint("if that is a yes, say so with HTTP_ACCEPT")
    }
}

impl fmt::Debug for Http {
    /// Without what may be secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Http").finish_non_exhaustive()
    }
}

fn other_protocol(url: &str) -> Option<&'static (&'static str, &'static str)> {
    let path = url::path(url).to_ascii_lowercase();
    let path = path.strip_suffix("/event").unwrap_or(&path);
    OTHER_PROTOCOLS.iter().find(|(end, _)| path.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::kind::{Last, Opened};
    use crate::sample::batch;
    use crate::setting::Given;

    const AT_SIEM: (&str, &str) = (URL, "https://siem.example/in?token=s3cret-token");

    fn opened(values: &[(&str, &str)]) -> Opened {
        KIND.open(None, &|name| {
            let value = values.iter().find(|(other, _)| *other == name);
            value.map(|(_, value)| Given::Text((*value).to_owned()))
        })
    }

    fn step(destination: &dyn Destination, last: Last<'_>, session: &mut Session) -> Step {
        let batch = batch(&["1", "2"]);
        let turn = Turn {
            part: &Part::new(&batch, &[0..2], "u"),
            payload: b"12",
            last,
            now: 0,
        };
        destination.step(&turn, &mut Conversation::default(), session)
    }

    fn verdict(destination: &dyn Destination, body: &str, session: &mut Session) -> Verdict {
        let reply = Reply {
            status: 200,
            body: body.into(),
            ..Reply::default()
        };
        match step(destination, Last::Reply(&reply), session) {
            Step::End(verdict) => verdict,
            other => panic!("{other:?}"),
        }
    }

    fn is_yes(accept: Option<&str>, body: &str) -> bool {
        let mut values = vec![AT_SIEM];
        values.extend(accept.map(|accept| ("HTTP_ACCEPT", accept)));
        let destination = opened(&values).unwrap();
        verdict(&*destination, body, &mut Session::default()) == Verdict::Accepted
    }

    #[test]
    fn a_yes_is_what_complains_of_nothing() {
        for body in [
            "",
            "ok",
            "Success",
            "[OK] 2 events",
            "{}",
            "[]",
            "1",
            r#"{"errors":false,"items":[]}"#,
            r#"{"errors":[]}"#,
            r#"{"errors":null}"#,
            r#"{"errors":0}"#,
            r#"{"error":null}"#,
            r#"{"error":false}"#,
            r#"{"error":""}"#,
            r#"{"error":{}}"#,
            r#"{"code":0,"text":"Success"}"#,
            r#"{"code":200}"#,
            r#"{"code":"202"}"#,
            r#"{"code":299.0}"#,
            r#"{"code":null}"#,
            r#"{"accepted":2,"items":[{"status":201}]}"#,
            "{\"ok\":1}\n{\"ok\":1}\n",
        ] {
            assert!(is_yes(None, body), "{body}");
        }
        for body in [
            "<html>",
            "  \n<!doctype html>",
            "\u{feff}<html>",
            r#"{"errors":true,"items":[{"create":{"status":400}}]}"#,
            r#"{"errors":["no"]}"#,
            r#"{"errors":[null]}"#,
            r#"{"errors":{"0":"no"}}"#,
            r#"{"errors":"no"}"#,
            r#"{"errors":3}"#,
            r#"{"error":"no"}"#,
            r#"{"error":true}"#,
            r#"{"error":{"type":"parse_exception"}}"#,
            r#"{"error":1}"#,
            r#"{"code":6,"text":"Invalid data format"}"#,
            r#"{"code":400}"#,
            r#"{"code":300}"#,
            r#"{"code":-1}"#,
            r#"{"code":"Failed"}"#,
            r#"{"code":true}"#,
            r#"{"took":1,"#,
            "{\"ok\":1}\n{\"error\":\"no\"}",
            r#"[{"ok":1},{"error":"no"}]"#,
        ] {
            assert!(!is_yes(None, body), "{body}");
        }
    }

    #[test]
    fn the_user_says_what_a_yes_is() {
        for (accept, body, expected) in [
            ("any", "<html>", true),
            ("any", r#"{"errors":true}"#, true),
            ("/status=\"ok\"", r#"{"status":"ok"}"#, true),
            ("/status=ok", r#"{"status":"ok"}"#, true),
            ("/status=ok", r#"{"status":"failed"}"#, false),
            ("/status=ok", r#"{"errors":true,"status":"ok"}"#, true),
            ("/status=ok", "ok", false),
            ("/status=ok", "", false),
            ("/result/code = 7", r#"{"result":{"code":7}}"#, true),
            ("/result/code = 7", r#"{"result":{"code":0}}"#, false),
            ("/0/done=true", r#"[{"done":true}]"#, true),
            ("=ok", r#""ok""#, true),
        ] {
            assert_eq!(is_yes(Some(accept), body), expected, "{accept} {body}");
        }
    }

    #[test]
    fn two_answers_in_a_row_that_are_no_yes_hold_the_destination() {
        let destination = opened(&[AT_SIEM]).unwrap();
        let mut session = Session::default();
        let no = r#"{"errors":true}"#;
        let first = verdict(&*destination, no, &mut session);
        assert!(matches!(first, Verdict::Unknown { .. }), "{first:?}");
        assert_eq!(verdict(&*destination, "", &mut session), Verdict::Accepted);
        let again = verdict(&*destination, no, &mut session);
        assert!(matches!(again, Verdict::Unknown { .. }), "{again:?}");
        let Verdict::Held { status, words } = verdict(&*destination, no, &mut session) else {
            panic!("not held");
        };
        assert_eq!(status, Some(200));
        assert!(
            words.contains(no) && words.contains("HTTP_ACCEPT"),
            "{words}"
        );
    }

    #[test]
    fn requests_are_framed_and_named_as_configured() {
        for (more, content_type, body) in [
            (vec![], "application/x-ndjson", "1\n2\n"),
            (vec![("HTTP_FRAMING", "array")], "application/json", "[1,2]"),
            (
                vec![("HTTP_CONTENT_TYPE", "application/json")],
                "application/json",
                "1\n2\n",
            ),
            (
                vec![("HTTP_HEADERS", r#"{"content-type":"text/plain","X-A":"b"}"#)],
                "text/plain",
                "1\n2\n",
            ),
        ] {
            for is_compressed in [true, false] {
                let gzip = ("HTTP_GZIP", if is_compressed { "true" } else { "false" });
                let values = [vec![AT_SIEM, gzip], more.clone()].concat();
                let destination = opened(&values).unwrap();
                let batch = batch(&["1", "2"]);
                let bytes = destination.encode(&Part::new(&batch, &[0..2], "u"), 0);
                assert_eq!(
                    bytes.starts_with(&[0x1f, 0x8b]),
                    is_compressed,
                    "{values:?}"
                );
                if !is_compressed {
                    assert_eq!(bytes, body.as_bytes(), "{values:?}");
                }
                let Step::Send(request) =
                    step(&*destination, Last::Nothing, &mut Session::default())
                else {
                    panic!("no request");
                };
                assert_eq!(request.body, Body::Payload(0..2));
                let header = |name: &str| {
                    let header = request
                        .headers
                        .iter()
                        .filter(|(other, _)| other.eq_ignore_ascii_case(name));
                    header.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
                };
                assert_eq!(header("Content-Type"), [content_type], "{values:?}");
                assert_eq!(
                    header("Content-Encoding"),
                    if is_compressed { vec!["gzip"] } else { vec![] }
                );
            }
        }
    }

    #[test]
    fn a_check_asks_without_events() {
        use Standing::{Down, Reached, Ready, Unavailable, WrongKey, WrongUrl};
        for (framing, expected) in [("lines", Body::Empty), ("array", Body::Own(b"[]".to_vec()))] {
            let destination = opened(&[AT_SIEM, (FRAMING, framing)]).unwrap();
            let Inquiry::Ask(request) = destination.inquire(&[]) else {
                panic!("no question");
            };
            assert_eq!(request.body, expected);
            let mut names = request.headers.iter().map(|(name, _)| name.as_str());
            assert!(names.all(|name| name != "Content-Encoding"));
        }
        let destination = opened(&[AT_SIEM]).unwrap();
        for (status, body, expected) in [
            (204, "", Ready),
            (200, "<html>", Reached),
            (400, "no events", Reached),
            (401, "s3cret-token", WrongKey),
            (404, "", WrongUrl),
            (503, "", Unavailable),
            (0, "", Down),
        ] {
            let heard = match status {
                0 => Err("the connection failed".to_owned()),
                status => Ok(Reply {
                    status,
                    body: body.into(),
                    ..Reply::default()
                }),
            };
            let Inquiry::Found(found) = destination.inquire(&[heard]) else {
                panic!("{status}: another question");
            };
            assert_eq!(found.standing, expected, "{status}");
            assert!(!found.words.contains("s3cret"), "{}", found.words);
        }
    }

    #[test]
    fn settings_that_do_not_do_are_named() {
        for (values, expected) in [
            (vec![AT_SIEM], ""),
            (
                vec![AT_SIEM, ("HTTP_HEADERS", r#"{"Authorization":"Bearer x"}"#)],
                "",
            ),
            (vec![], "HTTP_URL is not set"),
            (
                vec![("HTTP_URL", "http://siem.example")],
                "HTTP_URL is not an https:// URL",
            ),
            (
                vec![("HTTP_URL", "https://es.example/_bulk")],
                "HTTP_URL is Elasticsearch's _bulk",
            ),
            (
                vec![("HTTP_URL", "https://es.example/logs/_bulk/?pretty")],
                "HTTP_URL is Elasticsearch's _bulk",
            ),
            (
                vec![(
                    "HTTP_URL",
                    "https://splunk.example:8088/services/collector/event",
                )],
                "HTTP_URL is Splunk's event endpoint",
            ),
            (
                vec![(
                    "HTTP_URL",
                    "https://splunk.example:8088/services/collector/raw",
                )],
                "",
            ),
            (
                vec![AT_SIEM, ("HTTP_HEADERS", "Bearer x")],
                "HTTP_HEADERS is not a JSON object",
            ),
            (
                vec![AT_SIEM, ("HTTP_HEADERS", r#"{"a b":"c"}"#)],
                "HTTP_HEADERS has a header that HTTP does not allow",
            ),
            (
                vec![AT_SIEM, ("HTTP_HEADERS", "{\"a\":\"b\\nc\"}")],
                "HTTP_HEADERS has a header that HTTP does not allow",
            ),
            (
                vec![AT_SIEM, ("HTTP_HEADERS", r#"{"expect":"100-continue"}"#)],
                "HTTP_HEADERS has Expect, which the Worker cannot send",
            ),
            (
                vec![AT_SIEM, ("HTTP_FRAMING", "xml")],
                "HTTP_FRAMING is neither lines nor array",
            ),
            (
                vec![AT_SIEM, ("HTTP_GZIP", "yes")],
                "HTTP_GZIP is neither true nor false",
            ),
            (
                vec![AT_SIEM, ("HTTP_ACCEPT", "yes")],
                "HTTP_ACCEPT is neither any nor",
            ),
            (
                vec![AT_SIEM, ("HTTP_ACCEPT", "status=ok")],
                "HTTP_ACCEPT is neither any nor",
            ),
            (
                vec![AT_SIEM, ("HTTP_ACCEPT", "/status=")],
                "HTTP_ACCEPT is neither any nor",
            ),
            (
                vec![AT_SIEM, ("HTTP_CONTENT_TYPE", "a\nb")],
                "HTTP_CONTENT_TYPE has a character that a header cannot carry",
            ),
        ] {
            let problems = opened(&values).err().unwrap_or_default();
            let words: Vec<_> = problems.iter().map(ToString::to_string).collect();
            let words = words.join("; ");
            assert!(
                words.starts_with(expected) && words.is_empty() == expected.is_empty(),
                "{values:?}: {words}"
            );
        }
    }

    #[test]
    fn answers_that_repeat_a_secret_are_shown_without_it() {
        let headers = ("HTTP_HEADERS", r#"{"Authorization":"Bearer abc-def-123"}"#);
        let destination = opened(&[AT_SIEM, headers]).unwrap();
        for body in [
            "no token Bearer abc-def-123",
            "invalid token abc-def-123",
            "POST /in?token=s3cret-token not found",
            "s3cret-token is unknown",
            "https://siem.example/in?token=s3cret-token",
        ] {
            let reply = Reply {
                status: 401,
                body: body.into(),
                ..Reply::default()
            };
            let step = step(&*destination, Last::Reply(&reply), &mut Session::default());
            let Step::End(Verdict::Held { words, .. }) = step else {
                panic!("not held");
            };
            assert!(words.contains("***"), "{words}");
            assert!(
                !words.contains("abc-def") && !words.contains("s3cret"),
                "{words}"
            );
        }
        assert!(!format!("{destination:?}").contains("s3cret"));
    }
}
