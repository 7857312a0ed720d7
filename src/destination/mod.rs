//! Sending batches to the intake: one file per destination, and what all of them share.
//!
//! A destination builds a request and reads its answer. It knows no dataset.

mod http;
mod sekoia;

use core::fmt;
use core::time::Duration;

use worker::Headers;

pub(crate) use http::Http;
pub(crate) use sekoia::Sekoia;

/// Where documents go.
#[derive(Clone, Debug)]
pub(crate) enum Destination {
    Sekoia(Sekoia),
    Http(Http),
    /// Acknowledges what it throws away: for measuring what comes before delivery.
    #[cfg(feature = "bench")]
    Discard,
}

/// How deliveries are tried again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retry {
    /// How long one request may take.
    pub(crate) timeout: Duration,
    /// The first wait; each next one is twice as long.
    pub(crate) base: Duration,
    /// How long an upload goes on trying while every request fails.
    pub(crate) budget: Duration,
}

/// What an intake said to a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has every document.
    Accepted,
    /// It has so many of the documents, and does not tell which.
    Partly(usize),
    /// It has none, and may take them later: not before `after`, if it said so.
    Retry {
        after: Option<Duration>,
        reason: String,
    },
    /// It will not take the documents as they are: one of them, or their sum, is at fault.
    Refused(String),
    /// It will not take anything from us.
    Denied { status: u16, words: String },
}

/// An answer, as far as destinations look at it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// `Retry-After`.
    pub(crate) after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// What a destination's request consists of.
pub(crate) struct Outgoing<'a> {
    pub(crate) url: &'a str,
    pub(crate) headers: Headers,
}

/// How much of an intake's words is passed on, in characters.
const WORDS_MAX: usize = 200;

impl Destination {
    /// Whether documents end with a line break, or are only separated by one.
    pub(crate) fn ends_lines(&self) -> bool {
        matches!(self, Self::Http(_))
    }

    pub(crate) fn outgoing(&self) -> worker::Result<Outgoing<'_>> {
        match self {
            Self::Sekoia(sekoia) => sekoia.outgoing(),
            Self::Http(http) => http.outgoing(),
            #[cfg(feature = "bench")]
            Self::Discard => Err("nothing is sent".into()),
        }
    }

    /// Reads the answer to a request of `sent` documents.
    pub(crate) fn read(&self, reply: &Reply, sent: usize) -> Verdict {
        match reply.status {
            200..=299 => match self {
                Self::Sekoia(_) => sekoia::read(reply, sent).unwrap_or_else(|| Verdict::Retry {
                    after: None,
                    reason: format!("an answer that is not the intake's: {}", self.words(reply)),
                }),
                _ => Verdict::Accepted,
            },
            408 | 429 | 500..=599 => Verdict::Retry {
                after: reply.after,
                reason: self.words(reply),
            },
            // 400 and 422 may mean a single document, 413 one or their sum.
            400 | 413 | 422 => Verdict::Refused(self.words(reply)),
            status => Verdict::Denied {
                status,
                words: self.words(reply),
            },
        }
    }

    /// The status and the beginning of the answer's text, on one line and without our secrets.
    fn words(&self, reply: &Reply) -> String {
        let text = String::from_utf8_lossy(&reply.body);
        let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for secret in self.secrets() {
            if !secret.is_empty() {
                words = words.replace(secret, "***");
            }
        }
        let shown: String = words.chars().take(WORDS_MAX).collect();
        if shown.is_empty() {
            format!("status {}", reply.status)
        } else {
            format!("status {}: {shown}", reply.status)
        }
    }

    fn secrets(&self) -> Vec<&str> {
        match self {
            Self::Sekoia(sekoia) => vec![sekoia.key()],
            Self::Http(http) => http.secrets(),
            #[cfg(feature = "bench")]
            Self::Discard => Vec::new(),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sekoia(_) => "the SEKOIA.IO intake",
            Self::Http(_) => "the HTTP destination",
            #[cfg(feature = "bench")]
            Self::Discard => "nothing",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str, sent: usize) -> Verdict {
        let destination = Destination::Sekoia(Sekoia::new("https://intake.example", "the-key"));
        let reply = Reply {
            status,
            after: None,
            body: body.as_bytes().to_vec(),
        };
        destination.read(&reply, sent)
    }

    #[test]
    fn answers_are_read_by_status_and_by_what_they_count() {
        let refused = |words: &str| Verdict::Refused(words.to_owned());
        let retry = |words: &str| Verdict::Retry {
            after: None,
            reason: words.to_owned(),
        };
        for (status, body, expected) in [
            (200, r#"{"event_ids":["a","b"]}"#, Verdict::Accepted),
            (202, r#"{"event_ids":["a","b"]}"#, Verdict::Accepted),
            (200, r#"{"event_ids":["a"]}"#, Verdict::Partly(1)),
            (200, r#"{"event_ids":["a",null]}"#, Verdict::Partly(1)),
            (200, r#"{"event_ids":[]}"#, Verdict::Partly(0)),
            (200, "", Verdict::Accepted),
            (204, "", Verdict::Accepted),
            (200, r#"{"status":"ok"}"#, Verdict::Accepted),
            (
                200,
                "<html>",
                retry("an answer that is not the intake's: status 200: <html>"),
            ),
            (408, "", retry("status 408")),
            (429, "slow down", retry("status 429: slow down")),
            (503, "", retry("status 503")),
            (413, "too large", refused("status 413: too large")),
            (400, "", refused("status 400")),
            (
                401,
                "the-key is\nwrong",
                Verdict::Denied {
                    status: 401,
                    words: "status 401: *** is wrong".to_owned(),
                },
            ),
            (
                302,
                "",
                Verdict::Denied {
                    status: 302,
                    words: "status 302".to_owned(),
                },
            ),
        ] {
            assert_eq!(read(status, body, 2), expected, "{status} {body}");
        }
    }
}
