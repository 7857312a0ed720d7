//! The parts of `wrangler.toml` that the set-up needs: it creates the resources that are named there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use logpush_delivery::destination::{self, KINDS, Kind};
use serde::Deserialize;

use crate::setup::error::SetupError;

const FILE: &str = "wrangler.toml";
const SHAPE: &str = "SHAPE";

#[derive(Debug, Deserialize)]
pub(crate) struct Project {
    /// The Worker's name.
    pub(crate) name: String,
    pub(crate) account_id: Option<String>,
    #[serde(default)]
    r2_buckets: Vec<Bucket>,
    #[serde(default)]
    queues: Queues,
    #[serde(default)]
    vars: BTreeMap<String, toml::Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Bucket {
    #[serde(rename = "bucket_name")]
    pub(crate) name: String,
    pub(crate) jurisdiction: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Queues {
    producers: Vec<Queue>,
    consumers: Vec<Queue>,
}

#[derive(Debug, Deserialize)]
struct Queue {
    queue: String,
    dead_letter_queue: Option<String>,
}

impl Project {
    /// Reads the file in the current directory, as wrangler does.
    pub(crate) fn read() -> Result<Self, SetupError> {
        let text = fs::read_to_string(Path::new(FILE))
            .map_err(|source| SetupError::NoProject { file: FILE, source })?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, SetupError> {
        toml::from_str(text).map_err(|error| SetupError::Project {
            file: FILE,
            message: error.message().to_owned(),
        })
    }

    pub(crate) fn buckets(&self) -> &[Bucket] {
        &self.r2_buckets
    }

    /// The names of all queues. A queue that is both written and read is named twice in the file.
    pub(crate) fn queues(&self) -> BTreeSet<&str> {
        self.queues
            .producers
            .iter()
            .chain(&self.queues.consumers)
            .flat_map(|queue| {
                [
                    Some(queue.queue.as_str()),
                    queue.dead_letter_queue.as_deref(),
                ]
            })
            .flatten()
            .collect()
    }

    /// The shape of events, if the file names one.
    pub(crate) fn shape(&self) -> Option<&str> {
        self.vars.get(SHAPE)?.as_str()
    }

    /// Writes the shape into the file, where every later deployment finds it.
    pub(crate) fn set_shape(shape: &str) -> Result<(), SetupError> {
        let keep = |source| SetupError::Keep {
            file: FILE.into(),
            source,
        };
        let text = fs::read_to_string(FILE).map_err(keep)?;
        let text = with_shape(&text, shape);
        let changed = Self::parse(&text)?;
        if changed.shape() != Some(shape) {
            return Err(SetupError::Project {
                file: FILE,
                message: format!("SHAPE = \"{shape}\" has no place: set it under [vars] by hand"),
            });
        }
        fs::write(FILE, text).map_err(keep)
    }

    /// The kind of destination that events go to.
    pub(crate) fn kind(&self) -> Result<&'static Kind, SetupError> {
        let wrong = || {
            let kinds: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
            SetupError::Project {
                file: FILE,
                message: format!("DESTINATION is none of {}", kinds.join(", ")),
            }
        };
        match self.vars.get("DESTINATION") {
            None => Ok(destination::DEFAULT),
            Some(toml::Value::String(name)) => match name.trim() {
                "" => Ok(destination::DEFAULT),
                name => destination::kind(name).ok_or_else(wrong),
            },
            Some(_) => Err(wrong()),
        }
    }
}

/// The file with this shape under `[vars]`; the rest, comments too, stays as it is.
fn with_shape(text: &str, shape: &str) -> String {
    let setting = format!("{SHAPE} = \"{shape}\"");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let Some(vars) = lines.iter().position(|line| line.trim() == "[vars]") else {
        return format!("{}\n\n[vars]\n{setting}\n", text.trim_end());
    };
    let is_shape = |line: &&mut String| {
        let (name, _) = line.split_once('=').unwrap_or_default();
        name.trim() == SHAPE
    };
    let mut section = lines
        .iter_mut()
        .skip(vars + 1)
        .take_while(|line| !line.trim_start().starts_with('['));
    match section.find(is_shape) {
        Some(line) => *line = setting,
        None => lines.insert(vars + 1, setting),
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_written_under_vars_and_nothing_else_changes() {
        for (text, expected) in [
            (
                "name = \"w\"",
                "name = \"w\"\n\n[vars]\nSHAPE = \"native\"\n",
            ),
            (
                "[vars]\n# SHAPE = \"x\"\nSHAPE=\"ecs\" # why\nA = \"1\"\n[b]\n",
                "[vars]\n# SHAPE = \"x\"\nSHAPE = \"native\"\nA = \"1\"\n[b]\n",
            ),
            (
                "[vars]\nA = \"1\"\n[env.x.vars]\nSHAPE = \"ecs\"\n",
                "[vars]\nSHAPE = \"native\"\nA = \"1\"\n[env.x.vars]\nSHAPE = \"ecs\"\n",
            ),
        ] {
            assert_eq!(with_shape(text, "native"), expected);
        }
        let own = include_str!("../../../../wrangler.toml");
        let changed = with_shape(own, "native");
        assert_eq!(Project::parse(&changed).unwrap().shape(), Some("native"));
        assert_eq!(with_shape(&changed, "ecs"), own);
    }

    #[test]
    fn the_projects_own_file_names_one_bucket_and_one_queue() {
        let project = Project::parse(include_str!("../../../../wrangler.toml")).unwrap();
        assert_eq!(project.name, "logpush-ecs");
        let buckets: Vec<_> = project
            .buckets()
            .iter()
            .map(|bucket| &*bucket.name)
            .collect();
        assert_eq!(buckets, ["logpush-ecs"]);
        assert_eq!(
            project.queues().into_iter().collect::<Vec<_>>(),
            ["logpush-ecs"]
        );
        assert_eq!(project.kind().unwrap().name, "sekoia");
    }

    #[test]
    fn what_is_not_named_is_not_made() {
        let project = Project::parse("name = \"w\"\n[vars]\nDESTINATION = \"http\"").unwrap();
        assert!(project.buckets().is_empty() && project.queues().is_empty());
        assert_eq!(project.kind().unwrap().name, "http");
        let queues = "name = \"w\"\n[[queues.consumers]]\nqueue = \"b\"\ndead_letter_queue = \"a\"";
        let project = Project::parse(queues).unwrap();
        assert_eq!(project.queues().into_iter().collect::<Vec<_>>(), ["a", "b"]);
        assert!(Project::parse("[vars]").is_err());
    }

    #[test]
    fn a_destination_that_is_none_is_named() {
        for (value, expected) in [
            ("", Some("sekoia")),
            ("DESTINATION = ' '", Some("sekoia")),
            ("DESTINATION = 'http'", Some("http")),
            ("DESTINATION = 'syslog'", None),
            ("DESTINATION = ['http']", None),
        ] {
            let project = Project::parse(&format!("name = \"w\"\n[vars]\n{value}")).unwrap();
            let kind = project.kind();
            assert_eq!(
                kind.as_ref().ok().map(|kind| kind.name),
                expected,
                "{value}"
            );
            if let Err(error) = kind {
                assert!(
                    error
                        .to_string()
                        .contains("DESTINATION is none of sekoia, http")
                );
            }
        }
    }
}
