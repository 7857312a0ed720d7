//! The link from the Worker to the intake, as the Worker's status reports it to the operator.

use core::cell::RefCell;
use std::collections::BTreeMap;

use chrono::TimeDelta;
use logpush_delivery::configuration::name::DEFAULT;
use logpush_delivery::configuration::secret_name;
use logpush_delivery::destination::kind;
use logpush_delivery::settings;
use serde::Deserialize;
use ureq::http::Uri;

use crate::clock;
use crate::jobs::check::destination;
use crate::jobs::check::link::{Link, rough};
use crate::mask::Mask;
use crate::terminal::printable;
use crate::worker_client::target::{Headers, Secret};
use crate::worker_client::worker::Worker;

/// The status of each Worker that jobs deliver to. Each Worker is asked once.
pub(crate) struct Ledgers {
    secret: Option<Secret>,
    answers: RefCell<BTreeMap<String, Result<Status, NoStatus>>>,
}

/// Why a Worker's status is not known.
#[derive(Clone)]
struct NoStatus {
    status: Option<u16>,
    words: String,
}

/// The state of a dataset behind the Worker.
#[derive(Debug, Default, PartialEq, Eq)]
struct DatasetState {
    waiting: u64,
    /// When the oldest waiting upload arrived, in milliseconds since 1970.
    oldest: Option<i64>,
    /// Why the oldest upload waits.
    error: Option<String>,
    /// Records and refused events of the last hour.
    records: u64,
    refused: u64,
    dead_letters: u64,
}

/// The answer to `GET /api/status`, as far as it is needed here.
#[derive(Deserialize)]
struct Status {
    route: String,
    #[serde(default)]
    problems: Vec<Problem>,
    #[serde(default)]
    destinations: Vec<Destination>,
    #[serde(default)]
    datasets: Vec<DatasetStatus>,
}

#[derive(Deserialize)]
struct Problem {
    kind: String,
    subject: Option<String>,
    text: String,
    hint: String,
}

#[derive(Deserialize)]
struct Destination {
    name: String,
    kind: Option<String>,
    shape: Option<String>,
    intake_format: Option<IntakeFormat>,
}

#[derive(Deserialize)]
struct IntakeFormat {
    needed: String,
    if_wrong: String,
}

/// How one destination stands with a dataset.
#[derive(Deserialize)]
struct DestinationStatus {
    destination: String,
    #[serde(default)]
    totals: Counters,
    waiting: Waiting,
}

#[derive(Deserialize)]
struct DatasetStatus {
    dataset: String,
    #[serde(default)]
    destinations: Vec<DestinationStatus>,
    waiting: Waiting,
    last_hour: Counters,
    #[serde(default)]
    dead_letters: u64,
}

#[derive(Deserialize)]
struct Waiting {
    uploads: u64,
    oldest_arrival: Option<i64>,
    error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counters {
    records: u64,
    refused: u64,
}

pub(crate) const NAME: &str = "intake";

/// The text for the direct route, where the intake's refusals become errors of the job.
const DIRECT: &str = "nothing is stored on the direct route: see the last error";

/// The age from which a waiting upload is worth a warning. Delivery takes seconds, and the sweep finds
/// a forgotten upload after 15 minutes.
const LATE: TimeDelta = TimeDelta::minutes(20);

impl Ledgers {
    /// Takes the operator's secret, which opens the status, from the environment.
    pub(crate) fn from_environment(mask: &Mask) -> Result<Self, String> {
        Secret::of_operator().map(|secret| Self::new(secret, mask))
    }

    pub(crate) fn new(secret: Option<Secret>, mask: &Mask) -> Self {
        for part in secret.iter().flat_map(Secret::parts) {
            mask.add(part);
        }
        Self {
            secret,
            answers: RefCell::default(),
        }
    }

    /// Tests whether uploads that arrive at the Worker reach the intake, of several destinations each,
    /// and says which format the intake must have: nobody but a person can see whether it has.
    pub(crate) fn links(&self, worker: &Uri, dataset: &str) -> Vec<Link> {
        let Some(secret) = &self.secret else {
            return vec![Link::skip(
                NAME,
                "not asked: export OPERATOR_SECRET to see whether events reach the intake",
            )];
        };
        let mut ledgers = self.answers.borrow_mut();
        let answer = ledgers
            .entry(host_of(worker))
            .or_insert_with(|| ask(worker, secret));
        match answer {
            Ok(status) => links_of(status, dataset),
            Err(failure) => vec![no_status(failure)],
        }
    }

