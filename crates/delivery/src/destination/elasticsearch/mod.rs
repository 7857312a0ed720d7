//! Elasticsearch and OpenSearch: `POST /_bulk`, an action and a document in turn, into data streams or
//! indices.
//!
//! The id of each document is its `event.id`, and the action is `create`: what comes twice is stored
//! once, as far as the server knows ids, which is within one backing index.

mod answer;
mod check;

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use logpush_gzip::gzip;
use logpush_normalizer::Shape;

use crate::Millis;
use crate::destination::check::{Heard, Inquiry};
use crate::destination::elasticsearch::answer::Reading;
use crate::destination::elasticsearch::check::Subject;
use crate::destination::kind::{
    Destination, Kind, Last, PartLimits, Step, Turn, by_status, one_request,
};
use crate::key::hexadecimal;
use crate::part::Part;
use crate::request::Request;
use crate::session::{Conversation, Session};
use crate::setting::{Accepts, Problem, Setting, Values};
use crate::url;
use crate::words;

pub(super) const KIND: Kind = Kind {
    name: "elasticsearch",
    settings: &[
        Setting::new(
            URL,
            Accepts::Url { default: None },
            "base URL of the cluster, Elasticsearch's or OpenSearch's, such as `https://es.example.com:9243`; `/_bulk` is added",
        )
        .required(),
        Setting::new(
            API_KEY,
            Accepts::HeaderValue,
            "an API key, encoded or as `id:key`; one of this, of user name and password, and of a bearer token",
        )
        .secret(),
        Setting::new(USERNAME, Accepts::Text, "the user's name"),
        Setting::new(PASSWORD, Accepts::Text, "the user's password").secret(),
        Setting::new(BEARER, Accepts::HeaderValue, "a token, sent as `Bearer`").secret(),
        Setting::new(
            INDEX,
            Accepts::Text,
            "the data stream or index, where `{dataset}` stands for Cloudflare's name of the dataset and `{namespace}` for the next setting; if not set, `logs-cloudflare.{dataset}-{namespace}`",
        ),
        Setting::new(
            NAMESPACE,
            Accepts::Text,
            "the last part of the data streams' names, such as a tenant or a stage; if not set, `default`",
        ),
        Setting::new(
            GZIP,
            Accepts::Flag { default: true },
            "whether bodies are compressed",
        ),
        Setting::new(
            ACCEPT,
            Accepts::OneOf(&["items", "errors"]),
            "what a yes is: an answer for each event, or `errors: false` alone, for a server that leaves out the events that it takes, as Quickwit 0.8, and OpenObserve with `ZO_BULK_RESPONSE_INCLUDE_ERRORS_ONLY`",
        ),
    ],
    // A data stream needs `@timestamp`, which the others have not.
    shapes: &[Shape::Ecs],
    needs_json: |_| true,
    limits: PartLimits {
        // The smallest instances of AWS take 10 MiB before decompression and after it. An action has
        // some 100 bytes: 5,000 of them are half a megabyte.
        bytes: 8 * 1024 * 1024,
        // The answer has 26 bytes for a document that is taken, and some 300 for one that is refused,
        // mostly the reason; 800 leave room for long values that are quoted there: 5,000 times 800
        // bytes are the 4 MiB of an answer that is read.
        documents: 5_000,
    },
    open,
    when_held: "check the key and its privileges (create_doc, auto_configure) and whether the index takes writes; elasticsearch/README.md has the role",
};

/// A cluster, and the index or data stream of one dataset.
struct Elasticsearch {
    /// The cluster's address.
    base: String,
    index: String,
    /// The template that this project ships for the index.
    template: Option<String>,
    url: String,
    /// The `Authorization` header, if there is one.
    authorization: Option<String>,
    /// What stands before each document's id.
    action: String,
    is_compressed: bool,
    /// Whether `errors: false` is a yes without items.
    without_items: bool,
    secrets: Vec<String>,
}

/// Where documents go, if nothing else is said: the scheme of data streams.
const DEFAULT_INDEX: &str = "logs-cloudflare.{dataset}-{namespace}";
const DEFAULT_NAMESPACE: &str = "default";

/// What stands for the dataset of an upload that no dataset is known of.
const UNKNOWN_DATASET: &str = "unknown";

/// What is asked of an answer: what is not looked at would cost 150 bytes a document.
const FILTER: &str = "filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason";

