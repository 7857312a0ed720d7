//! Alerts: the webhook is told of each incident once when it begins, and once when it is over. Incidents
//! are kept in the overview, so that the next run reports what the webhook did not take.

mod jobs;
mod webhook;

use logpush_status::health;
use logpush_status::incident::{Incident, needs_report, reported, update};
use logpush_status::logpush_job::LogpushJob;
use logpush_status::overview::{INCIDENTS, JOBS};

use crate::bindings::Bindings;
use crate::clock::now_millis;
use crate::config::{self, Variables};
use crate::dead_letters;
use crate::ledger::Ledger;
use crate::ledger::protocol::{CountDeadLetters, Note, Read};
use crate::log::{self, Level};

/// One run.
pub(crate) async fn check(variables: &Variables, bindings: &Bindings) {
    let ledger = Ledger::new(bindings.ledger.clone());
    let now = now_millis();
    let (alerts, wrong) = config::alerts(variables);
    // Some may have been deleted by hand, and reports of others may have been lost.
    if let Ok(Some(letters)) = dead_letters::count(&bindings.uploads).await {
        let _ = ledger.ask_overview(CountDeadLetters(letters)).await;
    }
    let Some(overview) = ledger.ask_overview(Read).await else {
        // Without the overview nobody knows what was reported before.
        log::write_problem(
            Level::Warn,
            "alert",
            "the ledger does not answer, so that nothing is checked: the next run tries again",
        );
        return;
    };
    let mut problems = health::problems(&overview, &alerts.limits, now);
    match config::read(variables) {
        Ok(config) => {
            let wrong = config.wrong_destinations().into_iter();
            problems
                .extend(wrong.map(|(name, wrong)| health::destination_misconfigured(name, &wrong)));
            if let Some(names) = config.owed(None) {
                problems.extend(health::removed_destinations(&overview, &names));
            }
        }
        Err(wrong) => problems.push(health::misconfigured(&wrong)),
    }
    if !wrong.is_empty() {
        problems.push(health::alerts_misconfigured(&wrong));
    }
    let note = |name: &str| overview.notes.get(name).map_or("[]", String::as_str);
    let jobs: Vec<LogpushJob> = match &alerts.cloudflare {
        None => Vec::new(),
        Some(cloudflare) => jobs::ask(cloudflare).await.unwrap_or_else(|problem| {
            log::write_problem(Level::Warn, "alert", &problem);
            // The jobs of the last run stand: an API that is down ends no incident.
            serde_json::from_str(note(JOBS)).unwrap_or_default()
        }),
    };
    problems.extend(jobs.iter().filter_map(LogpushJob::problem));
    let before: Vec<Incident> = serde_json::from_str(note(INCIDENTS)).unwrap_or_default();
    let incidents = update(before, &problems, now);
    let kept = keep(&ledger, JOBS, &jobs)
        .await
        .and(keep(&ledger, INCIDENTS, &incidents).await);
    if kept.is_none() {
        // An incident that is not remembered would be reported with every run.
        log::write_problem(
            Level::Warn,
            "alert",
            "the ledger does not keep incidents, so that none is reported: the next run tries again",
        );
        return;
    }
    let owed: Vec<&Incident> = incidents
        .iter()
        .filter(|incident| needs_report(incident))
        .collect();
    if owed.is_empty() {
        return;
    }
    let Some(url) = alerts.webhook else {
        // Without a webhook there is no report, and no use for incidents that are over.
        let open = incidents
            .into_iter()
            .filter(|incident| incident.over.is_none());
        let _ = keep(&ledger, INCIDENTS, &open.collect::<Vec<_>>()).await;
        return;
    };
    match webhook::report(&url, &owed).await {
        Ok(()) => {
            // At worst the next run reports it again.
            let _ = keep(&ledger, INCIDENTS, &reported(incidents)).await;
        }
        Err(problem) => log::write_problem(
            Level::Error,
            "alert",
            &format!("ALERT_WEBHOOK_URL takes no alert: {problem}; the next run tries again"),
        ),
    }
}

async fn keep(ledger: &Ledger, name: &str, what: &impl serde::Serialize) -> Option<()> {
    let note = Note {
        name: name.to_owned(),
        text: serde_json::to_string(what).ok()?,
    };
    ledger.ask_overview(note).await
}
