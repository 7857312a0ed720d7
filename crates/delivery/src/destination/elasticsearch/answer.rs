//! The answers of `_bulk`: what each item says of its document.

use serde::Deserialize;
use serde_json::Value;

use crate::destination::kind::Turn;
use crate::request::Reply;
use crate::verdict::{DocumentVerdict, Verdict};
use crate::words;

/// The answer to a request of success: one item for each document, in the order of the request.
#[derive(Deserialize)]
struct Answer {
    errors: bool,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    // Some servers name the action that they made of it.
    #[serde(alias = "index")]
    create: ItemResult,
}

#[derive(Deserialize)]
struct ItemResult {
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
pub(super) fn read(reply: &Reply, turn: &Turn<'_>, secrets: &[&str]) -> Verdict {
    let sent = turn.part.len();
    let no_answer = || Verdict::Unknown {
        after: reply.retry_after(turn.now),
        reason: format!(
            "an answer that is not _bulk's for {sent} documents: {}",
            words::quote(reply, secrets)
        ),
    };
    let answer = match serde_json::from_slice::<Answer>(&reply.body) {
        Ok(answer) => answer,
        // Reasons that quote long values: of fewer documents it can be read. Those that are there
        // are not stored again.
        Err(error) if error.is_eof() && reply.body.len() >= LONG_ANSWER && sent > 1 => {
            return Verdict::SomeUnknown(0);
        }
        Err(_) => return no_answer(),
    };
    let verdicts: Vec<_> = answer
        .items
        .iter()
        .map(|item| of_item(&item.create, secrets))
        .collect();
    let all_taken = verdicts
        .iter()
        .all(|verdict| *verdict == DocumentVerdict::Taken);
    if verdicts.len() != sent || (answer.errors && all_taken) {
        return no_answer();
    }
    if all_taken {
        return Verdict::Accepted;
    }
    match answer.items.first() {
        // It is short of something, and says of what.
        Some(Item { create })
            if verdicts
                .iter()
                .all(|verdict| *verdict == DocumentVerdict::Again) =>
        {
            Verdict::Retry {
                after: reply.retry_after(turn.now),
                reason: words_of(create.status, create.error.as_ref(), secrets),
            }
        }
        _ => Verdict::Each(verdicts),
    }
}

fn of_item(item: &ItemResult, secrets: &[&str]) -> DocumentVerdict {
    let error = item.error.as_ref();
    let is_set_up = error.is_some_and(Cause::is_of_the_set_up);
    match item.status {
        200..=299 if error.is_none() => DocumentVerdict::Taken,
        409 if error.is_none_or(Cause::is_conflict) => DocumentVerdict::AlreadyThere,
        200..=299 | 408 | 409 | 429 | 500..=599 => DocumentVerdict::Again,
        400 | 413 | 422 if !is_set_up => {
            DocumentVerdict::Refused(words_of(item.status, error, secrets))
        }
        // Key, privileges, index, a block of writes.
        status => DocumentVerdict::Held {
            status,
            words: words_of(status, error, secrets),
        },
    }
}

/// Reads an answer of 400 to a request as a whole: of the set-up, or of content that the server cannot
/// even tell apart.
pub(super) fn read_bad_request(reply: &Reply, secrets: &[&str]) -> Verdict {
    let words = words::quote(reply, secrets);
    match serde_json::from_slice::<Failure>(&reply.body) {
        Ok(Failure { error }) if error.is_of_the_set_up() => Verdict::Held {
            status: Some(reply.status),
            words,
        },
        _ => Verdict::Rejected(words),
    }
}

fn words_of(status: u16, error: Option<&Cause>, secrets: &[&str]) -> String {
    let parts = error.map(|error| [error.kind(), error.reason()]);
    let parts: Vec<&str> = parts.into_iter().flatten().flatten().collect();
    words::quoted(status, &parts.join(": "), secrets)
}

impl Cause {
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

    const SECRETS: &[&str] = &["the-part"];

