//! The durable route's beginning: an upload is stored, its work item sent, and only then Logpush
//! told 200. Whatever fails on the way is answered 503, and Logpush sends it again.

use core::cell::Cell;
use core::time::Duration;

use logpush_delivery::key;
use logpush_delivery::work_item::WorkItem;
use logpush_normalizer::{
    Config as NormalizerConfig, Dataset, Gunzip, Normalizer, Time, UploadError,
};
use serde_json::json;
use thiserror::Error;
use worker::{Bucket, MultipartUpload, Request, UploadedPart};
use xxhash_rust::xxh3::Xxh3;

use crate::bindings::Bindings;
use crate::body::{Announced, Body, BodyError};
use crate::clock::now_millis;
use crate::config::Config;
use crate::ledger::{Arrived, Ledger};
use crate::log::Stored;
use crate::queue;
use crate::random::random;

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
    /// Too many uploads at once.
    #[error("too many uploads at once: {held} bytes of them are in memory")]
    Crowded { held: usize },
}

/// A part of a multipart upload: R2's smallest. What is not longer is stored in one piece.
///
/// Ten times what Logpush sends with the job of the README, of 5,000,000 bytes before compression.
const PART: usize = 5 * 1024 * 1024;

/// What all uploads that an isolate receives may hold in memory: four large ones and some small.
/// R2 copies what it is given, so that it may be twice that; with the batches on their way (24 MiB,
/// and as much again) it stays below the isolate's 128 MB.
const HELD_MAX: usize = 24 * 1024 * 1024;

/// Parts of a multipart upload: R2's limit.
const PARTS_MAX: u16 = 10_000;

/// The test that Cloudflare sends is far shorter.
const TEST_MAX: usize = 1024;

/// Receives an upload; returns when it is safe, or why it is not. `stored` tells what is known of it
/// either way.
pub(crate) async fn store(
    request: &Request,
    config: &Config,
    dataset: Option<&'static Dataset>,
    announced: Announced,
    bindings: &Bindings,
    stored: &mut Stored,
) -> Result<(), StoreError> {
    let started = now_millis();
    let mut body = Body::new(request.inner().body())?;
    let mut spool = Spool {
        inspection: Inspection::new(config, dataset, started),
        bucket: &bindings.uploads,
        piece: Vec::new(),
        held: Held::default(),
        multipart: None,
        started,
    };
    let result = match spool.read(&mut body, announced).await {
        Ok(()) => spool.commit(bindings, stored).await,
        Err(error) => Err(error),
    };
    if result.is_err() {
        body.cancel();
        spool.abort().await;
    }
    let inspection = &spool.inspection;
    stored.dataset = inspection.dataset().map(|dataset| dataset.name);
    stored.lines = inspection.lines;
    stored.bytes_received = inspection.received;
    stored.bytes_plain = inspection.plain;
    result
}

/// An upload on its way into R2.
struct Spool<'a> {
    inspection: Inspection,
    bucket: &'a Bucket,
    /// What is not in R2 yet: one part at most.
    piece: Vec<u8>,
    held: Held,
    multipart: Option<Multipart>,
    started: u64,
}

