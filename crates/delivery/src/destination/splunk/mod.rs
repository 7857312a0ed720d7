//! Splunk's HTTP Event Collector, and what speaks its protocol, as LogScale and Falcon NG-SIEM:
//! `POST /services/collector/event`, one envelope an event, gzip.

mod answer;
mod check;
mod envelope;

use core::fmt;

use logpush_gzip::gzip;
use logpush_normalizer::{Shape, identity};

use crate::Millis;
use crate::destination::check::{Heard, Inquiry};
use crate::destination::kind::{
    Destination, Kind, Last, PartLimits, Step, Turn, by_status, is_a_yes, no_yes,
};
use crate::destination::splunk::answer::{Read, Yes};
use crate::destination::splunk::check::Subject;
use crate::destination::splunk::envelope::{
    Envelope, HOST, INDEX, SOURCE, SOURCETYPE, hexadecimal,
};
use crate::header;
use crate::part::Part;
use crate::request::{Body, Method, Reply, Request};
use crate::session::{Conversation, Session};
use crate::setting::{Accepts, Problem, Setting, Values};
use crate::url;
use crate::verdict::Verdict;

pub(super) const KIND: Kind = Kind {
    name: "splunk",
    settings: &[
        Setting::new(
            URL,
            Accepts::Url { default: None },
            "address of the HTTP Event Collector, such as `https://http-inputs-acme.splunkcloud.com`; `/services/collector/event` is added where there is no path",
        )
        .required(),
        Setting::new(
            TOKEN,
            Accepts::HeaderValue,
            "the collector's token, or LogScale's ingest token",
        )
        .required()
        .secret()
        .by_dataset(),
        Setting::new(
            AUTHORIZATION,
            Accepts::OneOf(&["splunk", "bearer"]),
            "how the token is sent: `Authorization: Splunk ...`, or `Bearer ...` for LogScale and Falcon NG-SIEM",
        ),
        Setting::new(
            HOST,
            Accepts::Text,
            "`host` of every event; if not set, `cloudflare`",
        )
        .by_dataset(),
        Setting::new(
            SOURCE,
            Accepts::Text,
            "`source` of every event; if not set, `cloudflare:logpush`",
        )
        .by_dataset(),
        Setting::new(
            SOURCETYPE,
            Accepts::Text,
            "`sourcetype` of every event; if not set, `cloudflare:ecs`. With SHAPE=native or raw, `cloudflare:json` is what Cloudflare's app for Splunk reads",
        )
        .by_dataset(),
        Setting::new(
            INDEX,
            Accepts::Text,
            "`index` of every event, which the token must allow; if not set, the token's own",
        )
        .by_dataset(),
        Setting::new(
            ACK,
            Accepts::Flag { default: false },
            "whether the indexers' acknowledgement is waited for, up to RETRY_BUDGET_MS; the token must have it switched on",
        ),
        Setting::new(
            GZIP,
            Accepts::Flag { default: true },
            "whether bodies are compressed",
        ),
        Setting::new(
            ACCEPT,
            Accepts::OneOf(&["code", "any"]),
            "what a yes is: code 0 (with `bearer`, a JSON object without an error too), or any 2xx without the code of an error, for a receiver of another make",
        ),
    ],
    shapes: &[Shape::Ecs, Shape::Native, Shape::Raw],
    needs_json: |_| true,
    limits: PartLimits {
        bytes: 2 * 1024 * 1024,
        documents: 5_000,
    },
    open,
    when_held: "check the token, and that it allows the index; the URL is that of the HTTP Event Collector, not of Splunk Web",
};

/// An HTTP Event Collector.
struct Splunk {
    url: String,
    /// Where acknowledgements are asked for, if they are.
    ack_url: Option<String>,
    token: String,
    scheme: &'static str,
    /// The index that events name.
    index: Option<String>,
    envelope: Envelope,
    is_compressed: bool,
    yes: Yes,
}

const URL: &str = "SPLUNK_URL";
const TOKEN: &str = "SPLUNK_TOKEN";
const AUTHORIZATION: &str = "SPLUNK_AUTHORIZATION";
const ACK: &str = "SPLUNK_ACK";
const GZIP: &str = "SPLUNK_GZIP";
const ACCEPT: &str = "SPLUNK_ACCEPT";

/// Splunk Cloud refuses requests of more bytes than this, before compression. It says 400 with code 6
/// and names the first event, as if that were at fault.
const CLOUD_BYTES_MAX: usize = 5 * 1024 * 1024;

