//! Names of destinations.

/// The destination that flat variables describe.
pub const DEFAULT: &str = crate::owed::DEFAULT;

/// The variable that has a table for each destination.
pub const TABLES: &str = "DESTINATIONS";

/// They stand in keys, messages and names of secrets.
const LENGTH_MAX: usize = 24;

/// Checks a name.
///
/// # Errors
///
/// What is wrong, with a name that would do.
pub fn check(name: &str) -> Result<(), String> {
    if is_sound(name) {
        return Ok(());
    }
    Err(format!(
        "is no name of a destination: it has at most {LENGTH_MAX} of a-z, 0-9 and -, and begins with a letter, such as `{}`",
        mend(name)
    ))
}

/// The name that is nearest to one that does not do. What arrives before the operator mends it is owed
/// to this one.
#[must_use]
pub fn mend(name: &str) -> String {
    let mended: String = name
        .to_ascii_lowercase()
        .chars()
        .map(|letter| if is_allowed(letter) { letter } else { '-' })
        .skip_while(|letter| !letter.is_ascii_lowercase())
        .take(LENGTH_MAX)
        .collect();
    let mended = mended.trim_end_matches('-');
    let mended = if mended.is_empty() { "siem" } else { mended };
    mended.to_owned()
}

/// What the names of its secrets begin with.
#[must_use]
pub fn prefix(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

fn is_sound(name: &str) -> bool {
    (1..=LENGTH_MAX).contains(&name.len())
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.chars().all(is_allowed)
}

fn is_allowed(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_and_mended() {
        for (name, mended) in [
            ("siem", "siem"),
            ("siem-2", "siem-2"),
            ("a", "a"),
            ("abcdefghijklmnopqrstuvwx", "abcdefghijklmnopqrstuvwx"),
            ("abcdefghijklmnopqrstuvwxy", "abcdefghijklmnopqrstuvwx"),
            ("SIEM", "siem"),
            ("my siem", "my-siem"),
            ("siem_2", "siem-2"),
            ("2nd", "nd"),
            ("-siem", "siem"),
            ("", "siem"),
            ("é", "siem"),
            ("../x", "x"),
        ] {
            let checked = check(name);
            assert_eq!(checked.is_ok(), name == mended, "{name}");
            assert_eq!(mend(name), mended, "{name}");
            assert_eq!(check(mended), Ok(()), "{name}");
            assert!(
                checked
                    .err()
                    .is_none_or(|words| words.ends_with(&format!("`{mended}`")))
            );
        }
        assert_eq!(prefix("siem-2"), "SIEM_2");
    }
}
