//! The errors of the set-up: what happened, to what, and what to do.

use core::time::Duration;
use std::io;
use std::path::{Path, PathBuf};

use logpush_delivery::setting::Problem;
use thiserror::Error;

use crate::jobs::cloudflare::error::JobsError;
use crate::project::{FILE, ProjectError};
use crate::terminal::printable;

/// Why the set-up stops. Everything done so far stays, and the next run continues from there.
#[derive(Debug, Error)]
pub(crate) enum SetupError {
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error("{FILE} is not configured rightly: {0}")]
    Configuration(String),
    #[error("cannot start {}: {source}", shown(program))]
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
    #[error("cannot write {}: {source}", shown(file))]
    Keep { file: PathBuf, source: io::Error },
    #[error("cannot generate a secret: {0}")]
    Random(#[from] getrandom::Error),
    #[error("the Worker has a LOGPUSH_SECRET that differs from that of {origin}")]
    AnotherSecret { origin: String },
    #[error(
        "the Worker has a LOGPUSH_SECRET that is not known here: neither the environment, nor {}, nor a job of this Worker has it",
        shown(file)
    )]
    UnknownSecret { file: PathBuf },
    #[error("wrangler deployed the Worker, but reports no address")]
    NoAddress,
    #[error("the Worker at {url} is not ready after {} s: {words}", waited.as_secs())]
    NotReady {
        url: String,
        waited: Duration,
        words: String,
    },
    #[error(transparent)]
    Jobs(#[from] JobsError),
    /// Wrong usage that clap cannot detect.
    #[error("{0}")]
    Usage(String),
    #[error("the test event is not taken: {words}")]
    TestEvent { words: String, hint: String },
    #[error("cannot write standard output: {0}")]
    Output(#[source] io::Error),
}

impl SetupError {
    /// The error and its hint as text.
    pub(crate) fn text(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{self}\n  hint: {hint}"),
            None => self.to_string(),
        }
    }

    pub(crate) fn hint(&self) -> Option<&str> {
        match self {
            Self::Project(error) => Some(error.hint()),
            Self::Configuration(_) => Some("`logpush-ecs config check` tells all about it"),
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
                Some("check the permissions; --secrets names another file for secrets")
            }
            Self::AnotherSecret { .. } => Some(
                "correct it there, or generate a new one with --rotate-secret, which jobs of other zones then need too",
            ),
            Self::UnknownSecret { .. } => Some(
                "export LOGPUSH_SECRET with its value, or generate a new one with --rotate-secret, which jobs of other zones then need too",
            ),
            Self::NoAddress => Some(
                "name it with --worker: a custom domain or a route of wrangler.toml, or set workers_dev = true",
            ),
            Self::NotReady { .. } => Some(
                "a new workers.dev name can take minutes: repeat the command, which continues from here; `npx wrangler tail` shows the Worker's log",
            ),
            Self::TestEvent { hint, .. } => Some(hint),
            Self::Jobs(error) => error.hint(),
            Self::Random(_) | Self::Usage(_) | Self::Output(_) => None,
        }
    }
}

/// All problems, in one sentence.
pub(crate) fn sentence(problems: &[Problem]) -> String {
    let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
    words.join("; ")
}

/// A path that is fit for a terminal.
fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

fn because(words: &str) -> String {
    match words {
        "" => String::new(),
        words => format!(": {words}"),
    }
}
