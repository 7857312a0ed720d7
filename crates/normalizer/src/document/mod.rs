//! One record in, one document out.

pub(crate) mod ecs;
pub(crate) mod event;
pub(crate) mod native;
pub(crate) mod nesting;
mod notes;
mod occurrences;
pub(crate) mod pipeline_error;
pub(crate) mod refusal;
pub(crate) mod truncate;

use std::borrow::Cow;

use thiserror::Error;

use crate::bytes::slice;
use crate::bytes::text::{beginning, hexadecimal, identity, text_beginning, whole_characters};
use crate::bytes::writer::Writer;
use crate::config::{Config, Shape};
use crate::convert::address::{Told, resolve};
use crate::convert::finding::{CheckResult, Finding, Input, Workspace};
use crate::convert::time::Time;
use crate::document::event::Event;
use crate::document::notes::Notes;
use crate::document::occurrences::Occurrences;
use crate::document::pipeline_error::{Failure, ORIGINAL_MAX};
use crate::document::truncate::{NAME_MAX, NAMES_MAX, truncate};
use crate::input::framer::first_object;
use crate::input::overlong::Overlong;
use crate::mapping::Dataset;
use crate::mapping::datasets::{event_dataset, recognise};
use crate::plan::Plan;
use crate::plan::error::TableError;
use crate::plan::feedback_loop::FeedbackLoop;
use crate::plan::secret::Secret;
use crate::record::clean::{OpenNames, SecretNames, is_clean, is_odd, mended_name};
use crate::record::fast::scan;
use crate::record::names::Keys;
use crate::record::slow::{self, Mended, NoRecord};
use crate::record::{Record, RowId, Span, Value, ValueKind};
use crate::summary::Summary;

/// Turns the records of one upload into documents.
#[derive(Debug)]
pub(crate) struct Engine {
    config: Config,
    ready: Option<Ready>,
    /// Why the dataset's table cannot be used: no table that is delivered has such an error.
    table_error: Option<TableError>,
    /// Of all datasets, for as long as the upload's own is not known.
    all_secrets: SecretNames,
    occurrences: Occurrences,
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
    secrets: SecretNames,
    open_names: OpenNames,
}

/// Why a line has no document of its own making.
#[derive(Debug, Error)]
enum NoDocument {
    #[error(transparent)]
    NoRecord(#[from] NoRecord),
    #[error(transparent)]
    Table(TableError),
    #[error("not a record of any known dataset")]
    UnknownDataset,
}

/// How much of an unreadable time an error message shows, in bytes.
const SHOWN_MAX: usize = 64;

impl Engine {
    pub(crate) fn new(config: Config) -> Self {
        let dataset = config.dataset;
        let mut engine = Self {
            ready: None,
            table_error: None,
            all_secrets: SecretNames::new(Secret::all_names(), config.unmask),
            occurrences: Occurrences::default(),
            record: Record::default(),
            findings: Vec::new(),
            unmapped: Vec::new(),
            workspace: Workspace::new(),
            document: Writer::default(),
            candidates: Vec::new(),
            summary: Summary::default(),
            config,
        };
        if let Some(dataset) = dataset {
            engine.begin(dataset);
        }
        engine
    }

