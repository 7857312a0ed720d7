//! Uploads: a file cut into request bodies.

use std::io::{self, BufRead, BufReader, Cursor, Read, Write as _};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use memchr::memchr;

use crate::input::{Input, InputError};
use crate::worker_client::array::{Rest, copy_elements};

/// The body of one request.
pub(crate) struct Upload {
    /// The gzip stream.
    pub(crate) body: Vec<u8>,
    /// The lines that are not blank, or the elements of an array, if they were counted.
    pub(crate) records: Option<u64>,
}

impl Upload {
    /// The test upload that Cloudflare sends when a job is created, according to its documentation.
    pub(crate) fn destination_test() -> io::Result<Self> {
        whole(br#"{"content":"tests"}"#.as_slice())
    }
}

/// The uploads of one input. One at a time is in memory, compressed.
pub(crate) struct Uploads<'a> {
    input: &'a Input,
    source: Source<'a>,
}

enum Source<'a> {
    Records {
        plain: Box<dyn BufRead + 'a>,
        place: Place,
        max_records: u64,
    },
    /// The whole input is one upload; `None` after it was returned.
    Whole(Option<BufReader<Box<dyn Read + 'a>>>),
}

/// Where in the records the next upload begins. An array can be followed by lines or by another one.
#[derive(Clone, Copy)]
enum Place {
    /// Where an array may begin.
    Open,
    Array,
    Lines,
}

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

/// The first byte of gzip, with which no JSON begins.
const GZIP: u8 = 0x1f;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl<'a> Uploads<'a> {
    /// Cuts the input after every `max_records` records, or not at all.
    pub(crate) fn new(
        input: &'a Input,
        reader: impl Read + 'a,
        max_records: Option<u64>,
    ) -> Result<Self, InputError> {
        let reader: Box<dyn Read + 'a> = Box::new(reader);
        let mut reader = BufReader::with_capacity(CHUNK, reader);
        let source = match max_records {
            None => Source::Whole(Some(reader)),
            Some(max_records) => {
                let plain: Box<dyn BufRead + 'a> =
                    match first_byte(&mut reader).map_err(unreadable(input))? {
                        Some(GZIP) => {
                            Box::new(BufReader::with_capacity(CHUNK, MultiGzDecoder::new(reader)))
                        }
                        _ => Box::new(reader),
                    };
                Source::Records {
                    plain: without_mark(plain).map_err(unreadable(input))?,
                    place: Place::Open,
                    max_records,
                }
            }
        };
        Ok(Self { input, source })
    }

    /// The next upload, until there is none.
    pub(crate) fn next(&mut self) -> Result<Option<Upload>, InputError> {
        match &mut self.source {
            Source::Records {
                plain,
                place,
                max_records,
            } => next_records(plain, place, *max_records),
            Source::Whole(reader) => reader.take().map(whole).transpose(),
        }
        .map_err(unreadable(self.input))
    }
}

fn unreadable(input: &Input) -> impl Fn(io::Error) -> InputError {
    move |source| InputError::Read {
        input: input.clone(),
        source,
    }
}

fn first_byte(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    Ok(reader.fill_buf()?.first().copied())
}

/// The input behind a byte order mark, which would stand before the first line or bracket.
fn without_mark<'a>(mut plain: Box<dyn BufRead + 'a>) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut first = Vec::new();
    plain
        .by_ref()
        .take(BYTE_ORDER_MARK.len() as u64)
        .read_to_end(&mut first)?;
    Ok(match first == BYTE_ORDER_MARK {
        true => plain,
        false => Box::new(Cursor::new(first).chain(plain)),
    })
}

/// The next upload, of up to `max_records` lines or elements.
fn next_records(
    plain: &mut dyn BufRead,
    place: &mut Place,
    max_records: u64,
) -> io::Result<Option<Upload>> {
    loop {
        match place {
            Place::Lines => return next_lines(plain, max_records),
            Place::Open => match is_array(plain)? {
                None => return Ok(None),
                Some(true) => *place = Place::Array,
                Some(false) => *place = Place::Lines,
            },
            Place::Array => {
                let mut body = encoder();
                let (records, rest) = copy_elements(plain, &mut body, max_records)?;
                if rest == Rest::Behind {
                    *place = Place::Open;
                }
                if records > 0 {
                    return Ok(Some(Upload {
                        body: body.finish()?,
                        records: Some(records),
                    }));
                }
            }
        }
    }
}

/// Whether an array begins, whose bracket is consumed then; nothing at the end. White space before lines
/// stays, as far as it is read already.
fn is_array(plain: &mut dyn BufRead) -> io::Result<Option<bool>> {
    loop {
        let read = plain.fill_buf()?;
        if read.is_empty() {
            return Ok(None);
        }
        let blank = read.iter().take_while(|b| b.is_ascii_whitespace()).count();
        match read.get(blank) {
            Some(b'[') => {
                plain.consume(blank + 1);
                return Ok(Some(true));
            }
            Some(_) => return Ok(Some(false)),
            None => plain.consume(blank),
        }
    }
}

