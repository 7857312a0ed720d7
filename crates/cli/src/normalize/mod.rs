//! `logpush-ecs normalize`: runs the Worker's core over files.

mod destination;
pub(crate) mod summary;

use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use logpush_normalizer::{
    Batch, Config, Dataset, Limits, Normalizer, PrivateKeys, Rules, Shape, UploadError,
};

use crate::clock;
use crate::dataset;
use crate::error::Error;
use crate::input::{Input, InputError, total_size};
use crate::normalize::destination::Destination;
use crate::normalize::summary::Totals;
use crate::private_keys;
use crate::progress::Progress;
use crate::terminal::{report, write_line as note};

/// Turn Logpush files into documents, one per line
///
/// Reads NDJSON (or a JSON array of records), plain or gzip, and writes one document per line
/// to standard output, exactly as the Worker would deliver it. A summary goes to standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  logpush-ecs normalize --dataset firewall_events 20260512T083000Z.log.gz
  logpush-ecs normalize *.log.gz > documents.ndjson
  zcat old.log.gz | logpush-ecs normalize --shape native | jq .
  logpush-ecs normalize --config wrangler.toml --destination siem *.log.gz
  logpush-ecs normalize --config wrangler.toml --destination siem --wire FILE
  logpush-ecs normalize --config wrangler.toml --destination siem --explain FILE

Environment:
  MATCHED_DATA_PRIVATE_KEYS  decrypts the payloads of WAF rules, as the Worker's secret does; they
                             are shown with --show-secrets

Exit codes:
  0  every byte was read (bad lines become documents of event.kind pipeline_error)
  1  an input could not be read to its end (the others were), or --strict and a bad line
  2  wrong usage")]
pub(crate) struct Args {
    /// The dataset of the files; without it, the first record of each file decides
    #[arg(long, value_name = "DATASET", value_parser = dataset::parser())]
    dataset: Option<&'static Dataset>,

    /// The shape of the documents
    #[arg(long, value_enum, default_value_t = ShapeName::Ecs)]
    shape: ShapeName,

    /// Exit with 1 if a line is not a record
    #[arg(long)]
    strict: bool,

    /// Add the record's text to each document as event.original
    #[arg(long)]
    keep_original: bool,

    /// Write passwords, cookies and the like as received, not as `[masked]`
    #[arg(long)]
    show_secrets: bool,

    /// Write documents as a destination of this wrangler.toml gets them; no secret is needed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["shape", "keep_original", "show_secrets"])]
    config: Option<PathBuf>,

    /// The environment, a section [env.NAME] of the file
    #[arg(long, value_name = "NAME", requires = "config")]
    env: Option<String>,

    /// The destination; needed where there are several
    #[arg(long, value_name = "NAME", requires = "config")]
    destination: Option<String>,

    /// Write the bodies of the requests, not compressed, one after the other
    #[arg(long, requires = "config")]
    wire: bool,

    /// Write, instead of documents, what the destination's rules say of each record
    #[arg(long, requires = "config", conflicts_with = "wire")]
    explain: bool,

    /// Files to read; `-`, or none, is standard input
    #[arg(value_name = "FILE", value_parser = Input::parser(), default_value = "-")]
    files: Vec<Input>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ShapeName {
    /// An ECS document
    Ecs,
    /// The Cloudflare record, repaired for SEKOIA.IO's own Cloudflare formats
    Native,
    /// The Cloudflare record as it came, but for what is masked
    Raw,
}

/// Bytes read at once, enough to make the cost of system calls negligible.
const CHUNK: usize = 256 * 1024;

pub(crate) fn run(args: Args) -> Result<ExitCode, Error> {
    let destination = match &args.config {
        None => None,
        Some(file) => {
            let (env, name) = (args.env.as_deref(), args.destination.as_deref());
            Some(Destination::read(file, env, name)?)
        }
    };
    let begun = clock::now();
    // On a terminal the documents and the bar would overwrite each other.
    let progress = if io::stdout().is_terminal() {
        Progress::hidden()
    } else {
        Progress::new(total_size(&args.files))
    };
    let mut normalize = Normalize {
        private_keys: private_keys::from_environment("normalize")?,
        output: io::BufWriter::with_capacity(CHUNK, io::stdout().lock()),
        progress,
        totals: Totals::default(),
        destination,
        is_wire: args.wire,
        explains: args.explain,
    };
    let mut is_all_read = true;
    for input in &args.files {
        match normalize.input(input, &args) {
            Ok(()) => {}
            Err(Error::Input(error)) => {
                is_all_read = false;
                normalize.progress.aside(|| report(&error));
            }
            Err(error) => return Err(error),
        }
    }
    let Normalize {
        progress, totals, ..
    } = normalize;
    drop(progress);
    let _ = write!(io::stderr(), "{}", totals.text(begun.elapsed()));
    match totals.errors() {
        count @ 1.. if args.strict => Err(Error::BadLines { count }),
        _ if is_all_read => Ok(ExitCode::SUCCESS),
        _ => Ok(ExitCode::FAILURE),
    }
}

struct Normalize<W: Write> {
    private_keys: PrivateKeys,
    output: W,
    progress: Progress,
    totals: Totals,
    /// Where the documents go, if that was asked.
    destination: Option<Destination>,
    /// Whether the bodies of requests are written, not documents.
    is_wire: bool,
    /// Whether what rules say is written, not documents.
    explains: bool,
}

impl<W: Write> Normalize<W> {
    /// Writes the documents of one input up to the place where reading fails.
    fn input(&mut self, input: &Input, args: &Args) -> Result<(), Error> {
        let mut normalizer = Normalizer::new(self.config(args));
        if self.explains {
            normalizer.explain();
        }
        let done = self.stream(input, &mut normalizer);
        self.explain(input, &mut normalizer)?;
        self.totals.add(normalizer.dataset(), normalizer.summary());
        self.output.flush().map_err(Error::Output)?;
        done
    }

