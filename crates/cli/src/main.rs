//! The command `logpush-ecs`: what the Worker does, without deploying it.
//!
//! One file per subcommand: [`normalize`] runs the Worker's core over files, [`push`] plays
//! Logpush to a Worker, [`jobs`] manages the jobs at Cloudflare, [`setup`] makes all that is needed there.
//! Exit codes are the same for all of them: 0 when everything was done, 1 when something was not,
//! 2 for wrong usage.

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
        // `| head` has seen enough: that is no failure, and nothing to talk about.
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

/// Ends as clap does where it finds the wrong usage itself.
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
