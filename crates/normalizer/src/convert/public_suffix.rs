//! Public suffixes, by the ICANN part of the list.
//!
//! The `psl` crate knows the list too, as 880 kB of wasm that takes minutes to compile; the rules
//! themselves are 90 kB. They are sorted, so that a binary search over the text needs no index,
//! and nothing at start-up. The crate is the oracle of the tests.

/// One rule a line, sorted by bytes.
const RULES: &[u8] = include_bytes!("../../data/icann_suffixes.txt");

/// Length of the public suffix of `name`, which is in lower case; `None` where no rule matches.
pub(crate) fn icann_suffix(name: &[u8]) -> Option<usize> {
    // From the longest: an exception is longer than the wildcard that it is an exception of.
    let mut rest = name;
    loop {
        let parent = rest
            .iter()
            .position(|&byte| byte == b'.')
            .and_then(|dot| rest.get(dot + 1..));
        if has(b"!", rest) {
            return parent.map(<[u8]>::len);
        }
        if has(b"", rest) || parent.is_some_and(|parent| has(b"*.", parent)) {
            return Some(rest.len());
        }
        rest = parent?;
    }
}

/// Whether `mark` followed by `name` is a rule.
fn has(mark: &[u8], name: &[u8]) -> bool {
    let (mut low, mut high) = (0, RULES.len());
    while low < high {
        // The line around the middle; `low` and `high` are always at the beginning of one.
        let middle = low + (high - low) / 2;
        let start = before(middle).map_or(0, |end| end + 1).max(low);
        let line = RULES.get(start..).unwrap_or_default();
        let len = line
            .iter()
            .position(|&byte| byte == b'\n')
            .unwrap_or(line.len());
        let line = line.get(..len).unwrap_or_default();
        match line.iter().cmp(mark.iter().chain(name)) {
            core::cmp::Ordering::Equal => return true,
            core::cmp::Ordering::Less => low = start + len + 1,
            core::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

/// The last line break before `place`.
fn before(place: usize) -> Option<usize> {
    RULES.get(..place)?.iter().rposition(|&byte| byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> impl Iterator<Item = &'static str> {
        core::str::from_utf8(RULES).unwrap().lines()
    }

    #[test]
    fn the_rules_are_sorted_and_each_is_found() {
        assert!(rules().is_sorted());
        assert!(rules().count() > 6000);
        for rule in rules() {
            assert!(has(b"", rule.as_bytes()), "{rule}");
        }
        for name in ["", "nosuchrule", "zzzz", "//", "co.u", "o.uk"] {
            assert!(!has(b"", name.as_bytes()), "{name}");
        }
    }

    /// The crate's answer is the longest rule, which may be a private one: then the rule that
    /// counts is that of what remains without its first label.
    fn oracle(name: &[u8]) -> Option<usize> {
        let mut rest = name;
        loop {
            let suffix = psl::suffix(rest)?;
            let bytes = suffix.as_bytes();
            match suffix.typ()? {
                psl::Type::Icann => return Some(bytes.len()),
                psl::Type::Private => {
                    let dot = bytes.iter().position(|&byte| byte == b'.')?;
                    rest = rest.get(rest.len() - bytes.len() + dot + 1..)?;
                }
            }
        }
    }

    /// The crate and the file are of different days: a handful of rules may differ.
    #[test]
    fn suffixes_are_those_of_the_psl_crate() {
        let mut different = Vec::new();
        for rule in rules() {
            let name = rule.trim_start_matches(['!', '*', '.']);
            for name in [name.to_owned(), format!("a.{name}"), format!("a.b.{name}")] {
                if icann_suffix(name.as_bytes()) != oracle(name.as_bytes()) {
                    different.push(name);
                }
            }
        }
        assert!(different.len() < 20, "{different:?}");
    }
}