/// The next upload, of up to `max_records` lines that are not blank.
fn next_lines(plain: &mut dyn BufRead, max_records: u64) -> io::Result<Option<Upload>> {
    let mut body = encoder();
    let mut records = 0;
    let mut in_record = false;
    while records < max_records {
        let read = plain.fill_buf()?;
        if read.is_empty() {
            records += u64::from(in_record);
            break;
        }
        let (line, is_ended) = match memchr(b'\n', read).and_then(|end| read.get(..=end)) {
            Some(line) => (line, true),
            None => (read, false),
        };
        in_record |= !line.trim_ascii().is_empty();
        body.write_all(line)?;
        if is_ended {
            records += u64::from(in_record);
            in_record = false;
        }
        let used = line.len();
        plain.consume(used);
    }
    if records == 0 {
        return Ok(None);
    }
    Ok(Some(Upload {
        body: body.finish()?,
        records: Some(records),
    }))
}

fn whole(mut reader: impl BufRead) -> io::Result<Upload> {
    let is_gzip = first_byte(&mut reader)? == Some(GZIP);
    let body = if is_gzip {
        let mut body = Vec::new();
        reader.read_to_end(&mut body)?;
        body
    } else {
        let mut body = encoder();
        io::copy(&mut reader, &mut body)?;
        body.finish()?
    };
    Ok(Upload {
        body,
        records: None,
    })
}

fn encoder() -> GzEncoder<Vec<u8>> {
    // The fastest level. The size does not matter here, and the Worker only inflates.
    GzEncoder::new(Vec::new(), Compression::fast())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(upload: &Upload) -> String {
        let mut text = String::new();
        MultiGzDecoder::new(upload.body.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    #[test]
    fn records_are_cut_into_uploads_and_blank_ones_do_not_count() {
        for (text, max_records, expected) in [
            ("", 2, &[][..]),
            ("\n \n", 2, &[]),
            ("\u{feff}a\nb", 1, &[("a\n", 1), ("b", 1)]),
            // An array is cut between its elements, whatever they look like.
            (
                "\u{feff} [\n {\"a\": \"],[\\\\\\\"\"},\n{\"b\": [1, {}]}\n,{} ]\n",
                2,
                &[
                    ("[\n {\"a\": \"],[\\\\\\\"\"},\n{\"b\": [1, {}]}\n]", 2),
                    ("[{} ]", 1),
                ],
            ),
            ("[]", 2, &[]),
            ("[1,2,3]", 3, &[("[1,2,3]", 3)]),
            // An array without an end has none at the Worker either.
            ("[1,2,{\"a", 2, &[("[1,2]", 2), ("[{\"a", 1)]),
            // Another array, or lines, may follow.
            (
                "[1][2,3]\n4\n5\n",
                2,
                &[("[1]", 1), ("[2,3]", 2), ("\n4\n5\n", 2)],
            ),
            // No array begins between lines.
            ("1\n[2,\n3]", 2, &[("1\n[2,\n", 2), ("3]", 1)]),
            ("a\nb\nc", 2, &[("a\nb\n", 2), ("c", 1)]),
            ("a\n\n\nb\n", 2, &[("a\n\n\nb\n", 2)]),
            ("a\nb\n", 1, &[("a\n", 1), ("b\n", 1)]),
        ] {
            let mut compressed = encoder();
            compressed.write_all(text.as_bytes()).unwrap();
            for bytes in [text.as_bytes().to_vec(), compressed.finish().unwrap()] {
                let mut uploads =
                    Uploads::new(&Input::Standard, bytes.as_slice(), Some(max_records)).unwrap();
                let mut found = Vec::new();
                while let Some(upload) = uploads.next().unwrap() {
                    found.push((plain(&upload), upload.records.unwrap()));
                }
                let found: Vec<_> = found
                    .iter()
                    .map(|(text, records)| (text.as_str(), *records))
                    .collect();
                assert_eq!(found, expected, "{text:?}");
            }
        }
    }

    #[test]
    fn a_whole_file_is_one_upload_and_gzip_stays_as_it_is() {
        let mut compressed = encoder();
        compressed.write_all(b"a\nb\n").unwrap();
        let compressed = compressed.finish().unwrap();
        let body = |bytes: &[u8]| {
            let mut uploads = Uploads::new(&Input::Standard, bytes, None).unwrap();
            let upload = uploads.next().unwrap().unwrap();
            assert!(uploads.next().unwrap().is_none());
            upload
        };
        assert_eq!(body(&compressed).body, compressed);
        assert_eq!(plain(&body(b"a\nb\n")), "a\nb\n");
    }
}
