//! Drives a machine to its end, in the place of the shell and of its clock.

use logpush_delivery::Millis;
use logpush_delivery::machine::{Action, Machine, Outcome};
use logpush_delivery::request::{Reply, Request};
use logpush_delivery::session::Session;

/// What a server makes of a request and the bytes sent along: an answer, or why there is none.
pub(crate) type Answered = Result<Reply, &'static str>;

/// What came of it, and what was waited for, one by one. Each answer takes 20 ms.
pub(crate) fn drive(
    mut machine: Machine<'_>,
    mut server: impl FnMut(&Request, &[u8]) -> Answered,
) -> (Outcome, Vec<Millis>) {
    let mut session = Session::default();
    let mut now = 1_767_323_045_000; // 2026-01-02T03:04:05Z
    let mut waits = Vec::new();
    loop {
        match machine.next(&mut session, now) {
            Action::Done(outcome) => return (outcome, waits),
            Action::Wait(wait) => {
                now += wait;
                waits.push(wait);
            }
            Action::Send(request) => {
                let answered = server(&request, machine.body_of(&request));
                now += 20;
                match answered {
                    Ok(reply) => machine.answered(&reply, &mut session, now),
                    Err(reason) => machine.failed(reason, &mut session, now),
                }
            }
        }
    }
}
