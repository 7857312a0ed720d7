//! What follows from a failed attempt.

use core::time::Duration;

use logpush_normalizer::UploadError;

use crate::body::BodyError;
use crate::consumer::journal::JournalError;
use crate::pipeline::PipelineError;
use crate::send::DeliveryError;

/// What follows from a failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Consequence<'a> {
    /// No further attempt makes the upload readable.
    DeadLetter,
    /// Another invocation goes on at once.
    Continue,
    /// Another consumer has the upload.
    Leave,
    /// Another attempt, not earlier than that.
    Again { after: Duration },
    /// The operator has something to repair, which is no fault of the upload's: it is owed until then,
    /// however long that takes.
    Hold { repair: &'a str },
}

pub(super) fn consequence_of(error: &PipelineError<JournalError>) -> Consequence<'_> {
    match error {
        PipelineError::Body(BodyError::Upload(
            UploadError::Empty
            | UploadError::Corrupt { .. }
            | UploadError::Truncated { .. }
            | UploadError::TooLarge { .. }
            | UploadError::UnknownDataset,
        ))
        | PipelineError::Body(BodyError::Encoding(_)) => Consequence::DeadLetter,
        PipelineError::Journal(JournalError::HandedOver)
        | PipelineError::Delivery(DeliveryError::HandedOver) => Consequence::Continue,
        PipelineError::Journal(JournalError::TakenOver) => Consequence::Leave,
        PipelineError::Delivery(DeliveryError::Held { hint, .. }) => {
            Consequence::Hold { repair: hint }
        }
        PipelineError::Delivery(DeliveryError::NotConfigured(_)) => Consequence::Hold {
            repair: "set what is missing, then deploy again",
        },
        PipelineError::Delivery(error) => Consequence::Again {
            after: error.after(),
        },
        _ => Consequence::Again {
            after: Duration::ZERO,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_a_failure() {
        let upload = |error| PipelineError::Body(BodyError::Upload(error));
        let unavailable = |after| DeliveryError::Unavailable {
            destination: "the intake",
            reason: "status 503".to_owned(),
            after,
        };
        let held = DeliveryError::Held {
            destination: "the intake",
            words: "no".to_owned(),
            hint: "repair it".to_owned(),
        };
        let again = |seconds| Consequence::Again {
            after: Duration::from_secs(seconds),
        };
        for (error, expected) in [
            (upload(UploadError::Empty), Consequence::DeadLetter),
            (
                upload(UploadError::Truncated { received: 1 }),
                Consequence::DeadLetter,
            ),
            (upload(UploadError::UnknownDataset), Consequence::DeadLetter),
            (PipelineError::Body(BodyError::Aborted), again(0)),
            (
                PipelineError::Body(BodyError::Short {
                    received: 1,
                    announced: 2,
                }),
                again(0),
            ),
            (unavailable(Some(Duration::from_secs(7))).into(), again(7)),
            (unavailable(None).into(), again(0)),
            (
                held.into(),
                Consequence::Hold {
                    repair: "repair it",
                },
            ),
            (
                DeliveryError::NotConfigured("no key".to_owned()).into(),
                Consequence::Hold {
                    repair: "set what is missing, then deploy again",
                },
            ),
            (DeliveryError::HandedOver.into(), Consequence::Continue),
            (PipelineError::Journal(JournalError::Storage), again(0)),
            (
                PipelineError::Journal(JournalError::HandedOver),
                Consequence::Continue,
            ),
            (
                PipelineError::Journal(JournalError::TakenOver),
                Consequence::Leave,
            ),
        ] {
            assert_eq!(consequence_of(&error), expected, "{error}");
        }
    }
}
