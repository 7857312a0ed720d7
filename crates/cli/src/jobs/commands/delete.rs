//! `jobs delete`: deletes a job.

use serde_json::json;

use crate::jobs::cloudflare::api::Method;
use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::scope::ScopeArgs;
use crate::jobs::commands::show;
use crate::jobs::session::{Change, CommandOutcome, Session, job_path};

/// Delete a job, and show what it was
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The job's number
    #[arg(value_name = "JOB")]
    job: u64,

    #[command(flatten)]
    scope: ScopeArgs,
}

pub(crate) fn run(session: &Session, args: &Args) -> Result<CommandOutcome, JobsError> {
    let scope = args.scope.resolve(&session.api)?;
    let job = session.job(&scope, args.job)?;
    let change = Change {
        method: Method::Delete,
        path: job_path(&scope, args.job),
        dataset: job.dataset(),
        body: None,
        secrets: &[],
    };
    let (curl, was) = (session.curl(&change), show::text(&job));
    Ok(match session.change(&change)? {
        None => CommandOutcome {
            text: format!("would delete job {}:\n{was}{curl}\n", args.job),
            json: json!({ "action": "none", "dry_run": true, "curl": curl, "job": job.shown() }),
            is_done: true,
        },
        Some(_) => CommandOutcome {
            text: format!(
                "deleted job {}, which was:\n{was}The same with curl:\n{curl}\n",
                args.job
            ),
            json: json!({ "action": "deleted", "curl": curl, "job": job.shown() }),
            is_done: true,
        },
    })
}
