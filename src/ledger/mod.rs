//! The ledger: what arrived, what left, what is stuck. A memory that may fail: no delivery fails
//! with it.
//!
//! One Durable Object for each dataset and sixteenth of the identities, so that it grows with the
//! account; an object answers some hundred requests a second, and an upload needs three and one
//! for each further batch.

mod object;

use core::pin::pin;
use core::time::Duration;

use futures_util::future::{Either, select};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use worker::{Delay, Method, ObjectNamespace, Request, RequestInit};

use crate::durable::done::Done;
use crate::durable::state::{Begun, Holder, State};

/// What the ledger is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(crate) enum Question {
    /// An upload has arrived. `again`: what is known of it is no longer true.
    Arrive {
        id: String,
        key: String,
        bytes: u64,
        lines: u64,
        again: bool,
    },
    Begin {
        id: String,
        key: String,
        holder: Holder,
        lease: u64,
    },
    Record {
        id: String,
        holder: Holder,
        done: Done,
        lease: u64,
    },
    Fail {
        id: String,
        holder: Holder,
        done: Done,
        error: Option<String>,
        next: u64,
    },
    /// All is done. Without counts where it became a dead letter, or its object is gone.
    Finish {
        id: String,
        key: String,
        counts: Option<Counts>,
    },
    /// A dead letter was written.
    Dead {
        key: String,
        upload: String,
        records: Option<u64>,
        reason: String,
    },
    /// What is known of an upload.
    Look { id: String },
    /// Which of these, stored under their keys, nobody has had in hand for so long.
    Claim {
        found: Vec<(String, String)>,
        grace: u64,
    },
    /// How long to wait before the next request to the intake.
    Slot { per_second: u64 },
    /// Uploads on their way, and the counters since a minute.
    Overview { since_minute: u64 },
}

/// What an upload came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    pub(crate) records: u64,
    pub(crate) errors: u64,
    pub(crate) refused: u64,
    pub(crate) bytes: u64,
    pub(crate) batches: u64,
    pub(crate) requests: u64,
    pub(crate) retries: u64,
    /// From arrival to the end of delivery.
    pub(crate) lag_ms: u64,
    /// Names of fields that the mapping does not know.
    pub(crate) unknown_fields: Vec<String>,
}

/// The answer to [`Question::Arrive`].
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arrived {
    New,
    /// Its content was stored before, under this key.
    Known {
        key: String,
        finished: bool,
    },
}

/// The answer to [`Question::Overview`].
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Overview {
    pub(crate) pending: Vec<State>,
    pub(crate) minutes: Vec<Minute>,
    /// Fields that the mapping does not know.
    pub(crate) drift: Vec<String>,
}

/// The counters of a minute.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Minute {
    pub(crate) minute: u64,
    pub(crate) uploads: u64,
    pub(crate) records: u64,
    pub(crate) errors: u64,
    pub(crate) refused: u64,
    pub(crate) bytes: u64,
    pub(crate) lag_ms_max: u64,
}

impl Minute {
    /// Adds the same minute's counters of another object.
    pub(crate) fn add(&mut self, other: &Self) {
        self.minute = other.minute;
        self.uploads += other.uploads;
        self.records += other.records;
        self.errors += other.errors;
        self.refused += other.refused;
        self.bytes += other.bytes;
        self.lag_ms_max = self.lag_ms_max.max(other.lag_ms_max);
    }
}

/// How long the ledger may take to answer: it does in some ten milliseconds, or not at all.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// Slots that one object gives out in a second. It could answer some more.
const SLOTS_OF_AN_OBJECT: u64 = 250;

/// A client of the ledger's objects.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    objects: ObjectNamespace,
}

impl Ledger {
    pub(crate) fn new(objects: ObjectNamespace) -> Self {
        Self { objects }
    }

    /// The name of the object for an upload.
    pub(crate) fn shard(dataset: &str, id: &str) -> String {
        format!("{dataset}/{}", id.get(..1).unwrap_or("0"))
    }

    /// The names of all objects of a dataset.
    pub(crate) fn shards(dataset: &str) -> impl Iterator<Item = String> {
        (0..16).map(move |digit| format!("{dataset}/{digit:x}"))
    }

