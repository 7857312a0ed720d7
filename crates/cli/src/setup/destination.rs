//! `logpush-ecs setup --destination NAME`: the secrets of one destination, and a test event.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::rc::Rc;

use logpush_delivery::configuration::Entry;
use logpush_delivery::configuration::routing::Datasets;
use logpush_delivery::configuration::setup::{Ingest, Setup};
use logpush_delivery::destination::KINDS;
use logpush_delivery::setting::Given;
use logpush_normalizer::{Dataset, datasets};

use crate::mask::Mask;
use crate::project::{FILE, Project};
use crate::setup::error::{SetupError, sentence};
use crate::setup::report::Report;
use crate::setup::secrets::Secrets;
use crate::setup::secrets_file::SecretsFile;
use crate::setup::test_event::{self, Sent};
use crate::setup::wrangler::Wrangler;
use crate::worker_settings::{NeededSecret, WorkerSettings};

/// What is set up.
#[derive(Clone, Copy)]
pub(super) struct Options<'a> {
    pub(super) name: &'a str,
    /// Those that have secrets of their own; none: all that go there.
    pub(super) datasets: &'a [&'static Dataset],
    /// The file that keeps generated secrets.
    pub(super) secrets: &'a Path,
    pub(super) test_event: bool,
    pub(super) dry_run: bool,
    pub(super) json: bool,
}

/// Takes every step; whether everything works in the end.
pub(super) fn set_up(
    options: Options<'_>,
    mask: &Rc<Mask>,
    report: &Report,
) -> Result<bool, SetupError> {
    let Options { name, dry_run, .. } = options;
    let project = Project::read(Path::new(FILE), None)?;
    let settings = WorkerSettings::of(&project);
    let configuration = settings.configuration();
    let wrong = |problems: &Vec<_>| SetupError::Configuration(sentence(problems));
    let entries = configuration.destinations.as_ref().map_err(wrong)?;
    let entry = entries
        .iter()
        .find(|entry| entry.name == name)
        .ok_or_else(|| unknown(name, entries))?;
    let setup = entry.setup.as_ref().map_err(wrong)?;
    let ingest = configuration.ingest.as_ref().map_err(wrong)?;
    let gets = match &entry.datasets {
        Datasets::All => "all datasets".to_owned(),
        Datasets::These(these) => {
            let names: Vec<&str> = these.iter().map(|dataset| dataset.name).collect();
            names.join(", ")
        }
    };
    let kind = setup.kind.name;
    report.ok(
        "destination",
        &format!("{name} is of kind {kind}, and gets {gets}"),
    )?;

    let wrangler = Wrangler::new(mask, options.json, settings.secrets());
    report.ok("sign-in", wrangler.sign_in(&project)?.words())?;
    let secrets = Secrets {
        wrangler: &wrangler,
        report,
        mask,
        file: SecretsFile::read(options.secrets)?,
        existing: wrangler.secrets(&project.name)?,
        dry_run,
    };
    let datasets = match options.datasets {
        [] => entry.datasets.list(),
        chosen => chosen,
    };
    let values = secrets.for_destination(&settings, entry, datasets, false)?;
    secrets.set_for_destinations(&settings, Some(name), &values)?;
    if dry_run {
        report.plan(TEST_EVENT, "would be sent, where you want one")?;
        return Ok(true);
    }
    if !options.test_event && !wants_test_event(name) {
        return Ok(true);
    }
    let known = Known {
        settings: &settings,
        secrets: settings.secrets(),
        values: values.into_iter().collect(),
    };
    known.check(name, &secrets.existing)?;
    let dataset = dataset_of(datasets, entry)?;
    send(&known, setup, ingest, dataset, mask, report)
}

