//! `logpush-ecs config check`: the configuration as the Worker reads it, and all that is wrong with it.

use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::path::PathBuf;

use logpush_delivery::configuration::name::{DEFAULT, TABLES};
use logpush_delivery::configuration::nearest::nearest;
use logpush_delivery::configuration::routing::Datasets;
use logpush_delivery::configuration::setup::{self, Setup};
use logpush_delivery::configuration::{Configuration, Entry, rules};
use logpush_delivery::setting::Problem;
use logpush_delivery::settings;
use logpush_normalizer::datasets::DATASETS;
use serde::Serialize;

use crate::config::sizes;
use crate::error::Error;
use crate::project::{FILE, Project, ProjectError};
use crate::worker_settings::{NeededSecret, WorkerSettings};

/// Check the configuration in wrangler.toml as the Worker will read it
///
/// Tells what goes where, in which shape and under which limits, which secrets are needed, and every
/// problem at once. It needs no secret and no network.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration of the Worker
    #[arg(long, value_name = "FILE", default_value = FILE)]
    config: PathBuf,

    /// The environment, a section [env.NAME] of the file
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
}

/// What there is to say.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    #[serde(rename = "ok")]
    pub(super) is_ok: bool,
    worker: String,
    /// `durable`, `direct`, or nothing where the bindings are half there.
    route: Option<&'static str>,
    destinations: Vec<Destination>,
    secrets: Vec<SecretEntry>,
    /// Bytes of each variable.
    variables: BTreeMap<String, usize>,
    problems: Vec<Finding>,
    warnings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct Destination {
    name: String,
    kind: Option<&'static str>,
    /// Nothing: all.
    datasets: Option<Vec<&'static str>>,
    /// Nothing where something is wrong with it.
    settings: Option<Settings>,
}

#[derive(Debug, Serialize)]
struct Settings {
    shape: &'static str,
    keep_original: bool,
    sensitive_values: &'static str,
    document_max_bytes: usize,
    batch_max_bytes: usize,
    batch_max_records: usize,
    deliveries_in_flight: usize,
    intake_timeout_ms: u128,
    intake_max_requests_per_second: u64,
    retry_days: u64,
    rules: usize,
}

#[derive(Debug, Serialize)]
struct SecretEntry {
    name: String,
    destination: Option<String>,
    needed: bool,
    by_dataset: bool,
    about: &'static str,
}

#[derive(Debug, Serialize)]
struct Finding {
    name: String,
    text: String,
}

/// Bindings that the durable route needs.
const BINDINGS: [&str; 3] = ["UPLOADS", "WORK", "LEDGER"];

pub(super) fn check(args: &Args) -> Result<Report, Error> {
    let project = Project::read(&args.config, args.env.as_deref())?;
    Ok(report(&project))
}

/// What there is to say of a file that cannot be read.
pub(super) fn unreadable(error: &ProjectError) -> Report {
    Report {
        is_ok: false,
        worker: String::new(),
        route: None,
        destinations: Vec::new(),
        secrets: Vec::new(),
        variables: BTreeMap::new(),
        problems: vec![Finding {
            name: error.file().display().to_string(),
            text: error.to_string(),
        }],
        warnings: Vec::new(),
    }
}

fn report(project: &Project) -> Report {
    let settings = WorkerSettings::of(project);
    let configuration = settings.configuration();
    let entries = configuration.destinations.as_deref().unwrap_or_default();
    let mut secrets = settings.secrets();
    let needs_key = entries.iter().filter_map(|entry| entry.setup.as_ref().ok());
    if needs_key
        .filter_map(|setup| setup.rules.as_ref())
        .any(|rules| rules.read().rules.needs_key())
    {
        for secret in &mut secrets {
            secret.is_needed |= secret.name == settings::PSEUDONYM_KEY.name;
        }
    }
    let (route, of_bindings) = route(project, entries);
    let mut problems: Vec<Problem> = of_bindings;
    problems.extend(of_configuration(&settings, &configuration));
    problems.extend(of_variables(&settings, entries, &secrets));
    let warnings = warnings(&settings, entries);
    Report {
        is_ok: problems.is_empty(),
        worker: project.name.clone(),
        route,
        destinations: entries.iter().map(Destination::of).collect(),
        secrets: secrets.into_iter().map(SecretEntry::of).collect(),
        variables: sizes::all(settings.variables()),
        problems: problems.into_iter().map(Finding::of).collect(),
        warnings: warnings.into_iter().map(Finding::of).collect(),
    }
}

