//! Recognising the test that Cloudflare sends when a job is created or changed.
//!
//! It is an upload like any other, of one record: `{"content":"tests"}`, `{"content":"test"}`,
//! the same with a `filename`, or the bare word `test`. Only an upload that has nothing else is
//! a test: the first record that looks like one waits until the next, or the end.

use serde::Deserialize;

/// The records of an upload, as far as they matter here.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    First,
    Held(Vec<u8>),
    Decided,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The record looks like a test, and waits.
    DestinationTest,
    /// A record waited that is none: it goes before this one.
    Record(Vec<u8>),
    /// Nothing special.
    Nothing,
}

/// All that a test may have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test<'a> {
    #[serde(borrow, rename = "content")]
    _content: &'a str,
    #[serde(borrow, default, rename = "filename")]
    _filename: Option<&'a str>,
}

/// A test is short: a record of one field `content` that is longer is a record.
const TEST_MAX: usize = 128;

impl Probe {
    /// Looks at the next record.
    pub(crate) fn look(&mut self, line: &[u8]) -> Verdict {
        if let State::Decided = self.state {
            return Verdict::Nothing;
        }
        self.look_at_first(line)
    }

    #[cold]
    fn look_at_first(&mut self, line: &[u8]) -> Verdict {
        match core::mem::replace(&mut self.state, State::Decided) {
            State::Held(held) => Verdict::Record(held),
            State::First if is_test(line) => {
                self.state = State::Held(line.to_vec());
                Verdict::DestinationTest
            }
            _ => Verdict::Nothing,
        }
    }

    /// Says that a record came which is not looked at; gives the one that waited.
    pub(crate) fn release(&mut self) -> Option<Vec<u8>> {
        match core::mem::replace(&mut self.state, State::Decided) {
            State::Held(held) => Some(held),
            _ => None,
        }
    }

    /// Whether the upload, which has ended, was nothing but a test.
    pub(crate) fn is_all_a_test(&self) -> bool {
        matches!(self.state, State::Held(_))
    }
}

fn is_test(line: &[u8]) -> bool {
    line == b"test" || (line.len() <= TEST_MAX && serde_json::from_slice::<Test<'_>>(line).is_ok())
}
