//! The command `logpush-ecs`: the Worker's core on files, and what surrounds the Worker.
//!
//! Each subcommand has a folder: [`normalize`] runs the Worker's core over files, [`push`] sends files
//! to a Worker as Logpush does, [`jobs`] manages the Logpush jobs at Cloudflare, [`setup`] creates
//! everything a deployment needs. All have the same exit codes: 0 when everything was done, 1 when
//! something was not, 2 for wrong usage.

mod clock;
mod dataset;
mod error;
mod input;
mod jobs;
mod mask;
mod normalize;
mod percent;
mod progress;
mod push;
mod setup;
mod terminal;
mod worker_client;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::error::Error;
use crate::terminal::report;

/// Cloudflare Logpush records as ECS documents, from the command line.
#[derive(Debug, Parser)]
#[command(name = "logpush-ecs", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Normalize(normalize::Args),
    Push(push::Args),
    Jobs(Box<jobs::Args>),
    Setup(setup::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Normalize(args) => normalize::run(args),
        Command::Push(args) => push::run(args),
        Command::Jobs(args) => jobs::run(*args),
        Command::Setup(args) => setup::run(&args),
    };
    match done {
        Ok(code) => code,
        // A reader such as `head` may close the pipe early, which is not a failure.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Error::Usage {
            subcommand,
            message,
        }) => wrong_usage(subcommand, &message),
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

/// Exits with the message and the code of clap's own usage errors.
fn wrong_usage(subcommand: &str, message: &str) -> ! {
    let mut command = Cli::command();
    command.build();
    let kind = clap::error::ErrorKind::ValueValidation;
    match command.find_subcommand_mut(subcommand) {
        Some(command) => command.error(kind, message),
        None => command.error(kind, message),
    }
    .exit()
}
