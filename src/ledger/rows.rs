//! The rows of a shard: one for each upload and destination, and one for its stats. All of a shard's SQL.

use logpush_delivery::key::DEAD;
use logpush_delivery::state::State;
use logpush_status::shard::ShardStats;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use worker::{Result, SqlStorage, SqlStorageValue};

use crate::ledger::uploads::States;

/// The storage of a shard.
pub(crate) struct Rows {
    sql: SqlStorage,
}

/// Without indexes but the primary keys, and without hidden row ids: every one of them would be
/// another row written for each change.
const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS uploads (id TEXT NOT NULL, destination TEXT NOT NULL, arrived INTEGER NOT NULL, finished INTEGER, state TEXT NOT NULL, PRIMARY KEY (id, destination)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS stats (one INTEGER PRIMARY KEY, text TEXT NOT NULL)",
];

const DAY: u64 = 24 * 60 * 60 * 1000;

/// Finished uploads are kept to recognise them when they come again, which Logpush's retries do
/// within minutes.
const FINISHED_KEPT: u64 = 2 * DAY;

/// A dead letter whose replay never ended is replayed from its beginning, if ever. Uploads that wait are
/// never forgotten: the sweep ends them when their object is gone.
const REPLAYS_KEPT: u64 = 100 * DAY;

impl Rows {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { sql }
    }

    pub(crate) fn make_tables(&self) -> Result<()> {
        for table in TABLES {
            self.sql.exec(table, None)?;
        }
        Ok(())
    }

    /// The states of an upload, by destination. One that cannot be read is missing, and then the upload is
    /// delivered from its beginning.
    pub(crate) fn read(&self, id: &str) -> Result<States> {
        #[derive(Deserialize)]
        struct Row {
            destination: String,
            state: String,
        }
        let statement = "SELECT destination, state FROM uploads WHERE id = ?";
        let rows: Vec<Row> = self.sql.exec(statement, vec![id.into()])?.to_array()?;
        let states = rows.into_iter().filter_map(|row| {
            let state = serde_json::from_str(&row.state).ok()?;
            Some((row.destination, state))
        });
        Ok(states.collect())
    }

    pub(crate) fn write(&self, id: &str, to: &str, state: &State) -> Result<()> {
        self.sql.exec(
            "INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?, ?)",
            vec![
                id.into(),
                to.into(),
                integer(state.arrived),
                state.finished.map_or(SqlStorageValue::Null, integer),
                serde_json::to_string(state)?.into(),
            ],
        )?;
        Ok(())
    }

    pub(crate) fn delete(&self, id: &str, to: &str) -> Result<()> {
        let statement = "DELETE FROM uploads WHERE id = ? AND destination = ?";
        self.sql.exec(statement, vec![id.into(), to.into()])?;
        Ok(())
    }

    pub(crate) fn each_unfinished(&self, mut take: impl FnMut(&str, &str, &State)) -> Result<()> {
        #[derive(Deserialize)]
        struct Row {
            id: String,
            destination: String,
            state: String,
        }
        let statement = "SELECT id, destination, state FROM uploads WHERE finished IS NULL";
        for row in self.sql.exec(statement, None)?.next::<Row>() {
            let row = row?;
            if let Ok(state) = serde_json::from_str(&row.state) {
                take(&row.id, &row.destination, &state);
            }
        }
        Ok(())
    }

    /// Forgets what is old. It reads every row.
    pub(crate) fn prune(&self, now: u64) -> Result<()> {
        let finished = integer(now.saturating_sub(FINISHED_KEPT));
        self.sql
            .exec("DELETE FROM uploads WHERE finished < ?", vec![finished])?;
        let begun = integer(now.saturating_sub(REPLAYS_KEPT));
        let replays = format!("%\"key\":\"{DEAD}%");
        self.sql.exec(
            "DELETE FROM uploads WHERE finished IS NULL AND arrived < ? AND state LIKE ?",
            vec![begun, replays.into()],
        )?;
        Ok(())
    }

    /// The stats; those that cannot be read begin anew.
    pub(crate) fn read_stats(&self) -> Result<ShardStats> {
        let stats = self.read_json("SELECT text FROM stats", Vec::new())?;
        Ok(stats.unwrap_or_default())
    }

    pub(crate) fn write_stats(&self, stats: &ShardStats) -> Result<()> {
        self.sql.exec(
            "INSERT OR REPLACE INTO stats VALUES (0, ?)",
            vec![serde_json::to_string(stats)?.into()],
        )?;
        Ok(())
    }

    fn read_json<T: DeserializeOwned>(
        &self,
        statement: &str,
        values: Vec<SqlStorageValue>,
    ) -> Result<Option<T>> {
        #[derive(Deserialize)]
        struct Row {
            text: String,
        }
        let rows: Vec<Row> = self.sql.exec(statement, values)?.to_array()?;
        Ok(rows
            .first()
            .and_then(|row| serde_json::from_str(&row.text).ok()))
    }
}

/// Counters and milliseconds are far below 2^53.
fn integer(value: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(value as i64)
}
