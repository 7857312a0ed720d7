//! The destination, as far as the operator acts on it.

use crate::bindings::Bindings;
use crate::config::{self, Variables};
use crate::ledger::Ledger;
use crate::waiting::Claims;

/// The one destination that the flat settings describe.
pub(super) const NAME: &str = "default";

/// Sends what waits for the destination to the queue at once: after a repair nobody waits for the next
/// attempt. Gives the number of uploads.
pub(super) async fn retry(variables: &Variables, bindings: &Bindings) -> Result<u64, String> {
    let config = config::read(variables)
        .map_err(|problems| format!("the Worker is not configured: {}", problems.join("; ")))?;
    let claims = Claims {
        bindings,
        ledger: &Ledger::new(bindings.ledger.clone()),
        grace: config.ingest.sweep_after.as_millis() as u64,
        at_once: true,
    };
    let sent = claims.send_all().await;
    sent.map_err(|error| format!("R2 or the queue fails: {error}"))
}
