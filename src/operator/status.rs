//! How everything stands, read from the overview with one question; the shards of the ledger are not
//! asked.

use logpush_status::health;
use logpush_status::model::Status;
use worker::Env;

use crate::bindings::{self, Bindings, Route};
use crate::clock::now_millis;
use crate::config::{self, Variables};
use crate::ledger::Ledger;
use crate::ledger::protocol::Read;

/// The state of everything that the operator is shown.
pub(super) async fn status(env: &Env, variables: &Variables) -> Status {
    let now = now_millis();
    let (alerts, wrong) = config::alerts(variables);
    let route = bindings::route(env);
    let mut problems = config::read(variables).err().unwrap_or_default();
    problems.extend(route.as_ref().err().cloned());
    let mut found = Vec::new();
    if !problems.is_empty() {
        found.push(health::misconfigured(&problems));
    }
    if !wrong.is_empty() {
        found.push(health::alerts_misconfigured(&wrong));
    }
    match route {
        Ok(Route::Durable(Bindings { ledger, .. })) => {
            let overview = Ledger::new(ledger).ask_overview(Read).await;
            Status::durable(overview, &alerts.limits, found, now)
        }
        _ => Status::direct(found, now),
    }
}