/// Stages of a conversation: begun, events sent, and from there on the number of questions.
const BEGUN: u32 = 0;
const SENT: u32 = 1;

/// Splunk acknowledges after about 1.2 s.
const POLL_BASE: Millis = 500;
const POLL_MAX: Millis = 5_000;

const _: () = assert!(
    KIND.limits.bytes + KIND.limits.documents * envelope::BYTES_MAX < CLOUD_BYTES_MAX,
    "a part in its envelopes is larger than Splunk Cloud takes"
);

fn open(
    values: &Values,
    _: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Option<Box<dyn Destination>> {
    let envelope = Envelope::open(values, problems);
    let given = values.text(URL);
    let problem = given.and_then(problem_of_url);
    problems.extend(problem.map(|words| Problem::new(URL, words)));
    let url = event_url(given?);
    let ack_url = match values.flag(ACK) {
        false => None,
        true => {
            let ack_url = beside(&url, "/ack");
            if ack_url.is_none() {
                let words = "needs a URL that ends in /services/collector/event: only Splunk itself acknowledges";
                problems.push(Problem::new(ACK, words));
            }
            ack_url
        }
    };
    let is_bearer = values.word(AUTHORIZATION) == "bearer";
    Some(Box::new(Splunk {
        url,
        ack_url,
        token: values.text(TOKEN)?.to_owned(),
        scheme: if is_bearer { "Bearer" } else { "Splunk" },
        index: values.text(INDEX).map(str::to_owned),
        envelope,
        is_compressed: values.flag(GZIP),
        yes: match (values.word(ACCEPT), is_bearer) {
            ("any", _) => Yes::Any,
            (_, true) => Yes::Object,
            (_, false) => Yes::Code,
        },
    }))
}

fn problem_of_url(url: &str) -> Option<&'static str> {
    if url.contains('?') {
        return Some("has a query: the token belongs in SPLUNK_TOKEN, the rest in settings");
    }
    url::path(url)
        .ends_with("/raw")
        .then_some("is the endpoint of raw lines: this destination wants /services/collector/event")
}

fn event_url(given: &str) -> String {
    let url = given.trim_end_matches('/');
    match url::path(url) {
        "" => format!("{url}/services/collector/event"),
        _ => url.to_owned(),
    }
}

/// Another endpoint of the collector, where the URL is that of Splunk's own.
fn beside(event_url: &str, name: &str) -> Option<String> {
    let base = event_url.strip_suffix("/event").unwrap_or(event_url);
    base.ends_with("/services/collector")
        .then(|| format!("{base}{name}"))
}

impl Destination for Splunk {
    fn title(&self) -> &'static str {
        "Splunk's event collector"
    }

    fn encode(&self, part: &Part<'_>, _now: Millis) -> Vec<u8> {
        let texts: usize = part.runs().map(<[u8]>::len).sum();
        // In one piece: the compressor finds the envelopes' repetitions.
        let mut body = Vec::with_capacity(texts + part.len() * envelope::BYTES_MAX);
        for document in part.documents() {
            self.envelope.write(&mut body, &document);
        }
        if self.is_compressed {
            gzip(&[&body])
        } else {
            body
        }
    }

    fn step(
        &self,
        turn: &Turn<'_>,
        conversation: &mut Conversation,
        session: &mut Session,
    ) -> Step {
        match (turn.last, conversation.stage) {
            (Last::Nothing | Last::Wait, BEGUN) => {
                conversation.stage = SENT;
                Step::Send(self.events(turn))
            }
            (Last::Failure(reason), SENT) => Step::End(Verdict::Unknown {
                after: None,
                reason: reason.to_owned(),
            }),
            (Last::Reply(reply), SENT) => self.answered(reply, turn, conversation, session),
            (Last::Nothing | Last::Wait, _) => match &self.ack_url {
                Some(url) => Step::Send(self.question(url, turn, conversation)),
                None => {
                    debug_assert!(false, "a wait without acknowledgements");
                    Step::End(Verdict::Accepted)
                }
            },
            (Last::Failure(_), _) => ask_later(conversation),
            (Last::Reply(reply), _) => self.acknowledged(reply, turn, conversation),
        }
    }

    fn inquire(&self, heard: &[Heard]) -> Inquiry {
        let signed = |method, url: &str| {
            let request = Request {
                method,
                url: url.to_owned(),
                headers: Vec::new(),
                body: Body::Empty,
            };
            self.signed(request, "check")
        };
        let health = beside(&self.url, "/health");
        let subject = Subject {
            health: health.map(|url| signed(Method::Get, &url)),
            empty: signed(Method::Post, &self.url).header("Content-Type", "application/json"),
            index: self.index.as_deref(),
            yes: self.yes,
            secrets: &self.secrets(),
        };
        check::inquire(subject, heard)
    }

    fn secrets(&self) -> Vec<&str> {
        vec![&self.token]
    }
}

