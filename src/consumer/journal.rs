//! What becomes of an upload's records while it is delivered: in the ledger, and in an object beside
//! the upload where the ledger fails.

use core::cell::{Cell, RefCell};

use logpush_delivery::dead_letter::{About, Kind};
use logpush_delivery::key;
use logpush_delivery::progress::Done;
use logpush_delivery::state::{Begun, Holder, State};
use logpush_normalizer::Batch;
use logpush_status::shard::UploadCounts;
use serde_json::json;
use thiserror::Error;
use worker::{Bucket, Conditional, signal};

use crate::clock::now_millis;
use crate::dead_letters;
use crate::ledger::Ledger;
use crate::log::{self, Level};
use crate::pipeline::Journal;
use crate::send::Outcome;

/// An upload as the journal knows it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) dataset: String,
    pub(crate) id: String,
    pub(crate) key: String,
    /// In milliseconds since 1970.
    pub(crate) arrived: u64,
}

/// The journal of one attempt to deliver an upload.
pub(crate) struct UploadJournal {
    bucket: Bucket,
    ledger: Ledger,
    pub(crate) subject: Subject,
    holder: Holder,
    /// In milliseconds.
    lease: u64,
    /// When the rest is left to another invocation, in milliseconds since 1970.
    deadline: u64,
    done: RefCell<Done>,
    /// How many records were done before this attempt.
    done_before: u64,
    /// What the object beside the upload holds, as far as this attempt knows.
    beside: RefCell<State>,
    has_object: Cell<bool>,
    /// When it was last written, in milliseconds since 1970.
    beside_written: Cell<u64>,
    ledger_fails: Cell<bool>,
    pub(crate) dead_letters: Cell<u64>,
    pub(crate) attempts: u32,
    pub(crate) cut_short: u32,
}

/// What an attempt begins with.
pub(crate) enum Opened {
    /// All is done. `progress`: the key of an object beside the upload that may be left over.
    Finished {
        progress: String,
    },
    /// Another consumer is at it, until then at the longest.
    Busy {
        until: u64,
    },
    Go(Box<UploadJournal>),
}

/// Why an attempt ends early.
#[derive(Debug, Error)]
pub(crate) enum JournalError {
    /// A dead letter that is not written must not count as done.
    #[error("a dead letter could not be written to R2")]
    Storage,
    /// Another consumer has the lease.
    #[error("another consumer delivers the upload")]
    TakenOver,
    /// Another invocation goes on.
    #[error("the invocation's time was up")]
    HandedOver,
}

/// Requests to the intake in one invocation, after which the rest is left to another one.
///
/// Each may take two more, for its turn and for the positions; with what a batch that is taken to
/// pieces needs on top, that stays below the platform's 10,000.
const REQUESTS_MAX: u64 = 2_000;

/// R2 takes one write a second of the same key. What is not written goes with the next.
const BESIDE_EVERY: u64 = 1_000;

/// How long to wait for who was quicker to take a lease in R2, in milliseconds.
const LOST_THE_RACE: u64 = 5_000;

impl UploadJournal {
    /// Asks for the lease of an upload.
    ///
    /// # Errors
    ///
    /// Where R2 fails: without it there is no upload to deliver either.
    pub(crate) async fn open(
        bucket: &Bucket,
        ledger: &Ledger,
        subject: Subject,
        holder: Holder,
        (lease, deadline): (u64, u64),
    ) -> worker::Result<Opened> {
        let Subject {
            dataset, id, key, ..
        } = &subject;
        let remembered = ledger.begin(dataset, id, key, &holder, lease).await;
        match remembered {
            Some(Begun::Finished) => {
                let progress = key::progress(dataset, id);
                return Ok(Opened::Finished { progress });
            }
            Some(Begun::Busy { until }) => return Ok(Opened::Busy { until }),
            Some(Begun::Go { .. }) | None => {}
        }
        let (dataset, id) = (dataset.clone(), id.clone());
        let opened = Self::open_beside(
            bucket,
            ledger,
            subject,
            (holder.clone(), remembered),
            (lease, deadline),
        )
        .await;
        if let Err(error) = &opened {
            // A lease that is not given back would count as a crash.
            let told = (Some(error.to_string()), 0);
            let none = Done::default();
            let _ = ledger.fail(&dataset, &id, &holder, &none, told).await;
        }
        opened
    }

