//! The way of an attempt to its destination, where there are several: see [`Breakers`].

use core::cell::RefCell;
use core::time::Duration;

use logpush_delivery::breaker::{Breakers, Ticket};
use logpush_delivery::machine::{End, Outcome};
use worker::Delay;

use crate::clock::now_millis;

/// How often a request that is out is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

thread_local! {
    static BREAKERS: RefCell<Breakers> = RefCell::default();
}

/// An attempt that was let through; over when it is dropped.
pub(crate) struct Passage {
    name: String,
    ticket: Ticket,
}

impl Passage {
    /// Lets an attempt through; `delivery`: how often the queue has delivered its message.
    ///
    /// # Errors
    ///
    /// How long the message has to wait.
    pub(crate) fn begin(name: &str, delivery: u32) -> Result<Self, Duration> {
        let chance = js_sys::Math::random();
        let begun = BREAKERS.with_borrow_mut(|all| all.begin(name, delivery, chance, now_millis()));
        let ticket = begun.map_err(Duration::from_millis)?;
        Ok(Self {
            name: name.to_owned(),
            ticket,
        })
    }

    /// Resolves when a request that was sent now is to be given up, since others need the consumer.
    pub(crate) async fn until_crowded_out(&self) {
        let since = now_millis();
        let is_crowded_out = || {
            let now = now_millis();
            BREAKERS.with_borrow(|all| all.is_crowded_out(&self.name, self.ticket, since, now))
        };
        loop {
            Delay::from(LOOK_EVERY).await;
            if is_crowded_out() {
                return;
            }
        }
    }

    /// Takes note of what the destination has answered.
    pub(crate) fn note(&self, outcome: &Outcome) {
        let now = now_millis();
        BREAKERS.with_borrow_mut(|all| match &outcome.end {
            End::Unavailable { .. } | End::Held { .. } => {
                all.failed(&self.name, self.ticket, js_sys::Math::random(), now);
            }
            End::Complete | End::HandedOver => all.taken(&self.name, self.ticket, now),
        });
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        BREAKERS.with_borrow_mut(|all| all.ended(&self.name, self.ticket));
    }
}
