//! One record in, one document out.

pub(crate) mod ecs;
pub(crate) mod event;
pub(crate) mod native;
pub(crate) mod nesting;
mod notes;
pub(crate) mod pipeline_error;
pub(crate) mod truncate;

use std::borrow::Cow;

use crate::bytes::text::{beginning, hexadecimal, identity, whole_characters};
use crate::bytes::writer::Writer;
use crate::config::{Config, Shape};
use crate::convert::finding::{CheckResult, Finding, Input, Workspace};
use crate::convert::time::Time;
use crate::document::event::Event;
use crate::document::notes::Notes;
use crate::document::pipeline_error::{Failure, ORIGINAL_MAX};
use crate::document::truncate::{NAME_MAX, NAMES_MAX, truncate};
use crate::mapping::Dataset;
use crate::mapping::datasets::{event_dataset, recognise};
use crate::plan::Plan;
use crate::plan::error::TableError;
use crate::plan::feedback_loop::FeedbackLoop;
use crate::record::fast::scan;
use crate::record::names::Keys;
use crate::record::slow;
use crate::record::{Kind, Record, RowId, Span};
use crate::summary::Summary;

/// Turns the records of one upload into documents.
#[derive(Debug)]
pub(crate) struct Engine {
    config: Config,
    ready: Option<Ready>,
    /// Why the dataset's table cannot be used: no table that is delivered has such an error.
    table_error: Option<TableError>,
    record: Record,
    findings: Vec<Finding>,
    unmapped: Vec<RowId>,
    workspace: Workspace,
    document: Writer,
    /// Datasets among which the last record's fields did not decide.
    pub(crate) candidates: Vec<&'static str>,
    pub(crate) summary: Summary,
}

/// A document, and what a destination may need to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// The document itself, JSON of one line.
    pub text: &'a [u8],
    /// Its `event.id`.
    pub id: [u8; 16],
    /// When its event happened, where the record says so.
    pub time: Option<Time>,
}

/// What is there once the dataset is known.
#[derive(Debug)]
struct Ready {
    dataset: &'static Dataset,
    plan: Plan,
    keys: Keys,
    feedback_loop: FeedbackLoop,
}

/// How much of an unreadable time an error message shows, in bytes.
const SHOWN_MAX: usize = 64;

impl Engine {
    pub(crate) fn new(config: Config) -> Self {
        let dataset = config.dataset;
        let mut engine = Self {
            config,
            ready: None,
            table_error: None,
            record: Record::default(),
            findings: Vec::new(),
            unmapped: Vec::new(),
            workspace: Workspace::new(),
            document: Writer::default(),
            candidates: Vec::new(),
            summary: Summary::default(),
        };
        if let Some(dataset) = dataset {
            engine.begin(dataset);
        }
        engine
    }

    fn begin(&mut self, dataset: &'static Dataset) {
        match Ready::new(dataset) {
            Ok(ready) => self.ready = Some(ready),
            Err(error) => {
                debug_assert!(false, "{error}");
                self.table_error = Some(error);
            }
        }
    }

