//! Uploads that wait in the bucket are claimed, so that nobody else sends them, and sent to the queue
//! again.

use std::collections::BTreeMap;

use logpush_delivery::key::{self, SourceKind};
use logpush_delivery::owed::{self, Owed, UNDECIDED};
use logpush_delivery::work_item::WorkItem;
use logpush_normalizer::datasets;
use worker::{Bucket, Include, Object};

use crate::bindings::Bindings;
use crate::config::Config;
use crate::ledger::Ledger;
use crate::ledger::protocol::{Claim, Claimed, Drop, Found};
use crate::queue;

/// The prefixes of uploads.
pub(crate) const PREFIXES: [&str; 2] = [key::UPLOADS, key::LOGPUSH];

/// Work items in one message to the queue: its limit.
const ITEMS: usize = 100;

/// Lists of 1,000 keys when the operator has everything tried at once.
const LISTS: u32 = 20;

/// An upload that the listing has.
struct Listed {
    /// With any destination.
    item: WorkItem,
    dataset: String,
    found: Found,
}

/// How uploads are claimed.
pub(crate) struct Claims<'a> {
    pub(crate) bindings: &'a Bindings,
    pub(crate) ledger: &'a Ledger,
    /// How long an upload is left alone, in milliseconds.
    pub(crate) grace: u64,
    /// Whether those are sent too whose next attempt is due later.
    pub(crate) at_once: bool,
    /// The destination that is meant; nothing where all are.
    pub(crate) to: Option<&'a str>,
    /// Says to whom uploads are owed of which nobody has decided that.
    pub(crate) config: &'a Config,
}

/// What was dropped.
#[derive(Debug, Default)]
pub(crate) struct Dropped {
    /// Uploads that were owed to the destination.
    pub(crate) uploads: u64,
    /// Whether there are more: the operator asks again.
    pub(crate) more: bool,
}

impl Claims<'_> {
    /// Sends work items for uploads that nobody is delivering or about to deliver; how many.
    pub(crate) async fn send(&self, objects: Vec<Object>) -> worker::Result<u64> {
        let mut items = Vec::new();
        for (shard, listed) in self.by_shard(objects) {
            let claim = Claim {
                found: listed.iter().map(|listed| listed.found.clone()).collect(),
                grace: self.grace,
                at_once: self.at_once,
                to: self.to.map(str::to_owned),
            };
            let claimed = self.ledger.ask(&shard, claim).await.unwrap_or_default();
            let mut claimed = claimed.into_iter();
            for listed in listed {
                // Without an answer of the ledger the items are sent; the lease beside the upload keeps two
                // consumers apart.
                let claimed = claimed.next().unwrap_or_else(|| self.all_of(&listed.found));
                if listed.found.owed.is_empty() {
                    // No destination takes it: the consumer makes a dead letter of it.
                    items.push(listed.item);
                    continue;
                }
                items.extend(items_of(&listed, claimed));
            }
        }
        for items in items.chunks(ITEMS) {
            queue::send_all(&self.bindings.work, items).await?;
        }
        Ok(items.len() as u64)
    }

    /// The upload that an object holds; nothing where it holds something else. `owed`: the metadata.
    fn listed(&self, key: &str, etag: &str, owed: Option<&str>) -> Option<Listed> {
        let source = key::parse(key)?;
        let (etag, id, owed) = match source.kind {
            SourceKind::Upload { id, .. } => (None, id, Owed::from_metadata(owed)),
            SourceKind::Logpush => (Some(etag), key::identity(key, etag), Owed::undecided()),
            SourceKind::DeadLetter => return None,
        };
        let is_decided = !owed.is_undecided();
        let owed = match is_decided {
            true => owed,
            // Where the configuration does not say it either, the sweep comes back.
            false => Owed::new(self.config.owed(datasets::by_name(&source.dataset))?),
        };
        Some(Listed {
            item: WorkItem::new(key, etag, UNDECIDED),
            dataset: source.dataset,
            found: Found {
                id,
                key: key.to_owned(),
                owed,
                is_decided,
            },
        })
    }

    fn all_of(&self, found: &Found) -> Claimed {
        let send = found
            .owed
            .iter()
            .filter(|to| self.to.is_none_or(|meant| meant == to.as_str()));
        Claimed {
            send: match found.is_decided {
                true => send.cloned().collect(),
                // The consumer looks whether somebody has decided by now.
                false => vec![UNDECIDED.to_owned()],
            },
            owed: found.owed.clone(),
        }
    }

    /// Does the same for all uploads in the bucket. Of more than 20,000 the first are sent, and the others
    /// when their next attempt is due.
    pub(crate) async fn send_all(&self) -> worker::Result<u64> {
        let mut sent = 0;
        let mut pages = Pages::default();
        while let Some(objects) = pages.next(&self.bindings.uploads).await? {
            sent += self.send(objects).await?;
        }
        Ok(sent)
    }

    /// Drops what is owed to a destination that the operator gives up. The objects go that are owed to
    /// nobody else.
    pub(crate) async fn drop_all(&self, to: &str) -> worker::Result<Dropped> {
        let mut dropped = Dropped::default();
        let mut pages = Pages::default();
        while let Some(objects) = pages.next(&self.bindings.uploads).await? {
            for (shard, listed) in self.by_shard(objects) {
                let drop = Drop {
                    found: listed.iter().map(|listed| listed.found.clone()).collect(),
                    to: to.to_owned(),
                };
                let Some(answers) = self.ledger.ask(&shard, drop).await else {
                    dropped.more = true;
                    continue;
                };
                let answers = listed.into_iter().zip(answers);
                let owed: Vec<_> = answers
                    .filter_map(|(listed, is_last)| Some((listed.found.key, is_last?)))
                    .collect();
                dropped.uploads += owed.len() as u64;
                let gone: Vec<String> = owed
                    .into_iter()
                    .filter_map(|(key, is_last)| is_last.then_some(key))
                    .collect();
                if !gone.is_empty() {
                    self.bindings.uploads.delete_multiple(gone).await?;
                }
            }
        }
        dropped.more |= !pages.is_at_end();
        Ok(dropped)
    }

    /// The uploads that objects hold, by the shard of the ledger that knows them.
    fn by_shard(&self, objects: Vec<Object>) -> BTreeMap<String, Vec<Listed>> {
        let mut shards: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
        for object in objects {
            let metadata = object.custom_metadata().unwrap_or_default();
            let owed = metadata.get(owed::METADATA).map(String::as_str);
            if let Some(listed) = self.listed(&object.key(), &object.etag(), owed) {
                let shard = Ledger::shard(&listed.dataset, &listed.found.id);
                shards.entry(shard).or_default().push(listed);
            }
        }
        shards
    }
}

