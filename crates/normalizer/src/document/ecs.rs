//! Writing an ECS document by a dataset's plan.

use crate::bytes::text::question_mark;
use crate::bytes::writer::Writer;
use crate::convert::extract::Extract;
use crate::convert::host::{Host, Parts, WHOLE};
use crate::convert::time::{FORMATTED_MAX, Time};
use crate::convert::{Fact, Findings};
use crate::document::nesting::Emitter;
use crate::plan::mask::MASK;
use crate::plan::{Checked, GroupId, JoinedRows, Leaf, Plan, Source, UrlPart};
use crate::record::nested::elements;
use crate::record::{Kind, Record, RowId, Span};

/// A record that was read and looked at, ready to be written.
pub(crate) struct Event<'a> {
    /// The text that the record's places refer to.
    pub(crate) text: &'a [u8],
    pub(crate) record: &'a Record,
    /// One per check.
    pub(crate) facts: &'a [Fact],
    pub(crate) findings: &'a Findings,
    /// Rows whose values their targets cannot take.
    pub(crate) leftovers: &'a [RowId],
    /// Hexadecimal.
    pub(crate) id: &'a [u8; 32],
    pub(crate) time: Time,
    /// The record's text as it came, but for secrets, where documents are to carry it.
    pub(crate) original: Option<&'a str>,
    /// Whether secrets are written as they came.
    pub(crate) shows_secrets: bool,
}

/// Elements of a list that are compared with each other: an alert has a few, hostile records have
/// thousands, and beyond these one may stand twice.
const COMPARED_MAX: usize = 32;

