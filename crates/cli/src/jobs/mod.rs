//! `logpush-ecs jobs`: the Logpush jobs at Cloudflare.

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
use crate::jobs::session::{Outcome, Session};
use crate::mask::Mask;

/// Create, look after and check Logpush jobs
///
/// The token comes from the environment, from CLOUDFLARE_API_TOKEN. It needs Logs > Edit for the
/// zone or the account, for reading too. The Worker's secret comes from LOGPUSH_SECRET.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  export CLOUDFLARE_API_TOKEN=... LOGPUSH_SECRET=...
  logpush-ecs jobs create --zone example.com --dataset firewall_events --worker https://logpush-ecs.example.workers.dev
  logpush-ecs jobs check --zone example.com
  logpush-ecs jobs update 123456 --zone example.com --fields all

Exit codes:
  0  done, or nothing to do; check: no link is broken
  1  not done, or not in every zone; create: the job that is there differs; check: a link is broken
  2  wrong usage")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    general: General,
}

#[derive(Debug, clap::Args)]
struct General {
    /// Read only: print what would be sent, and send none of it
    #[arg(long, global = true)]
    dry_run: bool,

    /// One JSON document on standard output
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
    // Whatever is said, and wherever it comes from: no secret leaves.
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

fn command(session: &Session, command: &Command) -> Result<Outcome, JobsError> {
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
