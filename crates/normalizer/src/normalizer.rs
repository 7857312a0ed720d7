//! The machine: compressed bytes in, batches out, nothing else.

use logpush_gzip::Gunzip;

use crate::config::Config;
use crate::document::{Engine, Made};
use crate::error::UploadError;
use crate::input::destination_test::{Probe, Verdict};
use crate::input::framer::{Frame, Framer};
use crate::input::overlong::Overlong;
use crate::mapping::Dataset;
use crate::output::batch::{Batch, Batcher};
use crate::summary::{Explanation, Summary};

/// Turns one upload into batches, without I/O.
///
/// Memory is bounded by one line limit plus one batch, whatever the size of the upload: a call
/// returns as soon as a batch is complete, and takes up the rest of its bytes at the next.
///
/// # Example
///
/// ```
/// use logpush_normalizer::{Config, Limits, Normalizer, Rules, Shape, Time, datasets};
///
/// let mut normalizer = Normalizer::new(Config {
///     dataset: datasets::by_name("firewall_events"),
///     shape: Shape::Ecs,
///     arrival: Time::from_unix_millis(1_657_630_626_000),
///     keep_original: false,
///     private_keys: Default::default(),
///     unmask: false,
///     rules: Rules::default(),
///     worker_name: "logpush-ecs",
///     limits: Limits::default(),
/// });
/// let mut upload = br#"{"Action":"block","Datetime":1657630626219000000}"#.as_slice();
/// let mut batches = Vec::new();
/// while let Some(batch) = normalizer.feed(&mut upload)? {
///     batches.push(batch);
/// }
/// while let Some(batch) = normalizer.finish()? {
///     batches.push(batch);
/// }
/// let document = String::from_utf8(batches.remove(0).body)?;
/// assert!(document.starts_with(r#"{"@timestamp":"2022-07-12T12:57:06.219000Z","#));
/// assert!(document.contains(r#""type":["denied"]"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Normalizer {
    source: Source,
    framer: Framer,
    engine: Engine,
    batcher: Batcher,
    probe: Probe,
    /// The record that is longer than the limit, as far as it has come.
    overlong: Option<Box<Overlong>>,
    line_max: usize,
    plain_max: u64,
}

/// What the body turned out to be.
#[derive(Debug)]
enum Source {
    /// Nothing arrived yet.
    Unknown,
    Gzip {
        gunzip: Gunzip,
        /// Whether the decoder may hold plain bytes that had no room.
        has_more: bool,
    },
    Plain,
}

