//! The durable route's beginning: an upload is stored, its work item sent, and only then Logpush
//! told 200. Whatever fails on the way is answered 503, and Logpush sends it again.

use core::time::Duration;

use logpush_delivery::key;
use logpush_delivery::owed::{self, Owed, UNDECIDED};
use logpush_delivery::work_item::WorkItem;
use logpush_normalizer::{Dataset, UploadError};
use thiserror::Error;
use web_sys::ReadableStream;
use worker::Bucket;

use crate::bindings::Bindings;
use crate::body::{Announced, Body, BodyError};
use crate::clock::now_millis;
use crate::config::Config;
use crate::ingest::inspect::Inspection;
use crate::ingest::memory::{Crowded, Held};
use crate::ingest::multipart::{Multipart, MultipartError, PART};
use crate::ledger::protocol::{Arrive, Arrived, Look};
use crate::ledger::{Ledger, is_finished};
use crate::log::Stored;
use crate::pipeline;
use crate::queue;

/// Why an upload was not stored.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    /// What Logpush sent is at fault.
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("the upload could not be stored: R2 failed")]
    Storage,
    #[error("the upload is stored, but its work item could not be sent to the queue")]
    Queue,
    #[error(transparent)]
    Crowded(#[from] Crowded),
    #[error("no destination takes {dataset}")]
    Unrouted { dataset: &'static str },
}

/// How an upload is to be stored.
pub(crate) struct Store<'a> {
    pub(crate) config: &'a Config,
    pub(crate) bindings: &'a Bindings,
    /// Nothing where it is to be recognised.
    pub(crate) dataset: Option<&'static Dataset>,
    pub(crate) announced: Announced,
}

impl Store<'_> {
    /// Receives an upload; returns when it is safe, or why it is not. What is known of it is in
    /// `stored` either way.
    pub(crate) async fn store(
        &self,
        stream: Option<ReadableStream>,
        stored: &mut Stored,
    ) -> Result<(), StoreError> {
        let started = now_millis();
        let mut body = Body::new(stream)?;
        let ingest = &self.config.ingest;
        let probe = pipeline::probe(ingest, self.dataset, started);
        let mut spool = Spool {
            inspection: Inspection::new(probe, ingest.plain_bytes),
            config: self.config,
            bindings: self.bindings,
            bucket: &self.bindings.uploads,
            piece: Vec::new(),
            held: Held::default(),
            multipart: None,
            started,
        };
        let result = match spool.read(&mut body, self.announced).await {
            Ok(()) => spool.commit(stored).await,
            Err(error) => Err(error),
        };
        if result.is_err() {
            body.cancel();
            spool.abort().await;
        }
        let inspection = &spool.inspection;
        stored.dataset = inspection.dataset().map(|dataset| dataset.name);
        stored.lines = inspection.lines();
        stored.bytes_received = inspection.bytes_received();
        stored.bytes_plain = inspection.bytes_plain();
        result
    }
}

/// An upload on its way into R2.
struct Spool<'a> {
    inspection: Inspection,
    config: &'a Config,
    bindings: &'a Bindings,
    bucket: &'a Bucket,
    /// What is not in R2 yet: one part at most.
    piece: Vec<u8>,
    held: Held,
    /// Nothing where one part is enough so far.
    multipart: Option<Multipart>,
    started: u64,
}

