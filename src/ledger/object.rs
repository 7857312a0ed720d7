//! The Durable Object behind the ledger: SQLite, one row written per change and one more for the stats
//! of its shard.

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::collections::BTreeMap;
use std::rc::Rc;

use logpush_delivery::state::State as UploadState;
use logpush_status::shard::{Backlog, Report, ShardStats, Upload};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::clock::now_millis;
use crate::ledger::backlog::Waiting;
use crate::ledger::client::{Ledger as Client, OVERVIEW, RATE_LIMIT};
use crate::ledger::event::shown;
use crate::ledger::leftovers;
use crate::ledger::overview::OverviewStore;
use crate::ledger::protocol::{RateLimitQuestion, TakeReport, UploadQuestion};
use crate::ledger::rate_limit::Turns;
use crate::ledger::reporting::{self, Due, Reporting};
use crate::ledger::rows::Rows;
use crate::ledger::uploads::{AboutUpload, Effect, States};

/// One sixteenth of a dataset's uploads, a shard; under the name `rate-limit/N`, the rate of requests
/// to the intake; under the name `overview`, what all shards have reported.
#[durable_object(alarm)]
pub struct Ledger {
    runtime: State,
    env: Env,
    rows: Rows,
    shard: RefCell<Option<Shard>>,
    reporting: Rc<Reporting>,
    /// In which hour since 1970 old rows were last deleted.
    pruned: Cell<u64>,
    turns: RefCell<Turns>,
    overview: OverviewStore,
}

/// What a shard has in memory.
struct Shard {
    stats: ShardStats,
    /// What waits, by destination.
    waiting: BTreeMap<String, Waiting>,
}

const HOUR: u64 = 60 * 60 * 1000;

/// Uploads on their way that are reported one by one.
const OLDEST_REPORTED: usize = 3;

impl DurableObject for Ledger {
    fn new(runtime: State, env: Env) -> Self {
        let sql = runtime.storage().sql();
        Self {
            runtime,
            env,
            rows: Rows::new(sql.clone()),
            shard: RefCell::new(None),
            reporting: Rc::default(),
            pruned: Cell::new(0),
            turns: RefCell::default(),
            overview: OverviewStore::new(sql),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let name = request.path().trim_start_matches('/').to_owned();
        let text = request.text().await?;
        let now = now_millis();
        let answer = if name == OVERVIEW {
            read(&text).map(|question| self.overview.answer(question, now))
        } else if name.starts_with(RATE_LIMIT) {
            read(&text).map(|question| self.answer_rate_limit(&question, now))
        } else {
            match read(&text) {
                Some(question) => Some(self.answer_as_shard(&name, question, now).await),
                None => None,
            }
        };
        match answer {
            Some(Ok(answer)) => Response::ok(answer),
            Some(Err(error)) => Response::error(error.to_string(), 500),
            None => Response::error("the question is not understood", 400),
        }
    }

    /// Reports what came after the last report.
    async fn alarm(&self) -> Result<Response> {
        self.reporting.set_alarm(false);
        self.wake("", now_millis())?;
        let report = self.report()?;
        let now = now_millis();
        self.reporting.sent(now);
        let is_sent = match (report, self.client()) {
            (Some(report), Some(client)) => client.ask_overview(TakeReport(report)).await.is_some(),
            // A shard of which nothing is known.
            (None, _) => true,
            (_, None) => false,
        };
        if !is_sent && self.reporting.lost(now) {
            self.set_alarm(reporting::AGAIN).await;
        }
        Response::empty()
    }
}

impl Ledger {
    fn answer_rate_limit(&self, question: &RateLimitQuestion, now: u64) -> Result<String> {
        match question {
            RateLimitQuestion::Turn(turn) => {
                json(&self.turns.borrow_mut().take(now, turn.per_second))
            }
        }
    }

    /// Answers, and sees to it that the overview hears of it: at once where the last report is a minute
    /// old, else by the alarm.
    async fn answer_as_shard(
        &self,
        name: &str,
        question: UploadQuestion,
        now: u64,
    ) -> Result<String> {
        self.wake(name, now)?;
        let is_outcome = matches!(
            question,
            UploadQuestion::Fail(_)
                | UploadQuestion::Finish(_)
                | UploadQuestion::DeadLetter(_)
                | UploadQuestion::Gone(_)
                | UploadQuestion::Drop(_)
        );
        if !is_outcome && self.reporting.is_late(now) {
            self.send_report(now);
        }
        let answer = self.answer(question, now)?;
        if is_outcome {
            match self.reporting.after_outcome(now) {
                Due::Now => self.send_report(now),
                Due::Later(millis) => self.set_alarm(millis).await,
                Due::Nothing => {}
            }
        }
        Ok(answer)
    }

    fn answer(&self, question: UploadQuestion, now: u64) -> Result<String> {
        match question {
            UploadQuestion::Arrive(arrive) => self.answer_about(arrive, now),
            UploadQuestion::Begin(begin) => {
                self.prune(now)?;
                self.answer_about(begin, now)
            }
            UploadQuestion::Record(record) => self.answer_about(record, now),
            UploadQuestion::Fail(fail) => self.answer_about(fail, now),
            UploadQuestion::Finish(finish) => self.answer_about(finish, now),
            UploadQuestion::DeadLetter(dead_letter) => self.answer_about(dead_letter, now),
            UploadQuestion::Gone(gone) => self.answer_about(gone, now),
            UploadQuestion::Look(look) => self.answer_about(look, now),
            UploadQuestion::Claim(claim) => {
                let claimed = claim.found.iter().map(|found| {
                    let known = self.rows.read(&found.id)?;
                    let effect = leftovers::claim(&known, found, &claim, now);
                    self.apply(&found.id, &known, effect, now)
                });
                json(&claimed.collect::<Result<Vec<_>>>()?)
            }
            UploadQuestion::Drop(drop) => {
                let dropped = drop.found.iter().map(|found| {
                    let known = self.rows.read(&found.id)?;
                    let effect = leftovers::drop_one(&known, found, &drop, now);
                    self.apply(&found.id, &known, effect, now)
                });
                json(&dropped.collect::<Result<Vec<_>>>()?)
            }
        }
    }

