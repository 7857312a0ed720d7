//! Documents put together for one body.

use crate::part::Part;

/// One document a line; `end` follows on the last.
pub(crate) fn lines<'a>(part: &Part<'a>, end: &'a str) -> Vec<&'a [u8]> {
    let mut pieces: Vec<&[u8]> = Vec::new();
    for run in part.runs() {
        if !pieces.is_empty() {
            pieces.push(b"\n");
        }
        pieces.push(run);
    }
    pieces.push(end.as_bytes());
    pieces
}

/// A JSON array of the documents, in one piece: the compressor finds repetitions within a piece only.
pub(crate) fn array(part: &Part<'_>) -> Vec<u8> {
    let texts: usize = part.runs().map(|run| run.len() + 1).sum();
    let mut array = Vec::with_capacity(texts + 2);
    for document in part.documents() {
        array.push(if array.is_empty() { b'[' } else { b',' });
        array.extend_from_slice(document.text);
    }
    if array.is_empty() {
        array.push(b'[');
    }
    array.push(b']');
    array
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
            (vec![], "", "[]"),
            (vec![0..2, 3..4], "1\n2\n4", "[1,2,4]"),
        ] {
            let part = Part::new(&batch, &places, "u");
            let text = |pieces: Vec<&[u8]>| String::from_utf8(pieces.concat()).unwrap();
            assert_eq!(text(lines(&part, "")), as_lines);
            assert_eq!(text(lines(&part, "\n")), format!("{as_lines}\n"));
            assert_eq!(String::from_utf8(array(&part)).unwrap(), as_array);
        }
    }
}
