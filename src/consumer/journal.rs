//! The journal of an attempt: which records of an upload are done, in the ledger, and in an object
//! beside the upload where the ledger does not answer.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use logpush_delivery::dead_letter::{About, Contents, Refused};
use logpush_delivery::key;
use logpush_delivery::machine::Outcome;
use logpush_delivery::owed::Owed;
use logpush_delivery::progress::Done;
use logpush_delivery::state::{Begun, Failure, Holder, Known, State};
use logpush_normalizer::Batch;
use serde_json::json;
use thiserror::Error;
use worker::{Bucket, Conditional, signal};

use crate::clock::now_millis;
use crate::consumer::memory::{Beside, Memory};
use crate::dead_letters;
use crate::ended::{self, Ended};
use crate::ledger::Ledger;
use crate::ledger::protocol::{Begin, DeadLetter, End, Fail, Finish, Gone, Record};
use crate::log::{self, Level};
use crate::passage::Passage;
use crate::pipeline::Journal;

/// An upload as the journal knows it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) dataset: String,
    pub(crate) id: String,
    pub(crate) key: String,
    /// The destination.
    pub(crate) to: String,
    /// All destinations, as far as the object says.
    pub(crate) owed: Owed,
    /// In milliseconds since 1970.
    pub(crate) arrived: u64,
}

/// What a journal is opened with.
pub(crate) struct Opening<'a> {
    pub(crate) bucket: &'a Bucket,
    pub(crate) ledger: &'a Ledger,
    pub(crate) subject: Subject,
    /// Whom the upload is owed to, if that was not decided before.
    pub(crate) undecided: Option<Owed>,
    pub(crate) passage: Option<Rc<Passage>>,
    pub(crate) holder: Holder,
    /// How long the lease holds, in milliseconds.
    pub(crate) lease: u64,
    /// When the rest is left to another invocation, in milliseconds since 1970.
    pub(crate) deadline: u64,
}

/// What an attempt begins with.
pub(crate) enum Opened {
    /// All is done.
    Finished {
        /// The key of an object beside the upload that may be left over.
        progress: String,
        /// What it says, where the ledger does not know that all is done.
        ended: Option<Box<Ended>>,
    },
    /// Another consumer has the lease, which ends then at the latest.
    Busy {
        until: u64,
    },
    /// It is owed to these, each by a work item of its own.
    Owed(Owed),
    Go(Box<UploadJournal>),
}

/// The journal of one attempt to deliver an upload.
pub(crate) struct UploadJournal {
    bucket: Bucket,
    ledger: Ledger,
    pub(crate) subject: Subject,
    passage: Option<Rc<Passage>>,
    holder: Holder,
    lease: u64,
    deadline: u64,
    known: RefCell<Known>,
    /// How many records were done before this attempt.
    done_before: u64,
    memory: RefCell<Memory>,
    dead_letters: Cell<u64>,
    /// Whether the ledger knows what this attempt has reported as the end.
    is_reported: Cell<bool>,
    pub(crate) attempts: u32,
    /// Attempts in a row that ended without a word and without progress: crashes.
    pub(crate) cut_short: u32,
}

/// Why an attempt ends early.
#[derive(Debug, Error)]
pub(crate) enum JournalError {
    /// A refused document that is in no dead letter must not count as done.
    #[error("a dead letter could not be written to R2")]
    Storage,
    /// Another consumer has the lease.
    #[error("another consumer delivers the upload")]
    TakenOver,
    /// Another invocation goes on.
    #[error("the invocation's time was up")]
    HandedOver,
}

/// How often the ledger is asked to take the end of an upload.
const FINISH_TRIES: u32 = 2;

/// Requests to the intake in one invocation, after which the rest is left to another one.
///
/// Each may take two more, for its turn and for the positions; with what a batch that is taken to
/// pieces needs on top, that stays below the platform's 10,000.
const REQUESTS_MAX: u64 = 2_000;

/// R2 takes one write a second of the same key. What is not written goes with the next.
const BESIDE_EVERY: u64 = 1_000;

/// How long to wait for who was quicker to take a lease in R2, in milliseconds.
const LOST_THE_RACE: u64 = 5_000;

