//! What goes wrong with the set-up: what happened, and what to do about it.

use core::time::Duration;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::jobs::cloudflare::error::JobsError;

/// Why the set-up stops. What is done by then stays, and the next run goes on from there.
#[derive(Debug, Error)]
pub(crate) enum SetupError {
    #[error("cannot read {file}: {source}")]
    NoProject {
        file: &'static str,
        source: io::Error,
    },
    #[error("{file} is not understood: {message}")]
    Project { file: &'static str, message: String },
    #[error("cannot start {}: {source}", program.display())]
    NoWrangler { program: PathBuf, source: io::Error },
    #[error("nobody is signed in at Cloudflare{}", because(words))]
    NotSignedIn { words: String },
    #[error("there is more than one account: {}", accounts.join(", "))]
    Accounts { accounts: Vec<String> },
    #[error("`wrangler {command}` failed: {words}")]
    Wrangler {
        command: String,
        words: String,
        hint: Option<&'static str>,
    },
    #[error("cannot write {}: {source}", file.display())]
    Keep { file: PathBuf, source: io::Error },
    #[error("no secret can be made up: {0}")]
    Random(#[from] getrandom::Error),
    #[error("the Worker has a LOGPUSH_SECRET, and it is not that of {origin}")]
    AnotherSecret { origin: String },
    #[error("the Worker has a LOGPUSH_SECRET, and nothing here knows it: neither the environment, nor {}, nor a job of this Worker", file.display())]
    UnknownSecret { file: PathBuf },
    #[error("wrangler deployed the Worker, and tells no address of it")]
    NoAddress,
    #[error("the Worker at {url} is not ready after {} s: {words}", waited.as_secs())]
    NotReady {
        url: String,
        waited: Duration,
        words: String,
    },
    #[error(transparent)]
    Jobs(#[from] JobsError),
    /// What clap cannot find by itself.
    #[error("{0}")]
    Usage(String),
    #[error("cannot write standard output: {0}")]
    Output(#[source] io::Error),
}

impl SetupError {
    /// For people.
    pub(crate) fn text(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{self}\n  hint: {hint}"),
            None => self.to_string(),
        }
    }

    fn hint(&self) -> Option<&str> {
        match self {
            Self::NoProject { .. } => Some("run this in the clone of the repository"),
            Self::Project { .. } => Some("correct it; `npx wrangler deploy --dry-run` checks it"),
            Self::NoWrangler { .. } => Some(
                "`npm install` in the clone installs it; `npm run setup:cloudflare` finds it there",
            ),
            Self::NotSignedIn { .. } => Some(
                "`npx wrangler login`, in a shell without CLOUDFLARE_API_TOKEN; or give that token what wrangler needs, see docs/deploy.md",
            ),
            Self::Accounts { .. } => {
                Some("export CLOUDFLARE_ACCOUNT_ID with the one that the Worker is for")
            }
            Self::Wrangler { hint, .. } => *hint,
            Self::Keep { .. } => {
                Some("who may write there? --secrets names another file for secrets")
            }
            Self::AnotherSecret { .. } => Some(
                "correct it there; or let --rotate-secret make up a new one, which jobs of other zones then need too",
            ),
            Self::UnknownSecret { .. } => Some(
                "export LOGPUSH_SECRET with its value; or let --rotate-secret make up a new one, which jobs of other zones then need too",
            ),
            Self::NoAddress => Some(
                "name it with --worker: a custom domain or a route of wrangler.toml, or set workers_dev = true",
            ),
            Self::NotReady { .. } => Some(
                "a new workers.dev name can take minutes: repeat the command, it goes on from here; `npx wrangler tail` shows what the Worker says",
            ),
            Self::Jobs(error) => error.hint(),
            Self::Random(_) | Self::Usage(_) | Self::Output(_) => None,
        }
    }
}

fn because(words: &str) -> String {
    match words {
        "" => String::new(),
        words => format!(": {words}"),
    }
}
