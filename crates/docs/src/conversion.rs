//! A target of a table in plain words.

use std::collections::BTreeMap;

use logpush_normalizer::{Row, Target, Words};

use crate::markdown::{anchor, code, codes};

/// Longer lists of words stand behind the table.
const INLINE_WORDS_MAX: usize = 12;

/// Words whose meaning has a section of its own in `docs/mapping.md`.
const SECTIONS: &[(&str, &str)] = &[
    ("ActionType", "actions"),
    ("CountryCode", "country"),
    ("CountryName", "country"),
    ("Domain", "host"),
    ("Host", "host"),
    ("Port", "host"),
    ("Timestamp", "time"),
];

/// Some targets of a row that convert in the same way.
pub(crate) struct Conversion {
    pub(crate) fields: Vec<String>,
    pub(crate) text: String,
    /// A list of words that is too long for the table: its heading, and the list.
    pub(crate) long: Option<(String, Words)>,
}

/// How the row's value is converted, target by target.
pub(crate) fn conversions(row: &Row, vocabulary: &BTreeMap<String, String>) -> Vec<Conversion> {
    if row.targets.is_empty() {
        return vec![Conversion {
            fields: vec![format!("cloudflare.{}", row.field)],
            text: "as it came".to_owned(),
            long: None,
        }];
    }
    let mut conversions: Vec<Conversion> = Vec::new();
    for target in row.targets {
        let (text, long) = describe(row, *target, vocabulary);
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

/// Whether the target is a field of ECS.
pub(crate) fn is_ecs(target: &Target) -> bool {
    target
        .fields()
        .iter()
        .any(|field| !field.starts_with("cloudflare."))
}

/// The target's word in the vocabulary.
pub(crate) fn word(target: Target) -> String {
    format!("{target:?}")
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}

fn describe(
    row: &Row,
    target: Target,
    vocabulary: &BTreeMap<String, String>,
) -> (String, Option<(String, Words)>) {
    let word = word(target);
    match target {
        Target::Keep(_) => return ("as it came".to_owned(), None),
        Target::Masked(_) => return ("**masked**: only that there was a value".to_owned(), None),
        _ => {}
    }
    let meaning = vocabulary.get(&word).map_or("", String::as_str);
    // What more a target writes is told where it does.
    let end = if target.fields().len() > 1 {
        meaning.len()
    } else {
        let ends = ["; ", ". "].iter().filter_map(|end| meaning.find(end));
        ends.min().unwrap_or(meaning.len())
    };
    let mut text = lowered(meaning.get(..end).unwrap_or(meaning).trim_end_matches('.'));
    if let Some((_, section)) = SECTIONS.iter().find(|(known, _)| *known == word) {
        text = format!("[{text}](../mapping.md#{section})");
    }
    let words = match target {
        Target::Words(_, words) | Target::When(_, words) | Target::Numbers(_, words) => words,
        _ => return (text, None),
    };
    if words.len() <= INLINE_WORDS_MAX {
        return (inline(words), None);
    }
    let heading = format!("{} to {}", code(row.field), codes(target.fields()));
    (
        format!("[{text}](#{})", anchor(&heading)),
        Some((heading, words)),
    )
}

/// The list as one line.
fn inline(words: Words) -> String {
    let mut parts: Vec<String> = grouped(words)
        .into_iter()
        .map(|(ours, theirs)| format!("{} → {}", codes(theirs), meaning_of(ours)))
        .collect();
    if let Some(ours) = otherwise(words) {
        parts.push(format!("else {}", meaning_of(ours)));
    }
    parts.join("; ")
}

/// Cloudflare's words, by ours.
pub(crate) fn grouped(words: Words) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (theirs, ours) in words.iter().filter(|(theirs, _)| *theirs != "*") {
        match groups.iter_mut().find(|(known, _)| known == ours) {
            Some((_, group)) => group.push(theirs),
            None => groups.push((ours, vec![theirs])),
        }
    }
    groups
}

/// What stands for words that the list does not have, if anything does.
pub(crate) fn otherwise(words: Words) -> Option<&'static str> {
    words
        .iter()
        .find_map(|(theirs, ours)| (*theirs == "*").then_some(*ours))
}

pub(crate) fn meaning_of(ours: &str) -> String {
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
