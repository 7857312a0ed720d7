//! `INTAKE_MAX_REQUESTS_PER_SECOND`: no request to the intake before its turn.

use core::cell::Cell;
use core::time::Duration;

use worker::Delay;

use crate::clock::now_millis;
use crate::ledger::Ledger;

/// The limit of requests to the intake.
#[derive(Clone, Debug)]
pub(crate) struct RateLimit {
    per_second: u64,
    /// Keeps the rate of all isolates together; without it, or where it fails, each keeps its own.
    ledger: Option<Ledger>,
}

thread_local! {
    /// When the next request of this isolate may go out, in milliseconds since 1970.
    static NEXT_TURN: Cell<u64> = const { Cell::new(0) };
}

impl RateLimit {
    /// Nothing where there is no limit.
    pub(crate) fn new(per_second: u64, ledger: Option<Ledger>) -> Option<Self> {
        (per_second > 0).then_some(Self { per_second, ledger })
    }

    /// Returns when a request may go out.
    pub(crate) async fn wait(&self) {
        let shared = match &self.ledger {
            Some(ledger) => ledger.turn(self.per_second).await,
            None => None,
        };
        let millis = shared.unwrap_or_else(|| self.own_turn());
        if millis > 0 {
            Delay::from(Duration::from_millis(millis)).await;
        }
    }

    fn own_turn(&self) -> u64 {
        let now = now_millis();
        let turn = NEXT_TURN.get().max(now);
        NEXT_TURN.set(turn + 1000 / self.per_second);
        turn - now
    }
}
