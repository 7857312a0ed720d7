//! `logpush-ecs push`: sends files to a Worker as Logpush does.

use core::time::Duration;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use logpush_normalizer::Dataset;

use crate::clock;
use crate::dataset;
use crate::error::Error;
use crate::input::{Input, total_size};
use crate::progress::Progress;
use crate::terminal::{Megabytes, report, write_line};
use crate::worker_client::target::{self, Secret};
use crate::worker_client::uploads::{Upload, Uploads};
use crate::worker_client::worker::{Accepted, Refusal, Worker};

/// Send files to a Worker as Logpush would
///
/// Splits NDJSON or a JSON array, plain or gzip, into uploads, posts each as gzip, and prints a line
/// about it.
/// The environment variable LOGPUSH_SECRET has the secret; if it holds two, the first is sent.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  export LOGPUSH_SECRET=...
  logpush-ecs push --url http://127.0.0.1:8787 --dataset firewall_events events.ndjson
  logpush-ecs push --url https://logs.example.com/logpush/firewall_events --test
  logpush-ecs push --url http://127.0.0.1:8787 --records 100000 --repeat 10 events.ndjson.gz

Exit codes:
  0  every upload was accepted
  1  an upload was refused or got no answer, or an input could not be read to its end
  2  wrong usage
  130  stopped by Ctrl-C; the summary says how far it came")]
pub(crate) struct Args {
    /// The Worker: `https://host`, or the whole URL that the Logpush job has
    #[arg(long, value_name = "URL")]
    url: String,

    /// The dataset of the files, for the URL's path; if nothing names it, the Worker finds it out
    /// from the records
    #[arg(long, value_name = "DATASET", value_parser = dataset::parser())]
    dataset: Option<&'static Dataset>,

    /// The most records of an upload
    #[arg(long, value_name = "N", default_value_t = 1000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    records: u64,

    /// Send each file as one upload, a gzip file byte for byte
    #[arg(long, conflicts_with = "records")]
    whole: bool,

    /// How many times to send all files
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    repeat: u64,

    /// How many times to retry an upload, after 10 s, 20 s, 40 s, ..., or when the Worker says; 5 is
    /// what Logpush was seen to do
    #[arg(long, value_name = "N", default_value_t = 0)]
    retries: u32,

    /// Send the test upload that Cloudflare sends when a job is created, and no file
    #[arg(long, conflicts_with_all = ["files", "records", "whole", "repeat"])]
    test: bool,

    /// Files to send; `-` is standard input
    #[arg(value_name = "FILE", value_parser = Input::parser(), required_unless_present = "test")]
    files: Vec<Input>,
}

/// The wait before the first retry; each further one is twice as long. Five retries take 10 + 20 + 40 +
/// 80 + 160 seconds, about the window in which Logpush was seen to retry.
const FIRST_WAIT: Duration = Duration::from_secs(10);

/// The exit code of a command that Ctrl-C has stopped, as shells have it: 128 and the signal's number.
const STOPPED: i32 = 130;

pub(crate) fn run(args: Args) -> Result<ExitCode, Error> {
    let usage = |message| Error::Usage {
        subcommand: "push",
        message,
    };
    if args.repeat > 1 && args.files.contains(&Input::Standard) {
        return Err(usage(
            "standard input can be read only once: --repeat needs files".to_owned(),
        ));
    }
    let url = target::url("--url", &args.url, args.dataset).map_err(usage)?;
    let secret = Secret::from_environment().map_err(usage)?;
    let size = total_size(&args.files).and_then(|size| size.checked_mul(args.repeat));
    let mut push = Push {
        worker: Worker::new(url, secret.into()),
        progress: match args.test {
            true => Progress::hidden(),
            false => Progress::new(size),
        },
        retries: args.retries,
        totals: Arc::default(),
        unreadable: 0,
        is_read: true,
    };
    let begun = clock::now();
    if args.test {
        let upload = Upload::destination_test().map_err(Error::Compress)?;
        push.upload("destination test", &upload)?;
    } else {
        summarise_when_stopped(&push, begun);
        let done = push.files(&args);
        let elapsed = begun.elapsed();
        push.progress
            .aside(|| write_line(&push.totals().summary(elapsed)));
        done?;
    }
    let totals = push.totals();
    Ok(
        match totals.accepted == totals.uploads && push.unreadable == 0 {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        },
    )
}

/// Has Ctrl-C end with the summary: what was sent is at the Worker, and the user must know how far it
/// came.
fn summarise_when_stopped(push: &Push, begun: Instant) {
    let (totals, progress) = (Arc::clone(&push.totals), push.progress.clone());
    let handler = move || {
        let totals = *totals.lock().unwrap_or_else(PoisonError::into_inner);
        progress.aside(|| {
            write_line("stopped: the upload under way may have been accepted all the same");
            write_line(&totals.summary(begun.elapsed()));
        });
        std::process::exit(STOPPED);
    };
    // Without a handler Ctrl-C ends the command as usual.
    let _ = ctrlc::set_handler(handler);
}

