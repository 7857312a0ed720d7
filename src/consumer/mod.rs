//! The queue's consumer: takes a work item, delivers its upload from where the last attempt got to,
//! and decides for each message by itself. It never returns an error for the batch, which would
//! have the queue deliver all of it again.

mod attempt;
mod consequence;
mod context;
mod dead_letter;
mod journal;
mod memory;
mod object;
mod queue;
mod replay;

use core::time::Duration;
use std::rc::Rc;

use futures_util::stream::{self, StreamExt as _};
use logpush_delivery::key;
use logpush_delivery::owed::{Owed, UNDECIDED};
use logpush_delivery::state::Holder;
use logpush_delivery::work_item::{self, Message, WorkItem};
use logpush_normalizer::datasets;
use worker::worker_sys::MessageBatch;

use crate::bindings::Bindings;
use crate::config::{self, Config, Variables};
use crate::consumer::context::{Absent, Consumer, Decision, log_problem};
use crate::consumer::queue::Delivered;
use crate::ledger::Ledger;
use crate::log::Level;
use crate::passage::Passage;
use crate::queue as outgoing;

/// Messages of a batch that are handled at the same time: one that takes long holds up no other.
const AT_ONCE: usize = 4;

/// Queues deliver a message 101 times at most, then it is gone. Before that it is sent anew.
const ATTEMPTS_OF_A_MESSAGE: u32 = 90;

/// How long to wait where the configuration is wrong, or a later version's message is found.
const WAIT_FOR_THE_OPERATOR: Duration = Duration::from_secs(300);

/// Handles a batch of messages.
pub(crate) async fn consume(batch: &MessageBatch, variables: &Variables, bindings: &Bindings) {
    let handler = match config::read(variables) {
        Ok(config) => Some(Handler {
            bindings,
            ledger: Ledger::new(bindings.ledger.clone()),
            config,
        }),
        Err(problems) => {
            let problems = problems.join("; ");
            let problem = format!("the Worker is not configured: {problems}");
            log_problem(Level::Error, &problem, None);
            None
        }
    };
    stream::iter(queue::messages(batch))
        .for_each_concurrent(AT_ONCE, |message| {
            let handler = handler.as_ref();
            async move {
                match handler {
                    Some(handler) => handler.handle(&message).await,
                    None => message.retry(WAIT_FOR_THE_OPERATOR),
                }
            }
        })
        .await;
}

/// Everything that a message is handled with.
struct Handler<'a> {
    bindings: &'a Bindings,
    ledger: Ledger,
    config: Config,
}

impl Handler<'_> {
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
            Message::Unknown => match dead_letter::keep(self.bindings, &text, &holder).await {
                Ok(()) => message.ack(),
                Err(wait) => message.retry(wait),
            },
            Message::Deliver(item) => {
                let decision = self.deliver(&item, &holder).await;
                match next(decision, holder.attempt) {
                    Next::Ack => message.ack(),
                    Next::Retry(wait) => message.retry(wait),
                    Next::SendAnew(wait) => self.send_anew(message, &item, wait).await,
                }
            }
        }
    }

    /// Delivers what a work item names to the destination that it names.
    async fn deliver(&self, item: &WorkItem, holder: &Holder) -> Decision {
        let mut undecided = None;
        let mut to = item.to.clone();
        let mut unrouted = None;
        if to == UNDECIDED {
            let dataset = key::parse(&item.key).map_or_else(String::new, |source| source.dataset);
            let Some(names) = self.config.owed(datasets::by_name(&dataset)) else {
                // The first configuration decides that can be read.
                let problem = "the destinations of the configuration cannot be read";
                log_problem(Level::Error, problem, Some(&item.key));
                return Decision::Retry(WAIT_FOR_THE_OPERATOR);
            };
            match names.first() {
                Some(first) => {
                    to = (*first).to_owned();
                    undecided = Some(Owed::new(names));
                }
                None => unrouted = Some(Absent::Unrouted(dataset)),
            }
        }
        // Where it only becomes a message for each destination, none of them is asked.
        let is_to_be_sent = undecided.as_ref().is_some_and(|owed| !owed.is_only(&to));
        let passage = match is_to_be_sent {
            true => None,
            false => match self.passage(&to, holder) {
                Ok(passage) => passage,
                Err(wait) => return Decision::Retry(wait),
            },
        };
        let target = match (unrouted, self.config.target(&to)) {
            (Some(unrouted), _) => Err(unrouted),
            (None, Some(target)) => target.map_err(Absent::Wrong),
            (None, None) => Err(Absent::Removed(to.clone())),
        };
        let consumer = Consumer {
            bindings: self.bindings,
            ledger: &self.ledger,
            ingest: &self.config.ingest,
            to: &to,
            target,
            undecided,
            passage,
        };
        consumer.attempt(item, holder).await
    }

    /// The way to a destination that is not the only one.
    fn passage(&self, to: &str, holder: &Holder) -> Result<Option<Rc<Passage>>, Duration> {
        let has_others = self.config.owed(None).is_some_and(|all| all.len() > 1);
        if !has_others {
            return Ok(None);
        }
        let passage = Passage::begin(to, holder.attempt)?;
        Ok(Some(Rc::new(passage)))
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
