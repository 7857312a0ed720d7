//! A dataset's table, made ready: what to look at in a record, and what to write in which order.

pub(crate) mod error;
pub(crate) mod feedback_loop;
pub(crate) mod mask;
pub(crate) mod native;
pub(crate) mod tree;

use crate::bytes::writer::Fragment;
use crate::convert::{Check, Mode};
use crate::mapping::{Dataset, Target};
use crate::plan::error::TableError;
use crate::plan::mask::Secret;
use crate::plan::native::NativeRows;
use crate::plan::tree::{Branch, Entry, Tree};
use crate::record::{MemberPath, RowId};

/// What the engine does for every record of a dataset.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What is asked of the rows' values before anything is written, row by row.
    pub(crate) checks: Vec<Step>,
    /// The document's leaves, group by group.
    pub(crate) leaves: Vec<Leaf>,
    /// The document's objects; the first is the document itself.
    pub(crate) groups: Vec<Group>,
    /// Names under `cloudflare` that the table uses.
    pub(crate) kept: Vec<&'static str>,
    /// The row of the event's time, and where its fact is found.
    pub(crate) time: Option<(RowId, StepId)>,
    /// Leaves that several rows give, of which the first wins.
    pub(crate) contests: Vec<Box<[Source]>>,
    /// Per row, whether it is kept under `cloudflare` in any case.
    pub(crate) keeps: Vec<bool>,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) native: Option<NativeRows>,
    /// Members of objects that have targets of their own; their values stand behind the rows'.
    pub(crate) members: Vec<MemberPath>,
    /// How many rows the table has.
    rows: usize,
}

/// The number of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StepId(u16);

/// The number of an object of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupId(u16);

/// One check of one row's value.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) row: RowId,
    pub(crate) check: Check,
}

/// One value of the document, and what it is made of.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) group: GroupId,
    /// `,"name":`, with the quote of a text or the beginning of a list of texts, or the whole of a
    /// constant.
    pub(crate) text: Fragment,
    /// The same behind what leads here from the object of the leaf before, if that is another one.
    pub(crate) jump: Option<Jump>,
    pub(crate) source: Source,
    /// Whether this is a member as it came, name and value, right behind another one: members that
    /// follow each other in the record too are written in one piece.
    pub(crate) follows: bool,
}

/// The way from one object to a leaf of another: `}},"geo":{"name":`.
#[derive(Debug)]
pub(crate) struct Jump {
    pub(crate) from: GroupId,
    pub(crate) text: Fragment,
}

/// An object of the document.
#[derive(Debug)]
pub(crate) struct Group {
    name: String,
    pub(crate) parent: GroupId,
    pub(crate) depth: u16,
    /// `,"name":{`
    pub(crate) text: Fragment,
}

/// A row's value, and the fact that a check of it noted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checked {
    pub(crate) row: RowId,
    pub(crate) step: StepId,
}

/// Where a leaf's value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Constant,
    /// A constant, where no row gives the value.
    Default(&'static str),
    /// Words that a list always has.
    Words(&'static [&'static str]),
    /// The record's identity.
    EventId,
    /// The record's text, where the configuration asks for it.
    Original,
    /// The event's time, or the upload's arrival.
    EventTime,
    /// The row's value as it came.
    Raw(RowId),
    /// The row's secret, or the word that stands for it.
    Masked(RowId),
    Text(Checked),
    Lower(Checked),
    /// A number as it stands in the text.
    Numeral(Checked),
    /// A number that was worked out.
    Number(Checked),
    /// The time from one point to another.
    Elapsed(Checked, Checked),
    /// The sum of integers.
    Sum(Box<[Checked]>),
    Time(Checked),
    /// The name without its port.
    Host(Checked),
    RegisteredDomain(Checked),
    Subdomain(Checked),
    TopLevelDomain(Checked),
    Port(Checked),
    /// A part of the text.
    Place(Checked),
    UrlPart(Checked, UrlPart),
    ProtocolName(Checked),
    ProtocolVersion(Checked),
    CountryCode(Checked),
    CountryName(Checked),
    /// One of our words.
    Word(Checked),
    /// One of our words that is a number.
    WordNumber(Checked),
    Module(Checked),
    /// The texts of a list, or one text.
    Elements(Checked),
    /// Objects that were drawn out of the value.
    Objects(Checked),
    /// Texts that were drawn out of it.
    Extracted(Checked),
    /// An address put together from its parts.
    Joined(JoinedRows),
    /// The first of several that gives a value.
    First(Box<[Self]>),
    /// A list, of what several rows give.
    List(Box<[Self]>),
    /// Under `cloudflare`: what could not be converted, and what has no row.
    Leftovers,
}

