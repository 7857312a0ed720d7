//! The name that a misspelt one is nearest to.

/// The nearest of several names, if it is near enough to be meant.
#[must_use]
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let most = (name.len() / 3).max(1);
    names
        .into_iter()
        .map(|other| (distance(&name, &other.to_ascii_lowercase()), other))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// How many letters must be put in, taken out, changed, or swapped with the next.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.iter().enumerate() {
        let mut next = vec![line + 1];
        for (column, candidate) in other.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX);
            let change = at(&row, column) + usize::from(letter != candidate);
            let aside = at(&row, column + 1).min(at(&next, column)) + 1;
            let is_swap = line > 0
                && column > 0
                && one.get(line - 1) == Some(candidate)
                && other.get(column - 1) == Some(letter);
            let swap = if is_swap {
                at(&before, column - 1) + 1
            } else {
                usize::MAX
            };
            next.push(change.min(aside).min(swap));
        }
        before = core::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_told_from_another_one() {
        let names = ["url", "batch_max_bytes", "batch_max_records", "shape"];
        for (name, expected) in [
            ("ulr", Some("url")),
            ("uri", Some("url")),
            ("URL", Some("url")),
            ("shapes", Some("shape")),
            ("sahpe", Some("shape")),
            ("batch_max_byte", Some("batch_max_bytes")),
            ("batch_max_record", Some("batch_max_records")),
            ("host", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(name, names), expected, "{name}");
        }
    }
}
