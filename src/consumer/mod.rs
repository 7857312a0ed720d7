//! The queue's consumer: takes a work item, delivers its upload from where the last attempt got to,
//! and decides for each message by itself. It never returns an error for the batch, which would
//! have the queue deliver all of it again.

mod attempt;
mod journal;
mod replay;

use core::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use js_sys::{JSON, Reflect};
use logpush_delivery::state::Holder;
use logpush_delivery::work_item::{self, Message, WorkItem};
use serde_json::json;
use wasm_bindgen::{JsCast as _, JsValue};
use worker::worker_sys::{Message as QueueMessage, MessageBatch};

use crate::bindings::Bindings;
use crate::config::{Config, Variables};
use crate::ledger::Ledger;
use crate::log::{self, Level};
use crate::queue;

/// Messages of a batch that are handled at the same time: one that takes long holds up no other.
const AT_ONCE: usize = 4;

/// Queues deliver a message 101 times at most, then it is gone. Before that it is sent anew.
const ATTEMPTS_OF_A_MESSAGE: u32 = 90;

/// How long to wait where the configuration is wrong, or a later version's message is found.
const WAIT_FOR_THE_OPERATOR: Duration = Duration::from_secs(300);

/// How long to wait where R2 fails.
const WAIT_FOR_STORAGE: Duration = Duration::from_secs(30);

/// What to do with a message.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// It is dealt with.
    Ack,
    /// It comes again after a while.
    Retry(Duration),
    /// Its upload goes on at once in another invocation.
    Continue,
}

/// All that a message is handled with.
struct Consumer<'a> {
    bindings: &'a Bindings,
    ledger: Ledger,
    config: Config,
}

/// Handles a batch of messages.
pub(crate) async fn consume(batch: &MessageBatch, variables: &Variables, bindings: &Bindings) {
    let config = match crate::config::read(variables) {
        Ok(config) => Some(config),
        Err(problems) => {
            log_problem(
                Level::Error,
                &format!("the Worker is not configured: {}", problems.join("; ")),
                None,
            );
            None
        }
    };
    let consumer = config.map(|config| Consumer {
        bindings,
        ledger: Ledger::new(bindings.ledger.clone()),
        config,
    });
    let messages = batch.messages().unwrap_or_default();
    let messages = messages
        .iter()
        .map(|message| message.unchecked_into::<QueueMessage>());
    stream::iter(messages)
        .for_each_concurrent(AT_ONCE, |message| {
            let consumer = consumer.as_ref();
            async move {
                match consumer {
                    Some(consumer) => consumer.handle(&message).await,
                    None => retry(&message, WAIT_FOR_THE_OPERATOR),
                }
            }
        })
        .await;
}

impl Consumer<'_> {
    async fn handle(&self, message: &QueueMessage) {
        let body = message.body().unwrap_or(JsValue::NULL);
        let text = match body.as_string() {
            Some(text) => text,
            None => JSON::stringify(&body).map_or_else(|_| String::new(), String::from),
        };
        let holder = Holder {
            message: message.id().map_or_else(|_| String::new(), String::from),
            attempt: attempts_of(message),
        };
        let (item, decision) = match work_item::read(&text) {
            Message::Ignore => (None, Decision::Ack),
            Message::TooNew(version) => {
                log_problem(
                    Level::Warn,
                    &format!(
                        "a work item of version {version} waits for the version of this Worker that wrote it"
                    ),
                    None,
                );
                (None, Decision::Retry(WAIT_FOR_THE_OPERATOR))
            }
            Message::Unknown => (None, self.bury_message(&text, &holder).await),
            Message::Deliver(item) => {
                let decision = self.deliver(&item, &holder).await;
                (Some(item), decision)
            }
        };
        match (decision, item) {
            (Decision::Ack, _) => ack(message),
            (Decision::Retry(wait), None) => retry(message, wait),
            (Decision::Continue, None) => retry(message, Duration::ZERO),
            (Decision::Continue, Some(item)) => {
                self.send_anew(message, &item, Duration::ZERO).await;
            }
            (Decision::Retry(wait), Some(item)) if holder.attempt >= ATTEMPTS_OF_A_MESSAGE => {
                self.send_anew(message, &item, wait).await;
            }
            (Decision::Retry(wait), Some(_)) => retry(message, wait),
        }
    }

    /// A new message in the place of one that has few attempts left.
    async fn send_anew(&self, message: &QueueMessage, item: &WorkItem, wait: Duration) {
        match queue::send(&self.bindings.work, item, wait).await {
            Ok(()) => ack(message),
            Err(_) => retry(message, wait),
        }
    }
}

/// Between half of `full` and the whole: what failed together does not come back together.
fn jittered(full: Duration) -> Duration {
    full.mul_f64(0.5 + js_sys::Math::random() / 2.0)
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

/// How often the queue has delivered the message: 1 at first.
fn attempts_of(message: &QueueMessage) -> u32 {
    Reflect::get(message, &"attempts".into())
        .ok()
        .and_then(|attempts| attempts.as_f64())
        .map_or(1, |attempts| attempts as u32)
}

fn ack(message: &QueueMessage) {
    // What cannot be acknowledged is delivered again, and found to be done.
    let _ = message.ack();
}

/// Queues take delays of up to 12 hours, in seconds.
fn retry(message: &QueueMessage, wait: Duration) {
    const DELAY_MAX: u64 = 12 * 60 * 60;
    let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(DELAY_MAX);
    let options = js_sys::Object::new();
    let delay = JsValue::from(seconds.min(DELAY_MAX) as u32);
    let _ = Reflect::set(&options, &"delaySeconds".into(), &delay);
    let _ = message.retry(options.into());
}

fn log_problem(level: Level, problem: &str, key: Option<&str>) {
    log::write(level, "consumer", json!({ "error": problem, "key": key }));
}
