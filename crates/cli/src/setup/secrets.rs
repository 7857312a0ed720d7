//! The Worker's secrets: finds those that are missing, and sets them.

use core::iter;
use std::collections::BTreeSet;
use std::env;
use std::io::{IsTerminal as _, stdin};
use std::rc::Rc;

use logpush_delivery::configuration::Entry;
use logpush_delivery::configuration::name::DEFAULT;
use logpush_delivery::setting::{Problem, Setting};
use logpush_delivery::settings;
use logpush_normalizer::Dataset;

use crate::mask::Mask;
use crate::setup::error::{SetupError, sentence};
use crate::setup::report::Report;
use crate::setup::secrets_file::SecretsFile;
use crate::setup::worker::DeployedWorker;
use crate::setup::wrangler::Wrangler;
use crate::worker_client::target::Secret;
use crate::worker_settings::{NeededSecret, WorkerSettings};

pub(crate) const LOGPUSH: &str = settings::LOGPUSH_SECRET.name;
pub(crate) const OPERATOR: &str = settings::OPERATOR_SECRET.name;

pub(crate) struct Secrets<'a> {
    pub(crate) wrangler: &'a Wrangler,
    pub(crate) report: &'a Report,
    pub(crate) mask: &'a Rc<Mask>,
    pub(crate) file: SecretsFile,
    /// The names of the secrets that the Worker has.
    pub(crate) existing: BTreeSet<String>,
    pub(crate) dry_run: bool,
}

/// The value of a secret, and where it comes from.
struct KnownSecret {
    value: String,
    origin: String,
}

