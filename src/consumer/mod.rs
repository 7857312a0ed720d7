//! The queue's consumer: takes a work item, delivers its upload from where the last attempt got to,
//! and decides for each message by itself. It never returns an error for the batch, which would
//! have the queue deliver all of it again.

mod attempt;
mod context;
mod dead_letter;
mod journal;
mod object;
mod queue;
mod replay;

use core::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use logpush_delivery::work_item::{self, Message, WorkItem};
use worker::worker_sys::MessageBatch;

use crate::bindings::Bindings;
use crate::config::{self, Variables};
use crate::consumer::context::{Consumer, Decision, log_problem};
use crate::consumer::queue::Delivered;
use crate::ledger::Ledger;
use crate::log::Level;
use crate::queue as outgoing;

/// Messages of a batch that are handled at the same time: one that takes long holds up no other.
const AT_ONCE: usize = 4;

/// Queues deliver a message 101 times at most, then it is gone. Before that it is sent anew.
const ATTEMPTS_OF_A_MESSAGE: u32 = 90;

/// How long to wait where the configuration is wrong, or a later version's message is found.
const WAIT_FOR_THE_OPERATOR: Duration = Duration::from_secs(300);

/// Handles a batch of messages.
pub(crate) async fn consume(batch: &MessageBatch, variables: &Variables, bindings: &Bindings) {
    let config = config::read(variables).map_err(|problems| problems.join("; "));
    let target = match &config {
        Ok(config) => config.only_target(),
        Err(problems) => Err(problems.clone()),
    };
    let consumer = match target {
        Ok(target) => Some(Consumer {
            bindings,
            ledger: Ledger::new(bindings.ledger.clone()),
            target,
        }),
        Err(problems) => {
            let problem = format!("the Worker is not configured: {problems}");
            log_problem(Level::Error, &problem, None);
            None
        }
    };
    stream::iter(queue::messages(batch))
        .for_each_concurrent(AT_ONCE, |message| {
            let consumer = consumer.as_ref();
            async move {
                match consumer {
                    Some(consumer) => consumer.handle(&message).await,
                    None => message.retry(WAIT_FOR_THE_OPERATOR),
                }
            }
        })
        .await;
}

impl Consumer<'_> {
    async fn handle(&self, message: &Delivered) {
        let text = message.text();
        let holder = message.holder();
        match work_item::read(&text) {
            Message::Ignore => message.ack(),
            Message::TooNew(version) => {
                let problem = format!(
                    "a work item of version {version} waits for the version of this Worker that wrote it"
                );
                log_problem(Level::Warn, &problem, None);
                message.retry(WAIT_FOR_THE_OPERATOR);
            }
            Message::Unknown => match self.keep_message(&text, &holder).await {
                Ok(()) => message.ack(),
                Err(wait) => message.retry(wait),
            },
            Message::Deliver(item) => {
                let decision = self.attempt(&item, &holder).await;
                match next(decision, holder.attempt) {
                    Next::Ack => message.ack(),
                    Next::Retry(wait) => message.retry(wait),
                    Next::SendAnew(wait) => self.send_anew(message, &item, wait).await,
                }
            }
        }
    }

    /// A new message in the place of one that has few attempts left.
    async fn send_anew(&self, message: &Delivered, item: &WorkItem, wait: Duration) {
        match outgoing::send(&self.bindings.work, item, wait).await {
            Ok(()) => message.ack(),
            Err(_) => message.retry(wait),
        }
    }
}

/// The answer to the queue about the message of a work item.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Ack,
    Retry(Duration),
    /// Another message takes its place.
    SendAnew(Duration),
}

fn next(decision: Decision, attempt: u32) -> Next {
    match decision {
        Decision::Ack => Next::Ack,
        Decision::Continue => Next::SendAnew(Duration::ZERO),
        Decision::Retry(wait) if attempt >= ATTEMPTS_OF_A_MESSAGE => Next::SendAnew(wait),
        Decision::Retry(wait) => Next::Retry(wait),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_sent_anew_before_its_attempts_are_used_up() {
        let wait = Duration::from_secs(5);
        for (decision, attempt, expected) in [
            (Decision::Ack, 1, Next::Ack),
            (Decision::Ack, 100, Next::Ack),
            (Decision::Continue, 1, Next::SendAnew(Duration::ZERO)),
            (Decision::Retry(wait), 1, Next::Retry(wait)),
            (Decision::Retry(wait), 89, Next::Retry(wait)),
            (Decision::Retry(wait), 90, Next::SendAnew(wait)),
        ] {
            assert_eq!(next(decision, attempt), expected, "{attempt}");
        }
    }
}