/// The parts of a whole address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UrlPart {
    /// The whole, where it has a scheme and a host.
    Full,
    Scheme,
    Domain,
    RegisteredDomain,
    Subdomain,
    TopLevelDomain,
    Port,
    Path,
    Query,
    Fragment,
}

impl Source {
    /// Whether the value is always one text, so that its quotes are known beforehand.
    pub(crate) fn is_text(&self) -> bool {
        matches!(
            self,
            Self::EventId
                | Self::EventTime
                | Self::Text(_)
                | Self::Lower(_)
                | Self::Time(_)
                | Self::Host(_)
                | Self::RegisteredDomain(_)
                | Self::Subdomain(_)
                | Self::TopLevelDomain(_)
                | Self::Place(_)
                | Self::ProtocolName(_)
                | Self::ProtocolVersion(_)
                | Self::CountryCode(_)
                | Self::CountryName(_)
                | Self::Word(_)
                | Self::Module(_)
                | Self::Default(_)
        ) || matches!(self, Self::UrlPart(_, part) if *part != UrlPart::Port)
    }

    /// The row that gives the value, if one alone does.
    pub(crate) fn row(&self) -> Option<RowId> {
        match self {
            Self::Raw(row) | Self::Masked(row) => Some(*row),
            Self::Text(of)
            | Self::Lower(of)
            | Self::Numeral(of)
            | Self::Number(of)
            | Self::Time(of)
            | Self::Host(of)
            | Self::RegisteredDomain(of)
            | Self::Subdomain(of)
            | Self::TopLevelDomain(of)
            | Self::Port(of)
            | Self::Place(of)
            | Self::UrlPart(of, _)
            | Self::ProtocolName(of)
            | Self::ProtocolVersion(of)
            | Self::CountryCode(of)
            | Self::CountryName(of)
            | Self::Word(of)
            | Self::WordNumber(of)
            | Self::Module(of)
            | Self::Elements(of)
            | Self::Objects(of)
            | Self::Extracted(of) => Some(of.row),
            _ => None,
        }
    }
}

/// The rows of an address's parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JoinedRows {
    pub(crate) scheme: Option<RowId>,
    pub(crate) host: RowId,
    pub(crate) path: RowId,
    pub(crate) query: Option<RowId>,
}

/// Makes the source of a part of a checked value.
type PartOf = fn(Checked) -> Source;

/// What a host name gives beside itself.
pub(crate) const DOMAIN_PARTS: [(&str, PartOf); 3] = [
    ("registered_domain", Source::RegisteredDomain),
    ("subdomain", Source::Subdomain),
    ("top_level_domain", Source::TopLevelDomain),
];

/// What a whole address gives below its name, beside `original`.
pub(crate) const URL_PARTS: [(&str, UrlPart); 10] = [
    ("full", UrlPart::Full),
    ("scheme", UrlPart::Scheme),
    ("domain", UrlPart::Domain),
    ("registered_domain", UrlPart::RegisteredDomain),
    ("subdomain", UrlPart::Subdomain),
    ("top_level_domain", UrlPart::TopLevelDomain),
    ("port", UrlPart::Port),
    ("path", UrlPart::Path),
    ("query", UrlPart::Query),
    ("fragment", UrlPart::Fragment),
];

/// Where the addresses of DNS answers go.
pub(crate) const ADDRESSES: [&str; 2] = ["dns.resolved_ip", "related.ip"];

/// Where the hashes of attachments go.
pub(crate) const HASHES: &str = "related.hash";

/// What a path with its query gives.
pub(crate) const URI_PARTS: [(&str, UrlPart); 2] =
    [("path", UrlPart::Path), ("query", UrlPart::Query)];

