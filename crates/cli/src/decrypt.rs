//! `logpush-ecs decrypt`: the payloads that matched WAF rules, out of files of firewall events.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Read as _, Write};
use std::process::ExitCode;

use logpush_normalizer::{
    Batch, Config, Limits, Normalizer, PrivateKeys, Rules, Shape, UploadError, datasets,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::clock;
use crate::error::Error;
use crate::input::{Input, InputError};
use crate::private_keys;
use crate::terminal::{report, write_line};

/// Print the payloads that matched WAF rules, decrypted, one per line
///
/// Reads firewall events (NDJSON, or a JSON array of records), plain or gzip, and writes the payload of
/// each event that has one to standard output: the JSON that it is, or a JSON text. How many could
/// not be decrypted, and why, goes to standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Environment:
  MATCHED_DATA_PRIVATE_KEYS  the private keys in base64, separated by commas; required

Examples:
  MATCHED_DATA_PRIVATE_KEYS=$(cat private.key) logpush-ecs decrypt 20260512T083000Z.log.gz | jq .

Exit codes:
  0  every payload was decrypted
  1  some were not, or an input could not be read to its end (the others were)
  2  wrong usage")]
pub(crate) struct Args {
    /// Files to read; `-`, or none, is standard input
    #[arg(value_name = "FILE", value_parser = Input::parser(), default_value = "-")]
    files: Vec<Input>,
}

/// What is read of a document.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "Metadata", borrow, default)]
    metadata: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    matched_data: Option<&'a RawValue>,
}

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

pub(crate) fn run(args: &Args) -> Result<ExitCode, Error> {
    let keys = private_keys::from_environment("decrypt")?;
    if keys.is_empty() {
        return Err(Error::Usage {
            subcommand: "decrypt",
            message: format!(
                "{} is not set: it has the private keys in base64, separated by commas",
                private_keys::VARIABLE
            ),
        });
    }
    let mut output = BufWriter::new(io::stdout().lock());
    let mut undecrypted = BTreeMap::new();
    let mut decrypted = 0;
    let mut is_all_read = true;
    for input in &args.files {
        let mut normalizer = normalizer(&keys);
        match decrypt(input, &mut normalizer, &mut output) {
            Ok(()) => {}
            Err(Error::Input(error)) => {
                is_all_read = false;
                report(&error);
            }
            Err(error) => return Err(error),
        }
        let summary = normalizer.summary();
        decrypted += summary.decrypted;
        for (reason, count) in &summary.undecrypted {
            *undecrypted.entry(*reason).or_insert(0) += count;
        }
    }
    output.flush().map_err(Error::Output)?;
    write_line(&format!("decrypted: {decrypted}"));
    for (reason, count) in &undecrypted {
        write_line(&format!("not decrypted: {count} ({reason})"));
    }
    Ok(match is_all_read && undecrypted.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn normalizer(keys: &PrivateKeys) -> Normalizer {
    Normalizer::new(Config {
        dataset: datasets::by_name("firewall_events"),
        shape: Shape::Native,
        arrival: clock::arrival(),
        keep_original: false,
        private_keys: keys.clone(),
        worker_name: "logpush-ecs",
        unmask: true,
        rules: Rules::default(),
        limits: Limits {
            // No payload is cut.
            document_bytes: usize::MAX,
            upload_bytes: u64::MAX,
            ..Limits::default()
        },
    })
}

/// Writes the payloads of one input up to the place where reading fails.
fn decrypt(
    input: &Input,
    normalizer: &mut Normalizer,
    output: &mut impl Write,
) -> Result<(), Error> {
    let unreadable = |source| InputError::Upload {
        input: input.clone(),
        source,
    };
    let mut reader = input.open()?;
    let mut buffer = vec![0; CHUNK];
    loop {
        let len = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => {
                let input = input.clone();
                return Err(Error::Input(InputError::Read { input, source }));
            }
        };
        let mut chunk = buffer.get(..len).unwrap_or(&buffer);
        while let Some(batch) = normalizer.feed(&mut chunk).map_err(unreadable)? {
            write_payloads(&batch, output)?;
        }
    }
    loop {
        match normalizer.finish() {
            Ok(Some(batch)) => write_payloads(&batch, output)?,
            // An empty file is not an upload, but it was read completely.
            Ok(None) | Err(UploadError::Empty) => return Ok(()),
            Err(error) => return Err(Error::Input(unreadable(error))),
        }
    }
}

fn write_payloads(batch: &Batch, output: &mut impl Write) -> Result<(), Error> {
    for document in (0..batch.len()).filter_map(|place| batch.get(place)) {
        let event = serde_json::from_slice::<Event<'_>>(document.text).ok();
        let metadata = event.and_then(|event| event.metadata);
        let metadata =
            metadata.and_then(|text| serde_json::from_str::<Metadata<'_>>(text.get()).ok());
        if let Some(payload) = metadata.and_then(|metadata| metadata.matched_data) {
            writeln!(output, "{}", payload.get()).map_err(Error::Output)?;
        }
    }
    Ok(())
}