    /// The same with what the object beside the upload remembers.
    async fn open_beside(
        bucket: &Bucket,
        ledger: &Ledger,
        subject: Subject,
        (holder, remembered): (Holder, Option<Begun>),
        (lease, deadline): (u64, u64),
    ) -> worker::Result<Opened> {
        let Subject {
            dataset, id, key, ..
        } = &subject;
        let now = now_millis();
        let place = key::progress(dataset, id);
        let object = bucket.get(&place).execute().await?;
        let mut beside = State::default();
        let mut etag = None;
        if let Some(object) = object {
            etag = Some(object.etag());
            if let Some(body) = object.body() {
                // What cannot be read is delivered again.
                beside = serde_json::from_str(&body.text().await?).unwrap_or_default();
            }
        }
        let ledger_fails = remembered.is_none();
        let (mut done, mut attempts, mut crashes) = match remembered {
            Some(Begun::Go {
                done,
                attempts,
                cut_short,
            }) => (done, attempts, cut_short),
            _ => (Done::default(), 0, 0),
        };
        if ledger_fails || etag.is_some() {
            match beside.begin(key, &holder, now, lease) {
                Begun::Finished => return Ok(Opened::Finished { progress: place }),
                Begun::Busy { until } => return Ok(Opened::Busy { until }),
                Begun::Go {
                    done: more,
                    attempts: others,
                    cut_short,
                } => {
                    done.merge(&more);
                    attempts = attempts.max(others);
                    crashes = crashes.max(cut_short);
                }
            }
        }
        if ledger_fails {
            let condition = Conditional {
                etag_does_not_match: etag.is_none().then(|| "*".to_owned()),
                etag_matches: etag,
                uploaded_before: None,
                uploaded_after: None,
            };
            let put = bucket
                .put(&place, serde_json::to_string(&beside)?)
                .only_if(condition)
                .execute()
                .await?;
            if put.is_none() {
                return Ok(Opened::Busy {
                    until: now + LOST_THE_RACE,
                });
            }
        }
        let has_object = ledger_fails || beside != State::default();
        Ok(Opened::Go(Box::new(Self {
            bucket: bucket.clone(),
            ledger: ledger.clone(),
            subject,
            holder,
            lease,
            deadline,
            done_before: done.count(),
            done: RefCell::new(done),
            beside: RefCell::new(beside),
            has_object: Cell::new(has_object),
            beside_written: Cell::new(now),
            ledger_fails: Cell::new(ledger_fails),
            dead_letters: Cell::new(0),
            attempts,
            cut_short: crashes,
        })))
    }

    pub(crate) fn done(&self) -> Done {
        self.done.borrow().clone()
    }

    /// Takes note of what was done before the journal's time.
    pub(crate) fn add(&self, done: &Done) {
        self.done.borrow_mut().merge(done);
    }

    /// Whether this attempt got anything done.
    pub(crate) fn has_progress(&self) -> bool {
        self.done.borrow().count() > self.done_before
    }

    /// The attempt is over, and not all is done; the next one is due at `next`.
    pub(crate) async fn fail(&self, error: Option<String>, next: u64) {
        let done = self.done();
        let Subject { dataset, id, .. } = &self.subject;
        if !self.ledger_fails.get()
            && self
                .ledger
                .fail(dataset, id, &self.holder, &done, (error.clone(), next))
                .await
                .is_none()
        {
            self.ledger_fails.set(true);
        }
        if self.ledger_fails.get() || self.has_object.get() {
            self.beside
                .borrow_mut()
                .fail(&self.holder, &done, error, next);
            self.put_beside().await;
        }
    }