impl Opening<'_> {
    /// Asks for the lease of an upload.
    ///
    /// # Errors
    ///
    /// Where R2 fails: without it there is no upload to deliver either.
    pub(crate) async fn open(self) -> worker::Result<Opened> {
        let Subject {
            dataset,
            id,
            key,
            to,
            owed,
            ..
        } = &self.subject;
        let shard = Ledger::shard(dataset, id);
        let begin = Begin {
            id: id.clone(),
            key: key.clone(),
            to: to.clone(),
            undecided: self.undecided.clone(),
            owed: (!owed.is_only(to)).then(|| owed.clone()),
            holder: self.holder.clone(),
            lease: self.lease,
        };
        let start = match self.ledger.ask(&shard, begin).await {
            Some(Begun::Finished) => {
                return Ok(Opened::Finished {
                    progress: key::progress(dataset, id, to),
                    ended: None,
                });
            }
            Some(Begun::Busy { until }) => return Ok(Opened::Busy { until }),
            Some(Begun::Owed(owed)) => return Ok(Opened::Owed(owed)),
            Some(Begun::Go {
                known,
                attempts,
                cut_short,
            }) => Some(Start {
                known,
                attempts,
                cut_short,
            }),
            None => None,
        };
        if start.is_none()
            && let Some(owed) = &self.undecided
            && !owed.is_only(to)
        {
            return self.decide_beside(owed).await;
        }
        let mut fail = Fail {
            id: id.clone(),
            key: key.clone(),
            to: to.clone(),
            holder: self.holder.clone(),
            known: Known::default(),
            error: None,
            held: false,
            next: 0,
        };
        let ledger = self.ledger;
        let opened = self.open_beside(start).await;
        if let Err(error) = &opened {
            // A lease that is not given back would count as a crash.
            fail.error = Some(error.to_string());
            let _ = ledger.ask(&shard, fail).await;
        }
        opened
    }

    /// Decides without the ledger whom the upload is owed to: who writes that down first.
    async fn decide_beside(&self, owed: &Owed) -> worker::Result<Opened> {
        let place = key::owed(&self.subject.dataset, &self.subject.id);
        let nothing_there = Conditional {
            etag_does_not_match: Some("*".to_owned()),
            etag_matches: None,
            uploaded_before: None,
            uploaded_after: None,
        };
        let put = self.bucket.put(&place, serde_json::to_string(owed)?);
        if put.only_if(nothing_there).execute().await?.is_some() {
            return Ok(Opened::Owed(owed.clone()));
        }
        let decided = self.bucket.get(&place).execute().await?;
        let text = match decided.as_ref().and_then(worker::Object::body) {
            Some(body) => body.text().await?,
            None => String::new(),
        };
        // What cannot be read is decided anew.
        let decided = serde_json::from_str(&text).unwrap_or_else(|_| owed.clone());
        Ok(Opened::Owed(decided))
    }

    /// The same with what the object beside the upload remembers; `start`: what the ledger does, if it
    /// answers.
    async fn open_beside(self, start: Option<Start>) -> worker::Result<Opened> {
        let now = now_millis();
        let progress = key::progress(&self.subject.dataset, &self.subject.id, &self.subject.to);
        let found = self.bucket.get(&progress).execute().await?;
        let etag = found.as_ref().map(worker::Object::etag);
        let mut ended = Ended::default();
        if let Some(body) = found.as_ref().and_then(worker::Object::body) {
            // What cannot be read is delivered again.
            ended = serde_json::from_str(&body.text().await?).unwrap_or_default();
        }
        let mut state = ended.state.clone();
        let is_ledger_silent = start.is_none();
        let mut start = start.unwrap_or_default();
        if is_ledger_silent || etag.is_some() {
            match state.begin(&self.subject.key, &self.holder, now, self.lease) {
                Begun::Finished => {
                    return Ok(Opened::Finished {
                        progress,
                        ended: Some(Box::new(ended)),
                    });
                }
                Begun::Busy { until } => return Ok(Opened::Busy { until }),
                Begun::Owed(owed) => return Ok(Opened::Owed(owed)),
                Begun::Go {
                    known,
                    attempts,
                    cut_short,
                } => {
                    start.known.done.merge(&known.done);
                    start.known.tally.raise(known.tally);
                    start.attempts = start.attempts.max(attempts);
                    start.cut_short = start.cut_short.max(cut_short);
                }
            }
        }
        let is_there = etag.is_some();
        if is_ledger_silent {
            let condition = Conditional {
                etag_does_not_match: (!is_there).then(|| "*".to_owned()),
                etag_matches: etag,
                uploaded_before: None,
                uploaded_after: None,
            };
            let put = self.bucket.put(&progress, serde_json::to_string(&state)?);
            if put.only_if(condition).execute().await?.is_none() {
                let until = now + LOST_THE_RACE;
                return Ok(Opened::Busy { until });
            }
        }
        let beside = Beside {
            state,
            exists: true,
            written: now,
        };
        Ok(Opened::Go(Box::new(UploadJournal {
            bucket: self.bucket.clone(),
            ledger: self.ledger.clone(),
            subject: self.subject,
            passage: self.passage,
            holder: self.holder,
            lease: self.lease,
            deadline: self.deadline,
            done_before: start.known.done.count(),
            known: RefCell::new(start.known),
            memory: RefCell::new(match (is_ledger_silent, is_there) {
                (true, _) => Memory::Object(beside),
                (false, true) => Memory::Both(beside),
                (false, false) => Memory::Ledger { opened: now },
            }),
            dead_letters: Cell::new(0),
            is_reported: Cell::new(true),
            attempts: start.attempts,
            cut_short: start.cut_short,
        })))
    }
}

