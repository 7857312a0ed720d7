//! The errors of all subcommands: what happened, to what, and what to do.

use std::io;

use thiserror::Error;

use crate::input::InputError;
use crate::project::ProjectError;

/// Why a command, or a part of its work, failed.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// One input failed. The others are still read.
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("lines that are not records, which --strict refuses: {count}; their documents say why")]
    BadLines { count: u64 },
    #[error("cannot write standard output: {0}")]
    Output(#[source] io::Error),
    #[error("cannot compress an upload: {0}")]
    Compress(#[source] io::Error),
    /// A refusal, already shown, that every other upload would get too.
    #[error("stopped: every other upload would be refused for the same reason")]
    Stopped,
    /// An error of `jobs` as text, with its secrets masked.
    #[error("{0}")]
    Jobs(String),
    /// An error of `setup` as text, with its secrets masked.
    #[error("{0}")]
    Setup(String),
    #[error("{0}\n  hint: {hint}", hint = .0.hint())]
    Project(#[from] ProjectError),
    /// The configuration has no such destination, or a wrong one.
    #[error("{0}")]
    Destination(String),
    /// Wrong usage that clap cannot detect.
    #[error("{message}")]
    Usage {
        subcommand: &'static str,
        message: String,
    },
}
