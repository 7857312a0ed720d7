//! Documents as a destination of the Worker gets them.

use core::slice;
use std::io::Read as _;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use logpush_delivery::configuration::Entry;
use logpush_delivery::configuration::setup::{Ingest, Setup};
use logpush_delivery::destination::Destination as Opened;
use logpush_delivery::part::Part;
use logpush_delivery::setting::Problem;
use logpush_delivery::settings::PSEUDONYM_KEY;
use logpush_normalizer::{Batch, Config, Dataset, Limits, PrivateKeys, Rules};

use crate::clock;
use crate::error::Error;
use crate::project::Project;
use crate::worker_settings::WorkerSettings;

/// A destination of a `wrangler.toml`.
#[derive(Debug)]
pub(super) struct Destination {
    settings: WorkerSettings,
    entry: Entry,
    setup: Setup,
    ingest: Ingest,
}

/// What takes the place of PSEUDONYM_KEY where the environment has none.
const STAND_IN: &str = "no secret: a stand-in for the key";

impl Destination {
    /// The one of this name; without a name the only one.
    pub(super) fn read(
        file: &Path,
        environment: Option<&str>,
        name: Option<&str>,
    ) -> Result<Self, Error> {
        let settings = WorkerSettings::of(&Project::read(file, environment)?);
        let configuration = settings.configuration();
        let ingest = configuration.ingest.map_err(|problems| wrong(&problems))?;
        let mut entries = configuration
            .destinations
            .map_err(|problems| wrong(&problems))?;
        let names: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
        let place = match name {
            Some(name) => names.iter().position(|other| other == name),
            None => (names.len() == 1).then_some(0),
        };
        let Some(place) = place else {
            let names = names.join(", ");
            return Err(Error::Destination(match name {
                Some(name) => format!("there is no destination {name}; there are {names}"),
                None => {
                    format!("there are several destinations, {names}: name one with --destination")
                }
            }));
        };
        let entry = entries.swap_remove(place);
        match &entry.setup {
            Ok(setup) => Ok(Self {
                setup: setup.clone(),
                settings,
                entry,
                ingest,
            }),
            Err(problems) => Err(wrong(problems)),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.entry.name
    }

    /// Whether uploads of a dataset go there.
    pub(super) fn takes(&self, dataset: Option<&'static Dataset>) -> bool {
        self.entry.datasets.have(dataset)
    }

    /// How the Worker normalises for it.
    pub(super) fn config(&self, dataset: Option<&'static Dataset>) -> Config {
        Config {
            dataset,
            shape: self.setup.shape,
            arrival: clock::arrival(),
            keep_original: self.setup.keep_original,
            private_keys: PrivateKeys::default(),
            worker_name: "logpush-ecs",
            unmask: self.setup.unmask,
            rules: self.rules(),
            limits: Limits {
                upload_bytes: u64::MAX,
                ..self.setup.limits(&self.ingest)
            },
        }
    }

    /// Its rules, with the key of the environment or one that stands in: files are tried without
    /// secrets.
    fn rules(&self) -> Rules {
        let Some(rules) = &self.setup.rules else {
            return Rules::default();
        };
        let rules = rules.read().rules;
        let key = std::env::var(PSEUDONYM_KEY.name).ok();
        let key = key.filter(|key| !key.is_empty());
        match (key, rules.needs_key()) {
            (Some(key), _) => rules.clone().with_key(&key).unwrap_or(rules),
            (None, true) => rules.clone().with_key(STAND_IN).unwrap_or(rules),
            (None, false) => rules,
        }
    }

    /// The body of the request that would bring a batch there, not compressed.
    pub(super) fn body(
        &self,
        dataset: Option<&'static Dataset>,
        batch: &Batch,
    ) -> Result<Vec<u8>, Error> {
        let opened = self.open(dataset)?;
        let places = 0..batch.len();
        let part = Part::new(batch, slice::from_ref(&places), "");
        let encoded = opened.encode(&part, clock::utc().timestamp_millis().unsigned_abs());
        let mut body = Vec::new();
        if encoded.starts_with(&[0x1f, 0x8b]) {
            let mut decoder = MultiGzDecoder::new(&*encoded);
            decoder.read_to_end(&mut body).map_err(Error::Compress)?;
        } else {
            body = encoded;
        }
        // One begins on a line of its own.
        if !body.ends_with(b"\n") {
            body.push(b'\n');
        }
        Ok(body)
    }

    fn open(&self, dataset: Option<&'static Dataset>) -> Result<Box<dyn Opened>, Error> {
        let dataset = dataset.map(|dataset| dataset.name);
        self.setup
            .open(dataset, &|name| self.settings.get(name))
            .map_err(|problems| wrong(&problems))
    }
}

fn wrong(problems: &[Problem]) -> Error {
    let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Error::Destination(format!(
        "the configuration is wrong: {}\n  hint: `logpush-ecs config check` tells all about it",
        words.join("; ")
    ))
}
