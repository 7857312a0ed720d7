//! Destinations, as far as the operator acts on them.

use serde_json::json;

use crate::bindings::Bindings;
use crate::config::{self, Config, Variables};
use crate::http::answer::Answer;
use crate::ledger::Ledger;
use crate::log::{self, Level};
use crate::waiting::Claims;

/// Sends what waits for a destination, or for all, to the queue at once: after a repair nobody waits for
/// the next attempt. Gives the number of work items.
pub(super) async fn retry(
    variables: &Variables,
    bindings: &Bindings,
    name: Option<&str>,
) -> Result<u64, String> {
    let config = read(variables)?;
    let ledger = Ledger::new(bindings.ledger.clone());
    let claims = claims(bindings, &ledger, &config, name);
    let sent = claims.send_all().await.map_err(|error| failed(&error))?;
    log::write(
        Level::Info,
        "operator",
        json!({ "action": "retry", "destination": name, "uploads": sent }),
    );
    Ok(sent)
}

/// `POST /api/destinations/{name}/retry`.
pub(super) async fn answer_retry(variables: &Variables, bindings: &Bindings, name: &str) -> Answer {
    match names(variables) {
        Ok(names) if names.iter().any(|known| known == name) => {}
        Ok(names) => {
            return Answer::error(
                404,
                "there is no such destination",
                &format!("use one of {}", names.join(", ")),
            );
        }
        Err(problem) => return Answer::error(503, &problem, TRY_LATER),
    }
    match retry(variables, bindings, Some(name)).await {
        Ok(uploads) => Answer::json(202, &json!({ "destination": name, "retrying": uploads })),
        Err(problem) => Answer::error(503, &problem, TRY_LATER),
    }
}

/// `DELETE /api/destinations/{name}`: drops what is owed to a destination that is not configured any more.
pub(super) async fn answer_drop(variables: &Variables, bindings: &Bindings, name: &str) -> Answer {
    match names(variables) {
        Ok(names) if names.iter().any(|known| known == name) => {
            return Answer::error(
                409,
                "the destination is configured",
                "take it out of wrangler.toml and deploy; then drop what is owed to it",
            );
        }
        Ok(_) => {}
        // It may be among those that cannot be read.
        Err(problem) => return Answer::error(503, &problem, TRY_LATER),
    }
    let dropped = async {
        let config = read(variables)?;
        let ledger = Ledger::new(bindings.ledger.clone());
        let claims = claims(bindings, &ledger, &config, Some(name));
        claims.drop_all(name).await.map_err(|error| failed(&error))
    };
    match dropped.await {
        Ok(dropped) => {
            log::write(
                Level::Warn,
                "operator",
                json!({
                    "action": "drop",
                    "destination": name,
                    "uploads": dropped.uploads,
                    "more": dropped.more,
                }),
            );
            let told = json!({
                "destination": name,
                "dropped": dropped.uploads,
                "more": dropped.more,
            });
            Answer::json(200, &told)
        }
        Err(problem) => Answer::error(503, &problem, TRY_LATER),
    }
}

pub(super) const TRY_LATER: &str = "try again later";

fn claims<'a>(
    bindings: &'a Bindings,
    ledger: &'a Ledger,
    config: &'a Config,
    to: Option<&'a str>,
) -> Claims<'a> {
    Claims {
        bindings,
        ledger,
        grace: config.ingest.sweep_after.as_millis() as u64,
        at_once: true,
        to,
        config,
    }
}

/// The configuration.
pub(super) fn read(variables: &Variables) -> Result<Config, String> {
    config::read(variables)
        .map_err(|problems| format!("the Worker is not configured: {}", problems.join("; ")))
}

/// The destinations that are configured.
fn names(variables: &Variables) -> Result<Vec<String>, String> {
    let config = read(variables)?;
    let names = config.owed(None);
    let names = names.ok_or("the destinations of the configuration cannot be read")?;
    Ok(names.into_iter().map(str::to_owned).collect())
}

fn failed(error: &worker::Error) -> String {
    format!("R2 or the queue fails: {error}")
}
