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

/// One sixteenth of a dataset's uploads; under the name `pace/N`, the pace of requests to the intake.
#[durable_object(fetch)]
pub struct Ledger {
    sql: SqlStorage,
    /// When the next request to the intake may go out, in milliseconds since 1970.
    next_slot: Cell<f64>,
    /// In which hour since 1970.
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
                let known = self.read(&id)?;
                if !again && let Some(state) = known {
                    return json(&Arrived::Known {
                        finished: state.finished.is_some() && state.is_under(&id),
                        key: state.key,
                    });
                }
                let mut state = State::arrived(&key, now, bytes, lines);
                if let Some(known) = known {
                    // The same content: what the intake has of it, and who is at it, still hold.
                    state.go_on_from(known);
                }
                if !state.is_under(&id) {
                    // This row only leads there: the upload's own says what becomes of it.
                    state.finished = Some(now);
                }
                self.write(&id, &state)?;
                json(&Arrived::New)
            }
            Question::Begin {
                id,
                key,
                holder,
                lease,
            } => {
                self.prune(now)?;
                let mut state = self.read_or_new(&id, &key, now)?;
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
                let mut state = self.read_or_new(&id, "", now)?;
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
                let mut state = self.read_or_new(&id, "", now)?;
                state.fail(&holder, &done, error, next);
                self.write(&id, &state)?;
                json(&())
            }
            Question::Finish { id, key, counts } => {
                let mut state = self.read_or_new(&id, &key, now)?;
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
            Question::Look { id } => json(&self.read(&id)?),
            Question::Claim { found, grace } => {
                let claimed = found.iter().map(|(id, key)| -> Result<bool> {
                    let mut state = self.read_or_new(id, key, now)?;
                    let is_claimed = state.claim(now, grace);
                    if is_claimed {
                        self.write(id, &state)?;
                    }
                    Ok(is_claimed)
                });
                json(&claimed.collect::<Result<Vec<_>>>()?)
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

    /// Without a time of arrival a row would be pruned.
    fn read_or_new(&self, id: &str, key: &str, now: u64) -> Result<State> {
        Ok(self
            .read(id)?
            .unwrap_or_else(|| State::arrived(key, now, 0, 0)))
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

    /// Forgets what is old, when the first upload of an hour is delivered: it reads every row.
    fn prune(&self, now: u64) -> Result<()> {
        let hour = now / HOUR;
        if self.pruned.replace(hour) == hour || self.last_counted()? / HOUR == hour {
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

    /// When an upload was last delivered: an object that was asleep has forgotten what it did before.
    fn last_counted(&self) -> Result<u64> {
        #[derive(Deserialize)]
        struct Row {
            minute: Option<u64>,
        }
        let rows: Vec<Row> = self
            .sql
            .exec("SELECT max(minute) AS minute FROM minutes", None)?
            .to_array()?;
        Ok(60_000 * rows.first().and_then(|row| row.minute).unwrap_or(0))
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
