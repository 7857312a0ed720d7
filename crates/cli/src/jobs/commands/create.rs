//! `jobs create`: creates a job as the Worker needs it, or compares it to the existing one.

use logpush_normalizer::Dataset;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::dataset::{self, has_own_requests};
use crate::jobs::check::chain;
use crate::jobs::cloudflare::api::{Call, Method};
use crate::jobs::cloudflare::destination::{Destination, R2Keys, Substitution};
use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::fields;
use crate::jobs::cloudflare::job::Job;
use crate::jobs::cloudflare::scope::{Scope, ScopesArgs, is_id};
use crate::jobs::difference::{self, Difference};
use crate::jobs::options::OptionsArgs;
use crate::jobs::session::{Change, CommandOutcome, Session, substitutions};
use crate::terminal::printable;
use crate::worker_client::target::Secret;

/// Create the job of a dataset, enabled, with all fields that the subscription offers
///
/// Makes Cloudflare test the destination first. If the job exists already, prints the differences
/// and changes nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The dataset
    #[arg(long, value_name = "DATASET", value_parser = dataset::parser())]
    dataset: &'static Dataset,

    #[command(flatten)]
    scopes: ScopesArgs,

    /// The Worker's address: `https://host`
    #[arg(long, value_name = "URL", required_unless_present = "bucket")]
    worker: Option<String>,

    /// Where Logpush delivers: to the Worker, or to a bucket that the Worker reads
    #[arg(long, value_enum, default_value_t = Via::Worker)]
    via: Via,

    /// The bucket, for `--via r2`; its keys come from R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY
    #[arg(
        long,
        value_name = "NAME",
        required_if_eq("via", "r2"),
        conflicts_with = "worker"
    )]
    bucket: Option<String>,

    /// The account that has the bucket, if it is not that of the zone or job
    #[arg(long, value_name = "ID", requires = "bucket")]
    bucket_account: Option<String>,

    #[command(flatten)]
    options: OptionsArgs,
}

impl Args {
    /// The arguments for a job that delivers to a Worker, with the defaults.
    pub(crate) fn to_worker(dataset: &'static Dataset, scopes: ScopesArgs, worker: String) -> Self {
        Self {
            dataset,
            scopes,
            worker: Some(worker),
            via: Via::Worker,
            bucket: None,
            bucket_account: None,
            options: OptionsArgs::default(),
        }
    }