impl UploadJournal {
    /// What is known of the records by now.
    pub(crate) fn known(&self) -> Known {
        self.known.borrow().clone()
    }

    /// How many records are done.
    pub(crate) fn done(&self) -> u64 {
        self.known.borrow().done.count()
    }

    /// Takes over what was done before the journal's time.
    pub(crate) fn add(&self, done: &Done) {
        self.known.borrow_mut().done.merge(done);
    }

    /// Whether this attempt got anything done.
    pub(crate) fn has_progress(&self) -> bool {
        self.done() > self.done_before
    }

    /// Dead letters that this attempt wrote.
    pub(crate) fn dead_letters(&self) -> u64 {
        self.dead_letters.get()
    }

    /// The attempt is over, and not all is done; the next one is due at `next`.
    pub(crate) async fn fail(&self, error: Option<String>, next: u64) {
        let held = false;
        self.end(Failure { error, held, next }).await;
    }

    /// The same where the operator has something to repair.
    pub(crate) async fn hold(&self, error: String, next: u64) {
        self.end(Failure {
            error: Some(error),
            held: true,
            next,
        })
        .await;
    }

    /// The ledger is told even where it did not answer before: it may have given a lease all the same, which
    /// would count as a crash.
    async fn end(&self, failure: Failure) {
        let known = self.known();
        let Subject { id, key, to, .. } = &self.subject;
        let fail = Fail {
            id: id.clone(),
            key: key.clone(),
            to: to.clone(),
            holder: self.holder.clone(),
            known: known.clone(),
            error: failure.error.clone(),
            held: failure.held,
            next: failure.next,
        };
        if self.ledger.ask(&self.shard(), fail).await.is_none() {
            self.memory.borrow_mut().ledger_fails();
        }
        let is_beside = self.memory.borrow_mut().change_beside(|beside| {
            beside.state.fail(&self.holder, &known, failure);
        });
        if is_beside {
            self.write_beside().await;
        }
    }

    /// Nothing is owed to the destination any more; whether the upload is owed to nobody else. The end is
    /// known when this returns: to the ledger, or to the object beside the upload, from which the sweep
    /// reports it. Only then may the upload's object go, and its message.
    ///
    /// # Errors
    ///
    /// Neither the ledger nor R2 takes it: the attempt must come again.
    pub(crate) async fn finish(&self, end: End) -> worker::Result<bool> {
        let Subject {
            dataset,
            id,
            key,
            to,
            owed,
            arrived,
        } = &self.subject;
        let finish = Finish {
            id: id.clone(),
            key: key.clone(),
            to: to.clone(),
            owed: owed.clone(),
            known: self.known(),
            end,
        };
        for _ in 0..FINISH_TRIES {
            // A question that took effect, and whose answer was lost, is counted once.
            if let Some(is_last) = self.ledger.ask(&self.shard(), finish.clone()).await {
                return Ok(is_last);
            }
        }
        let mut state = State::arrived(key, *arrived, 0, 0);
        self.memory.borrow_mut().change_beside(|beside| {
            state = beside.state.clone();
        });
        state.key.clone_from(key);
        state.learn(&finish.known);
        state.finish(now_millis(), None);
        let ended = Ended {
            state,
            finish: Some(finish),
        };
        ended.write(&self.bucket, &self.progress_key()).await?;
        self.is_reported.set(false);
        if owed.is_only(to) {
            return Ok(true);
        }
        ended::are_all_noted(&self.bucket, dataset, id, owed).await
    }

    /// The object is gone, and nobody has reported the end: the ledger says what that means.
    pub(crate) async fn gone(&self) {
        // Gives the lease back: nobody has the upload in hand any more.
        self.fail(None, 0).await;
        let gone = Gone {
            id: self.subject.id.clone(),
            to: Some(self.subject.to.clone()),
            grace: 0,
        };
        // Without an answer the sweep asks again.
        let _ = self.ledger.ask(&self.shard(), gone).await;
    }

    /// Deletes the object beside the upload, which itself is gone; not where that alone knows its end.
    pub(crate) async fn clean(&self) -> worker::Result<()> {
        if self.is_reported.get() && self.memory.borrow().has_object() {
            self.bucket.delete(self.progress_key()).await?;
        }
        Ok(())
    }

    /// Reports a dead letter of documents to the ledger, by the number of its first record.
    async fn report_dead_letter(&self, first: u64) {
        let dead_letter = DeadLetter {
            id: self.subject.id.clone(),
            key: self.subject.key.clone(),
            to: self.subject.to.clone(),
            first,
        };
        // The dead letter itself counts, not the report of it.
        let _ = self.ledger.ask(&self.shard(), dead_letter).await;
    }

