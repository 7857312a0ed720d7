//! The configuration as the Worker of a `wrangler.toml` reads it. Secrets are not known here:
//! placeholders stand for those that are needed.

use std::collections::BTreeMap;

use logpush_delivery::configuration::{self, Configuration, Entry};
use logpush_delivery::setting::{Given, Setting};
use logpush_delivery::settings;

use crate::project::Project;

/// The variables of a Worker, and placeholders for its secrets.
#[derive(Debug)]
pub(crate) struct WorkerSettings {
    variables: BTreeMap<String, Given>,
    placeholders: BTreeMap<String, String>,
}

/// A secret that the Worker has or may have.
#[derive(Debug)]
pub(crate) struct NeededSecret {
    /// Its name as a secret of the Worker.
    pub(crate) name: String,
    pub(crate) setting: &'static Setting,
    /// The destination that has it; none where it is the Worker's own.
    pub(crate) destination: Option<String>,
    /// Whether nothing works without it.
    pub(crate) is_needed: bool,
    is_of_table: bool,
}

impl NeededSecret {
    /// The secret that holds for one dataset alone.
    pub(crate) fn of_dataset(&self, dataset: &str) -> String {
        format!("{}_{}", self.name, dataset.to_ascii_uppercase())
    }

    /// Whether a table's secret is called like a flat setting, which is an error. A placeholder would be
    /// one of the destination `default`.
    fn is_misnamed(&self) -> bool {
        let mut flat = settings::groups().flat_map(|group| group.settings);
        self.is_of_table && flat.any(|setting| setting.is_called(&self.name))
    }

    /// Whether a secret of the Worker is this one, or what a dataset has of its own instead.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        match name.strip_prefix(&*self.name) {
            Some("") => true,
            Some(dataset) => self.setting.is_by_dataset && dataset.starts_with('_'),
            None => false,
        }
    }
}

impl WorkerSettings {
    pub(crate) fn of(project: &Project) -> Self {
        let mut settings = Self {
            variables: project.variables(),
            placeholders: BTreeMap::new(),
        };
        let own = settings::groups().filter(|group| !group.is_of_destinations());
        let own = own.flat_map(|group| group.settings);
        for setting in own.filter(|setting| setting.is_secret && setting.is_required) {
            settings.put_placeholder(setting.name.to_owned(), setting);
        }
        for secret in settings.of_destinations() {
            if secret.setting.is_required && !secret.is_misnamed() {
                settings.put_placeholder(secret.name, secret.setting);
            }
        }
        // What is needed only beside something else, as a password beside a user's name, shows in fewer
        // problems where it is there.
        for secret in settings.of_destinations() {
            let destination = secret.destination.clone().unwrap_or_default();
            let before = settings.problems_of(&destination);
            let is_there = settings.placeholders.contains_key(&secret.name);
            if before == 0 || is_there || secret.is_misnamed() {
                continue;
            }
            settings.put_placeholder(secret.name.clone(), secret.setting);
            if settings.problems_of(&destination) >= before {
                settings.placeholders.remove(&secret.name);
            }
        }
        settings
    }

    /// What is set under a name.
    pub(crate) fn get(&self, name: &str) -> Option<Given> {
        let placeholder = self.placeholders.get(name);
        placeholder
            .map(|text| Given::Text(text.clone()))
            .or_else(|| self.variables.get(name).cloned())
    }

    pub(crate) fn variables(&self) -> &BTreeMap<String, Given> {
        &self.variables
    }

    pub(crate) fn configuration(&self) -> Configuration {
        configuration::read(&|name| self.get(name))
    }

    /// All secrets, those that are needed and those that may be set.
    pub(crate) fn secrets(&self) -> Vec<NeededSecret> {
        let own = settings::groups()
            .filter(|group| !group.is_of_destinations())
            .flat_map(|group| group.settings)
            .filter(|setting| setting.is_secret)
            .map(|setting| NeededSecret {
                name: setting.name.to_owned(),
                setting,
                destination: None,
                is_needed: setting.is_required,
                is_of_table: false,
            });
        own.chain(self.of_destinations()).collect()
    }

    fn of_destinations(&self) -> Vec<NeededSecret> {
        let configuration = self.configuration();
        let entries = configuration.destinations.unwrap_or_default();
        let secrets = entries.iter().flat_map(|entry| {
            entry
                .secrets()
                .into_iter()
                .map(|(name, setting)| NeededSecret {
                    is_needed: self.placeholders.contains_key(&name),
                    name,
                    setting,
                    destination: Some(entry.name.clone()),
                    is_of_table: !entry.is_flat,
                })
        });
        secrets.collect()
    }

    fn problems_of(&self, destination: &str) -> usize {
        let configuration = self.configuration();
        let entry: Option<&Entry> = configuration.destination(destination);
        let setup = entry.map(|entry| &entry.setup);
        setup.map_or(0, |setup| setup.as_ref().err().map_or(0, Vec::len))
    }

    /// Over a variable of the same name, which is none to be read.
    fn put_placeholder(&mut self, name: String, setting: &Setting) {
        self.placeholders
            .insert(name, setting.accepts.placeholder());
    }
}
