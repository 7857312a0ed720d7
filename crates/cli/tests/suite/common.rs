//! Running the command, and files for it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{fs, thread};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

/// What a run of the command left behind.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn documents(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    /// The value of a line `name: value` of the summary.
    pub(crate) fn summary(&self, name: &str) -> &str {
        self.stderr
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .unwrap_or_else(|| panic!("no {name}: {}", self.stderr))
            .trim()
    }
}

/// The command, in an environment that has nothing to say to it.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logpush-ecs"));
    command
        .env_remove("LOGPUSH_SECRET")
        .env_remove("MATCHED_DATA_PRIVATE_KEYS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub(crate) fn run(args: &[&str], stdin: &[u8]) -> Run {
    finish(command().args(args), stdin)
}

pub(crate) fn finish(command: &mut Command, stdin: &[u8]) -> Run {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let bytes = stdin.to_vec();
    let writer = thread::spawn(move || {
        // A command that ends early does not read it all.
        let _ = input.write_all(&bytes);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A file of this name, which no other test uses.
pub(crate) fn file(name: &str, bytes: &[u8]) -> String {
    let path = path(name);
    fs::write(&path, bytes).unwrap();
    path
}

pub(crate) fn path(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    path.to_str().unwrap().to_owned()
}

/// A record that is told from others by its number, and the line break behind it.
pub(crate) fn record(number: u32) -> String {
    format!(
        "{{\"Action\":\"block\",\"ClientIP\":\"192.0.2.7\",\"Datetime\":1657630626219000000,\"RayID\":\"ray{number}\"}}\n"
    )
}

pub(crate) fn records(numbers: core::ops::Range<u32>) -> String {
    numbers.map(record).collect()
}

pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}
