//! Whether a cluster would take documents: what the key may do, and whether the index is there.
//!
//! Elasticsearch tells a key what it may do, whatever it may do. The questions for the index and the
//! template need privileges that the Worker's key need not have; OpenSearch and servers of other makes
//! have some of them at most. What is not told is left open.

use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::destination::check::{
    ASK_WITH_EVENT, Finding, Heard, Inquiry, Standing, common, down, without_events,
};
use crate::request::{Body, Method, Reply, Request};

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    /// The cluster's address.
    pub(super) base: &'a str,
    pub(super) authorization: Option<&'a str>,
    /// The index or data stream.
    pub(super) index: &'a str,
    /// The template that this project ships for it, if it has the default name.
    pub(super) template: Option<&'a str>,
    pub(super) secrets: &'a [&'a str],
}

/// What the key may do, by the name of the index.
#[derive(Deserialize)]
struct Privileges {
    index: BTreeMap<String, BTreeMap<String, bool>>,
}

/// What a question has told.
enum Told {
    Yes,
    No,
    /// Not to this key, or not by this server.
    Nothing,
}

const CREATE_DOC: &str = "create_doc";
const AUTO_CONFIGURE: &str = "auto_configure";

/// The next question, or what the answers say.
pub(super) fn inquire(subject: Subject<'_>, heard: &[Heard]) -> Inquiry {
    let mut heard = heard.iter();
    let Some(who) = heard.next() else {
        return subject.get("/_security/_authenticate");
    };
    if !is_unknown_question(who)
        && let Some(finding) = common(who, subject.secrets)
    {
        return Inquiry::Found(finding);
    }
    let mut may_make = Told::Nothing;
    let is_told = who.as_ref().is_ok_and(Reply::is_success);
    if is_told {
        let Some(privileges) = heard.next() else {
            return subject.ask_for_privileges();
        };
        match subject.privileges(privileges) {
            Ok(told) => may_make = told,
            Err(finding) => return Inquiry::Found(finding),
        }
    }
    let Some(index) = heard.next() else {
        return subject.get(&format!("/_resolve/index/{}", subject.index));
    };
    let is_there = subject.is_there(index);
    if let (false, Told::Nothing) = (is_told, &is_there) {
        // Nothing is known, not even whether the key is right.
        let Some(empty) = heard.next() else {
            return subject.bulk();
        };
        return Inquiry::Found(without_events(empty, subject.secrets));
    }
    let Some(template) = subject.template else {
        return Inquiry::Found(subject.found(&may_make, &is_there));
    };
    let Some(answer) = heard.next() else {
        return subject.get(&format!("/_index_template/{template}"));
    };
    let found = subject.found(&may_make, &is_there);
    let is_missing = answer.as_ref().is_ok_and(|reply| reply.status == 404);
    Inquiry::Found(match found.standing {
        Standing::Ready if is_missing => Finding::new(
            Standing::MissingTemplate,
            format!(
                "{}; the template {template} is not there: types are guessed",
                found.words
            ),
        )
        .with_hint("elasticsearch/README.md has the templates, and the commands"),
        _ => found,
    })
}

/// Whether a server does not have the question. AWS answers 401 to paths that it does not pass on.
fn is_unknown_question(heard: &Heard) -> bool {
    heard.as_ref().is_ok_and(|reply| {
        let is_closed = reply.status == 401
            && String::from_utf8_lossy(&reply.body).contains("Your request: '/");
        is_closed || matches!(reply.status, 400 | 404 | 405 | 410 | 501)
    })
}