impl Normalizer {
    /// A machine at the beginning of an upload.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            source: Source::Unknown,
            framer: Framer::new(config.limits.line_bytes),
            batcher: Batcher::new(&config.limits),
            line_max: config.limits.line_bytes,
            plain_max: config.limits.upload_bytes,
            probe: Probe::default(),
            engine: Engine::new(config),
            overlong: None,
        }
    }

    /// Takes bytes of the upload from the front of `input`; gives a batch as soon as one is complete.
    ///
    /// Call it until it gives `None`, which says that `input` is used up.
    ///
    /// # Errors
    ///
    /// Where the upload cannot be read on. Batches that were given before stay valid.
    pub fn feed(&mut self, input: &mut &[u8]) -> Result<Option<Batch>, UploadError> {
        loop {
            if let Some(batch) = self.take_records(false) {
                return self.known(batch).map(Some);
            }
            if !self.refill(input)? {
                return Ok(None);
            }
        }
    }

    /// Says that the upload has ended; gives what is left, batch by batch, then `None`.
    ///
    /// # Errors
    ///
    /// [`UploadError::Truncated`] where the gzip data is not complete, [`UploadError::Empty`]
    /// where nothing came.
    pub fn finish(&mut self) -> Result<Option<Batch>, UploadError> {
        match &self.source {
            Source::Unknown => return Err(UploadError::Empty),
            Source::Gzip { gunzip, .. } if !gunzip.is_complete() => {
                return Err(UploadError::Truncated {
                    received: self.engine.summary.bytes_received,
                });
            }
            _ => {}
        }
        let batch = self.take_records(true).or_else(|| self.batcher.take());
        self.engine.summary.is_destination_test = self.probe.is_all_a_test();
        self.engine.summary.is_array_open = self.framer.is_array_open();
        batch.map(|batch| self.known(batch)).transpose()
    }

    /// What happened so far.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.engine.summary
    }

    /// Keeps from now on what rules said of each record.
    pub fn explain(&mut self) {
        self.engine.explanations = Some(Vec::new());
    }

    /// What rules said of the records since this was asked last.
    pub fn take_explanations(&mut self) -> Vec<Explanation> {
        let kept = self.engine.explanations.as_mut();
        kept.map(core::mem::take).unwrap_or_default()
    }

    /// The upload's dataset, once it is known.
    #[must_use]
    pub fn dataset(&self) -> Option<&'static Dataset> {
        self.engine.dataset()
    }

    /// Moves bytes from `input` into the window; `false` where there is nothing to move.
    fn refill(&mut self, input: &mut &[u8]) -> Result<bool, UploadError> {
        if let (Source::Unknown, Some(first)) = (&self.source, input.first()) {
            // 1f begins no JSON: what begins with it is gzip, or corrupt.
            self.source = match first {
                0x1f => Source::Gzip {
                    gunzip: Gunzip::new(),
                    has_more: false,
                },
                _ => Source::Plain,
            };
        }
        let (consumed, produced) = match &mut self.source {
            Source::Unknown => return Ok(false),
            Source::Gzip { gunzip, has_more } => {
                if input.is_empty() && !*has_more {
                    return Ok(false);
                }
                let room = self.framer.room();
                let inflated = gunzip.step(input, room)?;
                *has_more = inflated.produced == room.len();
                (inflated.consumed, inflated.produced)
            }
            Source::Plain => {
                let room = self.framer.room();
                let len = room.len().min(input.len());
                if let (Some(to), Some(from)) = (room.get_mut(..len), input.get(..len)) {
                    to.copy_from_slice(from);
                }
                if len == 0 {
                    return Ok(false);
                }
                (len, len)
            }
        };
        *input = input.get(consumed..).unwrap_or_default();
        self.framer.fill(produced);
        let summary = &mut self.engine.summary;
        summary.bytes_received += consumed as u64;
        summary.bytes_plain += produced as u64;
        if summary.bytes_plain > self.plain_max {
            return Err(UploadError::TooLarge {
                limit: self.plain_max,
            });
        }
        Ok(consumed > 0 || produced > 0)
    }

    /// A batch goes nowhere before the dataset is known, which one of its records must tell.
    fn known(&self, batch: Batch) -> Result<Batch, UploadError> {
        match self.dataset() {
            Some(_) => Ok(batch),
            None if self.engine.candidates.is_empty() => Err(UploadError::UnknownDataset),
            None => Err(UploadError::AmbiguousDataset {
                candidates: self.engine.candidates.clone(),
            }),
        }
    }

    /// Turns complete records of the window into documents, until a batch is complete.
    fn take_records(&mut self, is_end: bool) -> Option<Batch> {
        loop {
            if self.batcher.is_full() {
                return self.batcher.take();
            }
            let batch = match self.framer.next(is_end) {
                Frame::More => return None,
                Frame::Record { start, end } => {
                    let line = without_comma(self.framer.text(start, end));
                    match self.probe.look(line) {
                        Verdict::DestinationTest => continue,
                        // The record that looked like a test is not the only one.
                        Verdict::Record(held) => self.push_held(&held),
                        Verdict::Nothing => {}
                    }
                    let line = without_comma(self.framer.text(start, end));
                    match self.engine.document(line) {
                        Some(made) => add(&mut self.batcher, made),
                        None => {
                            self.framer.split_objects(start);
                            continue;
                        }
                    }
                }
                Frame::Piece {
                    start,
                    end,
                    is_last,
                } => {
                    let line_max = self.line_max;
                    let overlong = self
                        .overlong
                        .get_or_insert_with(|| Box::new(Overlong::new(line_max)));
                    overlong.feed(self.framer.text(start, end));
                    let Some(overlong) = self.overlong.take_if(|_| is_last) else {
                        continue;
                    };
                    if let Some(held) = self.probe.release() {
                        self.push_held(&held);
                    }
                    add(&mut self.batcher, self.engine.overlong(&overlong))
                }
            };
            if batch.is_some() {
                return batch;
            }
        }
    }

    /// Adds the record that waited: the first of all, which has room.
    fn push_held(&mut self, line: &[u8]) {
        if let Some(made) = self.engine.document(line) {
            let full = add(&mut self.batcher, made);
            debug_assert!(full.is_none());
        }
    }
}

/// Adds what was made of a record; gives the batch that has no room for it.
fn add(batcher: &mut Batcher, made: Made<'_>) -> Option<Batch> {
    match made {
        Made::Document(document) => batcher.push(document),
        Made::Dropped => batcher.skip(),
    }
}

/// Some jobs write a comma behind each record, and no array around them.
fn without_comma(line: &[u8]) -> &[u8] {
    match line.strip_suffix(b",") {
        Some(record) if record.trim_ascii_end().ends_with(b"}") && line.starts_with(b"{") => {
            record.trim_ascii_end()
        }
        _ => line,
    }
}
