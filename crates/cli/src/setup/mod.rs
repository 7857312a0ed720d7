//! `logpush-ecs setup`: sets up everything from a clone to events at the SIEM.

mod destination;
mod error;
mod intake_format;
mod report;
mod secrets;
mod secrets_file;
mod shape;
mod test_event;
mod worker;
mod wrangler;

use core::time::Duration;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use logpush_delivery::configuration::name::DEFAULT;
use logpush_normalizer::Dataset;
use serde_json::json;

use crate::dataset;
use crate::error::Error;
use crate::jobs::check::intake::Ledgers;
use crate::jobs::cloudflare::api;
use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::job::Job;
use crate::jobs::cloudflare::scope::{Scope, ScopesArgs};
use crate::jobs::commands::create::Via;
use crate::jobs::commands::{check, create, update};
use crate::jobs::session::Session;
use crate::mask::Mask;
use crate::project::{Bucket, FILE, Project};
use crate::setup::error::SetupError;
use crate::setup::intake_format::IntakeFormat;
use crate::setup::report::Report;
use crate::setup::secrets::Secrets;
use crate::setup::secrets_file::SecretsFile;
use crate::setup::worker::{DeployedWorker, address};
use crate::setup::wrangler::{Found, Wrangler};
use crate::worker_client::target::Secret;
use crate::worker_settings::WorkerSettings;

/// Set everything up at Cloudflare: bucket, queue, Worker, secrets and Logpush jobs
///
/// Runs in the clone of the repository and creates everything that `wrangler.toml` names. Whatever
/// exists already stays as it is, so that the command can be stopped and repeated at any point; later
/// it deploys new versions. wrangler deploys the Worker: sign in with `npx wrangler login`. The token
/// for the jobs comes from CLOUDFLARE_API_TOKEN, secrets of destinations from the environment or a
/// prompt. LOGPUSH_SECRET and OPERATOR_SECRET are generated if the environment does not have them, and
/// kept in a file that only you can read.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  export CLOUDFLARE_API_TOKEN=...
  logpush-ecs setup --zone example.com --dataset firewall_events --dry-run
  logpush-ecs setup --zone example.com --dataset firewall_events,http_requests --intake-format custom
  logpush-ecs setup --destination siem --test-event

Exit codes:
  0  done, and no link of the chain is broken
  1  not done, and the next run continues from there; or a link is broken
  2  wrong usage")]
pub(crate) struct Args {
    #[command(flatten)]
    scopes: ScopesArgs,

    /// The datasets to send, separated by commas
    #[arg(
        long,
        value_name = "DATASET",
        required_unless_present = "destination",
        value_delimiter = ','
    )]
    #[arg(value_parser = dataset::parser())]
    dataset: Vec<&'static Dataset>,

    /// Set up the secrets of one destination only, that of [vars.DESTINATIONS.<NAME>]
    #[arg(long, value_name = "NAME", group = "scopes")]
    #[arg(conflicts_with_all = ["worker", "intake_format", "rotate_secret"])]
    destination: Option<String>,

    /// Send one event to the destination, or to each that gets the datasets, from here
    #[arg(long)]
    test_event: bool,

    /// The Worker's address, if it is not the one that wrangler reports
    #[arg(long, value_name = "URL")]
    worker: Option<String>,

    /// The format of the intake at SEKOIA.IO, which decides about SHAPE; asked for if it is missing
    #[arg(long, value_enum, value_name = "FORMAT")]
    intake_format: Option<IntakeFormat>,

    /// Where Logpush delivers: to the Worker, or to the bucket that the Worker reads, with the keys in
    /// R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY
    #[arg(long, value_enum, default_value_t = Via::Worker)]
    via: Via,

    /// Generate a new LOGPUSH_SECRET, and put it into the Worker and the jobs
    #[arg(long)]
    rotate_secret: bool,

    /// The file that keeps the generated secrets
    #[arg(long, value_name = "FILE", default_value = ".deploy.vars")]
    secrets: PathBuf,

    /// The longest wait until the Worker is ready
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    wait: u64,

    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,

    /// Print one JSON document to standard output, and the steps to standard error
    #[arg(long)]
    json: bool,

    /// The API's base URL
    #[arg(long, value_name = "URL", default_value = api::BASE)]
    #[arg(env = "CLOUDFLARE_API_BASE_URL")]
    api: String,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Error> {
    let mask = Rc::new(Mask::default());
    let report = Report::new(&mask, args.json);
    let done = match &args.destination {
        Some(name) => {
            let options = destination::Options {
                name,
                datasets: &args.dataset,
                secrets: &args.secrets,
                test_event: args.test_event,
                dry_run: args.dry_run,
                json: args.json,
            };
            destination::set_up(options, &mask, &report)
        }
        None => Setup::begin(args, &mask, &report).and_then(|mut setup| setup.walk()),
    };
    if !matches!(
        done,
        Err(SetupError::Usage(_) | SetupError::Jobs(JobsError::Usage(_)))
    ) {
        let is_done = matches!(done, Ok(true));
        let printed = report.finish(is_done, done.as_ref().err());
        if let Err(SetupError::Output(error)) = printed {
            return Err(Error::Output(error));
        }
    }
    match done {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Ok(ExitCode::FAILURE),
        Err(SetupError::Usage(message) | SetupError::Jobs(JobsError::Usage(message))) => {
            Err(Error::Usage {
                subcommand: "setup",
                message: mask.hide(&message),
            })
        }
        Err(SetupError::Output(error)) => Err(Error::Output(error)),
        Err(error) => Err(Error::Setup(mask.hide(&error.text()))),
    }
}

