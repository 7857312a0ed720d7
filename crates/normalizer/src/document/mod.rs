//! One record in, one document out.

pub(crate) mod ecs;
pub(crate) mod event;
pub(crate) mod native;
pub(crate) mod nesting;
mod notes;
mod occurrences;
mod payload;
pub(crate) mod pipeline_error;
mod raw;
mod ready;
pub(crate) mod refusal;
mod shape;
pub(crate) mod truncate;

use std::borrow::Cow;

use thiserror::Error;

use crate::bytes::slice;
use crate::bytes::text::{beginning, hexadecimal, identity, text_beginning, whole_characters};
use crate::bytes::writer::Writer;
use crate::config::Config;
use crate::convert::address::{Told, resolve};
use crate::convert::finding::{CheckResult, Finding, Input, Workspace};
use crate::convert::time::Time;
use crate::document::event::{Event, Labels};
use crate::document::notes::Notes;
use crate::document::occurrences::Occurrences;
use crate::document::pipeline_error::{Failure, ORIGINAL_MAX};
use crate::document::ready::{Ready, has_odd_names};
use crate::document::truncate::{NAME_MAX, NAMES_MAX, truncate};
use crate::input::framer::first_object;
use crate::input::overlong::Overlong;
use crate::mapping::Dataset;
use crate::mapping::datasets::{event_dataset, recognise};
use crate::matched_data::Decryptor;
use crate::plan::error::TableError;
use crate::plan::secret::Secret;
use crate::record::clean::{SecretNames, is_odd, mended_name};
use crate::record::fast::scan;
use crate::record::insides::Insides;
use crate::record::slow::{self, Mended, NoRecord};
use crate::record::{Record, RowId};
use crate::rules::active::Decision;
use crate::rules::edit::has_whole_text;
use crate::rules::treatment::Treated;
use crate::summary::{Explanation, RuleCount, Summary};

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
    decryptor: Option<Decryptor>,
    record: Record,
    findings: Vec<Finding>,
    unmapped: Vec<RowId>,
    /// Rows of the last record whose values rules took the place of.
    treated: Vec<(RowId, Treated)>,
    workspace: Workspace,
    /// Room for the text of a record that rules change.
    edited: Vec<u8>,
    document: Writer,
    /// Whether a record was not finished where its line ended: the next lines may be the rest of it.
    is_unfinished: bool,
    /// Datasets among which the last record's fields did not decide.
    pub(crate) candidates: Vec<&'static str>,
    pub(crate) summary: Summary,
    /// What rules said of each record, where somebody asks.
    pub(crate) explanations: Option<Vec<Explanation>>,
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

/// What became of a record.
#[derive(Debug)]
pub(crate) enum Made<'a> {
    Document(Document<'a>),
    /// A rule dropped it.
    Dropped,
}

/// A document that was written, but for its text.
#[derive(Clone, Copy, Debug)]
struct Written {
    id: [u8; 16],
    time: Option<Time>,
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

impl Engine {
    pub(crate) fn new(config: Config) -> Self {
        let dataset = config.dataset;
        let mut engine = Self {
            ready: None,
            table_error: None,
            decryptor: Decryptor::new(&config.private_keys),
            all_secrets: SecretNames::new(Secret::all_names(), config.unmask),
            occurrences: Occurrences::default(),
            record: Record::default(),
            findings: Vec::new(),
            unmapped: Vec::new(),
            treated: Vec::new(),
            workspace: Workspace::new(),
            edited: Vec::new(),
            document: Writer::default(),
            is_unfinished: false,
            candidates: Vec::new(),
            explanations: None,
            summary: Summary {
                rules: config.rules.names().map(RuleCount::named).collect(),
                ..Summary::default()
            },
            config,
        };
        if let Some(dataset) = dataset {
            engine.begin(dataset);
        }
        engine
    }

    fn begin(&mut self, dataset: &'static Dataset) {
        match Ready::new(dataset, &self.config) {
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
    pub(crate) fn document(&mut self, line: &[u8]) -> Option<Made<'_>> {
        if self.ready.is_none() && first_object(line).is_some() {
            return None;
        }
        let id = self.occurrences.id(identity(line));
        match self.write(line, id, Notes::default()) {
            Ok(written) => {
                self.is_unfinished = false;
                Some(self.made(written))
            }
            // It is counted as a record that no document has: no other is equal to it.
            Err(_) if first_object(line).is_some() => None,
            Err(error) => {
                let id = self.shown_id(id);
                self.failure(&error.to_string(), line, false, &hexadecimal(id));
                self.is_unfinished |=
                    matches!(error, NoDocument::NoRecord(NoRecord::Unfinished(_)));
                Some(self.made(Some(Written { id, time: None })))
            }
        }
    }

    /// The document of a line that is longer than the limit, of which the limit was kept.
    pub(crate) fn overlong(&mut self, line: &Overlong) -> Made<'_> {
        let mut notes = Notes::default();
        let limit = self.config.limits.line_bytes;
        let id = self.occurrences.id(line.identity());
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
            if let Ok(written) = self.write(line.kept(), id, notes) {
                self.is_unfinished = false;
                return self.made(written);
            }
        }
        let id = self.shown_id(id);
        let kept = whole_characters(line.kept());
        self.failure(&broken, kept, true, &hexadecimal(id));
        self.is_unfinished = true;
        self.made(Some(Written { id, time: None }))
    }