impl Subject<'_> {
    fn get(self, path: &str) -> Inquiry {
        self.ask(Method::Get, path, Body::Empty)
    }

    fn ask_for_privileges(self) -> Inquiry {
        let names = [self.index];
        let privileges = [CREATE_DOC, AUTO_CONFIGURE];
        let question = json!({ "index": [{ "names": names, "privileges": privileges }] });
        let body = Body::Own(question.to_string().into_bytes());
        self.ask(Method::Post, "/_security/user/_has_privileges", body)
    }

    /// A request without a document, which any server that has `_bulk` understands in its own way.
    fn bulk(self) -> Inquiry {
        self.ask(Method::Post, "/_bulk", Body::Empty)
    }

    fn ask(self, method: Method, path: &str, body: Body) -> Inquiry {
        let request = Request {
            method,
            url: format!("{}{path}", self.base),
            headers: Vec::new(),
            body,
        };
        let request = match (&request.body, path) {
            (Body::Own(_), _) => request.header("Content-Type", "application/json"),
            (_, "/_bulk") => request.header("Content-Type", "application/x-ndjson"),
            _ => request,
        };
        Inquiry::Ask(match self.authorization {
            Some(authorization) => request.header("Authorization", authorization),
            None => request,
        })
    }

    /// Whether the key may make what is missing; an error where it may not write.
    fn privileges(self, heard: &Heard) -> Result<Told, Finding> {
        let reply = match heard {
            Ok(reply) => reply,
            Err(reason) => return Err(down(reason)),
        };
        if is_unknown_question(heard) {
            return Ok(Told::Nothing);
        }
        if let Some(finding) = common(heard, self.secrets) {
            return Err(finding);
        }
        let told = serde_json::from_slice::<Privileges>(&reply.body).ok();
        let told = told.and_then(|told| told.index.get(self.index).cloned());
        let Some(told) = told else {
            return Ok(Told::Nothing);
        };
        let may = |privilege: &str| told.get(privilege).copied();
        if may(CREATE_DOC) == Some(false) {
            return Err(Finding::new(
                Standing::MissingPrivilege,
                format!(
                    "the key is known, and may not write to {}: it has no {CREATE_DOC}",
                    self.index
                ),
            )
            .with_hint("elasticsearch/README.md has the role and the key with what is needed"));
        }
        Ok(match may(AUTO_CONFIGURE) {
            Some(true) => Told::Yes,
            Some(false) => Told::No,
            None => Told::Nothing,
        })
    }

    /// Whether the index is there.
    fn is_there(self, heard: &Heard) -> Told {
        let Ok(reply) = heard else {
            return Told::Nothing;
        };
        let answer = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
        let found = ["indices", "aliases", "data_streams"].map(|kind| {
            let found = answer.get(kind).and_then(Value::as_array);
            found.map(|found| !found.is_empty())
        });
        let kind = answer.pointer("/error/type").and_then(Value::as_str);
        match reply.status {
            200 if found.contains(&Some(true)) => Told::Yes,
            200 if found.contains(&Some(false)) => Told::No,
            404 if kind == Some("index_not_found_exception") => Told::No,
            _ => Told::Nothing,
        }
    }

    fn found(self, may_make: &Told, is_there: &Told) -> Finding {
        let Self { index, .. } = self;
        let known = match may_make {
            Told::Nothing => "the cluster answers",
            Told::Yes | Told::No => "the key may add documents",
        };
        match (is_there, may_make) {
            (Told::Yes, _) => Finding::new(Standing::Ready, format!("{known}, and {index} is there")),
            (_, Told::Yes) => Finding::new(
                Standing::Ready,
                format!("{known}, and make {index} with the first"),
            ),
            (Told::No, Told::No) => Finding::new(
                Standing::MissingIndex,
                format!("{index} is not there, and the key may not make it: it has no {AUTO_CONFIGURE}"),
            )
            .with_hint("make it, or give the key the privilege: elasticsearch/README.md has the role"),
            (Told::No, Told::Nothing) => Finding::new(
                Standing::Reached,
                format!("{known}; {index} is not there, and whether the first event makes it is not told"),
            )
            .with_hint(ASK_WITH_EVENT),
            (Told::Nothing, _) => Finding::new(
                Standing::Reached,
                format!("{known}; whether {index} is there is not told to it"),
            )
            .with_hint(ASK_WITH_EVENT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "logs-cloudflare.dns_logs";
    const INDEX: &str = "logs-cloudflare.dns_logs-default";

    fn subject(template: Option<&str>) -> Subject<'_> {
        Subject {
            base: "https://es.example/x",
            authorization: Some("ApiKey the-key"),
            index: INDEX,
            template,
            secrets: &["the-key"],
        }
    }

    /// The paths that are asked, and what is found, of a server that gives these answers.
    fn check(answers: &[(u16, &str)], template: Option<&str>) -> (Vec<String>, Finding) {
        let (mut asked, mut heard) = (Vec::new(), Vec::new());
        loop {
            match inquire(subject(template), &heard) {
                Inquiry::Found(finding) => return (asked, finding),
                Inquiry::Ask(request) => {
                    assert_eq!(request.headers.last().unwrap().1, "ApiKey the-key");
                    let path = request.url.strip_prefix("https://es.example/x/").unwrap();
                    asked.push(path.split('/').next().unwrap().to_owned());
                    let &(status, body) = answers.get(heard.len()).unwrap();
                    let reply = Reply {
                        status,
                        headers: Vec::new(),
                        body: body.into(),
                    };
                    heard.push(match status {
                        0 => Err("the connection failed".to_owned()),
                        _ => Ok(reply),
                    });
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_what_is_not_told_is_left_open() {
        use Standing::{
            Down, MissingIndex, MissingPrivilege, MissingTemplate, Reached, Ready, Unavailable,
            WrongKey, WrongUrl,
        };
        let may = |create: bool, make: bool| {
            format!(
                r#"{{"index":{{"{INDEX}":{{"create_doc":{create},"auto_configure":{make}}}}}}}"#
            )
        };
        let (all, writes, none) = (may(true, true), may(true, false), may(false, false));
        let there = r#"{"indices":[],"aliases":[],"data_streams":[{"name":"x"}]}"#;
        let empty = r#"{"indices":[],"aliases":[],"data_streams":[]}"#;
        let missing = r#"{"error":{"type":"index_not_found_exception"},"status":404}"#;
        let no_handler = r#"{"error":"no handler found for uri"}"#;
        let aws = r#"{"Message":"Your request: '/_security/_authenticate' is not allowed."}"#;
        let rows: &[(&[(u16, &str)], Standing)] = &[
            (
                &[(200, "{}"), (200, &all), (200, there), (200, "{}")],
                Ready,
            ),
            (
                &[(200, "{}"), (200, &writes), (200, there), (200, "{}")],
                Ready,
            ),
            (
                &[(200, "{}"), (200, &all), (404, missing), (200, "{}")],
                Ready,
            ),
            (
                &[(200, "{}"), (200, &all), (200, empty), (404, "{}")],
                MissingTemplate,
            ),
            // With the least privileges.
            (&[(200, "{}"), (200, &all), (403, "{}"), (403, "{}")], Ready),
            (
                &[(200, "{}"), (200, &writes), (403, "{}"), (403, "{}")],
                Reached,
            ),
            (
                &[(200, "{}"), (200, &writes), (404, missing), (403, "{}")],
                MissingIndex,
            ),
            (
                &[(200, "{}"), (200, &writes), (200, empty), (404, "{}")],
                MissingIndex,
            ),
            (&[(200, "{}"), (200, &none)], MissingPrivilege),
            (&[(401, "unable to authenticate the-key")], WrongKey),
            (&[(200, "{}"), (401, "")], WrongKey),
            (&[(403, "")], WrongKey),
            (&[(302, "")], WrongUrl),
            (&[(503, "")], Unavailable),
            (&[(429, "")], Unavailable),
            (&[(0, "")], Down),
            (&[(200, "{}"), (0, "")], Down),
            // OpenSearch, AWS, and others.
            (&[(400, no_handler), (200, there), (200, "{}")], Ready),
            (&[(400, no_handler), (404, missing), (404, "{}")], Reached),
            (&[(401, aws), (200, there), (200, "{}")], Ready),
            (
                &[(200, "{}"), (400, no_handler), (200, there), (200, "{}")],
                Ready,
            ),
            (
                &[
                    (404, ""),
                    (404, ""),
                    (200, r#"{"errors":false,"items":[]}"#),
                ],
                Reached,
            ),
            (
                &[(404, ""), (404, ""), (400, "request body is required")],
                Reached,
            ),
            (&[(404, ""), (404, ""), (401, "")], WrongKey),
            (&[(404, ""), (404, ""), (404, "")], WrongUrl),
        ];
        for (answers, expected) in rows {
            let (asked, found) = check(answers, Some(TEMPLATE));
            assert_eq!(found.standing, *expected, "{asked:?} {answers:?} {found:?}");
            assert_eq!(asked.len(), answers.len(), "{asked:?} {answers:?}");
            assert!(!found.words.contains("the-key"), "{}", found.words);
            let needs_hint = found.standing != Ready;
            assert_eq!(found.hint.is_some(), needs_hint, "{found:?}");
        }
        // An index of the user's own has no template of ours.
        let (asked, found) = check(&[(200, "{}"), (200, &all), (200, there)], None);
        assert_eq!(asked, ["_security", "_security", "_resolve"]);
        assert_eq!(found.standing, Ready);
    }
}
