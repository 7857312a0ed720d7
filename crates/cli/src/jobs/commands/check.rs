//! `jobs check`: tests every link of the chain, and gives a hint for each broken one.

use logpush_normalizer::Dataset;
use serde_json::{Value, json};

use crate::dataset;
use crate::jobs::check::chain;
use crate::jobs::check::intake::Ledgers;
use crate::jobs::check::link::{Link, Mark};
use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::job::Job;
use crate::jobs::cloudflare::scope::{Scope, ScopesArgs};
use crate::jobs::commands::create::NAME_PREFIX;
use crate::jobs::session::{CommandOutcome, Session};
use crate::terminal::printable;

/// Check the chain from Cloudflare to the Worker, link by link
///
/// Checks the jobs that deliver to a Worker of this kind, or the one that is named. Makes Cloudflare
/// send its test upload, which produces no event, unless this is a dry run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Check only this job
    #[arg(value_name = "JOB", conflicts_with = "all_zones")]
    job: Option<u64>,

    #[command(flatten)]
    scopes: ScopesArgs,

    /// Check only jobs of these datasets, separated by commas
    #[arg(long, value_name = "DATASET", value_delimiter = ',', value_parser = dataset::parser())]
    dataset: Vec<&'static Dataset>,

    /// The Worker that reads the bucket of a job that was created with `--via r2`
    #[arg(long, value_name = "URL")]
    worker: Option<String>,
}

impl Args {
    /// The arguments that check the jobs of these datasets; `worker` reads the bucket of those that write
    /// to one.
    pub(crate) fn of(
        scopes: ScopesArgs,
        dataset: Vec<&'static Dataset>,
        worker: Option<String>,
    ) -> Self {
        Self {
            job: None,
            scopes,
            dataset,
            worker,
        }
    }
}

pub(crate) fn run(session: &Session, args: &Args) -> Result<CommandOutcome, JobsError> {
    let ledgers = Ledgers::from_environment(&session.mask).map_err(JobsError::Usage)?;
    check(session, args, &ledgers)
}

/// Runs the check with the status that the Workers report.
pub(crate) fn check(
    session: &Session,
    args: &Args,
    ledgers: &Ledgers,
) -> Result<CommandOutcome, JobsError> {
    for dataset in &args.dataset {
        args.scopes.expect(dataset.name)?;
    }
    let (mut text, mut all, mut broken) = (String::new(), Vec::new(), 0);
    for scope in args.scopes.resolve(&session.api)? {
        text += &format!("{scope}\n");
        let (token, jobs) = match found(session, args, &scope) {
            Ok(jobs) => (token(session, args, &scope), jobs),
            Err(error) => (
                Link::fail("token", error.to_string(), error.hint().unwrap_or_default()),
                Vec::new(),
            ),
        };
        let is_read = token.mark != Mark::Fail;
        let mut links = vec![token];
        if is_read {
            links.extend(missing(args, &scope, &jobs));
        }
        let mut checked = Vec::new();
        text += &lines(&links, &mut broken);
        for job in &jobs {
            let links = chain::walk(session, &scope, job, args.worker.as_deref(), ledgers);
            text += &printable(&format!(
                "job {}, {}, {}",
                job.id(),
                job.dataset(),
                job.destination().shown()
            ));
            text.push('\n');
            text += &lines(&links, &mut broken);
            checked.push(json!({
                "job": job.id(),
                "dataset": job.dataset(),
                "name": job.text("name"),
                "destination": job.destination().shown(),
                "last_complete": job.0.get("last_complete"),
                "links": links,
            }));
        }
        all.push(json!({ "scope": scope.to_string(), "links": links, "jobs": checked }));
    }
    text += &match broken {
        0 => "no link is broken\n".to_owned(),
        1 => "1 link is broken\n".to_owned(),
        count => format!("{count} links are broken\n"),
    };
    Ok(CommandOutcome {
        text,
        json: json!({ "broken": broken, "scopes": Value::from(all) }),
        is_done: broken == 0,
    })
}

/// What the token may do; a warning where that is more than what is asked for.
fn token(session: &Session, args: &Args, scope: &Scope) -> Link {
    const NAME: &str = "token";
    const TEXT: &str = "may read and change the jobs here";
    let others = args.scopes.other_zones(&session.api, scope);
    if others.is_empty() {
        return Link::ok(NAME, TEXT);
    }
    Link::warn(
        NAME,
        format!(
            "{TEXT}, and read zones that are not asked for: {}",
            others.join(", ")
        ),
        "limit its Zone Resources to what has jobs, at dash.cloudflare.com/profile/api-tokens: a token that is lost then gives away less",
    )
}

/// The job that is named, or the jobs of this program.
fn found(session: &Session, args: &Args, scope: &Scope) -> Result<Vec<Job>, JobsError> {
    if let Some(job) = args.job {
        return Ok(vec![session.job(scope, job)?]);
    }
    let mut jobs = Vec::new();
    match args.dataset.as_slice() {
        [] => jobs = session.jobs(scope, None)?,
        datasets => {
            for dataset in datasets {
                jobs.extend(session.jobs(scope, Some(dataset.name))?);
            }
        }
    }
    jobs.retain(|job| job.destination().is_worker() || job.text("name").starts_with(NAME_PREFIX));
    Ok(jobs)
}

/// A broken link for each requested dataset without a job. Without a request, one job is enough.
fn missing(args: &Args, scope: &Scope, jobs: &[Job]) -> Vec<Link> {
    if args.job.is_some() {
        return Vec::new();
    }
    if args.dataset.is_empty() {
        return match jobs.is_empty() {
            true => vec![no_job(scope, None)],
            false => Vec::new(),
        };
    }
    let has = |name: &str| jobs.iter().any(|job| job.dataset() == name);
    args.dataset
        .iter()
        .filter(|dataset| !has(dataset.name))
        .map(|dataset| no_job(scope, Some(dataset.name)))
        .collect()
}

fn no_job(scope: &Scope, dataset: Option<&str>) -> Link {
    Link::fail(
        "job",
        match dataset {
            Some(dataset) => format!("no job delivers {dataset} to a Worker"),
            None => "no job delivers to a Worker".to_owned(),
        },
        format!(
            "`logpush-ecs jobs create {} --dataset {} --worker URL`",
            scope.option(),
            dataset.unwrap_or("DATASET")
        ),
    )
}

fn lines(links: &[Link], broken: &mut u64) -> String {
    let mut text = String::new();
    for Link {
        name,
        mark,
        text: words,
        hint,
    } in links
    {
        let mark = match mark {
            Mark::Ok => "ok",
            Mark::Warn => "warn",
            Mark::Fail => "FAIL",
            Mark::Skip => "skip",
        };
        *broken += u64::from(mark == "FAIL");
        text += &format!("  {mark:<4}  {name:<13}  {words}\n");
        if let Some(hint) = hint {
            text += &format!("        {:<13}  hint: {hint}\n", "");
        }
    }
    text
}
