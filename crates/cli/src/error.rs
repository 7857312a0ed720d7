//! What goes wrong: what happened, to what, and what to do about it.

use std::io;

use thiserror::Error;

use crate::input::InputError;

/// Why a command, or a part of its work, is not done.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// The other inputs are read all the same.
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("lines that are no record, which --strict refuses: {count}; their documents say why")]
    BadLines { count: u64 },
    /// Standard output is full, or gone.
    #[error("cannot write standard output: {0}")]
    Output(#[source] io::Error),
    #[error("cannot compress an upload: {0}")]
    Compress(#[source] io::Error),
    /// The Worker's words were shown already.
    #[error("stopped: every other upload would be refused for the same reason")]
    Stopped,
    /// In words that are fit to be shown.
    #[error("{0}")]
    Jobs(String),
    /// In words that are fit to be shown, too.
    #[error("{0}")]
    Setup(String),
    /// What clap cannot find by itself.
    #[error("{message}")]
    Usage {
        subcommand: &'static str,
        message: String,
    },
}