/// An upload of more than one part.
struct Multipart {
    upload: MultipartUpload,
    key: String,
    /// Remembers it, so that the sweep can abort it if we cannot.
    marker: String,
    parts: Vec<UploadedPart>,
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
            announced.check_limit(self.inspection.received)?;
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
        announced.check_end(self.inspection.received)?;
        self.inspection.end()?;
        Ok(())
    }

    /// Makes what was read an upload that is owed: ledger, R2, queue.
    async fn commit(&mut self, bindings: &Bindings, stored: &mut Stored) -> Result<(), StoreError> {
        if self.inspection.is_test() {
            stored.destination_test = true;
            return Ok(());
        }
        let Some(dataset) = self.inspection.dataset() else {
            return Err(BodyError::Upload(UploadError::UnknownDataset).into());
        };
        let content = self.inspection.identity();
        let key = match &self.multipart {
            Some(multipart) => multipart.key.clone(),
            None => key::upload(
                dataset.name,
                self.started,
                &content,
                self.inspection.is_gzip,
            ),
        };
        let ledger = Ledger::new(bindings.ledger.clone());
        let sizes = (self.inspection.received, self.inspection.lines);
        let arrived = ledger
            .arrive(dataset.name, &content, &key, sizes, false)
            .await;
        if let Some(Arrived::Known {
            key: known,
            finished,
        }) = arrived
        {
            if self.is_safe(&ledger, &known, finished, bindings).await? {
                stored.duplicate = true;
                stored.key = Some(known);
                self.abort().await;
                return Ok(());
            }
            // What the ledger remembers was never stored, or is gone.
            let _ = ledger
                .arrive(dataset.name, &content, &key, sizes, true)
                .await;
        }
        self.put(&key).await?;
        stored.key = Some(key.clone());
        send(bindings, &key).await
    }

    /// Whether an upload of the same content is delivered, or stored and in the queue.
    async fn is_safe(
        &self,
        ledger: &Ledger,
        known: &str,
        finished: bool,
        bindings: &Bindings,
    ) -> Result<bool, StoreError> {
        if finished {
            return Ok(true);
        }
        let object = self.bucket.head(known).await;
        if object.map_err(|_| StoreError::Storage)?.is_some() {
            // The item may have been lost with the answer; one too many does no harm.
            send(bindings, known).await?;
            return Ok(true);
        }
        // One of several parts has its own identity, and may have been delivered under that.
        let Some(source) = key::parse(known) else {
            return Ok(false);
        };
        let key::Kind::Upload { id, .. } = source.kind else {
            return Ok(false);
        };
        let state = ledger.look(&source.dataset, &id).await.flatten();
        Ok(state.is_some_and(|state| state.finished.is_some()))
    }

    async fn put(&mut self, key: &str) -> Result<(), StoreError> {
        if self.multipart.is_some() {
            if !self.piece.is_empty() {
                self.send_part().await?;
            }
            let Some(multipart) = self.multipart.take() else {
                return Ok(());
            };
            let Multipart {
                upload,
                marker,
                parts,
                ..
            } = multipart;
            upload
                .complete(parts)
                .await
                .map_err(|_| StoreError::Storage)?;
            // One that stays does no harm: what is complete cannot be aborted.
            let _ = self.bucket.delete(marker).await;
            return Ok(());
        }
        let piece = core::mem::take(&mut self.piece);
        self.bucket
            .put(key, piece)
            .execute()
            .await
            .map_err(|_| StoreError::Storage)?;
        Ok(())
    }

    async fn send_part(&mut self) -> Result<(), StoreError> {
        if self.multipart.is_none() {
            self.multipart = Some(self.begin_multipart().await?);
        }
        let piece = core::mem::replace(&mut self.piece, Vec::with_capacity(PART));
        let Some(multipart) = &mut self.multipart else {
            return Ok(());
        };
        let number = u16::try_from(multipart.parts.len() + 1).unwrap_or(u16::MAX);
        if number > PARTS_MAX {
            let limit = u64::from(PARTS_MAX) * PART as u64;
            return Err(BodyError::TooLarge { limit }.into());
        }
        let part = multipart.upload.upload_part(number, piece).await;
        multipart.parts.push(part.map_err(|_| StoreError::Storage)?);
        Ok(())
    }

    async fn begin_multipart(&self) -> Result<Multipart, StoreError> {
        let Some(dataset) = self.inspection.dataset() else {
            return Err(BodyError::Upload(UploadError::UnknownDataset).into());
        };
        // The content is not known yet: a name that no other upload has.
        let id = key::hexadecimal(random());
        let key = key::upload(dataset.name, self.started, &id, self.inspection.is_gzip);
        let upload = self.bucket.create_multipart_upload(&key).execute().await;
        let upload = upload.map_err(|_| StoreError::Storage)?;
        let marker = key::multipart(self.started, &id);
        let what = json!({ "v": 1, "key": key, "upload": upload.upload_id().await });
        // Without it, the bucket's own rule aborts what is left over after a week.
        let _ = self.bucket.put(&marker, what.to_string()).execute().await;
        Ok(Multipart {
            upload,
            key,
            marker,
            parts: Vec::new(),
        })
    }

    /// Leaves nothing behind of what is not wanted.
    async fn abort(&mut self) {
        if let Some(multipart) = self.multipart.take() {
            // The sweep aborts what cannot be aborted now.
            if multipart.upload.abort().await.is_ok() {
                let _ = self.bucket.delete(multipart.marker).await;
            }
        }
    }
}

async fn send(bindings: &Bindings, key: &str) -> Result<(), StoreError> {
    queue::send(&bindings.work, &WorkItem::new(key, None), Duration::ZERO)
        .await
        .map_err(|_| StoreError::Queue)
}

/// Looks at an upload while it passes: whether it is whole, what its content is, how many lines.
///
/// Nothing of it is normalised: that is done when it is delivered. What Logpush should send again,
/// because it is cut off or corrupt, must be told now, or never.
struct Inspection {
    gunzip: Gunzip,
    is_gzip: bool,
    plain_max: u64,
    hash: Xxh3,
    lines: u64,
    ends_with_line: bool,
    received: u64,
    plain: u64,
    room: Vec<u8>,
    /// Reads the beginning: recognises the dataset where none is named, and Cloudflare's test.
    probe: Option<Normalizer>,
    dataset: Option<&'static Dataset>,
    is_test: bool,
}

