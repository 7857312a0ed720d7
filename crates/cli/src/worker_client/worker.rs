//! A client of one Worker: posts uploads and reads the answers.

use core::time::Duration;
use std::io::{self, Read as _};

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use ureq::http::{Response, Uri};
use ureq::typestate::WithBody;
use ureq::{Agent, Body, RequestBuilder, SendBody, Timeout};

use crate::terminal::printable;
use crate::worker_client::target::{Headers, is_loopback};

/// A Worker that receives uploads.
pub(crate) struct Worker {
    agent: Agent,
    url: Uri,
    headers: Headers,
}

/// The answer to an upload that was accepted.
pub(crate) struct Accepted {
    pub(crate) status: u16,
    pub(crate) records: Option<u64>,
    pub(crate) errors: Option<u64>,
    pub(crate) refused: Option<u64>,
    /// The whole answer, made printable.
    pub(crate) text: String,
}

/// The answer to an upload that was not accepted, or the lack of one.
#[derive(Debug, Error)]
pub(crate) enum Refusal {
    /// An answer of the Worker, or of something in front of it.
    #[error("{error}")]
    Answer {
        status: u16,
        error: String,
        hint: Option<String>,
        retry_after: Option<Duration>,
    },
    #[error("{}", words_of(.0))]
    NoAnswer(#[from] ureq::Error),
    /// The same of a question, which sent nothing.
    #[error("{}", words_of(.0))]
    NothingRead(ureq::Error),
}

/// The members of the Worker's answers, good and bad.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Words {
    records: Option<u64>,
    errors: Option<u64>,
    refused: Option<u64>,
    error: Option<String>,
    hint: Option<String>,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest wait for an answer to an upload. On the direct route the Worker answers when the intake
/// has everything: its retries may take 25 seconds and one more request 15, and a large upload needs
/// longer than that.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

/// The longest wait for an answer that needs no body. It comes at once, but ureq waits until workerd
/// closes the connection a second later.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest wait for `/health`, which only reads the configuration.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(15);

/// The longest wait for the status, for which the Worker asks its ledger.
const STATUS_TIMEOUT: Duration = Duration::from_secs(60);

/// The longest wait for the check of a destination, which is asked some questions.
const CHECK_TIMEOUT: Duration = Duration::from_secs(120);

/// Bytes of a status that are read: some thousand uploads of 500 bytes each fit.
const STATUS_MAX: u64 = 8 * 1024 * 1024;

/// The longest wait that a Worker may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// Bytes of an answer that are read.
const ANSWER_MAX: u64 = 64 * 1024;

/// Characters of an answer that are shown.
const SHOWN_MAX: usize = 300;

impl Worker {
    pub(crate) fn new(url: Uri, headers: Headers) -> Self {
        let config = Agent::config_builder()
            .user_agent(concat!("logpush-ecs/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            // Following a redirect would give the secret away and lose the body.
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_per_write(Some(ANSWER_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT));
        // No proxy stands between this machine and itself.
        let config = match url.host().is_some_and(is_loopback) {
            true => config.proxy(None),
            false => config,
        };
        Self {
            agent: config.build().into(),
            url,
            headers,
        }
    }

    /// Asks whether the Worker is deployed and its configuration is valid.
    pub(crate) fn health(&self) -> Result<Accepted, Refusal> {
        self.read(self.get("/health", HEALTH_TIMEOUT)?)
    }

    /// The JSON at a path of the Worker; null if the answer is not JSON.
    pub(crate) fn get_json(&self, path: &str) -> Result<Value, Refusal> {
        let response = self.get(path, STATUS_TIMEOUT)?;
        self.json_of(response)
    }

    /// Has the Worker do something that needs no body; its answer as above.
    pub(crate) fn post_json(&self, path: &str) -> Result<Value, Refusal> {
        let request = self
            .agent
            .post(self.at(path)?)
            .config()
            .timeout_recv_response(Some(CHECK_TIMEOUT))
            .build();
        let request = self.headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        let response = request.send_empty().map_err(Refusal::NothingRead)?;
        self.json_of(response)
    }

    fn json_of(&self, mut response: Response<Body>) -> Result<Value, Refusal> {
        if !response.status().is_success() {
            return self.read(response).map(|_| Value::Null);
        }
        let body = response.body_mut().as_reader().take(STATUS_MAX);
        Ok(serde_json::from_reader(body).unwrap_or_default())
    }

    fn get(&self, path: &str, timeout: Duration) -> Result<Response<Body>, Refusal> {
        let request = self
            .agent
            .get(self.at(path)?)
            .config()
            .timeout_recv_response(Some(timeout))
            .build();
        let request = self.headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        request.call().map_err(Refusal::NothingRead)
    }

    /// The address of a path at the Worker.
    fn at(&self, path: &str) -> Result<String, Refusal> {
        match (self.url.scheme_str(), self.url.authority()) {
            (Some(scheme), Some(authority)) => Ok(format!("{scheme}://{authority}{path}")),
            _ => Err(ureq::Error::BadUri("no host".to_owned()).into()),
        }
    }

    /// Posts one upload, once.
    pub(crate) fn send(&self, body: &[u8]) -> Result<Accepted, Refusal> {
        match self.request().send(body) {
            Ok(response) => self.read(response),
            // A server that answers early, because of a wrong secret or too large an upload, and
            // closes the connection, breaks the upload, and its answer is lost.
            Err(error) if is_broken(&error) => Err(match self.ask_without_body(body.len()) {
                Some(refusal) => refusal,
                None => error.into(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks for the refusal that an upload of this size gets before its first byte, if there is one.
    fn ask_without_body(&self, len: usize) -> Option<Refusal> {
        let response = self
            .request()
            .config()
            .timeout_recv_response(Some(ASK_TIMEOUT))
            .build()
            .header("Content-Length", len)
            .header("Expect", "100-continue")
            // The body fails at its first byte, so that nothing is sent twice.
            .send(SendBody::from_owned_reader(NoBody))
            .ok()?;
        self.read(response).err()
    }

    fn request(&self) -> RequestBuilder<WithBody> {
        let request = self
            .agent
            .post(&self.url)
            .header("Content-Encoding", "gzip")
            .content_type("application/octet-stream");
        self.headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        })
    }

    fn read(&self, mut response: Response<Body>) -> Result<Accepted, Refusal> {
        let status = response.status();
        let mut text = Vec::new();
        response
            .body_mut()
            .as_reader()
            .take(ANSWER_MAX)
            .read_to_end(&mut text)
            .map_err(ureq::Error::from)?;
        let text = self.headers.hide_in(&String::from_utf8_lossy(&text));
        let words: Words = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() {
            return Ok(Accepted {
                status: status.as_u16(),
                records: words.records,
                errors: words.errors,
                refused: words.refused,
                text: shown(&text),
            });
        }
        let retry_after = retry_after(&response);
        let status = status.as_u16();
        Err(match words.error {
            Some(error) => Refusal::Answer {
                status,
                error: shown(&error),
                hint: words.hint.map(|hint| shown(&hint)),
                retry_after,
            },
            None => Refusal::Answer {
                status,
                error: match shown(&text) {
                    empty if empty.is_empty() => "refused without a word".to_owned(),
                    text => text,
                },
                hint: Some("these are not the Worker's words: check the URL".to_owned()),
                retry_after,
            },
        })
    }
}

/// A body that cannot be sent.
struct NoBody;

impl io::Read for NoBody {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("no body is meant to be sent"))
    }
}

impl Refusal {
    /// The status, if there was an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Answer { status, .. } => Some(*status),
            Self::NoAnswer(_) | Self::NothingRead(_) => None,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&str> {
        match self {
            Self::Answer { hint, .. } => hint.as_deref(),
            Self::NothingRead(_) => Some("is the Worker there, at this URL?"),
            Self::NoAnswer(_) if self.holds_for_all() => Some("is the Worker there, at this URL?"),
            Self::NoAnswer(_) => Some("the Worker may have got this upload all the same"),
        }
    }

    /// How long to wait before a retry, if the Worker says so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answer { retry_after, .. } => *retry_after,
            Self::NoAnswer(_) | Self::NothingRead(_) => None,
        }
    }

    /// Whether the same upload may be accepted later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Answer { status, .. } => matches!(status, 408 | 429 | 500..),
            Self::NoAnswer(_) | Self::NothingRead(_) => true,
        }
    }