    fn begin(&mut self, dataset: &'static Dataset) {
        match Ready::new(dataset, self.config.unmask) {
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
    ///
    /// Nothing, and nothing is counted, where the line is several objects.
    pub(crate) fn document(&mut self, line: &[u8]) -> Option<Document<'_>> {
        if self.ready.is_none() && first_object(line).is_some() {
            return None;
        }
        let id = self.occurrences.id(identity(line));
        let digits = hexadecimal(id);
        match self.write(line, &digits, Notes::default()) {
            Ok(time) => Some(self.written(id, time)),
            // It is counted as a record that no document has: no other is equal to it.
            Err(_) if first_object(line).is_some() => None,
            Err(error) => {
                self.failure(&error.to_string(), line, false, &digits);
                Some(self.written(id, None))
            }
        }
    }

    /// The document of a line that is longer than the limit, of which the limit was kept.
    pub(crate) fn overlong(&mut self, line: &Overlong) -> Document<'_> {
        let mut notes = Notes::default();
        let limit = self.config.limits.line_bytes;
        let id = self.occurrences.id(line.identity());
        let digits = hexadecimal(id);
        let broken = format!(
            "a record of {} bytes is longer than the limit of {limit}",
            line.len()
        );
        if line.is_object() {
            self.summary.dropped_fields += line.dropped();
            let message = match line.dropped() {
                0 => broken.clone(),
                dropped => format!("{broken}: {dropped} of its fields are missing"),
            };
            self.note_truncated(&mut notes, line.truncated());
            notes.messages.push(message);
            if let Ok(time) = self.write(line.kept(), &digits, notes) {
                return self.written(id, time);
            }
        }
        self.failure(&broken, whole_characters(line.kept()), true, &digits);
        self.written(id, None)
    }

    /// Writes the document of `line`, and gives the event's time, where it is a record.
    fn write(
        &mut self,
        line: &[u8],
        id: &[u8; 32],
        mut notes: Notes,
    ) -> Result<Option<Time>, NoDocument> {
        self.document.clear();
        if self.ready.is_none() {
            match slow::names(line).map(|fields| recognise(&fields)) {
                Some(Ok(dataset)) => self.begin(dataset),
                Some(Err(candidates)) => self.candidates = candidates,
                None => {}
            }
        }
        let Some(ready) = &mut self.ready else {
            return Err(match self.table_error.clone() {
                Some(error) => NoDocument::Table(error),
                None => NoDocument::UnknownDataset,
            });
        };
        self.record.clear(ready.dataset.rows.len());
        let fast = scan(line, &mut ready.keys, &mut self.record);
        // A copy of the record's text has all that stands in it.
        let hides = !self.config.unmask
            && (self.config.shape == Shape::Native || self.config.keep_original);
        if fast.is_ok()
            && !ready.needs_plain_text(&self.record, line)
            && ready.is_clean(&self.record, line)
            && !(hides && ready.plan.may_hide_secrets(&self.record, line))
        {
            return Ok(self.event(line, line, id, &mut notes));
        }
        self.record.clear(ready.dataset.rows.len());
        let mended = slow::read(line, &mut ready.keys, &ready.secrets, &mut self.record)?;
        self.note_mended(&mended, &mut notes);
        let received: &[u8] = if mended.masked { &mended.text } else { line };
        Ok(self.event(received, &mended.text, id, &mut notes))
    }

    fn written(&mut self, id: [u8; 16], time: Option<Time>) -> Document<'_> {
        self.summary.records += 1;
        self.summary.bytes_documents += self.document.len() as u64;
        Document {
            text: self.document.written(),
            id,
            time,
        }
    }

    /// Notes and counts what had to be changed of a record.
    fn note_mended(&mut self, mended: &Mended, notes: &mut Notes) {
        if mended.repaired {
            self.summary.repaired += 1;
            notes.tags.push("text_repaired");
            let message = "bytes that are no valid text were replaced by U+FFFD";
            notes.messages.push(message.to_owned());
        }
        if mended.repeated > 0 {
            self.summary.repeated_names += mended.repeated;
            notes.tags.push("repeated_names");
            notes.messages.push(format!(
                "{} values inside fields gave way to later ones of the same name",
                mended.repeated
            ));
        }
        self.note_truncated(notes, &mended.truncated);
    }

