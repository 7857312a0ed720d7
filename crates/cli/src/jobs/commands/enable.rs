//! `jobs enable` and `jobs disable`: switch a job on and off.

use serde_json::json;

use crate::jobs::cloudflare::api::Method;
use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::scope::ScopeArgs;
use crate::jobs::session::{Change, CommandOutcome, Session, job_path};

/// Enable a job, which delivers from then on, and nothing from before
#[derive(Debug, clap::Args)]
pub(crate) struct EnableArgs {
    #[command(flatten)]
    one: OneArgs,
}

/// Disable a job; events until it is enabled again are never delivered
#[derive(Debug, clap::Args)]
pub(crate) struct DisableArgs {
    #[command(flatten)]
    one: OneArgs,
}

#[derive(Debug, clap::Args)]
struct OneArgs {
    /// The job's number
    #[arg(value_name = "JOB")]
    job: u64,

    #[command(flatten)]
    scope: ScopeArgs,
}

pub(crate) fn enable(session: &Session, args: &EnableArgs) -> Result<CommandOutcome, JobsError> {
    switch(session, &args.one, true)
}

pub(crate) fn disable(session: &Session, args: &DisableArgs) -> Result<CommandOutcome, JobsError> {
    switch(session, &args.one, false)
}

fn switch(session: &Session, args: &OneArgs, enabled: bool) -> Result<CommandOutcome, JobsError> {
    let scope = args.scope.resolve(&session.api)?;
    let job = session.job(&scope, args.job)?;
    let word = if enabled { "enabled" } else { "disabled" };
    if job.is_enabled() == enabled {
        return Ok(CommandOutcome {
            text: format!("job {} is {word} already\n", args.job),
            json: json!({ "action": "none", "job": job.shown() }),
            is_done: true,
        });
    }
    let change = Change {
        method: Method::Put,
        path: job_path(&scope, args.job),
        dataset: job.dataset(),
        body: Some(json!({ "enabled": enabled })),
        secrets: &[],
    };
    let curl = session.curl(&change);
    Ok(match session.change(&change)? {
        None => CommandOutcome {
            text: format!("would make job {} {word}:\n{curl}\n", args.job),
            json: json!({ "action": "none", "dry_run": true, "curl": curl, "job": job.shown() }),
            is_done: true,
        },
        Some(after) if after.is_enabled() != enabled => CommandOutcome {
            text: format!(
                "job {} is not {word}, although Cloudflare took the change\n  hint: look again with `logpush-ecs jobs show {} {}`\n",
                args.job,
                args.job,
                scope.option()
            ),
            json: json!({ "action": "none", "job": after.shown() }),
            is_done: false,
        },
        Some(after) => CommandOutcome {
            text: format!(
                "job {} is {word}; it takes 10 to 15 minutes everywhere. The same with curl:\n{curl}\n",
                args.job
            ),
            json: json!({ "action": word, "curl": curl, "job": after.shown() }),
            is_done: true,
        },
    })
}