    /// Writes the document of `line`, where it is a record that no rule drops; `id` is that of the
    /// record as received.
    fn write(
        &mut self,
        line: &[u8],
        id: [u8; 16],
        mut notes: Notes,
    ) -> Result<Option<Written>, NoDocument> {
        self.document.clear();
        self.treated.clear();
        if self.ready.is_none() {
            match slow::names(line).map(|fields| recognise(&fields)) {
                Some(Ok(dataset)) => self.begin(dataset),
                Some(Err(candidates)) => self.candidates = candidates,
                None => {}
            }
        }
        // Whatever follows, as masks, sees the payload that is decrypted.
        let revealed = self.reveal(line, &mut notes);
        let line = revealed.as_deref().unwrap_or(line);
        let Some(ready) = &mut self.ready else {
            return Err(match self.table_error.clone() {
                Some(error) => NoDocument::Table(error),
                None => NoDocument::UnknownDataset,
            });
        };
        self.record.clear(ready.dataset.rows.len());
        let mut insides = Insides::new(&ready.secrets, &mut ready.open_names);
        let fast = scan(line, &mut ready.keys, &mut self.record, &mut insides);
        let are_clean = insides.are_clean && !has_odd_names(&self.record, line);
        if fast.is_ok() {
            let decision = ready.decide(&self.config, &self.record, line, id);
            if decision.is_dropped {
                self.count_decision(&decision, &[]);
                return Ok(None);
            }
            // A copy of the record's text has all that stands in it.
            let hides = !self.config.unmask
                && (self.config.shape.copies_text() || self.config.keep_original);
            if are_clean
                && !ready.needs_plain_text(&self.record, line)
                && !(hides
                    && (self.record.has_repeated_names
                        || ready.plan.has_unknown_secret(&self.record, line)))
                && (!decision.changes_fields() || has_whole_text(&self.record, line))
            {
                return Ok(Some(self.ruled(line, line, id, decision, &mut notes)));
            }
        }
        self.record.clear(ready.dataset.rows.len());
        let mended = slow::read(line, &mut ready.keys, &ready.secrets, &mut self.record)?;
        let decision = ready.decide(&self.config, &self.record, &mended.text, id);
        if decision.is_dropped {
            self.count_decision(&decision, &[]);
            return Ok(None);
        }
        self.note_mended(&mended, &mut notes);
        let received: &[u8] = if mended.masked { &mended.text } else { line };
        Ok(Some(self.ruled(
            received,
            &mended.text,
            id,
            decision,
            &mut notes,
        )))
    }

    /// Writes the document of the record that came as `line`, and whose places refer to `text`, after
    /// the rules have changed its fields.
    #[inline(always)] // Bench row "core, ecs".
    fn ruled(
        &mut self,
        line: &[u8],
        text: &[u8],
        id: [u8; 16],
        decision: Decision,
        notes: &mut Notes,
    ) -> Written {
        match decision == Decision::NONE {
            true => {
                let id = self.shown_id(id);
                let labels = Labels::default();
                let time = self.event(line, text, &hexadecimal(id), labels, notes);
                Written { id, time }
            }
            false => self.decided(line, text, id, &decision, notes),
        }
    }

    #[inline(never)]
    fn decided(
        &mut self,
        line: &[u8],
        text: &[u8],
        id: [u8; 16],
        decision: &Decision,
        notes: &mut Notes,
    ) -> Written {
        let active = self.ready.as_ref().and_then(|ready| ready.rules.as_ref());
        let key = self.config.rules.key();
        let changed = active
            .filter(|_| decision.changes_fields())
            .map(|active| {
                let spare = core::mem::take(&mut self.edited);
                active.change(decision, &mut self.record, text, key, spare)
            })
            .unwrap_or_default();
        let key = key.filter(|_| changed.has_pseudonym);
        let key = key.map(|key| key.id.clone());
        self.count_decision(decision, &changed.by);
        let labels = Labels {
            sample_rate: decision.sample_rate.as_deref(),
            pseudonym_key: key.as_deref(),
        };
        self.treated = changed.rows;
        let id = self.shown_id(id);
        let digits = hexadecimal(id);
        let time = match &changed.text {
            // Nobody sees the text as it was.
            Some(text) => self.event(text, text, &digits, labels, notes),
            None => self.event(line, text, &digits, labels, notes),
        };
        self.edited = changed.text.unwrap_or(changed.spare);
        Written { id, time }
    }

