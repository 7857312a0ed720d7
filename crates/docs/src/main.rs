//! Writes the pages and files that are generated from the tables of datasets and settings:
//! `npm run docs`.
//!
//! They are committed, since people read them where they stand; a test here says which of them are
//! not what the tables give. [`sources`] has what they are made of, one file each what they say.

mod configuration;
mod conversion;
mod destinations;
mod elasticsearch;
mod error;
mod example;
mod markdown;
mod overview;
mod page;
mod peers;
mod sekoia;
mod sensitive;
mod sigma;
mod sources;

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use logpush_intake_format::Datasets;
use logpush_normalizer::datasets::{DATASETS, by_name};

use crate::error::Error;
use crate::sources::Sources;

/// A generated file.
struct File {
    /// From the repository's root, or from the folder that it is asked for in.
    path: PathBuf,
    text: String,
}

fn main() -> ExitCode {
    let root = Path::new(".");
    let words: Vec<String> = env::args().skip(1).collect();
    let done = match words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => generate(root),
        ["settings"] => configuration::json().map_err(Error::Settings),
        ["intake-format", folder, names @ ..] => intake_format(root, Path::new(folder), names),
        _ => Err(Error::Usage),
    };
    match done {
        Ok(said) => {
            let _ = writeln!(io::stdout(), "{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes every generated file that is not current.
fn generate(root: &Path) -> Result<String, Error> {
    let files = files(root)?;
    let stale: Vec<&File> = files
        .iter()
        .filter(|file| !is_current(root, file))
        .collect();
    for file in &stale {
        write(root, file)?;
    }
    Ok(format!(
        "{} of {} generated files written",
        stale.len(),
        files.len()
    ))
}

/// Writes the intake format for some datasets only: a platform's fields are declared by hand.
fn intake_format(root: &Path, folder: &Path, names: &[&str]) -> Result<String, Error> {
    let sources = Sources::read(root)?;
    let find = |name: &&str| by_name(name).ok_or_else(|| Error::Dataset((*name).to_owned()));
    let datasets = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    if datasets.is_empty() {
        return Err(Error::Usage);
    }
    let mut files = format_files(&sources, &datasets);
    files.push(named(sekoia::list(&sources, &datasets)));
    for file in &files {
        write(folder, file)?;
    }
    let written: Vec<String> = files
        .iter()
        .map(|file| folder.join(&file.path).display().to_string())
        .collect();
    Ok(format!("written: {}", written.join(", ")))
}

/// Every generated file, as the tables give it.
fn files(root: &Path) -> Result<Vec<File>, Error> {
    let sources = Sources::read(root)?;
    let mut files = vec![File {
        path: "docs/datasets/README.md".into(),
        text: overview::page(&sources),
    }];
    files.push(File {
        path: "docs/configuration.md".into(),
        text: configuration::page(),
    });
    files.push(File {
        path: "docs/destinations.md".into(),
        text: destinations::page(),
    });
    files.push(File {
        path: "detections/logpush-ecs.yml".into(),
        text: sigma::pipeline(&sources)?,
    });
    for file in format_files(&sources, DATASETS) {
        files.push(File {
            path: Path::new("sekoia").join(file.path),
            text: file.text,
        });
    }
    for (path, text) in elasticsearch::files(&sources.datasets)? {
        files.push(File {
            path: Path::new("elasticsearch").join(path),
            text,
        });
    }
    for source in &sources.datasets {
        files.push(File {
            path: format!("docs/datasets/{}.md", source.dataset.name).into(),
            text: page::page(source)?,
        });
    }
    Ok(files)
}

/// The generated files of the intake format, from its own folder.
fn format_files(sources: &Sources, datasets: Datasets<'_>) -> Vec<File> {
    sekoia::files(sources, datasets)
        .into_iter()
        .map(named)
        .collect()
}

fn named((path, text): (&str, String)) -> File {
    File {
        path: path.into(),
        text,
    }
}

fn is_current(root: &Path, file: &File) -> bool {
    fs::read_to_string(root.join(&file.path)).is_ok_and(|found| found == file.text)
}

fn write(root: &Path, file: &File) -> Result<(), Error> {
    let path = root.join(&file.path);
    let folder = path.parent().unwrap_or(root);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, &file.text))
        .map_err(|source| Error::Write { path, source })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    #[test]
    fn every_generated_file_is_what_the_tables_give() {
        let stale: Vec<PathBuf> = files(&root())
            .unwrap()
            .into_iter()
            .filter(|file| !is_current(&root(), file))
            .map(|file| file.path)
            .collect();
        assert_eq!(stale, [] as [PathBuf; 0], "run `npm run docs`");
    }

    #[test]
    fn nothing_is_left_of_a_dataset_that_is_gone() {
        let files = files(&root()).unwrap();
        for folder in ["docs/datasets", "elasticsearch/index_templates"] {
            let expected: BTreeSet<PathBuf> = files
                .iter()
                .filter(|file| file.path.parent() == Some(Path::new(folder)))
                .map(|file| root().join(&file.path))
                .collect();
            let found: BTreeSet<PathBuf> = fs::read_dir(root().join(folder))
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            assert_eq!(found, expected);
        }
    }
}