impl Spool<'_> {
    /// Reads the body to its end, into memory and, part by part, into R2.
    async fn read(&mut self, body: &mut Body, announced: Announced) -> Result<(), StoreError> {
        if let Some(bytes) = announced.bytes {
            let bytes = usize::try_from(bytes).unwrap_or(PART).min(PART);
            self.held.grow_to(bytes)?;
            self.piece.reserve_exact(bytes);
        }
        let mut chunk = Vec::new();
        while body.read(&mut chunk).await? {
            self.inspection.look(&chunk)?;
            announced.check_limit(self.inspection.bytes_received())?;
            let mut rest = chunk.as_slice();
            while !rest.is_empty() {
                if self.piece.len() == PART {
                    self.send_part().await?;
                }
                let (now, later) = rest.split_at(rest.len().min(PART - self.piece.len()));
                self.held
                    .grow_to((self.piece.len() + now.len()).max(self.piece.capacity()))?;
                self.piece.extend_from_slice(now);
                rest = later;
            }
        }
        announced.check_end(self.inspection.bytes_received())?;
        self.inspection.end().map_err(BodyError::Upload)?;
        Ok(())
    }

    /// Makes what was read an upload that is owed: ledger, R2, queue.
    async fn commit(&mut self, stored: &mut Stored) -> Result<(), StoreError> {
        if self.inspection.is_destination_test() {
            stored.destination_test = true;
            return Ok(());
        }
        let dataset = self.dataset()?;
        let content = self.inspection.identity();
        let key = match &self.multipart {
            Some(multipart) => multipart.key().to_owned(),
            None => key::upload(
                dataset.name,
                self.started,
                &content,
                self.inspection.is_gzip(),
            ),
        };
        let ledger = Ledger::new(self.bindings.ledger.clone());
        let shard = Ledger::shard(dataset.name, &content);
        let arrive = |owed: &Owed, again| Arrive {
            id: content.clone(),
            key: key.clone(),
            owed: owed.clone(),
            bytes: self.inspection.bytes_received(),
            lines: self.inspection.lines(),
            again,
        };
        let mut owed = self.owed(dataset)?;
        let arrived = ledger.ask(&shard, arrive(&owed, false)).await;
        if let Some(Arrived::Known {
            key: known,
            finished,
            waiting,
        }) = arrived
        {
            if self.is_safe(&ledger, &known, finished).await? {
                stored.duplicate = true;
                stored.key = Some(known);
                self.abort().await;
                return Ok(());
            }
            // What the ledger remembers was never stored, or is gone.
            for to in waiting.iter() {
                owed.add(to);
            }
            let _ = ledger.ask(&shard, arrive(&owed, true)).await;
        }
        self.put(&key, &owed).await?;
        stored.key = Some(key.clone());
        self.send_items(&key, &owed).await
    }

    /// Whether an upload of the same content is delivered, or stored and in the queue.
    async fn is_safe(
        &self,
        ledger: &Ledger,
        known: &str,
        finished: bool,
    ) -> Result<bool, StoreError> {
        if finished {
            return Ok(true);
        }
        let object = self.bucket.head(known).await;
        if let Some(object) = object.map_err(|_| StoreError::Storage)? {
            // The items may have been lost with the answer; one too many does no harm.
            let metadata = object.custom_metadata().unwrap_or_default();
            let owed = Owed::from_metadata(metadata.get(owed::METADATA).map(String::as_str));
            self.send_items(known, &owed).await?;
            return Ok(true);
        }
        // One of several parts has its own identity, and may have been delivered under that.
        let Some(source) = key::parse(known) else {
            return Ok(false);
        };
        let key::SourceKind::Upload { id, .. } = source.kind else {
            return Ok(false);
        };
        let shard = Ledger::shard(&source.dataset, &id);
        let known = ledger.ask(&shard, Look { id }).await;
        Ok(known.is_some_and(|known| is_finished(&known)))
    }

    async fn put(&mut self, key: &str, owed: &Owed) -> Result<(), StoreError> {
        if self.multipart.is_some() && !self.piece.is_empty() {
            self.send_part().await?;
        }
        match self.multipart.take() {
            Some(multipart) => Ok(multipart.complete(self.bucket).await?),
            None => {
                let piece = core::mem::take(&mut self.piece);
                let mut put = self.bucket.put(key, piece);
                if let Some(owed) = owed.metadata() {
                    put = put.custom_metadata([(owed::METADATA.to_owned(), owed)]);
                }
                let put = put.execute().await;
                put.map(|_| ()).map_err(|_| StoreError::Storage)
            }
        }
    }

    async fn send_part(&mut self) -> Result<(), StoreError> {
        let multipart = match &mut self.multipart {
            Some(multipart) => multipart,
            None => {
                let dataset = self.dataset()?;
                let is_gzip = self.inspection.is_gzip();
                let owed = self.owed(dataset)?.metadata();
                let begun =
                    Multipart::begin(self.bucket, dataset.name, self.started, is_gzip, owed);
                self.multipart.insert(begun.await?)
            }
        };
        let piece = core::mem::replace(&mut self.piece, Vec::with_capacity(PART));
        Ok(multipart.send(piece).await?)
    }

    /// To whom an upload that arrives now is owed.
    fn owed(&self, dataset: &'static Dataset) -> Result<Owed, StoreError> {
        let owed = match self.config.owed(Some(dataset)) {
            Some(names) => Owed::new(names),
            // The first configuration decides that can be read.
            None => Owed::undecided(),
        };
        match owed.is_empty() {
            true => Err(StoreError::Unrouted {
                dataset: dataset.name,
            }),
            false => Ok(owed),
        }
    }

    fn dataset(&self) -> Result<&'static Dataset, BodyError> {
        let unknown = BodyError::Upload(UploadError::UnknownDataset);
        self.inspection.dataset().ok_or(unknown)
    }

    async fn send_items(&self, key: &str, owed: &Owed) -> Result<(), StoreError> {
        let items = WorkItem::new(key, None, UNDECIDED).for_each(owed);
        let sent = match items.as_slice() {
            [item] => queue::send(&self.bindings.work, item, Duration::ZERO).await,
            items => queue::send_all(&self.bindings.work, items).await,
        };
        sent.map_err(|_| StoreError::Queue)
    }

    /// Leaves nothing behind of what is not wanted.
    async fn abort(&mut self) {
        if let Some(multipart) = self.multipart.take() {
            multipart.abort(self.bucket).await;
        }
    }
}

impl From<MultipartError> for StoreError {
    fn from(error: MultipartError) -> Self {
        match error {
            MultipartError::TooLarge { limit } => Self::Body(BodyError::TooLarge { limit }),
            MultipartError::Storage => Self::Storage,
        }
    }
}
