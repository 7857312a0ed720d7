//! Writing an ECS document by a dataset's plan.

use crate::bytes::same;
use crate::bytes::writer::Writer;
use crate::convert::Form;
use crate::convert::finding::{Finding, Found};
use crate::convert::host_parts::Part;
use crate::convert::number::sum_of;
use crate::convert::piece::Piece;
use crate::convert::place::{write_location, write_region};
use crate::convert::timestamp::elapsed;
use crate::document::event::Event;
use crate::document::nesting::Emitter;
use crate::plan::mask::MASK;
use crate::plan::source::{Checked, Source};
use crate::plan::{GroupId, Leaf, Plan};
use crate::record::nested::elements;
use crate::record::{RowId, Span};

/// Elements of a list that are compared with each other: an alert has a few, hostile records have
/// thousands, and beyond these one may stand twice.
const COMPARED_MAX: usize = 32;

impl Event<'_> {
    /// Writes the document, up to the brace that closes it.
    #[inline(never)] // Bench row "core, native".
    pub(crate) fn write(&self, plan: &Plan, writer: &mut Writer) {
        writer.byte(b'{');
        let mut emitter = Emitter {
            plan,
            writer,
            group: GroupId::ROOT,
            fresh: true,
        };
        let mut leaves = plan.leaves.as_slice();
        while let Some((leaf, rest)) = leaves.split_first() {
            leaves = rest;
            match &leaf.source {
                Source::Raw(row) => {
                    let value = self.record.value(*row);
                    if !value.is_absent() {
                        let mut span = value.json_span();
                        leaves = self.follow(&mut span, rest);
                        emitter.member(leaf, self.text, span);
                    }
                }
                Source::Constant => emitter.begin(leaf),
                Source::Value { of, .. } if matches!(self.finding(*of), Finding::None) => {}
                Source::Value { of, form, .. } => match form.piece(self.found(*of)) {
                    Piece::Place(span) => emitter.member(leaf, self.text, span),
                    Piece::Word(word) => {
                        emitter.member(leaf, word.as_bytes(), Span::new(0, word.len()));
                    }
                    Piece::Copied(span) => {
                        emitter.member(leaf, self.workspace.copies.written(), span);
                    }
                    Piece::None => {}
                    Piece::Written => self.other_leaf(&mut emitter, leaf),
                },
                _ => self.other_leaf(&mut emitter, leaf),
            }
        }
        emitter.move_to(GroupId::ROOT);
    }

    /// Extends the value at `span` by the members that follow it both in the document and in the
    /// record, one comma between them; answers the leaves that are left.
    ///
    /// Jobs name their fields in the order of the alphabet, and so does a document: half of it is
    /// pieces of the record.
    fn follow<'leaves>(&self, span: &mut Span, leaves: &'leaves [Leaf]) -> &'leaves [Leaf] {
        let mut left = leaves;
        if self.record.has_other_names {
            return left;
        }
        while let Some((leaf, rest)) = left.split_first()
            && leaf.follows
            && let Source::Raw(row) = leaf.source
        {
            let value = self.record.value(row);
            if !value.is_absent() {
                if value.member != span.end + 1 {
                    break;
                }
                span.end = value.json_span().end;
            }
            left = rest;
        }
        left
    }

    /// Writes a leaf that is no single piece of the text.
    #[inline(never)] // Bench row "core, native".
    fn other_leaf(&self, emitter: &mut Emitter<'_>, leaf: &Leaf) {
        match &leaf.source {
            Source::EventId => emitter.member(leaf, self.id, Span::new(0, self.id.len())),
            Source::List(sources) => self.list(emitter, leaf, sources),
            Source::Unmapped => self.write_unmapped(emitter, leaf),
            Source::First(sources) => {
                for source in sources {
                    if self.try_leaf(emitter, leaf, source) || self.has_no_part(source) {
                        return;
                    }
                }
            }
            source => {
                self.try_leaf(emitter, leaf, source);
            }
        }
    }

    /// Whether the source is part of a name that has no such part: none of another name stands in.
    fn has_no_part(&self, source: &Source) -> bool {
        match source {
            Source::Value {
                of,
                form: Form::HostPart(Part::Registered | Part::Subdomain | Part::TopLevel),
                ..
            } => {
                let name = Form::HostPart(Part::Name).piece(self.found(*of));
                !matches!(name, Piece::None)
            }
            _ => false,
        }
    }

    /// Writes a leaf, if `source` gives a value.
    fn try_leaf(&self, emitter: &mut Emitter<'_>, leaf: &Leaf, source: &Source) -> bool {
        if self.has_nothing(source) {
            return false;
        }
        let before = (emitter.writer.len(), emitter.group, emitter.fresh);
        emitter.begin(leaf);
        // The leaf's own text has the quote of a text already, unless several sources compete.
        let needs_quotes = source.is_text() && !leaf.source.is_text();
        if needs_quotes {
            emitter.writer.byte(b'"');
        }
        if !self.value(emitter.writer, source) {
            emitter.writer.truncate(before.0);
            (_, emitter.group, emitter.fresh) = before;
            return false;
        }
        if source.is_text() {
            emitter.writer.byte(b'"');
        }
        true
    }

    /// Whether a source has no value, as far as that is told without writing.
    fn has_nothing(&self, source: &Source) -> bool {
        let is_none = |of: &Checked| matches!(self.finding(*of), Finding::None);
        match source {
            Source::Raw(row) | Source::Masked(row) => self.record.value(*row).is_absent(),
            Source::Original => self.original.is_none(),
            Source::Value { of, .. } | Source::Region(of, _) => is_none(of),
            Source::Elapsed(one, other) | Source::Location(one, other) => {
                is_none(one) || is_none(other)
            }
            Source::Joined(rows) => [rows.host, rows.path]
                .iter()
                .all(|row| self.record.value(*row).is_absent()),
            _ => false,
        }
    }

    /// Writes a value, without the quotes of a text; whether there is one.
    fn value(&self, writer: &mut Writer, source: &Source) -> bool {
        match self.piece(source) {
            Piece::Place(span) => writer.slice(self.text, span.start as usize, span.end as usize),
            Piece::Word(word) => writer.put(word.as_bytes()),
            Piece::Copied(span) => writer.put(span.of(self.workspace.copies.written())),
            Piece::None => return false,
            Piece::Written => return self.other_value(writer, source),
        }
        true
    }

    fn other_value(&self, writer: &mut Writer, source: &Source) -> bool {
        match source {
            Source::Default(word) => writer.put(word.as_bytes()),
            Source::Raw(row) | Source::Masked(row) => {
                let value = self.record.value(*row);
                if value.is_absent() {
                    return false;
                }
                if matches!(source, Source::Masked(_)) && !self.unmask {
                    writer.quoted(MASK);
                } else {
                    writer.put(value.json_span().of(self.text));
                }
            }
            Source::Original => match self.original {
                Some(original) => writer.quoted(original),
                None => return false,
            },
            Source::EventTime => self.time.write(writer),
            Source::SampleRate => return write_label(self.labels.sample_rate, writer),
            Source::PseudonymKey => return write_label(self.labels.pseudonym_key, writer),
            Source::Value { of, form, .. } => return form.write(self.found(*of), writer),
            Source::Elapsed(from, to) => match elapsed(self.finding(*from), self.finding(*to)) {
                Some(nanos) => writer.put(nanos.to_string().as_bytes()),
                None => return false,
            },
            Source::Region(region, country) => {
                return write_region(self.found(*region), self.found(*country), writer);
            }
            Source::Location(latitude, longitude) => {
                return write_location(self.found(*latitude), self.found(*longitude), writer);
            }
            Source::Sum(of) => match sum_of(of.iter().map(|of| self.found(*of))) {
                Some(sum) => writer.put(sum.to_string().as_bytes()),
                None => return false,
            },
            Source::Joined(rows) => match self.record.joined(self.text, *rows) {
                Some(pieces) => {
                    writer.byte(b'"');
                    for piece in pieces {
                        writer.put(piece);
                    }
                    writer.byte(b'"');
                }
                None => return false,
            },
            // The others are pieces, or the business of `other_leaf`.
            _ => return false,
        }
        true
    }

    fn finding(&self, of: Checked) -> &Finding {
        self.findings.get(of.step.index()).unwrap_or(&Finding::None)
    }

    fn found(&self, of: Checked) -> Found<'_> {
        Found {
            finding: self.finding(of),
            record: self.record,
            row: of.row,
            text: self.text,
            workspace: self.workspace,
        }
    }

    /// A text that a source gives.
    #[inline(always)] // Bench row "core, native".
    fn piece(&self, source: &Source) -> Piece {
        match source {
            Source::Value { of, form, .. } => form.piece(self.found(*of)),
            _ => Piece::Written,
        }
    }

    /// The same, out of line.
    fn one_piece(&self, source: &Source) -> Piece {
        self.piece(source)
    }

    /// Each text of a list once.
    #[inline(never)] // Bench row "core, native".
    fn list(&self, emitter: &mut Emitter<'_>, leaf: &Leaf, sources: &[Source]) {
        let mut plain = Vec::new();
        let mut list = List {
            emitter,
            leaf,
            first: None,
            others: Vec::new(),
        };
        let is_escaped = |source: &Source| match source {
            Source::Value {
                of,
                form: Form::Elements,
                ..
            } => {
                let list = self.record.value(of.row).span;
                list.of(self.text).contains(&b'\\')
            }
            source => source
                .row()
                .is_some_and(|row| self.record.value(row).escaped),
        };
        if sources.iter().any(is_escaped) {
            self.texts(sources, |source, span| {
                plain.push(least_escaped(span.of(source)));
            });
            plain.iter().for_each(|text| list.add(text));
        } else {
            self.texts(sources, |source, span| match list.first {
                // The first of most lists: from here it can be read over its end.
                None => list.begin(source, span),
                Some(_) => list.add(span.of(source)),
            });
        }
        if let (None, Some(Source::Default(text))) = (list.first, sources.last()) {
            list.add(text.as_bytes());
        }
        list.end();
    }

    /// The texts that sources give, each as a text and the place in it.
    fn texts<'s>(&'s self, sources: &'s [Source], mut take: impl FnMut(&'s [u8], Span)) {
        for source in sources {
            let mut take_whole = |text: &'s [u8]| take(text, Span::new(0, text.len()));
            match source {
                Source::Words(words) => words.iter().for_each(|word| take_whole(word.as_bytes())),
                Source::Value {
                    of,
                    form: Form::Elements,
                    ..
                } => match self.finding(*of) {
                    Finding::Fit => {
                        for element in elements(self.text, self.record.value(of.row)) {
                            take(self.text, element.span);
                        }
                    }
                    // Not all of them, or not as they came.
                    _ => {
                        for text in self.found(*of).extract().iter().flat_map(|of| &of.texts) {
                            take_whole(text.as_bytes());
                        }
                    }
                },
                Source::Value {
                    of,
                    form: Form::Addresses,
                    ..
                } => {
                    for text in self
                        .found(*of)
                        .extract()
                        .iter()
                        .flat_map(|of| &of.addresses)
                    {
                        take_whole(text.as_bytes());
                    }
                }
                Source::Value {
                    of,
                    form: Form::Extracted,
                    ..
                } => {
                    for text in self.found(*of).extract().iter().flat_map(|of| &of.texts) {
                        take_whole(text.as_bytes());
                    }
                }
                source => match self.one_piece(source) {
                    Piece::Place(span) => take(self.text, span),
                    Piece::Copied(span) => take(self.workspace.copies.written(), span),
                    Piece::Word(word) => take_whole(word.as_bytes()),
                    Piece::None | Piece::Written => {}
                },
            }
        }
    }

    /// Rows whose value another row's took the place of, where it is another value: they are unmapped.
    pub(crate) fn overridden(&self, plan: &Plan, found: &mut Vec<RowId>) {
        let may_lose = |source: &Source| {
            source
                .row()
                .is_some_and(|row| plan.may_lose(row) && !self.record.value(row).is_absent())
        };
        for sources in &plan.contests {
            // Mostly there is nobody to lose: nothing is written down for a comparison.
            if !sources.iter().skip(1).any(may_lose) {
                continue;
            }
            let mut winner = None;
            for source in sources {
                let mut text = Writer::default();
                if !self.value(&mut text, source) {
                    continue;
                }
                let Some(winner) = &winner else {
                    winner = Some(text);
                    continue;
                };
                if let Some(row) = source.row().filter(|_| may_lose(source))
                    && !is_same(text.written(), winner.written())
                    && !found.contains(&row)
                {
                    found.push(row);
                }
            }
        }
    }

    /// How many underscores an unknown name needs behind it to be no other name under `cloudflare`.
    fn suffix(&self, plan: &Plan, name: Span) -> usize {
        let name = name.of(self.text);
        let is_kept = plan.kept.iter().any(|kept| kept.as_bytes() == name);
        if !is_kept {
            return 0;
        }
        let is_taken = |suffix: usize| {
            self.record.unknown.iter().any(|other| {
                other
                    .name
                    .of(self.text)
                    .strip_prefix(name)
                    .is_some_and(|rest| {
                        rest.len() == suffix && rest.iter().all(|&byte| byte == b'_')
                    })
            })
        };
        let mut suffix = 1;
        while is_taken(suffix) {
            suffix += 1;
        }
        suffix
    }

    fn write_unmapped(&self, emitter: &mut Emitter<'_>, leaf: &Leaf) {
        for row in self.unmapped {
            let value = self.record.value(*row);
            let member = value.member as usize + 1;
            let name = Span::new(member, crate::bytes::simd::find_special(self.text, member));
            emitter.kept(leaf, self.text, name, 0, value.json_span());
        }
        for unknown in &self.record.unknown {
            if !unknown.value.is_absent() {
                let suffix = self.suffix(emitter.plan, unknown.name);
                // A second value of a secret, under another name.
                let is_masked = !self.unmask && emitter.plan.is_secret(unknown.name.of(self.text));
                let value = match is_masked {
                    true => Span::default(),
                    false => unknown.value.json_span(),
                };
                emitter.kept(leaf, self.text, unknown.name, suffix, value);
                if is_masked {
                    emitter.writer.quoted(MASK);
                }
            }
        }
    }
}

