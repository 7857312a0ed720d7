//! Writing an ECS document by a dataset's plan.

use crate::convert::{Fact, action_type};
use crate::domain::{Parts, WHOLE};
use crate::plan::{Leaf, Plan, ReferrerRows, Source};
use crate::record::{Kind, Record, Span};
use crate::text::question_mark;
use crate::timestamp::{FORMATTED_MAX, Time};
use crate::writer::{Fragment, Writer};

/// A record that was read and looked at, ready to be written.
pub(crate) struct Event<'a> {
    /// The text that the record's places refer to.
    pub(crate) text: &'a [u8],
    pub(crate) record: &'a Record,
    /// One per row.
    pub(crate) facts: &'a [Fact],
    /// Rows whose values their targets cannot take.
    pub(crate) leftovers: &'a [u16],
    /// Hexadecimal.
    pub(crate) id: &'a [u8; 32],
    pub(crate) time: Time,
    /// The record's text as it came, where documents are to carry it.
    pub(crate) original: Option<&'a str>,
}

impl Event<'_> {
    /// Writes the document, up to the brace that closes it.
    #[inline(never)]
    pub(crate) fn write(&self, plan: &Plan, writer: &mut Writer) {
        writer.byte(b'{');
        let mut emitter = Emitter {
            plan,
            writer,
            group: 0,
            fresh: true,
        };
        let mut leaves = plan.leaves.as_slice();
        while let Some((leaf, rest)) = leaves.split_first() {
            leaves = rest;
            match &leaf.source {
                Source::Text(row) | Source::Integer(row) => {
                    if let Fact::Fit | Fact::Host(..) = self.fact(*row) {
                        emitter.member(leaf, self.text, self.record.value(*row).span);
                    }
                }
                Source::Raw(row) => {
                    let value = self.record.value(*row);
                    if !value.is_absent() {
                        let mut span = value.json_span();
                        leaves = self.follow(&mut span, rest);
                        emitter.member(leaf, self.text, span);
                    }
                }
                Source::Constant => emitter.begin(leaf),
                Source::EventTime
                | Source::Time(_)
                | Source::EventId
                | Source::Original
                | Source::Referrer(_)
                | Source::List(_)
                | Source::Port(_)
                | Source::Leftovers
                | Source::CountryCode(_)
                | Source::Module(_) => self.other_leaf(&mut emitter, leaf),
                source => match self.piece(source) {
                    Piece::None => {}
                    Piece::Place(span) => emitter.member(leaf, self.text, span),
                    Piece::Word(word) => {
                        emitter.member(leaf, word.as_bytes(), Span::new(0, word.len()));
                    }
                },
            }
        }
        emitter.move_to(0);
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

    #[inline(never)]
    fn other_leaf(&self, emitter: &mut Emitter<'_>, leaf: &Leaf) {
        match &leaf.source {
            Source::EventTime => emitter.time(leaf, self.time),
            Source::Time(row) => {
                if let Fact::Time(time) = self.fact(*row) {
                    emitter.time(leaf, *time);
                }
            }
            Source::EventId => emitter.member(leaf, self.id, Span::new(0, self.id.len())),
            Source::Original => {
                if let Some(original) = self.original {
                    emitter.begin(leaf);
                    emitter.writer.quoted(original);
                }
            }
            Source::Referrer(rows) => self.referrer(emitter, leaf, *rows),
            Source::List(sources) => self.list(emitter, leaf, sources),
            Source::Port(row) => {
                if let Fact::Host(span, host) = self.fact(*row)
                    && host.port > 0
                {
                    let start = span.start + u32::from(host.port);
                    emitter.member(leaf, self.text, Span { start, ..*span });
                }
            }
            Source::Leftovers => self.leftovers(emitter, leaf),
            Source::CountryCode(row) => {
                if let Fact::Country(code, _) = self.fact(*row) {
                    emitter.member(leaf, code, Span::new(0, code.len()));
                }
            }
            Source::Module(row) => {
                if let Fact::Fit = self.fact(*row) {
                    emitter.begin(leaf);
                    emitter.writer.put(b"cloudflare.");
                    let span = self.record.value(*row).span;
                    emitter
                        .writer
                        .slice(self.text, span.start as usize, span.end as usize);
                    emitter.writer.byte(b'"');
                }
            }
            // The others are the business of `write`.
            _ => {}
        }
    }

    #[inline(always)]
    fn fact(&self, row: u16) -> &Fact {
        self.facts.get(usize::from(row)).unwrap_or(&Fact::None)
    }

    /// A text that a source gives.
    #[inline(always)]
    fn piece(&self, source: &Source) -> Piece {
        match source {
            Source::Text(row) => match self.fact(*row) {
                Fact::Fit | Fact::Host(..) => Piece::Place(self.record.value(*row).span),
                _ => Piece::None,
            },
            Source::Host(row) => match self.fact(*row) {
                Fact::Host(span, host) => Piece::Place(match host.name_end {
                    WHOLE => *span,
                    end => Span {
                        start: span.start,
                        end: span.start + u32::from(end),
                    },
                }),
                _ => Piece::None,
            },
            Source::RegisteredDomain(row) => self.part(*row, |parts| (parts.registered, parts.end)),
            Source::Subdomain(row) => {
                self.part(*row, |parts| (0, parts.registered.saturating_sub(1)))
            }
            Source::TopLevelDomain(row) => self.part(*row, |parts| (parts.top_level, parts.end)),
            Source::Remainder(row) => match self.fact(*row) {
                Fact::Remainder(span) => Piece::Place(*span),
                _ => Piece::None,
            },
            Source::ProtocolName(row) => match self.fact(*row) {
                Fact::Protocol(name, _) => Piece::Word(name),
                _ => Piece::None,
            },
            Source::ProtocolVersion(row) => match self.fact(*row) {
                Fact::Protocol(_, version) => Piece::Place(*version),
                _ => Piece::None,
            },
            Source::CountryName(row) => match self.fact(*row) {
                Fact::Country(_, name) => Piece::Word(name),
                _ => Piece::None,
            },
            Source::ActionType(row) => match self.fact(*row) {
                Fact::Fit => Piece::Word(action_type(self.record.value(*row).span.of(self.text))),
                _ => Piece::None,
            },
            // The others give no text: `leaf` writes them.
            _ => Piece::None,
        }
    }

    #[inline(always)]
    fn part(&self, row: u16, places: impl Fn(Parts) -> (u16, u16)) -> Piece {
        let Fact::Host(span, host) = self.fact(row) else {
            return Piece::None;
        };
        match host.parts.map(places) {
            Some((start, end)) if start < end => Piece::Place(Span {
                start: span.start + u32::from(start),
                end: span.start + u32::from(end),
            }),
            _ => Piece::None,
        }
    }

    /// Each text of a list once.
    #[inline(never)]
    fn list(&self, emitter: &mut Emitter<'_>, leaf: &Leaf, sources: &[Source]) {
        let mut begun = false;
        for (index, source) in sources.iter().enumerate() {
            let piece = self.list_piece(source);
            let Some(text) = piece.of(self.text) else {
                continue;
            };
            let earlier = sources.iter().take(index);
            if earlier
                .into_iter()
                .any(|source| self.list_piece(source).of(self.text) == Some(text))
            {
                continue;
            }
            // The leaf's own text opens the list and the first text in it.
            if begun {
                emitter.writer.put(b",\"");
                emitter.writer.put(text);
                emitter.writer.byte(b'"');
            } else if let Piece::Place(span) = piece {
                emitter.member(leaf, self.text, span);
            } else {
                emitter.member(leaf, text, Span::new(0, text.len()));
            }
            begun = true;
        }
        if begun {
            emitter.writer.byte(b']');
        }
    }

    #[inline(never)]
    fn list_piece(&self, source: &Source) -> Piece {
        self.piece(source)
    }

    /// The referrer as it came, or put together: Logpush sends it in four fields.
    #[inline(never)]
    fn referrer(&self, emitter: &mut Emitter<'_>, leaf: &Leaf, rows: ReferrerRows) {
        if let Some(whole) = rows.whole
            && let Piece::Place(span) = self.piece(&Source::Text(whole))
        {
            emitter.begin(leaf);
            emitter.writer.byte(b'"');
            emitter
                .writer
                .slice(self.text, span.start as usize, span.end as usize);
            emitter.writer.byte(b'"');
            return;
        }
        if let Some(referrer) = self.record.referrer(self.text, rows) {
            emitter.begin(leaf);
            emitter.writer.byte(b'"');
            for piece in referrer {
                emitter.writer.put(piece);
            }
            emitter.writer.byte(b'"');
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
            let name = Span::new(member, crate::simd::find_special(self.text, member));
            emitter.kept(leaf, self.text, name, 0, value.json_span());
        }
        for unknown in &self.record.unknown {
            if !unknown.value.is_absent() {
                let marks = self.marks(emitter.plan, unknown.name);
                emitter.kept(
                    leaf,
                    self.text,
                    unknown.name,
                    marks,
                    unknown.value.json_span(),
                );
            }
        }
    }
}