    pub(crate) async fn arrive(
        &self,
        dataset: &str,
        id: &str,
        key: &str,
        (bytes, lines): (u64, u64),
        again: bool,
    ) -> Option<Arrived> {
        let question = Question::Arrive {
            id: id.to_owned(),
            key: key.to_owned(),
            bytes,
            lines,
            again,
        };
        self.ask(&Self::shard(dataset, id), &question).await
    }

    pub(crate) async fn begin(
        &self,
        dataset: &str,
        id: &str,
        key: &str,
        holder: &Holder,
        lease: u64,
    ) -> Option<Begun> {
        let question = Question::Begin {
            id: id.to_owned(),
            key: key.to_owned(),
            holder: holder.clone(),
            lease,
        };
        self.ask(&Self::shard(dataset, id), &question).await
    }

    /// Whether the holder still has the lease.
    pub(crate) async fn record(
        &self,
        dataset: &str,
        id: &str,
        holder: &Holder,
        done: &Done,
        lease: u64,
    ) -> Option<bool> {
        let question = Question::Record {
            id: id.to_owned(),
            holder: holder.clone(),
            done: done.clone(),
            lease,
        };
        self.ask(&Self::shard(dataset, id), &question).await
    }

    pub(crate) async fn fail(
        &self,
        dataset: &str,
        id: &str,
        holder: &Holder,
        done: &Done,
        (error, next): (Option<String>, u64),
    ) -> Option<()> {
        let question = Question::Fail {
            id: id.to_owned(),
            holder: holder.clone(),
            done: done.clone(),
            error,
            next,
        };
        self.ask(&Self::shard(dataset, id), &question).await
    }

    pub(crate) async fn finish(
        &self,
        dataset: &str,
        id: &str,
        key: &str,
        counts: Option<Counts>,
    ) -> Option<()> {
        let question = Question::Finish {
            id: id.to_owned(),
            key: key.to_owned(),
            counts,
        };
        self.ask(&Self::shard(dataset, id), &question).await
    }

    pub(crate) async fn dead(
        &self,
        dataset: &str,
        id: &str,
        key: &str,
        upload: &str,
        (records, reason): (Option<u64>, &str),
    ) -> Option<()> {
        let question = Question::Dead {
            key: key.to_owned(),
            upload: upload.to_owned(),
            records,
            reason: reason.to_owned(),
        };
        self.ask(&Self::shard(dataset, id), &question).await
    }

    /// What is known of an upload.
    pub(crate) async fn look(&self, dataset: &str, id: &str) -> Option<Option<State>> {
        let question = Question::Look { id: id.to_owned() };
        self.ask(&Self::shard(dataset, id), &question).await
    }

    /// Of uploads that are in the same object, by id and key: which of them nobody has in hand.
    pub(crate) async fn claim(
        &self,
        shard: &str,
        found: Vec<(String, String)>,
        grace: u64,
    ) -> Option<Vec<bool>> {
        self.ask(shard, &Question::Claim { found, grace }).await
    }

    /// Milliseconds to wait before a request to the intake: one object keeps the pace of all, of a
    /// pace that is too fast for it each of several a part.
    pub(crate) async fn slot(&self, per_second: u64) -> Option<u64> {
        let objects = per_second.div_ceil(SLOTS_OF_AN_OBJECT).max(1);
        // Chance divides the requests evenly enough.
        let object = (js_sys::Math::random() * objects as f64) as u64;
        let question = Question::Slot {
            per_second: per_second / objects,
        };
        self.ask(&format!("pace/{object}"), &question).await
    }

    pub(crate) async fn overview(&self, shard: &str, since_minute: u64) -> Option<Overview> {
        self.ask(shard, &Question::Overview { since_minute }).await
    }

    /// Nothing where the ledger does not answer.
    async fn ask<T: DeserializeOwned>(&self, object: &str, question: &Question) -> Option<T> {
        let answer = async {
            let mut init = RequestInit::new();
            init.with_method(Method::Post)
                .with_body(Some(serde_json::to_string(question).ok()?.into()));
            let request = Request::new_with_init("https://ledger/", &init).ok()?;
            let stub = self.objects.get_by_name(object).ok()?;
            let mut response = stub.fetch_with_request(request).await.ok()?;
            let text = response.text().await.ok()?;
            if response.status_code() != 200 {
                return None;
            }
            serde_json::from_str(&text).ok()
        };
        match select(pin!(answer), pin!(Delay::from(ANSWERS_WITHIN))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => None,
        }
    }
}
