//! Documents put together for one body.

use crate::part::Part;

/// One document a line; `end` follows on the last.
pub(crate) fn lines<'a>(part: &Part<'a>, end: &'a str) -> Vec<&'a [u8]> {
    let mut pieces = joined(part.runs(), b"\n");
    pieces.push(end.as_bytes());
    pieces
}

/// A JSON array of the documents.
pub(crate) fn array<'a>(part: &Part<'a>) -> Vec<&'a [u8]> {
    let mut pieces = joined(part.documents().map(|document| document.text), b",");
    pieces.insert(0, b"[");
    pieces.push(b"]");
    pieces
}

fn joined<'a>(texts: impl Iterator<Item = &'a [u8]>, separator: &'a [u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for text in texts {
        if !pieces.is_empty() {
            pieces.push(separator);
        }
        pieces.push(text);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::batch;

    #[test]
    fn documents_become_lines_or_an_array() {
        let batch = batch(&["1", "2", "3", "4"]);
        for (places, as_lines, as_array) in [
            (vec![0..4], "1\n2\n3\n4", "[1,2,3,4]"),
            (vec![1..2], "2", "[2]"),
            (vec![0..2, 3..4], "1\n2\n4", "[1,2,4]"),
        ] {
            let part = Part::new(&batch, &places, "u");
            let text = |pieces: Vec<&[u8]>| String::from_utf8(pieces.concat()).unwrap();
            assert_eq!(text(lines(&part, "")), as_lines);
            assert_eq!(text(lines(&part, "\n")), format!("{as_lines}\n"));
            assert_eq!(text(array(&part)), as_array);
        }
    }
}
