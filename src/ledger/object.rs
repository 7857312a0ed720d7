//! The Durable Object behind the ledger: SQLite, one row written per change.

use core::cell::Cell;

use serde::Deserialize;
use serde::Serialize;
use worker::{
    Date, DurableObject, Env, Request, Response, Result, SqlStorage, SqlStorageValue,
    State as Object, durable_object,
};

use crate::durable::state::State;
use crate::ledger::{Arrived, Counts, Minute, Overview, Question};

/// One sixteenth of a dataset's uploads; under the name `pace`, the pace of all requests to the intake.
#[durable_object(fetch)]
pub struct Ledger {
    sql: SqlStorage,
    /// When the next request to the intake may go out, in milliseconds since 1970.
    next_slot: Cell<f64>,
    pruned: Cell<u64>,
}

/// Without indexes but the primary keys, and without hidden row ids: every one of them would be
/// another row written for each change.
const TABLES: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, arrived INTEGER NOT NULL, finished INTEGER, state TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS minutes (minute INTEGER PRIMARY KEY, uploads INTEGER NOT NULL, records INTEGER NOT NULL, errors INTEGER NOT NULL, refused INTEGER NOT NULL, bytes INTEGER NOT NULL, lag_ms_max INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS drift (field TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS dead_letters (key TEXT PRIMARY KEY, upload TEXT NOT NULL, at INTEGER NOT NULL, records INTEGER, reason TEXT NOT NULL) WITHOUT ROWID",
];

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// Finished uploads are kept to recognise them when they come again, which Logpush's retries do
/// within minutes, and to show them.
const FINISHED_KEPT: u64 = 2 * DAY;

/// What never finished: its object was deleted by hand.
const UNFINISHED_KEPT: u64 = 100 * DAY;

/// One week can be shown.
const MINUTES_KEPT: u64 = 8 * DAY;

/// Uploads on their way that are told at once.
const PENDING_SHOWN: i64 = 100;

impl DurableObject for Ledger {
    fn new(object: Object, _env: Env) -> Self {
        let sql = object.storage().sql();
        for table in TABLES {
            // What fails here fails at the first question, which is answered 500.
            let _ = sql.exec(table, None);
        }
        Self {
            sql,
            next_slot: Cell::new(0.0),
            pruned: Cell::new(0),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let text = request.text().await?;
        let Ok(question) = serde_json::from_str::<Question>(&text) else {
            return Response::error("the question is not understood", 400);
        };
        match self.answer(question) {
            Ok(answer) => Response::ok(answer),
            Err(error) => Response::error(error.to_string(), 500),
        }
    }
}

impl Ledger {
    fn answer(&self, question: Question) -> Result<String> {
        let now = Date::now().as_millis();
        match question {
            Question::Arrive {
                id,
                key,
                bytes,
                lines,
                again,
            } => {
                self.prune(now)?;
                if !again && let Some(state) = self.read(&id)? {
                    return json(&Arrived::Known {
                        key: state.key,
                        finished: state.finished.is_some(),
                    });
                }
                self.write(&id, &State::arrived(&key, now, bytes, lines))?;
                json(&Arrived::New)
            }
            Question::Begin {
                id,
                key,
                holder,
                lease,
            } => {
                let mut state = self.read(&id)?.unwrap_or_default();
                let before = state.clone();
                let begun = state.begin(&key, &holder, now, lease);
                if state != before {
                    self.write(&id, &state)?;
                }
                json(&begun)
            }
            Question::Record {
                id,
                holder,
                done,
                lease,
            } => {
                let mut state = self.read(&id)?.unwrap_or_default();
                let is_held = state.record(&holder, &done, now, lease);
                self.write(&id, &state)?;
                json(&is_held)
            }
            Question::Fail {
                id,
                holder,
                done,
                error,
                next,
            } => {
                let mut state = self.read(&id)?.unwrap_or_default();
                state.fail(&holder, &done, error, next);
                self.write(&id, &state)?;
                json(&())
            }
            Question::Finish { id, key, counts } => {
                let mut state = self.read(&id)?.unwrap_or_default();
                if state.key.is_empty() {
                    state.key = key;
                }
                state.finish(now, counts.as_ref().map(|counts| counts.records));
                self.write(&id, &state)?;
                if let Some(counts) = counts {
                    self.count(now, &counts)?;
                }
                json(&())
            }
            Question::Dead {
                key,
                upload,
                records,
                reason,
            } => {
                self.sql.exec(
                    "INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?, ?)",
                    vec![
                        key.into(),
                        upload.into(),
                        integer(now),
                        records.map_or(SqlStorageValue::Null, integer),
                        reason.into(),
                    ],
                )?;
                json(&())
            }
            Question::Look { ids } => {
                let states = ids
                    .iter()
                    .map(|id| self.read(id))
                    .collect::<Result<Vec<_>>>()?;
                json(&states)
            }
            Question::Slot { per_second } => json(&self.slot(now, per_second)),
            Question::Overview { since_minute } => json(&self.overview(since_minute)?),
        }
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

    fn write(&self, id: &str, state: &State) -> Result<()> {
        self.sql.exec(
            "INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?)",
            vec![
                id.to_owned().into(),
                integer(state.arrived),
                state.finished.map_or(SqlStorageValue::Null, integer),
                serde_json::to_string(state)?.into(),
            ],
        )?;
        Ok(())
    }

    fn count(&self, now: u64, counts: &Counts) -> Result<()> {
        self.sql.exec(
            "INSERT INTO minutes VALUES (?, 1, ?, ?, ?, ?, ?) ON CONFLICT (minute) DO UPDATE SET uploads = uploads + 1, records = records + excluded.records, errors = errors + excluded.errors, refused = refused + excluded.refused, bytes = bytes + excluded.bytes, lag_ms_max = max(lag_ms_max, excluded.lag_ms_max)",
            [now / 60_000, counts.records, counts.errors, counts.refused, counts.bytes, counts.lag_ms]
                .map(integer)
                .to_vec(),
        )?;
        for field in &counts.unknown_fields {
            // Once an hour is often enough to tell that it still comes.
            self.sql.exec(
                "INSERT INTO drift VALUES (?, ?, ?) ON CONFLICT (field) DO UPDATE SET last = excluded.last WHERE last < excluded.last - 3600000",
                vec![field.clone().into(), integer(now), integer(now)],
            )?;
        }
        Ok(())
    }

    /// Forgets what is old, once an hour.
    fn prune(&self, now: u64) -> Result<()> {
        if now < self.pruned.get() + HOUR {
            return Ok(());
        }
        self.pruned.set(now);
        for (statement, before) in [
            (
                "DELETE FROM uploads WHERE finished < ?",
                now.saturating_sub(FINISHED_KEPT),
            ),
            (
                "DELETE FROM uploads WHERE finished IS NULL AND arrived < ?",
                now.saturating_sub(UNFINISHED_KEPT),
            ),
            (
                "DELETE FROM minutes WHERE minute < ?",
                now.saturating_sub(MINUTES_KEPT) / 60_000,
            ),
            (
                "DELETE FROM drift WHERE last < ?",
                now.saturating_sub(UNFINISHED_KEPT),
            ),
            (
                "DELETE FROM dead_letters WHERE at < ?",
                now.saturating_sub(UNFINISHED_KEPT),
            ),
        ] {
            self.sql.exec(statement, vec![integer(before)])?;
        }
        Ok(())
    }

    /// How long to wait: slots are given out one after another, `per_second` of them in a second.
    fn slot(&self, now: u64, per_second: u64) -> u64 {
        let now = now as f64;
        let slot = self.next_slot.get().max(now);
        self.next_slot.set(slot + 1000.0 / per_second.max(1) as f64);
        (slot - now).ceil() as u64
    }

    fn overview(&self, since_minute: u64) -> Result<Overview> {
        #[derive(Deserialize)]
        struct Row {
            state: String,
        }
        let rows: Vec<Row> = self
            .sql
            .exec(
                "SELECT state FROM uploads WHERE finished IS NULL ORDER BY arrived LIMIT ?",
                vec![PENDING_SHOWN.into()],
            )?
            .to_array()?;
        let minutes: Vec<Minute> = self
            .sql
            .exec(
                "SELECT * FROM minutes WHERE minute >= ? ORDER BY minute",
                vec![integer(since_minute)],
            )?
            .to_array()?;
        #[derive(Deserialize)]
        struct Drift {
            field: String,
        }
        let drift: Vec<Drift> = self
            .sql
            .exec("SELECT field FROM drift ORDER BY last DESC LIMIT 100", None)?
            .to_array()?;
        Ok(Overview {
            drift: drift.into_iter().map(|drift| drift.field).collect(),
            pending: rows
                .iter()
                .filter_map(|row| serde_json::from_str(&row.state).ok())
                .collect(),
            minutes,
        })
    }
}

fn json(answer: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(answer)?)
}

/// Counters and milliseconds are far below 2^53.
fn integer(value: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(value as i64)
}
