//! The ledger, as the rest of the Worker asks it.

use core::time::Duration;
use std::collections::BTreeMap;

use futures_util::future::LocalBoxFuture;
use logpush_delivery::progress::Done;
use logpush_delivery::state::{Begun, Holder, State};
use logpush_status::overview::Overview;
use logpush_status::shard::{Report, UploadCounts};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use worker::{Method, ObjectNamespace, Request, RequestInit};

use crate::http::client::within;
use crate::ledger::overview::BoardQuestion;

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
        counts: Option<UploadCounts>,
    },
    /// A dead letter was written: of some records, or of the whole upload.
    Dead {
        id: String,
        upload: String,
        records: Option<u64>,
        reason: String,
    },
    /// An upload was never stored.
    Forget { id: String },
    /// What is known of an upload.
    Look { id: String },
    /// Which of these, stored under their keys, nobody has had in hand for so long.
    Claim {
        found: Vec<(String, String)>,
        grace: u64,
    },
    /// How long to wait before the next request to the intake.
    Slot { per_second: u64 },
    /// To the board.
    Board { question: BoardQuestion },
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
        counts: Option<UploadCounts>,
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
        upload: &str,
        (records, reason): (Option<u64>, &str),
    ) -> Option<()> {
        let question = Question::Dead {
            id: id.to_owned(),
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

    /// Forgets an upload that was never stored: if it comes again it is new.
    pub(crate) async fn forget(&self, dataset: &str, id: &str) -> Option<()> {
        let question = Question::Forget { id: id.to_owned() };
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

    /// A part's report to the board.
    pub(crate) async fn report(&self, report: Report) -> Option<()> {
        let shard = report.stats.shard.clone();
        let report = serde_json::to_string(&report).ok()?;
        self.board(BoardQuestion::Report { shard, report }).await
    }

    /// All that the board knows.
    pub(crate) async fn overview(&self) -> Option<Overview> {
        self.board(BoardQuestion::Read).await
    }

    /// Has the board know how many dead letters there are.
    pub(crate) async fn letters(&self, letters: BTreeMap<String, u64>) -> Option<()> {
        self.board(BoardQuestion::Letters { letters }).await
    }

    /// The operator has deleted a dead letter.
    pub(crate) async fn letter_deleted(&self, dataset: &str) -> Option<()> {
        let dataset = dataset.to_owned();
        self.board(BoardQuestion::LetterDeleted { dataset }).await
    }

    /// Has the board keep a text.
    pub(crate) async fn note(&self, name: &str, text: String) -> Option<()> {
        let name = name.to_owned();
        self.board(BoardQuestion::Note { name, text }).await
    }

    /// Whether a secret may be tried from an address.
    pub(crate) async fn may_try(&self, address: &str) -> Option<bool> {
        let address = address.to_owned();
        self.board(BoardQuestion::Attempt { address }).await
    }

    async fn board<T: DeserializeOwned>(&self, question: BoardQuestion) -> Option<T> {
        self.ask("board", &Question::Board { question }).await
    }

    /// Nothing where the ledger does not answer.
    async fn ask<T: DeserializeOwned>(&self, object: &str, question: &Question) -> Option<T> {
        let question = serde_json::to_string(question).ok()?;
        let answer = self.exchange(object.to_owned(), question).await?;
        serde_json::from_str(&answer).ok()
    }

    /// In a box: within each question it would be there a dozen times.
    fn exchange(&self, object: String, question: String) -> LocalBoxFuture<'_, Option<String>> {
        Box::pin(async move {
            let answer = async {
                let mut init = RequestInit::new();
                init.with_method(Method::Post)
                    .with_body(Some(question.into()));
                let url = format!("https://ledger/{object}");
                let request = Request::new_with_init(&url, &init).ok()?;
                let stub = self.objects.get_by_name(&object).ok()?;
                let mut response = stub.fetch_with_request(request).await.ok()?;
                let text = response.text().await.ok()?;
                (response.status_code() == 200).then_some(text)
            };
            within(ANSWERS_WITHIN, answer).await.flatten()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_with_minutes_reaches_the_board() {
        let mut report = Report::default();
        report.stats.worst.insert(7, 9);
        let question = Question::Board {
            question: BoardQuestion::Report {
                shard: "dns_logs/0".to_owned(),
                report: serde_json::to_string(&report).unwrap(),
            },
        };
        let text = serde_json::to_string(&question).unwrap();
        let read: Question = serde_json::from_str(&text).unwrap();
        let Question::Board {
            question: BoardQuestion::Report { report: told, .. },
        } = read
        else {
            panic!("{read:?}");
        };
        assert_eq!(serde_json::from_str::<Report>(&told).unwrap(), report);
    }
}
