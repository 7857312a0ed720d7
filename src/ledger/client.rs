//! The ledger, as the rest of the Worker asks it.

use core::time::Duration;

use futures_util::future::LocalBoxFuture;
use worker::{Method, ObjectNamespace, Request, RequestInit};

use crate::http::client::within;
use crate::ledger::protocol::{Ask, OverviewQuestion, Turn, UploadQuestion};

/// A client of the ledger's objects.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    objects: ObjectNamespace,
}

/// The name of the overview's object. Those of shards have a slash.
pub(crate) const OVERVIEW: &str = "overview";

/// What the names of the rate limit's objects begin with. No dataset has a hyphen in its name.
pub(crate) const RATE_LIMIT: &str = "rate-limit/";

/// How long the ledger may take to answer: it does in some ten milliseconds, or not at all.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// Turns that one object gives out in a second. It could answer some more.
const TURNS_OF_AN_OBJECT: u64 = 250;

impl Ledger {
    pub(crate) fn new(objects: ObjectNamespace) -> Self {
        Self { objects }
    }

    /// The name of the object that knows an upload.
    pub(crate) fn shard(dataset: &str, id: &str) -> String {
        format!("{dataset}/{}", id.get(..1).unwrap_or("0"))
    }

    /// Asks a shard; nothing where it does not answer.
    pub(crate) async fn ask<Q: Ask<Kind = UploadQuestion>>(
        &self,
        shard: &str,
        question: Q,
    ) -> Option<Q::Answer> {
        self.exchange(shard.to_owned(), question).await
    }

    /// Asks the overview; nothing where it does not answer.
    pub(crate) async fn ask_overview<Q: Ask<Kind = OverviewQuestion>>(
        &self,
        question: Q,
    ) -> Option<Q::Answer> {
        self.exchange(OVERVIEW.to_owned(), question).await
    }

    /// How many milliseconds to wait before a request to the intake, so that all isolates together
    /// send `per_second`. One object keeps that rate, or each of several a part of it where it is too
    /// high for one.
    pub(crate) async fn turn(&self, per_second: u64) -> Option<u64> {
        let objects = per_second.div_ceil(TURNS_OF_AN_OBJECT).max(1);
        // Chance divides the requests evenly enough.
        let object = (js_sys::Math::random() * objects as f64) as u64;
        let question = Turn {
            per_second: per_second / objects,
        };
        self.exchange(format!("{RATE_LIMIT}{object}"), question)
            .await
    }

    async fn exchange<Q: Ask>(&self, object: String, question: Q) -> Option<Q::Answer> {
        let question: Q::Kind = question.into();
        let question = serde_json::to_string(&question).ok()?;
        let answer = self.send(object, question).await?;
        serde_json::from_str(&answer).ok()
    }

    /// In a box: within each question it would be there a dozen times.
    fn send(&self, object: String, question: String) -> LocalBoxFuture<'_, Option<String>> {
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