    fn count_decision(&mut self, decision: &Decision, changed: &[usize]) {
        self.summary
            .count_rules(decision.by, changed, decision.is_dropped);
        if let Some(explanations) = &mut self.explanations {
            explanations.push(Explanation {
                record: self.summary.records,
                decided: decision.by,
                is_dropped: decision.is_dropped,
                changed: changed.to_vec(),
            });
        }
    }

    /// The id that a document shows: a keyed one where rules change fields, since the hash of a record
    /// gives away what was cut from it to whoever tries all values.
    fn shown_id(&self, id: [u8; 16]) -> [u8; 16] {
        match self.config.rules.key() {
            Some(key) if self.changes_fields() => key.event_id(id),
            _ => id,
        }
    }

    /// Whether rules change fields of the upload's dataset, or of any, where it is not known.
    fn changes_fields(&self) -> bool {
        match &self.ready {
            Some(ready) => ready.rules.as_ref().is_some_and(|of| of.changes_fields),
            None => self.config.rules.needs_key(),
        }
    }

    fn made(&mut self, written: Option<Written>) -> Made<'_> {
        let record = self.summary.records;
        if let Some(explanations) = &mut self.explanations
            && explanations.last().is_none_or(|last| last.record != record)
        {
            // No rule had to say anything.
            explanations.push(Explanation {
                record,
                ..Explanation::default()
            });
        }
        self.summary.records += 1;
        let Some(Written { id, time }) = written else {
            return Made::Dropped;
        };
        self.summary.bytes_documents += self.document.len() as u64;
        Made::Document(Document {
            text: self.document.written(),
            id,
            time,
        })
    }

    /// Notes and counts what had to be changed of a record.
    fn note_mended(&mut self, mended: &Mended, notes: &mut Notes) {
        if mended.repaired {
            self.summary.repaired += 1;
            notes.tag("text_repaired");
            let message = "bytes that are no valid text were replaced by U+FFFD";
            notes.messages.push(message.to_owned());
        }
        if mended.repeated > 0 {
            self.summary.repeated_names += mended.repeated;
            notes.tag("repeated_names");
            notes.messages.push(match mended.repeated {
                1 => "a value inside a field gave way to a later one of the same name".to_owned(),
                many => {
                    format!("{many} values inside fields gave way to later ones of the same name")
                }
            });
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
        labels: Labels<'_>,
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
        let event = Event {
            text,
            record: &self.record,
            findings: &self.findings,
            workspace: &self.workspace,
            unmapped: &self.unmapped,
            id,
            time: time.unwrap_or(self.config.arrival),
            original: original.as_deref(),
            unmask: self.config.unmask,
            labels,
        };
        let (dataset, plan) = (ready.dataset, &ready.plan);
        event.write_as(self.config.shape, line, dataset, plan, &mut self.document);
        self.config.shape.note(labels, notes);
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
        // Without rules that hash or hide there is nothing of this to look at for each of the steps.
        let looks_at_rules = !self.treated.is_empty()
            || ready.rules.as_ref().is_some_and(|of| !of.hashed.is_empty());
        for (step, finding) in ready.plan.checks.iter().zip(&mut self.findings) {
            let value = self.record.value(step.row);
            *finding = Finding::None;
            if value.is_absent() {
                continue;
            }
            if looks_at_rules {
                let row = ready.plan.row_of(step.row);
                let treated = self.treated.iter().find(|(of, _)| *of == row);
                match (treated.map(|(_, treated)| *treated), step.is_of_pseudonym) {
                    (None, false) | (Some(Treated::Hashed), true) => {}
                    (_, true) => continue,
                    (Some(treated), false) => {
                        let has_side =
                            treated == Treated::Hashed && ready.plan.sided.contains(&row);
                        let is_kept = ready.plan.keeps.get(row.index()) != Some(&false);
                        if !has_side && !is_kept && !self.unmapped.contains(&row) {
                            self.unmapped.push(row);
                        }
                        continue;
                    }
                }
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
            let treated = &self.treated;
            let told = ready.plan.address.iter().map(|row| Told {
                role: row.role,
                value: self
                    .record
                    .value(match treated.iter().any(|(of, _)| *of == row.of.row) {
                        // It tells nothing any more.
                        true => RowId::NONE,
                        false => row.of.row,
                    }),
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
        let kept_depth = self.config.shape.kept_depth();
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
        let visible = match self.changes_fields() {
            // Nobody can tell the fields of what is no record.
            true => 0,
            false if self.is_unfinished => secrets.visible_of_rest(begun),
            false => secrets.visible(begun),
        };
        let is_whole = !is_cut && visible == original.len();
        if is_whole && self.config.shape.write_broken(original, &mut self.document) {
            return;
        }
        let is_cut = is_cut || visible < begun.len();
        let original = slice(begun, 0..visible);
        let original = String::from_utf8_lossy(original);
        // A document must fit even where its limit is set very low and every byte is escaped.
        let room = self.config.limits.document_bytes.saturating_sub(1024) / 6;
        let shown = beginning(&original, room.min(ORIGINAL_MAX));
        let dataset = self.dataset();
        let native_time = self.config.shape.native_time(dataset, self.config.arrival);
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
