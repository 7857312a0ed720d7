//! `jobs show`: shows every member of one job.

use serde_json::Value;

use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::explain;
use crate::jobs::cloudflare::job::Job;
use crate::jobs::cloudflare::scope::ScopeArgs;
use crate::jobs::session::{CommandOutcome, Session};
use crate::terminal::printable;

/// Show one job
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
    Ok(CommandOutcome {
        text: text(&job),
        json: job.shown(),
        is_done: true,
    })
}

/// The job as text, a line for each member that is not null.
pub(crate) fn text(job: &Job) -> String {
    let mut text = String::new();
    let Value::Object(members) = job.shown() else {
        return text;
    };
    // The API's longest name is "max_upload_interval_seconds".
    let mut line = |name: &str, value: &str| {
        text += &format!("{name:<27}  {}\n", printable(value));
    };
    for (name, value) in &members {
        match value {
            Value::Null => {}
            Value::Object(_) if name == "output_options" => {}
            Value::String(value) => line(name, value),
            value => line(name, &value.to_string()),
        }
    }
    for (name, value) in &job.output_options() {
        match value {
            Value::Array(names) => {
                let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
                line(name, &format!("{}: {}", names.len(), names.join(" ")));
            }
            Value::String(value) => line(name, value),
            value => line(name, &value.to_string()),
        }
    }
    let error = job.text("error_message");
    if !error.is_empty() {
        text += &format!("  hint: {}\n", explain::destination(error));
    }
    text
}