    /// Has the Worker check each of its destinations, for the events of a dataset.
    pub(crate) fn checks(&self, worker: &Uri, dataset: &str) -> Vec<Link> {
        let skip = |text| vec![Link::skip(destination::NAME, text)];
        let Some(secret) = &self.secret else {
            return skip("not asked: export OPERATOR_SECRET to have the destinations checked");
        };
        let ledgers = self.answers.borrow();
        let status = ledgers.get(&host_of(worker));
        match status.and_then(|status| status.as_ref().ok()) {
            Some(Status { destinations, .. }) if !destinations.is_empty() => {
                let client = client(worker, secret);
                let names = destinations.iter().map(|destination| &*destination.name);
                names
                    .map(|name| destination::link(&client, name, dataset))
                    .collect()
            }
            _ => skip("the Worker does not tell its destinations"),
        }
    }
}

/// One link where there is one destination, else one for each.
fn links_of(status: &Status, dataset: &str) -> Vec<Link> {
    let [_, _, ..] = status.destinations.as_slice() else {
        let destination = status.destinations.first();
        let link = match (misconfigured(status, None), state_of(status, dataset)) {
            (Some(problem), _) => Link::fail(NAME, &problem.text, &problem.hint),
            (None, Some(state)) => {
                let hour = format!("in the last hour {} records were delivered", state.records);
                judge(&state, &hour, destination)
            }
            (None, None) => Link::skip(NAME, DIRECT),
        };
        return vec![with_format(link, destination)];
    };
    let found = status
        .datasets
        .iter()
        .find(|found| found.dataset == dataset);
    let rows = found.map_or(&[][..], |found| &found.destinations);
    let links = status.destinations.iter().map(|destination| {
        let name = &destination.name;
        if let Some(problem) = misconfigured(status, Some(name)) {
            return Link::fail(NAME, &problem.text, &problem.hint);
        }
        let mut link = match rows.iter().find(|row| row.destination == *name) {
            Some(row) => {
                let state = DatasetState::from(row);
                let Counters { records, refused } = row.totals;
                let ever = format!("{records} records were delivered, {refused} refused");
                judge(&state, &ever, Some(destination))
            }
            None => Link::skip(NAME, "nothing of this dataset has come for it"),
        };
        link.text = format!("{}: {}", printable(name), link.text);
        with_format(link, Some(destination))
    });
    let mut links: Vec<Link> = links.collect();
    if let Some(letters) = found
        .map(|found| found.dead_letters)
        .filter(|count| *count > 0)
    {
        links.push(Link::warn(
            NAME,
            format!("dead letters: {letters}"),
            "GET /api/dead-letters lists what is not delivered, with the destinations' reasons",
        ));
    }
    links
}

/// A destination whose settings are wrong: uploads are stored, and wait. Without a name, any.
fn misconfigured<'a>(status: &'a Status, name: Option<&String>) -> Option<&'a Problem> {
    let mut problems = status.problems.iter();
    problems.find(|problem| {
        problem.kind == "destination_misconfigured"
            && (name.is_none() || problem.subject.is_none() || problem.subject.as_ref() == name)
    })
}

fn with_format(mut link: Link, destination: Option<&Destination>) -> Link {
    if let Some(format) = destination.and_then(format) {
        link.text += &printable(&format!("; {format}"));
    }
    link
}

/// The format that goes with the shape of a destination's events.
fn format(destination: &Destination) -> Option<String> {
    let Destination {
        name,
        shape,
        intake_format,
        ..
    } = destination;
    let IntakeFormat { needed, if_wrong } = intake_format.as_ref()?;
    let shape = shape.as_deref().unwrap_or_default();
    Some(format!(
        "{name}, SHAPE {shape}: the intake must have {needed}. {if_wrong}"
    ))
}

fn host_of(worker: &Uri) -> String {
    let host = worker.authority().map(ToString::to_string);
    host.unwrap_or_default()
}

/// The Worker's routes of the operator.
fn client(worker: &Uri, secret: &Secret) -> Worker {
    let mut headers = Headers::default();
    headers.add("Authorization", &format!("Bearer {}", secret.first()));
    Worker::new(worker.clone(), headers)
}

fn ask(worker: &Uri, secret: &Secret) -> Result<Status, NoStatus> {
    let status = client(worker, secret)
        .get_json("/api/status")
        .map_err(|refusal| NoStatus {
            status: refusal.status(),
            words: refusal.to_string(),
        })?;
    Status::deserialize(status).map_err(|error| NoStatus {
        status: None,
        words: format!("what /api/status tells is not understood: {error}"),
    })
}

