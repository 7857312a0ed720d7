//! Delivering the batches of one upload: the shell of [`Machine`], which decides.

use core::cell::{Cell, RefCell};
use core::pin::pin;
use core::time::Duration;
use std::rc::Rc;

use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use logpush_delivery::Millis;
use logpush_delivery::configuration::setup::Setup;
use logpush_delivery::destination::Destination;
use logpush_delivery::machine::{self, Action, End, Limits, Machine, Outcome, Refusal, Shared};
use logpush_delivery::request::{Body, Method, Reply, Request};
use logpush_normalizer::{Batch, Dataset, Shape, Time, refusal};
use thiserror::Error;
use worker::{Delay, Headers, RequestInit, RequestRedirect};

use crate::clock::now_millis;
use crate::config::Target;
use crate::http::client::{self, Bounds};
use crate::in_flight::Counted;
use crate::ledger::Ledger;
use crate::passage::Passage;
use crate::rate_limit::RateLimit;
use crate::sessions;

/// The deliveries of one upload.
pub(crate) struct Delivery {
    destination: Box<dyn Destination>,
    /// How the operator calls its settings, and what to do where it is held.
    setup: Setup,
    upload: String,
    dataset: Option<&'static Dataset>,
    shape: Shape,
    arrival: Time,
    timeout: Duration,
    limits: Limits,
    rate_limit: Option<RateLimit>,
    passage: Option<Rc<Passage>>,
    shared: Shared,
    session: sessions::Shared,
    pub(crate) counters: Counters,
}

/// An upload to deliver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upload<'a> {
    /// The name of where it goes.
    pub(crate) destination: &'a str,
    /// What identifies it.
    pub(crate) id: &'a str,
    pub(crate) dataset: Option<&'static Dataset>,
    pub(crate) arrival: Time,
}

/// What was done, counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) batches: Cell<u64>,
    pub(crate) requests: Cell<u64>,
    pub(crate) retries: Cell<u64>,
    /// Documents that the destination refused, and whose placeholders it took.
    pub(crate) refused: Cell<u64>,
    /// Documents that it may have refused, without saying which.
    pub(crate) unknown: Cell<u64>,
    /// Documents that were sent again although it may have them.
    pub(crate) perhaps_repeated: Cell<u64>,
    /// Documents that it had before this delivery sent them.
    pub(crate) already_there: Cell<u64>,
    /// Bytes sent as they are on the wire, those sent again included.
    pub(crate) bytes_sent: Cell<u64>,
    /// The last reason for trying again or refusing.
    pub(crate) last_reason: RefCell<Option<String>>,
}

/// Why documents of a batch are still owed.
#[derive(Debug, Error)]
pub(crate) enum DeliveryError {
    /// For now.
    #[error("{destination} is not taking events: {reason}")]
    Unavailable {
        destination: &'static str,
        reason: String,
        /// When to come back, where it says so.
        after: Option<Duration>,
    },
    /// Until the operator has repaired something.
    #[error("{destination} refused: {words}")]
    Held {
        destination: &'static str,
        words: String,
        /// What to repair.
        hint: String,
    },
    /// The settings do not do for the dataset.
    #[error("{0}")]
    NotConfigured(String),
    /// Another run goes on at once.
    #[error("the requests that one run may send are used up")]
    HandedOver,
}

/// The longest answer that is read: ids of 100,000 events are 4 MB.
const REPLY_MAX: usize = 4 * 1024 * 1024;

/// Requests of one run. Each may take two more of the platform's 10,000, for its turn and for the
/// positions.
const REQUESTS_MAX: u32 = 3_000;

/// Documents of one upload that may be replaced by a placeholder.
const REFUSED_MAX: u64 = 256;

impl Delivery {
    /// Delivers documents of a dataset to a destination; `ledger`: what keeps the rate of all isolates
    /// together; `passage`: where there are several destinations.
    ///
    /// # Errors
    ///
    /// Names the variable that is missing.
    pub(crate) fn open(
        target: &Target<'_>,
        upload: Upload<'_>,
        ledger: Option<&Ledger>,
        passage: Option<Rc<Passage>>,
    ) -> Result<Self, DeliveryError> {
        let Target { setup, .. } = target;
        let destination = target.open(upload.dataset);
        Ok(Self {
            destination: destination.map_err(DeliveryError::NotConfigured)?,
            setup: (*setup).clone(),
            upload: upload.id.to_owned(),
            dataset: upload.dataset,
            shape: setup.shape,
            arrival: upload.arrival,
            timeout: setup.retry.timeout,
            limits: Limits {
                base: millis(setup.retry.base),
                budget: millis(setup.retry.budget),
                after_max: millis(setup.retry.redelivery_max),
                requests: REQUESTS_MAX,
                refused: REFUSED_MAX,
            },
            rate_limit: RateLimit::new(setup.requests_per_second, ledger.cloned()),
            passage,
            shared: Shared::default(),
            session: sessions::of(upload.destination, target),
            counters: Counters::default(),
        })
    }

