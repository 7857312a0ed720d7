//! Plans: a dataset's table, compiled to the checks of a record and the leaves of its document.

pub(crate) mod error;
pub(crate) mod feedback_loop;
pub(crate) mod mask;
pub(crate) mod names;
pub(crate) mod native;
pub(crate) mod secret;
pub(crate) mod shared;
pub(crate) mod source;
pub(crate) mod tree;

use crate::bytes::writer::Fragment;
use crate::convert::range::Range;
use crate::convert::target::{Target, Task};
use crate::convert::{Check, Form};
use crate::mapping::Dataset;
use crate::mapping::schema::{EVENT_ID, EVENT_ORIGINAL, EVENT_TIME, EVENT_TYPE, OTHER_TYPE};
use crate::plan::error::TableError;
use crate::plan::names::row_named;
use crate::plan::native::NativeRows;
use crate::plan::secret::Secret;
use crate::plan::source::{AddressRow, Checked, JoinedRows, Source, StepId};
use crate::plan::tree::{Branch, Entry, Tree};
use crate::record::{MemberPath, RowId};
use crate::rules::target::sides;

/// What is done with every record of a dataset.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The checks of the rows' values, which run before anything is written.
    pub(crate) checks: Vec<Step>,
    /// The rows whose text a check reads, so that its escapes must be resolved before.
    pub(crate) read: Vec<RowId>,
    /// The document's leaves, group by group.
    pub(crate) leaves: Vec<Leaf>,
    /// The document's objects; the first is the document itself.
    pub(crate) groups: Vec<Group>,
    /// Names under `cloudflare` that the table uses.
    pub(crate) kept: Vec<&'static str>,
    /// The row of the event's time, and where its fact is found.
    pub(crate) time: Option<(RowId, StepId)>,
    /// The sources of each leaf that several rows can give; the first with a value wins. Only those
    /// are here in which a row can lose a value that is nowhere else in the document.
    pub(crate) contests: Vec<Box<[Source]>>,
    /// Per row, whether it is kept under `cloudflare` in any case.
    pub(crate) keeps: Vec<bool>,
    /// Per row, whether a field of the document is the value as it came, where that converts.
    pub(crate) carried: Vec<bool>,
    /// The rows that tell the event's address, in the order of their roles, and the step of what
    /// they tell together.
    pub(crate) address: Vec<AddressRow>,
    pub(crate) address_step: Option<StepId>,
    /// Fields that rows write where no other row does.
    last: Vec<(String, Source)>,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) native: Option<NativeRows>,
    /// Rows whose pseudonyms stand in the place of an address.
    pub(crate) sided: Vec<RowId>,
    /// Members of objects that have targets of their own; their values stand behind the rows'.
    pub(crate) members: Vec<MemberPath>,
    /// How many rows the table has.
    rows: usize,
}

/// The number of an object of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupId(u16);

