//! Inflating a gzip stream of any number of members, chunk by chunk.

use flate2::{Decompress, FlushDecompress, Status};

use crate::error::UploadError;

/// A gzip decoder without I/O: compressed bytes in, plain bytes out, both in pieces of any size.
///
/// Checksums and lengths of every member are verified. Zero bytes after the last member are
/// padding, as `gzip` has it; anything else there is an error.
#[derive(Debug)]
pub struct Gunzip {
    state: State,
}

#[derive(Debug)]
enum State {
    /// No member begun: nothing read yet, or the last one is complete.
    Between { members: u32 },
    Member {
        inflate: Box<Decompress>,
        members: u32,
    },
}

/// What one call of [`Gunzip::step`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inflated {
    /// Compressed bytes taken.
    pub consumed: usize,
    /// Plain bytes written.
    pub produced: usize,
}

/// 32 KiB, the largest window of the format.
const WINDOW_BITS: u8 = 15;

impl Gunzip {
    /// A decoder at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: State::Between { members: 0 },
        }
    }

    /// Inflates from `input` into `output` until either is used up or a member ends.
    ///
    /// # Errors
    ///
    /// [`UploadError::Corrupt`] where the bytes are no gzip, or a checksum or length is wrong.
    pub fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Inflated, UploadError> {
        let (inflate, members) = match &mut self.state {
            State::Between { members } => {
                let members = *members;
                match input.first() {
                    None => {
                        return Ok(Inflated {
                            consumed: 0,
                            produced: 0,
                        });
                    }
                    Some(0) if members > 0 => {
                        let padding = input.iter().take_while(|byte| **byte == 0).count();
                        return Ok(Inflated {
                            consumed: padding,
                            produced: 0,
                        });
                    }
                    Some(_) => {
                        self.state = State::Member {
                            inflate: Box::new(Decompress::new_gzip(WINDOW_BITS)),
                            members,
                        };
                        return self.step(input, output);
                    }
                }
            }
            State::Member { inflate, members } => (inflate, *members),
        };
        let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
        let status = inflate
            .decompress(input, output, FlushDecompress::None)
            .map_err(|error| UploadError::Corrupt {
                member: members + 1,
                reason: error
                    .message()
                    // What zlib-rs says where it found the error within a large step, and forgot it.
                    .filter(|reason| *reason != "repeated call with bad state")
                    .unwrap_or("invalid data")
                    .to_owned(),
            })?;
        let inflated = Inflated {
            // Both differences are at most the length of a slice.
            consumed: (inflate.total_in() - before_in) as usize,
            produced: (inflate.total_out() - before_out) as usize,
        };
        if status == Status::StreamEnd {
            self.state = State::Between {
                members: members + 1,
            };
        }
        Ok(inflated)
    }

    /// Whether the stream may end here: at least one member, and none of them open.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.state, State::Between { members } if members > 0)
    }
}

impl Default for Gunzip {
    fn default() -> Self {
        Self::new()
    }
}