/// Elasticsearch's limit of an index's name, in bytes.
const INDEX_NAME_MAX: usize = 255;

const URL: &str = "ELASTICSEARCH_URL";
const API_KEY: &str = "ELASTICSEARCH_API_KEY";
const USERNAME: &str = "ELASTICSEARCH_USERNAME";
const PASSWORD: &str = "ELASTICSEARCH_PASSWORD";
const BEARER: &str = "ELASTICSEARCH_BEARER";
const INDEX: &str = "ELASTICSEARCH_INDEX";
const NAMESPACE: &str = "ELASTICSEARCH_NAMESPACE";
const GZIP: &str = "ELASTICSEARCH_GZIP";
const ACCEPT: &str = "ELASTICSEARCH_ACCEPT";

fn open(
    values: &Values,
    dataset: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Option<Box<dyn Destination>> {
    let index = index(values, dataset, problems);
    let (authorization, secrets) = authorization(values, problems);
    let base = values.text(URL)?.trim_end_matches('/');
    if base.contains('?') {
        problems.push(Problem::new(
            URL,
            "has a query, which the cluster's address has not",
        ));
    }
    if url::path(base).split('/').any(|word| word == "_bulk") {
        problems.push(Problem::new(URL, "names _bulk, which is added to it"));
    }
    let index = index?;
    let template = dataset.filter(|_| values.text(INDEX).is_none());
    Some(Box::new(Elasticsearch {
        base: base.to_owned(),
        template: template.map(|dataset| format!("logs-cloudflare.{dataset}")),
        url: format!("{base}/_bulk?{FILTER}"),
        secrets: words::secrets(authorization.clone(), secrets),
        authorization,
        action: format!(r#"{{"create":{{"_index":"{}","_id":""#, index),
        index,
        is_compressed: values.flag(GZIP),
        without_items: values.word(ACCEPT) == "errors",
    }))
}

/// The name of the index or data stream.
fn index(values: &Values, dataset: Option<&str>, problems: &mut Vec<Problem>) -> Option<String> {
    let namespace = values.text(NAMESPACE).unwrap_or(DEFAULT_NAMESPACE);
    let template = values.text(INDEX).unwrap_or(DEFAULT_INDEX);
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.".contains(&byte);
    if !namespace.bytes().all(is_plain) || namespace.len() > 100 {
        problems.push(Problem::new(
            NAMESPACE,
            "is not up to 100 characters of a-z, 0-9, _ and .",
        ));
        return None;
    }
    if values.text(NAMESPACE).is_some() && !template.contains("{namespace}") {
        problems.push(Problem::new(
            NAMESPACE,
            format!("is set, and {INDEX} has no {{namespace}}"),
        ));
    }
    let name = template
        .replace("{dataset}", dataset.unwrap_or(UNKNOWN_DATASET))
        .replace("{namespace}", namespace);
    let is_name = name.bytes().all(|byte| is_plain(byte) || byte == b'-')
        && name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '.')
        && name.bytes().any(|byte| byte != b'.')
        && name.len() <= INDEX_NAME_MAX;
    if !is_name {
        problems.push(Problem::new(
            INDEX,
            "gives no name of an index: up to 255 of a-z, 0-9, _, - and . with {dataset} and {namespace} in it, beginning with a letter, a digit or .",
        ));
        return None;
    }
    Some(name)
}

/// The `Authorization` header, and what else is never shown.
fn authorization(values: &Values, problems: &mut Vec<Problem>) -> (Option<String>, Vec<String>) {
    let (api_key, bearer) = (values.text(API_KEY), values.text(BEARER));
    let (username, password) = (values.text(USERNAME), values.text(PASSWORD));
    let has_user = username.is_some() || password.is_some();
    if [api_key.is_some(), bearer.is_some(), has_user]
        .iter()
        .filter(|is_set| **is_set)
        .count()
        > 1
    {
        problems.push(Problem::new(
            API_KEY,
            format!("or {USERNAME} and {PASSWORD} or {BEARER}: set one of them only"),
        ));
        return (None, Vec::new());
    }
    for (name, value) in [(API_KEY, api_key), (BEARER, bearer)] {
        if value.is_some_and(|value| value.contains(char::is_whitespace)) {
            problems.push(Problem::new(
                name,
                "has white space: it is the key or token alone, without a word before it",
            ));
        }
    }
    match (api_key, bearer, username, password) {
        (Some(key), ..) => {
            // A colon is in no Base64: this is the key before it is encoded.
            let encoded = if key.contains(':') {
                BASE64.encode(key)
            } else {
                key.to_owned()
            };
            let decoded = BASE64.decode(&encoded).unwrap_or_default();
            let decoded = String::from_utf8(decoded).unwrap_or_default();
            let part = decoded.split_once(':').map_or("", |(_, part)| part);
            let secrets = vec![encoded.clone(), part.to_owned(), decoded];
            (Some(format!("ApiKey {encoded}")), secrets)
        }
        (_, Some(token), ..) => (Some(format!("Bearer {token}")), vec![token.to_owned()]),
        (_, _, Some(username), Some(password)) => {
            if username.contains(':') {
                problems.push(Problem::new(
                    USERNAME,
                    "has a colon, which HTTP cannot carry",
                ));
            }
            let encoded = BASE64.encode(format!("{username}:{password}"));
            let secrets = vec![encoded.clone(), password.to_owned()];
            (Some(format!("Basic {encoded}")), secrets)
        }
        (_, _, Some(_), None) => {
            problems.push(Problem::new(
                PASSWORD,
                format!("is not set, and {USERNAME} is"),
            ));
            (None, Vec::new())
        }
        (_, _, None, Some(_)) => {
            problems.push(Problem::new(
                USERNAME,
                format!("is not set, and {PASSWORD} is"),
            ));
            (None, Vec::new())
        }
        // A cluster behind a proxy that knows the Worker otherwise.
        (None, None, None, None) => (None, Vec::new()),
    }
}

impl Destination for Elasticsearch {
    fn title(&self) -> &'static str {
        "Elasticsearch"
    }

    fn encode(&self, part: &Part<'_>, _now: Millis) -> Vec<u8> {
        const ACTION_END: &[u8] = b"\"}}\n";
        let texts: usize = part.runs().map(<[u8]>::len).sum();
        let around = self.action.len() + 32 + ACTION_END.len() + 1;
        let mut plain = Vec::with_capacity(texts + part.len() * around);
        for document in part.documents() {
            plain.extend_from_slice(self.action.as_bytes());
            plain.extend_from_slice(hexadecimal(u128::from_be_bytes(document.id)).as_bytes());
            plain.extend_from_slice(ACTION_END);
            plain.extend_from_slice(document.text);
            plain.push(b'\n');
        }
        if self.is_compressed {
            // In one piece: repetitions are found within a piece only.
            gzip(&[&plain])
        } else {
            plain
        }
    }

    fn step(&self, turn: &Turn<'_>, _: &mut Conversation, session: &mut Session) -> Step {
        let secrets = &self.secrets();
        let reading = Reading {
            without_items: self.without_items,
            is_compressed: self.is_compressed,
            secrets,
        };
        match turn.last {
            Last::Reply(reply) if reply.status == 400 => {
                Step::End(answer::read_bad_request(reply, reading))
            }
            Last::Reply(reply) if reply.status == 415 && self.is_compressed => {
                Step::End(by_status(reply, secrets, turn.now).with_hint(answer::NO_GZIP))
            }
            _ => one_request(
                turn,
                secrets,
                || self.request(turn.payload.len()),
                |reply| answer::read(reply, turn, session, reading),
            ),
        }
    }

    fn inquire(&self, heard: &[Heard]) -> Inquiry {
        let subject = Subject {
            base: &self.base,
            authorization: self.authorization.as_deref(),
            index: &self.index,
            template: self.template.as_deref(),
            secrets: &self.secrets(),
        };
        check::inquire(subject, heard)
    }

    fn secrets(&self) -> Vec<&str> {
        self.secrets.iter().map(String::as_str).collect()
    }
}

