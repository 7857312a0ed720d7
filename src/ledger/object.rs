//! The Durable Object behind the ledger: SQLite, one row written per change and one more for what is
//! told to the board.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use logpush_delivery::key;
use logpush_delivery::state::State;
use logpush_status::shard::{Backlog, Report, ShardStats, Upload, UploadOutcome, error_excerpt};
use serde::Deserialize;
use serde::Serialize;
use worker::{
    DurableObject, Env, Request, Response, Result, SqlStorage, SqlStorageValue, State as Object,
    durable_object,
};

use crate::clock::now_millis;
use crate::ledger::backlog::Waiting;
use crate::ledger::client::{Arrived, Ledger as Client, Question};
use crate::ledger::overview::BoardStore;

/// One sixteenth of a dataset's uploads; under the name `pace/N`, the pace of requests to the
/// intake; under the name `board`, what all parts have reported.
#[durable_object(alarm)]
pub struct Ledger {
    object: Object,
    env: Env,
    sql: SqlStorage,
    /// When the next request to the intake may go out, in milliseconds since 1970.
    next_slot: Cell<f64>,
    /// In which hour since 1970.
    pruned: Cell<u64>,
    part: RefCell<Option<Part>>,
    told: Rc<Told>,
    board: BoardStore,
}

/// What a part of the ledger has in memory.
struct Part {
    stats: ShardStats,
    waiting: Waiting,
}

/// How the board stands to what a part knows.
#[derive(Default)]
struct Told {
    /// Since when there is something to tell, in milliseconds since 1970.
    behind: Cell<Option<u64>>,
    /// When the last report was sent, in milliseconds since 1970.
    at: Cell<u64>,
    /// Whether an alarm will send the next.
    is_set: Cell<bool>,
}

/// Without indexes but the primary keys, and without hidden row ids: every one of them would be
/// another row written for each change.
const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, arrived INTEGER NOT NULL, finished INTEGER, state TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS stats (one INTEGER PRIMARY KEY, text TEXT NOT NULL)",
];

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Finished uploads are kept to recognise them when they come again, which Logpush's retries do
/// within minutes.
const FINISHED_KEPT: u64 = 2 * DAY;

/// What never finished: its object was deleted by hand.
const UNFINISHED_KEPT: u64 = 100 * DAY;

/// A part reports so often at most: all 592 together ask the board ten times a second.
const REPORTS: u64 = MINUTE;

/// How long to wait with a report that an alarm could not send.
const REPORTS_AGAIN: u64 = 5 * MINUTE;

/// Uploads on their way that are told one by one.
const OLDEST_TOLD: usize = 3;

impl DurableObject for Ledger {
    fn new(object: Object, env: Env) -> Self {
        let sql = object.storage().sql();
        Self {
            board: BoardStore::new(sql.clone()),
            object,
            env,
            sql,
            next_slot: Cell::new(0.0),
            pruned: Cell::new(0),
            part: RefCell::new(None),
            told: Rc::default(),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let name = request.path().trim_start_matches('/').to_owned();
        let text = request.text().await?;
        let Ok(question) = serde_json::from_str::<Question>(&text) else {
            return Response::error("the question is not understood", 400);
        };
        let now = now_millis();
        let answer = match question {
            Question::Slot { per_second } => json(&self.slot(now, per_second)),
            Question::Board { question } => self.board.answer(question, now),
            question => self.answer_as_part(&name, question, now).await,
        };
        match answer {
            Ok(answer) => Response::ok(answer),
            Err(error) => Response::error(error.to_string(), 500),
        }
    }

    /// Tells the board of what came after the last report.
    async fn alarm(&self) -> Result<Response> {
        self.told.is_set.set(false);
        self.wake("", now_millis())?;
        let report = self.report()?;
        let now = now_millis();
        self.told.behind.set(None);
        self.told.at.set(now);
        let is_told = match (report, self.client()) {
            (Some(report), Some(client)) => client.report(report).await.is_some(),
            // A part of which nothing is known.
            (None, _) => true,
            (_, None) => false,
        };
        if !is_told {
            self.told.behind.set(Some(now));
            self.set_alarm(REPORTS_AGAIN).await;
        }
        Response::empty()
    }
}

impl Ledger {
    /// Answers, and sees to it that the board hears of it: at once where the last report is a minute
    /// old, else by the alarm.
    async fn answer_as_part(&self, name: &str, question: Question, now: u64) -> Result<String> {
        self.wake(name, now)?;
        let is_outcome = matches!(
            question,
            Question::Fail { .. }
                | Question::Finish { .. }
                | Question::Dead { .. }
                | Question::Forget { .. }
        );
        // What only began is left for its outcome, which comes in a moment: usually.
        let behind = self.told.behind.get();
        if !is_outcome && behind.is_some_and(|since| now >= since + REPORTS) {
            self.send_report(now);
        }
        let answer = self.answer(question, now)?;
        if is_outcome {
            if now >= self.told.at.get() + REPORTS {
                self.send_report(now);
            } else if !self.told.is_set.get() {
                self.set_alarm(self.told.at.get() + REPORTS - now).await;
            }
        }
        Ok(answer)
    }

