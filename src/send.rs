//! Delivering the batches of one upload: trying again, and splitting what is refused.

use core::cell::{Cell, RefCell};
use core::ops::Range;
use core::time::Duration;

use chrono::DateTime;
use js_sys::Uint8Array;
use logpush_delivery::backoff::backoff;
use logpush_delivery::dead_letter::Refused;
use logpush_gzip::gzip;
use logpush_normalizer::{Batch, Dataset, Shape, Time, refusal};
use thiserror::Error;
use worker::{Delay, Method, Request, RequestInit, RequestRedirect};

use crate::clock::now_millis;
use crate::config::Config;
use crate::destination::{Destination, Reply, Retry, Verdict};
use crate::http::client::{self, Bounds};
use crate::ledger::Ledger;
use crate::rate_limit::RateLimit;

/// The deliveries of one upload.
pub(crate) struct Delivery {
    destination: Destination,
    dataset: Option<&'static Dataset>,
    shape: Shape,
    arrival: Time,
    retry: Retry,
    rate_limit: Option<RateLimit>,
    pub(crate) counters: Counters,
    /// When the first of the requests failed that have failed since the intake last answered, in
    /// milliseconds since 1970.
    failing_since: Cell<Option<u64>>,
}

/// What was done, counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) batches: Cell<u64>,
    pub(crate) requests: Cell<u64>,
    pub(crate) retries: Cell<u64>,
    /// Documents that the intake refused, and whose stand-ins it took.
    pub(crate) refused: Cell<u64>,
    /// Compressed bytes sent, those sent again included.
    pub(crate) bytes_sent: Cell<u64>,
    /// The last reason for trying again or refusing.
    pub(crate) last_reason: RefCell<Option<String>>,
}

/// What became of a batch, however its delivery ended.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Records whose documents are with the intake.
    pub(crate) taken: Vec<Range<u64>>,
    /// Those that only have stand-ins there.
    pub(crate) refused: Vec<Refused>,
}

/// Why a batch is not with the intake.
#[derive(Debug, Error)]
pub(crate) enum DeliveryError {
    /// For now.
    #[error("{destination} is not taking events: {reason}")]
    Unavailable {
        destination: String,
        reason: String,
        /// When to come back.
        after: Duration,
    },
    /// For good.
    #[error("{destination} refused: {words}")]
    Denied {
        destination: String,
        status: Option<u16>,
        words: String,
    },
}

/// When Logpush is asked to come back, where the intake named no time.
const COME_BACK: Duration = Duration::from_secs(30);

/// Documents of one upload that may be replaced by a stand-in. Each costs about 20 requests to find,
/// and an invocation has 10,000: an intake that refuses more than this does not want our events.
const REFUSED_MAX: u64 = 256;

impl Delivery {
    /// Delivers documents of a dataset to where the configuration says; `ledger`: what keeps the rate
    /// of all isolates together.
    ///
    /// # Errors
    ///
    /// Names the variable that is missing.
    pub(crate) fn open(
        config: &Config,
        dataset: Option<&'static Dataset>,
        arrival: Time,
        ledger: Option<&Ledger>,
    ) -> Result<Self, String> {
        Ok(Self::new(
            config.destination(dataset)?,
            dataset,
            config.shape,
            arrival,
            config.retry,
            RateLimit::new(config.intake_requests_per_second, ledger.cloned()),
        ))
    }

    fn new(
        destination: Destination,
        dataset: Option<&'static Dataset>,
        shape: Shape,
        arrival: Time,
        retry: Retry,
        rate_limit: Option<RateLimit>,
    ) -> Self {
        Self {
            destination,
            dataset,
            shape,
            arrival,
            retry,
            rate_limit,
            counters: Counters::default(),
            failing_since: Cell::new(None),
        }
    }