impl Splunk {
    fn events(&self, turn: &Turn<'_>) -> Request {
        let request =
            Request::post(&self.url, turn.payload.len()).header("Content-Type", "application/json");
        let request = match self.is_compressed {
            true => request.header("Content-Encoding", "gzip"),
            false => request,
        };
        self.signed(request, turn.part.upload())
    }

    /// Asks whether the events are indexed. A load balancer finds the right indexer by the cookies.
    fn question(&self, url: &str, turn: &Turn<'_>, conversation: &Conversation) -> Request {
        let mut notes = conversation.notes.iter();
        let ack_id = notes.next().map_or("", String::as_str);
        let mut request = Request::post(url, 0).header("Content-Type", "application/json");
        request.body = Body::Own(format!("{{\"acks\":[{ack_id}]}}").into_bytes());
        let cookies: Vec<_> = notes.map(String::as_str).collect();
        if !cookies.is_empty() {
            request = request.header("Cookie", &cookies.join("; "));
        }
        self.signed(request, turn.part.upload())
    }

    fn signed(&self, request: Request, upload: &str) -> Request {
        request
            .header("Authorization", &format!("{} {}", self.scheme, self.token))
            .header("X-Splunk-Request-Channel", &channel(upload))
    }

    /// Reads the answer to events.
    fn answered(
        &self,
        reply: &Reply,
        turn: &Turn<'_>,
        conversation: &mut Conversation,
        session: &mut Session,
    ) -> Step {
        let secrets = &self.secrets();
        let answer = match answer::read(reply, self.yes) {
            Read::Yes(answer) => answer,
            Read::Error(answer) => {
                let verdict = answer::judge(&answer, reply, turn.part, secrets, turn.now);
                return Step::End(verdict);
            }
            Read::NoYes => {
                let verdict = no_yes(reply, session, secrets, turn.now);
                return Step::End(verdict.with_hint("if that is a yes, say so with SPLUNK_ACCEPT"));
            }
            Read::Status => {
                let verdict = by_status(reply, secrets, turn.now);
                return Step::End(match reply.status {
                    415 if self.is_compressed => {
                        verdict.with_hint("if it takes no gzip, set SPLUNK_GZIP=false")
                    }
                    _ => verdict,
                });
            }
        };
        is_a_yes(session);
        match (&self.ack_url, answer.ack_id) {
            (None, _) => Step::End(Verdict::Accepted),
            (Some(_), Some(ack_id)) => {
                conversation.notes = vec![ack_id.to_string()];
                conversation.notes.extend(cookies(reply));
                ask_later(conversation)
            }
            (Some(_), None) => Step::End(Verdict::Held {
                status: Some(reply.status),
                words: "the token has no indexer acknowledgement: switch it on there, or SPLUNK_ACK off".to_owned(),
            }),
        }
    }

    /// Reads the answer to a question: a yes is told once, so that one that was lost is never told
    /// again.
    fn acknowledged(
        &self,
        reply: &Reply,
        turn: &Turn<'_>,
        conversation: &mut Conversation,
    ) -> Step {
        let ack_id = conversation.notes.first().map_or("", String::as_str);
        if reply.is_success() {
            return match answer::is_acknowledged(reply, ack_id) {
                Some(true) => Step::End(Verdict::Accepted),
                _ => ask_later(conversation),
            };
        }
        let secrets = &self.secrets();
        let verdict = match answer::read(reply, self.yes) {
            Read::Error(answer) => answer::judge(&answer, reply, turn.part, secrets, turn.now),
            _ => by_status(reply, secrets, turn.now),
        };
        match verdict {
            Verdict::Held { .. } => Step::End(verdict),
            _ => ask_later(conversation),
        }
    }
}