    /// Delivers a batch as far as the destination takes it.
    pub(crate) async fn deliver(&self, batch: Batch) -> Outcome {
        add(&self.counters.batches, u64::from(!batch.is_empty()));
        let _counted = Counted::new(batch.body.len());
        let placeholder = |refusal: &Refusal<'_>| self.placeholder(refusal);
        let delivery = machine::Delivery {
            destination: &*self.destination,
            upload: &self.upload,
            limits: self.limits,
            placeholder: &placeholder,
            shared: &self.shared,
        };
        // 53 bits of chance.
        let seed = (js_sys::Math::random() * (1_u64 << 53) as f64) as u64;
        let mut machine = Machine::new(&delivery, batch, seed);
        loop {
            let action = machine.next(&mut self.session.borrow_mut(), now_millis());
            match action {
                Action::Wait(wait) => Delay::from(Duration::from_millis(wait)).await,
                Action::Send(request) => {
                    let answer = self.exchange(&request, machine.body_of(&request)).await;
                    let session = &mut self.session.borrow_mut();
                    match answer {
                        Ok(reply) => machine.answered(&reply, session, now_millis()),
                        Err(reason) => machine.failed(&reason, session, now_millis()),
                    }
                }
                Action::Done(outcome) => {
                    self.count(&outcome);
                    return outcome;
                }
            }
        }
    }

    /// Why documents are still owed, if any are.
    ///
    /// # Errors
    ///
    /// That reason.
    pub(crate) fn check(&self, end: End) -> Result<(), DeliveryError> {
        let destination = self.destination.title();
        Err(match end {
            End::Complete => return Ok(()),
            End::Unavailable { reason, after } => DeliveryError::Unavailable {
                destination,
                reason,
                after: after.map(Duration::from_millis),
            },
            End::Held { status, words } => DeliveryError::Held {
                destination,
                words: self.setup.translate(&words),
                hint: match status {
                    Some(_) => self.setup.translate(self.setup.kind.when_held),
                    None => "check that the destination's format is that of SHAPE".to_owned(),
                },
            },
            End::HandedOver => DeliveryError::HandedOver,
        })
    }

    fn placeholder(&self, refused: &Refusal<'_>) -> Vec<u8> {
        refusal(
            refused.document,
            refused.reason,
            refused.with_text,
            self.dataset,
            self.shape,
            self.arrival,
        )
    }

    async fn exchange(&self, request: &Request, body: &[u8]) -> Result<Reply, String> {
        if let Some(limit) = &self.rate_limit {
            limit.wait().await;
        }
        add(&self.counters.requests, 1);
        add(&self.counters.bytes_sent, body.len() as u64);
        // Encoded, and JavaScript's copy.
        let _counted = Counted::new(2 * body.len());
        let bounds = Bounds {
            timeout: self.timeout,
            body_max: REPLY_MAX,
        };
        self.unless_crowded_out(ask(request, body, bounds)).await
    }

    /// The answer, unless other destinations need the consumer before it comes.
    async fn unless_crowded_out(
        &self,
        answer: impl Future<Output = Result<Reply, String>>,
    ) -> Result<Reply, String> {
        let Some(passage) = &self.passage else {
            return answer.await;
        };
        match select(pin!(answer), pin!(passage.until_crowded_out())).await {
            Either::Left((reply, _)) => reply,
            Either::Right(_) => {
                self.shared.give_up();
                Err("no answer, while other destinations waited for the consumer".to_owned())
            }
        }
    }

    fn count(&self, outcome: &Outcome) {
        add(&self.counters.retries, u64::from(outcome.counts.retries));
        add(
            &self.counters.perhaps_repeated,
            outcome.counts.perhaps_repeated,
        );
        add(&self.counters.already_there, outcome.counts.already_there);
        add(&self.counters.refused, outcome.refused.len() as u64);
        let unknown = outcome.unknown.iter().map(|unknown| unknown.refused);
        add(&self.counters.unknown, unknown.sum());
        if let Some(reason) = &outcome.last_reason {
            *self.counters.last_reason.borrow_mut() = Some(reason.clone());
        }
    }
}

impl DeliveryError {
    /// How long the destination asks to wait; nothing where it did not ask.
    pub(crate) fn after(&self) -> Duration {
        match self {
            Self::Unavailable { after, .. } => after.unwrap_or_default(),
            _ => Duration::ZERO,
        }
    }
}

/// Sends a request to a destination, once.
///
/// # Errors
///
/// Says what went wrong with the connection, without the URL and the headers.
pub(crate) async fn ask(request: &Request, body: &[u8], bounds: Bounds) -> Result<Reply, String> {
    let reply = client::exchange(prepare(request, body)?, bounds).await?;
    Ok(Reply {
        status: reply.status,
        headers: reply.headers.entries().collect(),
        body: reply.body,
    })
}

/// A request of the runtime.
fn prepare(request: &Request, body: &[u8]) -> Result<worker::Request, String> {
    // The runtime's own words may hold the URL or a header's value.
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers
            .set(name, value)
            .map_err(|_| format!("the header {name} cannot be sent"))?;
    }
    let mut init = RequestInit::new();
    init.with_method(match request.method {
        Method::Get => worker::Method::Get,
        Method::Post => worker::Method::Post,
        Method::Put => worker::Method::Put,
        Method::Delete => worker::Method::Delete,
    })
    .with_headers(headers)
    // A redirect would take the key somewhere else.
    .with_redirect(RequestRedirect::Manual);
    if request.body != Body::Empty {
        init.with_body(Some(Uint8Array::from(body).into()));
    }
    worker::Request::new_with_init(&request.url, &init)
        .map_err(|_| "the destination's URL is not valid".to_owned())
}

/// Settings are far below 2^64 ms.
fn millis(duration: Duration) -> Millis {
    duration.as_millis() as Millis
}

fn add(counter: &Cell<u64>, more: u64) {
    counter.set(counter.get() + more);
}
