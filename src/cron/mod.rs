//! What runs every five minutes.

mod alerts;
mod sweep;

use logpush_status::overview::CRON;

use crate::bindings::Bindings;
use crate::clock::now_millis;
use crate::config::Variables;
use crate::ledger::Ledger;
use crate::ledger::protocol::Note;

/// One run: sweeps, raises alerts, and notes that it ran, since what has stopped cannot say so itself.
pub(crate) async fn run(variables: &Variables, bindings: &Bindings) {
    sweep::sweep(variables, bindings).await;
    alerts::check(variables, bindings).await;
    let note = Note {
        name: CRON.to_owned(),
        text: now_millis().to_string(),
    };
    // Where the note is lost, that of the next run counts.
    let _ = Ledger::new(bindings.ledger.clone())
        .ask_overview(note)
        .await;
}
