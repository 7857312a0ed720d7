//! The answers of `_bulk`: what each item says of its document.

use serde::Deserialize;
use serde_json::Value;

use crate::destination::kind::{Turn, is_a_yes, no_yes};
use crate::destination::number::number;
use crate::request::Reply;
use crate::session::Session;
use crate::verdict::{DocumentVerdict, Verdict};
use crate::words;

/// How answers are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    /// Whether `errors: false` without items is a yes, of a server that leaves them out.
    pub(super) without_items: bool,
    /// Whether requests are compressed: a server that does not know gzip calls that a bad request.
    pub(super) is_compressed: bool,
    pub(super) secrets: &'a [&'a str],
}

/// The answer to a request of success: one item for each document, in the order of the request.
/// Servers that ignore `filter_path` answer in full, which is not looked at.
#[derive(Deserialize)]
struct Answer {
    /// The items say it all: a server that leaves it out says nothing less.
    errors: Option<bool>,
    items: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct Item {
    // Some servers name the action that they made of it.
    #[serde(alias = "index")]
    create: ItemResult,
}

#[derive(Deserialize)]
struct ItemResult {
    #[serde(deserialize_with = "number")]
    status: u16,
    error: Option<Cause>,
}

/// The answer to a request that failed as a whole.
#[derive(Deserialize)]
struct Failure {
    error: Cause,
}

/// What is wrong with a document or with the request: an object with a type and a reason, or a text.
#[derive(Deserialize)]
#[serde(transparent)]
struct Cause(Value);

/// An answer that breaks off is too long, rather than broken, from this length on: half of what is
/// read.
const LONG_ANSWER: usize = 2 * 1024 * 1024;

/// Errors of a document's content, by their type. The whole request fails with one only at servers that
/// read all documents before they take any.
const CONTENT_TYPES: &[&str] = &[
    "document_parsing_exception",
    "mapper_parsing_exception",
    "strict_dynamic_mapping_exception",
];

/// Errors with status 400 that are of the set-up, whatever the document, by their type or by what
/// their reason has.
const SET_UP_TYPES: &[&str] = &[
    "alias_not_found_exception",
    "index_closed_exception",
    "index_not_found_exception",
    "invalid_alias_name_exception",
    "invalid_index_name_exception",
    "invalid_type_name_exception",
    "routing_missing_exception",
    "security_exception",
];
const SET_UP_REASONS: &[&str] = &[
    "op_type of create are allowed in data streams",
    "no write index is defined",
    "pipeline with id",
    "unrecognized parameter",
    "no matching index template",
    "is not supported for data stream",
    "maximum shards open",
    "maximum normal shards open",
];

/// Reads an answer of success, which says nothing by itself.
pub(super) fn read(
    reply: &Reply,
    turn: &Turn<'_>,
    session: &mut Session,
    reading: Reading<'_>,
) -> Verdict {
    let Reading { secrets, .. } = reading;
    let sent = turn.part.len();
    let answer = match serde_json::from_slice::<Answer>(&reply.body) {
        Ok(answer) => answer,
        // Reasons that quote long values: of fewer documents it can be read. Those that are there
        // are not stored again.
        Err(error) if error.is_eof() && reply.body.len() >= LONG_ANSWER && sent > 1 => {
            return Verdict::SomeUnknown(0);
        }
        Err(_) => return no_yes(reply, session, secrets, turn.now),
    };
    let items = answer.items.unwrap_or_default();
    if items.is_empty() && answer.errors == Some(false) {
        if reading.without_items {
            is_a_yes(session);
            return Verdict::Accepted;
        }
        let verdict = no_yes(reply, session, secrets, turn.now);
        return verdict.with_hint("it names no event: if it never does, and `errors` alone is a yes, say so with ELASTICSEARCH_ACCEPT=errors");
    }
    if reading.without_items && answer.errors == Some(true) && (1..sent).contains(&items.len()) {
        // Those alone that it did not take, and a place says nothing: halves find them.
        is_a_yes(session);
        return Verdict::SomeUnknown(0);
    }
    let verdicts: Vec<_> = items
        .iter()
        .map(|item| of_item(&item.create, secrets))
        .collect();
    let all_taken = verdicts
        .iter()
        .all(|verdict| *verdict == DocumentVerdict::Taken);
    if verdicts.len() != sent || (answer.errors == Some(true) && all_taken) {
        return no_yes(reply, session, secrets, turn.now);
    }
    is_a_yes(session);
    match all_taken {
        true => Verdict::Accepted,
        false => Verdict::Each(verdicts),
    }
}

fn of_item(item: &ItemResult, secrets: &[&str]) -> DocumentVerdict {
    let error = item.error.as_ref().filter(|error| error.is_any());
    let is_set_up = error.is_some_and(Cause::is_of_the_set_up);
    let words = || words_of(item.status, error, secrets);
    match item.status {
        200..=299 if error.is_none() => DocumentVerdict::Taken,
        409 if error.is_none_or(Cause::is_conflict) => DocumentVerdict::AlreadyThere,
        200..=299 | 408 | 409 | 429 | 500..=599 => DocumentVerdict::Again(words()),
        400 | 413 | 422 if !is_set_up => DocumentVerdict::Refused(words()),
        // Key, privileges, index, a block of writes.
        status => DocumentVerdict::Held {
            status,
            words: words(),
        },
    }
}

/// Reads an answer of 400 to a request as a whole. Elasticsearch looks at documents one by one: what it
/// says of the whole is about its form or the set-up, and no document's fault.
pub(super) fn read_bad_request(reply: &Reply, reading: Reading<'_>) -> Verdict {
    let words = words::quote(reply, reading.secrets);
    let failure = serde_json::from_slice::<Failure>(&reply.body).ok();
    let error = failure.as_ref().map(|Failure { error }| error);
    if error.is_some_and(Cause::is_of_content) {
        return Verdict::Rejected(words);
    }
    let held = Verdict::Held {
        status: Some(reply.status),
        words,
    };
    match reading.is_compressed && !error.is_some_and(Cause::is_of_the_set_up) {
        true => held.with_hint(NO_GZIP),
        false => held,
    }
}

/// What to do where a server does not understand a compressed request.
pub(super) const NO_GZIP: &str = "if it takes no gzip, set ELASTICSEARCH_GZIP=false";

fn words_of(status: u16, error: Option<&Cause>, secrets: &[&str]) -> String {
    let parts = error.map(|error| [error.kind(), error.reason()]);
    let parts: Vec<&str> = parts.into_iter().flatten().flatten().collect();
    words::quoted(status, &parts.join(": "), secrets)
}

impl Cause {
    /// Whether it tells of an error: some servers have an empty one beside each document that they take.
    fn is_any(&self) -> bool {
        let is_something = |value: &Value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        };
        match &self.0 {
            Value::Object(members) => members.values().any(is_something),
            value => is_something(value),
        }
    }