/// Sends a test event to each destination that gets one of the datasets, where that is wanted; `values`:
/// the secrets that were given in this run, `existing`: the names of those that the Worker has. Whether all
/// took it. One that does not keeps no other from it.
pub(super) fn send_test_events(
    values: Vec<(String, String)>,
    datasets: &[&'static Dataset],
    existing: &BTreeSet<String>,
    is_wanted: bool,
    mask: &Rc<Mask>,
    report: &Report,
) -> Result<bool, SetupError> {
    // As it stands by now: the set-up may have chosen a shape.
    let project = Project::read(Path::new(FILE), None)?;
    let settings = WorkerSettings::of(&project);
    let configuration = settings.configuration();
    let wrong = |problems: &Vec<_>| SetupError::Configuration(sentence(problems));
    let entries = configuration.destinations.as_ref().map_err(wrong)?;
    let ingest = configuration.ingest.as_ref().map_err(wrong)?;
    let known = Known {
        settings: &settings,
        secrets: settings.secrets(),
        values: values.into_iter().collect(),
    };
    let mut are_taken = true;
    for entry in entries {
        let Ok(dataset) = dataset_of(datasets, entry) else {
            continue;
        };
        if !is_wanted && !wants_test_event(&entry.name) {
            continue;
        }
        let setup = entry.setup.as_ref().map_err(wrong)?;
        let sent = known
            .check(&entry.name, existing)
            .and_then(|()| send(&known, setup, ingest, dataset, mask, report));
        if let Err(error) = sent {
            if let SetupError::Output(_) = error {
                return Err(error);
            }
            are_taken = false;
            let text = format!("{}: {}", entry.name, error.text().replace('\n', " "));
            report.fail(TEST_EVENT, &text)?;
        }
    }
    Ok(are_taken)
}

/// The name of the step.
const TEST_EVENT: &str = "test event";

/// What the test event is delivered with: the real secrets, where they are known.
struct Known<'a> {
    settings: &'a WorkerSettings,
    secrets: Vec<NeededSecret>,
    values: BTreeMap<String, String>,
}

impl Known<'_> {
    fn get(&self, name: &str) -> Option<Given> {
        if !self.secrets.iter().any(|secret| secret.is_called(name)) {
            return self.settings.get(name);
        }
        let value = self.values.get(name).cloned();
        let value = value.or_else(|| env::var(name).ok());
        value.map(Given::Text)
    }

    /// Cloudflare gives no secret back: one that is set at the Worker must be known here as well.
    fn check(&self, destination: &str, existing: &BTreeSet<String>) -> Result<(), SetupError> {
        let of_destination = self
            .secrets
            .iter()
            .filter(|secret| secret.destination.as_deref() == Some(destination));
        for secret in of_destination {
            let names = existing.iter();
            for name in names.filter(|name| secret.is_called(name)) {
                if self.get(name).is_none() {
                    return Err(SetupError::Usage(format!(
                        "{name} is set at the Worker and not known here, and a test event needs it: export it"
                    )));
                }
            }
        }
        Ok(())
    }
}

fn send(
    known: &Known<'_>,
    setup: &Setup,
    ingest: &Ingest,
    dataset: &'static Dataset,
    mask: &Mask,
    report: &Report,
) -> Result<bool, SetupError> {
    let opened = setup
        .open(Some(dataset.name), &|name| known.get(name))
        .map_err(|problems| SetupError::Configuration(sentence(&problems)))?;
    for secret in opened.secrets() {
        mask.add(secret);
    }
    match test_event::send(setup, ingest, &*opened, dataset) {
        Sent::Taken(id) => {
            let text = format!(
                "{} has it, as {}: look for {id}",
                opened.title(),
                dataset.name
            );
            report.done(TEST_EVENT, &text)?;
            Ok(true)
        }
        Sent::NotTaken(words) => Err(SetupError::TestEvent {
            words,
            hint: setup.translate(setup.kind.when_held),
        }),
    }
}

/// The dataset of the test event: the one that the record is of, if it goes there.
fn dataset_of(
    datasets: &[&'static Dataset],
    entry: &Entry,
) -> Result<&'static Dataset, SetupError> {
    let preferred = datasets::by_name("firewall_events");
    let preferred = preferred.filter(|preferred| {
        datasets
            .iter()
            .any(|dataset| dataset.name == preferred.name)
    });
    let dataset = preferred.or_else(|| datasets.first().copied());
    let dataset = dataset.filter(|dataset| entry.datasets.have(Some(dataset)));
    dataset.ok_or_else(|| SetupError::Usage(format!("{} gets none of these datasets", entry.name)))
}

fn unknown(name: &str, entries: &[Entry]) -> SetupError {
    let names: Vec<&str> = entries.iter().map(|entry| &*entry.name).collect();
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    SetupError::Usage(format!(
        "{FILE} has no destination {name}, but {}: write [vars.DESTINATIONS.{name}] with its kind, one of {}; `logpush-ecs config kinds` has their settings",
        names.join(", "),
        kinds.join(", ")
    ))
}

fn wants_test_event(name: &str) -> bool {
    let mut input = io::stdin().lock();
    if !input.is_terminal() {
        return false;
    }
    let _ = write!(io::stderr(), "Send a test event to {name}? [y/N] ");
    let _ = io::stderr().flush();
    let mut answer = String::new();
    let _ = input.read_line(&mut answer);
    matches!(answer.trim(), "y" | "Y" | "yes")
}
