//! Inflating a gzip stream of any number of members, chunk by chunk.

use flate2::{Decompress, FlushDecompress, Status};

use crate::crc32::Crc32;
use crate::error::CorruptError;
use crate::header::Header;

/// A gzip decoder without I/O: compressed bytes in, plain bytes out, both in pieces of any size.
///
/// Checksums and lengths of every member are verified. Zero bytes after the last member are
/// padding, as `gzip` has it; anything else there is an error.
///
/// The library inflates; what stands around the deflated data is read here, for the sake of
/// `Crc32`, which in wasm is faster than the library's.
#[derive(Debug)]
pub struct Gunzip {
    state: State,
    inflate: Decompress,
    /// Members that are complete.
    members: u32,
}

#[derive(Debug)]
enum State {
    /// No member begun: nothing read yet, or the last one is complete.
    Between,
    Header(Header),
    /// The deflated data.
    Body {
        crc: Crc32,
    },
    /// Checksum and length of the plain bytes, of which `read` bytes came.
    Trailer {
        crc: Crc32,
        bytes: [u8; TRAILER],
        read: usize,
    },
}

/// Bytes of a member's trailer.
const TRAILER: usize = 8;

/// What one call of [`Gunzip::step`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inflated {
    /// Compressed bytes taken.
    pub consumed: usize,
    /// Plain bytes written.
    pub produced: usize,
}

impl Gunzip {
    /// A decoder at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: State::Between,
            inflate: Decompress::new(false),
            members: 0,
        }
    }

    /// Inflates from `input` into `output` until either is used up or a member ends.
    ///
    /// # Errors
    ///
    /// [`CorruptError`] where the bytes are no gzip, or a checksum or length is wrong.
    pub fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Inflated, CorruptError> {
        let mut consumed = 0;
        while let Some(&byte) = input.get(consumed) {
            match &mut self.state {
                State::Between if byte == 0 && self.members > 0 => consumed += 1,
                State::Between => self.state = State::Header(Header::new()),
                State::Header(header) => {
                    let result = header.read(byte);
                    if header.is_complete() {
                        self.state = State::Body {
                            crc: Crc32::default(),
                        };
                    }
                    result.map_err(|reason| self.corrupt(reason))?;
                    consumed += 1;
                }
                State::Body { .. } => break,
                State::Trailer { crc, bytes, read } => {
                    if let Some(place) = bytes.get_mut(*read) {
                        *place = byte;
                    }
                    *read += 1;
                    consumed += 1;
                    if *read == TRAILER {
                        let (crc, bytes) = (*crc, *bytes);
                        self.end(crc, u64::from_le_bytes(bytes))?;
                        return Ok(Inflated {
                            consumed,
                            produced: 0,
                        });
                    }
                }
            }
        }
        let State::Body { crc } = &mut self.state else {
            return Ok(Inflated {
                consumed,
                produced: 0,
            });
        };
        let input = input.get(consumed..).unwrap_or_default();
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let result = self
            .inflate
            .decompress(input, output, FlushDecompress::None);
        // Both differences are at most the length of a slice.
        consumed += (self.inflate.total_in() - before_in) as usize;
        let produced = (self.inflate.total_out() - before_out) as usize;
        crc.update(output.get(..produced).unwrap_or_default());
        match result {
            Ok(Status::StreamEnd) => {
                self.state = State::Trailer {
                    crc: *crc,
                    bytes: [0; TRAILER],
                    read: 0,
                };
            }
            Ok(Status::Ok | Status::BufError) => {}
            Err(error) => {
                let reason = error
                    .message()
                    // What zlib-rs says where it found the error within a large step, and forgot it.
                    .filter(|reason| *reason != "repeated call with bad state")
                    .unwrap_or("invalid data");
                return Err(self.corrupt(reason));
            }
        }
        Ok(Inflated { consumed, produced })
    }

    /// Whether the stream may end here: at least one member, and none of them open.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.state, State::Between) && self.members > 0
    }

    /// Ends a member, if its trailer (the checksum, then the length, lowest byte first) is right.
    fn end(&mut self, crc: Crc32, trailer: u64) -> Result<(), CorruptError> {
        if trailer as u32 != crc.value() {
            return Err(self.corrupt("incorrect data check"));
        }
        // The format has the length's lower half only.
        if (trailer >> 32) as u32 != self.inflate.total_out() as u32 {
            return Err(self.corrupt("incorrect length check"));
        }
        self.members += 1;
        self.inflate.reset(false);
        self.state = State::Between;
        Ok(())
    }

    fn corrupt(&self, reason: &str) -> CorruptError {
        CorruptError {
            member: self.members + 1,
            reason: reason.to_owned(),
        }
    }
}

impl Default for Gunzip {
    fn default() -> Self {
        Self::new()
    }
}