struct Setup<'a> {
    args: &'a Args,
    mask: Rc<Mask>,
    report: &'a Report,
    project: Project,
    session: Session,
    wrangler: Wrangler,
}

impl<'a> Setup<'a> {
    fn begin(args: &'a Args, mask: &Rc<Mask>, report: &'a Report) -> Result<Self, SetupError> {
        for dataset in &args.dataset {
            args.scopes.expect(dataset.name)?;
        }
        let project = Project::read(Path::new(FILE), None)?;
        let settings = WorkerSettings::of(&project);
        Ok(Self {
            args,
            mask: Rc::clone(mask),
            report,
            project,
            session: Session::new(&args.api, args.dry_run, mask)?,
            wrangler: Wrangler::new(mask, args.json, settings.secrets()),
        })
    }

    /// Takes every step, and returns whether everything works in the end. Whatever can be refused is
    /// asked for before anything is created.
    fn walk(&mut self) -> Result<bool, SetupError> {
        let jobs = self.read_jobs()?;
        self.sign_in()?;
        let existing = self.wrangler.secrets(&self.project.name)?;
        let settings = WorkerSettings::of(&self.project);
        let format = self.intake_format(&settings, &existing)?;
        if self.args.via == Via::R2 {
            // Asked for before anything is created.
            self.session.r2_keys()?;
        }
        let mut secrets = Secrets {
            wrangler: &self.wrangler,
            report: self.report,
            mask: &self.mask,
            file: SecretsFile::read(&self.args.secrets)?,
            existing,
            dry_run: self.args.dry_run,
        };
        let is_by_dataset = format == Some(IntakeFormat::BuiltIn) && self.args.dataset.len() > 1;
        let for_destination =
            secrets.for_destinations(&settings, &self.args.dataset, is_by_dataset)?;
        self.set_shape(format)?;

        self.make_storage()?;
        let target = self.deploy()?;
        let of_job = target.as_ref().and_then(|target| secret_of(&jobs, target));
        let secret = secrets.logpush(target.as_ref(), of_job, self.args.rotate_secret)?;
        let operator = secrets.operator()?;
        secrets.set_for_destinations(&settings, None, &for_destination)?;

        let (Some(target), Some(secret)) = (target, secret) else {
            return self.plan_jobs(&jobs);
        };
        target.wait_until_ready(self.report, &secret, &self.args.dataset)?;
        self.report
            .ok("worker", &format!("{} is ready", target.url))?;
        self.session.set_secret(secret.clone());
        self.update_jobs(&jobs, &target, &secret)?;
        let are_there = self.create_jobs(&target)?;
        let are_taken = destination::send_test_events(
            for_destination,
            &self.args.dataset,
            &secrets.existing,
            self.args.test_event,
            &self.mask,
            self.report,
        )?;
        Ok(self.check(&target, operator)? && are_there && are_taken)
    }

    /// Reads the existing jobs of the datasets, which also shows whether the token may read them.
    fn read_jobs(&self) -> Result<Vec<(Scope, Job)>, SetupError> {
        let scopes = self.args.scopes.resolve(&self.session.api)?;
        let mut all = Vec::new();
        for scope in &scopes {
            for dataset in &self.args.dataset {
                let jobs = self.session.jobs(scope, Some(dataset.name))?;
                all.extend(jobs.into_iter().map(|job| (scope.clone(), job)));
            }
        }
        let places: Vec<_> = match scopes.as_slice() {
            [scope] => vec![scope.to_string()],
            scopes => vec![format!("{} zones", scopes.len())],
        };
        let text = format!("may read and change the jobs of {}", places.join(", "));
        self.report.ok("token", &text)?;
        Ok(all)
    }

    fn sign_in(&self) -> Result<(), SetupError> {
        let sign_in = self.wrangler.sign_in(&self.project)?;
        self.report.ok("sign-in", sign_in.words())
    }

