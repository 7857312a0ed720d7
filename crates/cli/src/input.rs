//! Inputs: the files, or standard input, that records are read from.

use core::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use logpush_normalizer::UploadError;
use thiserror::Error;

use crate::terminal::printable;

/// A file, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Standard,
    File(PathBuf),
}

/// Why an input was not read completely.
#[derive(Debug, Error)]
pub(crate) enum InputError {
    #[error("cannot open {input}: {source}; check its name and permissions")]
    Open { input: Input, source: io::Error },
    #[error("cannot read {input} to its end: {source}")]
    Read { input: Input, source: io::Error },
    #[error("cannot read {input} to its end: {source}{}", remedy(source))]
    Upload { input: Input, source: UploadError },
}

impl Input {
    /// Accepts a path, or `-` for standard input.
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        PathBufValueParser::new().map(|path| match path.to_str() {
            Some("-") => Self::Standard,
            _ => Self::File(path),
        })
    }

    pub(crate) fn open(&self) -> Result<Box<dyn Read>, InputError> {
        match self {
            Self::Standard => Ok(Box::new(io::stdin().lock())),
            Self::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(source) => Err(InputError::Open {
                    input: self.clone(),
                    source,
                }),
            },
        }
    }

    /// The size in bytes, if it is known before the input is read.
    fn size(&self) -> Option<u64> {
        match self {
            Self::Standard => None,
            Self::File(path) => fs::metadata(path)
                .ok()
                .filter(fs::Metadata::is_file)
                .map(|metadata| metadata.len()),
        }
    }
}

/// The size of all inputs together, if each one's is known.
pub(crate) fn total_size(inputs: &[Input]) -> Option<u64> {
    inputs.iter().map(Input::size).sum()
}

impl fmt::Display for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => formatter.write_str("standard input"),
            Self::File(path) => formatter.write_str(&printable(&path.to_string_lossy())),
        }
    }
}

fn remedy(error: &UploadError) -> &'static str {
    match error {
        UploadError::Truncated { .. } | UploadError::Corrupt { .. } => {
            "; everything before this place was read: fetch the file again for the rest"
        }
        UploadError::UnknownDataset => "; name it with --dataset",
        _ => "",
    }
}