/// A text of a document.
#[derive(Clone, Copy)]
enum Piece {
    None,
    Place(Span),
    Word(&'static str),
}

impl Piece {
    /// The text itself, as far as lists need it.
    fn of(self, text: &[u8]) -> Option<&[u8]> {
        match self {
            Self::Place(span) if span.start < span.end => Some(span.of(text)),
            Self::Word(word) => Some(word.as_bytes()),
            _ => None,
        }
    }
}

impl Record {
    /// The pieces of the referrer, where at least its host is known.
    pub(crate) fn referrer<'a>(&self, text: &'a [u8], rows: ReferrerRows) -> Option<[&'a [u8]; 6]> {
        let part = |row| {
            let value = self.value(row);
            if value.kind == Kind::Text {
                value.span.of(text)
            } else {
                b""
            }
        };
        let (scheme, host) = (part(rows.scheme), part(rows.host));
        if host.is_empty() {
            return None;
        }
        let query = part(rows.query);
        let separator: &[u8] = if scheme.is_empty() { b"//" } else { b"://" };
        let mark: &[u8] = if query.is_empty() || question_mark(query) > 0 {
            b""
        } else {
            b"?"
        };
        Some([scheme, separator, host, part(rows.path), mark, query])
    }
}

struct Emitter<'a> {
    plan: &'a Plan,
    writer: &'a mut Writer,
    /// The object that is open.
    group: u16,
    /// Whether it has no member yet.
    fresh: bool,
}