impl Event<'_> {
    /// Writes the document, up to the brace that closes it.
    #[inline(never)]
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
                source => match self.piece(source) {
                    Piece::Place(span) => emitter.member(leaf, self.text, span),
                    Piece::Word(word) => {
                        emitter.member(leaf, word.as_bytes(), Span::new(0, word.len()));
                    }
                    Piece::None => {}
                    Piece::Other => self.other_leaf(&mut emitter, leaf),
                },
            }
        }
        emitter.move_to(GroupId::ROOT);
    }

    /// Extends the value at `span` by the members that follow it both in the document and in the
    /// record, one comma between them; answers the leaves that are left.
    ///
    /// Jobs name their fields in the order of the alphabet, and so does a document: half of it is
    /// pieces of the record.
    #[inline(always)]
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
    #[inline(never)]
    fn other_leaf(&self, emitter: &mut Emitter<'_>, leaf: &Leaf) {
        match &leaf.source {
            Source::EventId => emitter.member(leaf, self.id, Span::new(0, self.id.len())),
            Source::List(sources) => self.list(emitter, leaf, sources),
            Source::Leftovers => self.leftovers(emitter, leaf),
            Source::First(sources) => {
                for source in sources {
                    if self.try_leaf(emitter, leaf, source) {
                        return;
                    }
                }
            }
            source => {
                self.try_leaf(emitter, leaf, source);
            }
        }
    }

    /// Writes a leaf, if `source` gives a value.
    fn try_leaf(&self, emitter: &mut Emitter<'_>, leaf: &Leaf, source: &Source) -> bool {
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

    /// Writes a value, without the quotes of a text; whether there is one.
    fn value(&self, writer: &mut Writer, source: &Source) -> bool {
        match self.piece(source) {
            Piece::Place(span) => writer.slice(self.text, span.start as usize, span.end as usize),
            Piece::Word(word) => writer.put(word.as_bytes()),
            Piece::None => return false,
            Piece::Other => return self.other_value(writer, source),
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
                if matches!(source, Source::Masked(_)) && !self.shows_secrets {
                    writer.quoted(MASK);
                } else {
                    writer.put(value.json_span().of(self.text));
                }
            }
            Source::Original => match self.original {
                Some(original) => writer.quoted(original),
                None => return false,
            },
            Source::EventTime => write_time(writer, self.time),
            Source::Time(of) => match self.fact(*of) {
                Fact::Time(time) => write_time(writer, *time),
                _ => return false,
            },
            Source::CountryCode(of) => match self.fact(*of) {
                Fact::Country(code, _) => writer.put(code),
                _ => return false,
            },
            Source::Lower(of) => match self.fact(*of) {
                Fact::Fit => writer.lower(self.record.value(of.row).span.of(self.text)),
                _ => return false,
            },
            Source::Module(of) => match self.fact(*of) {
                Fact::Fit => {
                    writer.put(b"cloudflare.");
                    writer.put(self.record.value(of.row).span.of(self.text));
                }
                _ => return false,
            },
            Source::Number(of) => match self.fact(*of) {
                Fact::Number(number) => writer.put(number.to_string().as_bytes()),
                _ => return false,
            },
            Source::Elapsed(from, to) => match (self.fact(*from), self.fact(*to)) {
                (Fact::Time(from), Fact::Time(to)) => match to.nanos_since(*from) {
                    Some(nanos) => writer.put(nanos.to_string().as_bytes()),
                    None => return false,
                },
                _ => return false,
            },
            Source::Sum(of) => match self.sum(of) {
                Some(sum) => writer.put(sum.to_string().as_bytes()),
                None => return false,
            },
            Source::Objects(of) => match self.extract(*of) {
                Some(extract) => writer.put(extract.objects.as_bytes()),
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

    #[inline(always)]
    fn fact(&self, of: Checked) -> &Fact {
        self.facts.get(of.step.index()).unwrap_or(&Fact::None)
    }

    /// A text that a source gives.
    #[inline(always)]
    fn piece(&self, source: &Source) -> Piece {
        match source {
            Source::Text(of) | Source::Numeral(of) => match self.fact(*of) {
                Fact::Fit => Piece::Place(self.record.value(of.row).span),
                Fact::Place(span) => Piece::Place(*span),
                _ => Piece::None,
            },
            Source::Host(of) => match self.fact(*of) {
                Fact::Host(span, host) => Piece::Place(name(*span, *host)),
                _ => Piece::None,
            },
            Source::RegisteredDomain(of) => self.part(*of, registered_domain),
            Source::Subdomain(of) => self.part(*of, subdomain),
            Source::TopLevelDomain(of) => self.part(*of, top_level_domain),
            Source::Port(of) => match self.fact(*of) {
                Fact::Host(span, host) => port(*span, *host),
                _ => Piece::None,
            },
            Source::Place(of) => match self.fact(*of) {
                Fact::Place(span) => Piece::Place(*span),
                _ => Piece::None,
            },
            Source::ProtocolName(of) => match self.fact(*of) {
                Fact::Protocol(name, _) => Piece::Word(name),
                _ => Piece::None,
            },
            Source::ProtocolVersion(of) => match self.fact(*of) {
                Fact::Protocol(_, version) => Piece::Place(*version),
                _ => Piece::None,
            },
            Source::CountryName(of) => match self.fact(*of) {
                Fact::Country(_, name) => Piece::Word(name),
                _ => Piece::None,
            },
            Source::Word(of) | Source::WordNumber(of) => match self.fact(*of) {
                Fact::Word(word) => Piece::Word(word),
                _ => Piece::None,
            },
            Source::UrlPart(of, part) => self.url_part(*of, *part),
            _ => Piece::Other,
        }
    }

    /// The same, out of line.
    #[inline(never)]
    fn one_piece(&self, source: &Source) -> Piece {
        self.piece(source)
    }

    #[inline(always)]
    fn part(&self, of: Checked, places: impl Fn(Parts) -> (u16, u16)) -> Piece {
        match self.fact(of) {
            Fact::Host(span, host) => part(*span, *host, places),
            _ => Piece::None,
        }
    }

    #[inline(never)]
    fn url_part(&self, of: Checked, part_of: UrlPart) -> Piece {
        let Fact::Url(number) = self.fact(of) else {
            return Piece::None;
        };
        let Some(url) = self.findings.urls.get(usize::from(*number)) else {
            return Piece::None;
        };
        let has_host = url.scheme.start < url.scheme.end && url.authority.start < url.authority.end;
        match part_of {
            UrlPart::Scheme => some(url.scheme),
            UrlPart::Path => some(url.path),
            UrlPart::Query => some(url.query),
            UrlPart::Fragment => some(url.fragment),
            _ if !has_host => Piece::None,
            UrlPart::Full => some(url.whole),
            UrlPart::Domain => some(name(url.authority, url.host)),
            UrlPart::RegisteredDomain => part(url.authority, url.host, registered_domain),
            UrlPart::Subdomain => part(url.authority, url.host, subdomain),
            UrlPart::TopLevelDomain => part(url.authority, url.host, top_level_domain),
            UrlPart::Port => port(url.authority, url.host),
        }
    }

    fn extract(&self, of: Checked) -> Option<&Extract> {
        match self.fact(of) {
            Fact::Extract(number) => self.findings.extracts.get(usize::from(*number)),
            _ => None,
        }
    }

    fn sum(&self, of: &[Checked]) -> Option<u64> {
        of.iter()
            .filter(|of| matches!(self.fact(**of), Fact::Fit))
            .map(|of| {
                let digits = self.record.value(of.row).span.of(self.text);
                core::str::from_utf8(digits).ok()?.parse::<u64>().ok()
            })
            // What is negative or too large is no count; an integer of ECS is signed.
            .try_fold(None, |sum, number| {
                let (sum, number) = (sum.unwrap_or(0), number?);
                Some(Some(u64::checked_add(sum, number)?))
            })
            .flatten()
            .filter(|sum| i64::try_from(*sum).is_ok())
    }

    /// Each text of a list once.
    #[inline(never)]
    fn list(&self, emitter: &mut Emitter<'_>, leaf: &Leaf, sources: &[Source]) {
        let mut plain = Vec::new();
        let mut list = List {
            emitter,
            leaf,
            first: None,
            others: Vec::new(),
        };
        let is_escaped = |source: &Source| match source {
            Source::Elements(of) => {
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
        list.end();
    }

    /// The texts that sources give, each as a text and the place in it.
    #[inline(always)]
    fn texts<'s>(&'s self, sources: &'s [Source], mut take: impl FnMut(&'s [u8], Span)) {
        for source in sources {
            let mut take_whole = |text: &'s [u8]| take(text, Span::new(0, text.len()));
            match source {
                Source::Words(words) => words.iter().for_each(|word| take_whole(word.as_bytes())),
                Source::Elements(of) => {
                    if let Fact::Fit = self.fact(*of) {
                        for element in elements(self.text, self.record.value(of.row)) {
                            take(self.text, element.span);
                        }
                    }
                }
                Source::Extracted(of) => {
                    for text in self.extract(*of).iter().flat_map(|of| &of.texts) {
                        take_whole(text.as_bytes());
                    }
                }
                source => match self.one_piece(source) {
                    Piece::Place(span) => take(self.text, span),
                    Piece::Word(word) => take_whole(word.as_bytes()),
                    Piece::None | Piece::Other => {}
                },
            }
        }
    }

    /// Rows whose value another row's took the place of, where it is another value: they are left over.
    pub(crate) fn losers(&self, plan: &Plan, found: &mut Vec<RowId>) {
        let may_lose = |source: &Source| {
            source.row().is_some_and(|row| {
                plan.keeps.get(row.index()) == Some(&false) && !self.record.value(row).is_absent()
            })
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
    fn marks(&self, plan: &Plan, name: Span) -> usize {
        let name = name.of(self.text);
        let is_kept = plan.kept.iter().any(|kept| kept.as_bytes() == name);
        if !is_kept {
            return 0;
        }
        let is_taken = |marks: usize| {
            self.record.unknown.iter().any(|other| {
                other
                    .name
                    .of(self.text)
                    .strip_prefix(name)
                    .is_some_and(|rest| {
                        rest.len() == marks && rest.iter().all(|&byte| byte == b'_')
                    })
            })
        };
        let mut marks = 1;
        while is_taken(marks) {
            marks += 1;
        }
        marks
    }

    #[inline(never)]
    fn leftovers(&self, emitter: &mut Emitter<'_>, leaf: &Leaf) {
        for row in self.leftovers {
            let value = self.record.value(*row);
            let member = value.member as usize + 1;
            let name = Span::new(member, crate::bytes::simd::find_special(self.text, member));
            emitter.kept(leaf, self.text, name, 0, value.json_span());
        }
        for unknown in &self.record.unknown {
            if !unknown.value.is_absent() {
                let marks = self.marks(emitter.plan, unknown.name);
                // A second value of a secret, under another name.
                let is_masked =
                    !self.shows_secrets && emitter.plan.is_secret(unknown.name.of(self.text));
                let value = match is_masked {
                    true => Span::default(),
                    false => unknown.value.json_span(),
                };
                emitter.kept(leaf, self.text, unknown.name, marks, value);
                if is_masked {
                    emitter.writer.quoted(MASK);
                }
            }
        }
    }
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

/// A text of a document.
#[derive(Clone, Copy)]
enum Piece {
    None,
    Place(Span),
    Word(&'static str),
    /// Not to be had as a piece of the text.
    Other,
}

fn some(span: Span) -> Piece {
    if span.start < span.end {
        Piece::Place(span)
    } else {
        Piece::None
    }
}

/// The name of the host that stands at `span`.
#[inline(always)]
fn name(span: Span, host: Host) -> Span {
    match host.name_end {
        WHOLE => span,
        end => Span {
            start: span.start,
            end: span.start + u32::from(end),
        },
    }
}

#[inline(always)]
fn port(span: Span, host: Host) -> Piece {
    match host.port {
        0 => Piece::None,
        port => Piece::Place(Span {
            start: span.start + u32::from(port),
            ..span
        }),
    }
}

#[inline(always)]
fn part(span: Span, host: Host, places: impl Fn(Parts) -> (u16, u16)) -> Piece {
    match host.parts.map(places) {
        Some((start, end)) if start < end => Piece::Place(Span {
            start: span.start + u32::from(start),
            end: span.start + u32::from(end),
        }),
        _ => Piece::None,
    }
}

fn registered_domain(parts: Parts) -> (u16, u16) {
    (parts.registered, parts.end)
}

fn subdomain(parts: Parts) -> (u16, u16) {
    (0, parts.registered.saturating_sub(1))
}

fn top_level_domain(parts: Parts) -> (u16, u16) {
    (parts.top_level, parts.end)
}

fn write_time(writer: &mut Writer, time: Time) {
    let mut text = [0; FORMATTED_MAX];
    let len = time.format(&mut text);
    writer.slice(&text, 0, len);
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
        if text.is_empty() || first == text || self.others.contains(&text) {
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

impl Record {
    /// The pieces of an address that came in parts, where at least its host is known.
    pub(crate) fn joined<'a>(&self, text: &'a [u8], rows: JoinedRows) -> Option<[&'a [u8]; 6]> {
        let part = |row| {
            let value = self.value(row);
            if value.kind == Kind::Text {
                value.span.of(text)
            } else {
                b""
            }
        };
        let (scheme, host) = (rows.scheme.map_or(&b""[..], part), part(rows.host));
        if host.is_empty() {
            return None;
        }
        let query = rows.query.map_or(&b""[..], part);
        let separator: &[u8] = if scheme.is_empty() { b"//" } else { b"://" };
        let mark: &[u8] = if query.is_empty() || question_mark(query) > 0 {
            b""
        } else {
            b"?"
        };
        Some([scheme, separator, host, part(rows.path), mark, query])
    }
}
