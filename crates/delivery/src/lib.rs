//! Delivering documents, without I/O and without a clock: what a destination is asked, what its
//! answers mean, what became of every document, and what is remembered of that.
//!
//! ```text
//! batch ─▶ Part ─ encode ─▶ Request ─▶ (the shell sends it) ─▶ Reply ─ step ─▶ Verdict
//!            ▲                                                                   │
//!            └────────────── Machine: what is still owed is sent again ◀─────────┘
//! ```
//!
//! [`machine::Machine`] is the course of one delivery: the shell asks what to do next, does it, and
//! reports what came of it. [`destination`] has the kinds of destinations. [`progress`], [`state`],
//! [`key`], [`work_item`] and [`dead_letter`] are what is written down about an upload. [`settings`]
//! is the table of all settings, [`setting`] a row of it and the reader; [`configuration`] reads the whole:
//! what takes uploads in, and the destinations by name.
//!
//! # The seam
//!
//! A kind of destination is one file that implements [`Destination`](destination::Destination), and
//! one row of [`KINDS`](destination::KINDS). The file holds its settings, its limits, its framing and
//! its reading of answers; the machine holds everything that is the same for all: retries,
//! `Retry-After`, halving, placeholders, limits, the account of documents. How the protocols that users
//! ask for fit, each with the calls that it makes:
//!
//! | protocol | `encode` | `step` |
//! |---|---|---|
//! | Elasticsearch `_bulk`, which is `destination/elasticsearch/` | an action line before each document, with its id; gzip | one `POST`; the items of the answer become [`Verdict::Each`](verdict::Verdict::Each): 201 and 409 are taken, 429 and 5xx again, 400 refused, 403 and 404 held. 413 for the whole is `Rejected`, 401 and 403 `Held` |
//! | Splunk HEC (`destination/splunk/`) | an envelope around each document, with its time | `POST`; an error with `invalid-event-number` is [`UpTo`](verdict::Verdict::UpTo); codes 9, 26 and 27 `Retry`, 8 `Unknown`, those of token, index and channel `Held`. With acknowledgements the answer's `ackId` goes into the [`Conversation`](session::Conversation), and [`Step::Wait`](destination::Step::Wait) and `POST /ack` alternate until it is true; the channel is in the [`Session`](session::Session) |
//! | OTLP | one nested body of all documents | one `POST`; `rejectedLogRecords` above 0 is [`Final`](verdict::Verdict::Final), 0 with a message too, which is noted. 429 and 503 `Retry`, 502 and 504 `Unknown` |
//! | Sentinel | an array | without a token in the session `POST` for one, kept until 80 % of its time is over, then `POST`. On 401 the token is forgotten and asked for once more. Where another part is asking, a note in the session says so, and `Step::Wait` follows |
//! | Loki | streams of labels, with times as texts | one `POST`; 400 is `Final` of all: some lines were taken |
//! | Datadog | an array; a document that is too old by `now` carries the present time, and its own in a field | one `POST`; or, before it, `Each` with the too old as refused and the others as again |
//! | Google SecOps | base64 of each document | as Sentinel. The grant for the token is signed with RS256 once an hour, in the kind's file |
//! | S3 | lines, gzip | one `PUT`, whose name is made of the upload and the records of the part, and so the same in every try; `now` and the payload are there to be signed. In pieces: `POST`, a `PUT` for each range of the payload, whose tags the conversation keeps, and a `POST` that completes them |
//!
//! `tests/suite/seam.rs` has the shape of each of these as a destination of a few lines. A further kind
//! touches two files, its own and the list in `destination/mod.rs`, and its tests.
//!
//! A kind also says what to ask to find out whether its destination would take events, without sending
//! one: [`Destination::inquire`](destination::Destination::inquire).
//!
//! # What an answer means
//!
//! A success status is no yes: each kind says what one looks like, and everything else is not one. Only
//! what is about a document's content makes a dead letter of it; what is about the set-up, as a key, an
//! index or a URL, leaves the documents owed and holds the destination. An answer that was lost leaves
//! it open whether the documents arrived: they are sent again, since the promise is at least once.

// A list of ranges may have one range.
#![allow(clippy::single_range_in_vec_init)]

pub mod backoff;
pub mod breaker;
pub mod configuration;
pub mod dead_letter;
pub mod destination;
pub mod expected;
pub mod header;
pub mod jitter;
pub mod key;
pub mod machine;
pub mod owed;
pub mod part;
pub mod password;
pub mod progress;
pub mod request;
pub mod session;
pub mod setting;
pub mod settings;
pub mod state;
pub mod url;
pub mod verdict;
pub mod words;
pub mod work_item;

mod framing;
#[cfg(test)]
mod sample;

/// Milliseconds: of a duration, or since 1970.
pub type Millis = u64;
