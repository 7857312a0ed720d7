//! The format of the intake at SEKOIA.IO, and the shape of the events that it can read. The wrong pair is
//! not refused: SEKOIA.IO takes every event, and reads nothing in it. So the set-up asks.

use std::fs;
use std::io::{self, BufRead, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use logpush_intake_format::{Documented, declare, fields, parser};
use logpush_normalizer::Dataset;

use crate::setup::error::SetupError;

/// The folder of the custom format, in the clone; Git ignores it.
const FOLDER: &str = "intake-format";

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum IntakeFormat {
    /// SEKOIA.IO's own format of the dataset, as its catalogue has it: nothing to declare
    BuiltIn,
    /// The custom format of this project, with every field: to be created by hand
    Custom,
}

impl IntakeFormat {
    /// The shape of events that an intake of this format reads.
    pub(crate) fn shape(self) -> &'static str {
        match self {
            Self::BuiltIn => "native",
            Self::Custom => "ecs",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BuiltIn => "SEKOIA.IO's built-in format",
            Self::Custom => "the custom format of this project",
        }
    }

    /// Asks for it at the terminal. Without an answer the set-up does not go on.
    pub(crate) fn ask() -> Result<Self, SetupError> {
        let input = io::stdin().lock();
        let answer = match input.is_terminal() {
            true => Self::answer(input, io::stderr()),
            false => None,
        };
        answer.ok_or_else(|| {
            SetupError::Usage(
                "which format has the intake at SEKOIA.IO? Give --intake-format built-in, the format that SEKOIA.IO's catalogue has for the dataset, or --intake-format custom, that of this project; SEKOIA.IO reads nothing in events of the wrong shape"
                    .to_owned(),
            )
        })
    }

    fn answer(mut input: impl BufRead, mut output: impl Write) -> Option<Self> {
        let _ = write!(
            output,
            "Which format has the intake at SEKOIA.IO?\n  built-in  chosen from SEKOIA.IO's catalogue, such as \"Cloudflare HTTP requests\": nothing to declare\n  custom    that of this project, created by hand: every field\nbuilt-in or custom: "
        );
        let _ = output.flush();
        let mut answer = String::new();
        input.read_line(&mut answer).ok()?;
        match answer.trim() {
            "built-in" => Some(Self::BuiltIn),
            "custom" => Some(Self::Custom),
            _ => None,
        }
    }

    /// Refuses datasets for which SEKOIA.IO has no built-in format.
    pub(crate) fn expect(self, datasets: &[&'static Dataset]) -> Result<(), SetupError> {
        let without: Vec<&str> = datasets
            .iter()
            .filter(|dataset| dataset.native.is_none())
            .map(|dataset| dataset.name)
            .collect();
        match (self, without.as_slice()) {
            (Self::Custom, _) | (_, []) => Ok(()),
            (Self::BuiltIn, without) => Err(SetupError::Usage(format!(
                "SEKOIA.IO has no built-in format for {}: --intake-format custom takes every dataset",
                without.join(", ")
            ))),
        }
    }
}

/// Writes the custom format of exactly these datasets, and gives its folder.
pub(crate) fn write(datasets: &[&'static Dataset]) -> Result<PathBuf, SetupError> {
    let folder = Path::new(FOLDER);
    let documented = Documented::read().map_err(|error| SetupError::Keep {
        file: folder.to_owned(),
        source: error.into(),
    })?;
    for (path, text) in [
        ("DECLARE.md", declare(&documented, datasets)),
        ("ingest/parser.yml", parser(datasets)),
        ("_meta/fields.yml", fields(&documented, datasets)),
    ] {
        let file = folder.join(path);
        let parent = file.parent().unwrap_or(folder);
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&file, text));
        written.map_err(|source| SetupError::Keep { file, source })?;
    }
    Ok(folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_says_what_each_answer_means_and_takes_no_other() {
        for (typed, expected) in [
            ("built-in\n", Some(IntakeFormat::BuiltIn)),
            ("custom\n", Some(IntakeFormat::Custom)),
            ("  custom \r\n", Some(IntakeFormat::Custom)),
            ("custom", Some(IntakeFormat::Custom)),
            ("\n", None),
            ("", None),
            ("native\n", None),
            ("yes\ncustom\n", None),
        ] {
            let mut shown = Vec::new();
            let answer = IntakeFormat::answer(typed.as_bytes(), &mut shown);
            assert_eq!(answer, expected, "{typed:?}");
            let shown = String::from_utf8(shown).unwrap();
            for words in [
                "built-in  chosen",
                "custom    that of",
                "built-in or custom: ",
            ] {
                assert!(shown.contains(words), "{shown}");
            }
        }
        let not_text: &[u8] = &[0xff, b'\n'];
        assert_eq!(IntakeFormat::answer(not_text, Vec::new()), None);
    }
}
