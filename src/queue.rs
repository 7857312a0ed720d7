//! Sending work items to the queue.

use core::time::Duration;

use logpush_delivery::work_item::WorkItem;
use worker::{MessageBuilder, Queue};

/// Sends a work item, to be delivered after `wait`.
pub(crate) async fn send(queue: &Queue, item: &WorkItem, wait: Duration) -> worker::Result<()> {
    let message = MessageBuilder::new(item);
    let message = match u32::try_from(wait.as_secs()) {
        Ok(seconds) if seconds > 0 => message.delay_seconds(seconds),
        _ => message,
    };
    queue.send(message.build()).await
}

/// Work items that the queue takes at once.
pub(crate) const BATCH: usize = 100;

/// Sends work items; [`BATCH`] at most.
pub(crate) async fn send_all(queue: &Queue, items: &[WorkItem]) -> worker::Result<()> {
    queue.send_batch(items).await
}