    fn answer(&self, question: Question, now: u64) -> Result<String> {
        match question {
            Question::Arrive {
                id,
                key,
                bytes,
                lines,
                again,
            } => {
                let known = self.read(&id)?;
                if !again && let Some(state) = known {
                    return json(&Arrived::Known {
                        finished: state.finished.is_some() && state.is_under(&id),
                        key: state.key,
                    });
                }
                let mut state = State::arrived(&key, now, bytes, lines);
                if let Some(known) = known.clone() {
                    // The same content: what the intake has of it, and who is at it, still hold.
                    state.go_on_from(known);
                }
                if !state.is_under(&id) {
                    // This row only leads there: the upload's own says what becomes of it.
                    state.finished = Some(now);
                }
                self.write(&id, known.as_ref(), &state, now)?;
                json(&Arrived::New)
            }
            Question::Begin {
                id,
                key,
                holder,
                lease,
            } => {
                self.prune(now)?;
                let (before, mut state) = self.read_or_new(&id, &key, now)?;
                let begun = state.begin(&key, &holder, now, lease);
                if before.as_ref() != Some(&state) {
                    self.write(&id, before.as_ref(), &state, now)?;
                }
                json(&begun)
            }
            Question::Record {
                id,
                holder,
                done,
                lease,
            } => {
                let (before, mut state) = self.read_or_new(&id, "", now)?;
                let is_held = state.record(&holder, &done, now, lease);
                self.write(&id, before.as_ref(), &state, now)?;
                json(&is_held)
            }
            Question::Fail {
                id,
                holder,
                done,
                error,
                next,
            } => {
                let (before, mut state) = self.read_or_new(&id, "", now)?;
                state.fail(&holder, &done, error.clone(), next);
                self.write(&id, before.as_ref(), &state, now)?;
                self.stats(|stats| stats.failed(upload_of(&state), error.as_deref(), now));
                json(&())
            }
            Question::Finish { id, key, counts } => {
                let (before, mut state) = self.read_or_new(&id, &key, now)?;
                if state.key.is_empty() {
                    state.key = key;
                }
                state.finish(now, counts.as_ref().map(|counts| counts.records));
                self.write(&id, before.as_ref(), &state, now)?;
                self.stats(|stats| match &counts {
                    Some(counts) => stats.delivered(upload_of(&state), counts, now),
                    None if state.key.starts_with(key::DEAD) => {
                        stats.replayed(upload_of(&state), now)
                    }
                    // It became a dead letter, which was told, or its object is gone.
                    None => {}
                });
                json(&())
            }
            Question::Dead {
                id,
                upload,
                records,
                reason,
            } => {
                let mut about = self.read(&id)?.as_ref().map(upload_of).unwrap_or_default();
                about.key = upload;
                self.stats(|stats| stats.dead_lettered(about, records.is_none(), &reason, now));
                json(&())
            }
            Question::Forget { id } => {
                // One that was begun was stored.
                if let Some(before) = self.read(&id)?.filter(|state| state.attempts == 0) {
                    self.sql
                        .exec("DELETE FROM uploads WHERE id = ?", vec![id.clone().into()])?;
                    let mut gone = before.clone();
                    gone.finish(now, None);
                    self.note(&id, Some(&before), &gone, now);
                }
                json(&())
            }
            Question::Look { id } => json(&self.read(&id)?),
            Question::Claim { found, grace } => {
                let claimed = found.iter().map(|(id, key)| -> Result<bool> {
                    let (before, mut state) = self.read_or_new(id, key, now)?;
                    let is_claimed = state.claim(now, grace);
                    if is_claimed {
                        self.write(id, before.as_ref(), &state, now)?;
                    }
                    Ok(is_claimed)
                });
                json(&claimed.collect::<Result<Vec<_>>>()?)
            }
            Question::Slot { .. } | Question::Board { .. } => json(&()),
        }
    }