impl StepId {
    fn new(index: usize) -> Self {
        debug_assert!(index <= usize::from(u16::MAX), "step {index} of a plan");
        Self(index as u16)
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl GroupId {
    /// The document itself.
    pub(crate) const ROOT: Self = Self(0);

    fn new(index: usize) -> Self {
        debug_assert!(
            index <= usize::from(u16::MAX),
            "object {index} of a document"
        );
        Self(index as u16)
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl Plan {
    /// The plan of a table, all of whose names are resolved to rows.
    pub(crate) fn new(dataset: &'static Dataset) -> Result<Self, TableError> {
        let mut tree = Tree::default();
        let mut plan = Self {
            checks: Vec::new(),
            leaves: Vec::new(),
            groups: vec![Group {
                name: String::new(),
                parent: GroupId::ROOT,
                depth: 0,
                text: Fragment::default(),
            }],
            kept: Vec::new(),
            time: None,
            contests: Vec::new(),
            keeps: Vec::new(),
            secrets: Secret::all_of(dataset),
            members: Vec::new(),
            native: None,
            rows: dataset.rows.len(),
        };
        tree.add("event.id", Entry::One(Source::EventId));
        tree.add("event.original", Entry::One(Source::Original));
        for (index, row) in dataset.rows.iter().enumerate() {
            let number = RowId::new(index);
            let mut keeps = row.targets.is_empty();
            if row.targets.is_empty() {
                plan.kept.push(row.field);
                tree.add_source(&format!("cloudflare.{}", row.field), Source::Raw(number));
            }
            for target in row.targets {
                match target {
                    Target::Keep(name) | Target::Masked(name) => {
                        keeps = true;
                        plan.kept.push(*name);
                    }
                    _ => {}
                }
                plan.add_target(&mut tree, dataset, *target, number)?;
            }
            plan.keeps.push(keeps);
        }
        let mut joined = Vec::with_capacity(dataset.joined.len());
        for parts in dataset.joined {
            let row = |field| Self::row(dataset, "joined", field);
            let optional = |field: &'static str| match field {
                "" => Ok(None),
                field => row(field).map(Some),
            };
            let rows = JoinedRows {
                scheme: optional(parts.scheme)?,
                host: row(parts.host)?,
                path: row(parts.path)?,
                query: optional(parts.query)?,
            };
            tree.add_source(parts.target, Source::Joined(rows));
            joined.push(rows);
        }
        for (_, field) in dataset.renamed {
            Self::row(dataset, "renamed", field)?;
        }
        plan.native = NativeRows::new(dataset, &joined)?;
        for (path, constant) in dataset.constants {
            tree.add_constant(path, *constant);
        }
        // `~` sorts behind all names: the leftovers come last.
        tree.add("cloudflare.~", Entry::One(Source::Leftovers));
        plan.grow(&tree.root, GroupId::ROOT);
        plan.link(dataset);
        Ok(plan)
    }

    /// The check of a row, which is made once for all targets that ask for the same.
    fn check(&mut self, row: RowId, check: Check) -> Checked {
        let known = self
            .checks
            .iter()
            .position(|step| step.row == row && step.check == check);
        let step = known.unwrap_or_else(|| {
            self.checks.push(Step { row, check });
            self.checks.len() - 1
        });
        Checked {
            row,
            step: StepId::new(step),
        }
    }

    /// The number of a row's member: those of the members follow those of the rows.
    fn member(&mut self, row: RowId, path: &'static str) -> RowId {
        let path: Vec<_> = path.split('.').collect();
        let known = self
            .members
            .iter()
            .position(|member| member.row == row && member.path == path);
        let index = known.unwrap_or_else(|| {
            self.members.push(MemberPath { row, path });
            self.members.len() - 1
        });
        RowId::new(self.rows + index)
    }

    /// The number of a field, or of a member that has a target: `Event.Request.URL`.
    pub(crate) fn number(&self, dataset: &Dataset, field: &str) -> Option<RowId> {
        if let Some(row) = dataset.row_id(field) {
            return Some(row);
        }
        let (name, path) = field.split_once('.')?;
        let row = dataset.row_id(name)?;
        let is_wanted = |member: &MemberPath| {
            member.row == row && path.split('.').eq(member.path.iter().copied())
        };
        let index = self.members.iter().position(is_wanted)?;
        Some(RowId::new(self.rows + index))
    }

    /// The row of a field that the table names in another place.
    fn row(
        dataset: &Dataset,
        place: &'static str,
        field: &'static str,
    ) -> Result<RowId, TableError> {
        dataset.row_id(field).ok_or(TableError::NoRow {
            dataset: dataset.name,
            place,
            field,
        })
    }

    /// The row that `number` stands for, itself or as one of its members.
    pub(crate) fn row_of(&self, number: RowId) -> RowId {
        number
            .index()
            .checked_sub(self.rows)
            .and_then(|index| self.members.get(index))
            .map_or(number, |member| member.row)
    }

    fn add_target(
        &mut self,
        tree: &mut Tree,
        dataset: &Dataset,
        target: Target,
        row: RowId,
    ) -> Result<(), TableError> {
        let mut add = |path: &str, source: Source| tree.add_source(path, source);
        match target {
            Target::Text(path) => add(path, Source::Text(self.check(row, Check::Scalar))),
            Target::Lower(path) => add(path, Source::Lower(self.check(row, Check::Scalar))),
            Target::Module(path) => add(path, Source::Module(self.check(row, Check::Scalar))),
            Target::Texts(path) => add(path, Source::Elements(self.check(row, Check::Texts))),
            Target::Ips(path) => add(path, Source::Elements(self.check(row, Check::Ips))),
            Target::First(path) => add(path, Source::Place(self.check(row, Check::First))),
            Target::Integer(path) => add(path, Source::Numeral(self.check(row, Check::Integer))),
            Target::Positive(path) => add(path, Source::Numeral(self.check(row, Check::Positive))),
            Target::Float(path) => add(path, Source::Numeral(self.check(row, Check::Float))),
            Target::Sum(path) => tree.add_sum(path, self.check(row, Check::Integer)),
            // What passed the check of an address is a text that can be copied.
            Target::Ip(path) => add(path, Source::Text(self.check(row, Check::Ip))),
            Target::Timestamp(path) => {
                let of = self.check(row, Check::Time);
                if path == "@timestamp" {
                    self.time = Some((row, of.step));
                    add(path, Source::EventTime);
                } else {
                    add(path, Source::Time(of));
                }
            }
            Target::Since(path, field) => {
                let since = Self::row(dataset, "Since", field)?;
                let (from, to) = (self.check(since, Check::Time), self.check(row, Check::Time));
                add(path, Source::Elapsed(from, to));
            }
            Target::Milliseconds(path) => {
                add(path, Source::Number(self.check(row, Check::Milliseconds)));
            }
            Target::Host(path) => add(path, Source::Host(self.check(row, Check::Host))),
            Target::Domain(path) => {
                let of = self.check(row, Check::Host);
                add(path, Source::Host(of));
                let group = path.rsplit_once('.').map_or(path, |(group, _)| group);
                for (name, source) in DOMAIN_PARTS {
                    add(&format!("{group}.{name}"), source(of));
                }
            }
            Target::Port(path) => add(path, Source::Port(self.check(row, Check::Host))),
            Target::Url(group) => {
                let whole = self.check(row, Check::Scalar);
                add(&format!("{group}.original"), Source::Text(whole));
                let of = self.check(row, Check::Url);
                for (name, part) in URL_PARTS {
                    add(&format!("{group}.{name}"), Source::UrlPart(of, part));
                }
            }
            Target::Uri(group) => {
                let of = self.check(row, Check::Uri);
                for (name, part) in URI_PARTS {
                    add(&format!("{group}.{name}"), Source::UrlPart(of, part));
                }
            }
            Target::Query(path) => add(path, Source::Place(self.check(row, Check::Query))),
            Target::HttpVersion(path) => {
                add(path, Source::ProtocolVersion(self.check(row, Check::Http)));
            }
            Target::HttpProtocol(path) => {
                add(path, Source::ProtocolName(self.check(row, Check::Http)));
            }
            Target::HttpOutcome(path) => {
                add(path, Source::Word(self.check(row, Check::HttpOutcome)));
            }
            Target::TlsVersion(path) => {
                add(path, Source::ProtocolVersion(self.check(row, Check::Tls)));
            }
            Target::TlsProtocol(path) => {
                add(path, Source::ProtocolName(self.check(row, Check::Tls)));
            }
            Target::CountryCode(path) => {
                add(path, Source::CountryCode(self.check(row, Check::Country)));
            }
            Target::CountryName(path) => {
                add(path, Source::CountryName(self.check(row, Check::Country)));
            }
            Target::ActionType(path) => add(path, Source::Word(self.check(row, Check::Action))),
            Target::Words(path, words) => {
                let check = Check::Words(words, Mode::Closed);
                add(path, Source::Word(self.check(row, check)));
            }
            Target::When(path, words) => {
                let check = Check::Words(words, Mode::Open);
                add(path, Source::Word(self.check(row, check)));
            }
            Target::Numbers(path, words) => {
                let check = Check::Words(words, Mode::Closed);
                add(path, Source::WordNumber(self.check(row, check)));
            }
            Target::Answers(path, types) => {
                let of = self.check(row, Check::Answers(types));
                add(path, Source::Objects(of));
                for path in ADDRESSES {
                    add(path, Source::Extracted(of));
                }
            }
            Target::Attachments(path) => {
                let of = self.check(row, Check::Attachments);
                add(path, Source::Objects(of));
                add(HASHES, Source::Extracted(of));
            }
            Target::Hosts(path) => add(path, Source::Extracted(self.check(row, Check::Hosts))),
            Target::Inside(path, target) => {
                let inner = self.member(row, path);
                self.add_target(tree, dataset, *target, inner)?;
            }
            Target::Keep(name) => add(&format!("cloudflare.{name}"), Source::Raw(row)),
            Target::Masked(name) => add(&format!("cloudflare.{name}"), Source::Masked(row)),
        }
        Ok(())
    }

    /// Finds the leaves that may be written in one piece with the leaf before.
    fn link(&mut self, dataset: &Dataset) {
        let is_verbatim = |leaf: &Leaf| match leaf.source {
            Source::Raw(row) => dataset.rows.get(row.index()).is_some_and(|row| {
                row.targets.is_empty() || row.targets.contains(&Target::Keep(row.field))
            }),
            _ => false,
        };
        let mut before = None;
        for leaf in &mut self.leaves {
            let this = is_verbatim(leaf).then_some(leaf.group);
            leaf.follows = this.is_some() && this == before;
            before = this;
        }
    }

    fn grow(&mut self, branch: &Branch, group: GroupId) {
        for (name, entry) in &branch.leaves {
            let source = entry.source();
            let text = match (entry, &source) {
                (Entry::Constant(constant), _) => format!(",\"{name}\":{}", constant.json()),
                (_, Source::Leftovers) => String::new(),
                (_, Source::List(_)) => format!(",\"{name}\":[\""),
                (_, source) if source.is_text() => format!(",\"{name}\":\""),
                _ => format!(",\"{name}\":"),
            };
            if let Source::First(sources) = &source {
                self.contests.push(sources.clone());
            }
            let from = self.leaves.last().map_or(GroupId::ROOT, |leaf| leaf.group);
            let jump = (from != group).then(|| Jump {
                from,
                text: Fragment::new(&self.way(from, group, &text)),
            });
            self.leaves.push(Leaf {
                group,
                text: Fragment::new(&text),
                jump,
                source,
                follows: false,
            });
        }
        let depth = self
            .groups
            .get(group.index())
            .map_or(0, |group| group.depth)
            + 1;
        for (name, branch) in &branch.branches {
            let child = GroupId::new(self.groups.len());
            self.groups.push(Group {
                name: name.clone(),
                parent: group,
                depth,
                text: Fragment::new(&format!(",\"{name}\":{{")),
            });
            self.grow(branch, child);
        }
    }

    /// What closes and opens objects on the way from one, which has a member already, to a leaf of
    /// another, whose own text begins with a comma.
    fn way(&self, from: GroupId, to: GroupId, text: &str) -> String {
        let (mut from, mut to) = (from, to);
        let (mut closed, mut opened) = (String::new(), String::new());
        while from != to {
            let (Some(left), Some(right)) =
                (self.groups.get(from.index()), self.groups.get(to.index()))
            else {
                break;
            };
            if left.depth >= right.depth {
                closed.push('}');
                from = left.parent;
            } else {
                opened.insert_str(0, &format!("\"{}\":{{", right.name));
                to = right.parent;
            }
        }
        if opened.is_empty() {
            return closed + text;
        }
        format!(
            "{closed},{opened}{}",
            text.strip_prefix(',').unwrap_or(text)
        )
    }
}

impl Dataset {
    pub(crate) fn row_id(&self, field: &str) -> Option<RowId> {
        let index = self.rows.iter().position(|row| row.field == field)?;
        Some(RowId::new(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::datasets::DATASETS;
    use crate::mapping::{Joined, kept};

    #[test]
    fn every_name_of_every_table_is_resolved() {
        for dataset in DATASETS {
            let error = Plan::new(dataset).err();
            assert_eq!(error, None, "{}", dataset.name);
        }
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        static ODD: Dataset = Dataset {
            name: "odd",
            constants: &[],
            rows: &[kept("A")],
            renamed: &[],
            joined: &[Joined {
                target: "url.full",
                scheme: "",
                host: "A",
                path: "B",
                query: "",
            }],
            native: None,
        };
        let error = Plan::new(&ODD).err().map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some(
                "the table of odd names `B` in joined, and has no row for it: add the row, or correct the name"
            )
        );
    }
}