    /// What an answer to two documents means.
    fn read_two(body: &str) -> Verdict {
        let batch = batch(&["{}", "{}"]);
        let reply = reply(200, body);
        let turn = Turn {
            part: &Part::new(&batch, &[0..2], "u"),
            payload: b"",
            last: Last::Reply(&reply),
            now: 0,
        };
        read(&reply, &turn, SECRETS)
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
        use DocumentVerdict::{Again, AlreadyThere, Taken};
        let refused = |words: &str| DocumentVerdict::Refused(words.to_owned());
        let held = |status, words: &str| DocumentVerdict::Held {
            status,
            words: words.to_owned(),
        };
        let parsing =
            r#"{"type":"document_parsing_exception","reason":"[1:5] failed to parse field [a]"}"#;
        for (item, expected) in [
            (r#""status":201"#.to_owned(), Taken),
            (r#""status":200"#.to_owned(), Taken),
            (r#""status":409"#.to_owned(), AlreadyThere),
            (
                r#""status":409,"error":{"type":"version_conflict_engine_exception"}"#.to_owned(),
                AlreadyThere,
            ),
            (r#""status":409,"error":{"type":"another"}"#.to_owned(), Again),
            (r#""status":201,"error":{"type":"odd"}"#.to_owned(), Again),
            (
                r#""status":429,"error":{"type":"es_rejected_execution_exception"}"#.to_owned(),
                Again,
            ),
            (r#""status":500"#.to_owned(), Again),
            (r#""status":503"#.to_owned(), Again),
            (
                format!(r#""status":400,"error":{parsing}"#),
                refused("status 400: document_parsing_exception: [1:5] failed to parse field [a]"),
            ),
            (
                r#""status":400,"error":"MapperParsingException[no]""#.to_owned(),
                refused("status 400: MapperParsingException[no]"),
            ),
            (r#""status":413"#.to_owned(), refused("status 413")),
            (
                r#""status":400,"error":{"type":"illegal_argument_exception","reason":"only write ops with an op_type of create are allowed in data streams"}"#.to_owned(),
                held(400, "status 400: illegal_argument_exception: only write ops with an op_type of create are allowed in data streams"),
            ),
            (
                r#""status":403,"error":{"type":"cluster_block_exception","reason":"index [x] blocked by: [FORBIDDEN/8/index write (api)];"}"#.to_owned(),
                held(403, "status 403: cluster_block_exception: index [x] blocked by: [FORBIDDEN/8/index write (api)];"),
            ),
            (
                r#""status":404,"error":{"type":"index_not_found_exception","reason":"the-part"}"#.to_owned(),
                held(404, "status 404: index_not_found_exception: ***"),
            ),
            (r#""status":401"#.to_owned(), held(401, "status 401")),
        ] {
            let errors = expected != Taken;
            let body = format!(
                r#"{{"errors":{errors},"items":[{{"create":{{"status":201}}}},{{"create":{{{item}}}}}]}}"#
            );
            let verdict = match read_two(&body) {
                Verdict::Each(verdicts) => verdicts,
                Verdict::Accepted => vec![Taken, Taken],
                other => panic!("{body}: {other:?}"),
            };
            assert_eq!(verdict, [Taken, expected], "{body}");
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
            r#"{"errors":false}"#.to_owned(),
            r#"{"errors":false,"items":[]}"#.to_owned(),
            format!(r#"{{"errors":false,"items":[{taken}]}}"#),
            format!(r#"{{"errors":false,"items":[{taken},{taken},{taken}]}}"#),
            format!(r#"{{"errors":true,"items":[{taken},{taken}]}}"#),
            format!(r#"{{"errors":"no","items":[{taken},{taken}]}}"#),
            format!(r#"{{"items":[{taken},{taken}]}}"#),
            format!(r#"{{"errors":false,"items":[{taken},{{}}]}}"#),
            format!(r#"{{"errors":false,"items":[{taken},{{"create":{{}}}}]}}"#),
            format!(r#"{{"errors":false,"items":[{taken},{taken}"#),
        ] {
            let verdict = read_two(&body);
            assert!(
                matches!(verdict, Verdict::Unknown { .. }),
                "{body}: {verdict:?}"
            );
        }
        let all = format!(
            r#"{{"took":3,"errors":false,"items":[{taken},{{"index":{{"status":201}}}}]}}"#
        );
        assert_eq!(read_two(&all), Verdict::Accepted);
        // Too long to be read: fewer documents have a shorter one.
        let long = format!(
            r#"{{"errors":true,"items":[{{"create":{{"status":400,"error":"{}"#,
            "a".repeat(LONG_ANSWER)
        );
        assert_eq!(read_two(&long), Verdict::SomeUnknown(0));
    }

    #[test]
    fn none_taken_now_is_said_in_the_servers_words() {
        let full =
            r#"{"create":{"status":429,"error":{"type":"es_rejected_execution_exception"}}}"#;
        let body = format!(r#"{{"errors":true,"items":[{full},{full}]}}"#);
        let expected = Verdict::Retry {
            after: None,
            reason: "status 429: es_rejected_execution_exception".to_owned(),
        };
        assert_eq!(read_two(&body), expected);
    }

    #[test]
    fn a_bad_request_is_of_the_set_up_where_it_says_so() {
        let newline = r#"{"error":{"type":"illegal_argument_exception","reason":"The bulk request must be terminated by a newline [\n]"}}"#;
        let name = r#"{"error":{"type":"invalid_index_name_exception","reason":"the-part"}}"#;
        for body in [newline, "<html>", ""] {
            let verdict = read_bad_request(&reply(400, body), SECRETS);
            assert!(matches!(verdict, Verdict::Rejected(_)), "{body}");
        }
        let Verdict::Held { status, words } = read_bad_request(&reply(400, name), SECRETS) else {
            panic!("not held");
        };
        assert_eq!(status, Some(400));
        assert!(words.contains("***"), "{words}");
    }
}