    /// Whether the reason is not the upload itself, so that every other one would be refused too.
    pub(crate) fn holds_for_all(&self) -> bool {
        match self {
            Self::Answer { status, .. } => matches!(status, 300..=399 | 401 | 403 | 404 | 405),
            Self::NoAnswer(error) | Self::NothingRead(error) => !may_have_arrived(error),
        }
    }
}

/// Whether an established connection broke.
fn is_broken(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => matches!(
            error.kind(),
            io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::UnexpectedEof
        ),
        _ => false,
    }
}

/// Whether the request may have reached the Worker.
fn may_have_arrived(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Timeout(timeout) => !matches!(timeout, Timeout::Resolve | Timeout::Connect),
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => true,
        error => is_broken(error),
    }
}

fn words_of(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

fn retry_after<T>(response: &Response<T>) -> Option<Duration> {
    let seconds = response.headers().get("Retry-After")?.to_str().ok()?;
    let wait = Duration::from_secs(seconds.trim().parse().ok()?);
    Some(wait.min(RETRY_AFTER_MAX))
}

/// The first characters of a text from outside, on one line.
fn shown(text: &str) -> String {
    let text = printable(text.trim());
    let first: String = text.chars().take(SHOWN_MAX).collect();
    match first.len() < text.len() {
        true => format!("{first} ..."),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_whether_to_try_again() {
        for (status, may_pass, holds_for_all) in [
            (302, false, true),
            (400, false, false),
            (401, false, true),
            (404, false, true),
            (408, true, false),
            (413, false, false),
            (429, true, false),
            (503, true, false),
        ] {
            let refusal = Refusal::Answer {
                status,
                error: String::new(),
                hint: None,
                retry_after: None,
            };
            assert_eq!(refusal.may_pass(), may_pass, "{status}");
            assert_eq!(refusal.holds_for_all(), holds_for_all, "{status}");
        }
        for (error, holds_for_all) in [
            (ureq::Error::HostNotFound, true),
            (ureq::Error::Timeout(Timeout::Connect), true),
            (ureq::Error::Timeout(Timeout::RecvResponse), false),
            (
                ureq::Error::Io(io::ErrorKind::ConnectionReset.into()),
                false,
            ),
        ] {
            let refusal = Refusal::from(error);
            assert!(refusal.may_pass(), "{refusal}");
            assert_eq!(refusal.holds_for_all(), holds_for_all, "{refusal}");
            let hint = refusal.hint().unwrap_or_default();
            assert_eq!(hint.contains("may have got"), !holds_for_all, "{hint}");
        }
        // Nothing was sent that could have arrived.
        let read = Refusal::NothingRead(ureq::Error::Timeout(Timeout::RecvResponse));
        assert_eq!(read.hint(), Some("is the Worker there, at this URL?"));
    }

    #[test]
    fn a_long_wait_is_shortened_and_an_unreadable_one_is_none() {
        for (value, expected) in [
            ("7", Some(7)),
            (" 30 ", Some(30)),
            ("86400", Some(RETRY_AFTER_MAX.as_secs())),
            ("Thu, 01 Jan 2026 00:00:00 GMT", None),
        ] {
            let response = Response::builder()
                .header("Retry-After", value)
                .body(())
                .unwrap();
            assert_eq!(
                retry_after(&response).map(|wait| wait.as_secs()),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn a_text_from_outside_is_one_short_line() {
        assert_eq!(shown(" two\nlines "), "two lines");
        let long = "\u{e9}".repeat(SHOWN_MAX);
        assert_eq!(shown(&long), long);
        assert_eq!(shown(&format!("{long}x")), format!("{long} ..."));
    }
}