    fn answer_about<Q: AboutUpload>(&self, question: Q, now: u64) -> Result<String> {
        let id = question.id().to_owned();
        let known = self.rows.read(&id)?;
        let effect = question.answer(&known, now);
        json(&self.apply(&id, &known, effect, now)?)
    }

    /// Keeps what follows from a question, in the storage first; gives the answer.
    fn apply<A>(&self, id: &str, known: &States, effect: Effect<A>, now: u64) -> Result<A> {
        for (to, row) in &effect.rows {
            match row {
                Some(state) => self.rows.write(id, to, state)?,
                None => self.rows.delete(id, to)?,
            }
            if let Some(shard) = self.shard.borrow_mut().as_mut() {
                let waiting = shard.waiting.entry(to.clone()).or_default();
                waiting.changed(id, known.get(to), row.as_ref());
            }
            self.reporting.changed(now);
        }
        if let Some(shard) = self.shard.borrow_mut().as_mut()
            && !effect.events.is_empty()
        {
            let before = shard.stats.clone();
            for event in effect.events {
                event.count(&mut shard.stats, now);
            }
            if shard.stats != before {
                shard.stats.revision += 1;
                // Where that fails, the upload is remembered all the same.
                let _ = self.rows.write_stats(&shard.stats);
            }
        }
        Ok(effect.answer)
    }

    /// Reads what a shard needs in memory, once.
    fn wake(&self, name: &str, now: u64) -> Result<()> {
        if let Some(shard) = self.shard.borrow_mut().as_mut() {
            if shard.stats.shard.is_empty() {
                name.clone_into(&mut shard.stats.shard);
            }
            return Ok(());
        }
        self.rows.make_tables()?;
        let mut stats = self.rows.read_stats()?;
        if stats.created_at == 0 {
            stats.created_at = now;
            name.clone_into(&mut stats.shard);
        }
        let mut waiting: BTreeMap<String, Waiting> = BTreeMap::new();
        self.rows.each_unfinished(|id, to, state| {
            waiting.entry(to.to_owned()).or_default().found(id, state);
        })?;
        let has_waiting = waiting.values().any(|waiting| waiting.uploads > 0);
        self.reporting.woke_up(has_waiting);
        self.shard.replace(Some(Shard { stats, waiting }));
        Ok(())
    }

    /// The report to the overview; nothing of a shard that has no name yet.
    fn report(&self) -> Result<Option<Report>> {
        let mut shard = self.shard.borrow_mut();
        let Some(shard) = shard.as_mut().filter(|shard| !shard.stats.shard.is_empty()) else {
            return Ok(None);
        };
        if shard.waiting.values().any(Waiting::is_unsure) {
            self.rows.each_unfinished(|id, to, state| {
                if let Some(waiting) = shard.waiting.get_mut(to) {
                    waiting.recall(id, state);
                }
            })?;
        }
        // A destination for which nothing waits any more is not reported.
        shard.waiting.retain(|_, waiting| waiting.uploads > 0);
        let mut backlog = BTreeMap::new();
        for (to, waiting) in &shard.waiting {
            let mut oldest = Vec::new();
            for id in waiting.oldest(OLDEST_REPORTED) {
                let states = self.rows.read(&id)?;
                oldest.extend(states.get(to).map(|state: &UploadState| Upload {
                    id: id.clone(),
                    ..shown(to, state)
                }));
            }
            let waiting = Backlog {
                uploads: waiting.uploads,
                bytes: waiting.bytes,
                records: waiting.records,
                oldest,
            };
            backlog.insert(to.clone(), waiting);
        }
        Ok(Some(Report {
            stats: shard.stats.clone(),
            backlog,
        }))
    }

    /// Sends a report, and does not wait for the overview: no delivery is slower for it.
    fn send_report(&self, now: u64) {
        let (Ok(Some(report)), Some(client)) = (self.report(), self.client()) else {
            return;
        };
        self.reporting.sent(now);
        let reporting = Rc::clone(&self.reporting);
        let storage = self.runtime.storage();
        self.runtime.wait_until(async move {
            let answer = client.ask_overview(TakeReport(report)).await;
            if answer.is_none() && reporting.lost(now) {
                reporting.set_alarm(true);
                let wait = Duration::from_millis(reporting::AGAIN);
                let _ = storage.set_alarm(wait).await;
            }
        });
    }

    fn client(&self) -> Option<Client> {
        self.env.durable_object("LEDGER").ok().map(Client::new)
    }

    async fn set_alarm(&self, millis: u64) {
        // Without an alarm the next upload brings the report.
        let wait = Duration::from_millis(millis);
        let set = self.runtime.storage().set_alarm(wait).await;
        self.reporting.set_alarm(set.is_ok());
    }

    /// Forgets what is old, when the first upload of an hour is delivered.
    fn prune(&self, now: u64) -> Result<()> {
        let hour = now / HOUR;
        if self.pruned.replace(hour) == hour || self.last_counted() / HOUR == hour {
            return Ok(());
        }
        self.rows.prune(now)
    }

    /// When an outcome was last counted: an object that was asleep has forgotten what it did before.
    fn last_counted(&self) -> u64 {
        let shard = self.shard.borrow();
        shard.as_ref().map_or(0, |shard| shard.stats.at)
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

fn json(answer: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(answer)?)
}
