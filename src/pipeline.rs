//! Driving the normalizer over a body, and its batches to the intake.
//!
//! The body is read only as fast as batches leave: so many are on their way at once, and one is in
//! the making.

use core::cell::{Cell, OnceCell};
use core::pin::pin;

use futures_util::future::{Either, FutureExt as _, LocalBoxFuture, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use logpush_normalizer::{Batch, Dataset, Normalizer, UploadError};
use thiserror::Error;
use wasm_bindgen::JsValue;

use crate::body::Body;
use crate::send::{Counters, Delivery, DeliveryError, Outcome};

/// Why an upload was not delivered as a whole.
#[derive(Debug, Error)]
pub(crate) enum PipeError {
    #[error(transparent)]
    Upload(#[from] UploadError),
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// The sender went away.
    #[error("the connection broke before the upload was complete")]
    Aborted,
    /// Less than the sender announced.
    #[error("the upload has {received} bytes where Content-Length announced {announced}")]
    Short { received: u64, announced: u64 },
    /// More than is taken.
    #[error("the upload has more than {limit} bytes")]
    TooLarge { limit: u64 },
    /// The upload's dataset has no intake.
    #[error("{0}")]
    NoDestination(String),
    /// What came of a batch could not be written down.
    #[error("{0}")]
    Journal(String),
    /// Another consumer has taken the upload over.
    #[error("another consumer delivers the upload")]
    TakenOver,
    /// The invocation's time is up: another one continues.
    #[error("the invocation's time was up")]
    HandedOver,
}

/// Remembers what became of an upload's records, so that a later run continues there.
pub(crate) trait Journal {
    /// Whether a run that fails waits for the deliveries that are under way: what they come to counts.
    const REMEMBERS: bool;

    /// The pieces of a batch that no earlier run has delivered.
    fn remaining(&self, batch: Batch) -> Vec<Batch>;

    /// Takes note of what became of a piece; `is_last`: nothing else of the upload is left.
    async fn note(&self, outcome: Outcome, is_last: bool) -> Result<(), PipeError>;

    /// Whether the rest is to be left to another invocation, after so many requests to the intake.
    fn must_stop(&self, requests: u64) -> bool;
}

/// Of the direct route: Logpush is told about the upload as a whole.
pub(crate) struct NoJournal;

impl Journal for NoJournal {
    const REMEMBERS: bool = false;

    fn remaining(&self, batch: Batch) -> Vec<Batch> {
        vec![batch]
    }

    async fn note(&self, _outcome: Outcome, _is_last: bool) -> Result<(), PipeError> {
        Ok(())
    }

    fn must_stop(&self, _requests: u64) -> bool {
        false
    }
}

/// What is known of a body before it is read.
pub(crate) struct Announced {
    /// `Content-Length`.
    pub(crate) bytes: Option<u64>,
    /// The most bytes that are taken.
    pub(crate) limit: u64,
}

/// The deliveries of an upload, made when the first batch is complete: its dataset may not be
/// known before.
pub(crate) struct Deliveries<'a> {
    open: Box<dyn Fn(Option<&'static Dataset>) -> Result<Delivery, String> + 'a>,
    delivery: OnceCell<Delivery>,
}

impl<'a> Deliveries<'a> {
    pub(crate) fn new(
        open: impl Fn(Option<&'static Dataset>) -> Result<Delivery, String> + 'a,
    ) -> Self {
        Self {
            open: Box::new(open),
            delivery: OnceCell::new(),
        }
    }

    /// What was delivered so far, if anything.
    pub(crate) fn counters(&self) -> Option<&Counters> {
        self.delivery.get().map(|delivery| &delivery.counters)
    }

    fn get(&self, dataset: Option<&'static Dataset>) -> Result<&Delivery, PipeError> {
        if self.delivery.get().is_none() {
            let delivery = (self.open)(dataset).map_err(PipeError::NoDestination)?;
            return Ok(self.delivery.get_or_init(|| delivery));
        }
        self.delivery
            .get()
            .ok_or_else(|| PipeError::NoDestination("no delivery was opened".to_owned()))
    }
}

/// Reads the body to its end, and returns when the intake has every document that `journal` had not
/// noted before.
pub(crate) async fn run<J: Journal>(
    body: &mut Body,
    announced: &Announced,
    normalizer: &mut Normalizer,
    in_flight: usize,
    deliveries: &Deliveries<'_>,
    journal: &J,
) -> Result<(), PipeError> {
    let run = Run {
        in_flight,
        deliveries,
        journal,
        is_read: Cell::new(false),
        begun: Cell::new(0),
        under_way: Cell::new(0),
    };
    let mut on_their_way = OnTheirWay::new();
    let result = run
        .read(body, announced, normalizer, &mut on_their_way)
        .await;
    if result.is_err() && J::REMEMBERS {
        // The first reason is the one to tell.
        while on_their_way.next().await.is_some() {}
    }
    result
}

/// One reading of a body.
struct Run<'a, J> {
    in_flight: usize,
    deliveries: &'a Deliveries<'a>,
    journal: &'a J,
    /// Whether the body has ended, and every batch is made.
    is_read: Cell<bool>,
    /// Pieces whose delivery was begun.
    begun: Cell<u64>,
    /// Pieces whose delivery has not ended.
    under_way: Cell<usize>,
}

/// Deliveries that are under way.
type OnTheirWay<'r> = FuturesUnordered<LocalBoxFuture<'r, Result<(), PipeError>>>;

impl<J: Journal> Run<'_, J> {
    async fn read<'r>(
        &'r self,
        body: &mut Body,
        announced: &Announced,
        normalizer: &mut Normalizer,
        on_their_way: &mut OnTheirWay<'r>,
    ) -> Result<(), PipeError> {
        let mut chunk = Vec::new();
        loop {
            let more = {
                let mut read = pin!(body.read(&mut chunk));
                loop {
                    if on_their_way.is_empty() {
                        break read.await;
                    }
                    // Deliveries go on while the next chunk is awaited.
                    match select(read.as_mut(), on_their_way.next()).await {
                        Either::Left((read, _)) => break read,
                        Either::Right((delivered, _)) => delivered.unwrap_or(Ok(()))?,
                    }
                }
            };
            if !more.map_err(|_: JsValue| PipeError::Aborted)? {
                break;
            }
            let mut rest = chunk.as_slice();
            while let Some(batch) = normalizer.feed(&mut rest)? {
                self.send(batch, normalizer.dataset(), on_their_way).await?;
            }
            if normalizer.summary().bytes_received > announced.limit {
                return Err(PipeError::TooLarge {
                    limit: announced.limit,
                });
            }
        }
        let received = normalizer.summary().bytes_received;
        // The runtime ends an aborted body like a complete one: what was announced tells, or the gzip trailer.
        if let Some(announced) = announced.bytes
            && received < announced
        {
            return Err(PipeError::Short {
                received,
                announced,
            });
        }
        while let Some(batch) = normalizer.finish()? {
            self.send(batch, normalizer.dataset(), on_their_way).await?;
        }
        self.is_read.set(true);
        while let Some(delivered) = on_their_way.next().await {
            delivered?;
        }
        Ok(())
    }

    /// Begins to deliver what is left of a batch, when there is room for it.
    async fn send<'r>(
        &'r self,
        batch: Batch,
        dataset: Option<&'static Dataset>,
        on_their_way: &mut OnTheirWay<'r>,
    ) -> Result<(), PipeError> {
        for piece in self.journal.remaining(batch) {
            // Whatever the limit, every run gets on.
            if self.begun.get() > 0 && self.journal.must_stop(self.requests()) {
                return Err(PipeError::HandedOver);
            }
            while is_crowded(on_their_way.len(), self.in_flight, &piece) {
                on_their_way.next().await.unwrap_or(Ok(()))?;
            }
            let delivery = self.deliveries.get(dataset)?;
            self.begun.set(self.begun.get() + 1);
            self.under_way.set(self.under_way.get() + 1);
            on_their_way.push(self.deliver(delivery, piece).boxed_local());
            // Begins to send it; what is done already makes room.
            while let Some(Some(delivered)) = on_their_way.next().now_or_never() {
                delivered?;
            }
        }
        Ok(())
    }

    fn requests(&self) -> u64 {
        let counters = self.deliveries.counters();
        counters.map_or(0, |counters| counters.requests.get())
    }

    async fn deliver(&self, delivery: &Delivery, piece: Batch) -> Result<(), PipeError> {
        let _counted = Counted::new(piece.body.len());
        let mut outcome = Outcome::default();
        let delivered = delivery.deliver(piece, &mut outcome).await;
        self.under_way.set(self.under_way.get().saturating_sub(1));
        let is_last = delivered.is_ok() && self.is_read.get() && self.under_way.get() == 0;
        self.journal.note(outcome, is_last).await?;
        Ok(delivered?)
    }
}

/// Bytes of batches that all uploads of the isolate together may have on their way.
///
/// The isolate's 128 MB are for wasm and JavaScript together. Eight uploads at once hold this, as
/// much again compressed and in copies, and each a batch in the making (2 MB) and its window.
const ON_THEIR_WAY_MAX: usize = 24 * 1024 * 1024;

thread_local! {
    /// What all uploads of the isolate have on their way, in bytes.
    static ON_THEIR_WAY: Cell<usize> = const { Cell::new(0) };
}

/// Whether an upload must wait for one of its own batches before it sends another.
///
/// One may always go: an upload cannot wait for another one's, which belong to another request.
fn is_crowded(own: usize, in_flight: usize, batch: &Batch) -> bool {
    own >= in_flight || (own > 0 && ON_THEIR_WAY.get() + batch.body.len() > ON_THEIR_WAY_MAX)
}

/// Counts bytes as long as it lives.
struct Counted(usize);

impl Counted {
    fn new(bytes: usize) -> Self {
        ON_THEIR_WAY.set(ON_THEIR_WAY.get() + bytes);
        Self(bytes)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        ON_THEIR_WAY.set(ON_THEIR_WAY.get().saturating_sub(self.0));
    }
}