impl Secrets<'_> {
    /// The secrets, by name, that destinations need and the Worker lacks. They are asked for before
    /// anything is created, so that nothing is left half done without them. `is_by_dataset`: `default` has
    /// one of its own for each dataset, where a setting can have that.
    pub(crate) fn for_destinations(
        &self,
        settings: &WorkerSettings,
        datasets: &[&'static Dataset],
        is_by_dataset: bool,
    ) -> Result<Vec<(String, String)>, SetupError> {
        let configuration = settings.configuration();
        let wrong = |problems: Vec<Problem>| SetupError::Configuration(sentence(&problems));
        let entries = configuration.destinations.map_err(wrong)?;
        let mut found = Vec::new();
        for entry in &entries {
            if let Err(problems) = &entry.setup {
                return Err(SetupError::Configuration(sentence(problems)));
            }
            let is_by_dataset = is_by_dataset && entry.name == DEFAULT;
            found.extend(self.for_destination(settings, entry, datasets, is_by_dataset)?);
        }
        Ok(found)
    }

    /// The same for one destination.
    pub(crate) fn for_destination(
        &self,
        settings: &WorkerSettings,
        entry: &Entry,
        datasets: &[&'static Dataset],
        is_by_dataset: bool,
    ) -> Result<Vec<(String, String)>, SetupError> {
        let datasets: Vec<&'static Dataset> = datasets
            .iter()
            .filter(|dataset| entry.datasets.have(Some(dataset)))
            .copied()
            .collect();
        let mut secrets = settings.secrets();
        secrets.retain(|secret| secret.destination.as_deref() == Some(&*entry.name));
        let mut found = Vec::new();
        for secret in &secrets {
            found.extend(self.for_secret(secret, &datasets, is_by_dataset)?);
        }
        let has_some = !found.is_empty() || secrets.iter().any(|secret| !self.lacks(&secret.name));
        if !has_some && !self.dry_run && stdin().is_terminal() {
            found.extend(first_of(&secrets)?);
        }
        for (_, value) in &found {
            self.mask.add(value);
        }
        Ok(found)
    }

    /// The same for one secret, and for what datasets may have instead of it.
    fn for_secret(
        &self,
        secret: &NeededSecret,
        datasets: &[&'static Dataset],
        is_by_dataset: bool,
    ) -> Result<Vec<(String, String)>, SetupError> {
        let own: Vec<String> = datasets
            .iter()
            .filter(|_| secret.setting.is_by_dataset)
            .map(|dataset| secret.of_dataset(dataset.name))
            .collect();
        let mut found: Vec<(String, String)> = iter::once(&*secret.name)
            .chain(own.iter().map(String::as_str))
            .filter_map(|name| self.given(name))
            .collect();
        let has = |name: &str| !self.lacks(name) || found.iter().any(|(given, _)| given == name);
        let wanted: Vec<&str> = match secret.is_needed {
            false => Vec::new(),
            true if is_by_dataset && !own.is_empty() => own.iter().map(String::as_str).collect(),
            true if !own.is_empty() && own.iter().all(|name| has(name)) => Vec::new(),
            true => vec![&secret.name],
        };
        let missing: Vec<&str> = wanted.into_iter().filter(|name| !has(name)).collect();
        if !self.dry_run {
            for name in missing {
                found.push((name.to_owned(), ask_for(name, secret.setting)?));
            }
        }
        for (name, value) in &found {
            self.mask.add(value);
            let is_sound = secret.setting.accepts.check(value);
            is_sound.map_err(|words| SetupError::Usage(format!("{name} {words}")))?;
        }
        Ok(found)
    }

    /// A secret that the environment has and the Worker lacks.
    fn given(&self, name: &str) -> Option<(String, String)> {
        let value = env::var(name).ok().filter(|_| self.lacks(name))?;
        let value = value.trim();
        (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
    }

    /// Sets the destinations' secrets; `only`: those of one.
    pub(crate) fn set_for_destinations(
        &self,
        settings: &WorkerSettings,
        only: Option<&str>,
        values: &[(String, String)],
    ) -> Result<(), SetupError> {
        for (name, value) in values {
            self.put(name, value, "as given")?;
        }
        let is_given = |name: &str| values.iter().any(|(given, _)| given == name);
        let secrets: Vec<NeededSecret> = settings
            .secrets()
            .into_iter()
            .filter(|secret| match only {
                Some(name) => secret.destination.as_deref() == Some(name),
                None => secret.destination.is_some(),
            })
            .collect();
        let is_of_destination =
            |name: &&String| secrets.iter().any(|secret| secret.is_called(name));
        for name in self.existing.iter().filter(is_of_destination) {
            self.report.ok(name, "is there, and is left as it is")?;
        }
        if !self.dry_run {
            return Ok(());
        }
        let missing = secrets.iter().filter(|secret| {
            secret.is_needed && self.lacks(&secret.name) && !is_given(&secret.name)
        });
        for secret in missing {
            let unless = if secret.setting.is_by_dataset {
                ", unless each dataset has its own"
            } else {
                ""
            };
            self.report.plan(
                &secret.name,
                &format!("would be asked for, and set{unless}"),
            )?;
        }
        Ok(())
    }

    /// Sets the secret that jobs send, if it is missing. `target` is the deployed Worker, `of_job` the
    /// secret that one of its jobs sends; neither is known in a dry run.
    pub(crate) fn logpush(
        &mut self,
        target: Option<&DeployedWorker>,
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
        let Some(KnownSecret { value, origin }) = known else {
            if self.dry_run {
                self.report.ok(LOGPUSH, "is there")?;
                return Ok(None);
            }
            return Err(SetupError::UnknownSecret {
                file: self.file.path().to_owned(),
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
        // A rotation was stopped before the Worker had the new secret.
        match accepted(target, &secret)? {
            Some(_) => {
                self.put(LOGPUSH, &value, "the new one and the old, as begun before")?;
                Ok(Some(secret))
            }
            None => Err(SetupError::AnotherSecret { origin }),
        }
    }

    /// Sets the operator's secret, if it is missing.
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

    /// Sets a new secret, and the old one beside it as long as jobs still send it.
    fn rotate(
        &mut self,
        target: Option<&DeployedWorker>,
        known: Option<KnownSecret>,
    ) -> Result<Option<Secret>, SetupError> {
        let Some(target) = target else {
            self.report.plan(
                LOGPUSH,
                "would be set to a new one and the old one, side by side",
            )?;
            return Ok(None);
        };
        let old = match self.secret(known.map(|known| known.value).unwrap_or_default())? {
            Some(known) => accepted(target, &known)?,
            None => None,
        };
        let new = random_secret()?;
        let (value, text) = match old {
            Some(old) => (
                format!("{new},{old}"),
                "a new one, and beside it the old one",
            ),
            None => (new, "a new one; the secret that jobs send now is refused"),
        };
        self.file.set(LOGPUSH, &value)?;
        self.put(
            LOGPUSH,
            &value,
            &format!("{text}, kept in {}", self.file.path().display()),
        )?;
        if env::var(LOGPUSH).is_ok_and(|value| !value.is_empty()) {
            self.report
                .wait(LOGPUSH, "the environment now has the old one: unset it")?;
        }
        self.secret(value)
    }

    fn known_or_new(
        &mut self,
        name: &str,
        known: Option<KnownSecret>,
    ) -> Result<String, SetupError> {
        let Some(KnownSecret { value, origin }) = known else {
            let text = format!("generated, and kept in {}", self.file.path().display());
            if self.dry_run {
                self.report.plan(name, &format!("would be {text}"))?;
                return Ok(String::new());
            }
            let value = random_secret()?;
            self.mask.add(&value);
            // The file has it before the Worker: a run that is stopped in between must not lose it.
            self.file.set(name, &value)?;
            self.put(name, &value, &text)?;
            return Ok(value);
        };
        self.put(name, &value, &format!("that of {origin}"))?;
        Ok(value)
    }

    /// A value from the environment, from the file or from a job, in this order.
    fn known(&self, name: &str, of_job: Option<String>) -> Option<KnownSecret> {
        let known = match env::var(name) {
            Ok(value) if !value.trim().is_empty() => Some(KnownSecret {
                value: value.trim().to_owned(),
                origin: "the environment".to_owned(),
            }),
            _ => None,
        };
        let known = known
            .or_else(|| {
                Some(KnownSecret {
                    value: self.file.get(name)?.to_owned(),
                    origin: self.file.path().display().to_string(),
                })
            })
            .or_else(|| {
                Some(KnownSecret {
                    value: of_job?,
                    origin: "an existing job".to_owned(),
                })
            });
        if let Some(known) = &known {
            self.mask.add(&known.value);
        }
        known
    }

    /// The secret as a job sends it, added to the mask.
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
        !self.existing.contains(name)
    }
}

/// The part of the secret that the Worker accepts.
fn accepted(target: &DeployedWorker, secret: &Secret) -> Result<Option<String>, SetupError> {
    for part in secret.parts() {
        if target.accepts(part)? {
            return Ok(Some(part.to_owned()));
        }
    }
    Ok(None)
}

/// 32 random bytes in hexadecimal.
fn random_secret() -> Result<String, SetupError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Asks for secrets that may be set, until one is given.
fn first_of(secrets: &[NeededSecret]) -> Result<Option<(String, String)>, SetupError> {
    for NeededSecret { name, setting, .. } in secrets {
        let about = setting.about;
        let prompt = format!("{name}, {about} (not shown; nothing: without it): ");
        let value = rpassword::prompt_password(prompt).unwrap_or_default();
        let value = value.trim();
        if !value.is_empty() {
            let is_sound = setting.accepts.check(value);
            is_sound.map_err(|words| SetupError::Usage(format!("{name} {words}")))?;
            return Ok(Some((name.clone(), value.to_owned())));
        }
    }
    Ok(None)
}

fn ask_for(name: &str, setting: &Setting) -> Result<String, SetupError> {
    let about = setting.about;
    let missing = || {
        SetupError::Usage(format!(
            "{name} is not set, and there is no terminal to ask for it: export {about}, under this name"
        ))
    };
    if !stdin().is_terminal() {
        return Err(missing());
    }
    let value = rpassword::prompt_password(format!("{name}, {about} (not shown): "))
        .map_err(|_| missing())?;
    match value.trim() {
        "" => Err(missing()),
        value => Ok(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_is_another_and_long_enough() {
        let (one, other) = (random_secret().unwrap(), random_secret().unwrap());
        assert_eq!(one.len(), 64);
        assert_ne!(one, other);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