/// One check of one row's value.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) row: RowId,
    pub(crate) check: Check,
    /// Whether it is for pseudonyms alone, which all others are not for.
    pub(crate) is_of_pseudonym: bool,
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
    #[cfg(test)]
    pub(crate) fn new(dataset: &'static Dataset) -> Result<Self, TableError> {
        Self::with_rules(dataset, None)
    }

    /// The same for records that rules may change: `hashed` are the rows whose values may be
    /// pseudonyms, where there are rules.
    pub(crate) fn with_rules(
        dataset: &'static Dataset,
        hashed: Option<&[RowId]>,
    ) -> Result<Self, TableError> {
        let mut tree = Tree::default();
        let mut plan = Self {
            checks: Vec::new(),
            read: Vec::new(),
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
            carried: vec![false; dataset.rows.len()],
            address: Vec::new(),
            address_step: None,
            last: Vec::new(),
            secrets: Secret::all_of(dataset),
            members: Vec::new(),
            native: None,
            sided: Vec::new(),
            rows: dataset.rows.len(),
        };
        tree.add(EVENT_ID, Entry::One(Source::EventId));
        tree.add(EVENT_ORIGINAL, Entry::One(Source::Original));
        for (index, row) in dataset.rows.iter().enumerate() {
            let number = RowId::new(index);
            let mut keeps = row.targets.is_empty();
            if row.targets.is_empty() {
                plan.kept.push(row.field);
                tree.add_source(&format!("cloudflare.{}", row.field), Source::Raw(number));
            }
            for target in row.targets {
                if let Some(name) = target.kept_name() {
                    keeps = true;
                    plan.kept.push(name);
                }
                plan.add_target(&mut tree, dataset, target, number)?;
            }
            plan.keeps.push(keeps);
        }
        for (path, source) in core::mem::take(&mut plan.last) {
            tree.add_source(&path, source);
        }
        let mut joined = Vec::with_capacity(dataset.joined.len());
        for parts in dataset.joined {
            let row = |field| row_named(dataset, "joined", field);
            let optional = |field: &'static str| match field {
                "" => Ok(None),
                field => row(field).map(Some),
            };
            let rows = JoinedRows {
                scheme: row(parts.scheme)?,
                host: row(parts.host)?,
                path: row(parts.path)?,
                query: optional(parts.query)?,
            };
            tree.add_source(parts.target, Source::Joined(rows));
            joined.push(rows);
        }
        for (_, field) in dataset.renamed {
            row_named(dataset, "renamed", field)?;
        }
        plan.native = NativeRows::new(dataset, &joined)?;
        for (path, constant) in dataset.every_constant() {
            tree.add_constant(path, constant);
        }
        tree.add_otherwise(EVENT_TYPE, OTHER_TYPE);
        if let Some(hashed) = hashed {
            plan.add_rules(&mut tree, dataset, hashed);
        }
        // `~` sorts behind all names: what is unmapped comes last.
        tree.add("cloudflare.~", Entry::One(Source::Unmapped));
        plan.grow(&tree.root, GroupId::ROOT);
        plan.link(dataset);
        for row in &mut plan.address {
            let index = row.of.row.index();
            row.is_carried =
                plan.keeps.get(index) != Some(&false) || plan.carried.get(index) == Some(&true);
        }
        let mut contests = core::mem::take(&mut plan.contests);
        contests.retain(|sources| {
            let mut losers = sources.iter().skip(1);
            losers.any(|source| source.row().is_some_and(|row| plan.may_lose(row)))
        });
        plan.contests = contests;
        let reads = plan.checks.iter().filter(|step| step.check.reads_text());
        for row in reads.map(|step| step.row) {
            if !plan.read.contains(&row) {
                plan.read.push(row);
            }
        }
        Ok(plan)
    }

    /// Whether a row's value is in the document only where its targets take it.
    pub(crate) fn may_lose(&self, row: RowId) -> bool {
        self.keeps.get(row.index()) == Some(&false) && self.carried.get(row.index()) == Some(&false)
    }

    /// The check of a row, which is made once for all targets that ask for the same.
    fn check(&mut self, row: RowId, check: Check) -> Checked {
        let known = self
            .checks
            .iter()
            .position(|step| step.row == row && step.check == check && !step.is_of_pseudonym);
        let step = known.unwrap_or_else(|| {
            self.checks.push(Step {
                row,
                check,
                is_of_pseudonym: false,
            });
            self.checks.len() - 1
        });
        Checked {
            row,
            step: StepId::new(step),
        }
    }

    /// Adds what rules make of records: pseudonyms, and labels that tell of them.
    fn add_rules(&mut self, tree: &mut Tree, dataset: &Dataset, hashed: &[RowId]) {
        for &row in hashed {
            let mut source = |check, form, is_text| {
                self.checks.push(Step {
                    row,
                    check,
                    is_of_pseudonym: true,
                });
                let step = StepId::new(self.checks.len() - 1);
                Source::Value {
                    of: Checked { row, step },
                    form,
                    is_text,
                }
            };
            tree.add_source("related.hash", source(Check::Texts, Form::Elements, false));
            let sides = dataset.rows.get(row.index()).map(sides);
            for side in sides.iter().flatten() {
                let source = source(Check::Scalar, Form::Whole, true);
                tree.add_source(&format!("{side}.address"), source);
            }
            if sides.is_some_and(|sides| !sides.is_empty()) {
                self.sided.push(row);
            }
        }
        tree.add("labels.pseudonym_key", Entry::One(Source::PseudonymKey));
        tree.add("labels.sample_rate", Entry::One(Source::SampleRate));
    }

    /// The step of the event's address, which has no row of its own.
    fn address(&mut self) -> Checked {
        let step = *self.address_step.get_or_insert_with(|| {
            self.checks.push(Step {
                row: RowId::NONE,
                check: Check::Url,
                is_of_pseudonym: false,
            });
            StepId::new(self.checks.len() - 1)
        });
        Checked {
            row: RowId::NONE,
            step,
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
        target: &Target,
        row: RowId,
    ) -> Result<(), TableError> {
        let path = target.path;
        match target.task {
            Task::Check(check) => {
                if target.path == EVENT_TIME && check == Check::Time {
                    self.time = Some((row, self.check(row, check).step));
                    tree.add_source(path, Source::EventTime);
                    return Ok(());
                }
                if let Some(role) = target.conversion.role {
                    let of = self.check(row, check);
                    let row = AddressRow {
                        role,
                        of,
                        is_carried: false,
                    };
                    let place = self.address.partition_point(|row| row.role <= role);
                    self.address.insert(place, row);
                }
                for output in target.conversion.outputs {
                    if matches!(output.form, Form::UrlPart(_)) {
                        let source = Source::Value {
                            of: self.address(),
                            form: output.form,
                            is_text: output.is_text,
                        };
                        tree.add_once(&output.field(path), output.form, source);
                        continue;
                    }
                    let of = self.check(row, output.check.unwrap_or(check));
                    let source = Source::Value {
                        of,
                        form: output.form,
                        is_text: output.is_text,
                    };
                    match output.is_last {
                        true => self.last.push((output.field(path), source)),
                        false => tree.add_source(&output.field(path), source),
                    }
                }
            }
            Task::Sum => tree.add_sum(path, self.check(row, Check::Integer(Range::COUNT))),
            Task::Since(field) => {
                let since = row_named(dataset, "since", field)?;
                let (from, to) = (self.check(since, Check::Time), self.check(row, Check::Time));
                tree.add_source(path, Source::Elapsed(from, to));
            }
            Task::Region(country) => {
                let country = row_named(dataset, "region", country)?;
                let (region, country) = (
                    self.check(row, Check::Region),
                    self.check(country, Check::Country),
                );
                tree.add_source(path, Source::Region(region, country));
            }
            Task::Location(longitude) => {
                let longitude = row_named(dataset, "location", longitude)?;
                let (latitude, longitude) = (
                    self.check(row, Check::Degrees),
                    self.check(longitude, Check::Degrees),
                );
                tree.add_source(path, Source::Location(latitude, longitude));
            }
            Task::Inside(target) => {
                let member = self.member(row, path);
                self.add_target(tree, dataset, target, member)?;
            }
            Task::Keep => tree.add_source(&format!("cloudflare.{path}"), Source::Raw(row)),
            Task::Mask => tree.add_source(&format!("cloudflare.{path}"), Source::Masked(row)),
        }
        Ok(())
    }

    /// Finds the leaves that may be written in one piece with the leaf before.
    fn link(&mut self, dataset: &Dataset) {
        let is_verbatim = |leaf: &Leaf| match leaf.source {
            Source::Raw(row) => dataset.rows.get(row.index()).is_some_and(|row| {
                row.targets.is_empty()
                    || row
                        .targets
                        .iter()
                        .any(|target| target.kept_name() == Some(row.field) && !target.is_masked())
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
                (_, Source::Unmapped) => String::new(),
                (_, Source::List(_)) => format!(",\"{name}\":[\""),
                (_, source) if source.is_text() => format!(",\"{name}\":\""),
                _ => format!(",\"{name}\":"),
            };
            let first = match &source {
                Source::First(sources) => {
                    self.contests.push(sources.clone());
                    sources.first().unwrap_or(&source)
                }
                source => source,
            };
            if let Source::Value {
                of,
                form: Form::Whole,
                ..
            } = first
                && let Some(carried) = self.carried.get_mut(of.row.index())
            {
                *carried = true;
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

    /// The text that closes and opens objects between two leaves. `from` has a member already;
    /// `text` begins with a comma.
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
            rows: &[kept("A")],
            joined: &[Joined {
                target: "http.request.referrer",
                scheme: "A",
                host: "A",
                path: "B",
                query: "",
            }],
            ..Dataset::BASE
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
