//! Text tables.

use core::fmt::Write as _;

/// A table whose columns are as wide as their widest cells. The last column is not padded.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .chain(head.get(column).map(|cell| cell.chars().count()))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let head: Vec<_> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let mut text = String::new();
    for row in core::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            // Writing to a string cannot fail.
            let _ = write!(line, "{cell:<width$}  ");
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let rows =
            [["7", "on", "é"], ["1234567", "", "b"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(
            table(&["JOB", "STATE", "NAME"], &rows),
            "JOB      STATE  NAME\n7        on     é\n1234567         b\n"
        );
    }
}
