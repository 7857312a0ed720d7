//! What goes wrong: what happened, to what, and what to do about it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error(
        "wrong usage; npm run docs, npm run docs -- settings, or npm run docs -- intake-format FOLDER DATASET..."
    )]
    Usage,
    #[error("the settings cannot be written as JSON: {0}")]
    Settings(serde_json::Error),
    #[error("there is no dataset {0:?}; docs/datasets/README.md has their names")]
    Dataset(String),
    #[error("cannot read {path}: {source}; run this in the repository's root", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path}: {source}; check who may write it", path = path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{path} is not what was expected: {source}; it needs an object, see the others there", path = path.display())]
    Json {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("the sample of {dataset} gives no event: {reason}; correct its record")]
    Sample {
        dataset: &'static str,
        reason: String,
    },
}