    /// Reads what a part needs in memory, once.
    fn wake(&self, name: &str, now: u64) -> Result<()> {
        if let Some(part) = self.part.borrow_mut().as_mut() {
            if part.stats.shard.is_empty() {
                name.clone_into(&mut part.stats.shard);
            }
            return Ok(());
        }
        for table in TABLES {
            self.sql.exec(table, None)?;
        }
        #[derive(Deserialize)]
        struct Row {
            text: String,
        }
        let rows: Vec<Row> = self.sql.exec("SELECT text FROM stats", None)?.to_array()?;
        // One that cannot be read begins anew.
        let mut stats: ShardStats = rows
            .first()
            .and_then(|row| serde_json::from_str(&row.text).ok())
            .unwrap_or_default();
        if stats.created_at == 0 {
            stats.created_at = now;
            name.clone_into(&mut stats.shard);
        }
        let mut waiting = Waiting::default();
        self.each_unfinished(|id, state| waiting.found(id, state))?;
        // What waited before has been told, or should have been.
        self.told.behind.set((waiting.uploads > 0).then_some(0));
        self.part.replace(Some(Part { stats, waiting }));
        Ok(())
    }

    fn each_unfinished(&self, mut take: impl FnMut(&str, &State)) -> Result<()> {
        #[derive(Deserialize)]
        struct Row {
            id: String,
            state: String,
        }
        let statement = "SELECT id, state FROM uploads WHERE finished IS NULL";
        for row in self.sql.exec(statement, None)?.next::<Row>() {
            let row = row?;
            if let Ok(state) = serde_json::from_str(&row.state) {
                take(&row.id, &state);
            }
        }
        Ok(())
    }

    fn read(&self, id: &str) -> Result<Option<State>> {
        #[derive(Deserialize)]
        struct Row {
            state: String,
        }
        let rows: Vec<Row> = self
            .sql
            .exec(
                "SELECT state FROM uploads WHERE id = ?",
                vec![id.to_owned().into()],
            )?
            .to_array()?;
        // A state that cannot be read is none: its upload is delivered from its beginning.
        Ok(rows
            .first()
            .and_then(|row| serde_json::from_str(&row.state).ok()))
    }

    /// What is known of an upload, and its state to go on with: without a time of arrival a row
    /// would be pruned.
    fn read_or_new(&self, id: &str, key: &str, now: u64) -> Result<(Option<State>, State)> {
        let known = self.read(id)?;
        let state = known
            .clone()
            .unwrap_or_else(|| State::arrived(key, key::arrival_millis(key).unwrap_or(now), 0, 0));
        Ok((known, state))
    }

    fn write(&self, id: &str, before: Option<&State>, state: &State, now: u64) -> Result<()> {
        self.sql.exec(
            "INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?)",
            vec![
                id.to_owned().into(),
                integer(state.arrived),
                state.finished.map_or(SqlStorageValue::Null, integer),
                serde_json::to_string(state)?.into(),
            ],
        )?;
        self.note(id, before, state, now);
        Ok(())
    }

    /// Takes note in memory of an upload that has changed.
    fn note(&self, id: &str, before: Option<&State>, state: &State, now: u64) {
        if let Some(part) = self.part.borrow_mut().as_mut() {
            part.waiting.changed(id, before, state);
        }
        let since = self.told.behind.get().unwrap_or(now);
        self.told.behind.set(Some(since));
    }

