//! What becomes of uploads behind the Worker, as it tells the operator.

use core::cell::RefCell;
use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::Deserialize;
use ureq::http::Uri;

use crate::clock;
use crate::jobs::check::link::{Link, rough};
use crate::mask::Mask;
use crate::worker_client::target::{Headers, Secret};
use crate::worker_client::worker::Worker;

/// The ledgers of the Workers that jobs deliver to, each asked once.
pub(crate) struct Ledgers {
    secret: Option<Secret>,
    told: RefCell<BTreeMap<String, Result<Status, Trouble>>>,
}

/// Why a ledger tells nothing.
#[derive(Clone)]
struct Trouble {
    status: Option<u16>,
    words: String,
}

/// What the Worker tells of a dataset.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    waiting: u64,
    /// When the oldest upload that waits has arrived, in milliseconds since 1970.
    oldest: Option<i64>,
    /// Why it waits.
    error: Option<String>,
    /// Of the last hour.
    records: u64,
    refused: u64,
    dead_letters: u64,
}

/// `GET /api/status`, as far as it is needed.
#[derive(Deserialize)]
struct Status {
    route: String,
    #[serde(default)]
    datasets: Vec<DatasetStatus>,
}

#[derive(Deserialize)]
struct DatasetStatus {
    dataset: String,
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

/// The intake's refusals are the job's errors there.
const DIRECT: &str = "nothing is stored on the direct route: see the last error";

/// An upload is delivered within seconds; the sweep finds one that was forgotten after 15 minutes.
const LATE: TimeDelta = TimeDelta::minutes(20);

impl Ledgers {
    /// With the operator's secret of the environment, which opens them.
    pub(crate) fn from_environment(mask: &Mask) -> Result<Self, String> {
        Secret::of_operator().map(|secret| Self::new(secret, mask))
    }

    pub(crate) fn new(secret: Option<Secret>, mask: &Mask) -> Self {
        for part in secret.iter().flat_map(Secret::parts) {
            mask.add(part);
        }
        Self {
            secret,
            told: RefCell::default(),
        }
    }

    /// Whether what arrives at the Worker goes on to the intake.
    pub(crate) fn link(&self, worker: &Uri, dataset: &str) -> Link {
        let Some(secret) = &self.secret else {
            return Link::skip(
                NAME,
                "not asked: export OPERATOR_SECRET to see whether events reach the intake",
            );
        };
        let host = worker
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default();
        let mut ledgers = self.told.borrow_mut();
        let told = ledgers.entry(host).or_insert_with(|| ask(worker, secret));
        match told {
            Ok(status) => match told_of(status, dataset) {
                Some(told) => judge(&told),
                None => Link::skip(NAME, DIRECT),
            },
            Err(trouble) => untold(trouble),
        }
    }
}

fn ask(worker: &Uri, secret: &Secret) -> Result<Status, Trouble> {
    let mut headers = Headers::default();
    headers.add("Authorization", &format!("Bearer {}", secret.first()));
    let worker = Worker::new(worker.clone(), headers);
    let status = worker.told("/api/status").map_err(|refusal| Trouble {
        status: refusal.status(),
        words: refusal.to_string(),
    })?;
    Status::deserialize(status).map_err(|error| Trouble {
        status: None,
        words: format!("what /api/status tells is not understood: {error}"),
    })
}

fn untold(trouble: &Trouble) -> Link {
    let words = trouble.words.as_str();
    match trouble.status {
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

/// What is told of a dataset; nothing on the direct route. One that is not named has had nothing yet.
fn told_of(status: &Status, dataset: &str) -> Option<Told> {
    let found = status
        .datasets
        .iter()
        .find(|found| found.dataset == dataset);
    (status.route != "direct").then(|| found.map(Told::from).unwrap_or_default())
}

impl From<&DatasetStatus> for Told {
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

fn judge(told: &Told) -> Link {
    let hour = format!("in the last hour {} records were delivered", told.records);
    if told.waiting == 0 {
        if told.refused == 0 && told.dead_letters == 0 {
            return Link::ok(NAME, format!("nothing waits; {hour}"));
        }
        return Link::warn(
            NAME,
            format!(
                "{hour}, {} refused by the intake; dead letters: {}",
                told.refused, told.dead_letters
            ),
            "GET /api/dead-letters lists what is not delivered, with the intake's reasons",
        );
    }
    let now = clock::utc().timestamp_millis();
    let age = TimeDelta::milliseconds(now.saturating_sub(told.oldest.unwrap_or(now)));
    let waiting = match told.waiting {
        1 => format!("1 upload waits, for {}", rough(age)),
        count => format!("{count} uploads wait, the oldest for {}", rough(age)),
    };
    match &told.error {
        Some(error) => Link::fail(NAME, format!("{waiting}: {error}"), remedy(error)),
        None if age > LATE => Link::warn(
            NAME,
            format!("{waiting}; {hour}"),
            "the intake takes less than arrives, or the queue's consumer stands still: `npx wrangler tail` shows which",
        ),
        None => Link::ok(NAME, format!("{waiting}; {hour}")),
    }
}

/// Nothing is lost so far, whatever it is.
fn remedy(error: &str) -> &'static str {
    let has = |text: &str| error.contains(text);
    if has("401") || has("403") {
        return "the key is wrong: `npx wrangler secret put SEKOIA_INTAKE_KEY` (or HTTP_HEADERS) sets the right one; what waits is delivered then";
    }
    "what waits is safe for RETRY_DAYS, and is delivered when the intake takes it: look at the intake's state and at its URL in wrangler.toml"
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
    fn what_the_worker_tells_is_judged() {
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
            let link = judge(&told_of(&status, "firewall_events").unwrap());
            assert_eq!(link.mark, mark, "{}", link.text);
            assert!(link.text.contains(words), "{}", link.text);
        }
        let others = status(1, now, wrong_key, 0);
        assert_eq!(told_of(&others, "http_requests"), Some(Told::default()));
        let direct = Status::deserialize(json!({ "route": "direct" })).unwrap();
        assert_eq!(told_of(&direct, "dns_logs"), None);
    }

    #[test]
    fn what_the_intake_says_is_explained() {
        assert!(remedy("the intake answers 401").contains("SEKOIA_INTAKE_KEY"));
        assert!(remedy("connection refused").contains("RETRY_DAYS"));
    }
}
