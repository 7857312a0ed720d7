//! Markdown: tables, code, and prose that stays what it is.

/// A table; empty cells are fine.
pub(crate) struct Table {
    text: String,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        let mut table = Self {
            text: String::new(),
        };
        table.row(head);
        table.row(&vec!["---"; head.len()]);
        table
    }

    pub(crate) fn row<Cell: AsRef<str>>(&mut self, cells: &[Cell]) {
        for cell in cells {
            self.text.push_str("| ");
            self.text.push_str(&cell.as_ref().replace('|', "\\|"));
            if !cell.as_ref().is_empty() {
                self.text.push(' ');
            }
        }
        self.text.push_str("|\n");
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }
}

pub(crate) fn code(text: &str) -> String {
    format!("`{text}`")
}

/// Codes in a row, with commas.
pub(crate) fn codes<Text: AsRef<str>>(texts: impl IntoIterator<Item = Text>) -> String {
    let codes: Vec<String> = texts.into_iter().map(|text| code(text.as_ref())).collect();
    codes.join(", ")
}

/// Prose of a comment: stars, underscores and angle brackets outside of code are no marks.
pub(crate) fn prose(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut is_code = false;
    for character in text.chars() {
        if character == '`' {
            is_code = !is_code;
        } else if !is_code && matches!(character, '*' | '_' | '<') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// The anchor of a heading, as GitHub makes it.
pub(crate) fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|character| {
            character.is_ascii_alphanumeric() || matches!(character, ' ' | '-' | '_')
        })
        .map(|character| if character == ' ' { '-' } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_stays_prose() {
        assert_eq!(prose("no user.* `*` <x>"), "no user.\\* `*` \\<x>");
    }

    #[test]
    fn cells_do_not_break_their_table() {
        let mut table = Table::new(&["a", "b"]);
        table.row(&["x|y", ""]);
        assert_eq!(table.finish(), "| a | b |\n| --- | --- |\n| x\\|y | |\n");
    }

    #[test]
    fn anchors_are_those_of_github() {
        assert_eq!(
            anchor("`Query_Type` to `dns.question`"),
            "query_type-to-dnsquestion"
        );
    }
}
