//! The command `logpush-ecs`: the Worker's core on files, and what surrounds the Worker.
//!
//! Each subcommand has a folder or a file: [`normalize`] runs the Worker's core over files, [`decrypt`]
//! prints the payloads of firewall events, [`push`] sends files to a Worker as Logpush does, [`config`]
//! checks the Worker's configuration, [`jobs`] manages the Logpush jobs at Cloudflare, [`setup`] creates
//! everything a deployment needs. All have the same exit codes: 0 when everything was done, 1 when
//! something was not, 2 for wrong usage.

mod clock;
mod config;
mod dataset;
mod decrypt;
mod error;
mod input;
mod jobs;
mod mask;
mod normalize;
mod percent;
mod private_keys;
mod progress;
mod project;
mod push;
mod setup;
mod terminal;
mod worker_client;
mod worker_settings;

use std::env;
use std::io;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::error::Error;
use crate::terminal::{printable, report};

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
    Decrypt(decrypt::Args),
    Push(push::Args),
    Config(config::Args),
    Jobs(Box<jobs::Args>),
    Setup(setup::Args),
}

fn main() -> ExitCode {
    let done = match parsed().command {
        Command::Normalize(args) => normalize::run(args),
        Command::Decrypt(args) => decrypt::run(&args),
        Command::Push(args) => push::run(args),
        Command::Config(args) => config::run(&args),
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

/// The arguments. clap's errors repeat them, where one with control characters, such as a file's name that
/// a shell put there, could command the terminal: the error is then that of the same without them.
fn parsed() -> Cli {
    let error = match Cli::try_parse() {
        Ok(cli) => return cli,
        Err(error) => error,
    };
    let shown = env::args_os().map(|argument| printable(&argument.to_string_lossy()));
    match Cli::try_parse_from(shown) {
        Err(shown) => shown.exit(),
        Ok(_) => error.exit(),
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
