//! `logpush-ecs jobs`: manages the Logpush jobs at Cloudflare.

pub(crate) mod check;
pub(crate) mod cloudflare;
pub(crate) mod commands;
mod curl;
mod difference;
mod options;
pub(crate) mod session;
mod table;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::rc::Rc;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::error::Error;
use crate::jobs::cloudflare::api;
use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::commands::{create, delete, enable, fields, list, show, update};
use crate::jobs::session::{CommandOutcome, Session};
use crate::mask::Mask;

/// Create, manage and check Logpush jobs
///
/// The environment variable CLOUDFLARE_API_TOKEN has the API token. It needs Logs > Edit for the zone
/// or the account, even to read jobs. LOGPUSH_SECRET has the Worker's secret.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  export CLOUDFLARE_API_TOKEN=... LOGPUSH_SECRET=...
  logpush-ecs jobs create --zone example.com --dataset firewall_events --worker https://logpush-ecs.example.workers.dev
  logpush-ecs jobs check --zone example.com
  logpush-ecs jobs update 123456 --zone example.com --fields all

Exit codes:
  0  done, or nothing to do; check: no link is broken
  1  not done, or not in every zone; create: the existing job differs; check: a link is broken
  2  wrong usage")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    general: General,
}

#[derive(Debug, clap::Args)]
struct General {
    /// Read only: print what would be sent, and do not send it
    #[arg(long, global = true)]
    dry_run: bool,

    /// Print one JSON document to standard output
    #[arg(long, global = true)]
    json: bool,

    /// The API's base URL
    #[arg(long, global = true, value_name = "URL", default_value = api::BASE)]
    #[arg(env = "CLOUDFLARE_API_BASE_URL")]
    api: String,
}

#[derive(Debug, Subcommand)]
enum Command {
    Fields(fields::Args),
    Create(create::Args),
    List(list::Args),
    Show(show::Args),
    Update(update::Args),
    Enable(enable::EnableArgs),
    Disable(enable::DisableArgs),
    Delete(delete::Args),
    Check(commands::check::Args),
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Error> {
    let General { dry_run, json, api } = args.general;
    let mask = Rc::new(Mask::default());
    let done =
        Session::new(&api, dry_run, &mask).and_then(|session| command(&session, &args.command));
    // All output is masked, whatever its source.
    match done {
        Ok(outcome) => {
            print(
                json,
                &mask.hide(&outcome.text),
                &masked(&mask, &outcome.json),
            )?;
            Ok(match outcome.is_done {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            })
        }
        Err(JobsError::Usage(message)) => Err(Error::Usage {
            subcommand: "jobs",
            message: mask.hide(&message),
        }),
        Err(error) => {
            if json {
                print(json, "", &masked(&mask, &json!({ "error": error.json() })))?;
            }
            Err(Error::Jobs(mask.hide(&error.text())))
        }
    }
}

fn command(session: &Session, command: &Command) -> Result<CommandOutcome, JobsError> {
    match command {
        Command::Fields(args) => fields::run(session, args),
        Command::Create(args) => create::run(session, args),
        Command::List(args) => list::run(session, args),
        Command::Show(args) => show::run(session, args),
        Command::Update(args) => update::run(session, args),
        Command::Enable(args) => enable::enable(session, args),
        Command::Disable(args) => enable::disable(session, args),
        Command::Delete(args) => delete::run(session, args),
        Command::Check(args) => commands::check::run(session, args),
    }
}

fn masked(mask: &Mask, value: &Value) -> Value {
    serde_json::from_str(&mask.hide(&value.to_string())).unwrap_or(Value::Null)
}

fn print(json: bool, text: &str, value: &Value) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    match json {
        true => writeln!(stdout, "{value:#}"),
        false => write!(stdout, "{text}"),
    }
    .map_err(Error::Output)
}