    /// The dataset, once it is known.
    pub(crate) fn dataset(&self) -> Option<&'static Dataset> {
        self.ready.as_ref().map(|ready| ready.dataset)
    }

    /// The document of `line`, a text without white space around it that is not empty.
    pub(crate) fn document(&mut self, line: &[u8]) -> Document<'_> {
        self.document.clear();
        self.summary.records += 1;
        if self.ready.is_none() {
            match slow::names(line).map(|fields| recognise(&fields)) {
                Some(Ok(dataset)) => self.begin(dataset),
                Some(Err(candidates)) => self.candidates = candidates,
                None => {}
            }
        }
        let identity = identity(line);
        let id = hexadecimal(identity);
        let mut time = None;
        if let Some(ready) = &mut self.ready {
            let fast = scan(line, &mut ready.keys, {
                self.record.clear(ready.dataset.rows.len());
                &mut self.record
            });
            // A copy of the record's text has all that stands in it.
            let hides = !self.config.unmask
                && (self.config.shape == Shape::Native || self.config.keep_original);
            if fast.is_ok()
                && !ready.needs_plain_text(&self.record)
                && !(hides && ready.plan.may_hide_secrets(&self.record, line))
            {
                time = self.event(line, line, &id, &mut Notes::default());
            } else {
                self.record.clear(ready.dataset.rows.len());
                let mut repaired = false;
                match slow::read(line, &mut ready.keys, &mut self.record, &mut repaired) {
                    Ok(text) => {
                        let mut notes = Notes::default();
                        if repaired {
                            self.summary.repaired += 1;
                            notes.tags.push("text_repaired");
                            notes.messages.push(
                                "bytes that are no valid text were replaced by U+FFFD".to_owned(),
                            );
                        }
                        time = self.event(line, &text, &id, &mut notes);
                    }
                    Err(error) => self.failure(&error.to_string(), line, false, &id),
                }
            }
        } else {
            let message = self.table_error.as_ref().map_or_else(
                || "not a record of any known dataset".to_owned(),
                ToString::to_string,
            );
            self.failure(&message, line, false, &id);
        }
        self.summary.bytes_documents += self.document.len() as u64;
        Document {
            text: self.document.written(),
            id: identity,
            time,
        }
    }

    /// The document of a line that is too long to be read as a record; `begun` is its beginning.
    pub(crate) fn too_long(&mut self, begun: &[u8], len: u64) -> Document<'_> {
        self.document.clear();
        self.summary.records += 1;
        let message = format!(
            "a record of {len} bytes is longer than the limit of {}",
            self.config.limits.line_bytes
        );
        let mut identified = begun.to_vec();
        identified.extend_from_slice(&len.to_le_bytes());
        let id = identity(&identified);
        let begun = whole_characters(begun);
        self.failure(&message, begun, true, &hexadecimal(id));
        self.summary.bytes_documents += self.document.len() as u64;
        Document {
            text: self.document.written(),
            id,
            time: None,
        }
    }

    /// Writes the document of the record that came as `line`, and whose places refer to `text`;
    /// gives the event's time, where the record has one.
    fn event(
        &mut self,
        line: &[u8],
        text: &[u8],
        id: &[u8; 32],
        notes: &mut Notes,
    ) -> Option<Time> {
        self.check(text);
        let ready = self.ready.as_ref()?;
        let time = match ready
            .plan
            .time
            .and_then(|(_, step)| self.findings.get(step.index()))
        {
            Some(Finding::Time(time)) => Some(*time),
            _ => None,
        };
        if time > self.summary.newest && time <= Some(self.config.arrival) {
            self.summary.newest = time;
        }
        if time.is_none() {
            self.summary.times_from_arrival += 1;
            notes.tags.push("time_from_arrival");
            notes.messages.push(ready.time_message(&self.record, text));
        }
        self.summary.own_records += u64::from(ready.feedback_loop.has(
            &self.record,
            text,
            self.config.worker_name,
        ));
        for unknown in &self.record.unknown {
            self.summary.count_unknown(unknown.name.of(text));
        }

        let original = self.config.keep_original.then(|| {
            let masked = match self.config.unmask {
                true => None,
                false => ready.plan.masked(&self.record, text),
            };
            masked.map_or_else(|| String::from_utf8_lossy(line), Cow::Owned)
        });
        let mut event = Event {
            text,
            record: &self.record,
            findings: &self.findings,
            workspace: &self.workspace,
            unmapped: &self.unmapped,
            id,
            time: time.unwrap_or(self.config.arrival),
            original: original.as_deref(),
            unmask: self.config.unmask,
        };
        match self.config.shape {
            Shape::Ecs => {
                let mut unmapped = Vec::new();
                if !ready.plan.contests.is_empty() {
                    unmapped.extend_from_slice(&self.unmapped);
                    event.overridden(&ready.plan, &mut unmapped);
                    event.unmapped = &unmapped;
                }
                event.write(&ready.plan, &mut self.document);
            }
            Shape::Native => event.write_native(ready.dataset, &ready.plan, &mut self.document),
        }
        self.finish(line, id, notes);
        time
    }

    /// Looks at the values that are not taken as they come.
    fn check(&mut self, text: &[u8]) {
        let Some(ready) = &self.ready else {
            return;
        };
        self.unmapped.clear();
        self.workspace.clear();
        if !ready.plan.members.is_empty() {
            self.record.look_inside(&ready.plan.members, text);
        }
        self.findings.resize(ready.plan.checks.len(), Finding::None);
        let mut last_invalid = None;
        for (step, finding) in ready.plan.checks.iter().zip(&mut self.findings) {
            let value = self.record.value(step.row);
            *finding = Finding::None;
            if value.is_absent() {
                continue;
            }
            let input = Input { value, text };
            let result = step.check.run(input, &mut self.workspace, finding);
            if result == CheckResult::Found {
                continue;
            }
            match result {
                CheckResult::UnknownWord => {
                    let row = ready.plan.row_of(step.row);
                    if let Some(row) = ready.dataset.rows.get(row.index()) {
                        self.summary.count_unknown_value(row.field);
                    }
                    continue;
                }
                CheckResult::Invalid if last_invalid != Some(step.row) => {
                    last_invalid = Some(step.row);
                    self.summary.invalid_values += 1;
                }
                _ => {}
            }
            let is_kept = ready.plan.keeps.get(step.row.index()) != Some(&false);
            if !is_kept && self.unmapped.last() != Some(&step.row) {
                self.unmapped.push(step.row);
            }
        }
    }

    /// Closes the document with its notes, truncated to the limit where it is longer.
    fn finish(&mut self, line: &[u8], id: &[u8; 32], notes: &mut Notes) {
        if self.document.len() + notes.len() <= self.config.limits.document_bytes {
            notes.write(&mut self.document);
        } else {
            self.truncate(line, id, notes);
        }
    }

    /// Closes a document that is longer than the limit, truncated to it.
    #[cold]
    fn truncate(&mut self, line: &[u8], id: &[u8; 32], notes: &mut Notes) {
        let max = self.config.limits.document_bytes;
        self.document.byte(b'}');
        let kept_depth = match self.config.shape {
            // Cloudflare's own fields are members of `cloudflare`, or of the record itself.
            Shape::Ecs => 2,
            Shape::Native => 1,
        };
        let len = self.document.len();
        // What the notes take is known before the names of the truncated fields are.
        let notes_max = notes.len() + NAMES_MAX * (NAME_MAX + 2) + 64;
        let truncated = max
            .checked_sub(notes_max)
            .and_then(|max| truncate(self.document.written(), max, kept_depth));
        let Some(truncated) = truncated else {
            self.document.clear();
            let message = format!("a document of {len} bytes cannot be cut to the limit of {max}");
            self.failure(&message, line, true, id);
            return;
        };
        self.summary.truncated += 1;
        notes.tags.push("truncated");
        notes.truncated = truncated.names;
        let body = truncated.document.strip_suffix(b"}");
        debug_assert!(body.is_some(), "a document is an object");
        self.document.replace(body.unwrap_or(&truncated.document));
        notes.write(&mut self.document);
    }

    /// Writes a document for what is no record.
    fn failure(&mut self, message: &str, original: &[u8], is_cut: bool, id: &[u8; 32]) {
        self.summary.errors += 1;
        // Half a character at the cut is no damage of the sender's: a few bytes more, cut below.
        let original = original.get(..ORIGINAL_MAX + 4).unwrap_or(original);
        let original = String::from_utf8_lossy(original);
        // A document must fit even where its limit is set very low and every byte is escaped.
        let room = self.config.limits.document_bytes.saturating_sub(1024) / 6;
        let shown = beginning(&original, room.min(ORIGINAL_MAX));
        let dataset = self.dataset();
        let native_time = match self.config.shape {
            Shape::Ecs => None,
            Shape::Native => dataset.and_then(|of| of.native_time(self.config.arrival)),
        };
        Failure {
            message,
            original: shown,
            is_cut: is_cut || shown.len() < original.len(),
            time: self.config.arrival,
            id,
            dataset: dataset.and_then(event_dataset),
            native_time: native_time
                .as_ref()
                .map(|(field, time)| (*field, time.as_str())),
        }
        .write(&mut self.document);
    }
}

