//! Whether a destination would take events, found out without sending one.

use crate::request::{Reply, Request};
use crate::words;

/// What comes next in a check. It is the same for the same answers: nothing is remembered but these.
#[derive(Debug)]
pub enum Inquiry {
    /// Asks this, which stores nothing, and goes on with the answer behind the others.
    Ask(Request),
    /// The check is over.
    Found(Finding),
}

/// What was heard to a question: an answer, or why there is none.
pub type Heard = Result<Reply, String>;

/// What a check has found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How the destination stands.
    pub standing: Standing,
    /// What says so, without secrets.
    pub words: String,
    /// What to do.
    pub hint: Option<&'static str>,
}

/// How a destination stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It would take events, as far as can be told without one.
    Ready,
    /// It is there. Whether it takes events shows when one comes.
    Reached,
    /// The key, the token or the password is wrong.
    WrongKey,
    /// The key is right, and may not write.
    MissingPrivilege,
    /// The index is not there, and nothing makes it.
    MissingIndex,
    /// Events would arrive; the template of their types is not there.
    MissingTemplate,
    /// Something else is at the URL.
    WrongUrl,
    /// It answers, and takes nothing for now.
    Unavailable,
    /// It does not answer.
    Down,
}

/// Questions of one check. More than any kind asks.
pub const QUESTIONS_MAX: usize = 8;

/// What a test event would tell, and nothing else does.
pub(super) const ASK_WITH_EVENT: &str =
    "a test event tells more: `logpush-ecs setup --destination NAME --test-event`";

impl Standing {
    /// As programs read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Reached => "reached",
            Self::WrongKey => "wrong_key",
            Self::MissingPrivilege => "missing_privilege",
            Self::MissingIndex => "missing_index",
            Self::MissingTemplate => "missing_template",
            Self::WrongUrl => "wrong_url",
            Self::Unavailable => "unavailable",
            Self::Down => "down",
        }
    }
}

impl Finding {
    pub(super) fn new(standing: Standing, words: impl Into<String>) -> Self {
        Self {
            standing,
            words: words.into(),
            hint: None,
        }
    }

    pub(super) fn with_hint(self, hint: &'static str) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }
}

impl Default for Inquiry {
    /// Of a destination that has no questions.
    fn default() -> Self {
        let words = "nothing can be asked without an event";
        Self::Found(Finding::new(Standing::Reached, words).with_hint(ASK_WITH_EVENT))
    }
}

/// There was no answer.
pub(super) fn down(reason: &str) -> Finding {
    Finding::new(Standing::Down, reason)
        .with_hint("is the URL right, and does a firewall let Cloudflare's addresses in?")
}

/// What an answer says that any server may give, whatever was asked; nothing where the question decides.
pub(super) fn common(heard: &Heard, secrets: &[&str]) -> Option<Finding> {
    let reply = match heard {
        Ok(reply) => reply,
        Err(reason) => return Some(down(reason)),
    };
    let (standing, hint) = match reply.status {
        300..=399 => (
            Standing::WrongUrl,
            "it points elsewhere, and the key does not go along: set the URL that it names",
        ),
        401 | 403 => (
            Standing::WrongKey,
            "it is wrong, revoked, or of another place: set the right one with `npx wrangler secret put`",
        ),
        429 | 500 | 502..=504 | 506..=599 => (
            Standing::Unavailable,
            "look at its state: what waits for it is safe for RETRY_DAYS",
        ),
        _ => return None,
    };
    Some(Finding::new(standing, words::quote(reply, secrets)).with_hint(hint))
}

/// Reads the answer to a request without events, of a server that has no better question.
pub(super) fn without_events(heard: &Heard, secrets: &[&str]) -> Finding {
    let reply = match (common(heard, secrets), heard) {
        (Some(finding), _) => return finding,
        (None, Ok(reply)) => reply,
        (None, Err(reason)) => return down(reason),
    };
    match reply.status {
        404 | 405 | 410 | 501 => {
            let words = words::quote(reply, secrets);
            Finding::new(Standing::WrongUrl, words)
                .with_hint("nothing takes events there: check the URL and its path")
        }
        // It wants events, and did not complain of the key.
        _ => Finding::new(
            Standing::Reached,
            format!("no events: {}", words::quote(reply, secrets)),
        )
        .with_hint(ASK_WITH_EVENT),
    }
}