/// The route for which there are bindings, as the Worker takes it.
fn route(project: &Project, entries: &[Entry]) -> (Option<&'static str>, Vec<Problem>) {
    let there = project.bindings();
    let missing: Vec<&str> = BINDINGS
        .into_iter()
        .filter(|name| !there.contains(name))
        .collect();
    match missing.as_slice() {
        [] => (Some("durable"), Vec::new()),
        [_, _, _] if entries.len() > 1 => {
            let names: Vec<&str> = entries.iter().map(|entry| &*entry.name).collect();
            let words = format!(
                "are missing: without them each upload is delivered while Logpush waits, to one destination only, and there are {}",
                names.join(", ")
            );
            let problem = Problem::new(BINDINGS.join(", "), words);
            (Some("direct"), vec![problem])
        }
        [_, _, _] => (Some("direct"), Vec::new()),
        some => {
            let words = "is missing: the durable route needs the bindings UPLOADS (R2), WORK (a queue) and LEDGER (a Durable Object), the direct route none of them";
            let problems = some.iter().map(|name| Problem::new(*name, words));
            (None, problems.collect())
        }
    }
}

fn of_configuration(settings: &WorkerSettings, configuration: &Configuration) -> Vec<Problem> {
    let lookup = |name: &str| settings.get(name);
    let of_ingest = configuration.ingest.as_ref().err();
    let mut problems: Vec<Problem> = of_ingest.into_iter().flatten().cloned().collect();
    match &configuration.destinations {
        Ok(entries) => {
            let wrong = entries
                .iter()
                .filter_map(|entry| entry.setup.as_ref().err());
            problems.extend(wrong.flatten().cloned());
        }
        Err(wrong) => problems.extend(wrong.iter().cloned()),
    }
    problems.extend(settings::for_alerts(&lookup).problems);
    problems
}

/// What is wrong with variables that no setting is read from as it stands there.
fn of_variables(
    settings: &WorkerSettings,
    entries: &[Entry],
    secrets: &[NeededSecret],
) -> Vec<Problem> {
    let names: Vec<&str> = entries.iter().map(|entry| &*entry.name).collect();
    let mut problems = Vec::new();
    for (variable, given) in settings.variables() {
        let mut problem = |words: String| problems.push(Problem::new(variable, words));
        if let Some(words) = sizes::problem(variable, given) {
            problem(words);
        }
        let is_secret = secrets.iter().any(|secret| secret.is_called(variable))
            || all_settings().any(|setting| setting.is_secret && setting.is_called(variable));
        if is_secret {
            problem(format!(
                "is a secret, which does not belong in a file: take it out, and set it with `npx wrangler secret put {variable}`"
            ));
        } else if sizes::is_of_nobody(variable, &names) {
            problem("has the rules of a destination that is not there".to_owned());
        } else if let Some(near) = misspelt(variable) {
            problem(format!("is no setting: do you mean {near}?"));
        }
    }
    problems
}

/// What a variable that is no setting is perhaps meant to be.
fn misspelt(variable: &str) -> Option<&'static str> {
    is_unknown(variable)
        .then(|| {
            nearest(
                variable,
                all_settings().map(|setting| setting.name).chain([TABLES]),
            )
        })
        .flatten()
}

fn is_unknown(variable: &str) -> bool {
    variable != TABLES
        && !rules::variables(DEFAULT)
            .iter()
            .any(|rules| rules == variable)
        && !variable.starts_with("RULES_")
        && !all_settings().any(|setting| setting.is_called(variable))
}

fn all_settings() -> impl Iterator<Item = &'static logpush_delivery::setting::Setting> {
    settings::groups().flat_map(|group| group.settings)
}

fn warnings(settings: &WorkerSettings, entries: &[Entry]) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for variable in settings.variables().keys() {
        if is_unknown(variable) && misspelt(variable).is_none() {
            warnings.push(Problem::new(variable, "is no setting of this Worker"));
        }
    }
    for setup in entries.iter().filter_map(|entry| entry.setup.as_ref().ok()) {
        if let Some(rules) = &setup.rules {
            let of_rules = rules.read().warnings.into_iter();
            warnings.extend(of_rules.map(|of| Problem::new(&*rules.name, of.to_string())));
        }
    }
    let because = entries.iter().find_map(|entry| entry.because.as_ref());
    if let Some(because) = because {
        let words = format!(
            "makes the destination `{DEFAULT}` stand beside the tables of {TABLES}: take it away where only they are meant"
        );
        warnings.push(Problem::new(because, words));
    }
    let nowhere: Vec<&str> = DATASETS
        .iter()
        .filter(|dataset| {
            !entries
                .iter()
                .any(|entry| entry.datasets.have(Some(dataset)))
        })
        .map(|dataset| dataset.name)
        .collect();
    if !entries.is_empty() && !nowhere.is_empty() {
        let words = format!(
            "send these datasets nowhere, and their uploads are refused: {}",
            nowhere.join(", ")
        );
        warnings.push(Problem::new(TABLES, words));
    }
    warnings
}

