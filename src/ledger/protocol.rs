//! What the objects of the ledger are asked, and what they answer.

use std::collections::BTreeMap;

use logpush_delivery::owed::Owed;
use logpush_delivery::state::{Begun, Holder, Known, State};
use logpush_status::overview::Overview;
use logpush_status::shard::{Report, UploadCounts};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One question of a kind: `Kind` is what its object reads.
pub(crate) trait Ask: Into<Self::Kind> {
    type Kind: Serialize;
    type Answer: DeserializeOwned + Serialize;
}

/// The enum of all questions of a kind, and for each question the type of its answer.
macro_rules! questions {
    ($(#[$attribute:meta])* $kind:ident: $($question:ident => $answer:ty,)*) => {
        #[derive(Debug, Serialize, Deserialize)]
        $(#[$attribute])*
        pub(crate) enum $kind {
            $($question($question),)*
        }

        $(
            impl From<$question> for $kind {
                fn from(question: $question) -> Self {
                    Self::$question(question)
                }
            }

            impl Ask for $question {
                type Kind = $kind;
                type Answer = $answer;
            }
        )*
    };
}

questions! {
    /// To a shard, about an upload of it.
    #[serde(tag = "op", rename_all = "snake_case")]
    UploadQuestion:
    Arrive => Arrived,
    Begin => Begun,
    Record => bool,
    Fail => (),
    Finish => bool,
    DeadLetter => (),
    Gone => (),
    Look => BTreeMap<String, State>,
    Claim => Vec<Claimed>,
    Drop => Vec<Option<bool>>,
}

questions! {
    /// To the overview. One is read at a time.
    #[expect(clippy::large_enum_variant)]
    #[serde(rename_all = "snake_case")]
    OverviewQuestion:
    TakeReport => (),
    Read => Overview,
    CountDeadLetters => (),
    DeleteDeadLetter => (),
    Note => (),
}

questions! {
    /// To the rate limit.
    #[serde(tag = "op", rename_all = "snake_case")]
    RateLimitQuestion:
    Turn => u64,
}

/// An upload has arrived.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Arrive {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) owed: Owed,
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    /// What is known of it is no longer true: nothing is stored under the key that is known.
    pub(crate) again: bool,
}

/// The answer to [`Arrive`].
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arrived {
    New,
    /// Its content was stored before, under this key.
    Known {
        key: String,
        /// Whether it is owed to nobody any more.
        finished: bool,
        /// The destinations that it is still owed to.
        waiting: Owed,
    },
}

/// Somebody wants to deliver an upload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Begin {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) to: String,
    /// Whom it is owed to, if that was not decided before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) undecided: Option<Owed>,
    /// Whom it is owed to, where its work item says so: that was decided without the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owed: Option<Owed>,
    pub(crate) holder: Holder,
    /// How long the lease holds, in milliseconds.
    pub(crate) lease: u64,
}

/// Records of an upload are done. The answer: whether the holder still has the lease.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) to: String,
    pub(crate) holder: Holder,
    pub(crate) known: Known,
    pub(crate) lease: u64,
}

/// An attempt has ended, and not all is done.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fail {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) to: String,
    pub(crate) holder: Holder,
    pub(crate) known: Known,
    /// Nothing where the upload is only handed over to another invocation.
    pub(crate) error: Option<String>,
    /// Whether that is for the operator to repair.
    #[serde(default)]
    pub(crate) held: bool,
    /// When the next attempt is due, in milliseconds since 1970.
    pub(crate) next: u64,
}

/// Nothing is owed to a destination any more. The answer: whether it was the last one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Finish {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) to: String,
    /// All destinations, as far as the object says.
    pub(crate) owed: Owed,
    pub(crate) known: Known,
    pub(crate) end: End,
}

/// How an upload came to its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    Delivered(Box<UploadCounts>),
    /// What is not delivered is in a dead letter.
    DeadLetter {
        reason: String,
    },
    /// The documents of a dead letter were delivered.
    Replayed,
}

/// A dead letter of documents was written.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeadLetter {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) to: String,
    /// The number of its first record.
    pub(crate) first: u64,
}

/// The object of an upload is gone.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Gone {
    pub(crate) id: String,
    /// One destination; nothing where all are meant.
    pub(crate) to: Option<String>,
    /// How long nobody must have had it in hand, in milliseconds.
    pub(crate) grace: u64,
}

/// What is known of an upload, by destination.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Look {
    pub(crate) id: String,
}

/// An upload that a list of the bucket has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) key: String,
    /// Whom it is owed to.
    pub(crate) owed: Owed,
    /// Whether its object says so; else that is what the configuration says now, for one of which nothing
    /// is known.
    pub(crate) is_decided: bool,
}

/// Which of these uploads nobody has had in hand for `grace` milliseconds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claim {
    pub(crate) found: Vec<Found>,
    pub(crate) grace: u64,
    /// The operator asks: all but those that are being delivered.
    #[serde(default)]
    pub(crate) at_once: bool,
    /// One destination; nothing where all are meant.
    pub(crate) to: Option<String>,
}

/// The answer to [`Claim`] for one upload.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claimed {
    /// Whom it is owed to, those included that have it.
    pub(crate) owed: Owed,
    /// Those to whom nobody delivers it.
    pub(crate) send: Vec<String>,
}

/// The operator gives up a destination. The answer for each upload: nothing where it was not owed to the
/// destination, else whether it is owed to nobody else.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Drop {
    pub(crate) found: Vec<Found>,
    pub(crate) to: String,
}

/// A shard reports.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TakeReport(pub(crate) Report);

/// Everything that the overview knows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Read;

/// The number of dead letters of each dataset; of datasets that are not named there are none.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CountDeadLetters(pub(crate) BTreeMap<String, u64>);

/// The operator has deleted a dead letter of a dataset.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeleteDeadLetter {
    pub(crate) dataset: String,
}

/// Keeps a text under a name.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// How long to wait before the next request to the intake, in milliseconds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Turn {
    pub(crate) per_second: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_with_minutes_reaches_the_overview() {
        let mut report = Report::default();
        report.stats.worst.insert(7, 9);
        report.backlog.entry("siem".to_owned()).or_default();
        let question = OverviewQuestion::from(TakeReport(report.clone()));
        let text = serde_json::to_string(&question).unwrap();
        let read: OverviewQuestion = serde_json::from_str(&text).unwrap();
        let OverviewQuestion::TakeReport(TakeReport(read)) = read else {
            panic!("{read:?}");
        };
        assert_eq!(read, report);
    }

    #[test]
    fn questions_about_uploads_are_told_apart_by_op() {
        let text = serde_json::to_string(&UploadQuestion::from(Look { id: "x".to_owned() }));
        assert_eq!(text.unwrap(), r#"{"op":"look","id":"x"}"#);
        let begin = r#"{"op":"begin","id":"x","key":"k","to":"default","holder":{"message":"m","attempt":1},"lease":5}"#;
        let read: UploadQuestion = serde_json::from_str(begin).unwrap();
        assert!(matches!(
            read,
            UploadQuestion::Begin(Begin { lease: 5, .. })
        ));
    }
}
