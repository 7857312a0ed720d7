//! wrangler as a subprocess: its commands, and the meaning of its output.

use core::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::{env, fs, process};

use logpush_delivery::settings;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::jobs::cloudflare::destination::R2_KEYS;
use crate::mask::Mask;
use crate::project::{Bucket, Project};
use crate::setup::error::SetupError;

use crate::terminal::printable;
use crate::worker_settings::NeededSecret;

pub(crate) struct Wrangler {
    program: PathBuf,
    /// Whether wrangler gets CLOUDFLARE_API_TOKEN, which it does not need after `wrangler login`.
    has_token: Cell<bool>,
    is_quiet: bool,
    /// Secrets of the Worker that wrangler does not need to know.
    secrets: Vec<NeededSecret>,
    mask: Rc<Mask>,
}

/// How wrangler is signed in.
pub(crate) enum SignIn {
    Login,
    Token,
}

/// The state in which a bucket or a queue was found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Existing,
    Created,
    Missing,
}

/// The output of a command of wrangler's.
struct CommandOutput {
    is_done: bool,
    stdout: String,
    /// Both of its output streams.
    all: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WhoAmI {
    logged_in: bool,
    #[serde(default)]
    accounts: Vec<Account>,
}

#[derive(Deserialize)]
struct Account {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct SecretName {
    name: String,
}

/// One line of the file that WRANGLER_OUTPUT_FILE_PATH names.
#[derive(Deserialize)]
struct OutputLine {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    targets: Vec<String>,
}

const TOKEN: &str = "CLOUDFLARE_API_TOKEN";
const ACCOUNT: &str = "CLOUDFLARE_ACCOUNT_ID";
const OUTPUT: &str = "WRANGLER_OUTPUT_FILE_PATH";

/// wrangler's own directory, which Git ignores.
const STATE: &str = ".wrangler";

/// Parts of lines that do not explain a failure.
const NOISE: [&str; 2] = ["Logs were written to", "If you think this is a bug"];

/// Characters of wrangler's output that are shown.
const SHOWN_MAX: usize = 600;

impl SignIn {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Login => "wrangler is signed in",
            Self::Token => "wrangler is signed in by CLOUDFLARE_API_TOKEN",
        }
    }
}

impl Wrangler {
    /// Takes the clone's own wrangler, or the one in PATH.
    /// `is_quiet`: standard output is for a document, and wrangler's own goes to standard error.
    pub(crate) fn new(mask: &Rc<Mask>, is_quiet: bool, secrets: Vec<NeededSecret>) -> Self {
        let own = Path::new("node_modules/.bin/wrangler");
        let program = match own.exists() {
            true => own.to_owned(),
            false => PathBuf::from("wrangler"),
        };
        Self {
            program,
            has_token: Cell::new(false),
            is_quiet,
            secrets,
            mask: Rc::clone(mask),
        }
    }

    /// Finds out how wrangler is signed in. Its own login is tried first, because the token for the jobs
    /// may lack the permissions to deploy.
    pub(crate) fn sign_in(&self, project: &Project) -> Result<SignIn, SetupError> {
        let mut words = String::new();
        for (has_token, sign_in) in [(false, SignIn::Login), (true, SignIn::Token)] {
            self.has_token.set(has_token);
            let output = self.run(&["whoami", "--json"], None)?;
            match json::<WhoAmI>(&output.stdout) {
                Some(who) if output.is_done && who.logged_in => {
                    return match is_chosen(project, &who.accounts) {
                        true => Ok(sign_in),
                        false => Err(SetupError::Accounts {
                            accounts: who
                                .accounts
                                .iter()
                                .map(|Account { id, name }| printable(&format!("{name} ({id})")))
                                .collect(),
                        }),
                    };
                }
                // Its JSON says that nobody is signed in, and nothing more.
                Some(_) => {}
                None => words = self.words(&output),
            }
        }
        Err(SetupError::NotSignedIn { words })
    }

    /// Creates a bucket, unless one of this name exists.
    pub(crate) fn make_bucket(&self, bucket: &Bucket) -> Result<Found, SetupError> {
        let mut args = vec!["r2", "bucket", "create", &bucket.name];
        args.extend(jurisdiction(bucket));
        self.make(&args)
    }

    /// Looks for a bucket. It also counts as missing if the sign-in lacks the permission to look.
    pub(crate) fn look_for_bucket(&self, bucket: &Bucket) -> Result<Found, SetupError> {
        let mut args = vec!["r2", "bucket", "info", &bucket.name, "--json"];
        args.extend(jurisdiction(bucket));
        self.look_for(&args)
    }

    pub(crate) fn make_queue(&self, name: &str) -> Result<Found, SetupError> {
        self.make(&["queues", "create", name])
    }

    pub(crate) fn look_for_queue(&self, name: &str) -> Result<Found, SetupError> {
        self.look_for(&["queues", "info", name])
    }

    /// Has the bucket tell the queue of each object that Logpush writes.
    pub(crate) fn make_notification(
        &self,
        bucket: &Bucket,
        queue: &str,
    ) -> Result<Found, SetupError> {
        let mut args = vec!["r2", "bucket", "notification", "create", &bucket.name];
        args.extend(["--event-type", "object-create", "--queue", queue]);
        args.extend(["--prefix", "logpush/"]);
        args.extend(jurisdiction(bucket));
        self.make(&args)
    }

