//! What the operator is shown of an upload at a destination: outcomes, each counted once, and what became
//! of the records.

use logpush_delivery::key;
use logpush_delivery::state::State;
use logpush_status::shard::{ShardStats, Sum, Upload, UploadCounts, UploadOutcome, error_excerpt};

/// An outcome that is counted.
#[derive(Debug)]
pub(crate) struct Event {
    upload: Upload,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Failed {
        error: Option<String>,
    },
    Delivered {
        counts: Box<UploadCounts>,
        sum: Sum,
    },
    /// A dead letter was delivered after all.
    Replayed,
    /// The object is gone before all of it was delivered.
    Lost {
        sum: Sum,
    },
    /// Documents became a dead letter.
    DeadLettered,
    /// The whole upload became one.
    GivenUp {
        reason: String,
        sum: Sum,
    },
    /// The operator gave up the destination.
    Dropped {
        sum: Sum,
    },
}

impl Event {
    pub(crate) fn failed(to: &str, state: &State, error: Option<String>) -> Self {
        Self::new(to, state, Outcome::Failed { error })
    }

    /// All of it was delivered. A whole upload that was a dead letter is none any more; its records were
    /// counted when it became one.
    pub(crate) fn delivered(to: &str, state: &State, counts: UploadCounts) -> Self {
        if state.key.starts_with(key::DEAD) {
            return Self::replayed(to, state);
        }
        let outcome = Outcome::Delivered {
            counts: Box::new(counts),
            sum: sum_of(state),
        };
        Self::new(to, state, outcome)
    }

    pub(crate) fn replayed(to: &str, state: &State) -> Self {
        Self::new(to, state, Outcome::Replayed)
    }

    pub(crate) fn dead_lettered(to: &str, state: &State) -> Self {
        Self::new(to, state, Outcome::DeadLettered)
    }

    /// What was not delivered is in a dead letter: refused.
    pub(crate) fn given_up(to: &str, state: &State, reason: String) -> Self {
        let mut sum = sum_of(state);
        sum.refused += left_of(state);
        Self::new(to, state, Outcome::GivenUp { reason, sum })
    }

    pub(crate) fn lost(to: &str, state: &State) -> Self {
        let mut sum = sum_of(state);
        sum.lost += left_of(state);
        Self::new(to, state, Outcome::Lost { sum })
    }

    pub(crate) fn dropped(to: &str, state: &State) -> Self {
        let mut sum = sum_of(state);
        sum.dropped += left_of(state);
        Self::new(to, state, Outcome::Dropped { sum })
    }

    pub(crate) fn count(self, stats: &mut ShardStats, now: u64) {
        let upload = self.upload;
        match self.outcome {
            Outcome::Failed { error } => stats.failed(upload, error.as_deref(), now),
            Outcome::Delivered { counts, sum } => stats.delivered(upload, &counts, &sum, now),
            Outcome::Replayed => stats.replayed(upload, now),
            Outcome::Lost { sum } => stats.lost(upload, &sum, now),
            Outcome::DeadLettered => stats.dead_lettered(&upload, now),
            Outcome::GivenUp { reason, sum } => stats.given_up(upload, &reason, &sum, now),
            Outcome::Dropped { sum } => stats.dropped(upload, &sum, now),
        }
    }

    fn new(to: &str, state: &State, outcome: Outcome) -> Self {
        Self {
            upload: shown(to, state),
            outcome,
        }
    }
}

/// An upload as the operator is shown it.
pub(crate) fn shown(to: &str, state: &State) -> Upload {
    Upload {
        key: state.key.clone(),
        destination: to.to_owned(),
        outcome: if state.key.starts_with(key::DEAD) {
            UploadOutcome::DeadLetter
        } else {
            UploadOutcome::Waiting
        },
        arrived: state.arrived,
        bytes: state.bytes,
        records: state.records_known(),
        attempts: state.attempts,
        next_attempt: state.next_attempt,
        error: state.last_error.as_deref().map(error_excerpt),
        held: state.held,
        ..Upload::default()
    }
}

/// What is noted of the records. That they are all of them is for the reader to check.
fn sum_of(state: &State) -> Sum {
    let tally = state.tally;
    Sum {
        records: state.records_known(),
        delivered: state.done.count().saturating_sub(tally.sum()),
        dropped: tally.dropped,
        refused: tally.refused,
        unknown: tally.unknown,
        lost: 0,
    }
}

/// How many records are not dealt with.
fn left_of(state: &State) -> u64 {
    state.records_known().saturating_sub(state.done.count())
}
