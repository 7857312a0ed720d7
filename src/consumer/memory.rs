//! Who remembers what is done of an upload while an attempt is under way: the ledger, and an object beside
//! the upload where the ledger does not answer.

use logpush_delivery::state::State;

/// Who remembers what is done.
pub(super) enum Memory {
    /// The ledger alone.
    Ledger {
        /// In milliseconds since 1970.
        opened: u64,
    },
    /// The ledger; what an earlier attempt left beside the upload is kept up to date.
    Both(Beside),
    /// The object beside the upload alone: the ledger does not answer.
    Object(Beside),
}

/// The object beside an upload, as far as this attempt knows.
pub(super) struct Beside {
    pub(super) state: State,
    pub(super) exists: bool,
    /// When it was last written, in milliseconds since 1970.
    pub(super) written: u64,
}

impl Memory {
    pub(super) fn uses_ledger(&self) -> bool {
        !matches!(self, Self::Object(_))
    }

    pub(super) fn has_object(&self) -> bool {
        match self {
            Self::Ledger { .. } => false,
            Self::Both(beside) | Self::Object(beside) => beside.exists,
        }
    }

    /// From now on the object beside the upload remembers.
    pub(super) fn ledger_fails(&mut self) {
        *self = Self::Object(match self {
            Self::Ledger { opened } => Beside {
                state: State::default(),
                exists: false,
                written: *opened,
            },
            Self::Both(beside) | Self::Object(beside) => Beside {
                state: core::mem::take(&mut beside.state),
                ..*beside
            },
        });
    }

    /// Whether there is something beside the upload to be changed.
    pub(super) fn change_beside(&mut self, change: impl FnOnce(&mut Beside)) -> bool {
        match self {
            Self::Ledger { .. } => false,
            Self::Both(beside) | Self::Object(beside) => {
                change(beside);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beside_an_upload_is_kept_when_the_ledger_fails() {
        let beside = |attempts| Beside {
            state: State::arrived("k", attempts, 1, 1),
            exists: true,
            written: 5,
        };
        for (name, mut memory, expected) in [
            ("ledger", Memory::Ledger { opened: 7 }, (0, false, 7)),
            ("both", Memory::Both(beside(2)), (2, true, 5)),
            ("object", Memory::Object(beside(3)), (3, true, 5)),
        ] {
            assert_eq!(memory.uses_ledger(), name != "object");
            assert_eq!(memory.has_object(), name != "ledger");
            memory.ledger_fails();
            assert!(!memory.uses_ledger(), "{name}");
            let mut known = None;
            memory.change_beside(|beside| {
                known = Some((beside.state.arrived, beside.exists, beside.written));
            });
            assert_eq!(known, Some(expected), "{name}");
        }
    }
}
