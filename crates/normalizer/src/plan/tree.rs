//! The document of a table as a tree: every leaf in its place, with its sources.

use std::collections::BTreeMap;

use crate::convert::Form;
use crate::mapping::Constant;
use crate::mapping::schema::LISTS;
use crate::plan::source::{Checked, Source};

#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) root: Branch,
}

/// An object under construction: its leaves come before its objects, both in alphabetical order.
#[derive(Default)]
pub(crate) struct Branch {
    pub(crate) leaves: BTreeMap<String, Entry>,
    pub(crate) branches: BTreeMap<String, Self>,
}

/// The sources of a leaf.
pub(crate) enum Entry {
    Constant(Constant),
    One(Source),
    /// The first that gives a value.
    First(Vec<Source>),
    List(Vec<Source>),
    Sum(Vec<Checked>),
}

impl Entry {
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Constant(_) => Source::Constant,
            Self::One(source) => source.clone(),
            Self::First(sources) => Source::First(sources.clone().into()),
            Self::List(sources) => Source::List(sources.clone().into()),
            Self::Sum(rows) => Source::Sum(rows.clone().into()),
        }
    }
}

impl Tree {
    /// Adds a leaf, behind what the same leaf has already.
    pub(crate) fn add(&mut self, path: &str, entry: Entry) {
        let (branch, name) = self.place(path);
        let entry = match (branch.leaves.remove(&name), entry) {
            (None, entry) => entry,
            (Some(Entry::List(mut sources)), Entry::List(more)) => {
                sources.extend(more);
                Entry::List(sources)
            }
            (Some(Entry::Sum(mut rows)), Entry::Sum(more)) => {
                rows.extend(more);
                Entry::Sum(rows)
            }
            (Some(Entry::One(first)), Entry::One(second)) => Entry::First(vec![first, second]),
            (Some(Entry::First(mut sources)), Entry::One(more)) => {
                sources.push(more);
                Entry::First(sources)
            }
            (Some(known), _) => known,
        };
        branch.leaves.insert(name, entry);
    }

    pub(crate) fn add_source(&mut self, path: &str, source: Source) {
        let entry = if LISTS.contains(&path) {
            Entry::List(vec![source])
        } else {
            Entry::One(source)
        };
        self.add(path, entry);
    }

    /// Adds what gives a leaf once, however often it is named.
    pub(crate) fn add_once(&mut self, path: &str, form: Form, source: Source) {
        let (branch, name) = self.place(path);
        let is_known = match branch.leaves.get(&name) {
            Some(Entry::List(sources)) => sources
                .iter()
                .any(|known| matches!(known, Source::Value { form: known, .. } if *known == form)),
            entry => entry.is_some(),
        };
        if !is_known {
            self.add_source(path, source);
        }
    }

    pub(crate) fn add_sum(&mut self, path: &str, of: Checked) {
        self.add(path, Entry::Sum(vec![of]));
    }

    /// Adds what stands where no row gives a value, or what a list has beside them.
    pub(crate) fn add_constant(&mut self, path: &str, constant: Constant) {
        let (branch, name) = self.place(path);
        let is_alone = !branch.leaves.contains_key(&name);
        let entry = match constant {
            _ if is_alone => Entry::Constant(constant),
            Constant::Text(text) => Entry::One(Source::Default(text)),
            Constant::List(words) => Entry::List(vec![Source::Words(words)]),
        };
        self.add(path, entry);
    }

    /// Adds the text of a list that has no other.
    pub(crate) fn add_otherwise(&mut self, path: &str, text: &'static str) {
        let (branch, name) = self.place(path);
        if let Some(Entry::List(sources)) = branch.leaves.get_mut(&name) {
            sources.push(Source::Default(text));
        }
    }

    fn place(&mut self, path: &str) -> (&mut Branch, String) {
        let mut branch = &mut self.root;
        let mut rest = path;
        while let Some((name, below)) = rest.split_once('.') {
            branch = branch.branches.entry(name.to_owned()).or_default();
            rest = below;
        }
        (branch, rest.to_owned())
    }
}

impl Constant {
    pub(crate) fn json(self) -> String {
        match self {
            Self::Text(text) => format!("\"{text}\""),
            Self::List(texts) => format!("[\"{}\"]", texts.join("\",\"")),
        }
    }
}