impl Elasticsearch {
    fn request(&self, bytes: usize) -> Request {
        let mut request =
            Request::post(&self.url, bytes).header("Content-Type", "application/x-ndjson");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        if self.is_compressed {
            request = request.header("Content-Encoding", "gzip");
        }
        request
    }
}

impl fmt::Debug for Elasticsearch {
    /// Without the key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Elasticsearch")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::kind::Opened;
    use crate::request::Reply;
    use crate::sample::batch;
    use crate::setting::Given;
    use crate::verdict::Verdict;

    const AT: (&str, &str) = (URL, "https://es.example:9243");
    const NO_GZIP: (&str, &str) = (GZIP, "false");

    fn opened(values: &[(&str, &str)]) -> Opened {
        KIND.open(Some("dns_logs"), &|name| {
            let value = values.iter().find(|(other, _)| *other == name);
            value.map(|(_, value)| Given::Text((*value).to_owned()))
        })
    }

    fn step(destination: &dyn Destination, last: Last<'_>) -> Step {
        let batch = batch(&["{}", "{\"a\":1}"]);
        let turn = Turn {
            part: &Part::new(&batch, &[0..2], "u"),
            payload: b"12",
            last,
            now: 0,
        };
        destination.step(&turn, &mut Conversation::default(), &mut Session::default())
    }