impl fmt::Debug for Splunk {
    /// Without the token.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Splunk")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// The channel of an upload's requests, as a GUID. Acknowledgements are counted by channel.
fn channel(upload: &str) -> String {
    let mut text = String::new();
    for (place, digit) in hexadecimal(identity(upload.as_bytes())).chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// The cookies of an answer, as they are sent back.
fn cookies(reply: &Reply) -> impl Iterator<Item = String> {
    let headers = reply.headers.iter();
    headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie"))
        .filter_map(|(_, value)| value.split(';').next())
        .filter(|pair| pair.contains('=') && header::is_value(pair))
        .map(|pair| pair.trim().to_owned())
}

/// Waits before the next question, a little longer each time.
fn ask_later(conversation: &mut Conversation) -> Step {
    let asked = Millis::from(conversation.stage);
    conversation.stage += 1;
    Step::Wait((POLL_BASE * asked).min(POLL_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::kind::Opened;
    use crate::destination::splunk::answer::SUM_BYTES_MIN;
    use crate::setting::Given;

    const AT_ACME: [(&str, &str); 2] = [
        (URL, "https://splunk.acme.example:8088"),
        (TOKEN, "the-token"),
    ];

    fn opened(values: &[(&str, &str)]) -> Opened {
        KIND.open(Some("dns_logs"), &|name| {
            let value = values.iter().rev().find(|(other, _)| *other == name);
            value.map(|(_, value)| Given::Text((*value).to_owned()))
        })
    }

    #[test]
    fn settings_that_do_not_do_are_named() {
        let long = "x".repeat(101);
        for (more, expected) in [
            (vec![], ""),
            (
                vec![(URL, "https://a.example/services/collector/event/")],
                "",
            ),
            (
                vec![
                    (URL, "https://a.example/api/v1/ingest/hec"),
                    (AUTHORIZATION, "bearer"),
                ],
                "",
            ),
            (vec![(ACK, "true")], ""),
            (
                vec![(ACK, "true"), (URL, "https://a.example/services/collector")],
                "",
            ),
            (vec![(URL, "")], "SPLUNK_URL is not set"),
            (vec![(TOKEN, "")], "SPLUNK_TOKEN is not set"),
            (
                vec![(URL, "http://a.example")],
                "SPLUNK_URL is not an https:// URL",
            ),
            (
                vec![(URL, "https://a.example/services/collector/raw")],
                "SPLUNK_URL is the endpoint of raw lines",
            ),
            (
                vec![(URL, "https://a.example/services/collector?token=x")],
                "SPLUNK_URL has a query",
            ),
            (
                vec![(URL, "https://a.example/api/v1/ingest/hec"), (ACK, "true")],
                "SPLUNK_ACK needs a URL that ends in",
            ),
            (
                vec![(AUTHORIZATION, "basic")],
                "SPLUNK_AUTHORIZATION is neither splunk nor bearer",
            ),
            (
                vec![(INDEX, long.as_str())],
                "SPLUNK_INDEX is longer than 100 bytes",
            ),
        ] {
            let problems = opened(&[&AT_ACME[..], &more].concat())
                .err()
                .unwrap_or_default();
            let words: Vec<_> = problems.iter().map(ToString::to_string).collect();
            let words = words.join("; ");
            assert!(
                words.starts_with(expected) && words.is_empty() == expected.is_empty(),
                "{more:?}: {words}"
            );
        }
    }

    #[test]
    fn a_bad_first_event_of_a_large_part_may_be_their_sum() {
        let destination = opened(&AT_ACME).unwrap();
        let reply = Reply {
            status: 400,
            body: br#"{"text":"Invalid data format","code":6,"invalid-event-number":0}"#.to_vec(),
            ..Reply::default()
        };
        let large = "x".repeat(SUM_BYTES_MIN);
        for (texts, is_sum) in [
            (vec!["{}", "{}"], false),
            (vec![large.as_str(), "{}"], true),
            (vec![large.as_str()], false),
        ] {
            let batch = crate::sample::batch(&texts);
            let places = [0..texts.len()];
            let turn = Turn {
                part: &Part::new(&batch, &places, "u"),
                payload: b"",
                last: Last::Reply(&reply),
                now: 0,
            };
            let mut conversation = Conversation {
                stage: SENT,
                ..Conversation::default()
            };
            let Step::End(verdict) =
                destination.step(&turn, &mut conversation, &mut Session::default())
            else {
                panic!("no verdict");
            };
            let is_rejected = matches!(verdict, Verdict::Rejected(_));
            assert_eq!(is_rejected, is_sum, "{} {verdict:?}", texts.len());
        }
    }

    #[test]
    fn a_channel_is_a_guid_of_the_upload() {
        let lengths = |channel: &str| channel.split('-').map(str::len).collect::<Vec<_>>();
        assert_eq!(lengths(&channel("u")), [8, 4, 4, 4, 12]);
        assert_eq!(channel("u"), channel("u"));
        assert_ne!(channel("u"), channel("v"));
    }
}