    fn kind(&self) -> Option<&str> {
        self.0.get("type").and_then(Value::as_str)
    }

    fn reason(&self) -> Option<&str> {
        self.0
            .as_str()
            .or_else(|| self.0.get("reason").and_then(Value::as_str))
    }

    fn is_conflict(&self) -> bool {
        self.kind()
            .is_none_or(|kind| kind == "version_conflict_engine_exception")
    }

    fn is_of_content(&self) -> bool {
        let has_type = |kind: &str| CONTENT_TYPES.contains(&kind);
        self.kind().is_some_and(has_type)
    }

    fn is_of_the_set_up(&self) -> bool {
        let has_type = |kind: &str| SET_UP_TYPES.contains(&kind);
        let has_reason = |reason: &str| SET_UP_REASONS.iter().any(|words| reason.contains(words));
        self.kind().is_some_and(has_type) || self.reason().is_some_and(has_reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::kind::Last;
    use crate::part::Part;
    use crate::sample::batch;

    const READING: Reading<'_> = Reading {
        without_items: false,
        is_compressed: true,
        secrets: &["the-part"],
    };

    /// What an answer to two documents means.
    fn read_two(body: &str, reading: Reading<'_>, session: &mut Session) -> Verdict {
        let batch = batch(&["{}", "{}"]);
        let reply = reply(200, body);
        let turn = Turn {
            part: &Part::new(&batch, &[0..2], "u"),
            payload: b"",
            last: Last::Reply(&reply),
            now: 0,
        };
        read(&reply, &turn, session, reading)
    }

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            body: body.into(),
            ..Reply::default()
        }
    }

    #[test]
    fn items_decide_and_not_the_status_of_the_whole() {
        use DocumentVerdict::{AlreadyThere, Taken};
        let refused = |words: &str| DocumentVerdict::Refused(words.to_owned());
        let again = |words: &str| DocumentVerdict::Again(words.to_owned());
        let held = |status, words: &str| DocumentVerdict::Held {
            status,
            words: words.to_owned(),
        };
        for (item, expected) in [
            (r#""status":201"#, Taken),
            (r#""status":200"#, Taken),
            (r#""status":"201""#, Taken),
            // In full, as of a server that ignores filter_path.
            (
                r#""_index":"i","_id":"1","_version":1,"result":"created","_shards":{"total":2,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201"#,
                Taken,
            ),
            (r#""status":201,"error":null"#, Taken),
            (r#""status":201,"error":"""#, Taken),
            (r#""status":201,"error":{}"#, Taken),
            (r#""status":201,"error":{"type":"","reason":""}"#, Taken),
            (r#""status":409"#, AlreadyThere),
            (
                r#""status":409,"error":{"type":"version_conflict_engine_exception"}"#,
                AlreadyThere,
            ),
            (
                r#""status":409,"error":{"type":"another"}"#,
                again("status 409: another"),
            ),
            (
                r#""status":201,"error":{"type":"odd"}"#,
                again("status 201: odd"),
            ),
            (
                r#""status":429,"error":{"type":"es_rejected_execution_exception"}"#,
                again("status 429: es_rejected_execution_exception"),
            ),
            (r#""status":500"#, again("status 500")),
            (r#""status":503"#, again("status 503")),
            (
                r#""status":400,"error":{"type":"document_parsing_exception","reason":"[1:5] failed to parse field [a]"}"#,
                refused("status 400: document_parsing_exception: [1:5] failed to parse field [a]"),
            ),
            (
                r#""status":"400","error":"MapperParsingException[no]""#,
                refused("status 400: MapperParsingException[no]"),
            ),
            (r#""status":413"#, refused("status 413")),
            (
                r#""status":400,"error":{"type":"illegal_argument_exception","reason":"only write ops with an op_type of create are allowed in data streams"}"#,
                held(
                    400,
                    "status 400: illegal_argument_exception: only write ops with an op_type of create are allowed in data streams",
                ),
            ),
            (
                r#""status":403,"error":{"type":"cluster_block_exception","reason":"index [x] blocked by: [FORBIDDEN/8/index write (api)];"}"#,
                held(
                    403,
                    "status 403: cluster_block_exception: index [x] blocked by: [FORBIDDEN/8/index write (api)];",
                ),
            ),
            (
                r#""status":404,"error":{"type":"index_not_found_exception","reason":"the-part"}"#,
                held(404, "status 404: index_not_found_exception: ***"),
            ),
            (r#""status":401"#, held(401, "status 401")),
        ] {
            let errors = expected != Taken;
            for (name, whole) in [
                ("create", format!(r#""errors":{errors},"#)),
                ("index", format!(r#""took":3,"errors":{errors},"#)),
                ("create", String::new()),
                ("create", r#""errors":null,"#.to_owned()),
            ] {
                let body = format!(
                    r#"{{{whole}"items":[{{"{name}":{{"status":201}}}},{{"{name}":{{{item}}}}}]}}"#
                );
                let verdict = match read_two(&body, READING, &mut Session::default()) {
                    Verdict::Each(verdicts) => verdicts,
                    Verdict::Accepted => vec![Taken, Taken],
                    other => panic!("{body}: {other:?}"),
                };
                assert_eq!(verdict, [Taken, expected.clone()], "{body}");
            }
        }
    }

    #[test]
    fn an_answer_is_a_yes_only_with_an_item_for_each_document() {
        let taken = r#"{"create":{"status":201}}"#;
        for body in [
            "".to_owned(),
            "<html>".to_owned(),
            "{}".to_owned(),
            "[]".to_owned(),
            // Quickwit before 0.8.
            r#"{"num_docs_for_processing":2}"#.to_owned(),
            r#"{"error":"no","status":400}"#.to_owned(),
            r#"{"errors":true}"#.to_owned(),
            format!(r#"{{"errors":false,"items":[{taken}]}}"#),
            format!(r#"{{"errors":false,"items":[{taken},{taken},{taken}]}}"#),
            format!(r#"{{"errors":true,"items":[{taken},{taken}]}}"#),
            format!(r#"{{"errors":"no","items":[{taken},{taken}]}}"#),
            format!(r#"{{"errors":false,"items":[{taken},{{}}]}}"#),
            format!(r#"{{"errors":false,"items":[{taken},{{"create":{{}}}}]}}"#),
            format!(r#"{{"errors":false,"items":[{taken},{{"create":{{"status":"yes"}}}}]}}"#),
            format!(r#"{{"errors":false,"items":[{taken},{taken}"#),
        ] {
            for without_items in [false, true] {
                let reading = Reading {
                    without_items,
                    ..READING
                };
                let mut session = Session::default();
                // Once more, then it is the operator's.
                let first = read_two(&body, reading, &mut session);
                assert!(
                    matches!(first, Verdict::Unknown { .. }),
                    "{body}: {first:?}"
                );
                let second = read_two(&body, reading, &mut session);
                assert!(matches!(second, Verdict::Held { .. }), "{body}: {second:?}");
            }
        }
        // Too long to be read: fewer documents have a shorter one.
        let long = format!(
            r#"{{"errors":true,"items":[{{"create":{{"status":400,"error":"{}"#,
            "a".repeat(LONG_ANSWER)
        );
        let verdict = read_two(&long, READING, &mut Session::default());
        assert_eq!(verdict, Verdict::SomeUnknown(0));
    }

    #[test]
    fn an_answer_without_items_is_a_yes_where_the_user_says_so() {
        for body in [
            // Quickwit 0.8, and OpenObserve with ZO_BULK_RESPONSE_INCLUDE_ERRORS_ONLY.
            r#"{"took":3,"errors":false}"#,
            r#"{"took":3,"errors":false,"items":[]}"#,
            r#"{"errors":false,"items":null}"#,
        ] {
            let reading = Reading {
                without_items: true,
                ..READING
            };
            let mut session = Session::default();
            let verdict = read_two(body, reading, &mut session);
            assert_eq!(verdict, Verdict::Accepted, "{body}");
            assert!(matches!(
                read_two(body, READING, &mut session),
                Verdict::Unknown { .. }
            ));
            let Verdict::Held { words, .. } = read_two(body, READING, &mut session) else {
                panic!("{body}: not held");
            };
            assert!(words.contains("ELASTICSEARCH_ACCEPT=errors"), "{words}");
        }
        // The items of those alone that it did not take.
        let body = r#"{"errors":true,"items":[{"create":{"status":400}}]}"#;
        for (without_items, is_halved) in [(true, true), (false, false)] {
            let reading = Reading {
                without_items,
                ..READING
            };
            let verdict = read_two(body, reading, &mut Session::default());
            assert_eq!(verdict == Verdict::SomeUnknown(0), is_halved, "{verdict:?}");
        }
    }

    #[test]
    fn a_bad_request_is_the_set_ups_fault_unless_it_names_content() {
        let hint = "ELASTICSEARCH_GZIP=false";
        for (body, is_held, has_hint) in [
            (
                r#"{"error":{"type":"illegal_argument_exception","reason":"The bulk request must be terminated by a newline [\n]"}}"#,
                true,
                true,
            ),
            (
                r#"{"error":"Content-Type header [text/plain] is not supported","status":400}"#,
                true,
                true,
            ),
            (
                r#"{"error":{"type":"invalid_index_name_exception","reason":"the-part"}}"#,
                true,
                false,
            ),
            ("<html>", true, true),
            ("", true, true),
            (
                r#"{"error":{"type":"mapper_parsing_exception","reason":"failed to parse field [a]"}}"#,
                false,
                false,
            ),
        ] {
            match read_bad_request(&reply(400, body), READING) {
                Verdict::Held { status, words } => {
                    assert!(is_held, "{body}");
                    assert_eq!(status, Some(400));
                    assert_eq!(words.contains(hint), has_hint, "{words}");
                    assert!(!words.contains("the-part"), "{words}");
                }
                other => assert!(!is_held, "{body}: {other:?}"),
            }
        }
    }
}