    fn request(values: &[(&str, &str)]) -> Request {
        match step(&*opened(values).unwrap(), Last::Nothing) {
            Step::Send(request) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_document_follows_on_an_action_with_its_id() {
        let batch = batch(&["{}", "{\"a\":1}", "[2]"]);
        let part = Part::new(&batch, &[0..1, 2..3], "u");
        let plain = opened(&[AT, NO_GZIP]).unwrap().encode(&part, 0);
        let index = "logs-cloudflare.dns_logs-default";
        let expected = format!(
            "{{\"create\":{{\"_index\":\"{index}\",\"_id\":\"{:032x}\"}}}}\n{{}}\n\
             {{\"create\":{{\"_index\":\"{index}\",\"_id\":\"{:032x}\"}}}}\n[2]\n",
            0, 2
        );
        assert_eq!(String::from_utf8(plain).unwrap(), expected);
        let packed = opened(&[AT]).unwrap().encode(&part, 0);
        assert!(packed.starts_with(&[0x1f, 0x8b]));
    }

    #[test]
    fn requests_carry_what_the_server_wants() {
        for (values, authorization) in [
            (vec![AT], None),
            (vec![AT, (API_KEY, "aWQ6a2V5")], Some("ApiKey aWQ6a2V5")),
            (vec![AT, (API_KEY, "id:key")], Some("ApiKey aWQ6a2V5")),
            (vec![AT, (BEARER, "t0k3n")], Some("Bearer t0k3n")),
            (
                vec![AT, (USERNAME, "id"), (PASSWORD, "key")],
                Some("Basic aWQ6a2V5"),
            ),
        ] {
            for gzip in [true, false] {
                let values = [values.clone(), if gzip { vec![] } else { vec![NO_GZIP] }].concat();
                let request = request(&values);
                let header = |name: &str| {
                    let header = request.headers.iter().find(|(other, _)| other == name);
                    header.map(|(_, value)| value.as_str())
                };
                assert_eq!(header("Authorization"), authorization);
                assert_eq!(header("Content-Type"), Some("application/x-ndjson"));
                assert_eq!(header("Content-Encoding"), gzip.then_some("gzip"));
                assert_eq!(
                    request.url,
                    format!("https://es.example:9243/_bulk?{FILTER}")
                );
            }
        }
        for prefix in ["es", "api/default", "api/v1/_elastic"] {
            for end in ["", "/"] {
                let url = format!("https://siem.example/{prefix}{end}");
                let expected = format!("https://siem.example/{prefix}/_bulk?{FILTER}");
                assert_eq!(request(&[(URL, &url)]).url, expected);
            }
        }
    }

    #[test]
    fn names_of_indices_come_of_a_template() {
        let long = "a".repeat(250);
        for (dataset, values, expected) in [
            ("dns_logs", vec![], "logs-cloudflare.dns_logs-default"),
            ("", vec![], "logs-cloudflare.unknown-default"),
            (
                "dns_logs",
                vec![(NAMESPACE, "prod_1")],
                "logs-cloudflare.dns_logs-prod_1",
            ),
            ("dns_logs", vec![(INDEX, "cloudflare")], "cloudflare"),
            (
                "dns_logs",
                vec![(INDEX, "{namespace}-{dataset}"), (NAMESPACE, "x")],
                "x-dns_logs",
            ),
            ("dns_logs", vec![(INDEX, "Logs")], ""),
            ("dns_logs", vec![(INDEX, "logs/{dataset}")], ""),
            ("dns_logs", vec![(INDEX, "logs-{zone}")], ""),
            ("dns_logs", vec![(INDEX, "-logs")], ""),
            ("dns_logs", vec![(INDEX, "..")], ""),
            ("dns_logs", vec![(INDEX, "a\",\"b")], ""),
            ("dns_logs", vec![(INDEX, long.as_str())], long.as_str()),
            ("dns_logs", vec![(INDEX, "{dataset}-é")], ""),
        ] {
            let lookup = |name: &str| {
                let given = [vec![AT, NO_GZIP], values.clone()].concat();
                let value = given.iter().find(|(other, _)| *other == name);
                value.map(|(_, value)| Given::Text((*value).to_owned()))
            };
            let dataset = Some(dataset).filter(|name| !name.is_empty());
            let found = match KIND.open(dataset, &lookup) {
                Err(_) => String::new(),
                Ok(destination) => {
                    let batch = batch(&["{}"]);
                    let bytes = destination.encode(&Part::new(&batch, &[0..1], "u"), 0);
                    let text = String::from_utf8(bytes).unwrap();
                    let rest = text.strip_prefix(r#"{"create":{"_index":""#).unwrap();
                    rest.split_once('"').unwrap().0.to_owned()
                }
            };
            assert_eq!(found, expected, "{values:?}");
        }
    }

    #[test]
    fn settings_that_do_not_do_are_named() {
        for (values, expected) in [
            (vec![AT], ""),
            (vec![], "ELASTICSEARCH_URL is not set"),
            (
                vec![(URL, "https://es.example/x/_bulk/")],
                "ELASTICSEARCH_URL names _bulk",
            ),
            (
                vec![(URL, "https://es.example/?x=1")],
                "ELASTICSEARCH_URL has a query",
            ),
            (
                vec![AT, (USERNAME, "u")],
                "ELASTICSEARCH_PASSWORD is not set",
            ),
            (
                vec![AT, (PASSWORD, "p")],
                "ELASTICSEARCH_USERNAME is not set",
            ),
            (
                vec![AT, (USERNAME, "u:v"), (PASSWORD, "p")],
                "ELASTICSEARCH_USERNAME has a colon",
            ),
            (
                vec![AT, (API_KEY, "a"), (BEARER, "b")],
                "ELASTICSEARCH_API_KEY or ELASTICSEARCH_USERNAME",
            ),
            (
                vec![AT, (API_KEY, "ApiKey aWQ6a2V5")],
                "ELASTICSEARCH_API_KEY has white space",
            ),
            (
                vec![AT, (NAMESPACE, "a-b")],
                "ELASTICSEARCH_NAMESPACE is not up to 100 characters",
            ),
            (
                vec![AT, (NAMESPACE, "a"), (INDEX, "x")],
                "ELASTICSEARCH_NAMESPACE is set, and ELASTICSEARCH_INDEX has no {namespace}",
            ),
            (vec![AT, (INDEX, "X")], "ELASTICSEARCH_INDEX gives no name"),
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
    fn answers_are_read_without_the_key() {
        let destination = opened(&[AT, (API_KEY, "the-name:s3cret-part")]).unwrap();
        for (status, expected) in [
            (400, "Held"),
            (401, "Held"),
            (415, "Held"),
            (200, "Unknown"),
        ] {
            let reply = Reply {
                status,
                body: b"no such key: s3cret-part".to_vec(),
                ..Reply::default()
            };
            let step = step(&*destination, Last::Reply(&reply));
            let Step::End(verdict) = step else {
                panic!("{step:?}");
            };
            let shown = format!("{verdict:?}");
            assert!(
                shown.starts_with(expected) && shown.contains("***"),
                "{shown}"
            );
            assert!(!shown.contains("s3cret"), "{shown}");
            let is_of_form = matches!(status, 400 | 415);
            assert_eq!(shown.contains(answer::NO_GZIP), is_of_form, "{shown}");
            assert_ne!(verdict, Verdict::Accepted);
        }
    }

    #[test]
    fn no_key_is_shown() {
        for values in [
            vec![AT, (API_KEY, "the-name:s3cret-part")],
            vec![AT, (USERNAME, "elastic"), (PASSWORD, "s3cret-part")],
            vec![AT, (BEARER, "s3cret-part")],
        ] {
            let destination = opened(&values).unwrap();
            let shown = words::without("bad s3cret-part", &destination.secrets());
            assert_eq!(shown, "bad ***");
            assert!(!format!("{destination:?}").contains("s3cret"));
        }
    }
}