    /// The names of the Worker's secrets; none if the Worker does not exist yet.
    pub(crate) fn secrets(&self, worker: &str) -> Result<BTreeSet<String>, SetupError> {
        let args = ["secret", "list"];
        let output = self.run(&args, None)?;
        if !output.is_done
            && output
                .all
                .contains(&format!("Worker \"{worker}\" not found"))
        {
            return Ok(BTreeSet::new());
        }
        match json::<Vec<SecretName>>(&output.stdout) {
            Some(names) if output.is_done => {
                Ok(names.into_iter().map(|secret| secret.name).collect())
            }
            _ => Err(self.failure(&args, &output)),
        }
    }

    /// Sets a secret. It goes to standard input, since everybody can read a command line.
    pub(crate) fn put_secret(&self, name: &str, value: &str) -> Result<(), SetupError> {
        self.mask.add(value);
        let args = ["secret", "put", name];
        let output = self.run(&args, Some(value))?;
        match output.is_done {
            true => Ok(()),
            false => Err(self.failure(&args, &output)),
        }
    }

    /// Builds and deploys the Worker. wrangler's output is visible, since it takes minutes and may ask
    /// for the name of the account under workers.dev. Returns the targets that wrangler reports.
    pub(crate) fn deploy(&self) -> Result<Vec<String>, SetupError> {
        let args = ["deploy"];
        // Uploads will go where this file says, so that nobody else may write it.
        let output = Path::new(STATE).join(format!("deploy-{}.jsonl", process::id()));
        fs::create_dir_all(STATE)
            .and_then(|()| fs::write(&output, ""))
            .map_err(|source| SetupError::Keep {
                file: output.clone(),
                source,
            })?;
        let mut command = self.command(&args);
        if self.is_quiet {
            command.stdout(io::stderr());
        }
        let status = command
            .env(OUTPUT, absolute(&output))
            .status()
            .map_err(|source| self.not_started(source));
        let written = fs::read_to_string(&output).unwrap_or_default();
        // The file holds nothing secret if it cannot be removed.
        let _ = fs::remove_file(&output);
        if !status?.success() {
            return Err(SetupError::Wrangler {
                command: args.join(" "),
                words: "see above".to_owned(),
                hint: Some("fix what it names and repeat the command, which continues from here"),
            });
        }
        Ok(written
            .lines()
            .filter_map(|line| serde_json::from_str::<OutputLine>(line).ok())
            .filter(|line| line.kind == "deploy")
            .flat_map(|line| line.targets)
            .collect())
    }

    fn look_for(&self, args: &[&str]) -> Result<Found, SetupError> {
        Ok(match self.run(args, None)?.is_done {
            true => Found::Existing,
            false => Found::Missing,
        })
    }

    fn make(&self, args: &[&str]) -> Result<Found, SetupError> {
        let output = self.run(args, None)?;
        // Two rules of a bucket for the same objects overlap.
        let was_there = ["already exists", "already taken", "overlap"]
            .iter()
            .any(|words| output.all.contains(words));
        match (output.is_done, was_there) {
            (true, _) => Ok(Found::Created),
            (false, true) => Ok(Found::Existing),
            (false, false) => Err(self.failure(args, &output)),
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).env("WRANGLER_SEND_METRICS", "false");
        for (name, _) in env::vars_os() {
            let is_kept = |name: &str| {
                is_secret(name)
                    || self
                        .secrets
                        .iter()
                        .any(|secret| secret.is_called(name) && name != TOKEN)
            };
            if name.to_str().is_some_and(is_kept) {
                command.env_remove(&name);
            }
        }
        // With this variable wrangler could write secrets to its own log.
        command.env_remove("WRANGLER_LOG_SANITIZE");
        if !self.has_token.get() {
            command.env_remove(TOKEN);
        }
        command
    }