    /// The format of the intake. It is asked for while the Worker has no key of an intake: later it is
    /// what `wrangler.toml` has.
    fn intake_format(
        &self,
        settings: &WorkerSettings,
        existing: &BTreeSet<String>,
    ) -> Result<Option<IntakeFormat>, SetupError> {
        let configuration = settings.configuration();
        let kind = configuration
            .destination(DEFAULT)
            .and_then(|entry| entry.kind)
            .map(|kind| kind.name);
        if kind != Some("sekoia") {
            return match self.args.intake_format {
                None => Ok(None),
                Some(_) => Err(SetupError::Usage(format!(
                    "--intake-format is for SEKOIA.IO, and {}",
                    match kind {
                        Some(kind) => format!("DESTINATION is {kind}"),
                        None => "the shape of a destination stands in its table".to_owned(),
                    }
                ))),
            };
        }
        let secrets = settings.secrets();
        let has_key = existing.iter().any(|name| {
            let mut of_default = secrets
                .iter()
                .filter(|secret| secret.destination.as_deref() == Some(DEFAULT));
            of_default.any(|secret| secret.is_called(name))
        });
        let format = match self.args.intake_format {
            Some(format) => format,
            None if has_key => return Ok(None),
            None if self.args.dry_run => {
                self.report.plan(
                    "intake format",
                    "would be asked for; --intake-format answers: built-in or custom",
                )?;
                return Ok(None);
            }
            None => IntakeFormat::ask()?,
        };
        format.expect(&self.args.dataset)?;
        Ok(Some(format))
    }

    /// Sets the shape that goes with the format, and writes the custom format to a folder.
    fn set_shape(&self, format: Option<IntakeFormat>) -> Result<(), SetupError> {
        const NAME: &str = "intake format";
        let Some(format) = format else { return Ok(()) };
        let shape = format.shape();
        let text = format!("{}, and SHAPE = \"{shape}\"", format.name());
        match (shape::has(&self.project, shape), self.args.dry_run) {
            (true, _) => self.report.ok(NAME, &text)?,
            (false, true) => self
                .report
                .plan(NAME, &format!("{text} in wrangler.toml"))?,
            (false, false) => {
                shape::set(shape)?;
                self.report
                    .done(NAME, &format!("{text} in wrangler.toml"))?;
            }
        }
        if format == IntakeFormat::Custom && !self.args.dry_run {
            let folder = intake_format::write(&self.args.dataset)?;
            let text = format!(
                "{} has the format of these datasets; DECLARE.md lists the fields to declare, those that rules need first",
                folder.display()
            );
            self.report.done(NAME, &text)?;
        }
        Ok(())
    }

    fn make_storage(&self) -> Result<(), SetupError> {
        let dry_run = self.args.dry_run;
        for bucket in self.project.buckets() {
            let made = match dry_run {
                true => self.wrangler.look_for_bucket(bucket)?,
                false => self.wrangler.make_bucket(bucket)?,
            };
            self.report_found("bucket", &bucket.name, made)?;
        }
        for queue in self.project.queues() {
            let made = match dry_run {
                true => self.wrangler.look_for_queue(queue)?,
                false => self.wrangler.make_queue(queue)?,
            };
            self.report_found("queue", queue, made)?;
        }
        if self.args.via == Via::R2 {
            self.make_notification()?;
        }
        Ok(())
    }

    /// Has the bucket tell the queue of what Logpush writes. The sweep would find it too, but later.
    fn make_notification(&self) -> Result<(), SetupError> {
        const NAME: &str = "notification";
        let bucket = self.bucket()?;
        let queue = self.project.queues().into_iter().next();
        let queue = queue.ok_or_else(|| {
            SetupError::Usage("--via r2 needs a queue in wrangler.toml".to_owned())
        })?;
        let text = format!(
            "{} tells {queue} of each object below logpush/",
            bucket.name
        );
        if self.args.dry_run {
            return self.report.plan(NAME, &format!("{text}: would be set"));
        }
        match self.wrangler.make_notification(bucket, queue) {
            Ok(Found::Created) => self.report.done(NAME, &text),
            Ok(Found::Existing | Found::Missing) => self.report.ok(NAME, &text),
            // The sweep finds the objects all the same.
            Err(error @ SetupError::Wrangler { .. }) => self.report.wait(
                NAME,
                &format!(
                    "not set, so that uploads are found by the sweep, minutes later: {error}; by hand: `npx wrangler r2 bucket notification create {} --event-type object-create --queue {queue} --prefix logpush/`",
                    bucket.name
                ),
            ),
            Err(error) => Err(error),
        }
    }

    /// The bucket that the Worker reads.
    fn bucket(&self) -> Result<&Bucket, SetupError> {
        let bucket = self.project.buckets().first();
        bucket
            .ok_or_else(|| SetupError::Usage("--via r2 needs a bucket in wrangler.toml".to_owned()))
    }

