//! How everything stands, read from the overview with one question; the shards of the ledger are not
//! asked.

use logpush_status::destination::Destination;
use logpush_status::health;
use logpush_status::model::Status;
use worker::Env;

use crate::bindings::{self, Bindings, Route};
use crate::clock::now_millis;
use crate::config::{self, Config, Variables};
use crate::ledger::Ledger;
use crate::ledger::protocol::Read;

/// The state of everything that the operator is shown.
pub(super) async fn status(env: &Env, variables: &Variables) -> Status {
    let now = now_millis();
    let (alerts, wrong) = config::alerts(variables);
    let route = bindings::route(env);
    let config = config::read(variables);
    let mut problems: Vec<String> = route.as_ref().err().cloned().into_iter().collect();
    let mut found = Vec::new();
    match (&config, &route) {
        (Ok(config), Ok(Route::Direct)) => problems.extend(config.only_target().err()),
        (Ok(config), _) => found.extend(
            config
                .wrong_destinations()
                .into_iter()
                .map(|(destination, wrong)| health::destination_misconfigured(destination, &wrong)),
        ),
        (Err(wrong), _) => problems.extend(wrong.iter().cloned()),
    }
    if !problems.is_empty() {
        found.push(health::misconfigured(&problems));
    }
    if !wrong.is_empty() {
        found.push(health::alerts_misconfigured(&wrong));
    }
    let status = match route {
        Ok(Route::Durable(Bindings { ledger, .. })) => {
            let overview = Ledger::new(ledger).ask_overview(Read).await;
            let names = config.as_ref().ok().and_then(|config| config.owed(None));
            if let (Some(overview), Some(names)) = (&overview, names) {
                found.extend(health::removed_destinations(overview, &names));
            }
            Status::durable(overview, &alerts.limits, found, now)
        }
        _ => Status::direct(found, now),
    };
    status.with_destinations(configured(config.ok().as_ref()))
}

/// The destinations that are configured; nothing where nobody can tell.
fn configured(config: Option<&Config>) -> Option<Vec<Destination>> {
    let described = config?.described()?;
    let destinations = described.map(|(name, setup)| Destination::new(name, setup));
    Some(destinations.collect())
}