    fn config(&self, args: &Args) -> Config {
        let mut config = match &self.destination {
            Some(destination) => Config {
                private_keys: self.private_keys.clone(),
                ..destination.config(args.dataset)
            },
            None => Config {
                dataset: args.dataset,
                shape: match args.shape {
                    ShapeName::Ecs => Shape::Ecs,
                    ShapeName::Native => Shape::Native,
                    ShapeName::Raw => Shape::Raw,
                },
                arrival: clock::arrival(),
                keep_original: args.keep_original,
                private_keys: self.private_keys.clone(),
                worker_name: "logpush-ecs",
                unmask: args.show_secrets,
                rules: Rules::default(),
                limits: Limits {
                    upload_bytes: u64::MAX,
                    ..Limits::default()
                },
            },
        };
        if !self.is_wire {
            // Each document is written at once, so that a truncated file yields all it has.
            config.limits.batch_records = 1;
        }
        config
    }

    fn stream(&mut self, input: &Input, normalizer: &mut Normalizer) -> Result<(), Error> {
        let unreadable = |source| InputError::Upload {
            input: input.clone(),
            source,
        };
        let mut buffer = vec![0; CHUNK];
        let mut reader = self.progress.watch(input.open()?);
        loop {
            let len = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    return Err(Error::Input(InputError::Read {
                        input: input.clone(),
                        source,
                    }));
                }
            };
            debug_assert!(len <= buffer.len(), "Read gives at most what fits");
            let mut chunk = buffer.get(..len).unwrap_or(&buffer);
            while let Some(batch) = normalizer.feed(&mut chunk).map_err(unreadable)? {
                if !self.write(input, normalizer.dataset(), &batch)? {
                    return Ok(());
                }
            }
            self.explain(input, normalizer)?;
            // `tail -f | logpush-ecs normalize` shows a record as soon as it comes.
            self.output.flush().map_err(Error::Output)?;
        }
        loop {
            match normalizer.finish() {
                Ok(Some(batch)) => {
                    if !self.write(input, normalizer.dataset(), &batch)? {
                        return Ok(());
                    }
                }
                // An empty file is not an upload, but it was read completely.
                Ok(None) | Err(UploadError::Empty) => return Ok(()),
                Err(error) => return Err(Error::Input(unreadable(error))),
            }
        }
    }
}

impl<W: Write> Normalize<W> {
    /// Writes a line for each record since the last time: where it stands, what becomes of it, and the
    /// rules that said so.
    fn explain(&mut self, input: &Input, normalizer: &mut Normalizer) -> Result<(), Error> {
        if !self.explains {
            return Ok(());
        }
        for explanation in normalizer.take_explanations() {
            let rules = &normalizer.summary().rules;
            let name = |place: &usize| rules.get(*place).map_or("", |rule| rule.name.as_str());
            let verdict = if explanation.is_dropped {
                "dropped"
            } else {
                "kept"
            };
            let by = explanation.decided.as_ref().map_or("-", name);
            let changed: Vec<&str> = explanation.changed.iter().map(name).collect();
            let number = explanation.record + 1;
            let mut line = format!("{input}:{number}\t{verdict}\t{by}");
            if !changed.is_empty() {
                line.push_str(&format!("\tchanged by {}", changed.join(", ")));
            }
            write_line(&mut self.output, line.as_bytes())?;
        }
        Ok(())
    }

    /// Writes a batch, and returns whether the input goes to the destination at all.
    fn write(
        &mut self,
        input: &Input,
        dataset: Option<&'static Dataset>,
        batch: &Batch,
    ) -> Result<bool, Error> {
        let Some(destination) = &self.destination else {
            write_line(&mut self.output, &batch.body)?;
            return Ok(true);
        };
        if !destination.takes(dataset) {
            let dataset = dataset.map_or("its dataset", |dataset| dataset.name);
            let name = destination.name();
            let words = format!("{input}: {dataset} does not go to {name}, and nothing is written");
            self.progress.aside(|| note(&words));
            return Ok(false);
        }
        if self.explains || batch.is_empty() {
            return Ok(true);
        }
        if !self.is_wire {
            write_line(&mut self.output, &batch.body)?;
        } else {
            let body = destination.body(dataset, batch)?;
            self.output.write_all(&body).map_err(Error::Output)?;
        }
        Ok(true)
    }
}

fn write_line(output: &mut impl Write, line: &[u8]) -> Result<(), Error> {
    output
        .write_all(line)
        .and_then(|()| output.write_all(b"\n"))
        .map_err(Error::Output)
}
