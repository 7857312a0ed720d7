//! A body goes through the normalizer, and its batches to the intake.
//!
//! The body is read only as fast as batches leave: a limited number is on its way at once, and one is
//! being made.

use core::cell::{Cell, OnceCell};
use core::convert::Infallible;
use core::pin::pin;

use futures_util::future::{Either, FutureExt as _, LocalBoxFuture, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use logpush_delivery::configuration::setup::Ingest;
use logpush_delivery::machine::{End, Outcome};
use logpush_normalizer::{
    Batch, Config as NormalizerConfig, Dataset, Normalizer, Rules, Shape, Time,
};
use thiserror::Error;
use web_sys::ReadableStream;

use crate::body::{Announced, Body, BodyError};
use crate::config::Target;
use crate::encoding;
use crate::in_flight::is_crowded;
use crate::send::{Counters, Delivery, DeliveryError};

/// Why an upload was not delivered as a whole. `J`: the journal's own reasons.
#[derive(Debug, Error)]
pub(crate) enum PipelineError<J> {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    #[error("{0}")]
    Journal(J),
}

/// Remembers what became of an upload's records, so that a later run continues there.
pub(crate) trait Journal {
    /// Why a run cannot go on.
    type Error;

    /// Whether a run that fails waits for the deliveries under way, since their results count.
    const REMEMBERS: bool;

    /// The pieces of a batch that no earlier run has delivered.
    fn remaining(&self, batch: Batch) -> Vec<Batch>;

    /// Takes note of what became of a piece; `is_last`: nothing else of the upload is left.
    async fn note(&self, outcome: Outcome, is_last: bool) -> Result<(), Self::Error>;

    /// Whether this invocation may go on, after so many requests to the intake.
    fn may_go_on(&self, requests: u64) -> Result<(), Self::Error>;
}

/// The journal of the direct route, where Logpush gets one answer for the upload as a whole.
pub(crate) struct NoJournal;

impl Journal for NoJournal {
    type Error = Infallible;

    const REMEMBERS: bool = false;

    fn remaining(&self, batch: Batch) -> Vec<Batch> {
        vec![batch]
    }

    async fn note(&self, _outcome: Outcome, _is_last: bool) -> Result<(), Infallible> {
        Ok(())
    }

    fn may_go_on(&self, _requests: u64) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The deliveries of an upload, made when the first batch is complete: its dataset may not be
/// known before.
pub(crate) struct Deliveries<'a> {
    open: Box<dyn Fn(Option<&'static Dataset>) -> Result<Delivery, DeliveryError> + 'a>,
    delivery: OnceCell<Delivery>,
}

impl<'a> Deliveries<'a> {
    pub(crate) fn new(
        open: impl Fn(Option<&'static Dataset>) -> Result<Delivery, DeliveryError> + 'a,
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

    fn get(&self, dataset: Option<&'static Dataset>) -> Result<&Delivery, DeliveryError> {
        match self.delivery.get() {
            Some(delivery) => Ok(delivery),
            None => {
                let delivery = (self.open)(dataset)?;
                Ok(self.delivery.get_or_init(|| delivery))
            }
        }
    }
}

/// The Worker's name in wrangler.toml.
const WORKER: &str = env!("CARGO_PKG_NAME");

/// A normalizer for an upload that arrived at `arrival_millis` since 1970.
pub(crate) fn normalizer(
    target: &Target<'_>,
    dataset: Option<&'static Dataset>,
    arrival_millis: u64,
) -> Normalizer {
    let Target { setup, ingest, .. } = target;
    Normalizer::new(NormalizerConfig {
        dataset,
        shape: setup.shape,
        arrival: arrival(arrival_millis),
        keep_original: setup.keep_original,
        private_keys: setup.private_keys.clone(),
        worker_name: WORKER,
        unmask: setup.unmask,
        rules: target.rules.clone(),
        limits: setup.limits(ingest),
    })
}

/// A normalizer that recognises an upload, whoever gets it.
pub(crate) fn probe(
    ingest: &Ingest,
    dataset: Option<&'static Dataset>,
    arrival_millis: u64,
) -> Normalizer {
    Normalizer::new(NormalizerConfig {
        dataset,
        shape: Shape::Ecs,
        arrival: arrival(arrival_millis),
        keep_original: false,
        private_keys: Default::default(),
        worker_name: WORKER,
        unmask: false,
        rules: Rules::default(),
        limits: ingest.limits(),
    })
}

/// Milliseconds since 1970 are far from the limits of 64 bits.
pub(crate) fn arrival(millis: u64) -> Time {
    Time::from_unix_millis(millis as i64)
}

/// What a body is delivered with.
pub(crate) struct Pipeline<'a, J> {
    pub(crate) announced: Announced,
    pub(crate) normalizer: &'a mut Normalizer,
    /// Deliveries under way at once.
    pub(crate) in_flight: usize,
    pub(crate) deliveries: &'a Deliveries<'a>,
    pub(crate) journal: &'a J,
}

impl<J: Journal> Pipeline<'_, J> {
    /// Reads the body to its end, and returns when the intake has every document that the journal had
    /// not noted before.
    pub(crate) async fn run(
        self,
        stream: Option<ReadableStream>,
    ) -> Result<(), PipelineError<J::Error>> {
        let mut body = Body::new(stream)?;
        let run = Run {
            in_flight: self.in_flight,
            deliveries: self.deliveries,
            journal: self.journal,
            is_read: Cell::new(false),
            begun: Cell::new(0),
            under_way: Cell::new(0),
        };
        let mut on_their_way = OnTheirWay::new();
        let result = run
            .read(
                &mut body,
                self.announced,
                self.normalizer,
                &mut on_their_way,
            )
            .await;
        if result.is_err() {
            if J::REMEMBERS {
                // The first reason is the one to report.
                while on_their_way.next().await.is_some() {}
            }
            body.cancel();
        }
        result
    }
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
type OnTheirWay<'r, E> = FuturesUnordered<LocalBoxFuture<'r, Result<(), PipelineError<E>>>>;

impl<J: Journal> Run<'_, J> {
    async fn read<'r>(
        &'r self,
        body: &mut Body,
        announced: Announced,
        normalizer: &mut Normalizer,
        on_their_way: &mut OnTheirWay<'r, J::Error>,
    ) -> Result<(), PipelineError<J::Error>> {
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
            if !more? {
                break;
            }
            if normalizer.summary().bytes_received == 0 {
                encoding::check_beginning(&chunk).map_err(BodyError::from)?;
            }
            let mut rest = chunk.as_slice();
            while let Some(batch) = normalizer.feed(&mut rest).map_err(BodyError::Upload)? {
                self.send(batch, normalizer.dataset(), on_their_way).await?;
            }
            announced.check_limit(normalizer.summary().bytes_received)?;
        }
        announced.check_end(normalizer.summary().bytes_received)?;
        while let Some(batch) = normalizer.finish().map_err(BodyError::Upload)? {
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
        on_their_way: &mut OnTheirWay<'r, J::Error>,
    ) -> Result<(), PipelineError<J::Error>> {
        for piece in self.journal.remaining(batch) {
            // Every run delivers something, whatever the limit.
            if self.begun.get() > 0 {
                let may_go_on = self.journal.may_go_on(self.requests());
                may_go_on.map_err(PipelineError::Journal)?;
            }
            while is_crowded(on_their_way.len(), self.in_flight, piece.body.len()) {
                on_their_way.next().await.unwrap_or(Ok(()))?;
            }
            let delivery = self.deliveries.get(dataset)?;
            self.begun.set(self.begun.get() + 1);
            self.under_way.set(self.under_way.get() + 1);
            on_their_way.push(self.deliver(delivery, piece).boxed_local());
            // Polls once, which begins to send it. Deliveries that are done make room.
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

    async fn deliver(
        &self,
        delivery: &Delivery,
        piece: Batch,
    ) -> Result<(), PipelineError<J::Error>> {
        let outcome = delivery.deliver(piece).await;
        let end = outcome.end.clone();
        self.under_way.set(self.under_way.get().saturating_sub(1));
        let is_last = end == End::Complete && self.is_read.get() && self.under_way.get() == 0;
        let noted = self.journal.note(outcome, is_last).await;
        noted.map_err(PipelineError::Journal)?;
        Ok(delivery.check(end)?)
    }
}
