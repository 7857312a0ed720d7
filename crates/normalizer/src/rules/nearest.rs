//! The names that a wrong one may have meant.

/// Names that are suggested at most.
const MAX: usize = 3;

/// `, perhaps a, b or c`: the names that are nearest to a wrong one, and few edits away.
pub(crate) fn perhaps<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    let far = 1 + wrong.chars().count() / 4;
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let distance = distance(&wrong.to_lowercase(), &name.to_lowercase());
            (distance <= far).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    // Not what is much farther than the nearest.
    let nearest = near.first().map_or(0, |(distance, _)| *distance);
    near.retain(|(distance, _)| *distance <= nearest + 1);
    let names: Vec<String> = near
        .iter()
        .take(MAX)
        .map(|(_, name)| format!("`{name}`"))
        .collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => format!(", perhaps {last}"),
        Some((last, others)) => format!(", perhaps {} or {last}", others.join(", ")),
    }
}

/// Characters to insert, leave out or change (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, character) in one.chars().enumerate() {
        let mut before = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (place, same) in other.iter().enumerate() {
            let above = row.get(place + 1).copied().unwrap_or_default();
            let changed = before + usize::from(*same != character);
            left = changed.min(above + 1).min(left + 1);
            next.push(left);
            before = above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first() {
        let names = [
            "ClientIP",
            "ClientIPClass",
            "ClientASN",
            "OriginIP",
            "RayID",
        ];
        for (wrong, expected) in [
            ("ClientIp", ", perhaps `ClientIP`"),
            ("RayId", ", perhaps `RayID`"),
            ("Clientip2", ", perhaps `ClientIP`"),
            ("Nothing", ""),
            ("", ""),
        ] {
            assert_eq!(perhaps(wrong, names.into_iter()), expected, "{wrong}");
        }
        for (one, other, expected) in [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(one, other), expected);
        }
    }
}