/// 64 KiB of plain bytes at a time.
const ROOM: usize = 64 * 1024;

impl Inspection {
    fn new(config: &Config, dataset: Option<&'static Dataset>, now: u64) -> Self {
        Self {
            gunzip: Gunzip::new(),
            is_gzip: false,
            plain_max: config.limits.upload_bytes,
            hash: Xxh3::new(),
            lines: 0,
            ends_with_line: true,
            received: 0,
            plain: 0,
            room: vec![0; ROOM],
            probe: Some(Normalizer::new(NormalizerConfig {
                dataset,
                shape: config.shape,
                arrival: Time::from_unix_millis(now as i64),
                keep_original: false,
                shows_secrets: false,
                limits: config.limits,
            })),
            dataset,
            is_test: false,
        }
    }

    fn dataset(&self) -> Option<&'static Dataset> {
        self.dataset
    }

    /// Of the plain bytes: how they were compressed does not matter.
    fn identity(&self) -> String {
        key::hexadecimal(self.hash.digest128())
    }

    fn is_test(&self) -> bool {
        self.is_test
    }

    fn look(&mut self, chunk: &[u8]) -> Result<(), BodyError> {
        if self.received == 0 {
            // As the normalizer tells it: 1f begins no JSON.
            self.is_gzip = chunk.first() == Some(&0x1f);
        }
        self.received += chunk.len() as u64;
        self.probe(chunk)?;
        if !self.is_gzip {
            return self.take(chunk);
        }
        let mut rest = chunk;
        let mut room = core::mem::take(&mut self.room);
        let result = loop {
            match self.gunzip.step(rest, &mut room) {
                Err(error) => break Err(UploadError::from(error).into()),
                Ok(inflated) => {
                    let plain = room.get(..inflated.produced).unwrap_or_default();
                    if let Err(error) = self.take(plain) {
                        break Err(error);
                    }
                    rest = rest.get(inflated.consumed..).unwrap_or_default();
                    // A full room may mean that the decoder holds more.
                    if rest.is_empty() && inflated.produced < ROOM {
                        break Ok(());
                    }
                }
            }
        };
        self.room = room;
        result
    }

    /// Gives the normalizer what it needs to recognise the upload, and no more.
    fn probe(&mut self, chunk: &[u8]) -> Result<(), BodyError> {
        let Some(probe) = &mut self.probe else {
            return Ok(());
        };
        let mut rest = chunk;
        while probe.feed(&mut rest)?.is_some() {}
        self.dataset = self.dataset.or_else(|| probe.dataset());
        if self.dataset.is_some() && self.received > TEST_MAX as u64 {
            self.probe = None;
        }
        Ok(())
    }

    fn take(&mut self, plain: &[u8]) -> Result<(), BodyError> {
        self.plain += plain.len() as u64;
        if self.plain > self.plain_max {
            return Err(UploadError::TooLarge {
                limit: self.plain_max,
            }
            .into());
        }
        self.hash.update(plain);
        self.lines += memchr::memchr_iter(b'\n', plain).count() as u64;
        if let Some(last) = plain.last() {
            self.ends_with_line = *last == b'\n';
        }
        Ok(())
    }

    /// The upload has ended.
    fn end(&mut self) -> Result<(), BodyError> {
        if self.received == 0 {
            return Err(UploadError::Empty.into());
        }
        if self.is_gzip && !self.gunzip.is_complete() {
            return Err(UploadError::Truncated {
                received: self.received,
            }
            .into());
        }
        self.lines += u64::from(!self.ends_with_line);
        if let Some(probe) = &mut self.probe {
            while probe.finish()?.is_some() {}
            self.dataset = self.dataset.or_else(|| probe.dataset());
            self.is_test = probe.summary().is_destination_test;
        }
        Ok(())
    }
}

thread_local! {
    /// What all uploads that the isolate receives hold in memory, in bytes.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// An upload's share of the isolate's memory, given back when it goes.
#[derive(Default)]
struct Held(usize);

impl Held {
    fn grow_to(&mut self, bytes: usize) -> Result<(), StoreError> {
        let more = bytes.saturating_sub(self.0);
        let held = HELD.get();
        // One may always go: none would ever be stored otherwise.
        if held > self.0 && held + more > HELD_MAX {
            return Err(StoreError::Crowded { held });
        }
        HELD.set(held + more);
        self.0 += more;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(self.0));
    }
}