/// The objects of uploads, up to a bound.
#[derive(Default)]
struct Pages {
    /// Its place in [`PREFIXES`].
    prefix: usize,
    after: Option<String>,
    lists: u32,
}

impl Pages {
    async fn next(&mut self, bucket: &Bucket) -> worker::Result<Option<Vec<Object>>> {
        let Some(prefix) = PREFIXES.get(self.prefix) else {
            return Ok(None);
        };
        if self.lists >= LISTS {
            return Ok(None);
        }
        self.lists += 1;
        let mut list = bucket
            .list()
            .prefix(*prefix)
            .include(vec![Include::CustomMetadata]);
        if let Some(after) = &self.after {
            list = list.start_after(after);
        }
        let page = list.execute().await?;
        let objects = page.objects();
        self.after = objects.last().map(Object::key);
        if !page.truncated() {
            self.prefix += 1;
            self.after = None;
        }
        Ok(Some(objects))
    }

    fn is_at_end(&self) -> bool {
        self.prefix >= PREFIXES.len()
    }
}

/// The work items for those to whom nobody delivers an upload.
fn items_of(listed: &Listed, claimed: Claimed) -> Vec<WorkItem> {
    // What the object does not say, the item does, where there is a choice.
    let is_said = listed.found.is_decided || claimed.owed.iter().count() < 2;
    let items = claimed.send.iter().map(|to| {
        let owed = (!is_said && to != UNDECIDED).then_some(&claimed.owed);
        listed.item.to(to, owed)
    });
    items.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_destination_that_nobody_delivers_to_gets_a_work_item() {
        let id = "0123456789abcdef0123456789abcdef";
        let ours = key::upload("dns_logs", 1_778_574_600_219, id, true);
        let listed = |key: &str, owed, is_decided| Listed {
            item: WorkItem::new(key, None, UNDECIDED),
            dataset: "dns_logs".to_owned(),
            found: Found {
                id: id.to_owned(),
                key: key.to_owned(),
                owed: Owed::new(owed),
                is_decided,
            },
        };
        let both = ["siem", "lake"];
        for (name, listed, send, owed) in [
            (
                "ours",
                listed(&ours, vec!["siem"], true),
                &["siem"][..],
                false,
            ),
            ("to both", listed(&ours, both.to_vec(), true), &both, false),
            (
                "to one of Logpush",
                listed("logpush/x", vec!["siem"], false),
                &["siem"],
                false,
            ),
            (
                "to both of Logpush",
                listed("logpush/x", both.to_vec(), false),
                &both,
                true,
            ),
            (
                "nobody knows",
                listed("logpush/x", both.to_vec(), false),
                &[UNDECIDED],
                false,
            ),
            (
                "nobody is left",
                listed(&ours, vec!["siem"], true),
                &[],
                false,
            ),
        ] {
            let claimed = Claimed {
                owed: listed.found.owed.clone(),
                send: send.iter().map(|to| (*to).to_owned()).collect(),
            };
            let items = items_of(&listed, claimed);
            let to: Vec<&str> = items.iter().map(|item| item.to.as_str()).collect();
            assert_eq!(to, send, "{name}");
            assert!(
                items.iter().all(|item| item.owed.is_some() == owed),
                "{name}"
            );
        }
    }
}
