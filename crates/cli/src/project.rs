//! The parts of `wrangler.toml` that the commands need, as wrangler resolves them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use logpush_delivery::configuration::nearest::nearest;
use logpush_delivery::setting::Given;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

/// Where wrangler looks.
pub(crate) const FILE: &str = "wrangler.toml";

/// The Worker of one environment.
#[derive(Debug)]
pub(crate) struct Project {
    /// The Worker's name.
    pub(crate) name: String,
    pub(crate) account_id: Option<String>,
    section: Section,
}

/// Why there is no project.
#[derive(Debug, Error)]
pub(crate) enum ProjectError {
    #[error("cannot read {}: {source}", file.display())]
    Missing { file: PathBuf, source: io::Error },
    #[error("{} cannot be read: {message}", file.display())]
    Wrong { file: PathBuf, message: String },
    #[error("{} has no environment {name}{near}", file.display())]
    Environment {
        file: PathBuf,
        name: String,
        near: String,
    },
}

#[derive(Debug, Deserialize)]
pub(crate) struct Bucket {
    binding: Option<String>,
    #[serde(rename = "bucket_name")]
    pub(crate) name: String,
    pub(crate) jurisdiction: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WranglerFile {
    name: String,
    account_id: Option<String>,
    #[serde(flatten)]
    section: Section,
    #[serde(default)]
    env: BTreeMap<String, Environment>,
}

#[derive(Debug, Deserialize)]
struct Environment {
    name: Option<String>,
    account_id: Option<String>,
    #[serde(flatten)]
    section: Section,
}

/// What an environment does not inherit.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Section {
    r2_buckets: Vec<Bucket>,
    queues: Queues,
    durable_objects: DurableObjects,
    vars: BTreeMap<String, toml::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Queues {
    producers: Vec<Queue>,
    consumers: Vec<Queue>,
}

#[derive(Debug, Deserialize)]
struct Queue {
    binding: Option<String>,
    queue: String,
    dead_letter_queue: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DurableObjects {
    bindings: Vec<DurableObject>,
}

#[derive(Debug, Deserialize)]
struct DurableObject {
    name: String,
}

impl Project {
    /// Reads a file, for one of its environments or for none.
    pub(crate) fn read(file: &Path, environment: Option<&str>) -> Result<Self, ProjectError> {
        let text = fs::read_to_string(file).map_err(|source| ProjectError::Missing {
            file: file.to_owned(),
            source,
        })?;
        Self::parse(&text, file, environment)
    }

    pub(crate) fn parse(
        text: &str,
        file: &Path,
        environment: Option<&str>,
    ) -> Result<Self, ProjectError> {
        let mut whole: WranglerFile =
            toml::from_str(text).map_err(|error| ProjectError::Wrong {
                file: file.to_owned(),
                message: match error.span().and_then(|span| text.get(..span.start)) {
                    Some(before) => {
                        let line = before.matches('\n').count() + 1;
                        format!("line {line}: {}", error.message())
                    }
                    None => error.message().to_owned(),
                },
            })?;
        let Some(name) = environment else {
            return Ok(Self {
                name: whole.name,
                account_id: whole.account_id,
                section: whole.section,
            });
        };
        let Some(chosen) = whole.env.remove(name) else {
            let near = nearest(name, whole.env.keys().map(String::as_str));
            return Err(ProjectError::Environment {
                file: file.to_owned(),
                name: name.to_owned(),
                near: near.map_or_else(String::new, |near| format!(": do you mean {near}?")),
            });
        };
        Ok(Self {
            name: chosen
                .name
                .unwrap_or_else(|| format!("{}-{name}", whole.name)),
            account_id: chosen.account_id.or(whole.account_id),
            section: chosen.section,
        })
    }

    pub(crate) fn buckets(&self) -> &[Bucket] {
        &self.section.r2_buckets
    }

    /// The names of all queues. A queue that is both written and read is named twice in the file.
    pub(crate) fn queues(&self) -> BTreeSet<&str> {
        let queues = &self.section.queues;
        queues
            .producers
            .iter()
            .chain(&queues.consumers)
            .flat_map(|queue| {
                [
                    Some(queue.queue.as_str()),
                    queue.dead_letter_queue.as_deref(),
                ]
            })
            .flatten()
            .collect()
    }