    /// Changes the stats, and writes them. Where that fails, the upload is remembered all the same.
    fn stats(&self, change: impl FnOnce(&mut ShardStats)) {
        let mut part = self.part.borrow_mut();
        let Some(part) = part.as_mut() else {
            return;
        };
        let before = part.stats.clone();
        change(&mut part.stats);
        if part.stats == before {
            return;
        }
        part.stats.revision += 1;
        let text = serde_json::to_string(&part.stats).unwrap_or_default();
        let _ = self.sql.exec(
            "INSERT OR REPLACE INTO stats VALUES (0, ?)",
            vec![text.into()],
        );
    }

    /// What the board is told; nothing of a part that has no name yet.
    fn report(&self) -> Result<Option<Report>> {
        let mut part = self.part.borrow_mut();
        let Some(part) = part.as_mut().filter(|part| !part.stats.shard.is_empty()) else {
            return Ok(None);
        };
        if part.waiting.is_unsure() {
            self.each_unfinished(|id, state| part.waiting.recall(id, state))?;
        }
        let oldest = part
            .waiting
            .oldest(OLDEST_TOLD)
            .iter()
            .filter_map(|id| self.read(id).transpose())
            .map(|state| Ok(upload_of(&state?)))
            .collect::<Result<_>>()?;
        Ok(Some(Report {
            stats: part.stats.clone(),
            backlog: Backlog {
                uploads: part.waiting.uploads,
                bytes: part.waiting.bytes,
                oldest,
            },
        }))
    }

    /// Sends a report, and does not wait for the board: no delivery is slower for it.
    fn send_report(&self, now: u64) {
        let (Ok(Some(report)), Some(client)) = (self.report(), self.client()) else {
            return;
        };
        self.told.behind.set(None);
        self.told.at.set(now);
        let told = Rc::clone(&self.told);
        let storage = self.object.storage();
        self.object.wait_until(async move {
            if client.report(report).await.is_none() {
                told.behind.set(Some(now));
                if !told.is_set.replace(true) {
                    let _ = storage
                        .set_alarm(core::time::Duration::from_millis(REPORTS_AGAIN))
                        .await;
                }
            }
        });
    }

    fn client(&self) -> Option<Client> {
        self.env.durable_object("LEDGER").ok().map(Client::new)
    }

    async fn set_alarm(&self, millis: u64) {
        // Without an alarm the next upload brings the report.
        let wait = core::time::Duration::from_millis(millis);
        let set = self.object.storage().set_alarm(wait).await;
        self.told.is_set.set(set.is_ok());
    }

    /// Forgets what is old, when the first upload of an hour is delivered: it reads every row.
    fn prune(&self, now: u64) -> Result<()> {
        let hour = now / HOUR;
        if self.pruned.replace(hour) == hour || self.last_counted() / HOUR == hour {
            return Ok(());
        }
        for (statement, before) in [
            (
                "DELETE FROM uploads WHERE finished < ?",
                now.saturating_sub(FINISHED_KEPT),
            ),
            (
                "DELETE FROM uploads WHERE finished IS NULL AND arrived < ?",
                now.saturating_sub(UNFINISHED_KEPT),
            ),
        ] {
            self.sql.exec(statement, vec![integer(before)])?;
        }
        Ok(())
    }

    /// When an outcome was last counted: an object that was asleep has forgotten what it did before.
    fn last_counted(&self) -> u64 {
        let part = self.part.borrow();
        part.as_ref().map_or(0, |part| part.stats.at)
    }

    /// How long to wait: slots are given out one after another, `per_second` of them in a second.
    fn slot(&self, now: u64, per_second: u64) -> u64 {
        let now = now as f64;
        let slot = self.next_slot.get().max(now);
        self.next_slot.set(slot + 1000.0 / per_second.max(1) as f64);
        (slot - now).ceil() as u64
    }
}

/// An upload as the operator is shown it.
fn upload_of(state: &State) -> Upload {
    Upload {
        key: state.key.clone(),
        outcome: if state.key.starts_with(key::DEAD) {
            UploadOutcome::DeadLetter
        } else {
            UploadOutcome::Waiting
        },
        arrived: state.arrived,
        bytes: state.bytes,
        records: state.records.unwrap_or(state.lines),
        attempts: state.attempts,
        next_attempt: state.next_attempt,
        error: state.last_error.as_deref().map(error_excerpt),
        ..Upload::default()
    }
}

fn json(answer: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(answer)?)
}

/// Counters and milliseconds are far below 2^53.
fn integer(value: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(value as i64)
}