struct Push {
    worker: Worker,
    progress: Progress,
    retries: u32,
    totals: Arc<Mutex<Totals>>,
    unreadable: u64,
    /// Whether somebody still reads the lines about uploads: `head` reads some and closes the pipe, which
    /// stops no upload.
    is_read: bool,
}

/// What was sent so far.
#[derive(Clone, Copy, Default)]
struct Totals {
    uploads: u64,
    accepted: u64,
    /// Records of the accepted uploads.
    records: u64,
    /// Compressed bytes of the accepted uploads.
    sent_bytes: u64,
}

/// The outcome of an upload.
#[derive(PartialEq, Eq)]
enum Sent {
    Accepted,
    Refused,
    /// Refused for a reason that applies to every other upload too.
    RefusedForAll,
}

impl Push {
    fn files(&mut self, args: &Args) -> Result<(), Error> {
        for _ in 0..args.repeat {
            for input in &args.files {
                match self.file(input, args) {
                    Ok(()) => {}
                    Err(Error::Input(error)) => {
                        self.unreadable += 1;
                        self.progress.aside(|| report(&error));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, input: &Input, args: &Args) -> Result<(), Error> {
        let reader = self.progress.watch(input.open()?);
        let max_records = (!args.whole).then_some(args.records);
        let mut uploads = Uploads::new(input, reader, max_records)?;
        while let Some(upload) = uploads.next()? {
            let label = format!("upload {}", self.totals().uploads + 1);
            if self.upload(&label, &upload)? == Sent::RefusedForAll {
                return Err(Error::Stopped);
            }
        }
        Ok(())
    }

    /// Sends an upload until it is accepted or a retry would be useless.
    fn upload(&mut self, label: &str, upload: &Upload) -> Result<Sent, Error> {
        self.totals().uploads += 1;
        let mut retries = 0;
        loop {
            let begun = clock::now();
            let answer = self.worker.send(&upload.body);
            let millis = begun.elapsed().as_millis();
            let refusal = match answer {
                Ok(answer) => {
                    let records = upload.records.or(answer.records);
                    {
                        let mut totals = self.totals();
                        totals.accepted += 1;
                        totals.records += records.unwrap_or(0);
                        totals.sent_bytes += upload.body.len() as u64;
                    }
                    self.print(&accepted(label, records, millis, &answer))?;
                    return Ok(Sent::Accepted);
                }
                Err(refusal) => refusal,
            };
            let text = refused(label, upload.records, millis, &refusal);
            self.progress.aside(|| write_line(&text));
            if retries == self.retries || !refusal.may_pass() {
                return Ok(match refusal.holds_for_all() {
                    true => Sent::RefusedForAll,
                    false => Sent::Refused,
                });
            }
            let wait = refusal
                .retry_after()
                .unwrap_or_else(|| FIRST_WAIT.saturating_mul(2_u32.saturating_pow(retries)));
            retries += 1;
            let text = format!(
                "  trying again in {} s ({retries} of {})",
                wait.as_secs(),
                self.retries
            );
            self.progress.aside(|| write_line(&text));
            thread::sleep(wait);
        }
    }

    fn print(&mut self, line: &str) -> Result<(), Error> {
        if !self.is_read {
            return Ok(());
        }
        match self.progress.aside(|| writeln!(io::stdout(), "{line}")) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.is_read = false,
            other => other.map_err(Error::Output)?,
        }
        Ok(())
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Totals {
    fn summary(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64();
        format!(
            "{} of {} accepted: {}, {} of gzip in {seconds:.3} s, {:.0} records/s",
            self.accepted,
            count(self.uploads, "upload"),
            count(self.records, "record"),
            Megabytes(self.sent_bytes),
            // The figure is rounded to whole records.
            self.records as f64 / seconds.max(1e-9),
        )
    }
}

fn accepted(label: &str, records: Option<u64>, millis: u128, answer: &Accepted) -> String {
    let mut line = format!("{label}: {}", answer.status);
    if let Some(records) = records {
        line += &format!(", {}", count(records, "record"));
    }
    for (count, what) in [
        (answer.errors, "lines that are not records"),
        (answer.refused, "refused by the intake"),
    ] {
        if let Some(count @ 1..) = count {
            line += &format!(", {count} {what}");
        }
    }
    line += &format!(", {millis} ms");
    if answer.records.is_none() && !answer.text.is_empty() {
        line += &format!(": {}", answer.text);
    }
    line
}

fn refused(label: &str, records: Option<u64>, millis: u128, refusal: &Refusal) -> String {
    let mut text = match refusal.status() {
        Some(status) => format!("{label}: {status}"),
        None => format!("{label}: no answer"),
    };
    if let Some(records) = records {
        text += &format!(", {}", count(records, "record"));
    }
    text += &format!(", {millis} ms\n  error: {refusal}");
    if let Some(hint) = refusal.hint() {
        text += &format!("\n  hint: {hint}");
    }
    text
}

fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}
