//! The Worker's secrets: which there are, what the others are to be, and how they get there.

use std::collections::BTreeSet;
use std::env;
use std::io::{IsTerminal as _, stdin};
use std::rc::Rc;

use logpush_normalizer::Dataset;

use crate::mask::Mask;
use crate::setup::error::SetupError;
use crate::setup::project::Project;
use crate::setup::report::Report;
use crate::setup::secrets_file::Kept;
use crate::setup::worker::Target;
use crate::setup::wrangler::Wrangler;
use crate::worker_client::target::Secret;

pub(crate) const LOGPUSH: &str = "LOGPUSH_SECRET";
pub(crate) const OPERATOR: &str = "OPERATOR_SECRET";
const KEY: &str = "SEKOIA_INTAKE_KEY";
const HEADERS: &str = "HTTP_HEADERS";

pub(crate) struct Secrets<'a> {
    pub(crate) wrangler: &'a Wrangler,
    pub(crate) report: &'a Report,
    pub(crate) mask: &'a Rc<Mask>,
    pub(crate) kept: Kept,
    /// The names of those that the Worker has.
    pub(crate) there: BTreeSet<String>,
    pub(crate) dry_run: bool,
}

/// A value, and where it is from.
struct Known {
    value: String,
    origin: String,
}

impl Secrets<'_> {
    /// What the destination needs, and the Worker lacks, by name: asked for before anything is
    /// made, so that nothing is left half done for want of it.
    pub(crate) fn for_destination(
        &self,
        project: &Project,
        datasets: &[&'static Dataset],
    ) -> Result<Vec<(String, String)>, SetupError> {
        let mut found = Vec::new();
        let given = |name: &str| {
            self.lacks(name)
                .then(|| env::var(name).ok())
                .flatten()
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
                .map(|value| (name.to_owned(), value))
        };
        if !project.is_for_sekoia() {
            found.extend(given(HEADERS));
            return Ok(found);
        }
        found.extend(given(KEY));
        let own = datasets
            .iter()
            .map(|dataset| format!("{KEY}_{}", dataset.name.to_ascii_uppercase()));
        let mut is_complete = !found.is_empty() || !self.lacks(KEY);
        if !is_complete {
            is_complete = own
                .clone()
                .all(|name| !self.lacks(&name) || given(&name).is_some());
        }
        found.extend(own.filter_map(|name| given(&name)));
        if !is_complete && !self.dry_run {
            found.push((KEY.to_owned(), asked()?));
        }
        for (_, value) in &found {
            self.mask.add(value);
        }
        Ok(found)
    }

    /// Sets those of the destination.
    pub(crate) fn set_for_destination(
        &self,
        project: &Project,
        values: &[(String, String)],
    ) -> Result<(), SetupError> {
        for (name, value) in values {
            self.put(name, value, "as given")?;
        }
        let is_given = |name: &str| values.iter().any(|(given, _)| given == name);
        for name in self.there.iter().filter(|name| is_destinations(name)) {
            self.report.ok(name, "is there, and is left as it is")?;
        }
        if self.dry_run && project.is_for_sekoia() && self.lacks(KEY) && !is_given(KEY) {
            self.report.plan(
                KEY,
                "would be asked for, and set, unless each dataset has its own",
            )?;
        }
        Ok(())
    }

    /// The one that jobs send. `target` is the deployed Worker, and `of_job` what a job of its
    /// sends; neither is known in a dry run.
    pub(crate) fn logpush(
        &mut self,
        target: Option<&Target>,
        of_job: Option<String>,
        rotate: bool,
    ) -> Result<Option<Secret>, SetupError> {
        let known = self.known(LOGPUSH, of_job);
        if rotate {
            return self.rotate(target, known);
        }
        if self.lacks(LOGPUSH) {
            let value = self.known_or_new(LOGPUSH, known)?;
            return self.secret(value);
        }
        let Some(Known { value, origin }) = known else {
            if self.dry_run {
                self.report.ok(LOGPUSH, "is there")?;
                return Ok(None);
            }
            return Err(SetupError::UnknownSecret {
                file: self.kept.file().to_owned(),
            });
        };
        let secret = self.secret(value.clone())?;
        let Some((target, secret)) = target.zip(secret.clone()) else {
            self.report
                .ok(LOGPUSH, &format!("is there; {origin} has one"))?;
            return Ok(secret);
        };
        if target.accepts(secret.first())? {
            self.report
                .ok(LOGPUSH, &format!("is there, that of {origin}"))?;
            return Ok(Some(secret));
        }
        // A rotation that was stopped before the Worker heard of it.
        match accepted(target, &secret)? {
            Some(_) => {
                self.put(LOGPUSH, &value, "the new one and the old, as begun before")?;
                Ok(Some(secret))
            }
            None => Err(SetupError::AnotherSecret { origin }),
        }
    }

    /// The one that opens what is the operator's.
    pub(crate) fn operator(&mut self) -> Result<Option<Secret>, SetupError> {
        let known = self.known(OPERATOR, None);
        let value = match self.lacks(OPERATOR) {
            true => self.known_or_new(OPERATOR, known)?,
            false => {
                self.report.ok(OPERATOR, "is there")?;
                known.map(|known| known.value).unwrap_or_default()
            }
        };
        Secret::parse(OPERATOR, value).map_err(SetupError::Usage)
    }

    /// A new one, beside the old one as long as jobs still send that.
    fn rotate(
        &mut self,
        target: Option<&Target>,
        known: Option<Known>,
    ) -> Result<Option<Secret>, SetupError> {
        let Some(target) = target else {
            self.report.plan(
                LOGPUSH,
                "would become a new one and the old one, side by side",
            )?;
            return Ok(None);
        };
        let old = match self.secret(known.map(|known| known.value).unwrap_or_default())? {
            Some(known) => accepted(target, &known)?,
            None => None,
        };
        let new = made_up()?;
        let (value, text) = match old {
            Some(old) => (
                format!("{new},{old}"),
                "a new one, and beside it the old one",
            ),
            None => (new, "a new one; what jobs send until now is refused"),
        };
        self.kept.set(LOGPUSH, &value)?;
        self.put(
            LOGPUSH,
            &value,
            &format!("{text}, kept in {}", self.kept.file().display()),
        )?;
        if env::var(LOGPUSH).is_ok_and(|value| !value.is_empty()) {
            self.report.wait(
                LOGPUSH,
                "the one in the environment is the old one now: unset it",
            )?;
        }
        self.secret(value)
    }

    fn known_or_new(&mut self, name: &str, known: Option<Known>) -> Result<String, SetupError> {
        let Some(Known { value, origin }) = known else {
            let text = format!("made up, and kept in {}", self.kept.file().display());
            if self.dry_run {
                self.report.plan(name, &format!("would be {text}"))?;
                return Ok(String::new());
            }
            let value = made_up()?;
            self.mask.add(&value);
            // Before the Worker has it: a run that is stopped in between must not lose it.
            self.kept.set(name, &value)?;
            self.put(name, &value, &text)?;
            return Ok(value);
        };
        self.put(name, &value, &format!("that of {origin}"))?;
        Ok(value)
    }

    /// A value of the environment, of the file, or of a job.
    fn known(&self, name: &str, of_job: Option<String>) -> Option<Known> {
        let known = match env::var(name) {
            Ok(value) if !value.trim().is_empty() => Some(Known {
                value: value.trim().to_owned(),
                origin: "the environment".to_owned(),
            }),
            _ => None,
        };
        let known = known
            .or_else(|| {
                Some(Known {
                    value: self.kept.get(name)?.to_owned(),
                    origin: self.kept.file().display().to_string(),
                })
            })
            .or_else(|| {
                Some(Known {
                    value: of_job?,
                    origin: "a job that is there".to_owned(),
                })
            });
        if let Some(known) = &known {
            self.mask.add(&known.value);
        }
        known
    }

    /// As a job sends it; hidden wherever it might be shown.
    fn secret(&self, value: String) -> Result<Option<Secret>, SetupError> {
        let secret = Secret::parse(LOGPUSH, value).map_err(SetupError::Usage)?;
        for part in secret.iter().flat_map(Secret::parts) {
            self.mask.add(part);
        }
        Ok(secret)
    }

    fn put(&self, name: &str, value: &str, text: &str) -> Result<(), SetupError> {
        if self.dry_run {
            return self.report.plan(name, &format!("would be set: {text}"));
        }
        self.wrangler.put_secret(name, value)?;
        self.report.done(name, text)
    }

    fn lacks(&self, name: &str) -> bool {
        !self.there.contains(name)
    }
}

/// The one of one or two that the Worker knows.
fn accepted(target: &Target, secret: &Secret) -> Result<Option<String>, SetupError> {
    for part in secret.parts() {
        if target.accepts(part)? {
            return Ok(Some(part.to_owned()));
        }
    }
    Ok(None)
}

fn is_destinations(name: &str) -> bool {
    name == HEADERS || name.starts_with(KEY)
}

/// 32 random bytes, in hexadecimal.
fn made_up() -> Result<String, SetupError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn asked() -> Result<String, SetupError> {
    let missing = || {
        SetupError::Usage(format!(
            "{KEY} is not set, and there is no terminal to ask at: export the key of the SEKOIA.IO intake under this name"
        ))
    };
    if !stdin().is_terminal() {
        return Err(missing());
    }
    let key = rpassword::prompt_password("The key of the SEKOIA.IO intake (not shown): ")
        .map_err(|_| missing())?;
    match key.trim() {
        "" => Err(missing()),
        key => Ok(key.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_is_another_and_long_enough() {
        let (one, other) = (made_up().unwrap(), made_up().unwrap());
        assert_eq!(one.len(), 64);
        assert_ne!(one, other);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
