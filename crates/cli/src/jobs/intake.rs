//! What becomes of uploads behind the Worker, as its ledger has it.

use core::cell::RefCell;
use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::Value;
use ureq::http::Uri;

use crate::clock;
use crate::jobs::chain::{Link, rough};
use crate::jobs::mask::Mask;
use crate::push::target::{Headers, Secret};
use crate::push::worker::Worker;

/// The ledgers of the Workers that jobs deliver to, each asked once.
pub(crate) struct Ledgers {
    secret: Option<Secret>,
    told: RefCell<BTreeMap<String, Result<Value, Trouble>>>,
}

/// Why a ledger tells nothing.
#[derive(Clone)]
struct Trouble {
    status: Option<u16>,
    words: String,
}

/// What the ledger knows of a dataset.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    pending: Vec<Pending>,
    minutes: Vec<Minute>,
}

/// An upload on its way.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pending {
    /// Milliseconds since 1970.
    arrived: i64,
    last_error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Minute {
    records: u64,
    refused: u64,
}

const NAME: &str = "intake";

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
            Ok(ledger) => judge(ledger.get(dataset)),
            Err(trouble) => untold(trouble),
        }
    }
}

fn ask(worker: &Uri, secret: &Secret) -> Result<Value, Trouble> {
    let mut headers = Headers::default();
    headers.add("Authorization", &format!("Bearer {}", secret.first()));
    Worker::new(worker.clone(), headers)
        .told("/api/ledger")
        .map_err(|refusal| Trouble {
            status: refusal.status(),
            words: refusal.to_string(),
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
        // The direct route: the intake's refusals are the job's errors.
        Some(404) => Link::skip(
            NAME,
            "nothing is stored on the direct route: see the last error",
        ),
        _ => Link::warn(
            NAME,
            words,
            "the Worker does not tell what it has delivered: `npx wrangler tail` shows why",
        ),
    }
}

fn judge(told: Option<&Value>) -> Link {
    let Some(told) = told.and_then(|told| Told::deserialize(told).ok()) else {
        return Link::warn(
            NAME,
            "the Worker tells nothing of this dataset",
            "is its version that of this program? `npm run deploy` deploys this one",
        );
    };
    let records: u64 = told.minutes.iter().map(|minute| minute.records).sum();
    let refused: u64 = told.minutes.iter().map(|minute| minute.refused).sum();
    let hour = format!("in the last hour {records} records were delivered");
    let Some(oldest) = told.pending.iter().min_by_key(|upload| upload.arrived) else {
        return match refused {
            0 => Link::ok(NAME, format!("nothing waits; {hour}")),
            _ => Link::warn(
                NAME,
                format!("{hour}, and {refused} events refused by the intake"),
                "they are dead letters, with the intake's reasons: GET /api/dead-letters lists them",
            ),
        };
    };
    let age = TimeDelta::milliseconds(
        clock::utc()
            .timestamp_millis()
            .saturating_sub(oldest.arrived),
    );
    let waiting = match told.pending.len() {
        1 => format!("1 upload waits, for {}", rough(age)),
        count => format!("{count} uploads wait, the oldest for {}", rough(age)),
    };
    let error = told
        .pending
        .iter()
        .find_map(|upload| upload.last_error.as_deref());
    match error {
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
    use crate::jobs::chain::Mark;

    #[test]
    fn what_the_ledger_tells_is_judged() {
        let now = clock::utc().timestamp_millis();
        let minute = json!([{ "minute": 1, "records": 7, "refused": 0, "more": 1 }]);
        for (told, mark, words) in [
            (json!({}), Mark::Ok, "0 records"),
            (json!({ "minutes": minute }), Mark::Ok, "7 records"),
            (
                json!({ "minutes": [{ "records": 7, "refused": 2 }] }),
                Mark::Warn,
                "2 events refused",
            ),
            (
                json!({ "pending": [{ "arrived": now, "last_error": null }] }),
                Mark::Ok,
                "1 upload waits",
            ),
            (
                json!({ "pending": [{ "arrived": now }, { "arrived": now - 7_200_000 }] }),
                Mark::Warn,
                "the oldest for 2 h",
            ),
            (
                json!({ "pending": [{ "arrived": now, "last_error": "the intake answers 401" }] }),
                Mark::Fail,
                "401",
            ),
        ] {
            let link = judge(Some(&told));
            assert_eq!(link.mark, mark, "{told}");
            assert!(link.text.contains(words), "{}", link.text);
        }
        assert_eq!(judge(None).mark, Mark::Warn);
        assert!(remedy("the intake answers 401").contains("SEKOIA_INTAKE_KEY"));
        assert!(remedy("connection refused").contains("RETRY_DAYS"));
    }
}
