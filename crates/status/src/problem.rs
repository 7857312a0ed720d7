//! A problem: what is wrong, what it costs, and what to do.

use serde::{Deserialize, Serialize};

/// Something that needs the operator's attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub kind: ProblemKind,
    /// The dataset or the Logpush job that it concerns.
    pub subject: Option<String>,
    pub severity: Severity,
    pub text: String,
    pub hint: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    Misconfigured,
    DestinationMisconfigured,
    DestinationRemoved,
    AlertsMisconfigured,
    LedgerSilent,
    CronStopped,
    Silent,
    Lag,
    Lost,
    Unaccounted,
    Backlog,
    Held,
    Failing,
    DeadLetters,
    Drift,
    JobDisabled,
    JobFailing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is lost, but something needs attention.
    Warning,
    /// Events are missing at the intake, or will be missing.
    Error,
}

impl ProblemKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Misconfigured => "misconfigured",
            Self::DestinationMisconfigured => "destination_misconfigured",
            Self::DestinationRemoved => "destination_removed",
            Self::AlertsMisconfigured => "alerts_misconfigured",
            Self::LedgerSilent => "ledger_silent",
            Self::CronStopped => "cron_stopped",
            Self::Silent => "silent",
            Self::Lag => "lag",
            Self::Backlog => "backlog",
            Self::Lost => "lost",
            Self::Unaccounted => "unaccounted",
            Self::Held => "held",
            Self::Failing => "failing",
            Self::DeadLetters => "dead_letters",
            Self::Drift => "drift",
            Self::JobDisabled => "job_disabled",
            Self::JobFailing => "job_failing",
        }
    }

    /// What it costs if nothing is done.
    pub fn cost(self) -> &'static str {
        match self {
            Self::Misconfigured => {
                "Every upload is refused. Logpush repeats one for some minutes, then drops it for good, and disables a job that keeps failing."
            }
            Self::DestinationMisconfigured => {
                "Nothing reaches it. What is owed to it is kept, however long."
            }
            Self::DestinationRemoved => {
                "What is owed to it waits. After RETRY_DAYS it becomes dead letters."
            }
            Self::AlertsMisconfigured => {
                "Nothing is lost, but nobody is told when something breaks."
            }
            Self::LedgerSilent => "Nothing is lost, but nobody sees what waits or fails.",
            Self::CronStopped => {
                "No alert is sent, and an upload that a failure left behind is not delivered."
            }
            Self::Silent => {
                "If the job has stopped, its events are lost from the moment on that it stopped: Logpush keeps nothing."
            }
            Self::Lag => "Detections see these events late.",
            Self::Unaccounted => "Nobody knows whether these events are at the destination.",
            Self::Lost => "These events will not reach the destination, and more may follow.",
            Self::Backlog | Self::Failing => {
                "Events are late. After RETRY_DAYS, what still waits becomes dead letters."
            }
            Self::Held => "Nothing new reaches the destination. What waits is kept, however long.",
            Self::DeadLetters => {
                "These events are missing at the destination. They stay here until they are replayed or deleted."
            }
            Self::Drift => "Nothing is lost. Rules and searches do not see these values in ECS.",
            Self::JobDisabled | Self::JobFailing => "Its events are lost: Logpush keeps nothing.",
        }
    }

    /// Whether alerts report it. They do not if the ledger is silent, since it is what remembers alerts,
    /// nor if the cron has stopped, since it is what sends them, nor if deliveries fail, since that may be
    /// over in a minute.
    pub fn is_alert(self) -> bool {
        !matches!(self, Self::LedgerSilent | Self::CronStopped | Self::Failing)
    }
}
