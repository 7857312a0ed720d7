//! Passwords that let somebody in: one, or two while the first replaces the second.

/// Shorter ones can be guessed. 16 characters of hexadecimal are 64 bits.
pub const LENGTH_MIN: usize = 16;

/// The passwords of a setting.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Passwords<'a> {
    /// The only one, or the new one.
    pub first: &'a str,
    /// The one that is being replaced.
    pub second: Option<&'a str>,
}

impl<'a> Passwords<'a> {
    /// Reads `new,old` or a single one.
    ///
    /// # Errors
    ///
    /// What is wrong, to be read behind the name of the setting. Nothing of a password.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let passwords: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|password| !password.is_empty())
            .collect();
        if passwords.iter().any(|password| password.len() < LENGTH_MIN) {
            return Err("has a secret of less than 16 characters");
        }
        match *passwords.as_slice() {
            [] => Err("is empty"),
            [first] => Ok(Self {
                first,
                second: None,
            }),
            [first, second] => Ok(Self {
                first,
                second: Some(second),
            }),
            _ => Err("has more than two secrets, separated by commas"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_or_two_are_read() {
        const OLD: &str = "0123456789abcdef-old";
        const NEW: &str = "0123456789abcdef-new";
        let passwords = |first, second| Ok(Passwords { first, second });
        assert_eq!(Passwords::parse(NEW), passwords(NEW, None));
        assert_eq!(
            Passwords::parse(&format!(" {NEW} ,, {OLD}")),
            passwords(NEW, Some(OLD))
        );
        for text in ["", " , ", "short", "0123456789abcdef,short"] {
            assert!(Passwords::parse(text).is_err(), "{text}");
        }
        assert!(Passwords::parse(&[NEW, OLD, NEW].join(",")).is_err());
    }
}
