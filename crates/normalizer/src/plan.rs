//! A dataset's table, made ready: what to look at in a record, and what to write in which order.

use std::collections::BTreeMap;

use crate::convert::Check;
use crate::table::{Constant, Dataset, Target};
use crate::writer::Fragment;

/// What the engine does for every record of a dataset.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The rows whose values are looked at before anything is written, with what is asked of them.
    pub(crate) checks: Vec<(u16, Check)>,
    /// The document's leaves, group by group.
    pub(crate) leaves: Vec<Leaf>,
    /// The document's objects; the first is the document itself.
    pub(crate) groups: Vec<Group>,
    /// Names under `cloudflare` that the table uses.
    pub(crate) kept: Vec<&'static str>,
    /// The row of the event's time.
    pub(crate) time_row: Option<u16>,
}

/// One value of the document, and what it is made of.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) group: u16,
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
    pub(crate) from: u16,
    pub(crate) text: Fragment,
}

/// An object of the document.
#[derive(Debug)]
pub(crate) struct Group {
    name: String,
    pub(crate) parent: u16,
    pub(crate) depth: u16,
    /// `,"name":{`
    pub(crate) text: Fragment,
}

/// Where a leaf's value comes from; numbers are rows of the table.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Constant,
    /// The record's identity.
    EventId,
    /// The record's text, where the configuration asks for it.
    Original,
    /// The event's time, or the upload's arrival.
    EventTime,
    /// The value as it came.
    Raw(u16),
    Text(u16),
    Integer(u16),
    Time(u16),
    /// The name without its port.
    Host(u16),
    RegisteredDomain(u16),
    Subdomain(u16),
    TopLevelDomain(u16),
    Port(u16),
    /// The text without what introduces it.
    Remainder(u16),
    ProtocolName(u16),
    ProtocolVersion(u16),
    CountryCode(u16),
    CountryName(u16),
    Module(u16),
    /// The whole referrer, of the parts or as it came.
    Referrer(ReferrerRows),
    /// A list, of what several rows give.
    List(Box<[Self]>),
    ActionType(u16),
    /// Under `cloudflare`: what could not be converted, and what has no row.
    Leftovers,
}

impl Source {
    /// Whether the value is always a text, so that its quotes are known beforehand.
    fn is_text(&self) -> bool {
        !matches!(
            self,
            Self::Constant
                | Self::Original
                | Self::Raw(_)
                | Self::Integer(_)
                | Self::Port(_)
                | Self::Referrer(_)
                | Self::List(_)
                | Self::Leftovers
        )
    }
}

/// The rows of a referrer's parts, and of the whole where the table has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReferrerRows {
    pub(crate) whole: Option<u16>,
    pub(crate) scheme: u16,
    pub(crate) host: u16,
    pub(crate) path: u16,
    pub(crate) query: u16,
}

/// ECS fields of the tables' targets that are lists. A test holds this against the schema.
const LISTS: &[&str] = &[
    "event.category",
    "event.type",
    "related.hosts",
    "related.ip",
];

impl Plan {
    pub(crate) fn new(dataset: &'static Dataset) -> Self {
        let mut tree = Tree::default();
        for (path, constant) in dataset.constants {
            tree.add(path, Entry::Constant(*constant));
        }
        tree.add("event.id", Entry::One(Source::EventId));
        tree.add("event.original", Entry::One(Source::Original));
        let mut checks = Vec::new();
        let mut kept = Vec::new();
        for (index, row) in dataset.rows.iter().enumerate() {
            let number = index as u16;
            let check = row
                .targets
                .iter()
                .map(|target| Check::of(*target))
                // A field that goes to `Text` and `Domain` is asked for what `Domain` needs.
                .fold(Check::None, |strictest, check| match check {
                    Check::None => strictest,
                    Check::Scalar if strictest != Check::None => strictest,
                    _ => check,
                });
            if check != Check::None {
                checks.push((number, check));
            }
            for target in row.targets {
                if let Target::Keep(name) = target {
                    kept.push(*name);
                }
                tree.add_target(*target, number);
            }
        }
        if let Some(referrer) = &dataset.referrer {
            let number = |field| {
                dataset
                    .rows
                    .iter()
                    .position(|row| row.field == field)
                    .map_or(u16::MAX, |row| row as u16)
            };
            let whole = dataset
                .rows
                .iter()
                .position(|row| row.targets.contains(&Target::Text(referrer.target)));
            let rows = ReferrerRows {
                whole: whole.map(|row| row as u16),
                scheme: number(referrer.scheme),
                host: number(referrer.host),
                path: number(referrer.path),
                query: number(referrer.query),
            };
            tree.replace(referrer.target, Entry::One(Source::Referrer(rows)));
        }
        // `~` sorts behind all names: the leftovers come last.
        tree.add("cloudflare.~", Entry::One(Source::Leftovers));

        let mut plan = Self {
            checks,
            leaves: Vec::new(),
            groups: vec![Group {
                name: String::new(),
                parent: 0,
                depth: 0,
                text: Fragment::default(),
            }],
            kept,
            time_row: dataset
                .rows
                .iter()
                .position(|row| row.targets.contains(&Target::Timestamp("@timestamp")))
                .map(|row| row as u16),
        };
        plan.grow(&tree.root, 0);
        plan.link(dataset);
        plan
    }