    /// The arguments for a job that writes to a bucket, with the defaults.
    pub(crate) fn to_bucket(dataset: &'static Dataset, scopes: ScopesArgs, bucket: String) -> Self {
        Self {
            dataset,
            scopes,
            worker: None,
            via: Via::R2,
            bucket: Some(bucket),
            bucket_account: None,
            options: OptionsArgs::default(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Via {
    Worker,
    R2,
}

/// Limits of an upload, both Cloudflare's minimum. 5 MB of plain records are some 3,000 requests, and
/// a failed upload is sent again as a whole.
const MAX_UPLOAD_BYTES: u64 = 5_000_000;
const MAX_UPLOAD_RECORDS: u64 = 1_000;

/// The timestamp format: to the nanosecond, and readable.
const TIMESTAMPS: &str = "rfc3339ns";

/// The prefix of the names of all jobs of this program.
pub(crate) const NAME_PREFIX: &str = "logpush-ecs-";

/// The suffix of Cloudflare's own addresses. They belong to no zone, so that no job logs the uploads
/// to them.
const WORKERS_DEV: &str = ".workers.dev";

/// The secrets that a job needs from the environment.
struct JobSecrets {
    secret: Option<Secret>,
    keys: Option<R2Keys>,
    substitutions: Vec<Substitution>,
}

pub(crate) fn run(session: &Session, args: &Args) -> Result<CommandOutcome, JobsError> {
    args.scopes.expect(args.dataset.name)?;
    if args.via == Via::Worker && args.bucket.is_some() {
        return Err(JobsError::Usage("--bucket is for --via r2".to_owned()));
    }
    let (secret, keys) = match args.via {
        Via::Worker => (Some(session.secret()?), None),
        Via::R2 => (None, Some(session.r2_keys()?)),
    };
    let secrets = JobSecrets {
        substitutions: substitutions(secret.as_ref(), keys.as_ref()),
        secret,
        keys,
    };
    let scopes = args.scopes.resolve(&session.api)?;
    if let [scope] = scopes.as_slice() {
        return one(session, args, scope, &secrets);
    }
    let mut outcome = CommandOutcome {
        is_done: true,
        ..CommandOutcome::default()
    };
    let mut all = Vec::new();
    for scope in &scopes {
        // A zone that cannot have a job does not keep the others from having theirs.
        let done = one(session, args, scope, &secrets).unwrap_or_else(|error| CommandOutcome {
            text: format!("{scope}: not created\nerror: {}\n", error.text()),
            json: json!({ "scope": scope.to_string(), "action": "none", "error": error.json() }),
            is_done: false,
        });
        outcome.text += &done.text;
        outcome.is_done &= done.is_done;
        all.push(done.json);
    }
    outcome.json = Value::from(all);
    Ok(outcome)
}

fn one(
    session: &Session,
    args: &Args,
    scope: &Scope,
    secrets: &JobSecrets,
) -> Result<CommandOutcome, JobsError> {
    let dataset = args.dataset.name;
    let offered = fields::offered(&session.api, scope, dataset)?;
    let destination = destination(session, args, scope, secrets)?;
    let wanted = wanted(args, &offered, &destination)?;
    let jobs = session.jobs(scope, Some(dataset))?;
    let name = wanted.get("name").and_then(Value::as_str);
    let there = jobs
        .iter()
        .find(|job| job.destination().base == destination.base)
        .or_else(|| jobs.iter().find(|job| Some(job.text("name")) == name));
    if let Some(job) = there {
        return Ok(compared(session, args, scope, job, wanted));
    }
    if !session.dry_run {
        chain::test(session, scope, dataset, &destination)?;
    }
    let change = Change {
        method: Method::Post,
        path: format!("{}/logpush/jobs", scope.path()),
        dataset,
        body: Some(Value::Object(wanted.clone())),
        secrets: &secrets.substitutions,
    };
    let curl = session.curl(&change);
    let (word, job) = match session.change(&change)? {
        Some(job) => ("created", job),
        None => ("would create", Job(wanted)),
    };
    let is_done = job.is_enabled();
    let json = json!({
        "scope": scope.to_string(),
        "action": if session.dry_run { "none" } else { "created" },
        "dry_run": session.dry_run,
        "job": job.shown(),
        "curl": curl,
    });
    let mut text = format!("{scope}: {word} {}", described(&job, offered.len()));
    if !is_done {
        text += &format!(
            "the job is not enabled, although that was asked\n  hint: `logpush-ecs jobs enable {} {}`\n",
            job.id(),
            scope.option()
        );
    }
    text += &format!("The same with curl:\n{curl}\n");
    if let Some(bucket) = &args.bucket {
        text += &format!(
            "The Worker must hear of each object, by a notification that is made once: `npx wrangler r2 bucket notification create {bucket} --event-type object-create --queue logpush-ecs --prefix logpush/`\n"
        );
    }
    if !session.dry_run {
        text += &format!(
            "The first upload takes some minutes. `logpush-ecs jobs check {}` tells whether all is well.\n",
            scope.option()
        );
    }
    Ok(CommandOutcome {
        text,
        json,
        is_done,
    })
}

fn destination(
    session: &Session,
    args: &Args,
    scope: &Scope,
    secrets: &JobSecrets,
) -> Result<Destination, JobsError> {
    let destination = match (&args.worker, &secrets.secret, &args.bucket, &secrets.keys) {
        (Some(worker), Some(secret), ..) => Destination::worker(worker, args.dataset, secret),
        (.., Some(bucket), Some(keys)) => {
            let account = bucket_account(session, args, scope)?;
            bucket_name(bucket)
                .and_then(|bucket| Destination::r2(bucket, args.dataset.name, &account, keys))
        }
        _ => Err("--worker is missing".to_owned()),
    };
    destination.map_err(JobsError::Usage)
}

fn bucket_name(bucket: &str) -> Result<&str, String> {
    let is_sound = (3..=63).contains(&bucket.len())
        && bucket
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    match is_sound {
        true => Ok(bucket),
        false => Err(
            "--bucket is not a name of an R2 bucket, which has 3 to 63 of a-z, 0-9 and -"
                .to_owned(),
        ),
    }
}

#[derive(Deserialize)]
struct ZoneDetails {
    account: AccountId,
}

#[derive(Deserialize)]
struct AccountId {
    id: String,
}

fn bucket_account(session: &Session, args: &Args, scope: &Scope) -> Result<String, JobsError> {
    match (&args.bucket_account, scope) {
        (Some(account), _) if is_id(account) => Ok(account.clone()),
        (Some(_), _) => Err(JobsError::Usage(
            "--bucket-account is not an ID, which has 32 hexadecimal digits".to_owned(),
        )),
        (None, Scope::Account { id }) => Ok(id.clone()),
        (None, Scope::Zone { .. }) => {
            let zone: ZoneDetails = session.api.get(&Call::new(scope.path())).map_err(|error| {
                JobsError::Usage(format!(
                    "the zone's account cannot be read ({error}): name it with --bucket-account"
                ))
            })?;
            Ok(zone.account.id)
        }
    }
}

/// The members of the job to create.
fn wanted(
    args: &Args,
    offered: &[String],
    destination: &Destination,
) -> Result<Map<String, Value>, JobsError> {
    let dataset = args.dataset.name;
    let chosen = args.options.choose(offered, dataset)?;
    let mut wanted = Map::new();
    let mut set = |name: &str, value: Value| wanted.insert(name.to_owned(), value);
    set(
        "name",
        json!(format!("{NAME_PREFIX}{}", dataset.replace('_', "-"))),
    );
    set("dataset", json!(dataset));
    set("enabled", json!(true));
    set("max_upload_bytes", json!(MAX_UPLOAD_BYTES));
    set("max_upload_records", json!(MAX_UPLOAD_RECORDS));
    set("destination_conf", json!(destination.text()));
    if let Some(filter) = own_requests(dataset, &chosen, destination) {
        set("filter", json!(filter));
    }
    let mut output = Map::from_iter([("timestamp_format".to_owned(), json!(TIMESTAMPS))]);
    output.extend(args.options.output(Some(chosen)));
    set("output_options", Value::Object(output));
    wanted.extend(args.options.members());
    Ok(wanted)
}

/// A filter that keeps the uploads to the Worker out of the logs, since each would cause another one
/// forever.
fn own_requests(dataset: &str, fields: &[String], destination: &Destination) -> Option<String> {
    const HOST: &str = "ClientRequestHost";
    let url = destination.url()?;
    let host = url.host()?;
    let can_loop = destination.is_worker()
        && has_own_requests(dataset)
        && fields.iter().any(|field| field == HOST)
        && !host.ends_with(WORKERS_DEV);
    can_loop.then(|| {
        json!({ "where": { "and": [{ "key": HOST, "operator": "!eq", "value": host }] } })
            .to_string()
    })
}

/// The outcome for a job that exists already.
fn compared(
    session: &Session,
    args: &Args,
    scope: &Scope,
    job: &Job,
    mut wanted: Map<String, Value>,
) -> CommandOutcome {
    // A filter that is not asked for now was set by somebody, which is a difference.
    wanted.entry("filter").or_insert_with(|| json!(""));
    let differences = difference::between(job, &wanted);
    let number = job.id();
    let json = json!({
        "scope": scope.to_string(),
        "action": "none",
        "dry_run": session.dry_run,
        "job": job.shown(),
        "differences": differences,
    });
    if differences.is_empty() {
        return CommandOutcome {
            text: format!("{scope}: job {number} is there already, as asked\n"),
            json,
            is_done: true,
        };
    }
    let mut text = format!("{scope}: job {number} is there already, and differs:\n");
    for Difference { what, is, wanted } in &differences {
        text += &printable(&format!("  {what}: {is}; asked: {wanted}"));
        text.push('\n');
    }
    for command in remedies(args, scope, number, &differences, &wanted) {
        text += &format!("  hint: `{command}`\n");
    }
    CommandOutcome {
        text,
        json,
        is_done: false,
    }
}

/// The commands that remove the differences.
fn remedies(
    args: &Args,
    scope: &Scope,
    job: u64,
    differences: &[Difference],
    wanted: &Map<String, Value>,
) -> Vec<String> {
    let mut update = String::new();
    let mut commands = Vec::new();
    for Difference {
        what, wanted: to, ..
    } in differences
    {
        update += &match what.as_str() {
            "enabled" => {
                commands.push(format!("logpush-ecs jobs enable {job} {}", scope.option()));
                continue;
            }
            "field_names" => format!(
                " --fields {}",
                args.options.fields.as_deref().unwrap_or("all")
            ),
            "timestamp_format" => format!(" --timestamps {to}"),
            "sample_rate" => format!(" --sample {to}"),
            "max_upload_interval_seconds" => format!(" --max-upload-interval {to}"),
            "max_upload_bytes" => format!(" --max-upload-bytes {to}"),
            "max_upload_records" => format!(" --max-upload-records {to}"),
            "name" => format!(" --name {to}"),
            "filter" => {
                let filter = wanted.get("filter").and_then(Value::as_str);
                format!(" --filter '{}'", filter.unwrap_or_default())
            }
            "destination_conf" => match &args.worker {
                Some(worker) => format!(" --worker {worker}"),
                None => " --secret".to_owned(),
            },
            _ => " --secret".to_owned(),
        };
    }
    if !update.is_empty() {
        let command = format!("logpush-ecs jobs update {job} {}{update}", scope.option());
        commands.insert(0, command);
    }
    commands
}

fn described(job: &Job, offered: usize) -> String {
    let mut text = match job.id() {
        0 => format!("the job {}\n", job.text("name")),
        number => format!("job {number}, {}\n", job.text("name")),
    };
    let mut line =
        |name: &str, value: &str| text += &format!("  {name:<12} {}\n", printable(value));
    line("dataset", job.dataset());
    line(
        "fields",
        &format!("{} of {offered} offered", job.fields().len()),
    );
    line("times", &job.timestamps());
    line("destination", &job.destination().shown());
    let limit = |name: &str| {
        job.0
            .get(name)
            .map_or_else(|| "-".to_owned(), Value::to_string)
    };
    line(
        "uploads",
        &format!(
            "at most {} bytes, {} records",
            limit("max_upload_bytes"),
            limit("max_upload_records")
        ),
    );
    if !job.text("filter").is_empty() {
        line("filter", job.text("filter"));
    }
    line("enabled", if job.is_enabled() { "yes" } else { "no" });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_are_filtered_out_where_they_can_be_logged() {
        let host = ["ClientRequestHost".to_owned()];
        let other = ["RayID".to_owned()];
        let own = "https://logs.example.com/logpush/x";
        for (dataset, fields, url, is_filtered) in [
            ("http_requests", &host, own, true),
            ("firewall_events", &host, own, true),
            ("firewall_events", &other, own, false),
            ("dns_logs", &host, own, false),
            (
                "firewall_events",
                &host,
                "https://w.example.workers.dev/logpush/x",
                false,
            ),
            ("firewall_events", &host, "r2://bucket/x/{DATE}", false),
        ] {
            let filter = own_requests(dataset, fields, &Destination::parse(url));
            assert_eq!(filter.is_some(), is_filtered, "{dataset} {url}");
        }
    }
}