fn no_status(failure: &NoStatus) -> Link {
    let words = failure.words.as_str();
    match failure.status {
        Some(401) => Link::warn(
            NAME,
            words,
            "export the OPERATOR_SECRET that the Worker has; `npx wrangler secret put OPERATOR_SECRET` sets another",
        ),
        Some(404) => Link::skip(NAME, DIRECT),
        _ => Link::warn(
            NAME,
            words,
            "the Worker does not tell what it has delivered: `npx wrangler tail` shows why",
        ),
    }
}

/// The state of a dataset; none on the direct route. A dataset that the status does not name has sent
/// nothing yet.
fn state_of(status: &Status, dataset: &str) -> Option<DatasetState> {
    let found = status
        .datasets
        .iter()
        .find(|found| found.dataset == dataset);
    (status.route != "direct").then(|| found.map(DatasetState::from).unwrap_or_default())
}

impl From<&DestinationStatus> for DatasetState {
    fn from(status: &DestinationStatus) -> Self {
        Self {
            waiting: status.waiting.uploads,
            oldest: status.waiting.oldest_arrival,
            error: status.waiting.error.clone(),
            records: status.totals.records,
            // These are counted since the beginning, and dead letters by dataset.
            refused: 0,
            dead_letters: 0,
        }
    }
}

impl From<&DatasetStatus> for DatasetState {
    fn from(status: &DatasetStatus) -> Self {
        Self {
            waiting: status.waiting.uploads,
            oldest: status.waiting.oldest_arrival,
            error: status.waiting.error.clone(),
            records: status.last_hour.records,
            refused: status.last_hour.refused,
            dead_letters: status.dead_letters,
        }
    }
}

/// `delivered`: how much was, and since when.
fn judge(state: &DatasetState, delivered: &str, destination: Option<&Destination>) -> Link {
    if state.waiting == 0 {
        if state.refused == 0 && state.dead_letters == 0 {
            return Link::ok(NAME, format!("nothing waits; {delivered}"));
        }
        return Link::warn(
            NAME,
            format!(
                "{delivered}, {} refused by the intake; dead letters: {}",
                state.refused, state.dead_letters
            ),
            "GET /api/dead-letters lists what is not delivered, with the intake's reasons",
        );
    }
    let now = clock::utc().timestamp_millis();
    let age = TimeDelta::milliseconds(now.saturating_sub(state.oldest.unwrap_or(now)));
    let waiting = match state.waiting {
        1 => format!("1 upload waits, for {}", rough(age)),
        count => format!("{count} uploads wait, the oldest for {}", rough(age)),
    };
    match &state.error {
        Some(error) => Link::fail(
            NAME,
            format!("{waiting}: {error}"),
            remedy(error, destination),
        ),
        None if age > LATE => Link::warn(
            NAME,
            format!("{waiting}; {delivered}"),
            "the intake takes less than arrives, or the queue's consumer stands still: `npx wrangler tail` shows which",
        ),
        None => Link::ok(NAME, format!("{waiting}; {delivered}")),
    }
}

/// The hint for an error that makes uploads wait.
fn remedy(error: &str, destination: Option<&Destination>) -> String {
    let has = |text: &str| error.contains(text);
    if has("401") || has("403") {
        let secrets = secrets_of(destination);
        return format!(
            "the key is wrong: `npx wrangler secret put NAME` sets the right one, NAME being {}; what waits is delivered then",
            secrets.join(" or ")
        );
    }
    "what waits is safe for RETRY_DAYS, and is delivered when the intake takes it: look at the intake's state and at its URL in wrangler.toml".to_owned()
}

