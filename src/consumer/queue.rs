//! The messages of the queue, as JavaScript has them.

use core::time::Duration;

use js_sys::{JSON, Reflect};
use logpush_delivery::state::Holder;
use wasm_bindgen::{JsCast as _, JsValue};
use worker::worker_sys::{Message as JsMessage, MessageBatch};

/// A message that the queue delivers.
pub(super) struct Delivered(JsMessage);

/// The longest delay that queues take, in seconds: 12 hours.
const DELAY_MAX: u64 = 12 * 60 * 60;

/// The messages of a batch.
pub(super) fn messages(batch: &MessageBatch) -> Vec<Delivered> {
    let messages = batch.messages().unwrap_or_default();
    messages
        .iter()
        .map(|message| Delivered(message.unchecked_into()))
        .collect()
}

impl Delivered {
    /// The body, as JSON where it is not a text.
    pub(super) fn text(&self) -> String {
        let body = self.0.body().unwrap_or(JsValue::NULL);
        match body.as_string() {
            Some(text) => text,
            None => JSON::stringify(&body).map_or_else(|_| String::new(), String::from),
        }
    }

    /// Which message this is, and which of its deliveries.
    pub(super) fn holder(&self) -> Holder {
        let attempts = Reflect::get(&self.0, &"attempts".into());
        Holder {
            message: self.0.id().map_or_else(|_| String::new(), String::from),
            attempt: attempts
                .ok()
                .and_then(|attempts| attempts.as_f64())
                .map_or(1, |attempts| attempts as u32),
        }
    }

    pub(super) fn ack(&self) {
        // What cannot be acknowledged is delivered again, and found to be done.
        let _ = self.0.ack();
    }

    /// Has the message delivered again after a while.
    pub(super) fn retry(&self, wait: Duration) {
        let options = js_sys::Object::new();
        let delay = JsValue::from(delay_seconds(wait));
        let _ = Reflect::set(&options, &"delaySeconds".into(), &delay);
        let _ = self.0.retry(options.into());
    }
}

/// Whole seconds, rounded up: too late rather than too early.
fn delay_seconds(wait: Duration) -> u32 {
    let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(DELAY_MAX);
    seconds.min(DELAY_MAX) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_whole_seconds_that_queues_take() {
        for (millis, expected) in [
            (0, 0),
            (1, 1),
            (1_000, 1),
            (1_001, 2),
            (43_200_000, 43_200),
            (43_200_001, 43_200),
            (u64::MAX, 43_200),
        ] {
            assert_eq!(
                delay_seconds(Duration::from_millis(millis)),
                expected,
                "{millis}"
            );
        }
    }
}