    /// Finds the leaves that may be written in one piece with the leaf before.
    fn link(&mut self, dataset: &Dataset) {
        let is_verbatim = |leaf: &Leaf| match leaf.source {
            Source::Raw(row) => dataset
                .rows
                .get(usize::from(row))
                .is_some_and(|row| row.targets.contains(&Target::Keep(row.field))),
            _ => false,
        };
        let mut before = None;
        for leaf in &mut self.leaves {
            let this = is_verbatim(leaf).then_some(leaf.group);
            leaf.follows = this.is_some() && this == before;
            before = this;
        }
    }

    fn grow(&mut self, branch: &Branch, group: u16) {
        for (name, entry) in &branch.leaves {
            let key = match entry {
                Entry::One(source) if source.is_text() => format!(",\"{name}\":\""),
                Entry::List(_) => format!(",\"{name}\":[\""),
                _ => format!(",\"{name}\":"),
            };
            let (text, source) = match entry {
                Entry::Constant(constant) => {
                    (format!("{key}{}", json(*constant)), Source::Constant)
                }
                Entry::One(Source::Leftovers) => (String::new(), Source::Leftovers),
                Entry::One(source) => (key, source.clone()),
                Entry::List(sources) => (key, Source::List(sources.clone().into())),
            };
            let from = self.leaves.last().map_or(0, |leaf| leaf.group);
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
            .get(usize::from(group))
            .map_or(0, |group| group.depth)
            + 1;
        for (name, branch) in &branch.branches {
            let child = self.groups.len() as u16;
            self.groups.push(Group {
                name: name.clone(),
                parent: group,
                depth,
                text: Fragment::new(&format!(",\"{name}\":{{")),
            });
            self.grow(branch, child);
        }
    }
}

impl Plan {
    /// What closes and opens objects on the way from one, which has a member already, to a leaf of
    /// another, whose own text begins with a comma.
    fn way(&self, from: u16, to: u16, text: &str) -> String {
        let (mut from, mut to) = (from, to);
        let (mut closed, mut opened) = (String::new(), String::new());
        while from != to {
            let (Some(left), Some(right)) = (
                self.groups.get(usize::from(from)),
                self.groups.get(usize::from(to)),
            ) else {
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

fn json(constant: Constant) -> String {
    match constant {
        Constant::Text(text) => format!("\"{text}\""),
        Constant::List(texts) => format!("[\"{}\"]", texts.join("\",\"")),
    }
}

#[derive(Default)]
struct Tree {
    root: Branch,
}

/// An object in the making: its own leaves come before its objects, each in alphabetical order.
#[derive(Default)]
struct Branch {
    leaves: BTreeMap<String, Entry>,
    branches: BTreeMap<String, Self>,
}

enum Entry {
    Constant(Constant),
    One(Source),
    List(Vec<Source>),
}

impl Tree {
    fn place(&mut self, path: &str) -> (&mut Branch, String) {
        let mut branch = &mut self.root;
        let mut rest = path;
        while let Some((name, below)) = rest.split_once('.') {
            branch = branch.branches.entry(name.to_owned()).or_default();
            rest = below;
        }
        (branch, rest.to_owned())
    }

    /// Adds a leaf; the first of two wins, except in a list, which takes both.
    fn add(&mut self, path: &str, entry: Entry) {
        let (branch, name) = self.place(path);
        match (branch.leaves.get_mut(&name), entry) {
            (Some(Entry::List(sources)), Entry::List(more)) => sources.extend(more),
            (Some(_), _) => {}
            (None, entry) => {
                branch.leaves.insert(name, entry);
            }
        }
    }

    fn replace(&mut self, path: &str, entry: Entry) {
        let (branch, name) = self.place(path);
        branch.leaves.insert(name, entry);
    }

    fn add_source(&mut self, path: &str, source: Source) {
        let entry = if LISTS.contains(&path) {
            Entry::List(vec![source])
        } else {
            Entry::One(source)
        };
        self.add(path, entry);
    }

    fn add_target(&mut self, target: Target, row: u16) {
        match target {
            // What passed the check of an address is a text that can be copied.
            Target::Text(path) | Target::Ip(path) => self.add_source(path, Source::Text(row)),
            Target::Integer(path) => self.add_source(path, Source::Integer(row)),
            Target::Timestamp(path @ "@timestamp") => self.add_source(path, Source::EventTime),
            Target::Timestamp(path) => self.add_source(path, Source::Time(row)),
            Target::Host(path) => self.add_source(path, Source::Host(row)),
            Target::Domain(path) => {
                self.add_source(path, Source::Host(row));
                let group = path.strip_suffix("domain").unwrap_or(path);
                self.add_source(
                    &format!("{group}registered_domain"),
                    Source::RegisteredDomain(row),
                );
                self.add_source(&format!("{group}subdomain"), Source::Subdomain(row));
                self.add_source(
                    &format!("{group}top_level_domain"),
                    Source::TopLevelDomain(row),
                );
            }
            Target::Port(path) => self.add_source(path, Source::Port(row)),
            Target::Query(path) => self.add_source(path, Source::Remainder(row)),
            Target::HttpVersion(path) | Target::TlsVersion(path) => {
                self.add_source(path, Source::ProtocolVersion(row));
            }
            Target::HttpProtocol(path) | Target::TlsProtocol(path) => {
                self.add_source(path, Source::ProtocolName(row));
            }
            Target::CountryCode(path) => self.add_source(path, Source::CountryCode(row)),
            Target::CountryName(path) => self.add_source(path, Source::CountryName(row)),
            Target::ActionType(path) => self.add_source(path, Source::ActionType(row)),
            Target::Module(path) => self.add_source(path, Source::Module(row)),
            Target::Keep(name) => self.add_source(&format!("cloudflare.{name}"), Source::Raw(row)),
        }
    }
}