/// The secrets that a destination may have, by their names at the Worker.
fn secrets_of(destination: Option<&Destination>) -> Vec<String> {
    let known = destination.and_then(|destination| {
        let kind = kind(destination.kind.as_deref()?)?;
        Some((&*destination.name, kind))
    });
    match known {
        Some((name, kind)) => {
            let secrets = kind.settings.iter().filter(|setting| setting.is_secret);
            secrets
                .map(|setting| match name {
                    DEFAULT => setting.name.to_owned(),
                    name => secret_name(name, setting, kind),
                })
                .collect()
        }
        None => settings::secrets_of_destinations()
            .map(|secret| secret.name.to_owned())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jobs::check::link::Mark;

    fn status(waiting: u64, arrived: i64, error: Option<&str>, refused: u64) -> Status {
        Status::deserialize(json!({
            "route": "durable",
            "datasets": [
                { "dataset": "dns_logs", "waiting": { "uploads": 9 }, "last_hour": {} },
                {
                    "dataset": "firewall_events",
                    "waiting": { "uploads": waiting, "oldest_arrival": arrived, "error": error },
                    "last_hour": { "records": 7, "refused": refused, "lag_ms_max": 5 },
                },
            ],
        }))
        .unwrap()
    }

    #[test]
    fn the_state_of_a_dataset_is_judged() {
        let now = clock::utc().timestamp_millis();
        let two_hours_ago = now - 7_200_000;
        let wrong_key = Some("the intake answers 401");
        for (waiting, arrived, error, refused, mark, words) in [
            (
                0,
                now,
                None,
                0,
                Mark::Ok,
                "nothing waits; in the last hour 7 records",
            ),
            (0, now, None, 2, Mark::Warn, "2 refused"),
            (1, now, None, 0, Mark::Ok, "1 upload waits"),
            (
                2,
                two_hours_ago,
                None,
                0,
                Mark::Warn,
                "2 uploads wait, the oldest for 2 h",
            ),
            (1, now, wrong_key, 0, Mark::Fail, "401"),
        ] {
            let status = status(waiting, arrived, error, refused);
            let [link] = &links_of(&status, "firewall_events")[..] else {
                panic!("one destination has one link");
            };
            assert_eq!(link.mark, mark, "{}", link.text);
            assert!(link.text.contains(words), "{}", link.text);
        }
        let others = status(1, now, wrong_key, 0);
        assert_eq!(
            state_of(&others, "http_requests"),
            Some(DatasetState::default())
        );
        let direct = Status::deserialize(json!({ "route": "direct" })).unwrap();
        assert_eq!(state_of(&direct, "dns_logs"), None);
    }

    #[test]
    fn a_destination_whose_settings_are_wrong_is_a_broken_link() {
        for (kind, expected) in [("destination_misconfigured", true), ("lag", false)] {
            let status = Status::deserialize(json!({
                "route": "durable",
                "problems": [{ "kind": kind, "text": "key is missing", "hint": "Set it." }],
            }))
            .unwrap();
            assert_eq!(misconfigured(&status, None).is_some(), expected, "{kind}");
        }
    }

    #[test]
    fn the_pair_of_shape_and_format_is_named_with_the_look_of_a_wrong_one() {
        let destination = |format| {
            Destination::deserialize(
                json!({ "name": "siem", "shape": "ecs", "intake_format": format }),
            )
            .unwrap()
        };
        let pair = json!({ "needed": "the custom format", "if_wrong": "Nothing is read." });
        assert_eq!(
            format(&destination(pair)).as_deref(),
            Some("siem, SHAPE ecs: the intake must have the custom format. Nothing is read.")
        );
        assert!(format(&destination(json!(null))).is_none());
    }

    #[test]
    fn an_error_of_the_intake_is_explained() {
        assert!(remedy("the intake answers 401", None).contains("SEKOIA_INTAKE_KEY"));
        assert!(remedy("connection refused", None).contains("RETRY_DAYS"));
    }

    #[test]
    fn each_of_several_destinations_is_judged() {
        let waits = json!({ "uploads": 1, "oldest_arrival": 0, "error": "status 403: no" });
        let status = Status::deserialize(json!({
            "route": "durable",
            "destinations": [
                { "name": "default", "kind": "sekoia" },
                { "name": "lake", "kind": null },
                { "name": "search", "kind": "elasticsearch" },
                { "name": "soc", "kind": "splunk" },
            ],
            "problems": [{
                "kind": "destination_misconfigured",
                "subject": "lake",
                "text": "The destination lake is not configured",
                "hint": "mend it",
            }],
            "datasets": [{
                "dataset": "dns_logs",
                "waiting": waits,
                "last_hour": {},
                "dead_letters": 3,
                "destinations": [
                    { "destination": "default", "totals": { "records": 7, "refused": 2 }, "waiting": { "uploads": 0 } },
                    { "destination": "search", "totals": { "records": 7 }, "waiting": waits },
                ],
            }],
        }))
        .unwrap();
        let links = links_of(&status, "dns_logs");
        let found: Vec<_> = links.iter().map(|link| (link.mark, &*link.text)).collect();
        for ((mark, text), (expected, words)) in found.iter().zip([
            (
                Mark::Ok,
                "default: nothing waits; 7 records were delivered, 2 refused",
            ),
            (Mark::Fail, "The destination lake is not configured"),
            (Mark::Fail, "search: 1 upload waits"),
            (Mark::Skip, "soc: nothing of this dataset has come for it"),
            (Mark::Warn, "dead letters: 3"),
        ]) {
            assert!(*mark == expected && text.starts_with(words), "{text}");
        }
        assert_eq!(found.len(), 5);
        let hint = links[2].hint.as_deref().unwrap();
        assert!(hint.contains("SEARCH_API_KEY or SEARCH_PASSWORD"), "{hint}");
    }
}