    /// Delivers a batch; when it returns, the intake has said yes to every document or its stand-in.
    ///
    /// Retries are tried within the upload's budget. What the intake refuses for its content is
    /// split down to the single document, which a small `pipeline_error` document replaces.
    ///
    /// What came of it until then is in `outcome`, where it fails too.
    pub(crate) async fn deliver(
        &self,
        batch: Batch,
        outcome: &mut Outcome,
    ) -> Result<(), DeliveryError> {
        add(&self.counters.batches, 1);
        #[cfg(feature = "bench")]
        if let Destination::Discard = self.destination {
            outcome.taken.extend(batch.records);
            return Ok(());
        }
        let without_document = batch.records.iter().skip(batch.len()).cloned();
        outcome.taken.extend(without_document);
        if batch.is_empty() {
            return Ok(());
        }
        let verdict = self.send(&[&batch.body], batch.len()).await?;
        let mut division = Division {
            documents: batch.documents().map(|document| document.text).collect(),
            records: &batch.records,
            undecided: Vec::new(),
            outcome,
        };
        self.divide(0..division.documents.len(), verdict, &mut division)
            .await?;
        while let Some(range) = division.undecided.pop() {
            let verdict = self.send_range(&division.documents, &range).await?;
            self.divide(range, verdict, &mut division).await?;
        }
        Ok(())
    }

    /// What follows from the verdict over `range`.
    ///
    /// Both halves of what was taken in part are sent again: an intake does not tell which events
    /// it has, and need not refuse the same ones twice. That costs duplicates, and loses nothing.
    async fn divide(
        &self,
        range: Range<usize>,
        verdict: Verdict,
        division: &mut Division<'_, '_>,
    ) -> Result<(), DeliveryError> {
        match verdict {
            Verdict::Accepted => division.take(range),
            Verdict::Partly(_) | Verdict::Refused(_) if range.len() > 1 => {
                let middle = range.start + range.len() / 2;
                division.undecided.push(middle..range.end);
                division.undecided.push(range.start..middle);
            }
            Verdict::Refused(reason) => self.replace(range, &reason, division).await?,
            Verdict::Partly(_) => {
                self.replace(range, "it has no id in the answer", division)
                    .await?;
            }
            Verdict::Retry { reason, .. } => return Err(self.unavailable(reason, None)),
            Verdict::Denied { status, words } => return Err(self.denied(Some(status), words)),
        }
        Ok(())
    }

    /// Sends a small document in the place of the one that was refused.
    async fn replace(
        &self,
        range: Range<usize>,
        reason: &str,
        division: &mut Division<'_, '_>,
    ) -> Result<(), DeliveryError> {
        self.note(reason);
        if self.counters.refused.get() >= REFUSED_MAX {
            return Err(self.denied(
                None,
                format!("more than {REFUSED_MAX} events, the last with {reason}"),
            ));
        }
        for place in range {
            let document = division.documents.get(place).copied().unwrap_or_default();
            // What offends in an event offends in its beginning too: then a stand-in without it.
            let with_text = self.stand_in(document, reason, true);
            let without = self.stand_in(document, "its text is refused as well", false);
            let accepted = self.send(&[&with_text], 1).await? == Verdict::Accepted
                || self.send(&[&without], 1).await? == Verdict::Accepted;
            if !accepted {
                // It refuses even this: it refuses everything.
                return Err(self.denied(None, reason.to_owned()));
            }
            add(&self.counters.refused, 1);
            division.outcome.refused.push(Refused {
                record: division.record(place),
                document: document.to_vec(),
                reason: reason.to_owned(),
            });
        }
        Ok(())
    }

    fn stand_in(&self, document: &[u8], reason: &str, with_text: bool) -> Vec<u8> {
        refusal(
            document,
            reason,
            with_text,
            self.dataset,
            self.shape,
            self.arrival,
        )
    }

    async fn send_range(
        &self,
        documents: &[&[u8]],
        range: &Range<usize>,
    ) -> Result<Verdict, DeliveryError> {
        let documents = documents.get(range.clone()).unwrap_or_default();
        let joined = documents.join(b"\n".as_slice());
        self.send(&[&joined], documents.len()).await
    }

    /// Sends documents until the intake has said something definite about them.
    async fn send(&self, documents: &[&[u8]], count: usize) -> Result<Verdict, DeliveryError> {
        let mut pieces = documents.to_vec();
        if self.destination.ends_lines() {
            pieces.push(b"\n");
        }
        let compressed = gzip(&pieces);
        // Kept by JavaScript for every try; wasm's copy goes at once.
        let body = Uint8Array::from(compressed.as_slice());
        drop(compressed);
        let mut tries = 0;
        loop {
            if let Some(rate_limit) = &self.rate_limit {
                rate_limit.wait().await;
            }
            add(&self.counters.requests, 1);
            add(&self.counters.bytes_sent, u64::from(body.length()));
            let verdict = match exchange(&self.destination, &body, self.retry.timeout).await {
                Ok(reply) => self.destination.read(&reply, count),
                Err(reason) => Verdict::Retry {
                    after: None,
                    reason,
                },
            };
            match verdict {
                Verdict::Retry { after, reason } => self.wait(tries, after, reason).await?,
                Verdict::Denied { status, words } => return Err(self.denied(Some(status), words)),
                verdict => {
                    // It is there again: the next failure is another one.
                    self.failing_since.set(None);
                    return Ok(verdict);
                }
            }
            tries += 1;
            add(&self.counters.retries, 1);
        }
    }