    /// All is done: nothing but the ledger's row remains.
    ///
    /// `counts`: nothing where the upload did not come to its end as one.
    ///
    /// # Errors
    ///
    /// Where the object beside the upload cannot be deleted.
    pub(crate) async fn finish(&self, counts: Option<UploadCounts>) -> worker::Result<()> {
        let Subject {
            dataset, id, key, ..
        } = &self.subject;
        let told = self.ledger.finish(dataset, id, key, counts).await;
        if told.is_none() && self.has_object.get() {
            // Until the upload itself is deleted.
            self.beside.borrow_mut().finish(now_millis(), None);
            self.put_beside().await;
        }
        Ok(())
    }

    /// Deletes the object beside the upload, which itself is gone.
    pub(crate) async fn clean(&self) -> worker::Result<()> {
        if self.has_object.get() {
            let Subject { dataset, id, .. } = &self.subject;
            self.bucket.delete(key::progress(dataset, id)).await?;
        }
        Ok(())
    }

    /// Tells the ledger of a dead letter.
    pub(crate) async fn tell_dead(&self, records: Option<u64>, reason: &str) {
        self.dead_letters.set(self.dead_letters.get() + 1);
        let subject = &self.subject;
        // The letter itself is what counts.
        let _ = self
            .ledger
            .dead(
                &subject.dataset,
                &subject.id,
                &subject.key,
                (records, reason),
            )
            .await;
    }

    async fn write(&self) -> Result<(), JournalError> {
        let Subject { dataset, id, .. } = &self.subject;
        if !self.ledger_fails.get() {
            let done = self.done();
            match self
                .ledger
                .record(dataset, id, &self.holder, &done, self.lease)
                .await
            {
                Some(true) => return Ok(()),
                Some(false) => return Err(JournalError::TakenOver),
                None => self.ledger_fails.set(true),
            }
        }
        let now = now_millis();
        let done = self.done();
        self.beside
            .borrow_mut()
            .record(&self.holder, &done, now, self.lease);
        if now >= self.beside_written.get() + BESIDE_EVERY {
            self.put_beside().await;
        }
        Ok(())
    }

    /// A position that cannot be written costs a repetition, and no record: delivery goes on.
    async fn put_beside(&self) {
        let Subject { dataset, id, .. } = &self.subject;
        let state = serde_json::to_string(&*self.beside.borrow()).unwrap_or_default();
        let put = self.bucket.put(key::progress(dataset, id), state);
        self.beside_written.set(now_millis());
        match put.execute().await {
            Ok(_) => self.has_object.set(true),
            Err(_) => log::write(
                Level::Warn,
                "positions",
                json!({
                    "error": "neither the ledger nor R2 takes the positions of an upload: it may be delivered twice",
                    "key": self.subject.key,
                }),
            ),
        }
    }
}

impl Journal for UploadJournal {
    type Error = JournalError;

    const REMEMBERS: bool = true;

    fn remaining(&self, batch: Batch) -> Vec<Batch> {
        self.done.borrow().remaining(batch)
    }

    async fn note(&self, outcome: Outcome, is_last: bool) -> Result<(), JournalError> {
        if outcome.taken.is_empty() && outcome.refused.is_empty() {
            return Ok(());
        }
        for range in outcome.taken {
            self.done.borrow_mut().add(range);
        }
        if let Some(first) = outcome.refused.first() {
            let subject = &self.subject;
            let now = now_millis();
            let about = About {
                arrived: subject.arrived,
                ..About::new(
                    Kind::Documents,
                    &subject.dataset,
                    &subject.key,
                    &first.reason,
                    now,
                )
            };
            let put =
                dead_letters::put_documents(&self.bucket, about, &subject.id, &outcome.refused);
            put.await.map_err(|_| JournalError::Storage)?;
            let records = outcome.refused.len() as u64;
            self.tell_dead(Some(records), &first.reason).await;
            for refused in &outcome.refused {
                self.done
                    .borrow_mut()
                    .add(refused.record..refused.record + 1);
            }
        }
        if is_last {
            // What follows at once says that all is done.
            return Ok(());
        }
        self.write().await
    }

    fn may_go_on(&self, requests: u64) -> Result<(), JournalError> {
        if signal::is_near_cpu_limit() || requests >= REQUESTS_MAX || now_millis() >= self.deadline
        {
            return Err(JournalError::HandedOver);
        }
        Ok(())
    }
}
