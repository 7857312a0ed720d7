//! Uploads that wait in the bucket are claimed, so that nobody else sends them, and sent to the queue
//! again.

use std::collections::BTreeMap;

use logpush_delivery::key::{self, SourceKind};
use logpush_delivery::work_item::WorkItem;

use crate::bindings::Bindings;
use crate::ledger::Ledger;
use crate::ledger::protocol::Claim;
use crate::queue;

/// The prefixes of uploads.
pub(crate) const PREFIXES: [&str; 2] = [key::UPLOADS, key::LOGPUSH];

/// Work items in one message to the queue: its limit.
const ITEMS: usize = 100;

/// Lists of 1,000 keys when the operator has everything tried at once.
const LISTS: u32 = 20;

/// An upload that the listing has.
pub(crate) struct Found {
    item: WorkItem,
    dataset: String,
    id: String,
}

/// How uploads are claimed.
pub(crate) struct Claims<'a> {
    pub(crate) bindings: &'a Bindings,
    pub(crate) ledger: &'a Ledger,
    /// How long an upload is left alone, in milliseconds.
    pub(crate) grace: u64,
    /// Whether those are sent too whose next attempt is due later.
    pub(crate) at_once: bool,
}

impl Found {
    /// The upload that an object holds; nothing where it holds something else.
    pub(crate) fn of(key: &str, etag: &str) -> Option<Self> {
        let source = key::parse(key)?;
        let (item, id) = match source.kind {
            SourceKind::Upload { id, .. } => (WorkItem::new(key, None), id),
            SourceKind::Logpush => (WorkItem::new(key, Some(etag)), key::identity(key, etag)),
            SourceKind::DeadLetter => return None,
        };
        Some(Self {
            item,
            dataset: source.dataset,
            id,
        })
    }
}

impl Claims<'_> {
    /// Sends work items for uploads that nobody is delivering or about to deliver; how many.
    pub(crate) async fn send(&self, found: Vec<Found>) -> worker::Result<u64> {
        let mut shards: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        for found in found {
            let shard = Ledger::shard(&found.dataset, &found.id);
            shards.entry(shard).or_default().push(found);
        }
        let mut items = Vec::new();
        for (shard, found) in shards {
            let claim = Claim {
                found: found
                    .iter()
                    .map(|found| (found.id.clone(), found.item.key.clone()))
                    .collect(),
                grace: self.grace,
                at_once: self.at_once,
            };
            let claimed = self.ledger.ask(&shard, claim).await;
            for (place, found) in found.into_iter().enumerate() {
                let is_ours = claimed.as_ref().is_none_or(|claimed| {
                    // Without an answer of the ledger the item is sent; the lease beside the upload keeps two
                    // consumers apart.
                    claimed.get(place).copied().unwrap_or(true)
                });
                if is_ours {
                    items.push(found.item);
                }
            }
        }
        for items in items.chunks(ITEMS) {
            queue::send_all(&self.bindings.work, items).await?;
        }
        Ok(items.len() as u64)
    }

    /// Does the same for all uploads in the bucket. Of more than 20,000 the first are sent, and the others
    /// when their next attempt is due.
    pub(crate) async fn send_all(&self) -> worker::Result<u64> {
        let bucket = &self.bindings.uploads;
        let mut sent = 0;
        let mut lists = 0;
        for prefix in PREFIXES {
            let mut after: Option<String> = None;
            while lists < LISTS {
                lists += 1;
                let mut list = bucket.list().prefix(prefix);
                if let Some(after) = &after {
                    list = list.start_after(after);
                }
                let page = list.execute().await?;
                let objects = page.objects();
                let found = objects
                    .iter()
                    .filter_map(|object| Found::of(&object.key(), &object.etag()));
                sent += self.send(found.collect()).await?;
                after = objects.last().map(worker::Object::key);
                if !page.truncated() {
                    break;
                }
            }
        }
        Ok(sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_items_are_sent_for_uploads_alone() {
        let id = "0123456789abcdef0123456789abcdef";
        let ours = key::upload("dns_logs", 1_778_574_600_219, id, true);
        let logpush = "logpush/dns_logs/x.gz";
        for (key, expected) in [
            (
                ours.as_str(),
                Some((WorkItem::new(&ours, None), id.to_owned())),
            ),
            (
                logpush,
                Some((
                    WorkItem::new(logpush, Some("e")),
                    key::identity(logpush, "e"),
                )),
            ),
            (&key::dead_letter("dns_logs", 1, id, 0, "upload"), None),
            ("uploads/dns_logs/x", None),
        ] {
            let found = Found::of(key, "e").map(|found| {
                assert_eq!(found.dataset, "dns_logs");
                (found.item, found.id)
            });
            assert_eq!(found, expected, "{key}");
        }
    }
}
