//! Uploads: a file cut into request bodies.

use std::io::{self, BufRead, BufReader, Read, Write as _};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use memchr::memchr;

use crate::input::{Input, InputError};

/// The body of one request.
pub(crate) struct Upload {
    /// The gzip stream.
    pub(crate) body: Vec<u8>,
    /// The lines that are not blank, if they were counted.
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
    Lines {
        plain: Box<dyn BufRead + 'a>,
        max_records: u64,
    },
    /// The whole input is one upload; `None` after it was returned.
    Whole(Option<BufReader<Box<dyn Read + 'a>>>),
}

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

/// The first byte of gzip, with which no JSON begins.
const GZIP: u8 = 0x1f;

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
            Some(max_records) => Source::Lines {
                plain: match first_byte(&mut reader).map_err(unreadable(input))? {
                    Some(GZIP) => {
                        Box::new(BufReader::with_capacity(CHUNK, MultiGzDecoder::new(reader)))
                    }
                    _ => Box::new(reader),
                },
                max_records,
            },
        };
        Ok(Self { input, source })
    }

    /// The next upload, until there is none.
    pub(crate) fn next(&mut self) -> Result<Option<Upload>, InputError> {
        match &mut self.source {
            Source::Lines { plain, max_records } => next_lines(plain, *max_records),
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
    fn lines_are_cut_into_uploads_and_blank_ones_do_not_count() {
        for (text, max_records, expected) in [
            ("", 2, &[][..]),
            ("\n \n", 2, &[]),
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