    /// Waits before another try, or says that there is no time for one.
    async fn wait(
        &self,
        tries: u32,
        after: Option<Duration>,
        reason: String,
    ) -> Result<(), DeliveryError> {
        self.note(&reason);
        let now = now_millis();
        let since = self.failing_since.get().unwrap_or(now);
        self.failing_since.set(Some(since));
        let spent = Duration::from_millis(now.saturating_sub(since));
        let wait =
            backoff(self.retry.base, tries, js_sys::Math::random()).max(after.unwrap_or_default());
        if spent + wait > self.retry.budget {
            return Err(self.unavailable(reason, after));
        }
        Delay::from(wait).await;
        Ok(())
    }

    fn note(&self, reason: &str) {
        *self.counters.last_reason.borrow_mut() = Some(reason.to_owned());
    }

    fn unavailable(&self, reason: String, after: Option<Duration>) -> DeliveryError {
        DeliveryError::Unavailable {
            destination: self.destination.to_string(),
            reason,
            after: after.unwrap_or(COME_BACK),
        }
    }

    fn denied(&self, status: Option<u16>, words: String) -> DeliveryError {
        DeliveryError::Denied {
            destination: self.destination.to_string(),
            status,
            words,
        }
    }
}

/// A batch that is delivered in pieces.
struct Division<'a, 'o> {
    documents: Vec<&'a [u8]>,
    /// The records that each document answers for; the last is its own.
    records: &'a [Range<u64>],
    /// Pieces that are still to be sent.
    undecided: Vec<Range<usize>>,
    outcome: &'o mut Outcome,
}

impl Division<'_, '_> {
    fn take(&mut self, range: Range<usize>) {
        let records = self.records.get(range).unwrap_or_default();
        self.outcome.taken.extend(records.iter().cloned());
    }

    fn record(&self, place: usize) -> u64 {
        self.records
            .get(place)
            .map_or(0, |records| records.end.saturating_sub(1))
    }
}

fn add(counter: &Cell<u64>, more: u64) {
    counter.set(counter.get() + more);
}

/// The longest answer that is read: ids of 100,000 events are 4 MB.
const REPLY_MAX: usize = 4 * 1024 * 1024;

/// Sends `body`, which is gzip, and reads the answer.
async fn exchange(
    destination: &Destination,
    body: &Uint8Array,
    timeout: Duration,
) -> Result<Reply, String> {
    let outgoing = destination.outgoing().map_err(|error| error.to_string())?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(outgoing.headers)
        // A redirect would take the key somewhere else.
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(body.clone().into()));
    let request = Request::new_with_init(outgoing.url, &init)
        .map_err(|_| "the destination's URL is not valid")?;
    let bounds = Bounds {
        timeout,
        body_max: REPLY_MAX,
    };
    let reply = client::exchange(request, bounds).await?;
    let after = reply.headers.get("Retry-After").ok().flatten();
    Ok(Reply {
        status: reply.status,
        after: after.and_then(|value| retry_after(&value, now_millis())),
        body: reply.body,
    })
}

/// Reads `Retry-After`: seconds, or a date.
fn retry_after(value: &str, now_millis: u64) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(u64::from(seconds)));
    }
    let until = DateTime::parse_from_rfc2822(value).ok()?.timestamp_millis();
    let wait = u64::try_from(until).ok()?.saturating_sub(now_millis);
    Some(Duration::from_millis(wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = 1_767_323_045_000; // 2026-01-02T03:04:05Z
        for (value, expected) in [
            ("7", Some(7_000)),
            (" 0 ", Some(0)),
            ("Fri, 02 Jan 2026 03:04:15 GMT", Some(10_000)),
            ("Fri, 02 Jan 2026 03:04:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            assert_eq!(
                retry_after(value, now),
                expected.map(Duration::from_millis),
                "{value}"
            );
        }
    }
}