impl Ready {
    fn new(dataset: &'static Dataset) -> Result<Self, TableError> {
        let plan = Plan::new(dataset)?;
        Ok(Self {
            feedback_loop: FeedbackLoop::new(dataset, &plan)?,
            dataset,
            plan,
            keys: Keys::new(dataset.field_names(), dataset.other_names()),
        })
    }

    /// Whether a text must be unescaped before it is looked at.
    fn needs_plain_text(&self, record: &Record) -> bool {
        record.has_escapes
            && self
                .plan
                .checks
                .iter()
                .any(|step| record.value(step.row).escaped && step.check.reads_text())
    }

    /// Why a record has no time of its own.
    fn time_message(&self, record: &Record, text: &[u8]) -> String {
        let Some((row, field)) = self
            .plan
            .time
            .and_then(|(row, _)| self.dataset.rows.get(row.index()).map(|of| (row, of.field)))
        else {
            return "the dataset has no time: the upload's arrival stands in".to_owned();
        };
        let value = record.value(row);
        if value.is_absent() {
            return format!("{field} is missing: the upload's arrival stands in");
        }
        let json = value.json_span();
        let shown = match value.kind {
            Kind::Nested => "a list or an object".to_owned(),
            _ => {
                let text = String::from_utf8_lossy(Span::of(json, text)).into_owned();
                beginning(&text, SHOWN_MAX).to_owned()
            }
        };
        format!("{field} is no readable time: {shown}; the upload's arrival stands in")
    }
}
