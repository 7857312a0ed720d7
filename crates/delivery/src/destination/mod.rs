//! Destinations: one file and one row of [`KINDS`] each.

mod check;
mod complaint;
#[cfg(feature = "bench")]
mod discard;
mod elasticsearch;
mod http;
mod kind;
mod number;
mod sekoia;
mod splunk;

pub use check::{Finding, Heard, Inquiry, QUESTIONS_MAX, Standing};
pub use kind::{Destination, Kind, Last, Opened, PartLimits, Step, Turn};

/// The kinds of destinations.
pub static KINDS: &[Kind] = &[
    sekoia::KIND,
    http::KIND,
    elasticsearch::KIND,
    splunk::KIND,
    #[cfg(feature = "bench")]
    discard::KIND,
];

/// Where documents go if nothing else is said.
pub static DEFAULT: &Kind = &sekoia::KIND;

/// The names of [`KINDS`], for the table of settings.
// The compiler evaluates it, and refuses an index that is out of bounds.
#[allow(clippy::indexing_slicing)]
pub(crate) static KIND_NAMES: [&str; KINDS.len()] = {
    let mut names = [""; KINDS.len()];
    let mut kind = 0;
    while kind < KINDS.len() {
        names[kind] = KINDS[kind].name;
        kind += 1;
    }
    names
};

/// The kind of a name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
