//! A JSON array of records, cut between its elements.

use std::io::{self, BufRead, Write};

use flate2::write::GzEncoder;

/// What follows the elements of an upload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// More elements of the same array.
    Elements,
    /// What stands behind the array, if there is anything.
    Behind,
}

/// Where in an element the search for its end stands.
#[derive(Default)]
struct Nesting {
    depth: u64,
    is_in_string: bool,
    is_escaped: bool,
}

/// Copies up to `max_records` elements into the body, as an array of their own; the array's bracket, or
/// the comma before them, is read already. An array without an end stays without one, so that the Worker
/// says what is missing.
pub(crate) fn copy_elements(
    plain: &mut dyn BufRead,
    body: &mut GzEncoder<Vec<u8>>,
    max_records: u64,
) -> io::Result<(u64, Rest)> {
    body.write_all(b"[")?;
    let mut records = 0;
    while records < max_records {
        let (is_record, end) = copy_element(plain, body, records > 0)?;
        records += u64::from(is_record);
        match end {
            Some(b']') => {
                body.write_all(b"]")?;
                return Ok((records, Rest::Behind));
            }
            Some(_) => {}
            None => return Ok((records, Rest::Behind)),
        }
    }
    body.write_all(b"]")?;
    Ok((records, Rest::Elements))
}

/// Copies one element, and gives whether there was any and the byte that ends it: a comma, a bracket, or
/// none at the end of the input.
fn copy_element(
    plain: &mut dyn BufRead,
    body: &mut GzEncoder<Vec<u8>>,
    is_behind_another: bool,
) -> io::Result<(bool, Option<u8>)> {
    let mut nesting = Nesting::default();
    let mut is_record = false;
    loop {
        let read = plain.fill_buf()?;
        if read.is_empty() {
            return Ok((is_record, None));
        }
        let end = read.iter().position(|byte| nesting.ends_at(*byte));
        let (piece, behind) = read.split_at(end.unwrap_or(read.len()));
        if !is_record && !piece.trim_ascii().is_empty() {
            is_record = true;
            if is_behind_another {
                body.write_all(b",")?;
            }
        }
        body.write_all(piece)?;
        let end = behind.first().copied();
        let used = piece.len() + usize::from(end.is_some());
        plain.consume(used);
        if end.is_some() {
            return Ok((is_record, end));
        }
    }
}

impl Nesting {
    /// Takes the next byte, and gives whether the element ends before it.
    fn ends_at(&mut self, byte: u8) -> bool {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.is_in_string => self.is_escaped = true,
            b'"' => self.is_in_string = !self.is_in_string,
            _ if self.is_in_string => {}
            b',' | b']' if self.depth == 0 => return true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        false
    }
}