impl Destination {
    fn of(entry: &Entry) -> Self {
        Self {
            name: entry.name.clone(),
            kind: entry.kind.map(|kind| kind.name),
            datasets: match &entry.datasets {
                Datasets::All => None,
                Datasets::These(these) => Some(these.iter().map(|dataset| dataset.name).collect()),
            },
            settings: entry.setup.as_ref().ok().map(Settings::of),
        }
    }
}

impl Settings {
    fn of(setup: &Setup) -> Self {
        Self {
            shape: setup::shape_word(setup.shape),
            keep_original: setup.keep_original,
            sensitive_values: if setup.unmask { "shown" } else { "masked" },
            document_max_bytes: setup.document_bytes,
            batch_max_bytes: setup.batch_bytes,
            batch_max_records: setup.batch_records,
            deliveries_in_flight: setup.deliveries_in_flight,
            intake_timeout_ms: setup.retry.timeout.as_millis(),
            intake_max_requests_per_second: setup.requests_per_second,
            retry_days: setup.retry.retry_for.as_secs() / 86_400,
            rules: setup.rules.as_ref().map_or(0, rules::Rules::count),
        }
    }
}

impl SecretEntry {
    fn of(secret: NeededSecret) -> Self {
        Self {
            name: secret.name,
            destination: secret.destination,
            needed: secret.is_needed,
            by_dataset: secret.setting.is_by_dataset,
            about: secret.setting.about,
        }
    }
}

impl Finding {
    fn of(problem: Problem) -> Self {
        Self {
            name: problem.name,
            text: problem.words,
        }
    }
}

impl Report {
    /// The same for people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let route = match self.route {
            Some("durable") => "stored, then delivered (the durable route)",
            Some(_) => "delivered while Logpush waits (the direct route)",
            None => "not taken",
        };
        let _ = writeln!(text, "{}: uploads are {route}\n", self.worker);
        for destination in &self.destinations {
            destination.write(&mut text);
        }
        text.push_str("\nSecrets, each set with `npx wrangler secret put NAME`:\n");
        for secret in &self.secrets {
            let need = if secret.needed { "needed" } else { "optional" };
            let own = match secret.by_dataset {
                true => format!(", or {}_<DATASET> for each", secret.name),
                false => String::new(),
            };
            let _ = writeln!(text, "  {} ({need}{own}): {}", secret.name, secret.about);
        }
        for (title, findings) in [("Warnings", &self.warnings), ("Problems", &self.problems)] {
            if !findings.is_empty() {
                let _ = writeln!(text, "\n{title}:");
            }
            for Finding { name, text: words } in findings {
                let _ = writeln!(text, "  {name} {words}");
            }
        }
        if self.is_ok {
            text.push_str("\nNothing is wrong.\n");
        }
        text
    }
}

impl Destination {
    fn write(&self, text: &mut String) {
        let datasets = match &self.datasets {
            None => "all datasets".to_owned(),
            Some(names) => names.join(", "),
        };
        let kind = self.kind.unwrap_or("of no known kind");
        let _ = writeln!(text, "{}: {kind}, gets {datasets}", self.name);
        let Some(settings) = &self.settings else {
            text.push_str("  is not configured rightly, and gets nothing: see below\n");
            return;
        };
        let shown = match settings.sensitive_values {
            "shown" => ", sensitive values shown",
            _ => "",
        };
        let original = match settings.keep_original {
            true => ", with event.original",
            false => "",
        };
        let rate = match settings.intake_max_requests_per_second {
            0 => String::new(),
            rate => format!(", {rate} requests a second"),
        };
        let _ = writeln!(
            text,
            "  shape {}{original}{shown}; rules: {}",
            settings.shape, settings.rules
        );
        let _ = writeln!(
            text,
            "  batches of at most {} records and {} bytes, an event {} bytes; {} at a time{rate}; tried for {} days",
            settings.batch_max_records,
            settings.batch_max_bytes,
            settings.document_max_bytes,
            settings.deliveries_in_flight,
            settings.retry_days
        );
    }
}