    /// Takes note of a dead letter that was written.
    pub(crate) fn wrote_dead_letter(&self) {
        self.dead_letters.set(self.dead_letters.get() + 1);
    }

    /// Writes what is done.
    async fn write(&self) -> Result<(), JournalError> {
        let known = self.known();
        if self.memory.borrow().uses_ledger() {
            let record = Record {
                id: self.subject.id.clone(),
                key: self.subject.key.clone(),
                to: self.subject.to.clone(),
                holder: self.holder.clone(),
                known: known.clone(),
                lease: self.lease,
            };
            match self.ledger.ask(&self.shard(), record).await {
                Some(true) => return Ok(()),
                Some(false) => return Err(JournalError::TakenOver),
                None => self.memory.borrow_mut().ledger_fails(),
            }
        }
        let now = now_millis();
        let mut is_due = false;
        self.memory.borrow_mut().change_beside(|beside| {
            beside.state.record(&self.holder, &known, now, self.lease);
            is_due = now >= beside.written + BESIDE_EVERY;
        });
        if is_due {
            self.write_beside().await;
        }
        Ok(())
    }

    /// A position that cannot be written costs a repetition, and no record: delivery goes on.
    async fn write_beside(&self) {
        let mut text = None;
        self.memory.borrow_mut().change_beside(|beside| {
            beside.written = now_millis();
            text = serde_json::to_string(&beside.state).ok();
        });
        let Some(text) = text else {
            debug_assert!(false, "there is no state to write beside the upload");
            return;
        };
        let put = self.bucket.put(self.progress_key(), text);
        if put.execute().await.is_ok() {
            self.memory
                .borrow_mut()
                .change_beside(|beside| beside.exists = true);
            return;
        }
        log::write(
            Level::Warn,
            "positions",
            json!({
                "error": "neither the ledger nor R2 takes the positions of an upload: it may be delivered twice",
                "key": self.subject.key,
            }),
        );
    }

    /// Writes the documents that were refused, which makes them done.
    async fn write_dead_letter(&self, documents: &[Refused]) -> Result<(), JournalError> {
        let Some(first) = documents.first() else {
            return Ok(());
        };
        let subject = &self.subject;
        let about = About {
            arrived: subject.arrived,
            ..About::new(
                Contents::Documents,
                &subject.dataset,
                &subject.to,
                &subject.key,
                &first.reason,
                now_millis(),
            )
        };
        let put = dead_letters::put_documents(&self.bucket, about, &subject.id, documents).await;
        put.map_err(|_| JournalError::Storage)?;
        self.wrote_dead_letter();
        self.report_dead_letter(first.record).await;
        Ok(())
    }

    /// Counts what became of records: of each once, however often it is reported.
    fn learn(&self, outcome: &Outcome) {
        let mut known = self.known.borrow_mut();
        let Known { done, tally } = &mut *known;
        for range in &outcome.taken {
            done.add(range.clone());
        }
        for range in &outcome.without_document {
            tally.dropped += done.add(range.clone());
        }
    }

    fn learn_refused(&self, outcome: &Outcome) {
        let mut known = self.known.borrow_mut();
        let Known { done, tally } = &mut *known;
        for refused in &outcome.refused {
            tally.refused += done.add(refused.record..refused.record + 1);
        }
        for unknown in &outcome.unknown {
            let documents = unknown.documents.iter();
            let new: u64 = documents
                .map(|document| done.add(document.record..document.record + 1))
                .sum();
            tally.unknown += new.min(unknown.refused);
        }
    }

    fn shard(&self) -> String {
        Ledger::shard(&self.subject.dataset, &self.subject.id)
    }

    fn progress_key(&self) -> String {
        key::progress(&self.subject.dataset, &self.subject.id, &self.subject.to)
    }
}

impl Journal for UploadJournal {
    type Error = JournalError;

    const REMEMBERS: bool = true;

    fn remaining(&self, batch: Batch) -> Vec<Batch> {
        self.known.borrow().done.remaining(batch)
    }

    async fn note(&self, outcome: Outcome, is_last: bool) -> Result<(), JournalError> {
        if let Some(passage) = &self.passage {
            passage.note(&outcome);
        }
        let dead = outcome.dead();
        let done = || outcome.taken.iter().chain(&outcome.without_document);
        if done().next().is_none() && dead.is_empty() {
            return Ok(());
        }
        self.learn(&outcome);
        // A refused document that is in no dead letter must not count as done.
        self.write_dead_letter(&dead).await?;
        self.learn_refused(&outcome);
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

/// Where an attempt goes on.
#[derive(Default)]
struct Start {
    known: Known,
    attempts: u32,
    cut_short: u32,
}
