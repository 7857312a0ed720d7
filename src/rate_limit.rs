//! `INTAKE_MAX_REQUESTS_PER_SECOND`: no request to the intake before its turn.

use core::cell::Cell;
use core::time::Duration;

use worker::Delay;

use crate::clock::now_millis;
use crate::ledger::Ledger;

/// The pace of requests to the intake.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    per_second: u64,
    /// Keeps the pace of all isolates together; without one, or where it fails, each keeps its own.
    ledger: Option<Ledger>,
}

thread_local! {
    /// When the next request of this isolate may go out, in milliseconds since 1970.
    static NEXT_SLOT: Cell<u64> = const { Cell::new(0) };
}

impl Pace {
    /// Nothing where there is no limit.
    pub(crate) fn new(per_second: u64, ledger: Option<Ledger>) -> Option<Self> {
        (per_second > 0).then_some(Self { per_second, ledger })
    }

    /// Returns when a request may go out.
    pub(crate) async fn wait(&self) {
        let shared = match &self.ledger {
            Some(ledger) => ledger.slot(self.per_second).await,
            None => None,
        };
        let millis = shared.unwrap_or_else(|| self.own_slot());
        if millis > 0 {
            Delay::from(Duration::from_millis(millis)).await;
        }
    }

    fn own_slot(&self) -> u64 {
        let now = now_millis();
        let slot = NEXT_SLOT.get().max(now);
        NEXT_SLOT.set(slot + 1000 / self.per_second);
        slot - now
    }
}
