//! What follows on a verdict.

use core::time::Duration;

use crate::Millis;
use crate::backoff::backoff;
use crate::machine::outcome::{End, Unknown};
use crate::machine::piece::{Form, Piece, Round};
use crate::machine::{Limits, Machine, Now, Resume, State};
use crate::verdict::{DocumentVerdict, Verdict};

impl Machine<'_> {
    pub(super) fn decide(&mut self, round: Round, verdict: Verdict, now: Millis) {
        let count = round.piece.len();
        match verdict {
            Verdict::Accepted => self.take(&round.piece),
            Verdict::SomeUnknown(taken) if taken >= count => self.take(&round.piece),
            // An answer tells nothing of either half: both may hold what was not taken.
            Verdict::SomeUnknown(_) if count > 1 => self.halve(Piece {
                may_be_there: true,
                ..round.piece
            }),
            Verdict::SomeUnknown(_) => {
                self.refuse(&round.piece, "the answer does not confirm it");
            }
            Verdict::Rejected(_) if count > 1 => self.halve(round.piece),
            Verdict::Rejected(reason) => self.refuse(&round.piece, &reason),
            Verdict::Each(verdicts) if verdicts.len() == count => {
                self.decide_each(round, verdicts, now)
            }
            Verdict::Each(verdicts) => {
                let reason = format!("an answer about {} documents of {count}", verdicts.len());
                self.try_again(round, None, reason, true, now);
            }
            Verdict::UpTo(0, reason) if count == 1 => self.refuse(&round.piece, &reason),
            Verdict::UpTo(place, _) if place < count => self.divide_at(round.piece, place),
            Verdict::UpTo(place, _) => {
                let reason = format!("an answer that names document {place} of {count}");
                self.try_again(round, None, reason, true, now);
            }
            Verdict::Final { refused: 0, reason } => {
                self.note(&reason);
                self.take(&round.piece);
            }
            Verdict::Final { refused, reason } if refused >= count => {
                self.refuse(&round.piece, &reason)
            }
            Verdict::Final { refused, reason } => self.give_up_on(round.piece, refused, reason),
            Verdict::Unknown { after, reason } => self.try_again(round, after, reason, true, now),
            Verdict::Retry { after, reason } => self.try_again(round, after, reason, false, now),
            Verdict::Held { status, words } => self.hold(status, words),
        }
    }

    /// Every document of the piece has a verdict of its own.
    fn decide_each(&mut self, round: Round, verdicts: Vec<DocumentVerdict>, now: Millis) {
        if let [DocumentVerdict::Again(reason), ..] = verdicts.as_slice()
            && verdicts
                .iter()
                .all(|verdict| matches!(verdict, DocumentVerdict::Again(_)))
        {
            self.try_again(round, None, reason.clone(), false, now);
            return;
        }
        let form = round.piece.form;
        let mut taken = Piece::new(form);
        let mut again = Piece::new(form);
        let mut refused = Vec::new();
        let mut held = None;
        for (place, verdict) in round.piece.each().zip(verdicts) {
            match verdict {
                DocumentVerdict::Taken => taken.push(place),
                DocumentVerdict::AlreadyThere => {
                    taken.push(place);
                    self.counts.already_there += u64::from(!round.piece.may_be_there);
                }
                DocumentVerdict::Again(reason) => {
                    again.push(place);
                    self.note(&reason);
                }
                DocumentVerdict::Refused(reason) => refused.push((place, reason)),
                DocumentVerdict::Held { status, words } => held = Some((status, words)),
            }
        }
        self.take(&taken);
        if let Some((status, words)) = held {
            // Whatever is not taken is owed, and looked at anew after the repair.
            self.hold(Some(status), words);
            return;
        }
        self.refuse_each(refused, form);
        if again.is_empty() || matches!(self.now_is, Now::Over(_)) {
            return;
        }
        if !round.has_asked {
            self.undecided.push(again);
            return;
        }
        // It is short of something: at once would be too soon.
        let round = Round {
            tries: round.tries + 1,
            ..self.encode(again, now)
        };
        self.counts.retries += 1;
        let wait = self.backoff(round.tries);
        self.now_is = Now::Pausing(round, wait, Resume::Anew);
    }

    /// The destination has what is before `place`, refuses what is there, and has not looked at the
    /// rest. What is there goes alone: it is refused when it is refused by itself.
    fn divide_at(&mut self, piece: Piece, place: usize) {
        let (before, rest) = piece.split_at(place);
        let (alone, behind) = rest.split_at(1);
        self.take(&before);
        if !behind.is_empty() {
            self.undecided.push(behind);
        }
        self.undecided.push(alone);
    }

    fn halve(&mut self, piece: Piece) {
        self.answered_definitely();
        let middle = piece.len() / 2;
        let (left, right) = piece.split_at(middle);
        self.undecided.push(right);
        self.undecided.push(left);
    }

    fn take(&mut self, piece: &Piece) {
        self.answered_definitely();
        let state = match piece.form {
            Form::Itself => State::Taken,
            Form::Placeholder | Form::BarePlaceholder => State::Refused,
        };
        self.settle(piece, state);
    }

    /// Documents of a piece are refused, and which is not known.
    fn give_up_on(&mut self, piece: Piece, refused: usize, reason: String) {
        self.answered_definitely();
        self.note(&reason);
        if piece.form != Form::Itself {
            // Of documents that are refused, and have dead letters of their own.
            self.settle(&piece, State::Refused);
            return;
        }
        self.settle(&piece, State::Unknown);
        self.unknown.push(Unknown {
            documents: piece
                .each()
                .map(|place| self.refused_document(place, &reason))
                .collect(),
            refused: refused as u64,
        });
    }

    fn refuse(&mut self, piece: &Piece, reason: &str) {
        let places = piece.each().map(|place| (place, reason.to_owned()));
        self.refuse_each(places.collect(), piece.form);
    }

    /// Documents, or what was sent for them, are refused for their content.
    fn refuse_each(&mut self, refused: Vec<(usize, String)>, form: Form) {
        let Some((_, last)) = refused.last() else {
            return;
        };
        self.answered_definitely();
        self.note(last);
        let next = match form {
            Form::Itself => Form::Placeholder,
            Form::Placeholder => Form::BarePlaceholder,
            Form::BarePlaceholder => {
                // It refuses even this: it refuses everything.
                let reason = self.reason_of(refused.first().map_or(0, |(place, _)| *place));
                self.hold(None, reason);
                return;
            }
        };
        let mut piece = Piece::new(next);
        let Limits { refused: max, .. } = self.delivery.limits;
        let shared = &self.delivery.shared.refused;
        for (place, reason) in refused {
            if form == Form::Itself {
                if shared.get() >= max {
                    self.hold(
                        None,
                        format!("more than {max} documents of an upload, the last with {reason}"),
                    );
                    return;
                }
                shared.set(shared.get() + 1);
                self.reasons.push((place, reason));
            }
            piece.push(place);
        }
        self.undecided.push(piece);
    }

    /// Waits before another try, or ends where there is no time for one.
    fn try_again(
        &mut self,
        mut round: Round,
        after: Option<Millis>,
        reason: String,
        perhaps_taken: bool,
        now: Millis,
    ) {
        self.note(&reason);
        let limits = &self.delivery.limits;
        let after = after.map(|after| after.min(limits.after_max));
        let failing_since = &self.delivery.shared.failing_since;
        let since = failing_since.get().unwrap_or(now);
        failing_since.set(Some(since));
        // By the clock, or by what was waited for where the clock stands still.
        let spent = now.saturating_sub(since).max(round.waited);
        let wait = self.backoff(round.tries).max(after.unwrap_or_default());
        let is_given_up = self.delivery.shared.is_given_up.get();
        if is_given_up || spent.saturating_add(wait) > limits.budget {
            self.now_is = Now::Over(End::Unavailable { reason, after });
            return;
        }
        if perhaps_taken && round.has_asked {
            round.piece.may_be_there = true;
            self.counts.perhaps_repeated += round.piece.len() as u64;
        }
        self.counts.retries += 1;
        round.tries += 1;
        round.waited = round.waited.saturating_add(wait);
        self.now_is = Now::Pausing(round, wait, Resume::Anew);
    }

    fn backoff(&mut self, tries: u32) -> Millis {
        let base = Duration::from_millis(self.delivery.limits.base);
        let wait = backoff(base, tries, self.jitter.chance());
        // At most some seconds.
        (wait.as_millis() as Millis).max(1)
    }

    fn hold(&mut self, status: Option<u16>, words: String) {
        self.note(&words);
        self.now_is = Now::Over(End::Held { status, words });
    }

    /// The destination is there: the next failure is another one.
    fn answered_definitely(&self) {
        self.delivery.shared.failing_since.set(None);
    }

    fn note(&mut self, reason: &str) {
        self.last_reason = Some(reason.to_owned());
    }

    fn settle(&mut self, piece: &Piece, state: State) {
        for place in piece.each() {
            if let Some(known) = self.states.get_mut(place) {
                debug_assert_eq!(*known, State::Owed, "document {place} is settled twice");
                *known = state;
            }
        }
    }
}
