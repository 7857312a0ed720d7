//! Driving the normalizer over a body, and its batches to the intake.
//!
//! The body is read only as fast as batches leave: so many are on their way at once, and one is in
//! the making.

use core::cell::{Cell, OnceCell};
use core::pin::pin;

use futures_util::future::{Either, FutureExt as _, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use logpush_normalizer::{Batch, Dataset, Normalizer, UploadError};
use thiserror::Error;
use wasm_bindgen::JsValue;

use crate::body::Body;
use crate::deliver::{Counters, Delivery, DeliveryError};

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

/// Reads the body to its end, and returns when the intake has every document.
pub(crate) async fn run(
    body: &mut Body,
    announced: &Announced,
    normalizer: &mut Normalizer,
    in_flight: usize,
    deliveries: &Deliveries<'_>,
) -> Result<(), PipeError> {
    let mut on_their_way = FuturesUnordered::new();
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
            while is_crowded(on_their_way.len(), in_flight, &batch) {
                on_their_way.next().await.unwrap_or(Ok(()))?;
            }
            on_their_way.push(deliver(deliveries.get(normalizer.dataset())?, batch));
            // Begins to send it; what is done already makes room.
            while let Some(Some(delivered)) = on_their_way.next().now_or_never() {
                delivered?;
            }
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
        while is_crowded(on_their_way.len(), in_flight, &batch) {
            on_their_way.next().await.unwrap_or(Ok(()))?;
        }
        on_their_way.push(deliver(deliveries.get(normalizer.dataset())?, batch));
    }
    while let Some(delivered) = on_their_way.next().await {
        delivered?;
    }
    Ok(())
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

async fn deliver(delivery: &Delivery, batch: Batch) -> Result<(), DeliveryError> {
    let _counted = Counted::new(batch.body.len());
    delivery.deliver(batch).await
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
