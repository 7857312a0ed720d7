//! Text for a terminal: lines on standard error, and text from outside made fit to be shown.

use core::fmt;
use std::io::{self, Write as _};

/// Writes an error to standard error.
pub(crate) fn report(error: &dyn core::error::Error) {
    write_line(&format!("error: {error}"));
}

/// Writes a line to standard error. If that is closed, nobody reads it, which is not an error.
pub(crate) fn write_line(text: &str) {
    let _ = writeln!(io::stderr(), "{}", printable_lines(text));
}

/// A text from outside on one line, without what could command the terminal or write over it.
pub(crate) fn printable(text: &str) -> String {
    text.replace(is_command, " ")
}

/// The same of a text of several lines, which are ours.
pub(crate) fn printable_lines(text: &str) -> String {
    text.replace(|c| c != '\n' && is_command(c), " ")
}

/// Control characters, line separators, and those that turn the direction of what follows.
fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A number of bytes as `17.9 MB`.
pub(crate) struct Megabytes(pub(crate) u64);

impl fmt::Display for Megabytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The figure is rounded, so that the loss of precision beyond 2^53 bytes does not show.
        write!(formatter, "{:.3} MB", self.0 as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_spaces() {
        for (text, expected) in [
            ("plain \u{e9}", "plain \u{e9}"),
            ("two\nlines\t", "two lines "),
            ("\u{1b}[31mred\u{9b}0m", " [31mred 0m"),
            ("\u{202e}txt.exe\u{2028}", " txt.exe "),
        ] {
            assert_eq!(printable(text), expected);
        }
        assert_eq!(printable_lines("a\n  b\u{1b}[2J\r"), "a\n  b [2J ");
    }

    #[test]
    fn bytes_are_shown_in_megabytes() {
        for (bytes, expected) in [(0, "0.000 MB"), (17_900_499, "17.900 MB")] {
            assert_eq!(Megabytes(bytes).to_string(), expected);
        }
    }
}
