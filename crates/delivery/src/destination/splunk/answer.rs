//! The answers of an event collector: what its codes mean.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::Millis;
use crate::destination::complaint::complains;
use crate::destination::kind::by_status;
use crate::destination::number::optional;
use crate::destination::splunk::envelope;
use crate::part::Part;
use crate::request::Reply;
use crate::verdict::Verdict;
use crate::words;

/// An answer of the collector, whatever its `Content-Type`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    text: Option<Value>,
    #[serde(deserialize_with = "optional")]
    pub(super) code: Option<u32>,
    /// The first event that was not indexed, from 0.
    #[serde(rename = "invalid-event-number", deserialize_with = "optional")]
    place: Option<usize>,
    #[serde(rename = "ackId", alias = "ackID", deserialize_with = "optional")]
    pub(super) ack_id: Option<u64>,
}

/// What a yes is, beside code 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Yes {
    /// Nothing.
    Code,
    /// A JSON object that complains of nothing: LogScale's protocol knows no codes.
    Object,
    /// Any 2xx without an error's code.
    Any,
}

/// What an answer is.
pub(super) enum Read {
    /// All is taken.
    Yes(Answer),
    /// Something is wrong, and the answer says what.
    Error(Answer),
    /// A success that is no yes.
    NoYes,
    /// HTTP's status is all that it says.
    Status,
}

/// An answer about acknowledgements.
#[derive(Deserialize)]
struct Acknowledgements {
    acks: BTreeMap<String, bool>,
}

/// Documents of so many bytes together may be too many: what is said of the first may be of their sum.
pub(super) const SUM_BYTES_MIN: usize = 1024 * 1024;

/// Reads an answer to events.
pub(super) fn read(reply: &Reply, yes: Yes) -> Read {
    let answer = serde_json::from_slice::<Answer>(&reply.body);
    let is_object = answer.is_ok();
    let answer = answer.unwrap_or_default();
    match answer.code {
        Some(code) if is_error(code) => return Read::Error(answer),
        _ if !reply.is_success() => return Read::Status,
        // With 24 and 25 it is near its capacity as well.
        Some(0 | 24 | 25) => return Read::Yes(answer),
        // Healthy, which is no answer to events.
        Some(17) => return Read::NoYes,
        _ => {}
    }
    let is_bare = is_object && !complains(&reply.body);
    let is_yes = match yes {
        Yes::Any => true,
        Yes::Object => is_bare,
        Yes::Code => is_bare && answer.code.is_none() && answer.says_success(),
    };
    if is_yes {
        Read::Yes(answer)
    } else {
        Read::NoYes
    }
}

/// What an error means, by its code.
pub(super) fn judge(
    answer: &Answer,
    reply: &Reply,
    part: &Part<'_>,
    secrets: &[&str],
    now: Millis,
) -> Verdict {
    let words = words::quote(reply, secrets);
    let after = reply.retry_after(now);
    match (answer.code.unwrap_or_default(), answer.place) {
        // What is before the place is indexed, and nothing from there on.
        (6 | 12 | 13 | 15, Some(0)) if is_large(part) => Verdict::Rejected(words),
        (6 | 12 | 13 | 15, Some(place)) => Verdict::UpTo(place, words),
        (6 | 12 | 13 | 15, None) => Verdict::Rejected(words),
        // It names the event behind the one whose index is forbidden. All have the same: only
        // where the token was changed just now is anything indexed.
        (7, Some(behind)) if (2..=part.len()).contains(&behind) => Verdict::UpTo(behind - 1, words),
        (1..=5 | 7 | 10 | 11 | 14 | 16 | 21 | 22 | 28, _) => Verdict::Held {
            status: Some(reply.status),
            words,
        },
        (8, _) => Verdict::Unknown {
            after,
            reason: words,
        },
        (9 | 18..=20 | 23 | 26 | 27, _) => Verdict::Retry {
            after,
            reason: words,
        },
        _ => by_status(reply, secrets, now),
    }
}

/// Whether the events of an acknowledgement are indexed, where the answer says so.
pub(super) fn is_acknowledged(reply: &Reply, ack_id: &str) -> Option<bool> {
    let told = serde_json::from_slice::<Acknowledgements>(&reply.body).ok()?;
    told.acks.get(ack_id).copied()
}

impl Answer {
    fn says_success(&self) -> bool {
        let text = self.text.as_ref().and_then(Value::as_str);
        text.is_some_and(|text| text.eq_ignore_ascii_case("success"))
    }
}

/// Whether a code says that something was not taken, whatever the status says.
fn is_error(code: u32) -> bool {
    matches!(code, 1..=16 | 18..=23 | 26..=28)
}

/// Whether documents may be too many for one request.
fn is_large(part: &Part<'_>) -> bool {
    let bytes: usize = part.runs().map(<[u8]>::len).sum();
    part.len() > 1 && bytes + part.len() * envelope::BYTES_MAX > SUM_BYTES_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_is_code_0_or_what_the_user_takes_for_one() {
        let page = "<!doctype html>";
        // With each of Code, Object, Any.
        for (body, expected) in [
            (r#"{"text":"Success","code":0}"#, "yyy"),
            (r#"{"text":"Success","code":"0"}"#, "yyy"),
            (r#"{"text":"Success","code":0,"ackId":7}"#, "yyy"),
            (r#"{"text":"Success","code":0,"eventId":"a"}"#, "yyy"),
            (r#"{"text":"near","code":24}"#, "yyy"),
            (r#"{"text":"Success"}"#, "yyy"),
            ("{}", "nyy"),
            (r#"{"eventIds":["a"]}"#, "nyy"),
            (r#"{"text":"Failed"}"#, "nyy"),
            (r#"{"text":"Success","code":200}"#, "nyy"),
            (r#"{"text":"Success","error":"no"}"#, "nny"),
            (r#"{"text":"HEC is healthy","code":17}"#, "nnn"),
            ("", "nny"),
            (r#""OK""#, "nny"),
            ("OK", "nny"),
            (page, "nny"),
            (r#"{"text":"Success","co"#, "nny"),
            (r#"{"text":"Server is busy","code":9}"#, "eee"),
            (r#"{"text":"Invalid token","code":"4"}"#, "eee"),
        ] {
            let reply = Reply {
                status: 200,
                headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
                body: body.into(),
            };
            let found = [Yes::Code, Yes::Object, Yes::Any].map(|yes| match read(&reply, yes) {
                Read::Yes(_) => 'y',
                Read::NoYes => 'n',
                Read::Error(_) => 'e',
                Read::Status => 's',
            });
            assert_eq!(found.iter().collect::<String>(), expected, "{body}");
        }
    }

    #[test]
    fn a_failure_is_read_by_its_code_or_by_its_status() {
        for (status, body, expected) in [
            (503, r#"{"text":"Server is busy","code":9}"#, true),
            (400, r#"{"text":"No data","code":5}"#, true),
            (503, "", false),
            (400, "bad request", false),
            (404, r#"{"text":"not found","code":404}"#, false),
            (500, r#"{"text":"Success","code":0}"#, false),
        ] {
            let reply = Reply {
                status,
                body: body.into(),
                ..Reply::default()
            };
            for yes in [Yes::Code, Yes::Any] {
                match read(&reply, yes) {
                    Read::Error(_) => assert!(expected, "{body}"),
                    Read::Status => assert!(!expected, "{body}"),
                    _ => panic!("{body}"),
                }
            }
        }
    }
}
