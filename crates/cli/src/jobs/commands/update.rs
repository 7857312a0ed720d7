//! `jobs update`: changes the members of a job that the options name.

use logpush_normalizer::datasets::by_name;
use serde_json::{Map, Value, json};

use crate::jobs::check::chain;
use crate::jobs::cloudflare::api::Method;
use crate::jobs::cloudflare::destination::{Destination, SECRET_PARAMETER};
use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::fields;
use crate::jobs::cloudflare::job::Job;
use crate::jobs::cloudflare::scope::{Scope, ScopeArgs};
use crate::jobs::difference::{self, Difference};
use crate::jobs::options::{OptionsArgs, merged};
use crate::jobs::session::{Change, CommandOutcome, Session, job_path, substitutions};
use crate::terminal::printable;

/// Change a job, and only what the options name
///
/// Cloudflare replaces all output options if one is sent, so the current ones are read first and sent
/// again. A new destination is tested first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The job's number
    #[arg(value_name = "JOB")]
    job: u64,

    #[command(flatten)]
    scope: ScopeArgs,

    /// Deliver to this Worker, with the secret in LOGPUSH_SECRET
    #[arg(long, value_name = "URL")]
    worker: Option<String>,

    /// Put the secret in LOGPUSH_SECRET into the destination; for a bucket, the keys in
    /// R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY
    #[arg(long)]
    secret: bool,

    #[command(flatten)]
    options: OptionsArgs,
}

impl Args {
    /// The arguments that put the session's secret into a job that delivers to a Worker.
    pub(crate) fn put_secret(job: u64, scope: &Scope) -> Self {
        Self {
            job,
            scope: scope.into(),
            worker: None,
            secret: true,
            options: OptionsArgs::default(),
        }
    }
}

pub(crate) fn run(session: &Session, args: &Args) -> Result<CommandOutcome, JobsError> {
    let scope = args.scope.resolve(&session.api)?;
    let job = session.job(&scope, args.job)?;
    let (asked, secrets) = asked(session, args, &scope, &job)?;
    if asked.is_empty() {
        return Err(JobsError::Usage(
            "nothing to change: name an option, such as --fields all".to_owned(),
        ));
    }
    let body: Map<String, Value> = asked
        .into_iter()
        .filter(|(name, value)| {
            let one = Map::from_iter([(name.clone(), value.clone())]);
            !difference::between(&job, &one).is_empty()
        })
        .collect();
    let differences = difference::between(&job, &body);
    if differences.is_empty() {
        return Ok(CommandOutcome {
            text: format!("job {} is as asked already\n", args.job),
            json: json!({ "action": "none", "job": job.shown(), "differences": [] }),
            is_done: true,
        });
    }
    if let Some(Value::String(destination)) = body.get("destination_conf")
        && !session.dry_run
    {
        chain::test(
            session,
            &scope,
            job.dataset(),
            &Destination::parse(destination),
        )?;
    }
    let change = Change {
        method: Method::Put,
        path: job_path(&scope, args.job),
        dataset: job.dataset(),
        body: Some(Value::Object(body.clone())),
        secrets: &secrets,
    };
    let curl = session.curl(&change);
    let after = session.change(&change)?;
    let left = match &after {
        Some(after) => difference::between(after, &body),
        None => Vec::new(),
    };
    let mut text = match &after {
        Some(_) => format!("changed job {}:\n", args.job),
        None => format!("would change job {}:\n", args.job),
    };
    for Difference { what, is, wanted } in &differences {
        text += &printable(&format!("  {what}: {is} -> {wanted}"));
        text.push('\n');
    }
    for Difference { what, is, .. } in &left {
        text += &printable(&format!("  not taken by Cloudflare: {what} is {is}"));
        text.push('\n');
    }
    if after.is_some() {
        text += "It takes 10 to 15 minutes everywhere. ";
    }
    text += &format!("The same with curl:\n{curl}\n");
    Ok(CommandOutcome {
        text,
        json: json!({
            "action": if after.is_some() { "changed" } else { "none" },
            "dry_run": session.dry_run,
            "job": after.as_ref().unwrap_or(&job).shown(),
            "differences": differences,
            "not_taken": left,
            "curl": curl,
        }),
        is_done: left.is_empty(),
    })
}

type Substitutions = Vec<(String, String)>;

/// The members of the job that the options ask for, and the secrets in them.
fn asked(
    session: &Session,
    args: &Args,
    scope: &Scope,
    job: &Job,
) -> Result<(Map<String, Value>, Substitutions), JobsError> {
    let mut asked = args.options.members();
    let chosen = match args.options.fields {
        Some(_) => {
            let offered = fields::offered(&session.api, scope, job.dataset())?;
            Some(args.options.choose(&offered, job.dataset())?)
        }
        None => None,
    };
    let output = args.options.output(chosen);
    if !output.is_empty() {
        let merged = merged(job, output);
        asked.insert("output_options".to_owned(), Value::Object(merged));
    }
    let (destination, substitutions) = destination(session, args, job)?;
    if let Some(destination) = destination {
        asked.insert("destination_conf".to_owned(), json!(destination.text()));
    }
    Ok((asked, substitutions))
}

fn destination(
    session: &Session,
    args: &Args,
    job: &Job,
) -> Result<(Option<Destination>, Substitutions), JobsError> {
    if let Some(worker) = &args.worker {
        let secret = session.secret()?;
        let Some(dataset) = by_name(job.dataset()) else {
            return Err(JobsError::Usage(format!(
                "the Worker does not read {}, the job's dataset",
                printable(job.dataset())
            )));
        };
        // Headers of the old destination are dropped: they may be secrets of another service.
        let destination =
            Destination::worker(worker, dataset, &secret).map_err(JobsError::Usage)?;
        return Ok((Some(destination), substitutions(Some(&secret), None)));
    }
    if !args.secret {
        return Ok((None, Vec::new()));
    }
    let mut destination = job.destination();
    if destination.is_r2() {
        let keys = session.r2_keys()?;
        destination.set_r2_keys(&keys);
        return Ok((Some(destination), substitutions(None, Some(&keys))));
    }
    if !destination.is_worker() {
        return Err(JobsError::Usage(
            "the job does not deliver to a Worker of this kind: --secret would give the secret away; move the job with --worker"
                .to_owned(),
        ));
    }
    let secret = session.secret()?;
    destination.set(SECRET_PARAMETER, secret.first());
    Ok((Some(destination), substitutions(Some(&secret), None)))
}