    fn run(&self, args: &[&str], stdin: Option<&str>) -> Result<CommandOutput, SetupError> {
        let mut child = self
            .command(args)
            .stdin(match stdin {
                Some(_) => Stdio::piped(),
                None => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| self.not_started(source))?;
        if let (Some(value), Some(mut input)) = (stdin, child.stdin.take()) {
            // If wrangler does not read it, its output says why.
            let _ = input.write_all(value.as_bytes());
        }
        let output = child
            .wait_with_output()
            .map_err(|source| self.not_started(source))?;
        let stdout = plain(&output.stdout);
        let all = format!("{stdout}\n{}", plain(&output.stderr));
        Ok(CommandOutput {
            is_done: output.status.success(),
            stdout,
            all,
        })
    }

    fn not_started(&self, source: io::Error) -> SetupError {
        SetupError::NoWrangler {
            program: self.program.clone(),
            source,
        }
    }

    fn failure(&self, args: &[&str], output: &CommandOutput) -> SetupError {
        SetupError::Wrangler {
            command: args.join(" "),
            words: self.words(output),
            hint: explain(&output.all),
        }
    }

    /// The words of wrangler's output, without frames and secrets.
    fn words(&self, output: &CommandOutput) -> String {
        let lines: Vec<_> = output
            .all
            .lines()
            .map(str::trim)
            .filter(|line| line.chars().any(char::is_alphanumeric))
            .filter(|line| NOISE.iter().all(|noise| !line.contains(noise)))
            .collect();
        let words = printable(&self.mask.hide(&lines.join(" ")));
        match words.is_empty() {
            true => "without a word".to_owned(),
            false => words.chars().take(SHOWN_MAX).collect(),
        }
    }
}

/// Whether a variable is a secret of the Worker or of a job, which wrangler does not need to know.
fn is_secret(name: &str) -> bool {
    let mut secrets = settings::groups()
        .flat_map(|group| group.settings)
        .filter(|setting| setting.is_secret && setting.name != TOKEN);
    R2_KEYS.contains(&name) || secrets.any(|secret| secret.is_called(name))
}

/// Whether it is clear which account wrangler uses when it cannot ask.
fn is_chosen(project: &Project, accounts: &[Account]) -> bool {
    accounts.len() < 2
        || project.account_id.is_some()
        || env::var(ACCOUNT).is_ok_and(|account| !account.is_empty())
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn jurisdiction(bucket: &Bucket) -> Vec<&str> {
    match &bucket.jurisdiction {
        Some(jurisdiction) => vec!["--jurisdiction", jurisdiction],
        None => Vec::new(),
    }
}

/// The JSON at the end of wrangler's output.
fn json<T: DeserializeOwned>(text: &str) -> Option<T> {
    text.match_indices(['{', '['])
        .map(|(start, _)| start)
        .filter(|start| {
            text.get(..*start)
                .is_some_and(|before| before.is_empty() || before.ends_with('\n'))
        })
        .find_map(|start| serde_json::from_str(text.get(start..)?).ok())
}

/// A text without escape sequences for colours (escape, bracket, numbers, letter), which wrangler writes
/// even if its output is not a terminal.
fn plain(bytes: &[u8]) -> String {
    const ESCAPE: &str = "\u{1b}[";
    let text = String::from_utf8_lossy(bytes);
    let Some((first, rest)) = text.split_once(ESCAPE) else {
        return text.into_owned();
    };
    rest.split(ESCAPE).fold(first.to_owned(), |text, part| {
        let mut rest = part
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')
            .chars();
        rest.next();
        text + rest.as_str()
    })
}

fn explain(words: &str) -> Option<&'static str> {
    let has = |text: &str| words.contains(text);
    if has("10042") || has("enable R2") {
        return Some("R2 is switched on once, in the dashboard under R2 object storage");
    }
    if has("10000") || has("9109") || has("not authorized") || has("Authentication error") {
        return Some(
            "the sign-in lacks a permission: `npx wrangler login` anew, or see docs/deploy.md for those of a token",
        );
    }
    if has("10063") {
        return Some(
            "the account has no workers.dev subdomain yet: open Workers & Pages in the dashboard once, which creates it; or set workers_dev = false and a custom domain in wrangler.toml",
        );
    }
    if has("isn't currently deployed") {
        return Some("`npx wrangler versions deploy` deploys the latest version; then repeat");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_found_after_other_output() {
        let who: WhoAmI = json("[WARNING] of\n{\"loggedIn\":true,\"accounts\":[]}\n").unwrap();
        assert!(who.logged_in && who.accounts.is_empty());
        assert!(json::<WhoAmI>("no JSON").is_none());
    }

    #[test]
    fn colours_are_removed() {
        let coloured =
            "\u{1b}[31m\u{2718} \u{1b}[41;31m[\u{1b}[41;97mERROR\u{1b}[41;31m]\u{1b}[0m no";
        assert_eq!(plain(coloured.as_bytes()), "\u{2718} [ERROR] no");
        assert_eq!(plain(b"plain [1]"), "plain [1]");
        assert_eq!(plain("\u{1b}[".as_bytes()), "");
    }

    #[test]
    fn secrets_of_the_worker_are_kept_from_wrangler() {
        for (name, expected) in [
            ("LOGPUSH_SECRET", true),
            ("OPERATOR_SECRET", true),
            ("SEKOIA_INTAKE_KEY", true),
            ("SEKOIA_INTAKE_KEY_DNS_LOGS", true),
            ("HTTP_HEADERS", true),
            ("ALERT_WEBHOOK_URL", true),
            ("CLOUDFLARE_API_TOKEN", false),
            ("SEKOIA_INTAKE_URL", false),
            ("HTTP_PROXY", false),
            ("PATH", false),
        ] {
            assert_eq!(is_secret(name), expected, "{name}");
        }
    }

    #[test]
    fn an_error_of_wrangler_is_explained() {
        for (words, hint) in [
            (
                "Please enable R2 through the Cloudflare Dashboard. [code: 10042]",
                "R2",
            ),
            ("Authentication error [code: 10000]", "permission"),
        ] {
            assert!(explain(words).unwrap().contains(hint));
        }
        assert_eq!(explain("something else"), None);
    }
}