impl Emitter<'_> {
    /// Opens the leaf's object, and writes its name (or the whole of a constant).
    fn begin(&mut self, leaf: &Leaf) {
        let (text, is_first) = self.arrive(leaf);
        self.writer.fragment(text, is_first);
    }

    /// Writes a whole leaf.
    #[inline(always)]
    fn member(&mut self, leaf: &Leaf, value: &[u8], span: Span) {
        let (text, is_first) = self.arrive(leaf);
        self.writer.member(text, is_first, value, span);
    }

    /// What is to be written before the leaf's value, and whether it is its object's first.
    #[inline(always)]
    fn arrive<'leaf>(&mut self, leaf: &'leaf Leaf) -> (&'leaf Fragment, bool) {
        if leaf.group != self.group {
            match &leaf.jump {
                // The leaf before was written: the way from there is known.
                Some(jump) if jump.from == self.group && !self.fresh => {
                    self.group = leaf.group;
                    return (&jump.text, false);
                }
                _ => self.move_to(leaf.group),
            }
        }
        (&leaf.text, core::mem::replace(&mut self.fresh, false))
    }

    fn time(&mut self, leaf: &Leaf, time: Time) {
        let mut text = [0; FORMATTED_MAX];
        let len = time.format(&mut text);
        self.member(leaf, &text, Span::new(0, len));
    }

    /// Writes a member of `cloudflare` under the name that it came with, and `marks` underscores.
    fn kept(&mut self, leaf: &Leaf, text: &[u8], name: Span, marks: usize, value: Span) {
        if leaf.group != self.group {
            self.move_to(leaf.group);
        }
        if !self.fresh {
            self.writer.byte(b',');
        }
        self.fresh = false;
        self.writer.byte(b'"');
        self.writer.put(name.of(text));
        for _ in 0..marks {
            self.writer.byte(b'_');
        }
        self.writer.put(b"\":");
        self.writer
            .slice(text, value.start as usize, value.end as usize);
    }

    /// Closes and opens objects until `group` is open.
    fn move_to(&mut self, group: u16) {
        // No ECS path of a table has more than five names.
        let mut to_open = [0_u16; 8];
        let mut count = 0;
        let (mut from, mut to) = (self.group, group);
        while from != to {
            if self.depth(from) >= self.depth(to) {
                self.writer.byte(b'}');
                self.fresh = false;
                from = self.parent(from);
            } else {
                if let Some(place) = to_open.get_mut(count) {
                    *place = to;
                }
                count += 1;
                to = self.parent(to);
            }
        }
        for index in to_open.iter().take(count).rev() {
            if let Some(group) = self.plan.groups.get(usize::from(*index)) {
                self.writer.fragment(&group.text, self.fresh);
                self.fresh = true;
            }
        }
        self.group = group;
    }

    fn depth(&self, group: u16) -> u16 {
        self.plan
            .groups
            .get(usize::from(group))
            .map_or(0, |group| group.depth)
    }

    fn parent(&self, group: u16) -> u16 {
        self.plan
            .groups
            .get(usize::from(group))
            .map_or(0, |group| group.parent)
    }
}
