//! `jobs list`: lists the jobs of zones or of an account.

use logpush_normalizer::Dataset;
use serde_json::{Value, json};

use crate::dataset;
use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::job::Job;
use crate::jobs::cloudflare::scope::ScopesArgs;
use crate::jobs::session::{CommandOutcome, Session};
use crate::jobs::table::table;
use crate::terminal::printable;

/// List the jobs of a zone, an account or all zones
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// List only jobs of this dataset
    #[arg(long, value_name = "DATASET", value_parser = dataset::parser())]
    dataset: Option<&'static Dataset>,

    #[command(flatten)]
    scopes: ScopesArgs,
}

const HEAD: [&str; 7] = [
    "JOB",
    "DATASET",
    "NAME",
    "ENABLED",
    "LAST DELIVERY",
    "LAST ERROR",
    "DESTINATION",
];

pub(crate) fn run(session: &Session, args: &Args) -> Result<CommandOutcome, JobsError> {
    let dataset = args.dataset.map(|dataset| dataset.name);
    if let Some(dataset) = dataset {
        args.scopes.expect(dataset)?;
    }
    let scopes = args.scopes.resolve(&session.api)?;
    let (mut text, mut all, mut is_done) = (String::new(), Vec::new(), true);
    for scope in &scopes {
        if scopes.len() > 1 {
            text += &format!("{scope}\n");
        }
        match session.jobs(scope, dataset) {
            Ok(jobs) if jobs.is_empty() => text += "no job\n",
            Ok(jobs) => {
                let rows: Vec<_> = jobs.iter().map(row).collect();
                text += &table(&HEAD, &rows);
                all.extend(jobs.iter().map(|job| with_scope(job, &scope.to_string())));
            }
            // A zone that cannot be read does not hide the others.
            Err(error) if scopes.len() > 1 => {
                is_done = false;
                text += &format!("error: {}\n", error.text());
                all.push(json!({ "scope": scope.to_string(), "error": error.json() }));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(CommandOutcome {
        text,
        json: Value::from(all),
        is_done,
    })
}

fn row(job: &Job) -> Vec<String> {
    let or_dash = |text: &str| match text {
        "" => "-".to_owned(),
        text => printable(text),
    };
    vec![
        job.id().to_string(),
        or_dash(job.dataset()),
        or_dash(job.text("name")),
        if job.is_enabled() { "yes" } else { "no" }.to_owned(),
        or_dash(job.text("last_complete")),
        or_dash(job.text("last_error")),
        printable(&job.destination().shown()),
    ]
}

fn with_scope(job: &Job, scope: &str) -> Value {
    let mut shown = job.shown();
    if let Value::Object(members) = &mut shown {
        members.insert("scope".to_owned(), json!(scope));
    }
    shown
}