    fn report_found(&self, kind: &str, name: &str, made: Found) -> Result<(), SetupError> {
        match made {
            Found::Existing => self.report.ok(kind, &format!("{name} is there")),
            Found::Created => self.report.done(kind, &format!("{name} is created")),
            Found::Missing => self
                .report
                .plan(kind, &format!("{name} is not seen, and would be created")),
        }
    }

    /// Deploys the Worker; nothing is deployed in a dry run.
    fn deploy(&self) -> Result<Option<DeployedWorker>, SetupError> {
        let name = &self.project.name;
        if self.args.dry_run {
            let text = format!("{name} would be built and deployed, with `wrangler deploy`");
            self.report.plan("worker", &text)?;
            return Ok(None);
        }
        let targets = self.wrangler.deploy()?;
        let named = self.args.worker.clone();
        let url = named
            .or_else(|| address(&targets))
            .ok_or(SetupError::NoAddress)?;
        let url = url.trim_end_matches('/').to_owned();
        self.report
            .done("worker", &format!("{name} is deployed at {url}"))?;
        let [dataset, ..] = self.args.dataset.as_slice() else {
            return Err(SetupError::Usage("--dataset is missing".to_owned()));
        };
        let target = DeployedWorker::new(url, dataset, Duration::from_secs(self.args.wait));
        target.wait_until_there(self.report)?;
        Ok(Some(target))
    }

    /// Puts the Worker's secret into its jobs that send another one.
    fn update_jobs(
        &self,
        jobs: &[(Scope, Job)],
        target: &DeployedWorker,
        secret: &Secret,
    ) -> Result<(), SetupError> {
        for (scope, job) in jobs.iter().filter(|(_, job)| target.is_of(job)) {
            if job.destination().header("X-Logpush-Secret").as_deref() == Some(secret.first()) {
                continue;
            }
            let args = update::Args::put_secret(job.id(), scope);
            let outcome = update::run(&self.session, &args)?;
            self.report.jobs(&outcome.text, outcome.json)?;
        }
        Ok(())
    }

    /// Creates the missing jobs, and returns whether every job exists. A job with other options counts,
    /// since the check decides whether it works. A failure does not keep the other jobs from being
    /// created.
    fn create_jobs(&self, target: &DeployedWorker) -> Result<bool, SetupError> {
        let mut are_there = true;
        for dataset in &self.args.dataset {
            let scopes = self.args.scopes.clone();
            let args = match self.args.via {
                Via::Worker => create::Args::to_worker(dataset, scopes, target.url.clone()),
                Via::R2 => create::Args::to_bucket(dataset, scopes, self.bucket()?.name.clone()),
            };
            match create::run(&self.session, &args) {
                Ok(outcome) => {
                    are_there &= !outcome.has_error();
                    self.report.jobs(&outcome.text, outcome.json)?;
                }
                Err(error @ JobsError::Usage(_)) => return Err(error.into()),
                Err(error) => {
                    are_there = false;
                    let text = format!("{}: not created\nerror: {}\n", dataset.name, error.text());
                    let json =
                        json!({ "dataset": dataset.name, "action": "none", "error": error.json() });
                    self.report.jobs(&text, json)?;
                }
            }
        }
        Ok(are_there)
    }

    fn plan_jobs(&self, jobs: &[(Scope, Job)]) -> Result<bool, SetupError> {
        for dataset in &self.args.dataset {
            let mut there = jobs
                .iter()
                .filter(|(_, job)| job.dataset() == dataset.name && job.destination().is_worker());
            let text = match there.next() {
                Some((scope, job)) => format!(
                    "{} of {scope} is there, and would be compared; others would be created",
                    job.id()
                ),
                None => format!("{} would be created, with all fields offered", dataset.name),
            };
            self.report.plan("job", &text)?;
        }
        self.report.plan("check", "every link would be tried")?;
        Ok(true)
    }

    fn check(&self, target: &DeployedWorker, operator: Option<Secret>) -> Result<bool, SetupError> {
        let worker = (self.args.via == Via::R2).then(|| target.url.clone());
        let args = check::Args::of(self.args.scopes.clone(), self.args.dataset.clone(), worker);
        let ledgers = Ledgers::new(operator, &self.mask);
        let outcome = check::check(&self.session, &args, &ledgers)?;
        self.report.check(&outcome.text, outcome.json)?;
        Ok(outcome.is_done)
    }
}

/// The secret that an existing job of this Worker sends.
fn secret_of(jobs: &[(Scope, Job)], target: &DeployedWorker) -> Option<String> {
    jobs.iter()
        .filter(|(_, job)| target.is_of(job))
        .find_map(|(_, job)| job.destination().header("X-Logpush-Secret"))
}
