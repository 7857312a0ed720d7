//! `logpush-ecs config`: what the configuration of the Worker says, and what it can say.

mod check;
mod kinds;
mod sizes;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;

use crate::error::Error;

/// Check the Worker's configuration, and list what can be configured
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  logpush-ecs config check
  logpush-ecs config check --config wrangler.toml --env staging --json
  logpush-ecs config kinds

Exit codes:
  0  done; check: nothing is wrong
  1  check: something is wrong, or the file cannot be read
  2  wrong usage")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,

    /// Print one JSON document to standard output
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Args),
    Kinds(kinds::Args),
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Error> {
    match &args.command {
        Command::Check(of_check) => {
            let report = match check::check(of_check) {
                Err(Error::Project(error)) if args.json => check::unreadable(&error),
                report => report?,
            };
            print(args.json, &report, &report.text())?;
            Ok(match report.is_ok {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            })
        }
        Command::Kinds(_) => {
            let kinds = kinds::kinds();
            print(args.json, &kinds, &kinds::text(&kinds))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn print(as_json: bool, value: &impl Serialize, text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    match as_json {
        true => serde_json::to_writer_pretty(&mut stdout, value)
            .map_err(io::Error::from)
            .and_then(|()| stdout.write_all(b"\n")),
        false => stdout.write_all(text.as_bytes()),
    }
    .map_err(Error::Output)
}