fn write_label(label: Option<&str>, writer: &mut Writer) -> bool {
    if let Some(label) = label {
        writer.quoted(label);
    }
    label.is_some()
}

/// Whether two values are the same, however they are escaped.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let is_escaped = |text: &[u8]| text.contains(&b'\\');
    one == other
        || ((is_escaped(one) || is_escaped(other)) && least_escaped(one) == least_escaped(other))
}

/// The insides of a JSON string with no escapes but those that it needs: equal texts are equal then.
#[cold]
fn least_escaped(insides: &[u8]) -> Vec<u8> {
    let quoted = [b"\"", insides, b"\""].concat();
    let text = serde_json::from_slice::<String>(&quoted);
    let least = text.and_then(|text| serde_json::to_vec(&text));
    match least.as_deref() {
        Ok([b'"', least @ .., b'"']) => least.to_vec(),
        _ => insides.to_vec(),
    }
}

/// A list in the making.
struct List<'a, 'emitter, 'text> {
    emitter: &'a mut Emitter<'emitter>,
    leaf: &'a Leaf,
    first: Option<&'text [u8]>,
    /// Most lists have one text: this needs no memory until there is another.
    others: Vec<&'text [u8]>,
}

impl<'text> List<'_, '_, 'text> {
    /// Adds the first text, which stands at `span`.
    fn begin(&mut self, source: &'text [u8], span: Span) {
        if span.start < span.end {
            self.emitter.member(self.leaf, source, span);
            self.first = Some(span.of(source));
        }
    }

    /// Adds a text that is not there yet.
    fn add(&mut self, text: &'text [u8]) {
        let Some(first) = self.first else {
            return self.begin(text, Span::new(0, text.len()));
        };
        let is_known = |known: &[u8]| same(known, text);
        if text.is_empty() || is_known(first) || self.others.iter().any(|known| is_known(known)) {
            return;
        }
        if self.others.len() + 1 < COMPARED_MAX {
            self.others.push(text);
        }
        let writer = &mut *self.emitter.writer;
        writer.put(b",\"");
        writer.put(text);
        writer.byte(b'"');
    }

    fn end(self) {
        if self.first.is_some() {
            self.emitter.writer.byte(b']');
        }
    }
}