    /// Notes that fields of these names are not whole.
    fn note_truncated(&mut self, notes: &mut Notes, names: &[String]) {
        if names.is_empty() {
            return;
        }
        if !notes.tags.contains(&"truncated") {
            self.summary.truncated += 1;
            notes.tags.push("truncated");
        }
        let room = NAMES_MAX.saturating_sub(notes.truncated.len());
        notes.truncated.extend(names.iter().take(room).map(|name| {
            // The name that the document has, or would have.
            let name = match is_odd(name.as_bytes()) {
                true => mended_name(name, |_| false).into(),
                false => Cow::Borrowed(name.as_str()),
            };
            let name = text_beginning(name.as_bytes(), NAME_MAX);
            String::from_utf8_lossy(name).into_owned()
        }));
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
                CheckResult::Invalid | CheckResult::Partly if last_invalid != Some(step.row) => {
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
        if let Some(step) = ready.plan.address_step {
            let told = ready.plan.address.iter().map(|row| Told {
                role: row.role,
                value: self.record.value(row.of.row),
                finding: self
                    .findings
                    .get(row.of.step.index())
                    .unwrap_or(&Finding::None),
                is_carried: row.is_carried,
            });
            let unmapped = &mut self.unmapped;
            let address = resolve(told, text, &mut self.workspace, |place| {
                if let Some(row) = ready.plan.address.get(place)
                    && !unmapped.contains(&row.of.row)
                {
                    unmapped.push(row.of.row);
                }
            });
            if let Some(finding) = self.findings.get_mut(step.index()) {
                *finding = address;
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
        self.note_truncated(notes, &truncated.names);
        let body = truncated.document.strip_suffix(b"}");
        debug_assert!(body.is_some(), "a document is an object");
        self.document.replace(body.unwrap_or(&truncated.document));
        notes.write(&mut self.document);
    }

    /// Writes a document for what is no record.
    fn failure(&mut self, message: &str, original: &[u8], is_cut: bool, id: &[u8; 32]) {
        self.document.clear();
        self.summary.errors += 1;
        // Half a character at the cut is no damage of the sender's: a few bytes more, cut below.
        let begun = original.get(..ORIGINAL_MAX + 4).unwrap_or(original);
        let secrets = self
            .ready
            .as_ref()
            .map_or(&self.all_secrets, |ready| &ready.secrets);
        let visible = secrets.visible(begun);
        let is_cut = is_cut || visible < begun.len();
        let original = slice(begun, 0..visible);
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
    fn new(dataset: &'static Dataset, unmask: bool) -> Result<Self, TableError> {
        let plan = Plan::new(dataset)?;
        Ok(Self {
            feedback_loop: FeedbackLoop::new(dataset, &plan)?,
            secrets: SecretNames::new(plan.secret_names(), unmask),
            open_names: OpenNames::default(),
            dataset,
            plan,
            keys: Keys::new(dataset.field_names(), dataset.other_names()),
        })
    }

    /// Whether the record's names, objects and lists can stay as they are.
    fn is_clean(&mut self, record: &Record, text: &[u8]) -> bool {
        let mut is_clean = |value: &Value| {
            value.kind != ValueKind::Nested
                || is_clean(value.span.of(text), &self.secrets, &mut self.open_names)
        };
        record.values.iter().all(&mut is_clean)
            && record
                .unknown
                .iter()
                .all(|unknown| !is_odd(unknown.name.of(text)) && is_clean(&unknown.value))
    }

    /// Whether a text must be unescaped before it is looked at.
    fn needs_plain_text(&self, record: &Record, text: &[u8]) -> bool {
        record.has_escapes
            && self
                .plan
                .checks
                .iter()
                .any(|step| record.value(step.row).escaped && step.check.reads_text())
            && has_needless_escape(text)
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
            ValueKind::Nested => "a list or an object".to_owned(),
            _ => {
                let text = String::from_utf8_lossy(Span::of(json, text)).into_owned();
                beginning(&text, SHOWN_MAX).to_owned()
            }
        };
        format!("{field} is no readable time: {shown}; the upload's arrival stands in")
    }
}

/// Whether valid JSON escapes anything but quotes and backslashes, which need it: paths that hostile
/// clients ask for have many of these.
fn has_needless_escape(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        if !matches!(rest.get(at + 1), Some(b'"' | b'\\')) {
            return true;
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    false
}
