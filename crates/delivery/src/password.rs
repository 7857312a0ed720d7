//! Passwords that let somebody in: one, or two while the second replaces the first.

/// Shorter ones can be guessed. 16 characters of hexadecimal are 64 bits.
pub const LENGTH_MIN: usize = 16;

/// Reads `new,old` or a single one.
///
/// # Errors
///
/// What is wrong, to be read behind the name of the setting.
pub fn split(text: &str) -> Result<Vec<&str>, &'static str> {
    let passwords: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|password| !password.is_empty())
        .collect();
    if passwords.is_empty() {
        return Err("is empty");
    }
    if passwords.len() > 2 {
        return Err("has more than two secrets, separated by commas");
    }
    if passwords.iter().any(|password| password.len() < LENGTH_MIN) {
        return Err("has a secret of less than 16 characters");
    }
    Ok(passwords)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_or_two_are_read() {
        const OLD: &str = "0123456789abcdef-old";
        const NEW: &str = "0123456789abcdef-new";
        assert_eq!(split(NEW), Ok(vec![NEW]));
        assert_eq!(split(&format!(" {NEW} ,, {OLD}")), Ok(vec![NEW, OLD]));
        for text in ["", " , ", "short", "0123456789abcdef,short"] {
            assert!(split(text).is_err(), "{text}");
        }
        assert!(split(&[NEW, OLD, NEW].join(",")).is_err());
    }
}
