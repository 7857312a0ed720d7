//! A target of a table in plain words.

use logpush_normalizer::{Coverage, Row, Target, Words};

use crate::markdown::{Table, anchor, code, codes};

/// Longer lists of words stand behind the table.
const INLINE_WORDS_MAX: usize = 12;

/// Some targets of a row that convert in the same way.
pub(crate) struct Conversion {
    pub(crate) fields: Vec<String>,
    pub(crate) text: String,
    /// A list of words that is too long for the table: its heading, and the list.
    pub(crate) long: Option<(String, List)>,
}

/// How the row's value is converted, target by target.
pub(crate) fn conversions(row: &Row) -> Vec<Conversion> {
    if row.targets.is_empty() {
        return vec![Conversion {
            fields: vec![format!("cloudflare.{}", row.field)],
            text: "as it came".to_owned(),
            long: None,
        }];
    }
    let mut conversions: Vec<Conversion> = Vec::new();
    for target in row.targets {
        let (text, long) = describe(row, target);
        match conversions.iter_mut().find(|known| known.text == text) {
            Some(known) => known.fields.extend(target.fields()),
            None => conversions.push(Conversion {
                fields: target.fields(),
                text,
                long,
            }),
        }
    }
    conversions
}

fn describe(row: &Row, target: &Target) -> (String, Option<(String, List)>) {
    if let Some((member, target)) = target.member() {
        let (text, long) = describe(row, target);
        return (format!("{}: {text}", code(member)), long);
    }
    if target.is_masked() {
        return ("**masked**: only that there was a value".to_owned(), None);
    }
    if target.kept_name().is_some() {
        return ("as it came".to_owned(), None);
    }
    if let Some(field) = target.since() {
        return (
            format!("the time since {}, in nanoseconds", code(field)),
            None,
        );
    }
    let meaning = target.conversion.about;
    // What more a target writes is told where it does.
    let end = if target.fields().len() > 1 {
        meaning.len()
    } else {
        let ends = ["; ", ". "].iter().filter_map(|end| meaning.find(end));
        ends.min().unwrap_or(meaning.len())
    };
    let mut text = lowered(meaning.get(..end).unwrap_or(meaning).trim_end_matches('.'));
    if let Some(section) = target.conversion.section {
        text = format!("[{text}](../mapping.md#{section})");
    }
    let Some((words, coverage)) = target.words() else {
        return (text, None);
    };
    let list = List { words, coverage };
    if list.words.len() <= INLINE_WORDS_MAX {
        return (list.inline(), None);
    }
    let heading = format!("{} to {}", code(row.field), codes(target.fields()));
    (
        format!("[{text}](#{})", anchor(&heading)),
        Some((heading, list)),
    )
}

/// Cloudflare's words and ours.
#[derive(Clone, Copy)]
pub(crate) struct List {
    words: Words,
    coverage: Coverage,
}

impl List {
    /// A table of them.
    pub(crate) fn table(self) -> String {
        let mut table = Table::new(&["Event", "Cloudflare"]);
        for (ours, theirs) in self.grouped() {
            table.row(&[meaning_of(ours), codes(theirs)]);
        }
        let counted = self.counted();
        table.row(&[
            meaning_of(self.otherwise()),
            format!("anything else{counted}"),
        ]);
        table.finish()
    }

    /// All of it on one line.
    fn inline(self) -> String {
        let mut parts: Vec<String> = self
            .grouped()
            .into_iter()
            .map(|(ours, theirs)| format!("{} → {}", codes(theirs), meaning_of(ours)))
            .collect();
        let counted = self.counted();
        parts.push(format!("else {}{counted}", meaning_of(self.otherwise())));
        parts.join("; ")
    }

    /// What is said of a word that the list does not have.
    fn counted(self) -> &'static str {
        match self.coverage {
            Coverage::Exhaustive => ", counted",
            Coverage::Partial => "",
        }
    }

    /// Cloudflare's words, by ours.
    fn grouped(self) -> Vec<(&'static str, Vec<&'static str>)> {
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for (theirs, ours) in self.words.iter().filter(|(theirs, _)| *theirs != "*") {
            match groups.iter_mut().find(|(known, _)| known == ours) {
                Some((_, group)) => group.push(theirs),
                None => groups.push((ours, vec![theirs])),
            }
        }
        groups
    }

    /// What stands for a word that it does not have; `""` for nothing.
    fn otherwise(self) -> &'static str {
        self.words
            .iter()
            .find_map(|(theirs, ours)| (*theirs == "*").then_some(*ours))
            .unwrap_or_default()
    }
}

fn meaning_of(ours: &str) -> String {
    match ours {
        "" => "nothing".to_owned(),
        ours => code(ours),
    }
}

fn lowered(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_what_becomes_of_other_words() {
        const WORDS: Words = &[("a", "x"), ("b", "x"), ("c", ""), ("*", "y")];
        let closed = List {
            words: WORDS,
            coverage: Coverage::Exhaustive,
        };
        assert_eq!(
            closed.inline(),
            "`a`, `b` → `x`; `c` → nothing; else `y`, counted"
        );
        let open = List {
            words: &[("a", "x")],
            coverage: Coverage::Partial,
        };
        assert_eq!(open.inline(), "`a` → `x`; else nothing");
        assert_eq!(
            open.table(),
            "| Event | Cloudflare |\n| --- | --- |\n| `x` | `a` |\n| nothing | anything else |\n"
        );
    }
}