    /// The names of the bindings that the durable route needs, as far as they are there.
    pub(crate) fn bindings(&self) -> BTreeSet<&str> {
        let buckets = self.section.r2_buckets.iter();
        let producers = self.section.queues.producers.iter();
        let objects = self.section.durable_objects.bindings.iter();
        buckets
            .filter_map(|bucket| bucket.binding.as_deref())
            .chain(producers.filter_map(|queue| queue.binding.as_deref()))
            .chain(objects.map(|object| &*object.name))
            .collect()
    }

    /// The variables, as they arrive in the Worker.
    pub(crate) fn variables(&self) -> BTreeMap<String, Given> {
        let vars = self.section.vars.iter();
        vars.map(|(name, value)| (name.clone(), given(value)))
            .collect()
    }
}

impl ProjectError {
    pub(crate) fn file(&self) -> &Path {
        match self {
            Self::Missing { file, .. }
            | Self::Wrong { file, .. }
            | Self::Environment { file, .. } => file,
        }
    }

    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "run this command in the clone of the repository",
            Self::Wrong { .. } => "correct it; `npx wrangler deploy --dry-run` checks it",
            Self::Environment { .. } => "an environment is a section [env.NAME] of the file",
        }
    }
}

fn given(value: &toml::Value) -> Given {
    match value {
        toml::Value::String(text) => Given::Text(text.clone()),
        toml::Value::Datetime(time) => Given::Text(time.to_string()),
        toml::Value::Array(_) | toml::Value::Table(_) => Given::Object(json(value).to_string()),
        plain => Given::Text(json(plain).to_string()),
    }
}

/// As wrangler turns it into JSON.
fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(flag) => (*flag).into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(values) => values.iter().map(json).collect(),
        toml::Value::Table(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), json(value)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, environment: Option<&str>) -> Result<Project, ProjectError> {
        Project::parse(text, Path::new(FILE), environment)
    }

    #[test]
    fn the_projects_own_file_names_one_bucket_and_one_queue() {
        let project = parse(include_str!("../../../wrangler.toml"), None).unwrap();
        assert_eq!(project.name, "logpush-ecs");
        let buckets = project.buckets().iter().map(|bucket| &*bucket.name);
        assert_eq!(buckets.collect::<Vec<_>>(), ["logpush-ecs"]);
        let queues = project.queues().into_iter();
        assert_eq!(queues.collect::<Vec<_>>(), ["logpush-ecs"]);
        let bindings = project.bindings().into_iter();
        assert_eq!(bindings.collect::<Vec<_>>(), ["LEDGER", "UPLOADS", "WORK"]);
    }

    #[test]
    fn what_is_not_named_is_not_made() {
        let project = parse("name = \"w\"", None).unwrap();
        assert!(project.buckets().is_empty() && project.queues().is_empty());
        let queues = "name = \"w\"\n[[queues.consumers]]\nqueue = \"b\"\ndead_letter_queue = \"a\"";
        let project = parse(queues, None).unwrap();
        assert_eq!(project.queues().into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_file_that_is_wrong_is_named_with_its_line() {
        for (text, expected) in [
            (
                "[vars]",
                "wrangler.toml cannot be read: line 1: missing field `name`",
            ),
            (
                "name = \"w\"\n\nx = ",
                "wrangler.toml cannot be read: line 3: ",
            ),
        ] {
            let error = parse(text, None).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn an_environment_does_not_inherit_variables_and_bindings() {
        let text = r#"
            name = "w"
            account_id = "a"
            [vars]
            SHAPE = "ecs"
            [[r2_buckets]]
            binding = "UPLOADS"
            bucket_name = "b"
            [env.test.vars]
            RETRY_DAYS = 3
            DESTINATIONS = { siem = { kind = "http", gzip = false, datasets = ["dns_logs"] } }
            [env.other]
            name = "o"
        "#;
        let test = parse(text, Some("test")).unwrap();
        assert_eq!(
            (&*test.name, test.account_id.as_deref()),
            ("w-test", Some("a"))
        );
        assert!(test.buckets().is_empty());
        let siem = r#"{"siem":{"datasets":["dns_logs"],"gzip":false,"kind":"http"}}"#;
        let expected = [
            ("DESTINATIONS".to_owned(), Given::Object(siem.to_owned())),
            ("RETRY_DAYS".to_owned(), Given::Text("3".to_owned())),
        ];
        assert_eq!(test.variables(), BTreeMap::from(expected));
        let other = parse(text, Some("other")).unwrap();
        assert!(other.name == "o" && other.variables().is_empty());
        let error = parse(text, Some("tset")).unwrap_err().to_string();
        assert_eq!(
            error,
            "wrangler.toml has no environment tset: do you mean test?"
        );
    }
}
